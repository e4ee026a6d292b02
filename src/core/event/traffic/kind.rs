//! Kinds of sites that visits come from.

/// What a source is known for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Kind {
    Search,
    Social,
    Video,
    Shopping,
    /// Webmail, or an app for mail.
    Email,
    /// ChatGPT and its like.
    AiAssistant,
    /// Where a shopper pays: no source of visits.
    Payment,
    /// The shop itself.
    Internal,
    #[default]
    Other,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Kind::Search => "search",
            Kind::Social => "social",
            Kind::Video => "video",
            Kind::Shopping => "shopping",
            Kind::Email => "email",
            Kind::AiAssistant => "ai_assistant",
            Kind::Payment => "payment",
            Kind::Internal => "internal",
            Kind::Other => "other",
        }
    }

    /// The kind of that name, but for the shop itself, which no list makes.
    pub fn named(name: &str) -> Option<Kind> {
        const ALL: [Kind; 8] = [
            Kind::Search,
            Kind::Social,
            Kind::Video,
            Kind::Shopping,
            Kind::Email,
            Kind::AiAssistant,
            Kind::Payment,
            Kind::Other,
        ];
        ALL.into_iter().find(|kind| kind.name() == name)
    }
}
