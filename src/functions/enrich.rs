//! The parsers of ingestion for single values, as SQL functions: the same code, never an error for bad content.

use std::cell::RefCell;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Instant;

use pgrx::AnyNumeric;
use pgrx::datum::{Inet, JsonB};
use pgrx::heap_tuple::PgHeapTuple;
use pgrx::prelude::*;

use crate::load::knowledge;
use crate::server::failure::Failure;
use crate::settings::Settings;
use starsink_core::event::address::is_private;
use starsink_core::event::choice::label::Role;
use starsink_core::event::choice::{self, alloy, stone};
use starsink_core::event::country_of_ip::Watched;
use starsink_core::event::email;
use starsink_core::event::price;
use starsink_core::event::privacy::hash_email;
use starsink_core::event::referrer::Links;
use starsink_core::event::traffic::channel;
use starsink_core::event::traffic::source::Sites;
use starsink_core::event::traffic::term::search_term;
use starsink_core::event::user_agent::Agents;
use starsink_core::world::address::meant;

thread_local! {
    static AGENTS: RefCell<Agents> = RefCell::default();
    static LINKS: RefCell<Known> = RefCell::default();
    static COUNTRIES: RefCell<Option<(PathBuf, Watched)>> = const { RefCell::new(None) };
}

/// What was read of referrers, by the list of sites as a statement found it.
#[derive(Default)]
struct Known {
    statement: pg_sys::TimestampTz,
    table: Option<String>,
    links: Links,
}

impl Known {
    /// The links, by the list of now; it is looked at once in a statement.
    fn links(&mut self) -> &mut Links {
        // SAFETY: reads a variable of this process.
        let statement = unsafe { pg_sys::GetCurrentStatementStartTimestamp() };
        if self.statement != statement {
            match knowledge::sites() {
                Ok(table) if self.table.as_ref() == Some(&table) => {}
                Ok(table) => {
                    self.links = Links::new(Vec::new(), Sites::of(&table));
                    self.table = Some(table);
                }
                Err(failure) => failure.raise(),
            }
            self.statement = statement;
        }
        &mut self.links
    }
}

/// A value of one of the extension's composite types.
type Composite = PgHeapTuple<'static, pgrx::AllocatedByRust>;

fn row(name: &str) -> Composite {
    match PgHeapTuple::new_composite_type(name) {
        Ok(row) => row,
        Err(error) => Failure::sql("making a row", error).raise(),
    }
}

fn set<T: IntoDatum>(row: &mut Composite, column: &str, value: T) {
    if let Err(error) = row.set_by_name(column, value) {
        Failure::sql("filling a row", error).raise();
    }
}

/// Text that says nothing is NULL.
fn said(text: &str) -> Option<String> {
    (!text.is_empty()).then(|| text.to_owned())
}

/// What a user-agent header says.
#[pg_extern(immutable, parallel_safe, strict, requires = ["types"])]
fn parse_user_agent(user_agent: &str) -> pgrx::composite_type!('static, "starsink.user_agent") {
    let agent = AGENTS.with_borrow_mut(|agents| agents.read(user_agent));
    let mut result = row("starsink.user_agent");
    set(&mut result, "browser", said(&agent.browser));
    set(&mut result, "browser_version", said(&agent.browser_version));
    set(&mut result, "os", said(&agent.os));
    set(&mut result, "os_version", said(&agent.os_version));
    set(&mut result, "device_class", agent.device_class.name());
    set(&mut result, "vendor", said(&agent.browser_vendor));
    set(&mut result, "is_bot", agent.is_bot);
    result
}

/// The options chosen in an event, one row each, whatever shape they came in; blank values stand in the page's URL.
#[pg_extern(immutable, parallel_safe)]
fn expand_options(
    options: Option<JsonB>,
    current_url: default!(Option<&str>, "NULL"),
) -> TableIterator<
    'static,
    (
        name!(position, i32),
        name!(role, &'static str),
        name!(label, String),
        name!(option_id, Option<String>),
        name!(value_id, Option<String>),
        name!(value, String),
        name!(quality, Option<String>),
        name!(metal, Option<&'static str>),
        name!(colour, Option<&'static str>),
        name!(fineness, Option<i16>),
        name!(stone, Option<&'static str>),
        name!(shape, Option<&'static str>),
        name!(is_from_url, bool),
    ),
> {
    let json = options.map(|options| options.0.to_string());
    let choices = choice::expand(json.as_deref(), current_url).choices;
    TableIterator::new(choices.into_iter().enumerate().map(|(index, choice)| {
        let alloy = (choice.role == Role::Alloy).then(|| alloy::describe(&choice.value));
        let stone = choice
            .role
            .is_stone()
            .then(|| stone::describe(&choice.value, choice.quality.as_deref()));
        (
            index as i32 + 1,
            choice.role.label(),
            choice.label,
            choice.option_id,
            choice.value_id,
            choice.value,
            choice.quality,
            alloy.as_ref().and_then(|alloy| alloy.metal),
            alloy.as_ref().and_then(|alloy| alloy.colour),
            alloy.as_ref().and_then(|alloy| alloy.fineness),
            stone.as_ref().and_then(|stone| stone.stone),
            stone.as_ref().and_then(|stone| stone.shape),
            choice.from_url,
        )
    }))
}

/// The amount in a price as written, and what stands beside it for the currency; NULL where there is no amount.
#[pg_extern(immutable, parallel_safe, strict, requires = ["types"])]
fn parse_price(price: &str) -> Option<pgrx::composite_type!('static, "starsink.price")> {
    let price = price::parse(price)?;
    let amount = AnyNumeric::try_from(price.amount.to_string().as_str()).ok()?;
    let mut result = row("starsink.price");
    set(&mut result, "amount", amount);
    set(
        &mut result,
        "currency",
        price.currency.map(price::currency_token),
    );
    Some(result)
}

/// What stands beside a price as warehouse.dim_currency_alias has it.
#[pg_extern(immutable, parallel_safe, strict, schema = "starsink_internal")]
fn currency_token(written: &str) -> String {
    price::currency_token(written)
}

/// Where a referrer comes from, as seen from a page; NULL where it is no URL.
#[pg_extern(stable, parallel_safe, requires = ["types"])]
fn classify_referrer(
    referrer: Option<&str>,
    page: default!(Option<&str>, "NULL"),
) -> Option<pgrx::composite_type!('static, "starsink.referrer")> {
    let url = referrer?;
    let found = LINKS.with_borrow_mut(|known| {
        let links = known.links();
        let page = page.and_then(|page| links.page(page));
        links.referrer(url, page.as_deref())
    })?;
    let mut result = row("starsink.referrer");
    set(&mut result, "host", said(&found.host));
    set(
        &mut result,
        "registrable_domain",
        said(&found.registrable_domain),
    );
    set(&mut result, "kind", found.kind.name());
    set(&mut result, "source", said(&found.source));
    set(&mut result, "medium", found.medium);
    set(&mut result, "term", search_term(&found, url));
    set(&mut result, "is_internal", found.is_internal);
    Some(result)
}

/// Google Analytics 4's default channel group.
#[pg_extern(stable, parallel_safe, strict)]
fn classify_channel(source: &str, medium: &str, campaign: default!(&str, "''")) -> &'static str {
    LINKS.with_borrow_mut(|known| {
        channel::classify(source, medium, campaign, known.links().sites()).name()
    })
}

/// ISO 3166-1 alpha-2 of the country an address belongs to; NULL where it is not known.
#[pg_extern(stable, parallel_safe, strict)]
fn country_of_ip(ip: Inet) -> Option<String> {
    let address = meant(ip.0.split('/').next()?.parse::<IpAddr>().ok()?);
    if is_private(address) {
        return None;
    }
    let path = Settings::current().policy.geoip_database;
    COUNTRIES.with_borrow_mut(|known| {
        if known.as_ref().is_none_or(|(of, _)| *of != path) {
            *known = Some((path.clone(), Watched::new(path)));
        }
        let (_, watched) = known.as_mut()?;
        let code = watched.refreshed(Instant::now())?.country(address).ok()??;
        Some(String::from_utf8_lossy(&code).into_owned())
    })
}

/// The keyed hash of an e-mail address, as dim_customer.email_hash holds it; NULL where the text is no address.
#[pg_extern(stable, security_definer, strict)]
#[search_path(pg_catalog, pg_temp)]
fn email_hash(email: &str) -> Option<String> {
    let address = email::normalised(email.into())?;
    match knowledge::email_key() {
        Ok(key) => Some(starsink_core::text::hash::hex(&hash_email(&key, &address))),
        Err(failure) => failure.raise(),
    }
}
