//! Which partitions a worker consumes, and from where: its share of the topic, held under advisory locks, from the
//! positions of the ledger, as far as the topic still has them.

use std::collections::HashMap;

use pgrx::pg_sys;
use xxhash_rust::xxh3::xxh3_64;

use crate::kafka::topic::Watermarks;
use crate::load::knowledge::Knowledge;
use crate::load::ledger::{Ledger, Position};
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::settings::{OffsetReset, OnReset, Settings};
use crate::worker::ingest::scout::Sighting;
use crate::worker::state::State;
use starsink_core::batch::share::Share;

/// A decision, good until the topic, a setting or a command changes.
#[derive(Clone, Debug, Default)]
pub struct Assignment {
    /// Partitions to consume.
    pub positions: Vec<Position>,
    /// Partitions of the share that another process holds still.
    pub contested: Vec<i32>,
    /// Partitions that wait for the operator, and why.
    pub held: Vec<(i32, String)>,
    pub watermarks: Vec<(i32, Watermarks)>,
    /// What the operator must know of resets made.
    pub warnings: Vec<String>,
    /// A partition seems to end before its committed offset: to be looked at again before anything is begun anew. A
    /// broker that has just started knows its high watermark only as of its last checkpoint.
    pub is_doubtful: bool,
    pub knowledge: Knowledge,
    topic_id: String,
    partitions: Vec<i32>,
    advanced: HashMap<i32, i64>,
}

impl Assignment {
    /// Takes the locks, reads the positions, and mends those that the topic does not have any more. Inside a
    /// transaction; the locks are the session's and stay. `doubts_last`: what seemed to be cut short seems so for long
    /// enough to be believed.
    pub fn decide(
        settings: &Settings,
        share: Share,
        sighting: &Sighting,
        ledger: &Ledger,
        doubts_last: bool,
    ) -> Result<Assignment, Failure> {
        let topic = settings.topic.as_str();
        let mut decision = Assignment {
            watermarks: sighting.watermarks.clone(),
            knowledge: Knowledge::current()?,
            topic_id: sighting.description.id.clone(),
            partitions: sighting.description.partitions.clone(),
            ..Assignment::default()
        };
        let mine: Vec<i32> = decision
            .partitions
            .iter()
            .copied()
            .filter(|&partition| share.has(partition))
            .collect();
        let locked = lock(topic, &mine)?;
        decision.contested = mine
            .into_iter()
            .filter(|partition| !locked.contains(partition))
            .collect();
        begin_topic(settings, share, sighting, ledger)?;
        let known = ledger.positions(topic, &locked)?;
        let watermarks: HashMap<i32, Watermarks> = sighting.watermarks.iter().copied().collect();
        for partition in locked {
            let Some(&marks) = watermarks.get(&partition) else {
                continue;
            };
            match known
                .iter()
                .find(|position| position.partition == partition)
            {
                Some(position) => decision.mend(
                    settings,
                    share,
                    ledger,
                    position.clone(),
                    marks,
                    doubts_last,
                )?,
                None => {
                    let fresh = Position {
                        partition,
                        epoch: 0,
                        next_offset: marks.low,
                        topic_id: decision.topic_id.clone(),
                    };
                    ledger.reset(Some(share.worker), topic, &fresh, 0, "new partition")?;
                    decision.positions.push(fresh);
                }
            }
        }
        Ok(decision)
    }

    /// Keeps a position that is still good; else does what the settings say.
    fn mend(
        &mut self,
        settings: &Settings,
        share: Share,
        ledger: &Ledger,
        position: Position,
        marks: Watermarks,
        doubts_last: bool,
    ) -> Result<(), Failure> {
        let (partition, next) = (position.partition, position.next_offset);
        let recreated = !position.topic_id.is_empty()
            && !self.topic_id.is_empty()
            && position.topic_id != self.topic_id;
        if !recreated && next > marks.high && !doubts_last {
            let end = marks.high;
            self.is_doubtful = true;
            self.held.push((
                partition,
                format!("the topic seems to end at offset {end}, before the committed {next}: looking again"),
            ));
            return Ok(());
        }
        let (what, policy, setting, missed) = if recreated {
            (
                "the topic was deleted and created again".to_owned(),
                settings.on_recreated,
                "starsink.on_recreated",
                0,
            )
        } else if next > marks.high {
            (
                format!(
                    "the topic ends at offset {}, before the committed {next}",
                    marks.high
                ),
                settings.on_recreated,
                "starsink.on_recreated",
                0,
            )
        } else if next < marks.low {
            (
                format!(
                    "offsets {next} to {} were deleted before they were read",
                    marks.low - 1
                ),
                settings.on_trimmed,
                "starsink.on_trimmed",
                marks.low
                    - self
                        .furthest(ledger, &settings.topic, &position)?
                        .min(marks.low),
            )
        } else {
            self.positions.push(position);
            return Ok(());
        };
        let (target, lost) = match policy {
            OnReset::Earliest => (marks.low, missed),
            OnReset::Latest => (marks.high, if missed > 0 { marks.high - next } else { 0 }),
            OnReset::Pause => {
                self.held.push((
                    partition,
                    format!("{what}; {setting} = pause: choose a place with starsink.seek()"),
                ));
                return Ok(());
            }
        };
        let fresh = Position {
            partition,
            epoch: position.epoch + 1,
            next_offset: target,
            topic_id: self.topic_id.clone(),
        };
        ledger.reset(Some(share.worker), &settings.topic, &fresh, lost, &what)?;
        self.warnings.push(format!(
            "topic \"{}\" partition {partition}: {what}; going on at offset {target}",
            settings.topic
        ));
        self.positions.push(fresh);
        Ok(())
    }

    /// How far the partition of this very topic was ever read: after a seek back, what was read before is not lost.
    fn furthest(&self, ledger: &Ledger, topic: &str, position: &Position) -> Result<i64, Failure> {
        ledger
            .furthest(topic, position.partition, &self.topic_id)
            .map(|furthest| furthest.max(position.next_offset))
    }

    /// Whether a new sighting leaves the decision as it is.
    pub fn still_holds(&self, sighting: &Sighting) -> bool {
        !self.is_doubtful
            && self.topic_id == sighting.description.id
            && self.partitions == sighting.description.partitions
    }

    pub fn advance(&mut self, spans: impl Iterator<Item = (i32, i64)>) {
        self.advanced.extend(spans);
    }

    /// Positions that moved since the last call.
    pub fn moved(&mut self) -> Vec<(i32, i64)> {
        self.advanced.drain().collect()
    }

    /// What it comes down to, for a person.
    pub fn reason(&self) -> String {
        let mut parts = vec![match self.positions.len() {
            0 => "no partition".to_owned(),
            1 => "1 partition".to_owned(),
            many => format!("{many} partitions"),
        }];
        if !self.contested.is_empty() {
            parts.push(format!(
                "{} not released yet by another worker",
                self.contested.len()
            ));
        }
        parts.extend(
            self.held
                .iter()
                .map(|(partition, why)| format!("partition {partition}: {why}")),
        );
        parts.join("; ")
    }

    /// Each partition with state, high watermark and reason.
    pub fn shown<'a>(&'a self, high: &HashMap<i32, i64>) -> Vec<(i32, State, i64, &'a str)> {
        let high = |partition: i32| high.get(&partition).copied().unwrap_or(-1);
        let running = self.positions.iter().map(|position| {
            (
                position.partition,
                State::Running,
                high(position.partition),
                "",
            )
        });
        let held = self
            .held
            .iter()
            .map(|(partition, why)| (*partition, State::Paused, high(*partition), why.as_str()));
        running.chain(held).collect()
    }
}

/// At the first contact with a topic every partition gets its beginning, so that one which comes later is known to
/// be new, and is read from its start.
fn begin_topic(
    settings: &Settings,
    share: Share,
    sighting: &Sighting,
    ledger: &Ledger,
) -> Result<(), Failure> {
    let topic = settings.topic.as_str();
    Statement::new(
        "SELECT pg_catalog.pg_advisory_xact_lock($1, -1)",
        &[pg_sys::INT4OID],
    )
    .run(&[lock_class(topic).into()])?;
    let mut is_known = false;
    Statement::new(
        "SELECT EXISTS (SELECT FROM starsink.ledger WHERE topic = $1 AND first_offset = -1)",
        &[pg_sys::TEXTOID],
    )
    .each(&[topic.into()], |row| {
        is_known = row.get(1)?;
        Ok(())
    })?;
    if is_known {
        return Ok(());
    }
    for &(partition, marks) in &sighting.watermarks {
        let next_offset = match settings.auto_offset_reset {
            OffsetReset::Earliest => marks.low,
            OffsetReset::Latest => marks.high,
        };
        let position = Position {
            partition,
            epoch: 0,
            next_offset,
            topic_id: sighting.description.id.clone(),
        };
        ledger.reset(Some(share.worker), topic, &position, 0, "first contact")?;
    }
    Ok(())
}

fn lock_class(topic: &str) -> i32 {
    xxh3_64(format!("starsink.partition {topic}").as_bytes()) as i32
}

/// Those of the partitions whose lock could be had; none is waited for.
fn lock(topic: &str, partitions: &[i32]) -> Result<Vec<i32>, Failure> {
    let mut locked = Vec::new();
    Statement::new(
        "SELECT p FROM pg_catalog.unnest($2) AS p WHERE pg_catalog.pg_try_advisory_lock($1, p)",
        &[pg_sys::INT4OID, pg_sys::INT4ARRAYOID],
    )
    .each(
        &[lock_class(topic).into(), partitions.to_vec().into()],
        |row| {
            locked.push(row.get(1)?);
            Ok(())
        },
    )?;
    Ok(locked)
}

/// Whether one of these locks can be had now; it is kept, to be released with all others.
pub fn any_free(topic: &str, partitions: &[i32]) -> Result<bool, Failure> {
    lock(topic, partitions).map(|locked| !locked.is_empty())
}

/// Lets go of all partitions.
pub fn release_all() -> Result<(), Failure> {
    Statement::new("SELECT pg_catalog.pg_advisory_unlock_all()", &[]).run(&[])
}
