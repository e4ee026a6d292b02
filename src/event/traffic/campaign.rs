//! What the address of a page says of the campaign that led there. `itm_*`, promotion within the shop, is none.

use super::click_id::ClickId;
use super::query::{MAX_NAME, parameters};
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

impl Campaign {
    pub fn of(url: &str) -> Campaign {
        let mut campaign = Campaign::default();
        for parameter in parameters(url) {
            let mut buffer = [0; MAX_NAME];
            let (place, clean): (_, fn(&str) -> Option<String>) = match parameter.name(&mut buffer)
            {
                b"utm_source" => (&mut campaign.source, text::token),
                b"utm_medium" => (&mut campaign.medium, text::token),
                b"utm_campaign" => (&mut campaign.name, text::written),
                b"utm_term" => (&mut campaign.term, text::written),
                b"utm_content" => (&mut campaign.content, text::written),
                name => {
                    if let Some(click_id) = ClickId::named(name)
                        && text::written(&parameter.value()).is_some()
                    {
                        campaign.click_id = campaign.click_id.min(click_id);
                    }
                    continue;
                }
            };
            if place.is_none() {
                *place = clean(&parameter.value());
            }
        }
        campaign
    }
}
