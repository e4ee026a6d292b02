//! The crawler: takes product pages from the queue in the database, fetches each in a thread of its own while the main
//! thread waits on its latch, and merges what they say. No transaction is open during a request. A crawler that is
//! killed leaves claims that end by themselves; what it noted is not asked for again.
//!
//! # Layout
//! - [`queue`] its statements

pub mod queue;

use std::collections::HashMap;
use std::ffi::CString;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::server::failure::Failure;
use crate::server::process::{wake_main, with_signals_blocked};
use crate::server::transaction;
use crate::settings::{Crawl, Settings};
use crate::worker::crawler::queue::{Candidate, Queue, Sighting, allowed_hosts, document};
use crate::worker::session::{Presence, Session};
use crate::worker::state::{self, State};
use starsink_core::crawl::fetch::Fetcher;
use starsink_core::crawl::hosts::{AllowedHosts, Place};
use starsink_core::crawl::resolver::SystemNames;
use starsink_core::crawl::robots::Robots;
use starsink_core::crawl::verdict::{Terms, Verdict, Visited, verdict};
use starsink_core::crawl::visit::{Kind, Outcome, Report, visit};
use starsink_core::time::backoff::{Backoff, jitter};

/// The name that robots.txt files speak to.
const NAME: &str = "starsink";
/// Longest and shortest wait for the next look at the queue.
const LONGEST_WAIT: Duration = Duration::from_millis(250);
const SHORTEST_WAIT: Duration = Duration::from_millis(10);
/// Events are searched when they are this old: their transactions have ended.
const SETTLED: Duration = Duration::from_secs(10);
/// So many pages are merged at a time, or those there are after this while.
const MERGE_PAGES: usize = 50;
const MERGE_EVERY: Duration = Duration::from_secs(2);
const HOSTS_EVERY: Duration = Duration::from_secs(30);
const COUNT_EVERY: Duration = Duration::from_secs(15);

#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn starsink_crawler_main(argument: pg_sys::Datum) {
    let session = Session::open(argument.value() as i32);
    let mut crawler = Crawler::new(session);
    loop {
        let wait = crawler.round();
        crawler.session.wait(wait);
    }
}

/// A page that was visited, and what came of it.
type Finished = (Candidate, Report);

struct Crawler {
    session: Session,
    queue: Queue,
    /// What holds until the settings change.
    setting: Option<Setting>,
    robots: HashMap<String, (String, Arc<Robots>)>,
    finished: Arc<Mutex<Vec<Finished>>>,
    /// Requests under way.
    under_way: usize,
    unmerged: usize,
    merged_at: Instant,
    counted_at: Option<Instant>,
    /// Sizes of the partitions at a moment: what stands below them is searched when it has settled.
    sizes: Option<(Instant, String)>,
    backoff: Backoff,
}

struct Setting {
    crawl: Crawl,
    fetcher: Arc<Fetcher>,
    hosts: AllowedHosts,
    hosts_at: Instant,
}

impl Crawler {
    fn new(session: Session) -> Crawler {
        Crawler {
            session,
            queue: Queue::new(),
            setting: None,
            robots: HashMap::new(),
            finished: Arc::default(),
            under_way: 0,
            // What an earlier crawler left is merged first.
            unmerged: MERGE_PAGES,
            merged_at: Instant::now(),
            counted_at: None,
            sizes: None,
            backoff: Backoff::default(),
        }
    }

    /// One look at everything; how long to wait for the next.
    fn round(&mut self) -> Duration {
        if let Some(wait) = self.backoff.remaining() {
            return wait.min(LONGEST_WAIT);
        }
        let settings = Settings::current();
        match self.work(&settings) {
            Ok(wait) => {
                self.backoff.succeed();
                wait
            }
            Err(failure) => {
                state::report_error(self.session.worker, &failure.message);
                self.session.report(State::Retrying, &failure.to_string());
                self.backoff
                    .fail(settings.retry_backoff, settings.retry_backoff_max, jitter())
            }
        }
    }

    fn work(&mut self, settings: &Settings) -> Result<Duration, Failure> {
        match self.session.look_around(settings)? {
            Presence::Ready => {}
            presence => {
                self.setting = None;
                if presence == Presence::NoExtension {
                    self.session
                        .report(State::Waiting, "the extension is not in the database");
                }
                return Ok(LONGEST_WAIT);
            }
        }
        let crawl = Crawl::current();
        if crawl.contact.is_empty() {
            self.session.report(
                State::Waiting,
                "set starsink.crawl_user_agent_contact: the shop must know whom to ask",
            );
            return Ok(LONGEST_WAIT);
        }
        self.take_settings(crawl)?;
        self.note_finished()?;
        if transaction::run(c"looking whether crawling is paused", || {
            self.queue.is_paused()
        })? {
            self.merge(true)?;
            self.session
                .report(State::Paused, "starsink.crawl_resume() goes on");
            return Ok(LONGEST_WAIT);
        }
        self.search_events()?;
        self.begin_some()?;
        self.merge(false)?;
        self.session.report(State::Running, "");
        self.show_progress()?;
        let pace = self
            .setting
            .as_ref()
            .map_or(LONGEST_WAIT, |setting| setting.crawl.delay / 4);
        Ok(pace.clamp(SHORTEST_WAIT, LONGEST_WAIT))
    }

    /// Notices changed settings and stores.
    fn take_settings(&mut self, crawl: Crawl) -> Result<(), Failure> {
        if let Some(setting) = self
            .setting
            .as_ref()
            .filter(|setting| setting.crawl == crawl)
            && setting.hosts_at.elapsed() < HOSTS_EVERY
        {
            return Ok(());
        }
        let queue = &self.queue;
        let is_new = self
            .setting
            .as_ref()
            .is_none_or(|setting| setting.crawl != crawl);
        let hosts = transaction::run(c"looking which hosts may be visited", || {
            let hosts = allowed_hosts(&crawl)?;
            if crawl.sitemap && is_new {
                queue.add_homes(&hosts)?;
            }
            Ok(hosts)
        })?;
        let fetcher = match &self.setting {
            Some(setting) if setting.crawl.limits == crawl.limits => Arc::clone(&setting.fetcher),
            _ => Arc::new(Fetcher::new(&crawl.limits, Arc::new(SystemNames))),
        };
        self.setting = Some(Setting {
            crawl,
            fetcher,
            hosts,
            hosts_at: Instant::now(),
        });
        Ok(())
    }

    /// Queues the pages that events show, some blocks of events at a time.
    fn search_events(&mut self) -> Result<(), Failure> {
        let Some(setting) = &self.setting else {
            return Ok(());
        };
        let queue = &self.queue;
        let settled = self
            .sizes
            .as_ref()
            .filter(|(seen, _)| seen.elapsed() >= SETTLED);
        if let Some((_, sizes)) = settled {
            let more = transaction::run(c"looking for product pages in events", || {
                if !queue.is_unsearched(sizes)? {
                    return Ok(false);
                }
                let found = queue.discover(sizes)?.into_iter();
                let allowed = found.filter(|sighting| setting.hosts.permit(&sighting.place.url));
                queue.add("product", "event", allowed.collect())?;
                Ok(true)
            })?;
            if more {
                return Ok(());
            }
            self.sizes = None;
        }
        if self.sizes.is_none() {
            let sizes = transaction::run(c"looking how many events there are", || queue.sizes())?;
            self.sizes = Some((Instant::now(), sizes));
        }
        Ok(())
    }

    /// Begins as many requests as there is room for.
    fn begin_some(&mut self) -> Result<(), Failure> {
        let Some(setting) = &self.setting else {
            return Ok(());
        };
        let free = setting.crawl.connections.saturating_sub(self.under_way);
        if free == 0 {
            return Ok(());
        }
        let (queue, robots) = (&self.queue, &mut self.robots);
        let claimed = transaction::run(c"claiming pages", || {
            let mut claimed = Vec::new();
            for candidate in queue.candidates(free)? {
                match refusal(&candidate, setting, robots) {
                    Some(reason) => queue.refuse(candidate.page, reason, &setting.crawl)?,
                    None => {
                        queue.begin(candidate.page, &setting.crawl)?;
                        claimed.push(candidate);
                    }
                }
            }
            Ok(claimed)
        })?;
        for candidate in claimed {
            let (fetcher, finished) = (Arc::clone(&setting.fetcher), Arc::clone(&self.finished));
            let request = move || {
                let report = visit(&fetcher, candidate.kind, &candidate.request);
                finished.lock().push((candidate, report));
                wake_main();
            };
            let started = with_signals_blocked(|| {
                thread::Builder::new()
                    .name("starsink fetch".to_owned())
                    .spawn(request)
            });
            // Without a thread the claim ends by itself.
            started.map_err(|error| Failure::sql("starting a thread", error))?;
            self.under_way += 1;
        }
        Ok(())
    }

    /// Notes what came of requests.
    fn note_finished(&mut self) -> Result<(), Failure> {
        let Some(setting) = &self.setting else {
            return Ok(());
        };
        let finished = std::mem::take(&mut *self.finished.lock());
        for (at, (candidate, report)) in finished.iter().enumerate() {
            let noted = transaction::run(c"noting a page", || {
                note(&self.queue, setting, candidate, report)
            });
            if let Err(failure) = noted {
                // The others are noted at the next try; this one's claim ends by itself.
                self.under_way = self.under_way.saturating_sub(1);
                self.finished
                    .lock()
                    .extend(finished.into_iter().skip(at + 1));
                return Err(failure);
            }
            self.under_way = self.under_way.saturating_sub(1);
            match &report.outcome {
                Outcome::Product(_) | Outcome::Unchanged => self.unmerged += 1,
                Outcome::Failed { reason, .. } => {
                    log!("starsink: {}: {reason}", candidate.request.url)
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Merges pages: when there are many, a while has passed, or `now`.
    fn merge(&mut self, now: bool) -> Result<(), Failure> {
        let is_time =
            self.unmerged >= MERGE_PAGES || now || self.merged_at.elapsed() >= MERGE_EVERY;
        if self.unmerged == 0 || !is_time {
            return Ok(());
        }
        let queue = &self.queue;
        // Options first and apart: their members are locked for a moment only, as ingestion makes some too.
        transaction::run(c"keeping what is on offer", || {
            queue.prepare()?;
            queue.offers()
        })?;
        transaction::run(c"merging products", || {
            let merge = if queue.prepare()? {
                // It makes temporary tables.
                transaction::unconfined(|| queue.merge())?
            } else {
                None
            };
            queue.prices(merge)
        })?;
        self.unmerged = 0;
        self.merged_at = Instant::now();
        Ok(())
    }

    /// Shows in pg_stat_activity how far it is.
    fn show_progress(&mut self) -> Result<(), Failure> {
        if self.counted_at.is_some_and(|at| at.elapsed() < COUNT_EVERY) {
            return Ok(());
        }
        self.counted_at = Some(Instant::now());
        let (fetched, due, _) = transaction::run(c"counting pages", || self.queue.count())?;
        let title = format!("running: {fetched} pages fetched, {due} due");
        let title = CString::new(title).unwrap_or_default();
        // SAFETY: a terminated string, copied by the callee.
        unsafe { pg_sys::pgstat_report_appname(title.as_ptr()) };
        Ok(())
    }
}

/// Why a page may not be asked for, if so.
fn refusal(
    candidate: &Candidate,
    setting: &Setting,
    known: &mut HashMap<String, (String, Arc<Robots>)>,
) -> Option<&'static str> {
    if !setting.hosts.permit(&candidate.request.url) {
        return Some("host is not allowed");
    }
    match candidate.kind {
        Kind::Robots => return None,
        Kind::Sitemap if !setting.crawl.sitemap => return Some("starsink.crawl_sitemap is off"),
        _ => {}
    }
    let text = candidate.robots.as_deref().unwrap_or_default();
    let robots = match known.get(&candidate.host) {
        Some((of, robots)) if of == text => Arc::clone(robots),
        _ => {
            let robots = Arc::new(Robots::parse(text, NAME));
            known.insert(
                candidate.host.clone(),
                (text.to_owned(), Arc::clone(&robots)),
            );
            robots
        }
    };
    let path = Place::parse(&candidate.request.url)?;
    (!robots.permit(path.path())).then_some("robots.txt")
}

fn note(
    queue: &Queue,
    setting: &Setting,
    candidate: &Candidate,
    report: &Report,
) -> Result<(), Failure> {
    let crawl = &setting.crawl;
    let visited = Visited {
        kind: candidate.kind,
        product_id: candidate.product_id.as_deref(),
        redirects: candidate.redirects,
        attempts: candidate.attempts,
    };
    let terms = Terms {
        refresh: crawl.refresh,
        delay: crawl.delay,
        retry: crawl.retry,
    };
    let end = match verdict(&visited, &report.outcome, &terms, |url| {
        setting.hosts.permit(url)
    }) {
        Verdict::Follow(place) => return queue.follow(candidate.page, &place, crawl),
        Verdict::End(end) => end,
    };
    let may_go = |place: &Place| setting.hosts.permit(&place.url);
    let sightings = |texts: &[String]| -> Vec<Sighting> {
        let places = texts
            .iter()
            .filter_map(|text| Place::linked(&candidate.request.url, text))
            .filter_map(|place| Place::parse(&place.url));
        let known = |place| Sighting {
            product_id: None,
            store_id: None,
            place,
        };
        places.filter(may_go).map(known).collect()
    };
    let mut found = None;
    match &report.outcome {
        Outcome::Product(page) if end.state == "fetched" => found = Some(document(page)),
        Outcome::Robots(text) => {
            let robots = Robots::parse(text, NAME);
            queue.keep_robots(candidate.page, text, &robots)?;
            if crawl.sitemap {
                let usual = [String::from("/sitemap.xml")];
                let named = if robots.sitemaps.is_empty() {
                    &usual
                } else {
                    robots.sitemaps.as_slice()
                };
                queue.add("sitemap", "robots", sightings(named))?;
            }
        }
        Outcome::Sitemap(sitemap) => {
            // An index names sitemaps; what those name in turn could go on without end.
            if candidate.source == "robots" {
                queue.add("sitemap", "sitemap", sightings(&sitemap.sitemaps))?;
            }
            queue.add("product", "sitemap", sightings(&sitemap.pages))?;
        }
        _ => {}
    }
    queue.end(
        candidate.page,
        &end,
        report.etag.as_deref(),
        report.last_modified.as_deref(),
        found,
    )
}
