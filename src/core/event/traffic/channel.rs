//! The default channel group of GA4: its published rules for manual traffic, in their order.

use std::borrow::Cow;

use super::kind::Kind;

use super::source::Sites;

/// A channel of the default group, in the order of its rules.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Channel {
    #[default]
    Direct,
    CrossNetwork,
    PaidShopping,
    PaidSearch,
    PaidSocial,
    PaidVideo,
    Display,
    PaidOther,
    OrganicShopping,
    OrganicSocial,
    OrganicVideo,
    AiAssistant,
    OrganicSearch,
    Referral,
    Email,
    Affiliates,
    Audio,
    Sms,
    MobilePushNotifications,
    Unassigned,
}

impl Channel {
    #[cfg(test)]
    pub const ALL: [Channel; 20] = [
        Channel::Direct,
        Channel::CrossNetwork,
        Channel::PaidShopping,
        Channel::PaidSearch,
        Channel::PaidSocial,
        Channel::PaidVideo,
        Channel::Display,
        Channel::PaidOther,
        Channel::OrganicShopping,
        Channel::OrganicSocial,
        Channel::OrganicVideo,
        Channel::AiAssistant,
        Channel::OrganicSearch,
        Channel::Referral,
        Channel::Email,
        Channel::Affiliates,
        Channel::Audio,
        Channel::Sms,
        Channel::MobilePushNotifications,
        Channel::Unassigned,
    ];

    /// As GA4 names it.
    pub fn name(self) -> &'static str {
        match self {
            Channel::Direct => "Direct",
            Channel::CrossNetwork => "Cross-network",
            Channel::PaidShopping => "Paid Shopping",
            Channel::PaidSearch => "Paid Search",
            Channel::PaidSocial => "Paid Social",
            Channel::PaidVideo => "Paid Video",
            Channel::Display => "Display",
            Channel::PaidOther => "Paid Other",
            Channel::OrganicShopping => "Organic Shopping",
            Channel::OrganicSocial => "Organic Social",
            Channel::OrganicVideo => "Organic Video",
            Channel::AiAssistant => "AI Assistant",
            Channel::OrganicSearch => "Organic Search",
            Channel::Referral => "Referral",
            Channel::Email => "Email",
            Channel::Affiliates => "Affiliates",
            Channel::Audio => "Audio",
            Channel::Sms => "SMS",
            Channel::MobilePushNotifications => "Mobile Push Notifications",
            Channel::Unassigned => "Unassigned",
        }
    }
}

/// The medium of a visit that an assistant's answer led to.
pub const AI_ASSISTANT: &str = "ai-assistant";

/// The channel of a source, medium and campaign (empty: none), whatever their case.
pub fn classify(source: &str, medium: &str, campaign: &str, sites: &Sites) -> Channel {
    let (source, medium, campaign) = (lower(source), lower(medium), lower(campaign));
    let (source, medium) = (source.as_ref(), medium.as_ref());
    let kind = sites.kind(source);
    let is_shopping = kind == Kind::Shopping || is_shopping_campaign(&campaign);
    if source == "(direct)" && matches!(medium, "(not set)" | "(none)") {
        Channel::Direct
    } else if campaign.contains("cross-network") {
        Channel::CrossNetwork
    } else if is_paid(medium) {
        match kind {
            _ if is_shopping => Channel::PaidShopping,
            Kind::Search => Channel::PaidSearch,
            Kind::Social => Channel::PaidSocial,
            Kind::Video => Channel::PaidVideo,
            _ if is_display(medium) => Channel::Display,
            _ => Channel::PaidOther,
        }
    } else if is_display(medium) {
        Channel::Display
    } else if is_shopping {
        Channel::OrganicShopping
    } else if kind == Kind::Social || is_social(medium) {
        Channel::OrganicSocial
    } else if kind == Kind::Video || medium.contains("video") {
        Channel::OrganicVideo
    } else if kind == Kind::AiAssistant || medium == AI_ASSISTANT {
        Channel::AiAssistant
    } else if kind == Kind::Search || medium == "organic" {
        Channel::OrganicSearch
    } else if matches!(medium, "referral" | "app" | "link") {
        Channel::Referral
    } else if is_email(source) || is_email(medium) {
        Channel::Email
    } else if medium == "affiliate" {
        Channel::Affiliates
    } else if medium == "audio" {
        Channel::Audio
    } else if source == "sms" || medium == "sms" {
        Channel::Sms
    } else if is_push(medium) || source == "firebase" {
        Channel::MobilePushNotifications
    } else {
        Channel::Unassigned
    }
}

/// `^(.*cp.*|ppc|retargeting|paid.*)$`
pub fn is_paid(medium: &str) -> bool {
    medium.contains("cp") || matches!(medium, "ppc" | "retargeting") || medium.starts_with("paid")
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$`: a shop or an e-shop, but no workshop.
pub fn is_shopping_campaign(campaign: &str) -> bool {
    campaign.contains("shopping")
        || campaign.match_indices("shop").any(|(at, _)| {
            let before = campaign.get(..at).unwrap_or_default();
            !before.ends_with(|c| matches!(c, 'a'..='d' | 'f'..='z'))
        })
}

fn is_display(medium: &str) -> bool {
    matches!(
        medium,
        "display" | "banner" | "expandable" | "interstitial" | "cpm"
    )
}

fn is_social(medium: &str) -> bool {
    matches!(
        medium,
        "social" | "social-network" | "social-media" | "sm" | "social network" | "social media"
    )
}

fn is_email(text: &str) -> bool {
    matches!(text, "email" | "e-mail" | "e_mail" | "e mail")
}

fn is_push(medium: &str) -> bool {
    medium.ends_with("push") || medium.contains("mobile") || medium.contains("notification")
}

fn lower(text: &str) -> Cow<'_, str> {
    if text
        .bytes()
        .all(|byte| byte.is_ascii() && !byte.is_ascii_uppercase())
    {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(text.to_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::{Channel, Sites, classify};

    /// Source, medium, campaign, channel.
    const CASES: &str = "
(direct) | (none) | | Direct
(direct) | (not set) | | Direct
(direct) | (none) | Summer-Shop | Direct
(direct) | referral | | Referral
google | cross-network | | Organic Search
google | cpc | Sale Cross-Network 5 | Cross-network
example | x | cross-network | Cross-network
google | cpc | shopping_rings | Paid Shopping
google | CPC | eshop rings | Paid Shopping
google | cpc | workshop | Paid Search
google | cpc | de_shop_rings | Paid Shopping
example.org | ppc | Shopping | Paid Shopping
amazon | cpc | | Paid Shopping
www.amazon.de | paid | | Paid Shopping
etsy.com | retargeting | | Paid Shopping
google | cpc | | Paid Search
Google | CPC | Brand | Paid Search
google.de | ppc | | Paid Search
www.google.co.uk | paidsearch | | Paid Search
bing | cpc | generic | Paid Search
google | cpm | | Paid Search
google | paid_social | | Paid Search
yandex.ru | cpc | | Paid Search
baidu | paid | | Paid Search
facebook | paid_social | spring_2020 | Paid Social
fb | cpc | | Paid Social
ig | paid | | Paid Social
instagram.com | cpm | | Paid Social
m.facebook.com | paid-social | | Paid Social
pinterest | retargeting | | Paid Social
youtube | cpv_cp | | Paid Video
youtube.com | cpc | | Paid Video
vimeo | paid | | Paid Video
criteo | display | | Display
google | display | | Display
example | banner | | Display
example | expandable | | Display
example | interstitial | | Display
example | cpm | | Display
dfa | cpm | | Display
criteo | retargeting | lower_funnel | Paid Other
example | ppc | | Paid Other
example | ppcx | | Unassigned
example | xpaid | | Unassigned
example | recption | | Paid Other
newsletter | cpc | | Paid Other
email | cpc | | Paid Other
mail.google.com | cpc | | Paid Other
ebay.com.au | referral | | Organic Shopping
example | email | spring shop | Organic Shopping
example | email | myshop | Email
facebook | (not set) | | Organic Social
t.co | referral | | Organic Social
example | social | | Organic Social
example | social-network | | Organic Social
example | social-media | | Organic Social
example | sm | | Organic Social
example | social network | | Organic Social
example | Social Media | | Organic Social
facebook.com | email | | Organic Social
youtube | referral | | Organic Video
example | instream_video | | Organic Video
chatgpt.com | ai-assistant | | AI Assistant
google.com | ai-assistant | | AI Assistant
example | AI-Assistant | | AI Assistant
chatgpt.com | (not set) | | AI Assistant
ChatGPT | referral | | AI Assistant
gemini.google.com | organic | | AI Assistant
chatgpt.com | cpc | | Paid Other
chatgpt.com | ai-assistant | spring shop | Organic Shopping
facebook | ai-assistant | | Organic Social
paypal.com | referral | | Referral
google | organic | | Organic Search
google | email | | Organic Search
google.com | referral | | Organic Search
docs.google.com | referral | | Referral
mail.ru | organic | | Organic Search
duckduckgo | (not set) | | Organic Search
ask | referral | | Organic Search
example.org | referral | | Referral
email | referral | | Referral
example | app | | Referral
example | link | | Referral
newsletter | email | mothersday | Email
newsletter | e-mail | | Email
newsletter | E_Mail | | Email
newsletter | e mail | | Email
e-mail | (not set) | | Email
newsletter | emails | | Unassigned
awin | affiliate | 78888 | Affiliates
awin | affiliates | | Unassigned
spotify | audio | | Audio
sms | (not set) | | SMS
example | SMS | | SMS
example | webpush | | Mobile Push Notifications
example | mobile app | | Mobile Push Notifications
example | notifications | | Mobile Push Notifications
firebase | (not set) | | Mobile Push Notifications
example | pushy | | Unassigned
(not set) | (not set) | | Unassigned
qr | flyer | spring | Unassigned
 | | | Unassigned
";

    #[test]
    fn source_medium_and_campaign_decide_the_channel() {
        let cases = CASES.lines().filter(|line| !line.is_empty());
        assert!(cases.clone().count() >= 60);
        for case in cases {
            let mut columns = case.split('|').map(str::trim);
            let [source, medium, campaign, channel] = [(); 4].map(|()| columns.next().unwrap());
            let found = classify(source, medium, campaign, &Sites::default()).name();
            assert_eq!(found, channel, "{case}");
        }
    }

    #[test]
    fn every_channel_has_its_name_and_a_case() {
        let mut names = Channel::ALL.map(Channel::name).to_vec();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Channel::ALL.len());
        for name in names {
            assert!(
                CASES
                    .lines()
                    .any(|case| case.ends_with(&format!("| {name}"))),
                "{name}"
            );
        }
    }
}
