//! Alerts to `starsink.alert_webhook`: those that fired or resolved and were not received yet. The main thread reads and
//! records them in transactions of their own; a thread does the sending, see [`post`].
//!
//! `starsink.alert_event` is the outbox, so a restart loses nothing: an alert is sent at least once. One that is not
//! received rests with growing waits and holds up none but those of its own series, which come in their order. It is sent
//! until it is received, or is an hour old and no longer true; then that is on record.

mod post;

use std::collections::HashMap;
use std::time::{Duration, Instant};

use pgrx::pg_sys;
use pgrx::prelude::*;

use self::post::{Post, Posted};
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::transaction;
use crate::settings;
use starsink_core::time::backoff::{Backoff, jitter};

const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(60);
/// Alerts handed over at a time.
const AT_MOST: i32 = 10;
/// How often what was not sent in time is looked for.
const GIVE_UP_EVERY: Duration = Duration::from_secs(10);

/// An alert fired or resolved, and was not received or given up.
const IS_WAITING: &str = "(e.state = 'firing' OR e.previous = 'firing') \
     AND NOT EXISTS (SELECT FROM starsink.alert_delivery AS d WHERE d.event_id = e.event_id)";
pub struct Webhook {
    post: Option<Post>,
    /// What was sent and not received.
    failed: HashMap<i64, Failed>,
    gave_up_at: Option<Instant>,
    waiting: Statement,
    record: Statement,
    give_up: Statement,
}

#[derive(Default)]
struct Failed {
    attempts: i32,
    error: String,
    backoff: Backoff,
}

impl Webhook {
    pub fn new() -> Webhook {
        Webhook {
            post: None,
            failed: HashMap::new(),
            gave_up_at: None,
            // News, or still true. $1 rests, $2 was tried: what was not goes first.
            waiting: Statement::new(
                format!(
                    "SELECT e.event_id, starsink_internal.alert_json(e.event_id)::text FROM starsink.alert_event AS e \
                     WHERE e.event_id IN (SELECT n.event_id FROM starsink.alert_event AS n WHERE n.at > pg_catalog.now() - interval '1 hour' \
                                          UNION ALL SELECT o.event_id FROM starsink_internal.open_alerts() AS o) \
                     AND {IS_WAITING} AND e.event_id <> ALL ($1) AND NOT EXISTS (\
                         SELECT FROM starsink.alert_event AS o WHERE o.rule = e.rule AND o.labels = e.labels AND o.event_id < e.event_id \
                         AND o.at > pg_catalog.now() - interval '1 hour' AND (o.state = 'firing' OR o.previous = 'firing') \
                         AND NOT EXISTS (SELECT FROM starsink.alert_delivery AS d WHERE d.event_id = o.event_id)) \
                     ORDER BY e.event_id = ANY ($2), e.event_id LIMIT {AT_MOST}"
                ),
                &[pg_sys::INT8ARRAYOID, pg_sys::INT8ARRAYOID],
            ),
            record: Statement::new(
                "INSERT INTO starsink.alert_delivery (event_id, attempts) VALUES ($1, $2) ON CONFLICT (event_id) DO NOTHING",
                &[pg_sys::INT8OID, pg_sys::INT4OID],
            ),
            // What is older than a day and was not tried was there before the address, or while the server was down.
            give_up: Statement::new(
                format!(
                    "INSERT INTO starsink.alert_delivery (event_id, attempts, error) \
                     SELECT e.event_id, COALESCE(t.attempts, 0), COALESCE(t.error, 'it was an hour old before it could be sent') \
                     FROM starsink.alert_event AS e \
                     LEFT JOIN ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3)) AS t (event_id, attempts, error) ON t.event_id = e.event_id \
                     WHERE e.at <= pg_catalog.now() - interval '1 hour' AND (e.at > pg_catalog.now() - interval '1 day' OR t.event_id IS NOT NULL) \
                     AND e.event_id NOT IN (SELECT o.event_id FROM starsink_internal.open_alerts() AS o) AND {IS_WAITING} \
                     ON CONFLICT (event_id) DO NOTHING RETURNING event_id"
                ),
                &[
                    pg_sys::INT8ARRAYOID,
                    pg_sys::INT4ARRAYOID,
                    pg_sys::TEXTARRAYOID,
                ],
            ),
        }
    }

    /// Whether nothing is under way.
    pub fn is_idle(&self) -> bool {
        self.post.as_ref().is_none_or(Post::is_idle)
    }

    /// Records what was sent and hands the next alerts over. Never waits for the network.
    pub fn round(&mut self) -> Result<(), Failure> {
        let url = settings::alert_webhook()?;
        if url.is_empty() {
            self.post = None;
            self.failed.clear();
            return Ok(());
        }
        if self.post.as_ref().is_none_or(|post| post.url() != url) {
            // Another address gets what the one before has not taken.
            self.failed.clear();
            let post =
                Post::start(url).map_err(|error| Failure::sql("starting a thread", error))?;
            self.post = Some(post);
        }
        let Some(post) = &self.post else {
            return Ok(());
        };
        for outcome in post.take() {
            self.settle(outcome)?;
        }
        if self
            .gave_up_at
            .is_none_or(|at| at.elapsed() >= GIVE_UP_EVERY)
        {
            self.give_up()?;
            self.gave_up_at = Some(Instant::now());
        }
        if let Some(post) = self.post.as_ref().filter(|post| post.is_idle()) {
            for (event, body) in self.next()? {
                post.send(event, body);
            }
        }
        Ok(())
    }

    fn settle(&mut self, outcome: Posted) -> Result<(), Failure> {
        let Some(error) = outcome.error else {
            let before = self
                .failed
                .remove(&outcome.event)
                .map_or(0, |failed| failed.attempts);
            return transaction::run(c"recording an alert that was sent", || {
                self.record
                    .run(&[outcome.event.into(), (before + 1).into()])
            });
        };
        let failed = self.failed.entry(outcome.event).or_default();
        failed.attempts += 1;
        failed.backoff.fail(FIRST_WAIT, LONGEST_WAIT, jitter());
        if failed.attempts == 1 {
            warning!(
                "starsink: starsink.alert_webhook: {error}; the alert is sent again, others go on"
            );
        }
        failed.error = error;
        Ok(())
    }

    fn next(&self) -> Result<Vec<(i64, String)>, Failure> {
        let tried: Vec<i64> = self.failed.keys().copied().collect();
        let rests = |event: &i64| self.failed[event].backoff.remaining().is_some();
        let resting: Vec<i64> = tried.iter().copied().filter(rests).collect();
        transaction::run(c"looking for alerts to send", || {
            let mut next = Vec::new();
            self.waiting.each(&[resting.into(), tried.into()], |row| {
                next.push((row.get(1)?, row.get(2)?));
                Ok(())
            })?;
            Ok(next)
        })
    }

    /// Puts on record what is no news any more, and was not received.
    fn give_up(&mut self) -> Result<(), Failure> {
        let (mut events, mut attempts, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        for (event, failed) in &self.failed {
            events.push(*event);
            attempts.push(failed.attempts);
            errors.push(failed.error.as_str());
        }
        let mut gone = Vec::new();
        transaction::run(c"giving alerts up", || {
            self.give_up
                .each(&[events.into(), attempts.into(), errors.into()], |row| {
                    gone.push(row.get::<i64>(1)?);
                    Ok(())
                })
        })?;
        for event in gone {
            self.failed.remove(&event);
        }
        Ok(())
    }
}
