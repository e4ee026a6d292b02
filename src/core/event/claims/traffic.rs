//! What holds of every address and every referrer when a visit's source is told.

use proptest::prelude::*;
use regex::Regex;

use crate::event::referrer::Links;
use crate::event::traffic::channel::{classify, is_paid, is_shopping_campaign};
use crate::event::traffic::query::parameters;
use crate::event::traffic::source::Sites;
use crate::event::traffic::term::search_term;
use crate::event::traffic::{Traffic, traffic};

const NAMES: [&str; 10] = [
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "gclid",
    "msclkid",
    "fbclid",
    "alloy",
    "%75tm_source",
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        prop::sample::select(vec![
            "google",
            "Facebook.com",
            "cpc",
            "email",
            "false",
            "%20",
            "a+b",
            "%C3%A9",
            "%FF",
            "%",
            "shopping",
        ])
        .prop_map(str::to_owned),
        "[^&#?=]{0,20}",
    ]
}

/// Parameters with other names each.
fn distinct_parameters() -> impl Strategy<Value = Vec<(&'static str, String)>> {
    prop::sample::subsequence(NAMES[..9].to_vec(), 0..9).prop_flat_map(|names| {
        let values = prop::collection::vec(value(), names.len());
        values.prop_map(move |values| names.iter().copied().zip(values).collect())
    })
}

fn address(parameters: &[(&str, String)]) -> String {
    let parameters: Vec<String> = parameters
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    format!("https://www.example.de/ring?{}", parameters.join("&"))
}

fn of(url: &str) -> Traffic {
    traffic(Some(url), None, None, None, &Sites::default())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn anything_has_a_source(
        url in "(\\PC|[&?#=%+;]|utm_(source|medium|campaign)=|gclid=){0,60}", source in any::<Option<String>>(), medium in any::<Option<String>>(),
        referrer in prop_oneof![any::<String>(), "(https|android-app)://[a-z.]{0,30}(google|yahoo|facebook|com|ru)[./?&=%a-z]{0,20}"],
    ) {
        let mut links = Links::default();
        let page = links.page(&url);
        let from = links.referrer(&referrer, page.as_deref());
        let found = traffic(Some(&url), source.as_deref(), medium.as_deref(), from.as_deref(), links.sites());
        prop_assert!(!found.source.is_empty() && !found.medium.is_empty());
        prop_assert_eq!(&found.source, &found.source.to_lowercase());
        prop_assert_eq!(&found.medium, &found.medium.to_lowercase());
        for text in [&*found.source, &*found.medium, &found.campaign, &found.term, &found.content] {
            prop_assert!(text.len() <= 255 && text.trim() == text && !text.contains(char::is_control), "{text:?}");
        }
        if let Some(from) = from {
            prop_assert!(search_term(&from, &referrer).is_none_or(|term| !term.is_empty() && term.len() <= 255));
        }
    }

    #[test]
    fn the_order_of_parameters_does_not_matter(parameters in distinct_parameters().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle()))) {
        let (one, other) = parameters;
        prop_assert_eq!(of(&address(&one)), of(&address(&other)));
    }

    #[test]
    fn promotion_within_the_shop_changes_nothing(mut all in distinct_parameters(), name in "itm_(source|medium|campaign|term|content|[a-z]{0,9})", value in value(), at in any::<prop::sample::Index>()) {
        let without = of(&address(&all));
        let name: &'static str = name.leak();
        all.insert(at.index(all.len() + 1), (name, value));
        prop_assert_eq!(of(&address(&all)), without);
    }

    #[test]
    fn case_of_names_does_not_matter(all in distinct_parameters()) {
        let upper: Vec<(String, String)> = all.iter().map(|(name, value)| (name.to_uppercase(), value.clone())).collect();
        let upper: Vec<(&str, String)> = upper.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        prop_assert_eq!(of(&address(&upper)), of(&address(&all)));
    }

    #[test]
    fn a_query_has_as_many_parameters_as_separators(query in "[a-z=&%+]{1,40}") {
        let url = format!("/?{query}");
        let ends = usize::from(query.ends_with('&'));
        prop_assert_eq!(parameters(&url).count(), query.split('&').count() - ends);
    }

    #[test]
    fn the_rules_match_as_the_published_expressions(text in "([a-zé _]|cp|ppc|paid|retargeting|shop|e|shopping){0,6}") {
        let paid = Regex::new("^(.*cp.*|ppc|retargeting|paid.*)$").unwrap();
        let shopping = Regex::new("^(.*(([^a-df-z]|^)shop|shopping).*)$").unwrap();
        prop_assert_eq!(is_paid(&text), paid.is_match(&text));
        prop_assert_eq!(is_shopping_campaign(&text), shopping.is_match(&text));
    }

    #[test]
    fn case_does_not_change_the_channel(source in "(google|facebook\\.com|email|sms|[a-z.]{0,9})", medium in "(cpc|email|display|social|[a-z]{0,9})", campaign in "(shop|cross-network|[a-z]{0,9})") {
        let channel = classify(&source, &medium, &campaign, &Sites::default());
        prop_assert_eq!(classify(&source.to_uppercase(), &medium.to_uppercase(), &campaign.to_uppercase(), &Sites::default()), channel);
    }

    /// All visits with one source, medium and campaign share a member of dim_campaign, and its channel.
    #[test]
    fn source_medium_and_campaign_alone_make_the_channel(
        host in prop::sample::select(vec!["mail.google.com", "groups.google.com", "www.google.de", "shopping.yahoo.co.jp", "my.mail.ru", "www.facebook.com", "example.org"]),
        campaign in "(|shop|cross-network|[a-z]{1,9})",
    ) {
        let mut links = Links::default();
        let url = format!("https://www.glamira.de/?utm_campaign={campaign}");
        let page = links.page(&url);
        let referrer = links.referrer(&format!("https://{host}/"), page.as_deref());
        let found = traffic(Some(&url), None, None, referrer.as_deref(), links.sites());
        prop_assert_eq!(found.channel, classify(&found.source, &found.medium, &found.campaign, links.sites()));
    }

    #[test]
    fn any_name_of_a_host_has_a_kind(host in "([a-z0-9-]{0,8}|search|mail|google|yahoo|\\.){0,12}(\\.com|\\.co\\.uk|)") {
        Sites::default().of_host(&host);
        Sites::default().kind(&host);
    }
}
