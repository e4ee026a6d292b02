//! What the address of a page says of the campaign that led there. `itm_*`, promotion within the shop, is none.

use super::click_id::ClickId;
use super::query::{Beginnings, parameters};
use super::text;

/// The `utm_*` parameters and the click id of a URL; of a parameter that stands there twice the first that says something.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Campaign {
    /// In lower case, as is the medium.
    pub source: Option<String>,
    pub medium: Option<String>,
    pub name: Option<String>,
    pub term: Option<String>,
    pub content: Option<String>,
    pub click_id: ClickId,
}

#[derive(Clone, Copy)]
enum Meaning {
    Source,
    Medium,
    Name,
    Term,
    Content,
    ClickId(ClickId),
}

const NAMES: [(&str, Meaning); 5 + ClickId::ALL.len()] = {
    let mut names = [("", Meaning::Source); 5 + ClickId::ALL.len()];
    names[0] = ("utm_source", Meaning::Source);
    names[1] = ("utm_medium", Meaning::Medium);
    names[2] = ("utm_campaign", Meaning::Name);
    names[3] = ("utm_term", Meaning::Term);
    names[4] = ("utm_content", Meaning::Content);
    let mut at = 0;
    while at < ClickId::ALL.len() {
        names[5 + at] = (ClickId::ALL[at].name(), Meaning::ClickId(ClickId::ALL[at]));
        at += 1;
    }
    names
};

static BEGINNINGS: Beginnings = Beginnings::of(&NAMES);

impl Campaign {
    pub fn of(url: &str) -> Campaign {
        let mut campaign = Campaign::default();
        for parameter in parameters(url).filter(|parameter| BEGINNINGS.may_have(*parameter)) {
            let name = parameter.name();
            let known = NAMES
                .iter()
                .find(|(known, _)| name.eq_ignore_ascii_case(known));
            if let Some((_, meaning)) = known {
                campaign.note(*meaning, &parameter.value());
            }
        }
        campaign
    }

    fn note(&mut self, meaning: Meaning, value: &str) {
        let (place, clean): (_, fn(&str) -> Option<String>) = match meaning {
            Meaning::Source => (&mut self.source, text::token),
            Meaning::Medium => (&mut self.medium, text::token),
            Meaning::Name => (&mut self.name, text::written),
            Meaning::Term => (&mut self.term, text::written),
            Meaning::Content => (&mut self.content, text::written),
            Meaning::ClickId(click_id) => {
                if text::said(value).is_some() {
                    self.click_id = self.click_id.min(click_id);
                }
                return;
            }
        };
        if place.is_none() {
            *place = clean(value);
        }
    }
}
