//! The ingest worker: takes a ready batch, commits it, once more. It owns the partitions whose number modulo the
//! number of workers is its own, under advisory locks. Whatever changes of the way to Kafka (settings, a command,
//! partitions, an error), it drops its pipeline and begins again from the committed offsets: one way for everything.
//!
//! # Layout
//! - [`assignment`] which partitions, and from where
//! - [`pipeline`] the thread that fetches and decodes, beside the main thread
//! - [`scout`] the thread that looks at the topic: partitions, watermarks, id

pub mod assignment;
mod pipeline;
mod scout;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pgrx::prelude::*;
use xxhash_rust::xxh3::xxh3_64;

use crate::kafka::client::{self, Client};
use crate::kafka::consumer::Consumer;
use crate::kafka::notices::Notices;
use crate::kafka::topic::Watermarks;
use crate::load::control::Control;
use crate::load::knowledge;
use crate::load::ledger::Kind;
use crate::load::{Commit, Loader, Source};
use crate::server::failure::Failure;
use crate::server::process::with_signals_blocked;
use crate::server::transaction;
use crate::settings::Settings;
use crate::worker::ingest::pipeline::{Limits, Pipeline, Reading, Trouble};
use crate::worker::ingest::scout::{Scout, Sighting};
use crate::worker::session::{Presence, Session};
use crate::worker::state::{self, State};
use assignment::{Assignment, any_free, release_all};
use starsink_core::batch::Frame;
use starsink_core::batch::share::Share;
use starsink_core::event::reader::Reader;
use starsink_core::time::backoff::{Backoff, jitter};

/// How often an idle worker looks around, and a busy one checks what a batch does not tell it.
const ROUND: Duration = Duration::from_millis(250);

/// How long a topic must seem to end before the committed offset until that is believed.
const DOUBT: Duration = Duration::from_secs(10);

#[pg_guard]
#[unsafe(no_mangle)]
pub extern "C-unwind" fn starsink_ingest_main(argument: pgrx::pg_sys::Datum) {
    let session = Session::open(argument.value() as i32);
    let mut ingest = Ingest::new(session);
    loop {
        let wait = ingest.round();
        ingest.session.wait(wait);
    }
}

struct Ingest {
    session: Session,
    loader: Loader,
    settings: Settings,
    /// Why the secrets among them cannot be had, if so.
    unreadable: Option<Failure>,
    seed: u64,
    backoff: Backoff,
    looked_at: Option<Instant>,
    /// What the last look around said.
    is_wanted: bool,
    control: Control,
    /// Since when a partition seems to end before its committed offset.
    doubted_since: Option<Instant>,
    connection: Option<Connection>,
}

/// What talks to Kafka. The scout has a client of its own: the consumer's is made when the partitions are known, as
/// its queues are bounded by their number.
struct Connection {
    scout: Scout,
    notices: Arc<Notices>,
    running: Option<Running>,
    /// Partitions that another process holds still.
    contested: Vec<i32>,
    failed_since: Option<Instant>,
    /// librdkafka's last word on why it cannot connect.
    last_error: Option<String>,
}

/// Partitions being consumed.
struct Running {
    pipeline: Pipeline,
    client: Arc<Client>,
    assignment: Assignment,
    epochs: HashMap<i32, i32>,
    shown_at: Instant,
}

impl Ingest {
    fn new(session: Session) -> Ingest {
        let settings = Settings::current();
        // Entries of about 40 bytes in two generations over the dimensions, of which two are large.
        let loader = Loader::new(settings.memory / 640, None);
        let seed = xxh3_64(
            format!("{:?} {}", std::time::SystemTime::now(), std::process::id()).as_bytes(),
        );
        Ingest {
            session,
            loader,
            settings,
            unreadable: None,
            seed,
            backoff: Backoff::default(),
            looked_at: None,
            is_wanted: false,
            control: Control::default(),
            doubted_since: None,
            connection: None,
        }
    }

    /// One round: do what there is to do; how long to wait for more.
    fn round(&mut self) -> Duration {
        let (settings, unreadable) = match Settings::current().with_secrets() {
            Ok(settings) => (settings, None),
            Err(failure) => (Settings::current(), Some(failure)),
        };
        self.unreadable = unreadable;
        self.follow(settings);
        if let Some(wait) = self.backoff.remaining() {
            return wait.min(ROUND);
        }
        match self.work() {
            Ok(wait) => wait,
            Err(failure) => {
                self.fail(&failure);
                ROUND
            }
        }
    }

    /// Takes new settings in. Those of the way to Kafka begin everything anew; those of how messages are read hold from
    /// the next batch on, and others need nothing: ingestion goes on meanwhile.
    fn follow(&mut self, settings: Settings) {
        if settings == self.settings {
            return;
        }
        let before = std::mem::replace(&mut self.settings, settings);
        if !self.settings.reaches_kafka_as(&before) {
            self.backoff.succeed();
            self.restart();
        } else if let Some(running) = self
            .connection
            .as_ref()
            .and_then(|connection| connection.running.as_ref())
        {
            running.pipeline.read_so(self.reading(&running.assignment));
        }
    }

    /// How messages are read by the settings of now.
    fn reading(&self, assignment: &Assignment) -> Reading {
        let knowledge = assignment.knowledge.clone();
        let reader = Reader::new(knowledge.complete(self.settings.policy.clone()));
        Reading {
            frame: Frame::new(&self.settings.topic, reader.policy(), self.seed),
            reader,
            limits: Limits {
                events: self.settings.batch_max_events,
                bytes: self.settings.memory / 6,
                wait: self.settings.batch_max_wait,
            },
        }
    }

    fn work(&mut self) -> Result<Duration, Failure> {
        if self.looked_at.is_none_or(|at| at.elapsed() >= ROUND) {
            self.is_wanted = self.may_run()?;
            self.looked_at = Some(Instant::now());
            self.claim_contested()?;
        }
        if !self.is_wanted {
            self.disconnect();
            return Ok(ROUND);
        }
        self.take_notices();
        let Some(connection) = &mut self.connection else {
            self.connect()?;
            return Ok(ROUND);
        };
        if let Some(sighting) = connection.scout.take() {
            self.act_on(sighting)?;
        }
        self.commit_ready()
    }

    /// Whether there is anything to do here now; says why not.
    fn may_run(&mut self) -> Result<bool, Failure> {
        let presence = self.session.look_around(&self.settings)?;
        if presence != Presence::Ready {
            self.loader.forget();
        }
        match presence {
            Presence::Ready => {}
            Presence::NoExtension => {
                self.session.report(
                    State::Waiting,
                    "the extension is not in the database: CREATE EXTENSION starsink",
                );
                return Ok(false);
            }
            Presence::Obstructed => return Ok(false),
        }
        if !self.settings.has_source() {
            let missing = if self.settings.topic.is_empty() {
                "starsink.topic"
            } else {
                "starsink.bootstrap_servers"
            };
            self.session
                .report(State::Waiting, &format!("{missing} is not set"));
            return Ok(false);
        }
        if let Some(failure) = &self.unreadable {
            return Err(failure.clone());
        }
        let control = transaction::run(c"reading commands", || self.loader.commands.current())?;
        if control != self.control {
            self.control = control;
            self.disconnect();
        }
        if control.is_paused {
            self.session.report(State::Paused, "by starsink.pause()");
        }
        Ok(!control.is_paused)
    }

    fn connect(&mut self) -> Result<(), Failure> {
        if !self.backoff.is_failing() {
            self.session.report(State::Connecting, "");
        }
        let (topic, interval) = (self.settings.topic.clone(), self.settings.metadata_refresh);
        let properties = self.settings.kafka_client();
        let notices = Arc::new(Notices::default());
        let scout = with_signals_blocked(|| {
            let client = Client::connect(&properties, Arc::clone(&notices))
                .map_err(|error| Failure::kafka(&error))?;
            Scout::start(Arc::new(client), topic, interval)
                .map_err(|error| Failure::sql("starting a thread", error))
        })?;
        let connection = Connection {
            scout,
            notices,
            running: None,
            contested: Vec::new(),
            failed_since: None,
            last_error: None,
        };
        self.connection = Some(connection);
        Ok(())
    }

    /// Takes in what the scout saw: begins to consume, or begins again if partitions or the topic changed.
    fn act_on(&mut self, sighting: Result<Sighting, client::Error>) -> Result<(), Failure> {
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        let sighting = match sighting {
            Ok(sighting) => sighting,
            Err(error) => {
                // A running pipeline outlives a short silence of the broker: librdkafka reconnects by itself.
                let since = *connection.failed_since.get_or_insert_with(Instant::now);
                if connection.running.is_some()
                    && since.elapsed() < Duration::from_secs(10)
                    && !error.is_gone()
                {
                    return Ok(());
                }
                let text = match &connection.last_error {
                    Some(reason) => format!("{error} ({reason})"),
                    None => error.text,
                };
                return Err(Failure::kafka(&client::Error {
                    code: error.code,
                    text,
                }));
            }
        };
        connection.failed_since = None;
        if let Some(running) = &mut connection.running {
            // Whoever edits the list of sites waits no longer for it than for a new partition.
            let sites = transaction::run(c"reading the list of sites", knowledge::sites)?;
            if running.assignment.still_holds(&sighting)
                && running.assignment.knowledge.sites == sites
            {
                running.assignment.watermarks = sighting.watermarks;
                return Ok(());
            }
            connection.running = None;
        }
        let share = Share {
            worker: self.session.worker,
            workers: self.settings.workers,
        };
        let (settings, ledger) = (&self.settings, &self.loader.ledger);
        let doubts_last = self
            .doubted_since
            .is_some_and(|since| since.elapsed() >= DOUBT);
        let assignment = transaction::run(c"assigning partitions", || {
            Assignment::decide(settings, share, &sighting, ledger, doubts_last)
        })?;
        if assignment.is_doubtful {
            self.doubted_since.get_or_insert_with(Instant::now);
        } else {
            self.doubted_since = None;
        }
        self.begin(assignment)
    }

    fn begin(&mut self, assignment: Assignment) -> Result<(), Failure> {
        let reading = self.reading(&assignment);
        let Some(connection) = &mut self.connection else {
            return Ok(());
        };
        for warning in &assignment.warnings {
            warning!("starsink: {warning}");
        }
        let reason = assignment.reason();
        connection.contested = assignment.contested.clone();
        if assignment.positions.is_empty() {
            state::report_partitions(
                self.session.worker,
                &self.settings.topic,
                &assignment.shown(&HashMap::new()),
            );
            self.session.report(State::Waiting, &reason);
            return Ok(());
        }
        let offsets: Vec<(i32, i64)> = assignment
            .positions
            .iter()
            .map(|position| (position.partition, position.next_offset))
            .collect();
        let properties = self.settings.kafka_consumer(offsets.len());
        let notices = Arc::clone(&connection.notices);
        let (client, pipeline) = with_signals_blocked(|| {
            let client = Arc::new(
                Client::connect(&properties, notices).map_err(|error| Failure::kafka(&error))?,
            );
            let consumer = Consumer::assign(Arc::clone(&client), &self.settings.topic, &offsets)
                .map_err(|error| Failure::kafka(&error))?;
            Pipeline::start(consumer, offsets.iter().copied().collect(), reading)
                .map(|pipeline| (client, pipeline))
                .map_err(|error| Failure::sql("starting a thread", error))
        })?;
        let epochs = assignment
            .positions
            .iter()
            .map(|position| (position.partition, position.epoch))
            .collect();
        connection.running = Some(Running {
            pipeline,
            client,
            assignment,
            epochs,
            shown_at: Instant::now(),
        });
        self.session.report(State::Running, &reason);
        self.show(true);
        Ok(())
    }

    /// Commits the batch that is ready, if there is one.
    fn commit_ready(&mut self) -> Result<Duration, Failure> {
        let Some(running) = self
            .connection
            .as_mut()
            .and_then(|connection| connection.running.as_mut())
        else {
            return Ok(ROUND);
        };
        let has_ended = running.pipeline.has_ended();
        let Some(mut batch) = running.pipeline.take() else {
            if let Some(trouble) = running.pipeline.trouble() {
                return self.trouble(trouble);
            }
            if has_ended {
                return Err(Failure::sql("decoding", "the thread has ended"));
            }
            self.show(false);
            return Ok(ROUND);
        };
        let source = Source {
            topic: &self.settings.topic,
            kind: Kind::Batch,
            worker: Some(self.session.worker),
            reason: None,
            epochs: &running.epochs,
        };
        match self.loader.commit(&mut batch, &source, self.control)? {
            Commit::Committed => {
                self.backoff.succeed();
                running
                    .assignment
                    .advance(batch.spans.iter().map(|span| (span.partition, span.next)));
                running.pipeline.give_back(batch);
                self.show(false);
            }
            Commit::Stale => self.disconnect(),
        }
        Ok(Duration::ZERO)
    }

    fn trouble(&mut self, trouble: Trouble) -> Result<Duration, Failure> {
        match trouble {
            // The scout's next look decides between trimmed and recreated.
            Trouble::OutOfRange => self.disconnect(),
            Trouble::Failed { partition, error } => {
                let text = format!("partition {partition}: {error}");
                return Err(Failure::kafka(&client::Error {
                    code: error.code,
                    text,
                }));
            }
        }
        Ok(ROUND)
    }

    /// Once in a while: live state into shared memory, and offsets to the broker for show.
    fn show(&mut self, now: bool) {
        let Some(connection) = self.connection.as_mut() else {
            return;
        };
        let Some(running) = connection.running.as_mut() else {
            return;
        };
        if !now && running.shown_at.elapsed() < ROUND {
            return;
        }
        running.shown_at = Instant::now();
        if let Some(warning) = running.pipeline.warning() {
            let warning = format!("starsink.geoip_database: {warning}");
            state::report_error(self.session.worker, &warning);
            warning!("starsink: {warning}");
        }
        let topic = &self.settings.topic;
        let known: HashMap<i32, Watermarks> =
            running.assignment.watermarks.iter().copied().collect();
        let high = known
            .iter()
            .map(|(&partition, watermarks)| {
                let fetched = running
                    .client
                    .known_high_watermark(topic, partition)
                    .unwrap_or(-1);
                (partition, fetched.max(watermarks.high))
            })
            .collect();
        state::report_partitions(self.session.worker, topic, &running.assignment.shown(&high));
        let offsets = running.assignment.moved();
        if !offsets.is_empty() {
            Consumer::show_offsets(&running.client, topic, &offsets);
        }
    }

    /// What librdkafka has to say: why it cannot connect is for the operator, the rest for whoever debugs.
    fn take_notices(&mut self) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        for notice in connection.notices.take() {
            if notice.is_error {
                let text = notice.text;
                state::report_error(self.session.worker, &text);
                connection.last_error = Some(text);
            } else {
                debug1!("starsink: librdkafka {}: {}", notice.kind, notice.text);
            }
        }
    }

    /// Begins again when a partition that another process held is free.
    fn claim_contested(&mut self) -> Result<(), Failure> {
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        let (topic, contested) = (&self.settings.topic, &connection.contested);
        if !contested.is_empty()
            && transaction::run(c"claiming partitions", || any_free(topic, contested))?
        {
            self.disconnect();
        }
        Ok(())
    }

    fn fail(&mut self, failure: &Failure) {
        self.restart();
        self.loader.forget();
        state::report_error(self.session.worker, &failure.message);
        self.session.report(State::Retrying, &failure.to_string());
        self.backoff.fail(
            self.settings.retry_backoff,
            self.settings.retry_backoff_max,
            jitter(),
        );
    }

    fn restart(&mut self) {
        self.disconnect();
        self.looked_at = None;
    }

    /// Lets go of everything that is not committed, and of the partitions.
    fn disconnect(&mut self) {
        if self.connection.take().is_some() {
            // An operator who seeks may have emptied tables too.
            self.loader.forget();
            state::clear(self.session.worker, std::process::id() as i32);
            if let Err(failure) = transaction::run(c"releasing partitions", release_all) {
                warning!("starsink: {failure}");
            }
        }
    }
}
