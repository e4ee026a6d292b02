//! Alerts to `starsink.alert_webhook`: those that fired or resolved and were not sent yet, in their order. The main
//! thread reads and records them in transactions of their own; a thread does the sending, see [`post`].
//!
//! `starsink.alert_event` is the outbox, so a restart loses nothing: an alert is sent at least once.

mod post;

use pgrx::pg_sys;
use pgrx::prelude::*;

use self::post::{Outcome, Post};
use crate::error::Failure;
use crate::settings;
use crate::warehouse::statement::{Statement, get};
use crate::warehouse::transaction;

pub struct Webhook {
    post: Option<Post>,
    waiting: Statement,
    record: Statement,
}

impl Webhook {
    pub fn new() -> Webhook {
        Webhook {
            post: None,
            // What is older than an hour is no news.
            waiting: Statement::new(
                "SELECT e.event_id, starsink.alert_json(e.event_id)::text FROM starsink.alert_event AS e \
                 WHERE e.at > pg_catalog.now() - interval '1 hour' AND (e.state = 'firing' OR e.previous = 'firing') \
                 AND NOT EXISTS (SELECT FROM starsink.alert_delivery AS d WHERE d.event_id = e.event_id) \
                 ORDER BY e.event_id LIMIT 1",
                &[],
            ),
            record: Statement::new(
                "INSERT INTO starsink.alert_delivery (event_id, attempts, error) VALUES ($1, $2, NULLIF($3, '')) \
                 ON CONFLICT (event_id) DO NOTHING",
                &[pg_sys::INT8OID, pg_sys::INT4OID, pg_sys::TEXTOID],
            ),
        }
    }

    /// Records what was sent and hands the next alert over. Never waits for the network.
    pub fn round(&mut self) -> Result<(), Failure> {
        let url = settings::alert_webhook()?;
        if url.is_empty() {
            self.post = None;
            return Ok(());
        }
        let post = match &self.post {
            Some(post) if post.url() == url => post,
            // Another address gets what the one before has not taken.
            _ => {
                let post =
                    Post::start(url).map_err(|error| Failure::sql("starting a thread", error))?;
                self.post.insert(post)
            }
        };
        if let Some(trouble) = post.trouble() {
            warning!(
                "starsink: starsink.alert_webhook: {trouble}; the alert is sent again for an hour"
            );
        }
        if let Some(outcome) = post.take() {
            self.record(&outcome)?;
        }
        if let Some(post) = self.post.as_ref().filter(|post| post.is_idle()) {
            let next = transaction::run(c"looking for alerts to send", || {
                transaction::as_writer(|| {
                    let mut next = None;
                    self.waiting.each(&[], |row| {
                        next = Some((get(row, 1)?, get(row, 2)?));
                        Ok(())
                    })?;
                    Ok(next)
                })
            })?;
            if let Some((event, body)) = next {
                post.send(event, body);
            }
        }
        Ok(())
    }

    fn record(&self, outcome: &Outcome) -> Result<(), Failure> {
        let error = outcome.error.clone().unwrap_or_default();
        transaction::run(c"recording an alert that was sent", || {
            transaction::as_writer(|| {
                self.record.run(&[
                    outcome.event.into(),
                    outcome.attempts.into(),
                    error.as_str().into(),
                ])
            })
        })
    }
}
