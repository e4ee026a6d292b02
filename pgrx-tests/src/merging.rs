//! Merges: a warehouse to merge into, facts with their keys, and what must hold of versions and keys at any time.

use postgres::GenericClient;

use crate::cluster::Cluster;

/// As a worker asks before it writes facts: another answer than the one its keys were found under makes them stale.
pub const GENERATION: &str =
    "SELECT pg_catalog.max(merge_id) FROM starsink.merge_history WHERE versioned > 0";
pub const SHARE_VERSIONS: &str =
    "SELECT pg_catalog.pg_advisory_xact_lock_shared(pg_catalog.hashtext('starsink.versions'), 0)";
/// Facts whose key is of a version that did not hold at their time.
pub const MISKEYED: &str = "SELECT count(*) FROM warehouse.fact_event AS f JOIN warehouse.dim_product AS d USING (product_key)
     WHERE f.event_time < d.valid_from OR f.event_time >= d.valid_to";
/// Members whose versions overlap, leave gaps, or are current more than once or never.
pub const BROKEN: &str = "SELECT count(*) FROM (
         SELECT valid_to, is_current, lag(valid_to) OVER w AS before, lead(valid_from) OVER w AS after
         FROM warehouse.dim_product WINDOW w AS (PARTITION BY product_id ORDER BY valid_from)) AS v
     WHERE coalesce(after, 'infinity') <> valid_to OR is_current <> (valid_to = 'infinity')";

/// Hours since the first of 2021.
pub type Hour = i64;

pub fn at(hour: Hour) -> String {
    format!("(timestamptz '2021-01-01 00:00+00' + interval '{hour} hours')")
}

/// Inserts a fact with this SQL for its time and key; the other keys are those of the unknown members.
pub fn insert_fact(client: &mut impl GenericClient, event: &str, time: &str, key: i32) {
    client
        .batch_execute(&format!(
            "INSERT INTO warehouse.fact_event (event_time, audit_key, date_key, time_key, event_type_key, product_key, customer_key,
                 device_key, browser_key, os_key, user_agent_key, store_key, referrer_key, geography_key, campaign_key, alloy_option_key,
                 diamond_option_key, option_combination_key, kafka_partition, kafka_offset, quality_flags, payload_hash, is_bot, event_id, kafka_topic)
             VALUES ({time}, pg_catalog.nextval('starsink.audit_key'), -1, -1, -1, {key}, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, false, '{event}', 't')"
        ))
        .unwrap();
}

pub fn warehouse() -> Cluster {
    let pg = Cluster::consuming_nothing();
    pg.sql(
        "SELECT starsink.create_warehouse();
         SELECT starsink_internal.ensure_partition(t) FROM generate_series(timestamptz '2020-11-01 00:00+00', '2022-01-01', '1 month') AS t;
         SELECT starsink_internal.ensure_partition(now())",
    );
    pg
}
