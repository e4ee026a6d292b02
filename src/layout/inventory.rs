//! What the warehouse consists of, by name: read out of the script that lays it out, so that it is said once. Rights,
//! ownership and refusals go by this list, never by names that look alike: users have tables in the schema too.

use std::borrow::Cow;

use starsink_core::aggregate::tables::TABLES;

/// One object of the script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Laid {
    /// `relation` (a table, view or sequence), `index` or `function`.
    pub kind: &'static str,
    pub schema: &'static str,
    pub name: Cow<'static, str>,
}

const STATEMENTS: [(&str, &str); 6] = [
    ("CREATE TABLE IF NOT EXISTS ", "relation"),
    ("CREATE SEQUENCE IF NOT EXISTS ", "relation"),
    ("CREATE OR REPLACE VIEW ", "relation"),
    ("CREATE INDEX IF NOT EXISTS ", "index"),
    ("CREATE UNIQUE INDEX IF NOT EXISTS ", "index"),
    ("CREATE OR REPLACE FUNCTION ", "function"),
];

/// The objects of a part of the script. Statements begin their lines, names are plain and qualified.
pub fn laid(script: &'static str) -> impl Iterator<Item = Laid> {
    script.lines().filter_map(|line| {
        let (rest, kind) = STATEMENTS
            .iter()
            .find_map(|&(start, kind)| Some((line.strip_prefix(start)?, kind)))?;
        let end = |text: &str| text.find([' ', '(', ';']).unwrap_or(text.len());
        let name = &rest[..end(rest)];
        if kind == "index" {
            // An index lies in the schema of its table.
            let table = rest.split(" ON ").nth(1)?;
            return Some(Laid {
                kind,
                schema: table.split('.').next()?,
                name: name.into(),
            });
        }
        let (schema, name) = name.split_once('.')?;
        let name = name.into();
        Some(Laid { kind, schema, name })
    })
}

/// The functions that the script makes in a loop: each aggregate with its tail.
pub fn live() -> impl Iterator<Item = Laid> {
    TABLES.iter().map(|table| Laid {
        kind: "function",
        schema: "starsink_internal",
        name: format!("live_{}", table.name).into(),
    })
}

/// What an earlier lay-out had in the schemas that users call, and the third moved.
const FORMER: [(&str, &str, &[&str]); 3] = [
    (
        "function",
        "warehouse",
        &[
            "live_attribution",
            "live_combination",
            "live_first_seen",
            "live_funnel",
            "live_hour",
            "live_minute_product",
            "live_minute_store",
            "live_option",
            "live_order",
            "live_place",
            "live_place_interest",
            "live_product",
            "live_product_hour",
            "live_referrer",
            "live_session",
            "live_store",
            "live_technology",
            "live_traffic",
            "check_choice",
            "check_count",
            "check_days",
            "report_zone",
            "require_extension",
            "unconverted",
            "product_totals",
            "raw_referrers",
            "technology_usage",
        ],
    ),
    (
        "relation",
        "warehouse",
        &[
            "report_product",
            "report_store",
            "report_country",
            "report_place",
        ],
    ),
    ("function", "starsink", &["merge_forget_digest"]),
];

/// Objects of earlier lay-outs, where they were.
pub fn former() -> impl Iterator<Item = Laid> {
    FORMER.iter().flat_map(|&(kind, schema, names)| {
        names.iter().map(move |&name| Laid {
            kind,
            schema,
            name: name.into(),
        })
    })
}
