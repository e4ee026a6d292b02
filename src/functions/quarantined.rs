//! What a call put aside, or left aside, told to the caller: the codes, the messages and why.

use pgrx::datum::DatumWithOid;
use pgrx::pg_sys;
use pgrx::pg_sys::panic::ErrorReport;
use pgrx::{PgLogLevel, PgSqlErrorCode};

use crate::server::failure::Failure;
use crate::server::statement::Statement;

/// Most kinds of trouble that one call tells of.
const MOST: usize = 5;

macro_rules! grouped {
    ($condition:literal) => {
        concat!(
            "SELECT pg_catalog.array_to_string(q.codes, ', '), pg_catalog.count(*), pg_catalog.min(q.quarantine_id), \
             (pg_catalog.array_agg(q.detail ORDER BY q.quarantine_id))[1] FROM starsink.quarantine AS q \
             WHERE q.state = 'quarantined' AND ",
            $condition,
            " GROUP BY q.codes ORDER BY 2 DESC, 3"
        )
    };
}

/// Tells of the message at this place.
pub fn tell_of(topic: &str, offset: i64) -> Result<(), Failure> {
    tell(
        &Statement::new(
            grouped!("q.topic = $1 AND q.partition = 0 AND q.kafka_offset = $2"),
            &[pg_sys::TEXTOID, pg_sys::INT8OID],
        ),
        &[topic.into(), offset.into()],
    )
}

/// Tells of what came to quarantine from this source after a number.
pub fn tell_since(topic: &str, last: i64) -> Result<(), Failure> {
    tell(
        &Statement::new(
            grouped!("q.topic = $1 AND q.quarantine_id > $2"),
            &[pg_sys::TEXTOID, pg_sys::INT8OID],
        ),
        &[topic.into(), last.into()],
    )
}

/// Tells of those of these messages that are still there.
pub fn tell_of_these(ids: Vec<i64>) -> Result<(), Failure> {
    tell(
        &Statement::new(
            grouped!("q.quarantine_id = ANY ($1)"),
            &[pg_sys::INT8ARRAYOID],
        ),
        &[ids.into()],
    )
}

/// The number that the last message in quarantine has.
pub fn last() -> Result<i64, Failure> {
    let mut last = 0;
    Statement::new(
        "SELECT COALESCE(pg_catalog.max(q.quarantine_id), 0) FROM starsink.quarantine AS q",
        &[],
    )
    .each(&[], |row| {
        last = row.get(1)?;
        Ok(())
    })?;
    Ok(last)
}

fn tell(statement: &Statement, values: &[DatumWithOid<'_>]) -> Result<(), Failure> {
    let mut groups: Vec<(String, i64, i64, String)> = Vec::new();
    statement.each(values, |row| {
        groups.push((row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?));
        Ok(())
    })?;
    for (codes, count, first, detail) in groups.into_iter().take(MOST) {
        let which = match count {
            1 => format!("message {first} is quarantined"),
            _ => format!("{count} messages are quarantined, the first of them {first}"),
        };
        ErrorReport::new(
            PgSqlErrorCode::ERRCODE_SUCCESSFUL_COMPLETION,
            format!("{which}: {codes}"),
            "starsink",
        )
        .set_detail(detail)
        .set_hint("starsink.codes says what each code asks for; starsink.quarantine has the messages by quarantine_id.")
        .report(PgLogLevel::NOTICE);
    }
    Ok(())
}
