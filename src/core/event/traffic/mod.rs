//! Where a visit came from: source, medium, campaign and channel of an event, as if it were the first of its session.
//!
//! # Layout
//! - [`campaign`]  what the URL says; [`query`], [`text`] its parameters and their values; [`click_id`] whose advertisement
//! - [`referral`]  what the referrer says
//! - [`source`]    what [`kind`] of site a referrer or a source is; [`sites`] the facts
//! - [`channel`]   the default channel group
//! - [`term`]      the words somebody searched for

pub mod campaign;
pub mod channel;
pub mod click_id;
pub mod kind;
pub mod query;
pub mod referral;
pub mod sites;
pub mod source;
pub mod term;
pub mod text;

use std::borrow::Cow;

use campaign::Campaign;
use channel::{AI_ASSISTANT, Channel};
use click_id::ClickId;
use kind::Kind;
use referral::Referrer;
use source::{DIRECT, NONE, Sites};

const NOT_SET: &str = "(not set)";

/// Where an event came from. Campaign, term and content are as written, empty for none; the rest is in lower case.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Traffic {
    pub source: Cow<'static, str>,
    pub medium: Cow<'static, str>,
    pub campaign: String,
    pub term: String,
    pub content: String,
    pub click_id: ClickId,
    pub channel: Channel,
}

/// The traffic source of an event: what the link says, else the event itself, else a click id, else the referrer.
/// `utm_source` and `utm_medium` are the event's own attributes, given only if they were text.
pub fn traffic(
    current_url: Option<&str>,
    utm_source: Option<&str>,
    utm_medium: Option<&str>,
    referrer: Option<&Referrer>,
    sites: &Sites,
) -> Traffic {
    let campaign = current_url.map(Campaign::of).unwrap_or_default();
    let click_id = campaign.click_id;
    let said = Origin(campaign.source, campaign.medium)
        .or(|| {
            Origin(
                utm_source.and_then(text::token),
                utm_medium.and_then(text::token),
            )
        })
        .or(|| Origin::of(click_id));
    let name = campaign.name.unwrap_or_default();
    let (source, medium, channel) = match said {
        Origin(None, None) => unsaid(referrer, &name, sites),
        Origin(source, medium) => {
            let source = source.map_or(Cow::Borrowed(NOT_SET), Cow::Owned);
            let medium = match medium {
                Some(medium) => Cow::Owned(medium),
                // Assistants name themselves in the links they give, and nothing else.
                None if sites.kind(&source) == Kind::AiAssistant => AI_ASSISTANT.into(),
                None => NOT_SET.into(),
            };
            let channel = channel::classify(&source, &medium, &name, sites);
            (source, medium, channel)
        }
    };
    Traffic {
        source,
        medium,
        campaign: name,
        term: campaign.term.unwrap_or_default(),
        content: campaign.content.unwrap_or_default(),
        click_id,
        channel,
    }
}

/// By the referrer; a campaign that names no source can still decide the channel.
fn unsaid(
    referrer: Option<&Referrer>,
    campaign: &str,
    sites: &Sites,
) -> (Cow<'static, str>, Cow<'static, str>, Channel) {
    let Some(referrer) = referrer.filter(|referrer| referrer.channel != Channel::Direct) else {
        return (DIRECT.into(), NONE.into(), Channel::Direct);
    };
    let (source, medium) = (&referrer.source, referrer.medium);
    let channel = match campaign {
        "" => referrer.channel,
        campaign => channel::classify(source, medium, campaign, sites),
    };
    (source.clone().into(), medium.into(), channel)
}

/// Source and medium, as far as they were said.
struct Origin(Option<String>, Option<String>);

impl Origin {
    fn of(click_id: ClickId) -> Origin {
        match click_id.origin() {
            Some((source, medium)) => Origin(Some(source.to_owned()), Some(medium.to_owned())),
            None => Origin(None, None),
        }
    }

    /// What is missing is taken from the other only if that does not speak of another visit.
    fn or(self, other: impl FnOnce() -> Origin) -> Origin {
        match self {
            Origin(None, None) => other(),
            Origin(Some(source), None) => {
                let Origin(same, medium) = other();
                let is_same = same.is_none_or(|same| same == source);
                Origin(Some(source), medium.filter(|_| is_same))
            }
            Origin(None, Some(medium)) => {
                let Origin(source, same) = other();
                let is_same = same.is_none_or(|same| same == medium);
                Origin(source.filter(|_| is_same), Some(medium))
            }
            whole => whole,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Sites, Traffic, traffic};
    use crate::event::referrer::Links;

    /// Search of the page's URL, what is found: source / medium [campaign] {term} <content> click id = channel.
    const ADDRESSES: &str = "
 => (direct) / (none) = Direct
?alloy=white-375&diamond=sapphire => (direct) / (none) = Direct
?utm_source=google&utm_medium=cpc&utm_campaign=brand&utm_term=engagement%20ring&gclid=x => google / cpc [brand] {engagement ring} gclid = Paid Search
?utm_source=facebook&utm_medium=paid_social&utm_content=carousel-2&fbclid=x => facebook / paid_social <carousel-2> fbclid = Paid Social
?utm_source=pinterest&utm_medium=social&epik=x => pinterest / social epik = Organic Social
?UTM_Source=Newsletter&Utm_Medium=EMail&UTM_CAMPAIGN=Mother's+Day => newsletter / email [Mother's Day] = Email
?utm%5Fsource=a%26b&utm_medium=x => a&b / x = Unassigned
?utm_source=a&amp;utm_medium=email => a / email = Email
?utm_source=%20Caf%C3%89%20&utm_medium=+ => café / (not set) = Unassigned
?utm_source=newsletter => newsletter / (not set) = Unassigned
?utm_source=facebook => facebook / (not set) = Organic Social
?utm_source=chatgpt.com => chatgpt.com / ai-assistant = AI Assistant
?utm_source=ChatGPT => chatgpt / ai-assistant = AI Assistant
?utm_source=copilot.microsoft.com => copilot.microsoft.com / ai-assistant = AI Assistant
?utm_source=chatgpt.com&utm_medium=referral => chatgpt.com / referral = AI Assistant
?utm_source=chatgpt.com&utm_medium=cpc => chatgpt.com / cpc = Paid Other
?utm_source=NaN&utm_medium=[object%20Object] => (direct) / (none) = Direct
?utm_medium=email => (not set) / email = Email
?utm_campaign=Summer => (direct) / (none) [Summer] = Direct
?utm_term=t&utm_content=C => (direct) / (none) {t} <C> = Direct
?utm_source=&utm_medium=%20&utm_campaign=%09 => (direct) / (none) = Direct
?utm_source => (direct) / (none) = Direct
?utm_source=false&utm_medium=NULL&utm_campaign=undefined => (direct) / (none) = Direct
?utm_source=(not%20set)&utm_medium=email => (not set) / email = Email
?utm_source=(not+set)&utm_medium=(not+set)&gclid=x => google / cpc gclid = Paid Search
?gclid=Cj0 => google / cpc gclid = Paid Search
?GCLID=Cj0 => google / cpc gclid = Paid Search
?gclid= => (direct) / (none) = Direct
?gclid=x&utm_campaign=shopping_rings => google / cpc [shopping_rings] gclid = Paid Shopping
?gbraid=x => google / cpc gbraid = Paid Search
?wbraid=x => google / cpc wbraid = Paid Search
?gbraid=x&gclid=y => google / cpc gclid = Paid Search
?msclkid=x => bing / cpc msclkid = Paid Search
?msclkid=x&gclid=y => google / cpc gclid = Paid Search
?fbclid=x => (direct) / (none) fbclid = Direct
?fbclid=x&ttclid=y => (direct) / (none) fbclid = Direct
?dclid=x => (direct) / (none) dclid = Direct
?ScCid=x => (direct) / (none) sccid = Direct
?li_fat_id=x => (direct) / (none) li_fat_id = Direct
?ttclid=x => (direct) / (none) ttclid = Direct
?twclid=x => (direct) / (none) twclid = Direct
?rdt_cid=x => (direct) / (none) rdt_cid = Direct
?yclid=x => (direct) / (none) yclid = Direct
?awc=x => (direct) / (none) awc = Direct
?irclickid=x => (direct) / (none) irclickid = Direct
?utm_source=google&gclid=x => google / cpc gclid = Paid Search
?utm_medium=cpc&gclid=x => google / cpc gclid = Paid Search
?utm_source=newsletter&gclid=x => newsletter / (not set) gclid = Unassigned
?utm_medium=email&gclid=x => (not set) / email gclid = Email
?utm_source=google&utm_medium=organic&gclid=x => google / organic gclid = Organic Search
?itm_source=home&itm_medium=banner&itm_campaign=shop => (direct) / (none) = Direct
?utm_source=a&utm_source=b&utm_medium=&utm_medium=m => a / m = Unassigned
?utm_source=a=b&utm_medium=m => a=b / m = Unassigned
?&&utm_source=a&&utm_medium=m& => a / m = Unassigned
?utm_source=a#utm_medium=m => a / m = Unassigned
?utm_source=a#utm_source=b&utm_medium=m => a / m = Unassigned
#utm_source=a&utm_medium=m => a / m = Unassigned
#/?utm_source=a&utm_medium=m => a / m = Unassigned
#/rings?utm_source=a&utm_medium=m => a / m = Unassigned
?x=utm_source=a => (direct) / (none) = Direct
?xutm_source=a&utm_sources=b&utm_source_platform=c => (direct) / (none) = Direct
?utm_source=%ZZ&utm_medium=%FF => %zz / \u{fffd} = Unassigned
?utm_source=a%00b%0Ac&utm_medium=%00 => a b c / (not set) = Unassigned
?utm_source=www.google.de&utm_medium=cpc => www.google.de / cpc = Paid Search
?utm_source=(direct)&utm_medium=(none) => (direct) / (none) = Direct
/utm_source=a&utm_medium=m => (direct) / (none) = Direct
";

    #[test]
    fn an_address_tells_the_campaign() {
        let cases = ADDRESSES.lines().filter(|line| !line.is_empty());
        assert!(cases.clone().count() >= 40);
        for case in cases {
            let (search, _) = case.split_once(" => ").unwrap();
            let url = format!("https://www.glamira.de/ring{search}");
            let found = traffic(Some(&url), None, None, None, &Sites::default());
            assert_eq!(format!("{search} => {}", told(&found)), case);
        }
    }

    fn told(found: &Traffic) -> String {
        let mut told = format!("{} / {}", found.source, found.medium);
        for (open, text, close) in [
            (" [", &*found.campaign, "]"),
            (" {", &found.term, "}"),
            (" <", &found.content, ">"),
            (" ", found.click_id.name(), ""),
        ] {
            if !text.is_empty() {
                told.extend([open, text, close]);
            }
        }
        told + " = " + found.channel.name()
    }

    #[test]
    fn the_first_that_says_something_counts() {
        let google = "https://www.google.com/";
        let (inside, outside) = ("https://www.glamira.de/x", "https://www.example.org/x");
        type Case<'a> = (
            &'a str,
            Option<&'a str>,
            Option<&'a str>,
            Option<&'a str>,
            &'a str,
        );
        let cases: &[Case<'_>] = &[
            (
                "?utm_source=a&utm_medium=b",
                Some("c"),
                Some("d"),
                Some(google),
                "a / b = Unassigned",
            ),
            (
                "?gclid=x",
                Some("C"),
                Some("Email"),
                Some(google),
                "c / email gclid = Email",
            ),
            (
                "?msclkid=x",
                None,
                None,
                Some(google),
                "bing / cpc msclkid = Paid Search",
            ),
            (
                "?msclkid=x",
                Some(" "),
                Some("false"),
                Some(inside),
                "bing / cpc msclkid = Paid Search",
            ),
            (
                "?fbclid=x",
                None,
                None,
                Some(google),
                "google / organic fbclid = Organic Search",
            ),
            (
                "",
                None,
                None,
                Some(google),
                "google / organic = Organic Search",
            ),
            (
                "",
                None,
                None,
                Some(outside),
                "example.org / referral = Referral",
            ),
            ("", None, None, Some(inside), "(direct) / (none) = Direct"),
            (
                "",
                None,
                None,
                Some("about:blank"),
                "(direct) / (none) = Direct",
            ),
            ("", None, None, None, "(direct) / (none) = Direct"),
            (
                "",
                Some("bing"),
                Some("cpc"),
                Some(google),
                "bing / cpc = Paid Search",
            ),
            (
                "",
                Some("bing"),
                None,
                Some(google),
                "bing / (not set) = Organic Search",
            ),
            ("", None, Some("cpc"), None, "(not set) / cpc = Paid Other"),
            (
                "",
                None,
                None,
                Some("https://www.paypal.com/"),
                "(direct) / (none) = Direct",
            ),
            (
                "?gclid=x",
                None,
                None,
                Some("https://checkout.stripe.com/"),
                "google / cpc gclid = Paid Search",
            ),
            (
                "?utm_campaign=shopping",
                None,
                None,
                Some("https://pay.amazon.de/"),
                "(direct) / (none) [shopping] = Direct",
            ),
            (
                "?utm_campaign=a",
                None,
                None,
                Some("https://gemini.google.com/"),
                "google.com / ai-assistant [a] = AI Assistant",
            ),
            // Halves of one whole, and halves that speak of two visits.
            (
                "?utm_source=google",
                None,
                Some("cpc"),
                None,
                "google / cpc = Paid Search",
            ),
            (
                "?utm_source=google",
                Some("Google"),
                Some("cpc"),
                None,
                "google / cpc = Paid Search",
            ),
            (
                "?utm_source=mailing",
                Some("google"),
                Some("cpc"),
                None,
                "mailing / (not set) = Unassigned",
            ),
            (
                "?utm_medium=email",
                Some("mailing"),
                None,
                None,
                "mailing / email = Email",
            ),
            (
                "?utm_medium=email",
                Some("google"),
                Some("cpc"),
                None,
                "(not set) / email = Email",
            ),
            // A campaign without a source: its name counts all the same.
            (
                "?utm_campaign=shopping",
                None,
                None,
                Some(google),
                "google / organic [shopping] = Organic Shopping",
            ),
            (
                "?utm_campaign=cross-network",
                None,
                None,
                Some(outside),
                "example.org / referral [cross-network] = Cross-network",
            ),
            (
                "?utm_campaign=shopping",
                None,
                None,
                Some(inside),
                "(direct) / (none) [shopping] = Direct",
            ),
            (
                "?utm_campaign=a",
                None,
                None,
                Some("https://docs.google.com/"),
                "google.com / referral [a] = Organic Search",
            ),
        ];
        let mut links = Links::default();
        for (search, source, medium, referrer, expected) in cases {
            let url = format!("https://www.glamira.de/{search}");
            let page = links.page(&url);
            let referrer = referrer.and_then(|it| links.referrer(it, page.as_deref()));
            let found = traffic(
                Some(&url),
                *source,
                *medium,
                referrer.as_deref(),
                links.sites(),
            );
            assert_eq!(told(&found), *expected, "{search} {source:?} {medium:?}");
        }
        assert_eq!(
            told(&traffic(None, None, None, None, &Sites::default())),
            "(direct) / (none) = Direct"
        );
    }

    #[test]
    fn long_values_are_cut_at_a_character() {
        let long = "\u{130}".repeat(200);
        let url = format!("/?utm_source={long}&utm_medium=a&utm_campaign=x{long}");
        let found = traffic(Some(&url), None, None, None, &Sites::default());
        assert_eq!(found.source.len(), 255);
        assert_eq!(found.campaign.len(), 255);
        let url = format!("/?utm_source={}", "x ".repeat(500));
        assert_eq!(
            traffic(Some(&url), None, None, None, &Sites::default())
                .source
                .len(),
            255
        );
    }
}
