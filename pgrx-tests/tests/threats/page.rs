//! A page tells of its products: it leads the crawler nowhere else.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use starsink_tests::cluster::Cluster;
use starsink_tests::consuming::SOON;

/// A web server of fixed pages on a loopback address of its own, that remembers what it was asked for.
struct Site {
    origin: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Site {
    fn open(last: u8, pages: impl FnOnce(&str) -> Vec<(&'static str, String)>) -> Site {
        let listener = TcpListener::bind((Ipv4Addr::new(127, 0, 3, last), 0)).unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        let pages: HashMap<&str, String> = pages(&origin).into_iter().collect();
        let asked = Arc::new(Mutex::default());
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(&stream, &pages, &log);
            }
        });
        Site { origin, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

fn answer(mut stream: &TcpStream, pages: &HashMap<&str, String>, log: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let request = lines.next().unwrap_or_default();
    let _ = lines.find(String::is_empty);
    let path = request.split(' ').nth(1).unwrap_or_default().to_owned();
    let (status, body) = match pages.get(path.as_str()) {
        Some(body) => ("200 OK", body.as_str()),
        None => ("404 Not Found", ""),
    };
    log.lock().unwrap().push(path);
    let _ = write!(
        stream,
        "HTTP/1.1 {status}\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
}

fn product(name: &str, more: &str) -> String {
    format!(
        r#"{more}<script type="application/ld+json">{{"@type":"Product","name":"{name}","productID":"{name}","offers":{{"price":"12.500","priceCurrency":"KWD"}}}}</script>"#
    )
}

/// A cluster whose crawler may go to private addresses, and to these sites.
fn crawling(sites: &[&Site]) -> Cluster {
    let hosts: Vec<&str> = sites.iter().map(|site| site.origin.as_str()).collect();
    let pg = Cluster::builder()
        .conf("starsink.crawl_allowed_hosts", hosts.join(","))
        .conf("starsink.crawl_allow_private_addresses", "on")
        .conf("starsink.crawl_sitemap", "on")
        .conf("starsink.crawl_delay", "0")
        .conf("starsink.crawl_user_agent_contact", "crawler@example.com")
        .conf("starsink.retry_backoff_max", "500ms")
        .start();
    pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse(); SELECT starsink_internal.ensure_partition(now())");
    pg
}

fn ingest(pg: &Cluster, id: &str, store: &str, url: &str, referrer: &str) {
    let event = serde_json::json!({
        "id": id, "time_stamp": starsink_tests::feed::now() / 1_000_000, "collection": "view_product_detail", "product_id": id, "store_id": store,
        "device_id": format!("d-{id}"), "current_url": url, "referer_url": referrer,
    });
    let fate: String = pg.one(&format!("SELECT starsink.ingest($event${event}$event$)"));
    assert_eq!(fate, "loaded", "{event}");
}

#[test]
fn a_page_leads_the_crawler_to_no_other_host() {
    let other = Site::open(2, |_| {
        vec![
            ("/robots.txt", String::new()),
            (
                "/sitemap.xml",
                "<urlset><url><loc>/x</loc></url></urlset>".to_owned(),
            ),
        ]
    });
    let there = other.origin.clone();
    let shop = Site::open(1, |here| {
        let own = "http://www.sitemaps.org/schemas/sitemap/0.9";
        let robots = format!(
            "User-agent: starsink\nCrawl-delay: 0\nUser-agent: other\nDisallow: /private\nDisallow: /a-%2A.html\n\
             Sitemap: {there}/sitemap.xml\nSitemap: {here}/index.xml\n"
        );
        let index = format!(
            "<sm:sitemapindex xmlns:sm='{own}'><sm:sitemap><sm:loc>{here}/pages.xml</sm:loc></sm:sitemap>\
             <sm:sitemap><sm:loc>{there}/more.xml</sm:loc></sm:sitemap></sm:sitemapindex>"
        );
        let pages = format!(
            "<sit:urlset xmlns:sit='{own}' xmlns:image='i'><sit:url><sit:loc>{here}/listed.html</sit:loc><image:image>\
             <image:loc>{here}/image.jpg</image:loc></image:image></sit:url><sit:url><sit:loc>{there}/x.html</sit:loc></sit:url></sit:urlset>"
        );
        let led_astray = format!(
            r#"<head><base href="{there}/assets/"><link rel="canonical" href="{there}/own.html"><link rel="alternate" hreflang="fr" href="fr.html">
               <meta http-equiv="refresh" content="0; url={there}/"></head><a href="{there}/next">x</a><img src="x.jpg">"#
        );
        vec![
            ("/robots.txt", robots),
            ("/index.xml", index),
            ("/pages.xml", pages),
            ("/listed.html", product("listed", "")),
            ("/based.html", product("based", &led_astray)),
            ("/a-b.html", product("star", "")),
        ]
    });
    let pg = crawling(&[&shop]);
    pg.alter_system("starsink.crawl_enabled", "on");
    pg.reload();
    for path in ["based.html", "private/x.html", "a-*.html", "a-b.html"] {
        pg.sql(&format!(
            "SELECT * FROM starsink.crawl('{}/{path}')",
            shop.origin
        ));
    }
    pg.wait_for(
        "SELECT count(*) FILTER (WHERE kind = 'product') = 5 AND bool_and(state NOT IN ('queued', 'fetching') AND is_merged) \
         AND count(*) FILTER (WHERE kind = 'sitemap' AND state = 'fetched') = 2 FROM starsink.crawl_page",
        SOON,
    );
    let states = pg.query("SELECT regexp_replace(url, '^.*[0-9]/', ''), concat_ws(' ', state, reason), found->>'price' FROM starsink.crawl_page WHERE kind = 'product' ORDER BY 1");
    let states: Vec<String> = states
        .iter()
        .map(|row| {
            let price: Option<String> = row.get(2);
            let (path, state): (String, String) = (row.get(0), row.get(1));
            [path, state, price.unwrap_or_default()]
                .join(" ")
                .trim_end()
                .to_owned()
        })
        .collect();
    assert_eq!(
        states,
        [
            "a-*.html refused robots.txt",
            "a-b.html fetched 12.500",
            "based.html fetched 12.500",
            "listed.html fetched 12.500",
            "private/x.html refused robots.txt",
        ]
    );
    let strangers: i64 = pg.one(&format!(
        "SELECT count(*) FROM starsink.crawl_page WHERE url LIKE '{}%'",
        other.origin
    ));
    assert_eq!((strangers, other.asked()), (0, Vec::<String>::new()));
    let asked = shop.asked();
    assert!(
        !asked
            .iter()
            .any(|path| path.contains("private") || path.contains('*') || path.contains("jpg")),
        "{asked:?}"
    );
}

#[test]
fn a_store_that_only_events_named_is_neither_visited_nor_the_shop_s_own() {
    let site = Site::open(3, |_| vec![("/robots.txt", String::new())]);
    let pg = crawling(&[]);
    let page = "https://www.google.com/search?q=ring";
    ingest(&pg, "1", "987", page, "");
    ingest(&pg, "2", "988", &format!("{}/x.html", site.origin), "");
    ingest(&pg, "3", "989", "https://www.shop.example.com/x", "");
    pg.sql("SELECT starsink.run_job('store_domains')");
    let domain: String = pg.one("SELECT domain || ' ' || is_inferred FROM warehouse.dim_store WHERE store_id = '987' AND is_current");
    assert_eq!(domain, "google.com true");
    // No host of theirs may be visited, asked for by name, by an event or by a list of homes.
    for url in [page, "https://example.com/x", site.origin.as_str()] {
        let refusal = pg.refusal(&format!("SELECT * FROM starsink.crawl('{url}')"));
        assert!(
            refusal.starts_with("42501 ") && refusal.contains("merge_store"),
            "{refusal}"
        );
    }
    pg.alter_system("starsink.crawl_enabled", "on");
    pg.reload();
    pg.wait_for(
        "SELECT application_name LIKE 'running%' FROM pg_stat_activity WHERE backend_type = 'starsink crawler'",
        SOON,
    );
    // Nor is a visitor from there the shop's own.
    let source = |id: &str, referrer: &str| -> String {
        ingest(&pg, id, "6", "https://www.glamira.de/ring", referrer);
        pg.one(&format!(
            "SELECT concat_ws(' ', r.is_internal, r.source, r.medium) FROM warehouse.fact_event AS f JOIN warehouse.dim_referrer AS r USING (referrer_key) \
             JOIN warehouse.dim_device AS d USING (device_key) WHERE d.device_id = 'd-{id}'"
        ))
    };
    assert_eq!(source("4", "https://www.google.com/"), "f google organic");
    assert_eq!(
        source("5", "https://www.shop.example.com/a"),
        "f example.com referral"
    );
    assert_eq!(source("6", "https://www.glamira.fr/"), "t (direct) (none)");
    let queued: i64 =
        pg.one("SELECT count(*) FROM starsink.crawl_page WHERE url ~ 'google|example|127'");
    assert_eq!((queued, site.asked().len()), (0, 0));
    // The shop's own word makes it a store.
    pg.sql("CREATE TABLE mine AS SELECT '989' AS store_id, 'example.com' AS domain; SELECT starsink.merge_store('mine')");
    assert_eq!(
        source("7", "https://www.shop.example.com/b"),
        "t (direct) (none)"
    );
    pg.sql("SELECT * FROM starsink.crawl('https://www.example.com/nowhere')");
    let refusal = pg.refusal(&format!("SELECT * FROM starsink.crawl('{page}')"));
    assert!(refusal.starts_with("42501 "), "{refusal}");
}
