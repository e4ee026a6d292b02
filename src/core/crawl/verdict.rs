//! What follows from a visit: the page's new state, when it is due again, and when its host may be asked again. Pure.

use std::time::Duration;

use crate::crawl::hosts::Place;
use crate::crawl::retry::backoff;
use crate::crawl::visit::{Kind, Outcome};

/// Redirects in a row that are followed.
const MAX_REDIRECTS: i32 = 5;
/// Failures in a row after which a page waits for its next regular visit.
const MAX_ATTEMPTS: i32 = 8;
/// A page that is not found is looked for this many times less often.
const GONE_FACTOR: u32 = 4;
/// How long a robots.txt is believed: RFC 9309 says a day at most.
pub const ROBOTS_FOR: Duration = Duration::from_secs(24 * 3600);

/// What is known of the page that was visited.
#[derive(Clone, Debug)]
pub struct Visited<'a> {
    pub kind: Kind,
    pub product_id: Option<&'a str>,
    pub redirects: i32,
    pub attempts: i32,
}

/// The settings that bear on it.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub refresh: Duration,
    pub delay: Duration,
    pub retry: Duration,
}

/// What is to be noted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Follow(Place),
    End(End),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    pub state: &'static str,
    pub reason: Option<String>,
    pub failed: bool,
    /// Until the page is due again; never where there is none.
    pub wait: Option<Duration>,
    pub host_wait: Duration,
}

pub fn verdict(
    visited: &Visited<'_>,
    outcome: &Outcome,
    terms: &Terms,
    may_go: impl Fn(&str) -> bool,
) -> Verdict {
    let failed = |reason: &str| Verdict::End(End::failed(reason, terms));
    match outcome {
        Outcome::Moved(_) if visited.redirects >= MAX_REDIRECTS => failed("too many redirects"),
        Outcome::Moved(place) if !may_go(&place.url) => {
            failed("redirect to a host that is not allowed")
        }
        Outcome::Moved(place) => Verdict::Follow(place.clone()),
        Outcome::Product(page)
            if visited.redirects > 0
                && is_another(visited.product_id, page.product.product_id.as_deref()) =>
        {
            failed("redirect to another product")
        }
        Outcome::Product(_) | Outcome::Unchanged | Outcome::Sitemap(_) => {
            Verdict::End(End::fetched(terms.refresh, terms))
        }
        Outcome::Robots(_) => Verdict::End(End::fetched(ROBOTS_FOR, terms)),
        Outcome::Gone { status } => Verdict::End(End {
            state: "gone",
            reason: Some(format!("HTTP {status}")),
            failed: false,
            wait: (*status == 404).then(|| terms.refresh * GONE_FACTOR),
            host_wait: terms.delay,
        }),
        Outcome::Busy { status, wait } => {
            let wait = wait
                .unwrap_or_else(|| backoff(terms.retry, visited.attempts.max(0) as u32 + 1))
                .max(terms.delay);
            Verdict::End(End {
                state: "retrying",
                reason: Some(format!("HTTP {status}")),
                failed: true,
                wait: Some(wait),
                host_wait: wait,
            })
        }
        Outcome::Failed { reason, may_pass } => {
            // A robots.txt is needed for anything else: it is asked for until it comes.
            if !visited.may_retry(*may_pass) {
                return failed(reason);
            }
            let wait = backoff(terms.retry, visited.attempts.max(0) as u32 + 1);
            Verdict::End(End {
                state: "retrying",
                reason: Some(reason.clone()),
                failed: true,
                wait: Some(wait),
                host_wait: if visited.kind == Kind::Robots {
                    wait.max(terms.delay)
                } else {
                    terms.delay
                },
            })
        }
    }
}

impl Visited<'_> {
    fn may_retry(&self, may_pass: bool) -> bool {
        may_pass && (self.attempts + 1 < MAX_ATTEMPTS || self.kind == Kind::Robots)
    }
}

/// Whether a redirect leads to another product: shops redirect from products they no longer sell.
fn is_another(known: Option<&str>, found: Option<&str>) -> bool {
    known
        .zip(found)
        .is_some_and(|(known, found)| known != found)
}

impl End {
    fn fetched(wait: Duration, terms: &Terms) -> End {
        End {
            state: "fetched",
            reason: None,
            failed: false,
            wait: Some(wait),
            host_wait: terms.delay,
        }
    }

    fn failed(reason: &str, terms: &Terms) -> End {
        End {
            state: "failed",
            reason: Some(reason.to_owned()),
            failed: true,
            wait: Some(terms.refresh),
            host_wait: terms.delay,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{End, Terms, Verdict, Visited, verdict};
    use crate::crawl::extract::Page;
    use crate::crawl::hosts::Place;
    use crate::crawl::visit::{Kind, Outcome};

    const TERMS: Terms = Terms {
        refresh: Duration::from_secs(1000),
        delay: Duration::from_secs(1),
        retry: Duration::from_secs(10),
    };

    fn judged(kind: Kind, redirects: i32, attempts: i32, outcome: &Outcome) -> Verdict {
        let visited = Visited {
            kind,
            product_id: Some("1"),
            redirects,
            attempts,
        };
        verdict(&visited, outcome, &TERMS, |url| !url.contains("evil"))
    }

    /// State, seconds until the page is due and until the host may be asked.
    fn end(
        kind: Kind,
        redirects: i32,
        attempts: i32,
        outcome: &Outcome,
    ) -> (&'static str, Option<u64>, u64) {
        match judged(kind, redirects, attempts, outcome) {
            Verdict::End(End {
                state,
                wait,
                host_wait,
                ..
            }) => (state, wait.map(|wait| wait.as_secs()), host_wait.as_secs()),
            Verdict::Follow(place) => panic!("follows to {place:?}"),
        }
    }

    #[test]
    fn failures_are_tried_again_while_that_may_help() {
        let passing = Outcome::Failed {
            reason: "HTTP 500".into(),
            may_pass: true,
        };
        let lasting = Outcome::Failed {
            reason: "too large".into(),
            may_pass: false,
        };
        let busy = |seconds: Option<u64>| Outcome::Busy {
            status: 429,
            wait: seconds.map(Duration::from_secs),
        };
        assert_eq!(
            end(Kind::Product, 0, 0, &passing),
            ("retrying", Some(10), 1)
        );
        assert_eq!(
            end(Kind::Product, 0, 2, &passing),
            ("retrying", Some(40), 1)
        );
        assert_eq!(
            end(Kind::Product, 0, 7, &passing),
            ("failed", Some(1000), 1)
        );
        assert_eq!(
            end(Kind::Product, 0, 0, &lasting),
            ("failed", Some(1000), 1)
        );
        assert_eq!(
            end(Kind::Robots, 0, 50, &passing),
            ("retrying", Some(86_400), 86_400)
        );
        assert_eq!(
            end(Kind::Product, 0, 0, &busy(Some(7))),
            ("retrying", Some(7), 7)
        );
        assert_eq!(
            end(Kind::Product, 0, 0, &busy(Some(0))),
            ("retrying", Some(1), 1)
        );
        assert_eq!(
            end(Kind::Product, 0, 1, &busy(None)),
            ("retrying", Some(20), 20)
        );
        assert_eq!(
            end(Kind::Product, 0, 0, &Outcome::Gone { status: 404 }),
            ("gone", Some(4000), 1)
        );
        assert_eq!(
            end(Kind::Product, 0, 0, &Outcome::Gone { status: 410 }),
            ("gone", None, 1)
        );
        assert_eq!(
            end(Kind::Product, 0, 0, &Outcome::Unchanged),
            ("fetched", Some(1000), 1)
        );
    }

    #[test]
    fn redirects_are_followed_to_the_same_product_on_allowed_hosts() {
        let moved = |url| Outcome::Moved(Place::parse(url).unwrap());
        assert!(matches!(
            judged(Kind::Product, 4, 0, &moved("https://a.de/x")),
            Verdict::Follow(_)
        ));
        assert_eq!(
            end(Kind::Product, 5, 0, &moved("https://a.de/x")).0,
            "failed"
        );
        assert_eq!(
            end(Kind::Product, 0, 0, &moved("https://evil.de/x")).0,
            "failed"
        );
        let mut page = Page::default();
        page.product.product_id = Some("2".into());
        let other = Outcome::Product(Box::new(page.clone()));
        assert_eq!(end(Kind::Product, 1, 0, &other).0, "failed");
        assert_eq!(end(Kind::Product, 0, 0, &other).0, "fetched");
        page.product.product_id = Some("1".into());
        assert_eq!(
            end(Kind::Product, 1, 0, &Outcome::Product(Box::new(page))).0,
            "fetched"
        );
    }
}
