//! The stores' server: one listener for each store, on a loopback address of its own, a thread for each connection.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;

use super::goods::{Language, Product};
use super::page;

/// A request as the server saw it.
#[derive(Clone, Debug)]
pub struct Hit {
    pub language: Language,
    pub path: String,
    pub status: u16,
    pub user_agent: String,
    pub begin: Instant,
    pub end: Instant,
}

#[derive(Default)]
struct Log {
    hits: Vec<Hit>,
    /// Requests being answered, by store, and the most there ever were.
    under_way: HashMap<Language, usize>,
    most: usize,
    /// How often a path was asked for.
    times: HashMap<(Language, String), usize>,
}

struct Shared {
    origins: Vec<String>,
    products: u32,
    delay: Duration,
    log: Mutex<Log>,
    is_failing: AtomicBool,
    stop: AtomicBool,
}

pub struct TestShop(Arc<Shared>);

/// Bytes of the page that is too large.
pub const BIG: usize = 10 << 20;
/// What Retry-After asks for.
pub const RETRY_AFTER: Duration = Duration::from_secs(2);

impl TestShop {
    /// Opens the stores with so many products; each answer takes `delay`.
    pub fn open(products: u32, delay: Duration) -> TestShop {
        let listeners: Vec<TcpListener> = (2..6)
            .map(|last| {
                TcpListener::bind((Ipv4Addr::new(127, 0, 0, last), 0)).expect("a loopback address")
            })
            .collect();
        let origins = listeners
            .iter()
            .map(|listener| format!("http://{}", listener.local_addr().expect("an address")))
            .collect();
        let shared = Arc::new(Shared {
            origins,
            products,
            delay,
            log: Mutex::default(),
            is_failing: AtomicBool::new(false),
            stop: AtomicBool::new(false),
        });
        for (listener, language) in listeners.into_iter().zip(Language::ALL) {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for stream in listener.incoming().flatten() {
                    if shared.stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let shared = Arc::clone(&shared);
                    thread::spawn(move || shared.serve(language, &stream));
                }
            });
        }
        TestShop(shared)
    }

    pub fn origin(&self, language: Language) -> &str {
        &self.0.origins[language as usize]
    }

    pub fn host(&self, language: Language) -> &str {
        self.origin(language).trim_start_matches("http://")
    }

    /// The value of starsink.crawl_allowed_hosts that allows the stores.
    pub fn allowed_hosts(&self) -> String {
        self.0.origins.join(",")
    }

    pub fn products(&self) -> impl Iterator<Item = Product> + use<> {
        (0..self.0.products).map(|number| Product { number })
    }

    pub fn page(&self, product: Product, language: Language) -> String {
        page::page(product, language, &self.0.origins)
    }

    /// Answers robots.txt with an error from now on, or no longer.
    pub fn fail_robots(&self, is_failing: bool) {
        self.0.is_failing.store(is_failing, Ordering::Relaxed);
    }

    pub fn hits(&self) -> Vec<Hit> {
        self.log().hits.clone()
    }

    /// The most requests that were ever under way at one store.
    pub fn most_at_once(&self) -> usize {
        self.log().most
    }

    fn log(&self) -> std::sync::MutexGuard<'_, Log> {
        self.0
            .log
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Drop for TestShop {
    fn drop(&mut self) {
        self.0.stop.store(true, Ordering::Relaxed);
        for origin in &self.0.origins {
            // The last connection wakes the listener.
            let _ = TcpStream::connect(origin.trim_start_matches("http://"));
        }
    }
}

struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Answer {
    fn html(body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            status: 200,
            headers: vec![("Content-Type", "text/html; charset=utf-8".into())],
            body: body.into(),
        }
    }

    fn text(kind: &str, body: impl Into<Vec<u8>>) -> Answer {
        Answer {
            headers: vec![("Content-Type", kind.into())],
            ..Answer::html(body)
        }
    }

    fn status(status: u16) -> Answer {
        Answer {
            status,
            ..Answer::html("<h1>?</h1>")
        }
    }

    fn redirect(status: u16, to: impl Into<String>) -> Answer {
        Answer::status(status).with("Location", to)
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Answer {
        self.headers.push((name, value.into()));
        self
    }
}

fn zipped(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("memory");
    encoder.finish().expect("memory")
}

impl Shared {
    fn serve(&self, language: Language, stream: &TcpStream) {
        let begin = Instant::now();
        let mut reader = BufReader::new(stream);
        let mut line = String::new();
        if reader.read_line(&mut line).is_err() || line.is_empty() {
            return;
        }
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let mut headers: HashMap<String, String> = HashMap::new();
        loop {
            line.clear();
            match reader.read_line(&mut line) {
                Ok(1..) if !line.trim().is_empty() => {
                    if let Some((name, value)) = line.trim().split_once(':') {
                        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
                    }
                }
                _ => break,
            }
        }
        let times = {
            let mut log = self
                .log
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            let now = log.under_way.entry(language).or_default();
            *now += 1;
            let now = *now;
            log.most = log.most.max(now);
            let times = log.times.entry((language, path.clone())).or_default();
            *times += 1;
            *times
        };
        thread::sleep(self.delay);
        let answer = self.answer(language, &path, times, &headers);
        let end = Instant::now();
        {
            // The client may ask again as soon as it has the last byte.
            let mut log = self
                .log
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner);
            *log.under_way.entry(language).or_default() -= 1;
            log.hits.push(Hit {
                language,
                path,
                status: answer.status,
                user_agent: headers.get("user-agent").cloned().unwrap_or_default(),
                begin,
                end,
            });
        }
        let mut head = format!(
            "HTTP/1.1 {} x\r\nConnection: close\r\nContent-Length: {}\r\n",
            answer.status,
            answer.body.len()
        );
        for (name, value) in &answer.headers {
            head += &format!("{name}: {value}\r\n");
        }
        let mut out = stream;
        // A client that hangs up early is part of the game.
        let _ = out
            .write_all((head + "\r\n").as_bytes())
            .and_then(|()| out.write_all(&answer.body));
    }

    fn answer(
        &self,
        language: Language,
        path: &str,
        times: usize,
        headers: &HashMap<String, String>,
    ) -> Answer {
        let tag = language.tag();
        match path {
            "/robots.txt" if self.is_failing.load(Ordering::Relaxed) => return Answer::status(503),
            "/robots.txt" => {
                let rules = format!(
                    "User-agent: evil\nDisallow: /\n\nUser-agent: *\nCrawl-delay: 0.1\nDisallow: /private/\nDisallow: /*?sort=\nDisallow: /{tag}/secret$\nAllow: /private/open\nSitemap: {}/sitemap.xml\n",
                    self.origins[language as usize]
                );
                return Answer::text("text/plain", rules);
            }
            "/sitemap.xml" => {
                return Answer::text(
                    "application/xml",
                    format!(
                        "<?xml version=\"1.0\"?><sitemapindex><sitemap><loc>{}/pages.xml.gz</loc></sitemap></sitemapindex>",
                        self.origins[language as usize]
                    ),
                );
            }
            "/pages.xml.gz" => {
                // Those that no event shows, and some that must not be fetched.
                let pages = (self.products..self.products + 3)
                    .map(|number| Product { number }.path(language));
                let more =
                    ["/private/1.html", "/rings?sort=price", "/about.html"].map(str::to_owned);
                let entries: String = pages
                    .chain(more)
                    .chain([format!("/{tag}/secret")])
                    .map(|path| {
                        format!(
                            "<url><loc>{}{path}</loc></url>",
                            self.origins[language as usize]
                        )
                    })
                    .collect();
                let text = format!(
                    "<?xml version=\"1.0\"?><urlset xmlns=\"http://www.sitemaps.org/schemas/sitemap/0.9\">{entries}</urlset>"
                );
                return Answer::text("application/gzip", zipped(text.as_bytes()));
            }
            _ => {}
        }
        let within = |name: &str| path.strip_prefix(&format!("/{name}/"));
        if let Some(rest) = within("moved") {
            // The last store has its pages moved to the first.
            return Answer::redirect(301, format!("/{tag}/{rest}"));
        }
        if let Some(rest) = within("abroad") {
            return Answer::redirect(302, format!("{}/de/{rest}", self.origins[0]));
        }
        if within("sold-out").is_some() {
            return Answer::redirect(302, Product { number: 1 }.path(language));
        }
        if let Some(step) = within("loop") {
            return Answer::redirect(
                302,
                format!("/loop/{}", step.parse::<u32>().unwrap_or(0) + 1),
            );
        }
        if let Some(target) = within("to") {
            let to = match target {
                "loopback" => "http://127.0.0.1:1/",
                "metadata" => "http://169.254.169.254/latest/meta-data/",
                "ipv6" => "http://[::1]/",
                "decimal" => "http://2130706433/",
                "file" => "file:///etc/passwd",
                _ => "//evil.example/",
            };
            return Answer::redirect(302, to);
        }
        if let Some(hostile) = within("hostile") {
            return self.hostile(hostile);
        }
        if within("missing").is_some() {
            return Answer::status(404);
        }
        if within("gone").is_some() {
            return Answer::status(410);
        }
        let shown = (0..self.products + 3)
            .map(|number| Product { number })
            .find(|product| path.ends_with(&product.path(language)));
        let Some(product) = shown else {
            return Answer::html("<h1>Glim</h1><p>No product.</p>");
        };
        if within("busy").is_some() && times == 1 {
            return Answer::status(429).with("Retry-After", RETRY_AFTER.as_secs().to_string());
        }
        if within("weak").is_some() && times == 1 {
            return Answer::status(500);
        }
        if within("slow").is_some() {
            thread::sleep(Duration::from_millis(800));
        }
        let etag = format!("\"{}-{tag}\"", product.id());
        if headers.get("if-none-match") == Some(&etag) {
            return Answer::status(304).with("ETag", etag);
        }
        let page = page::page(product, language, &self.origins).into_bytes();
        if headers
            .get("accept-encoding")
            .is_some_and(|value| value.contains("gzip"))
            && product.number % 2 == 0
        {
            return Answer::html(zipped(&page))
                .with("Content-Encoding", "gzip")
                .with("ETag", etag);
        }
        Answer::html(page).with("ETag", etag)
    }

    fn hostile(&self, what: &str) -> Answer {
        let product = |name: &str| {
            format!(
                "<script type=\"application/ld+json\">{{\"@type\":\"Product\",\"name\":\"{name}\"}}</script>"
            )
        };
        match what {
            "big" => Answer::html(vec![b'x'; BIG]),
            "bomb" => Answer::html(zipped(&vec![0; 100 << 20])).with("Content-Encoding", "gzip"),
            "garbage" => {
                Answer::html(vec![0x1f, 0x8b, 8, 0, 1, 2, 3]).with("Content-Encoding", "gzip")
            }
            "deep" => Answer::html(format!("{}{}", "<div><b>".repeat(1_000), product("Deep"))),
            "deeper" => Answer::html(format!(
                "{}{}",
                "<div><b>".repeat(100_000),
                product("Deeper")
            )),
            "script" => Answer::html(product(
                "<script>alert(1)<\\/script>'; DROP TABLE warehouse.dim_product; --",
            )),
            "nul" => Answer::html(product("Nul\\u0000 \0 \\ud800 end")),
            "picture" => Answer::text("image/png", "\u{89}PNG"),
            "stall" => {
                thread::sleep(Duration::from_secs(6));
                Answer::status(200)
            }
            _ => Answer::status(418),
        }
    }
}
