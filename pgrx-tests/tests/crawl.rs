//! The crawler against a shop that writes down every request.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, HashMap, HashSet};
use std::thread;
use std::time::{Duration, Instant};

use starsink_tests::bulk::Sent;
use starsink_tests::cluster::Cluster;
use starsink_tests::feed::now;
use starsink_tests::kafka::Kafka;
use starsink_tests::producer::Producer;
use starsink_tests::shop::Shop;
use starsink_tests::test_shop::goods::truth;
use starsink_tests::test_shop::server::RETRY_AFTER;
use starsink_tests::test_shop::{Hit, Language, Product, Style, TestShop};

/// Between two requests to a store, as robots.txt asks; the setting is shorter.
const ROBOTS_DELAY: Duration = Duration::from_millis(100);
/// A clock's grain, and the moment between an answer's last byte and the note of it.
const GRAIN: Duration = Duration::from_millis(5);
const LONG: Duration = Duration::from_secs(240);

/// A cluster whose crawler may visit the shop, and is not on yet.
fn cluster(shop: &TestShop) -> Cluster {
    let pg = Cluster::builder()
        .conf("starsink.retry_backoff_max", "500ms")
        .conf("starsink.crawl_user_agent_contact", "crawler@example.com")
        .conf("starsink.crawl_allowed_hosts", shop.allowed_hosts())
        .conf("starsink.crawl_allow_private_addresses", "on")
        .conf("starsink.crawl_delay", "20ms")
        .conf("starsink.crawl_retry", "1s")
        .conf("starsink.crawl_timeout", "2s")
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse(); SELECT starsink_internal.ensure_partition(now())");
    // The shop's stores are where it is.
    pg.sql("UPDATE warehouse.dim_store SET domain = NULL");
    pg
}

/// An event that shows a product's page.
fn event(product_id: &str, store_id: &str, url: &str) -> String {
    serde_json::json!({
        "id": format!("{store_id}-{product_id}-{}", url.len()), "time_stamp": now() / 1_000_000, "collection": "view_product_detail", "product_id": product_id,
        "store_id": store_id, "device_id": "d-1", "current_url": format!("{url}?alloy=white-375&utm_source=x"), "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
    })
    .to_string()
}

fn show(pg: &Cluster, events: &[String]) {
    let mut client = pg.connect(pg.database());
    for event in events {
        let outcome: String = client
            .query_one("SELECT starsink.ingest($1)", &[event])
            .unwrap()
            .get(0);
        assert_eq!(outcome, "loaded", "{event}");
    }
}

fn show_all(pg: &Cluster, shop: &TestShop) {
    let mut events = Vec::new();
    for language in Language::ALL {
        for product in shop.products() {
            let url = format!("{}{}", shop.origin(language), product.path(language));
            events.push(event(&product.id(), language.store_id(), &url));
        }
    }
    show(pg, &events);
}

fn enable(pg: &Cluster, is_on: bool) {
    pg.alter_system("starsink.crawl_enabled", if is_on { "on" } else { "off" });
    pg.reload();
}

/// Waits until there is nothing to fetch or merge, but for pages that wait for another try.
fn wait_until_done(pg: &Cluster, pages: usize) -> Duration {
    pg.wait_for(
        &format!(
            "SELECT count(*) FILTER (WHERE kind = 'product' AND state NOT IN ('queued', 'fetching', 'retrying')) >= {pages} \
             AND bool_and(is_merged) AND count(*) FILTER (WHERE state IN ('queued', 'fetching')) = 0 FROM starsink.crawl_page"
        ),
        LONG,
    )
}

/// What the shop's log says of politeness: never two requests at once at a store, none before its time, nothing that
/// robots.txt disallows, and an honest name.
fn assert_polite(shop: &TestShop) {
    assert_eq!(shop.most_at_once(), 1, "requests at once at a store");
    let hits = shop.hits();
    for language in Language::ALL {
        let mut its: Vec<&Hit> = hits.iter().filter(|hit| hit.language == language).collect();
        its.sort_by_key(|hit| hit.begin);
        assert!(
            its.is_empty() || its[0].path == "/robots.txt",
            "robots.txt comes first: {:?}",
            its[0]
        );
        for pair in its.windows(2) {
            let wait = pair[1].begin - pair[0].end;
            // Before robots.txt was read its delay is not known.
            let due = if pair[0].path == "/robots.txt" {
                Duration::from_millis(20)
            } else {
                ROBOTS_DELAY
            };
            assert!(
                wait + GRAIN >= due,
                "{wait:?} between {} and {}",
                pair[0].path,
                pair[1].path
            );
        }
    }
    for hit in &hits {
        let disallowed = hit.path.starts_with("/private/") && hit.path != "/private/open.html"
            || hit.path.contains("?sort=")
            || hit.path.ends_with("/secret");
        assert!(!disallowed, "robots.txt disallows {}", hit.path);
        assert_eq!(
            hit.user_agent,
            format!(
                "starsink/{} (+crawler@example.com)",
                env!("CARGO_PKG_VERSION")
            )
        );
    }
}

fn hits_of(shop: &TestShop, path: &str) -> Vec<Hit> {
    shop.hits()
        .into_iter()
        .filter(|hit| hit.path == path)
        .collect()
}

/// State and reason of pages, by the end of their address.
fn pages(pg: &Cluster) -> HashMap<String, (String, Option<String>)> {
    pg.query("SELECT substring(url, '^http://[^/]+(.*)$'), state, reason FROM starsink.crawl_page")
        .iter()
        .map(|row| (row.get(0), (row.get(1), row.get(2))))
        .collect()
}

fn page_state(pg: &Cluster, path: &str) -> String {
    let pages = pages(pg);
    let (state, reason) = pages
        .get(path)
        .unwrap_or_else(|| panic!("{path} is not queued"));
    format!("{state}: {}", reason.as_deref().unwrap_or_default())
}

#[derive(Default)]
struct Score {
    right: u32,
    wrong: u32,
    missing: u32,
}

/// Compares what the crawler found on every page with what it carries; prints the table, and returns the totals.
fn scores(pg: &Cluster, shop: &TestShop) -> Score {
    let found: HashMap<String, serde_json::Value> = pg
        .query("SELECT url, found::text FROM starsink.crawl_page WHERE kind = 'product' AND found IS NOT NULL")
        .iter()
        .map(|row| (row.get(0), serde_json::from_str(row.get(1)).unwrap()))
        .collect();
    let mut table: BTreeMap<(&str, Style), Score> = BTreeMap::new();
    let mut wrongs = Vec::new();
    for language in Language::ALL {
        let origin = shop.origin(language);
        for product in shop.products() {
            let page = found.get(&format!("{origin}{}", product.path(language)));
            let style = product.style(language);
            let truth = truth(product, language, origin);
            for (attribute, expected) in &truth {
                let score = table.entry((attribute, style)).or_default();
                match page.and_then(|page| written(page, attribute)) {
                    None => score.missing += 1,
                    Some(value) if value == *expected => score.right += 1,
                    Some(value) => {
                        score.wrong += 1;
                        wrongs.push(format!(
                            "{attribute} of {style:?}: {value:?} and not {expected:?}"
                        ));
                    }
                }
            }
            // What a page does not carry must not be found on it.
            for attribute in [
                "sku",
                "gender",
                "brand",
                "image_url",
                "availability",
                "collection",
            ] {
                if truth.iter().all(|(known, _)| *known != attribute)
                    && let Some(value) = page.and_then(|page| written(page, attribute))
                {
                    table.entry((attribute, style)).or_default().wrong += 1;
                    wrongs.push(format!(
                        "{attribute} of {style:?}: {value:?} is not on the page"
                    ));
                }
            }
        }
    }
    println!("attribute x page style: right / wrong / missing");
    println!(
        "{:<14} {}",
        "",
        Style::ALL
            .map(|style| format!("{:>14}", format!("{style:?}")))
            .concat()
    );
    let attributes: Vec<&str> = {
        let mut names: Vec<&str> = table.keys().map(|(attribute, _)| *attribute).collect();
        names.dedup();
        names
    };
    let mut total = Score::default();
    for attribute in attributes {
        let cells = Style::ALL.map(|style| {
            let Some(score) = table.get(&(attribute, style)) else {
                return format!("{:>14}", "-");
            };
            total.right += score.right;
            total.wrong += score.wrong;
            total.missing += score.missing;
            format!(
                "{:>14}",
                format!("{}/{}/{}", score.right, score.wrong, score.missing)
            )
        });
        println!("{attribute:<14} {}", cells.concat());
    }
    for wrong in wrongs.iter().take(20) {
        println!("{wrong}");
    }
    total
}

fn written(page: &serde_json::Value, attribute: &str) -> Option<String> {
    match page.get(attribute)? {
        serde_json::Value::Array(offered) => {
            let parts = offered.iter().map(|part| {
                format!(
                    "{}={}",
                    part["role"].as_str().unwrap(),
                    part["value"].as_str().unwrap()
                )
            });
            Some(parts.collect::<Vec<_>>().join(",")).filter(|text| !text.is_empty())
        }
        value if attribute == "price" => value
            .as_str()?
            .parse::<f64>()
            .ok()
            .map(|price| format!("{price:.2}")),
        value => Some(value.as_str()?.to_owned()),
    }
}

#[test]
fn the_whole_shop_is_crawled_politely() {
    let shop = TestShop::open(80, Duration::from_millis(5));
    let pg = cluster(&shop);
    pg.alter_system("starsink.crawl_sitemap", "on");
    show_all(&pg, &shop);
    let german = shop.origin(Language::German);
    let spanish = shop.origin(Language::Spanish);
    // Pages that events show beside the ordinary ones.
    let odd = |number: u32| {
        Product {
            number: 500 + number,
        }
        .id()
    };
    let path = |number: u32| Product { number }.path(Language::German);
    let more = [
        (Product { number: 300 }.id(), format!("{german}/missing/1")),
        (Product { number: 301 }.id(), format!("{german}/gone/1")),
        (odd(1), format!("{german}/private/2.html")),
        (odd(2), format!("{german}/to/loopback")),
        (odd(3), format!("{german}/to/metadata")),
        (odd(4), format!("{german}/to/ipv6")),
        (odd(5), format!("{german}/to/decimal")),
        (odd(6), format!("{german}/to/file")),
        (odd(7), format!("{german}/to/evil")),
        (odd(8), format!("{german}/loop/1")),
        (odd(9), format!("{german}/sold-out/x")),
        (odd(10), format!("{german}/hostile/big")),
        (odd(11), format!("{german}/hostile/bomb")),
        (odd(12), format!("{german}/hostile/garbage")),
        (odd(13), format!("{german}/hostile/deep")),
        (odd(14), format!("{german}/hostile/deeper")),
        (odd(15), format!("{german}/hostile/script")),
        (odd(16), format!("{german}/hostile/nul")),
        (odd(17), format!("{german}/hostile/picture")),
        (odd(18), "https://elsewhere.example/x.html".to_owned()),
        (
            Product { number: 81 }.id(),
            format!("{german}/busy{}", path(81)),
        ),
        (
            Product { number: 82 }.id(),
            format!("{german}/weak{}", path(82)),
        ),
    ];
    let mut events: Vec<String> = more.iter().map(|(id, url)| event(id, "6", url)).collect();
    events.push(event(&odd(19), "6", &format!("{spanish}/abroad/none.html")));
    show(&pg, &events);
    enable(&pg, true);
    let took = wait_until_done(&pg, 320 + more.len() - 1 + 1);
    let requests = shop.hits().len();
    println!("{requests} requests to 4 stores in {took:?}");
    assert_polite(&shop);

    // Every product that can be reached is complete.
    let score = scores(&pg, &shop);
    let precision = f64::from(score.right) / f64::from(score.right + score.wrong);
    let recall = f64::from(score.right) / f64::from(score.right + score.wrong + score.missing);
    println!(
        "precision {:.2} %, recall {:.2} %, {} values",
        precision * 100.0,
        recall * 100.0,
        score.right
    );
    assert!(
        precision >= 0.99 && recall >= 0.95,
        "precision {precision}, recall {recall}"
    );
    let incomplete: i64 = pg.one(
        "SELECT count(*) FROM warehouse.dim_product WHERE is_current AND product_id::text BETWEEN '96000' AND '96079' AND product_key > 0
         AND (is_inferred OR product_name IS NULL OR product_type IS NULL OR category IS NULL OR canonical_url IS NULL)",
    );
    let members: i64 = pg.one("SELECT count(*) FROM warehouse.dim_product WHERE is_current AND product_id BETWEEN '96000' AND '96079'");
    assert_eq!(
        (members, incomplete),
        (80, 0),
        "products, and incomplete ones"
    );
    // Those of the sitemap are new, whatever the language.
    let new: i64 = pg.one("SELECT count(*) FROM warehouse.dim_product WHERE product_id IN ('96080', '96081', '96082') AND NOT is_inferred AND is_current");
    assert_eq!(
        new, 3,
        "products that no event showed, or only where it is busy"
    );
    // The attributes are one page's, so in one language: no version for each store.
    let versions: i64 = pg.one(
        "SELECT count(*) FROM warehouse.dim_product WHERE product_id BETWEEN '96000' AND '96079'",
    );
    assert_eq!(versions, 80, "versions");

    // Prices by product, store and visit, each in its currency.
    for language in Language::ALL {
        let rows = pg.query(&format!(
            "SELECT d.product_id, f.price::text, c.currency_code FROM warehouse.fact_product_price AS f JOIN warehouse.dim_product AS d USING (product_key)
             JOIN warehouse.dim_store AS s USING (store_key) JOIN warehouse.dim_currency AS c USING (currency_key)
             WHERE s.store_id = '{}' AND d.product_id BETWEEN '96000' AND '96079'",
            language.store_id()
        ));
        assert_eq!(rows.len(), 80, "prices in {language:?}");
        for row in rows {
            let (id, price, currency): (String, String, String) =
                (row.get(0), row.get(1), row.get(2));
            let product = Product {
                number: id.parse::<u32>().unwrap() - 96_000,
            };
            assert_eq!(currency, language.currency(), "{id}");
            assert_eq!(
                (price.parse::<f64>().unwrap() * 100.0).round() as u32,
                product.cents(language),
                "{id}"
            );
        }
    }
    let offers: i64 = pg.one(
        "SELECT count(*) FROM warehouse.bridge_product_offer AS b JOIN warehouse.dim_alloy_option AS a USING (alloy_option_key)
         WHERE b.product_id BETWEEN '96000' AND '96079' AND b.store_id IN ('6', '7', '8', '12') AND a.metal IS NOT NULL",
    );
    assert_eq!(offers, 80 * 4 * 2, "alloys on offer");

    // What could not be had says why, and is asked for once.
    for (path, state) in [
        ("/missing/1", "gone: HTTP 404"),
        ("/gone/1", "gone: HTTP 410"),
        ("/private/1.html", "refused: robots.txt"),
        ("/private/2.html", "refused: robots.txt"),
        ("/rings?sort=price", "refused: robots.txt"),
        ("/de/secret", "refused: robots.txt"),
        ("/about.html", "failed: no product"),
        (
            "/to/loopback",
            "failed: redirect to a host that is not allowed",
        ),
        (
            "/to/metadata",
            "failed: redirect to a host that is not allowed",
        ),
        ("/to/ipv6", "failed: redirect to a host that is not allowed"),
        (
            "/to/decimal",
            "failed: redirect to a host that is not allowed",
        ),
        ("/to/file", "failed: redirect to nowhere"),
        ("/to/evil", "failed: redirect to a host that is not allowed"),
        ("/loop/1", "failed: too many redirects"),
        ("/sold-out/x", "failed: redirect to another product"),
        ("/abroad/none.html", "failed: no product"),
        ("/hostile/big", "failed: too large"),
        ("/hostile/bomb", "failed: too large"),
        ("/hostile/garbage", "failed: encoding"),
        ("/hostile/picture", "failed: no HTML"),
        ("/hostile/deep", "fetched: "),
        ("/hostile/deeper", "fetched: "),
        ("/hostile/script", "fetched: "),
        ("/hostile/nul", "fetched: "),
    ] {
        assert_eq!(page_state(&pg, path), state, "{path}");
    }
    let name: String = pg.one(&format!(
        "SELECT product_name FROM warehouse.dim_product WHERE product_id = '{}' AND is_current",
        odd(15)
    ));
    assert_eq!(name, "'; DROP TABLE warehouse.dim_product; --");
    let name: String = pg.one(&format!(
        "SELECT product_name FROM warehouse.dim_product WHERE product_id = '{}' AND is_current",
        odd(16)
    ));
    // HTML has no NULs: its parsers read U+FFFD.
    assert_eq!(name, "Nul \u{fffd} \u{fffd} end");
    let log = pg.log_text();
    for hostile in ["big", "bomb", "garbage", "picture"] {
        assert_eq!(
            hits_of(&shop, &format!("/hostile/{hostile}")).len(),
            1,
            "{hostile} is asked for once"
        );
        assert_eq!(
            log.matches(&format!("/hostile/{hostile}:")).count(),
            1,
            "a line for {hostile}"
        );
    }
    assert!(
        !pages(&pg).contains_key("/x.html"),
        "a page of a strange host is queued"
    );
    assert_eq!(
        hits_of(&shop, "/loop/1").len() + hits_of(&shop, "/loop/6").len(),
        2,
        "five redirects are followed"
    );
    assert!(hits_of(&shop, "/loop/7").is_empty());

    // A store that is busy is left alone as long as it says; what failed for a moment comes right.
    pg.wait_for("SELECT bool_and(state = 'fetched') FROM starsink.crawl_page WHERE url LIKE '%/busy/%' OR url LIKE '%/weak/%'", LONG);
    let busy = hits_of(&shop, &format!("/busy{}", path(81)));
    let statuses: Vec<u16> = busy.iter().map(|hit| hit.status).collect();
    assert_eq!(statuses, [429, 200]);
    let hits = shop.hits();
    let pause: Vec<&Hit> = hits
        .iter()
        .filter(|hit| {
            hit.language == Language::German
                && hit.begin > busy[0].end
                && hit.begin < busy[0].end + RETRY_AFTER - GRAIN
        })
        .collect();
    assert!(
        pause.is_empty(),
        "asked while it wants to be left alone: {pause:?}"
    );

    // The history, and what operators see.
    let merges: i64 = pg.one("SELECT count(*) FROM starsink.audit_log WHERE what = 'merge' AND topic = 'merge:product' AND reason = 'starsink.crawl_product'");
    assert!(merges > 0);
    let row = &pg.query("SELECT sum(fetched)::bigint, sum(failed)::bigint, sum(queued)::bigint, sum(requests)::bigint, count(*) FROM starsink.crawl_status")[0];
    println!(
        "crawl_status: fetched {}, failed {}, queued {}, requests {}, hosts {}; {merges} merges",
        row.get::<_, i64>(0),
        row.get::<_, i64>(1),
        row.get::<_, i64>(2),
        row.get::<_, i64>(3),
        row.get::<_, i64>(4)
    );
    assert_eq!(
        row.get::<_, i64>(3) as usize,
        shop.hits().len(),
        "requests as the shop counted them"
    );
    let reasons: i64 =
        pg.one("SELECT sum((reasons->>'too large')::bigint)::bigint FROM starsink.crawl_status");
    assert_eq!(reasons, 2);
    let title: String = pg.one(
        "SELECT application_name FROM pg_stat_activity WHERE backend_type = 'starsink crawler'",
    );
    assert!(title.starts_with("running: "), "{title}");

    // Asked for again, an unchanged page costs its store an answer without a body, and is a visit all the same.
    let product = Product { number: 2 };
    pg.sql(&format!("SELECT * FROM starsink.crawl({})", product.id()));
    pg.wait_for(&format!("SELECT bool_and(fetches = 2 AND is_merged) FROM starsink.crawl_page WHERE product_id = '{}'", product.id()), LONG);
    let again: Vec<u16> = hits_of(&shop, &product.path(Language::German))
        .iter()
        .map(|hit| hit.status)
        .collect();
    assert_eq!(again, [200, 304]);
    let visits: i64 = pg.one(&format!("SELECT count(*) FROM warehouse.fact_product_price JOIN warehouse.dim_product USING (product_key) WHERE product_id = '{}'", product.id()));
    assert_eq!(visits, 8, "two visits in four stores");
    let books: i64 = pg.one(
        "SELECT count(*) FROM warehouse.dim_product WHERE is_current AND product_id = '96002'",
    );
    assert_eq!(books, 1);
    assert_polite(&shop);
}

#[test]
fn a_crawler_that_is_killed_goes_on_where_it_was() {
    let shop = TestShop::open(20, Duration::from_millis(40));
    let pg = cluster(&shop);
    show_all(&pg, &shop);
    enable(&pg, true);
    for killed in 1..=3 {
        pg.wait_for(&format!("SELECT count(*) > {} FROM starsink.crawl_page WHERE kind = 'product' AND state = 'fetched'", killed * 15), LONG);
        assert_eq!(
            pg.signal_workers("starsink crawler", libc::SIGKILL).len(),
            1
        );
        // The server restarts all its processes when one is killed.
        thread::sleep(Duration::from_millis(300));
    }
    wait_until_done(&pg, 80);
    assert_eq!(shop.most_at_once(), 1);
    let mut asked: HashMap<(Language, String), usize> = HashMap::new();
    for hit in shop
        .hits()
        .into_iter()
        .filter(|hit| hit.path != "/robots.txt")
    {
        *asked.entry((hit.language, hit.path)).or_default() += 1;
    }
    assert_eq!(asked.len(), 80, "pages");
    let repeated: Vec<_> = asked.iter().filter(|(_, times)| **times > 1).collect();
    // What was noted is not asked for again; of what was under way there is one page for each store and kill.
    let noted: i64 =
        pg.one("SELECT sum(fetches)::bigint FROM starsink.crawl_page WHERE kind = 'product'");
    println!(
        "3 kills, {} requests for 80 pages; asked again: {repeated:?}",
        asked.values().sum::<usize>()
    );
    assert_eq!(noted, 80, "each page is noted once");
    assert!(asked.values().sum::<usize>() <= 80 + 3 * 4, "{repeated:?}");
    let complete: i64 = pg.one("SELECT count(*) FROM warehouse.dim_product WHERE product_id BETWEEN '96000' AND '96019' AND NOT is_inferred AND is_current");
    assert_eq!(complete, 20);
    let prices: i64 = pg.one("SELECT count(*) FROM warehouse.fact_product_price");
    assert_eq!(prices, 80, "one visit each");
}

#[test]
fn internal_addresses_are_not_visited_and_settings_act_at_once() {
    let shop = TestShop::open(3, Duration::ZERO);
    let pg = cluster(&shop);
    pg.alter_system("starsink.crawl_allow_private_addresses", "off");
    pg.alter_system(
        "starsink.crawl_allowed_hosts",
        format!("{},localhost,[::1],169.254.169.254", shop.allowed_hosts()),
    );
    // A store may have any domain; its pages are fetched from the Internet only.
    pg.sql("UPDATE warehouse.dim_store SET domain = 'localhost' WHERE store_id = '6'");
    enable(&pg, true);
    let german = shop.origin(Language::German).to_owned();
    for url in [
        german.as_str(),
        "http://localhost",
        "https://[::1]",
        "http://169.254.169.254",
    ] {
        pg.sql(&format!("SELECT * FROM starsink.crawl('{url}/x.html')"));
    }
    pg.wait_for("SELECT count(*) = 4 AND bool_and(state = 'failed' AND reason = 'internal address') FROM starsink.crawl_page WHERE kind = 'robots'", LONG);
    assert_eq!(shop.hits().len(), 0);

    // Allowed, the shop is visited; a redirect to another address within is refused still.
    pg.alter_system("starsink.crawl_allow_private_addresses", "on");
    pg.alter_system("starsink.crawl_allowed_hosts", shop.allowed_hosts());
    pg.reload();
    pg.sql("UPDATE starsink.crawl_page SET next_try = now()");
    for target in ["loopback", "metadata", "ipv6", "decimal"] {
        pg.sql(&format!(
            "SELECT * FROM starsink.crawl('{german}/to/{target}')"
        ));
    }
    pg.wait_for("SELECT count(*) = 4 AND bool_and(reason = 'redirect to a host that is not allowed') FROM starsink.crawl_page WHERE url LIKE '%/to/%'", LONG);

    // A robots.txt that cannot be read allows nothing.
    shop.fail_robots(true);
    let french = shop.origin(Language::French).to_owned();
    pg.sql(&format!(
        "SELECT * FROM starsink.crawl('{french}{}')",
        Product { number: 1 }.path(Language::French)
    ));
    pg.wait_for(&format!("SELECT bool_or(state = 'retrying' AND reason = 'HTTP 503') FROM starsink.crawl_page WHERE url = '{french}/robots.txt'"), LONG);
    thread::sleep(Duration::from_secs(2));
    assert!(hits_of(&shop, &Product { number: 1 }.path(Language::French)).is_empty());
    shop.fail_robots(false);
    pg.wait_for(
        &format!(
            "SELECT state = 'fetched' FROM starsink.crawl_page WHERE url LIKE '{french}/fr/%'"
        ),
        LONG,
    );

    // Paused, nothing is asked for; a page under way ends. Off, the process leaves, whatever is under way.
    pg.sql("SELECT starsink.crawl_pause()");
    pg.wait_for("SELECT application_name LIKE 'paused%' FROM pg_stat_activity WHERE backend_type = 'starsink crawler'", LONG);
    let before = shop.hits().len();
    pg.sql(&format!(
        "SELECT * FROM starsink.crawl('{german}/hostile/stall')"
    ));
    thread::sleep(Duration::from_secs(1));
    assert_eq!(shop.hits().len(), before);
    pg.alter_system("starsink.crawl_timeout", "20s");
    pg.reload();
    pg.sql("SELECT starsink.crawl_resume()");
    pg.wait_for(
        "SELECT state = 'fetching' FROM starsink.crawl_page WHERE url LIKE '%/hostile/stall'",
        LONG,
    );
    let open: i64 = pg.one("SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'starsink crawler' AND (xact_start IS NOT NULL AND now() - xact_start > interval '500 ms')");
    assert_eq!(open, 0, "a transaction is open during a request");
    let begin = Instant::now();
    enable(&pg, false);
    pg.wait_for(
        "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'starsink crawler'",
        Duration::from_secs(4),
    );
    println!(
        "the crawler left {:?} after it was turned off, in the middle of a request",
        begin.elapsed()
    );

    // The extension can be dropped beside it.
    enable(&pg, true);
    pg.wait_for(
        "SELECT count(*) = 1 FROM pg_stat_activity WHERE backend_type = 'starsink crawler'",
        LONG,
    );
    pg.sql("DROP EXTENSION starsink CASCADE");
    let kept: i64 = pg.one("SELECT count(*) FROM starsink.crawl_page");
    assert!(kept > 0, "the queue belongs to the database");
    pg.sql("CREATE EXTENSION starsink");
    pg.sql(&format!(
        "SELECT * FROM starsink.crawl('{german}{}')",
        Product { number: 2 }.path(Language::German)
    ));
    pg.wait_for(
        &format!(
            "SELECT state = 'fetched' FROM starsink.crawl_page WHERE url LIKE '{german}/de/{}%'",
            Product { number: 2 }.id()
        ),
        LONG,
    );
}

#[test]
fn operators_operate_it_and_readers_read_pages() {
    let shop = TestShop::open(3, Duration::ZERO);
    let pg = cluster(&shop);
    pg.sql("CREATE ROLE reader LOGIN IN ROLE starsink_reader; CREATE ROLE operator LOGIN IN ROLE starsink_admin");
    let product = Product { number: 1 };
    let german = shop.origin(Language::German);
    let url = format!("{german}{}", product.path(Language::German));
    for statement in [
        "SELECT * FROM starsink.crawl_status".to_owned(),
        "SELECT starsink.crawl_pause()".to_owned(),
        format!("SELECT * FROM starsink.crawl('{url}')"),
        "UPDATE starsink.crawl_page SET state = 'queued'".to_owned(),
    ] {
        let refusal = pg.refusal_as("reader", &statement);
        assert!(refusal.starts_with("42501"), "{statement}: {refusal}");
    }
    let mut operator = pg.connect_as("operator", pg.database());
    operator.batch_execute(&format!("SELECT starsink.crawl_pause(); SELECT starsink.crawl_resume(); SELECT * FROM starsink.crawl_status; SELECT * FROM starsink.crawl('{url}')")).unwrap();
    let refused = |statement: &str, words: [&str; 2]| {
        let refusal = pg.refusal(statement);
        assert!(
            words.iter().all(|word| refusal.contains(word)),
            "{statement}: {refusal}"
        );
    };
    refused(
        "SELECT * FROM starsink.crawl('https://elsewhere.example/x')",
        ["42501", "starsink.crawl_allowed_hosts"],
    );
    refused(
        "SELECT * FROM starsink.crawl('4711')",
        ["02000", "no page of product \"4711\""],
    );
    refused(
        "SELECT * FROM starsink.crawl('http://')",
        ["22023", "no address"],
    );
    refused(
        "ALTER SYSTEM SET starsink.crawl_allowed_hosts = 'a b'",
        ["22023", "host names"],
    );
    refused(
        "ALTER SYSTEM SET starsink.crawl_user_agent_contact = E'x\\r\\ny'",
        ["22023", "reached"],
    );

    // Pages stored elsewhere: the same reading, and a merge of them.
    let mut reader = pg.connect_as("reader", pg.database());
    let html = shop.page(product, Language::German);
    let row = reader
        .query_one("SELECT p.product_name, p.price::text, p.found->>'price', p.offered::text FROM starsink.extract_product($1, $2) AS p", &[&html, &url])
        .unwrap();
    assert_eq!(row.get::<_, String>(0), product.name(Language::German));
    println!(
        "extract_product: {:?} {:?} {:?}",
        row.get::<_, String>(1),
        row.get::<_, String>(2),
        row.get::<_, String>(3)
    );
    let none: bool = reader
        .query_one("SELECT starsink.extract_product('<p>x</p>') IS NULL", &[])
        .unwrap()
        .get(0);
    assert!(none);
    let mut client = pg.connect(pg.database());
    client.batch_execute("CREATE TABLE public.stored (html text, url text); CREATE VIEW public.read AS SELECT p.product_id, p.product_name, p.brand FROM public.stored, starsink.extract_product(html, url) AS p").unwrap();
    client
        .execute("INSERT INTO public.stored VALUES ($1, $2)", &[&html, &url])
        .unwrap();
    let inserted: i64 = client
        .query_one(
            "SELECT inserted FROM starsink.merge_product('public.read')",
            &[],
        )
        .unwrap()
        .get(0);
    assert_eq!(inserted, 1);
    // Without a contact nobody is visited.
    pg.alter_system("starsink.crawl_user_agent_contact", "");
    enable(&pg, true);
    pg.wait_for("SELECT application_name LIKE 'waiting set starsink.crawl_user_agent_contact%' FROM pg_stat_activity WHERE backend_type = 'starsink crawler'", LONG);
    assert!(shop.hits().is_empty());
}

/// Loads so many messages; returns how many a second.
fn rate(pg: &Cluster, kafka: &Kafka, topic: &str, messages: usize) -> f64 {
    kafka.create_topic(topic, 2, &[]);
    let producer = Producer::new(&kafka.client());
    let sent: Sent = producer.send_events(topic, 2, &mut Shop::new(5), messages, now);
    producer.flush();
    let begin = Instant::now();
    pg.load_from(kafka, topic);
    pg.wait_for_consumed(sent.messages() as i64, LONG);
    sent.messages() as f64 / begin.elapsed().as_secs_f64()
}

#[test]
fn crawling_and_ingestion_go_on_side_by_side() {
    let kafka = Kafka::shared();
    let shop = TestShop::open(75, Duration::from_millis(5));
    let pg = cluster(&shop);
    show_all(&pg, &shop);
    const MESSAGES: usize = 60_000;
    rate(&pg, kafka, "beside-warm", MESSAGES / 4);
    let (mut alone, mut beside) = (Vec::new(), Vec::new());
    for round in 0..3 {
        enable(&pg, false);
        pg.wait_for(
            "SELECT count(*) = 0 FROM pg_stat_activity WHERE backend_type = 'starsink crawler'",
            LONG,
        );
        alone.push(rate(&pg, kafka, &format!("beside-alone-{round}"), MESSAGES));
        pg.sql("UPDATE starsink.crawl_page SET next_try = now()");
        enable(&pg, true);
        pg.wait_for("SELECT count(*) > 20 FROM starsink.crawl_page", LONG);
        let before = shop.hits().len();
        let begin = Instant::now();
        beside.push(rate(&pg, kafka, &format!("beside-both-{round}"), MESSAGES));
        let pages = shop.hits().len() - before;
        println!(
            "round {round}: alone {:.0} events/s; beside {:.1} pages/s {:.0} events/s",
            alone[round],
            pages as f64 / begin.elapsed().as_secs_f64(),
            beside[round]
        );
    }
    let best = |rates: &[f64]| rates.iter().copied().fold(0.0, f64::max);
    println!(
        "best of three: alone {:.0} events/s, beside crawling {:.0} events/s",
        best(&alone),
        best(&beside)
    );
    pg.assert_books();
    let seen: HashSet<String> = shop.hits().into_iter().map(|hit| hit.path).collect();
    assert!(seen.len() > 20);
}
