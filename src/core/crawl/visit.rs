//! One request of one job, and what came of it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use super::extract::{self, Page};
use super::fetch::{Answer, Fetcher, Request, Trouble};
use super::hosts::Place;
use super::robots;
use super::sitemap::{self, Sitemap};

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Product,
    Robots,
    Sitemap,
}

impl Kind {
    pub fn of(name: &str) -> Kind {
        match name {
            "robots" => Kind::Robots,
            "sitemap" => Kind::Sitemap,
            _ => Kind::Product,
        }
    }
}

/// What came of a request.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// As it was at the last visit.
    Unchanged,
    Product(Box<Page>),
    Robots(String),
    Sitemap(Sitemap),
    /// It stands elsewhere.
    Moved(Place),
    /// The server wants to be left alone, so long if it says.
    Busy {
        status: u16,
        wait: Option<Duration>,
    },
    Gone {
        status: u16,
    },
    Failed {
        reason: String,
        may_pass: bool,
    },
}

impl Outcome {
    fn failed(reason: impl Into<String>, may_pass: bool) -> Outcome {
        Outcome::Failed {
            reason: reason.into(),
            may_pass,
        }
    }
}

/// What came of a visit, and the validators for the next one.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    pub outcome: Outcome,
    pub etag: Option<String>,
    pub last_modified: Option<String>,
}

/// Makes the request. Whatever the server sends, this returns.
pub fn visit(fetcher: &Fetcher, kind: Kind, request: &Request) -> Report {
    let visited = catch_unwind(AssertUnwindSafe(|| {
        let answer = fetcher.get(request)?;
        Ok(Report {
            outcome: judge(fetcher, kind, &request.url, &answer),
            etag: answer.etag,
            last_modified: answer.last_modified,
        })
    }));
    let outcome = match visited {
        Ok(Ok(report)) => return report,
        Ok(Err(trouble)) => troubled(trouble),
        Err(_) => Outcome::failed("unreadable", false),
    };
    Report {
        outcome,
        etag: None,
        last_modified: None,
    }
}

fn troubled(trouble: Trouble) -> Outcome {
    Outcome::failed(trouble.name(), trouble.may_pass())
}

fn judge(fetcher: &Fetcher, kind: Kind, url: &str, answer: &Answer) -> Outcome {
    match (answer.status, kind) {
        (200, Kind::Robots) => Outcome::Robots(robots::text(&answer.body)),
        (200, Kind::Sitemap) => {
            if !answer.body.starts_with(&[0x1f, 0x8b]) {
                return Outcome::Sitemap(sitemap::parse(&answer.body));
            }
            fetcher
                .unzipped(&answer.body)
                .map_or_else(troubled, |body| Outcome::Sitemap(sitemap::parse(&body)))
        }
        (200, Kind::Product) if is_html(&answer.content_type) => {
            match extract::page(&extract::decoded(&answer.body, &answer.content_type), url) {
                Some(page) => Outcome::Product(Box::new(page)),
                None => Outcome::failed("no product", false),
            }
        }
        (200, Kind::Product) => Outcome::failed("no HTML", false),
        (304, _) => Outcome::Unchanged,
        (301 | 302 | 303 | 307 | 308, _) => {
            let place = answer
                .location
                .as_deref()
                .and_then(|link| Place::linked(url, link));
            place.map_or_else(
                || Outcome::failed("redirect to nowhere", false),
                Outcome::Moved,
            )
        }
        (429 | 503, _) => Outcome::Busy {
            status: answer.status,
            wait: answer.retry_after,
        },
        // Without a robots.txt all is allowed; one that cannot be read now allows nothing.
        (400..=499, Kind::Robots) => Outcome::Robots(String::new()),
        (404 | 410, _) => Outcome::Gone {
            status: answer.status,
        },
        (status, _) => Outcome::failed(format!("HTTP {status}"), status >= 500 || status == 408),
    }
}

fn is_html(content_type: &str) -> bool {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    matches!(media, "" | "text/html" | "application/xhtml+xml")
}
