//! A cluster that loads a topic: how it is set up, how far it is, and what must be true when all has been loaded.

use std::collections::HashMap;
use std::time::Duration;

use crate::bulk::Sent;
use crate::cluster::Cluster;
use crate::kafka::Kafka;

/// What the books say in all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Totals {
    pub received: i64,
    pub loaded: i64,
    pub duplicates: i64,
    pub quarantined: i64,
}

impl Cluster {
    /// Settings for loading a topic into this cluster's database; they take effect at once.
    pub fn load_from(&self, kafka: &Kafka, topic: &str) {
        self.alter_system("starsink.database", self.database());
        self.alter_system("starsink.bootstrap_servers", kafka.bootstrap());
        self.alter_system("starsink.topic", topic);
        self.reload();
    }

    /// Messages that left the topic for good, by the committed positions; `None` while the cluster is away.
    pub fn consumed(&self) -> Option<i64> {
        let mut client = self.try_connect("postgres", self.database()).ok()?;
        let query = "SELECT coalesce(sum(next_offset), 0)::bigint FROM starsink.status";
        client.query_one(query, &[]).ok()?.try_get(0).ok()
    }

    /// Waits until so many messages were consumed.
    pub fn wait_for_consumed(&self, messages: i64, limit: Duration) -> Duration {
        let query =
            format!("SELECT coalesce(sum(next_offset), 0) >= {messages} FROM starsink.status");
        self.wait_for(&query, limit)
    }

    /// Waits until the positions are at the topic's end and status says so, lag 0 in every partition.
    pub fn drain(&self, kafka: &Kafka, topic: &str, partitions: i32, limit: Duration) -> Duration {
        let end: i64 = (0..partitions)
            .map(|partition| kafka.watermarks(topic, partition).high)
            .sum();
        self.wait_for(
            &format!(
                "SELECT sum(next_offset) = {end} AND count(partition) = {partitions} AND bool_and(lag_messages = 0) \
                 AND bool_and(state = 'running') FROM starsink.status"
            ),
            limit,
        )
    }

    /// Asserts that each good event is in the fact once, each bad message in quarantine once, and that all books agree.
    pub fn assert_loaded_once(&self, sent: &Sent) -> Totals {
        let mut expected: HashMap<String, i64> =
            sent.ids.iter().map(|id| (id.to_string(), 0)).collect();
        assert_eq!(expected.len(), sent.ids.len(), "the shop repeats an id");
        let mut strange = Vec::new();
        for row in self.query("SELECT event_id FROM warehouse.fact_event") {
            let id: String = row.get(0);
            match expected.get_mut(&id) {
                Some(count) => *count += 1,
                None => strange.push(id),
            }
        }
        let missing = expected.values().filter(|count| **count == 0).count();
        let repeated = expected.values().filter(|count| **count > 1).count();
        assert!(
            missing == 0 && repeated == 0 && strange.is_empty(),
            "of {} events sent {missing} are missing and {repeated} there more than once; {} others are there: {:?}\n{}",
            sent.ids.len(),
            strange.len(),
            strange.first(),
            self.books()
        );
        let row = &self.query(
            "SELECT count(*), count(DISTINCT (topic, partition, kafka_offset)) FROM starsink.quarantine \
             WHERE state = 'quarantined'",
        )[0];
        let bad = sent.bad.len() as i64;
        assert_eq!(
            (row.get(0), row.get(1)),
            (bad, bad),
            "messages in quarantine, and distinct ones"
        );
        self.assert_books_agree();
        let totals = self.totals();
        // What a producer sends again counts as a duplicate: never fewer messages than were sent.
        assert!(
            totals.received >= sent.messages() as i64,
            "{totals:?}, sent {}",
            sent.messages()
        );
        assert_eq!(
            (totals.loaded, totals.quarantined),
            (sent.ids.len() as i64, bad),
            "loaded, quarantined"
        );
        assert!(totals.duplicates >= sent.duplicates as i64, "{totals:?}");
        totals
    }

    /// Asserts that the ledger agrees with itself and with the tables, and that nothing was lost.
    pub fn assert_books_agree(&self) {
        let wrong: i64 = self.one(
            "SELECT (SELECT count(*) FROM starsink.reconciliation WHERE difference <> 0 OR lost <> 0) \
                  + (SELECT count(*) FROM starsink.verify() WHERE difference <> 0)",
        );
        assert_eq!(wrong, 0, "the books differ\n{}", self.books());
        // Every epoch's rows join end to end: no offset was skipped, none was read twice.
        let gaps: i64 = self.one(
            "SELECT count(*) FROM (SELECT kind, first_offset, next_offset, epoch, lag(next_offset) OVER place AS before \
             FROM starsink.ledger WHERE first_offset IS NOT NULL \
             WINDOW place AS (PARTITION BY topic, partition, epoch ORDER BY first_offset)) AS l \
             WHERE kind = 'batch' AND first_offset IS DISTINCT FROM before",
        );
        assert_eq!(gaps, 0, "the ledger has gaps\n{}", self.books());
    }

    pub fn totals(&self) -> Totals {
        let row = &self.query(
            "SELECT sum(received)::bigint, sum(loaded)::bigint, sum(duplicates)::bigint, sum(quarantined)::bigint \
             FROM starsink.reconciliation",
        )[0];
        Totals {
            received: row.get(0),
            loaded: row.get(1),
            duplicates: row.get(2),
            quarantined: row.get(3),
        }
    }

    /// The books as text, for a failure's message.
    fn books(&self) -> String {
        self.query("SELECT r::text FROM starsink.reconciliation AS r UNION ALL SELECT v::text FROM starsink.verify() AS v")
            .iter()
            .map(|row| row.get::<_, String>(0) + "\n")
            .collect()
    }
}
