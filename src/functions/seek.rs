//! Going to another place in the topic: the target is checked with the broker, then an epoch begins there. Workers
//! notice the command and go on from it; what comes a second time is recognised.

use starsink_core::time::POSTGRES_EPOCH;
use std::sync::Arc;
use std::time::Duration;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::functions::beside::{self, Wanted};
use crate::kafka::client::{self, Client};
use crate::kafka::notices::Notices;
use crate::kafka::topic::{Description, Watermarks};
use crate::layout;
use crate::load::ledger::{Ledger, Position};
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::settings::Settings;

const PATIENCE: Duration = Duration::from_secs(10);

/// So many seconds for one try after the other: together as long.
const TRIES: [u64; 4] = [1, 2, 3, 4];

/// Partition, where it was, where it goes.
type Move = (i32, Option<i64>, i64);

#[derive(Clone, Copy)]
enum Target {
    Earliest,
    Latest,
    /// Milliseconds since the Unix epoch.
    Time(i64),
    Offset {
        partition: i32,
        next_offset: i64,
    },
}

/// Goes to the `earliest` or `latest` message of every partition.
#[pg_extern(security_definer, volatile, parallel_unsafe, strict)]
#[search_path(pg_catalog, pg_temp)]
fn seek(
    target: &str,
) -> TableIterator<
    'static,
    (
        name!(partition, i32),
        name!(from_offset, Option<i64>),
        name!(next_offset, i64),
    ),
> {
    match target {
        "earliest" => go(Target::Earliest, target),
        "latest" => go(Target::Latest, target),
        other => Failure::bad_seek(other).raise(),
    }
}

/// Goes to the first message at or after a time, by Kafka's timestamps, in every partition.
#[pg_extern(security_definer, volatile, parallel_unsafe, strict, name = "seek")]
#[search_path(pg_catalog, pg_temp)]
fn seek_time(
    target: TimestampWithTimeZone,
) -> TableIterator<
    'static,
    (
        name!(partition, i32),
        name!(from_offset, Option<i64>),
        name!(next_offset, i64),
    ),
> {
    let micros = i64::from(target).saturating_add(POSTGRES_EPOCH);
    go(
        Target::Time(micros.div_euclid(1000).max(0)),
        &target.to_iso_string(),
    )
}

/// Goes to an offset of one partition.
#[pg_extern(security_definer, volatile, parallel_unsafe, strict, name = "seek")]
#[search_path(pg_catalog, pg_temp)]
fn seek_offset(
    partition: i32,
    next_offset: i64,
) -> TableIterator<
    'static,
    (
        name!(partition, i32),
        name!(from_offset, Option<i64>),
        name!(next_offset, i64),
    ),
> {
    go(
        Target::Offset {
            partition,
            next_offset,
        },
        &format!("partition {partition}, offset {next_offset}"),
    )
}

fn go(target: Target, words: &str) -> TableIterator<'static, Move> {
    match moves(&target, words) {
        Ok(moves) => TableIterator::new(moves),
        Err(failure) => failure.raise(),
    }
}

fn moves(target: &Target, words: &str) -> Result<Vec<Move>, Failure> {
    let settings = Settings::current();
    if !settings.has_source() {
        return Err(Failure::no_source());
    }
    if !layout::exists() {
        return Err(Failure::warehouse_missing());
    }
    let settings = settings.with_secrets()?;
    let (topic_id, targets) = beside::run({
        let (settings, target) = (settings.clone(), *target);
        let properties = settings.kafka_client();
        move |wanted| look_up(&settings.topic, &properties, target, wanted)
    })?;
    // Commands take effect in the order of their numbers; the lock keeps that the order of their commits.
    Statement::new(
        "SELECT pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('starsink.control'))",
        &[],
    )
    .run(&[])?;
    Statement::new(
        "INSERT INTO starsink.control_log (action, is_paused, detail) \
         SELECT 'seek', COALESCE((SELECT is_paused FROM starsink.control_log ORDER BY control_id DESC LIMIT 1), false), $1",
        &[pg_sys::TEXTOID],
    )
    .run(&[words.into()])?;
    Statement::new("SELECT starsink_internal.warn_unwatched()", &[]).run(&[])?;
    let ledger = Ledger::new();
    let partitions: Vec<i32> = targets.iter().map(|(partition, _)| *partition).collect();
    let positions = ledger.positions(&settings.topic, &partitions)?;
    let mut moves = Vec::new();
    for (partition, next_offset) in targets {
        let before = positions
            .iter()
            .find(|position| position.partition == partition);
        let epoch = before.map_or(0, |position| position.epoch + 1);
        let position = Position {
            partition,
            epoch,
            next_offset,
            topic_id: topic_id.clone(),
        };
        ledger.reset(
            None,
            &settings.topic,
            &position,
            0,
            &format!("seek to {words}"),
        )?;
        moves.push((
            partition,
            before.map(|position| position.next_offset),
            next_offset,
        ));
    }
    Ok(moves)
}

/// Asks about the topic, with growing patience; no longer than it takes to hear that no broker can be reached. An error
/// names the brokers and what is wrong with each.
fn describe(
    client: &Client,
    topic: &str,
    properties: &[(String, String)],
    notices: &Notices,
) -> Result<Description, Failure> {
    let servers = properties
        .iter()
        .find(|(name, _)| name == "bootstrap.servers")
        .map_or("", |(_, servers)| servers.as_str());
    let mut heard: Vec<String> = Vec::new();
    let mut silence = None;
    for seconds in TRIES {
        let answer = client.describe(topic, Duration::from_secs(seconds));
        client.serve_callbacks();
        let errors = notices.take().into_iter().filter(|notice| notice.is_error);
        for notice in errors {
            if !heard.contains(&notice.text) {
                heard.push(notice.text);
            }
        }
        let error = match answer {
            Ok(description) => return Ok(description),
            Err(error) if error.is_silence() => error,
            Err(error) => return Err(Failure::kafka(&error)),
        };
        let is_refused = |server: &str| {
            // As it stands in the lines: localhost:9092/bootstrap: Connect to …
            let address = server.rsplit_once("://").map_or(server, |(_, rest)| rest);
            let names = |part: &str| part == address || part.strip_prefix(address) == Some(":9092");
            heard.iter().any(|line| line.split('/').any(names))
        };
        let is_hopeless = servers.split(',').map(str::trim).all(is_refused);
        silence = Some(error);
        if is_hopeless {
            break;
        }
    }
    let error = silence.map_or_else(String::new, |error| error.text);
    let reasons = if heard.is_empty() {
        format!("no answer from {servers}")
    } else {
        heard.join("; ")
    };
    let text = format!("{error} ({reasons})");
    Err(Failure::kafka(&client::Error { code: None, text }))
}

/// Asks the broker for the target of each partition.
fn look_up(
    topic: &str,
    properties: &[(String, String)],
    target: Target,
    wanted: &Wanted,
) -> Result<(String, Vec<(i32, i64)>), Failure> {
    let failed = |error| Failure::kafka(&error);
    let notices = Arc::new(Notices::default());
    let client = Client::connect(properties, Arc::clone(&notices)).map_err(failed)?;
    let description = describe(&client, topic, properties, &notices)?;
    let marks = |partition| {
        client
            .watermarks(topic, partition, PATIENCE)
            .map_err(failed)
    };
    if let Target::Offset {
        partition,
        next_offset,
    } = target
    {
        if !description.partitions.contains(&partition) {
            return Err(Failure::no_such_partition(
                topic,
                partition,
                &description.partitions,
            ));
        }
        let Watermarks { low, high } = marks(partition)?;
        if !(low..=high).contains(&next_offset) {
            return Err(Failure::no_such_offset(
                topic,
                partition,
                next_offset,
                low,
                high,
            ));
        }
        return Ok((description.id, vec![(partition, next_offset)]));
    }
    let partitions = description.partitions.iter();
    let targets = partitions.take_while(|_| wanted.is_wanted());
    let targets = targets.map(|&partition| {
        let offset = match target {
            Target::Earliest => marks(partition)?.low,
            Target::Latest => marks(partition)?.high,
            Target::Time(time) => client
                .offset_at(topic, partition, time, PATIENCE)
                .map_err(failed)?,
            Target::Offset { next_offset, .. } => next_offset,
        };
        Ok((partition, offset))
    });
    let targets = targets.collect::<Result<_, Failure>>()?;
    Ok((description.id, targets))
}
