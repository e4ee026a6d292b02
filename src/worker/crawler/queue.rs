//! The crawler's queue in the database: short transactions between requests, never one during a request.

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;
use serde_json::{Map, Value, json};

use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::settings::Crawl;
use starsink_core::crawl::extract::Page;
use starsink_core::crawl::fetch::Request;
use starsink_core::crawl::hosts::{AllowedHosts, Place};
use starsink_core::crawl::markup::MAX_TIME;
use starsink_core::crawl::robots::Robots;
use starsink_core::crawl::verdict::{End, ROBOTS_FOR};
use starsink_core::crawl::visit::Kind;

/// Blocks of events searched at a time: 16 MB.
const BLOCKS: i32 = 2048;

/// A page whose turn it is.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub page: i64,
    pub kind: Kind,
    pub request: Request,
    pub host: String,
    /// The host's robots.txt.
    pub robots: Option<String>,
    pub product_id: Option<String>,
    pub redirects: i32,
    pub attempts: i32,
    /// Who named the page.
    pub source: String,
}

/// A page that an event shows.
#[derive(Clone, Debug)]
pub struct Sighting {
    pub product_id: Option<String>,
    pub store_id: Option<String>,
    pub place: Place,
}

pub struct Queue {
    candidates: Statement,
    begin: Statement,
    end: Statement,
    move_on: Statement,
    robots: Statement,
    add: Statement,
    homes: Statement,
    sizes: Statement,
    unsearched: Statement,
    discover: Statement,
    prepare: Statement,
    merge: Statement,
    prices: Statement,
    offers: Statement,
    count: Statement,
    paused: Statement,
}

impl Queue {
    pub fn new() -> Queue {
        use pg_sys::{BOOLOID, FLOAT8OID, INT4OID, INT8OID, TEXTARRAYOID, TEXTOID};
        let interval = |number: u8| format!("${number} * interval '1 millisecond'");
        let pages = [
            TEXTARRAYOID,
            TEXTARRAYOID,
            TEXTOID,
            TEXTOID,
            TEXTARRAYOID,
            TEXTARRAYOID,
        ];
        Queue {
            candidates: Statement::new(
                "SELECT * FROM starsink_internal.crawl_candidates($1)",
                &[INT4OID],
            ),
            begin: Statement::new(
                format!("SELECT starsink_internal.crawl_begin($1, {})", interval(2)),
                &[INT8OID, FLOAT8OID],
            ),
            end: Statement::new(
                format!(
                    "SELECT starsink_internal.crawl_end($1, $2, $3, $4, {}, {}, $7, $8, $9::jsonb)",
                    interval(5),
                    interval(6)
                ),
                &[
                    INT8OID, TEXTOID, TEXTOID, BOOLOID, FLOAT8OID, FLOAT8OID, TEXTOID, TEXTOID,
                    TEXTOID,
                ],
            ),
            move_on: Statement::new(
                format!(
                    "SELECT starsink_internal.crawl_move($1, $2, $3, {})",
                    interval(4)
                ),
                &[INT8OID, TEXTOID, TEXTOID, FLOAT8OID],
            ),
            robots: Statement::new(
                format!(
                    "SELECT starsink_internal.crawl_robots($1, $2, {}, {})",
                    interval(3),
                    interval(4)
                ),
                &[INT8OID, TEXTOID, FLOAT8OID, FLOAT8OID],
            ),
            add: Statement::new(
                "SELECT starsink_internal.crawl_add($1, $2, $3, $4, $5, $6)",
                &pages,
            ),
            homes: Statement::new(
                "SELECT starsink_internal.crawl_homes($1, $2)",
                &[TEXTARRAYOID, TEXTARRAYOID],
            ),
            sizes: Statement::new("SELECT starsink_internal.crawl_sizes()::text", &[]),
            unsearched: Statement::new(
                "SELECT starsink_internal.crawl_unsearched($1::jsonb)",
                &[TEXTOID],
            ),
            discover: Statement::new(
                "SELECT * FROM starsink_internal.crawl_discover($1::jsonb, $2)",
                &[TEXTOID, INT4OID],
            ),
            prepare: Statement::new("SELECT starsink_internal.crawl_prepare()", &[]),
            merge: Statement::new(
                "SELECT m.merge_id FROM starsink.merge_product('starsink.crawl_product') AS m",
                &[],
            ),
            prices: Statement::new("SELECT starsink_internal.crawl_prices($1)", &[INT8OID]),
            offers: Statement::new("SELECT starsink_internal.crawl_offers()", &[]),
            count: Statement::new(
                "SELECT pg_catalog.count(*) FILTER (WHERE state = 'fetched'), pg_catalog.count(*) FILTER (WHERE next_try <= pg_catalog.clock_timestamp()), \
                 pg_catalog.count(*) FILTER (WHERE NOT is_merged) FROM starsink.crawl_page WHERE kind = 'product'",
                &[],
            ),
            paused: Statement::new(
                "SELECT COALESCE((SELECT is_paused FROM starsink.crawl_control ORDER BY control_id DESC LIMIT 1), false)",
                &[],
            ),
        }
    }

    /// The next pages of so many hosts, whose rows stay locked until the transaction ends.
    pub fn candidates(&self, lanes: usize) -> Result<Vec<Candidate>, Failure> {
        let mut found = Vec::new();
        self.candidates.each(&[(lanes as i32).into()], |row| {
            found.push(Candidate {
                page: row.get(1)?,
                kind: Kind::of(&row.get::<String>(2)?),
                request: Request {
                    url: row.get(3)?,
                    etag: row.optional(4)?,
                    last_modified: row.optional(5)?,
                },
                host: row.get(6)?,
                robots: row.optional(7)?,
                product_id: row.optional(8)?,
                redirects: row.get(9)?,
                attempts: row.get(10)?,
                source: row.get(11)?,
            });
            Ok(())
        })?;
        Ok(found)
    }

    pub fn begin(&self, page: i64, settings: &Crawl) -> Result<(), Failure> {
        let lease = settings.limits.timeout + MAX_TIME + settings.delay;
        self.begin.run(&[page.into(), millis(lease).into()])
    }

    pub fn end(
        &self,
        page: i64,
        end: &End,
        etag: Option<&str>,
        last_modified: Option<&str>,
        found: Option<String>,
    ) -> Result<(), Failure> {
        self.end.run(&[
            page.into(),
            end.state.into(),
            end.reason.as_deref().into(),
            end.failed.into(),
            end.wait.map(millis).into(),
            millis(end.host_wait).into(),
            etag.into(),
            last_modified.into(),
            found.into(),
        ])
    }

    /// Notes that a page may not be asked for; its host is as free as before.
    pub fn refuse(&self, page: i64, reason: &str, settings: &Crawl) -> Result<(), Failure> {
        let none: Option<&str> = None;
        self.end.run(&[
            page.into(),
            "refused".into(),
            reason.into(),
            false.into(),
            millis(settings.refresh).into(),
            None::<f64>.into(),
            none.into(),
            none.into(),
            none.into(),
        ])
    }

    pub fn follow(&self, page: i64, place: &Place, settings: &Crawl) -> Result<(), Failure> {
        self.move_on.run(&[
            page.into(),
            place.url.as_str().into(),
            place.host.as_str().into(),
            millis(settings.delay).into(),
        ])
    }

    pub fn keep_robots(&self, page: i64, text: &str, robots: &Robots) -> Result<(), Failure> {
        let delay = robots.crawl_delay.unwrap_or_default();
        self.robots.run(&[
            page.into(),
            text.into(),
            millis(delay).into(),
            millis(ROBOTS_FOR).into(),
        ])
    }

    pub fn add(&self, kind: &str, source: &str, sightings: Vec<Sighting>) -> Result<(), Failure> {
        if sightings.is_empty() {
            return Ok(());
        }
        let (mut urls, mut hosts, mut products, mut stores) =
            (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for sighting in sightings {
            urls.push(sighting.place.url);
            hosts.push(sighting.place.host);
            products.push(sighting.product_id);
            stores.push(sighting.store_id);
        }
        self.add.run(&[
            urls.into(),
            hosts.into(),
            kind.into(),
            source.into(),
            products.into(),
            stores.into(),
        ])
    }

    pub fn add_homes(&self, hosts: &AllowedHosts) -> Result<(), Failure> {
        let (urls, hosts): (Vec<String>, Vec<String>) =
            hosts.homes().map(|place| (place.url, place.host)).unzip();
        self.homes.run(&[urls.into(), hosts.into()])
    }

    /// How large the partitions of events are, for a later [`Queue::discover`].
    pub fn sizes(&self) -> Result<String, Failure> {
        let mut sizes = String::new();
        self.sizes.each(&[], |row| {
            sizes = row.get(1)?;
            Ok(())
        })?;
        Ok(sizes)
    }

    /// Whether there is something to discover below these sizes.
    pub fn is_unsearched(&self, sizes: &str) -> Result<bool, Failure> {
        is_so(&self.unsearched, &[sizes.into()])
    }

    /// Pages in the events of the next blocks, up to the sizes given.
    pub fn discover(&self, sizes: &str) -> Result<Vec<Sighting>, Failure> {
        let mut found = Vec::new();
        self.discover.each(&[sizes.into(), BLOCKS.into()], |row| {
            if let Some(place) = Place::seen(&row.get::<String>(3)?) {
                found.push(Sighting {
                    product_id: row.optional(1)?,
                    store_id: row.optional(2)?,
                    place,
                });
            }
            Ok(())
        })?;
        Ok(found)
    }

    pub fn offers(&self) -> Result<(), Failure> {
        self.offers.run(&[])
    }

    /// Finds out whose the unmerged pages are; whether there is something to merge.
    pub fn prepare(&self) -> Result<bool, Failure> {
        is_so(&self.prepare, &[])
    }

    pub fn merge(&self) -> Result<Option<i64>, Failure> {
        let mut merge = None;
        self.merge.each(&[], |row| {
            merge = row.optional(1)?;
            Ok(())
        })?;
        Ok(merge)
    }

    pub fn prices(&self, merge: Option<i64>) -> Result<(), Failure> {
        self.prices.run(&[merge.into()])
    }

    /// Product pages that were fetched, that are due, and that are to be merged.
    pub fn count(&self) -> Result<(i64, i64, i64), Failure> {
        let mut counts = (0, 0, 0);
        self.count.each(&[] as &[DatumWithOid<'_>], |row| {
            counts = (row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(())
        })?;
        Ok(counts)
    }

    pub fn is_paused(&self) -> Result<bool, Failure> {
        is_so(&self.paused, &[])
    }
}

fn is_so(statement: &Statement, values: &[DatumWithOid<'_>]) -> Result<bool, Failure> {
    let mut answer = false;
    statement.each(values, |row| {
        answer = row.get(1)?;
        Ok(())
    })?;
    Ok(answer)
}

fn millis(duration: std::time::Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}

/// The hosts that may be visited now: the stores' domains, and those of the setting. The domain of a store that only
/// events have named is an event's word, and leads nowhere.
pub fn allowed_hosts(settings: &Crawl) -> Result<AllowedHosts, Failure> {
    let mut domains: Vec<String> = Vec::new();
    let stores = Statement::new(
        "SELECT DISTINCT domain FROM warehouse.dim_store WHERE is_current AND NOT is_inferred AND store_key > 0 AND domain IS NOT NULL",
        &[],
    );
    stores.each(&[], |row| {
        domains.push(row.get(1)?);
        Ok(())
    })?;
    let known = domains.iter().map(String::as_str);
    AllowedHosts::new(known, &settings.allowed_hosts)
        .map_err(|entry| Failure::sql("starsink.crawl_allowed_hosts", entry))
}

/// The attributes of a page that are text, by their names in SQL.
pub fn attributes(page: &Page) -> [(&'static str, Option<String>); 12] {
    let product = &page.product;
    [
        ("product_id", product.product_id.clone()),
        ("sku", product.sku.clone()),
        ("product_name", product.product_name.clone()),
        ("product_type", product.product_type.clone()),
        ("category", page.category_path()),
        ("collection", product.collection.clone()),
        ("gender", product.gender.clone()),
        ("brand", product.brand.clone()),
        ("image_url", product.image_url.clone()),
        ("canonical_url", product.canonical_url.clone()),
        ("currency", product.currency.clone()),
        ("availability", product.availability.clone()),
    ]
}

/// The others: what is on offer, the page in other languages, and where each attribute was found.
pub fn lists(page: &Page) -> [(&'static str, Value); 3] {
    let offered = page.product.offered.iter();
    let alternates = page.alternates.iter();
    let found: Map<String, Value> = page
        .found
        .iter()
        .map(|(attribute, source)| ((*attribute).to_owned(), source.name().into()))
        .collect();
    [
        (
            "offered",
            offered
                .map(|offered| json!({"role": offered.role.label(), "value": offered.value}))
                .collect(),
        ),
        (
            "alternates",
            alternates
                .map(|(language, url)| json!({"language": language, "url": url}))
                .collect(),
        ),
        ("found", Value::Object(found)),
    ]
}

/// All that a page says, as the queue keeps it.
pub fn document(page: &Page) -> String {
    let mut document = Map::new();
    for (name, value) in attributes(page) {
        if let Some(value) = value {
            document.insert(name.to_owned(), value.into());
        }
    }
    if let Some(price) = page.product.price {
        document.insert("price".to_owned(), price.to_string().into());
    }
    document.extend(lists(page).map(|(name, value)| (name.to_owned(), value)));
    Value::Object(document).to_string()
}
