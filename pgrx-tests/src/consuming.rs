//! A cluster that consumes a topic: set up, pointed at topics, asked for its books. What tests of ingestion begin
//! and end with.

use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::cluster::Cluster;
use crate::producer::{Message, Producer};
use crate::shop::{Event, Shop};

/// How long anything may take that takes a moment.
pub const SOON: Duration = Duration::from_secs(40);

/// Microseconds since the Unix epoch.
pub fn now_micros() -> i64 {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("a clock");
    i64::try_from(now.as_micros()).expect("a year within reason")
}

/// So many good events of now.
pub fn events(seed: u64, count: usize) -> Vec<Event> {
    let mut shop = Shop::new(seed).visitors(50);
    let begin = now_micros() - 60_000_000;
    (0..count)
        .map(|number| shop.next(begin + number as i64 * 1_000))
        .collect()
}

/// Sends events to a partition, in their order.
pub fn send(producer: &Producer, topic: &str, partition: i32, events: &[Event]) {
    for event in events {
        let message = Message::new(&event.json)
            .key(event.key.as_bytes())
            .partition(partition);
        producer.send(topic, &message);
    }
    producer.flush();
}

impl Cluster {
    /// A cluster with the extension and a warehouse, that consumes nothing yet and retries quickly.
    pub fn consuming_nothing() -> Cluster {
        let pg = Cluster::builder()
            .conf("starsink.retry_backoff_max", "500ms")
            .conf("starsink.metadata_refresh", "300ms")
            .start();
        pg.sql("CREATE EXTENSION starsink; SELECT starsink.create_warehouse()");
        pg
    }

    /// The same, and no job runs unless the test says so.
    pub fn without_jobs() -> Cluster {
        let pg = Cluster::consuming_nothing();
        pg.sql("UPDATE starsink.job SET enabled = false");
        // What is under way ends.
        thread::sleep(Duration::from_millis(1_500));
        pg
    }

    pub fn run_job(&self, job: &str) -> i64 {
        self.one(&format!("SELECT starsink.run_job('{job}')"))
    }

    /// Consuming a topic, its jobs too.
    pub fn consuming(bootstrap: &str, topic: &str) -> Cluster {
        let pg = Cluster::consuming_nothing();
        pg.consume(bootstrap, topic);
        pg
    }

    /// Turns to a topic.
    pub fn consume(&self, bootstrap: &str, topic: &str) {
        self.alter_system("starsink.bootstrap_servers", bootstrap);
        self.alter_system("starsink.topic", topic);
        self.reload();
    }

    /// Waits until so many messages of a topic are in the books, whatever became of them.
    pub fn wait_for_messages(&self, topic: &str, count: usize) {
        self.wait_for(
            &format!(
                "SELECT sum(received) >= {count} FROM starsink.reconciliation WHERE topic = '{topic}'"
            ),
            SOON,
        );
        assert_eq!(
            self.sum("received", topic),
            i64::try_from(count).expect("a count"),
            "received"
        );
    }

    /// Waits for a state in starsink.status whose reason is LIKE a pattern.
    pub fn wait_for_state(&self, state: &str, reason: &str) {
        self.wait_for(
            &format!(
                "SELECT bool_or(state = '{state}' AND coalesce(reason, '') LIKE '{reason}') FROM starsink.status"
            ),
            SOON,
        );
    }

    /// Waits until the position is where the topic's one partition ends, and status says so.
    pub fn wait_for_no_lag(&self, end: i64) {
        self.wait_for(
            &format!(
                "SELECT bool_and(lag_messages = 0 AND lag_seconds = 0 AND next_offset = {end} AND high_watermark = {end}) FROM starsink.status"
            ),
            SOON,
        );
    }

    /// A column of starsink.reconciliation, summed up over a topic.
    pub fn sum(&self, column: &str, topic: &str) -> i64 {
        self.one(&format!(
            "SELECT coalesce(sum({column}), 0)::bigint FROM starsink.reconciliation WHERE topic = '{topic}'"
        ))
    }

    pub fn facts(&self) -> i64 {
        self.one("SELECT count(*) FROM warehouse.fact_event")
    }

    pub fn quarantined(&self) -> i64 {
        self.one("SELECT count(*) FROM starsink.quarantine WHERE state = 'quarantined'")
    }

    /// The books agree with themselves and with the tables.
    pub fn assert_books(&self) {
        let (booked, counted): (i64, i64) = (
            self.one(
                "SELECT coalesce(sum(abs(difference)), 0)::bigint FROM starsink.reconciliation",
            ),
            self.one("SELECT coalesce(sum(difference), 0)::bigint FROM starsink.verify()"),
        );
        assert_eq!((booked, counted), (0, 0), "reconciliation, verify()");
    }

    /// What the server says beside the answer, as psql shows it: notices and warnings with their details and hints.
    pub fn said_to(&self, role: &str, statement: &str) -> String {
        let done = self
            .tool("psql")
            .env("PGUSER", role)
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-c", statement])
            .output()
            .expect("psql runs");
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{statement}: {said}");
        said
    }

    /// What a statement is refused with: SQLSTATE, message, detail and hint in one text.
    pub fn refusal(&self, statement: &str) -> String {
        self.refusal_as("postgres", statement)
    }

    /// The same for a role.
    pub fn refusal_as(&self, role: &str, statement: &str) -> String {
        let mut client = self.connect_as(role, self.database());
        let Err(error) = client.batch_execute(statement) else {
            panic!("{role} was not refused: {statement}");
        };
        let Some(said) = error.as_db_error() else {
            panic!("{statement}: {error}");
        };
        format!(
            "{} {} {} {}",
            said.code().code(),
            said.message(),
            said.detail().unwrap_or_default(),
            said.hint().unwrap_or_default()
        )
    }
}
