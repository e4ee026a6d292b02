//! Every SQL file, by subject: whose it is, and in which order it runs.
//!
//! The extension's files make its functions, types and views; CREATE EXTENSION runs them, with the functions that are made
//! from Rust wherever their `requires` want them. The warehouse's make tables, views and reports; [`crate::layout`] runs
//! them in this order, again and again, so that each leaves alone what is there.

use pgrx::prelude::*;

/// Where functions are that users do not call; made by the first of the files.
#[pg_schema]
mod starsink_internal {}

/// Steps from one lay-out to the next: the one that each leads to, in order; the last one is this library's.
pub const STEPS: &[(i32, &str)] = &[
    (2, include_str!("../sql/upgrade/0002_numbered.sql")),
    (3, include_str!("../sql/upgrade/0003_internal.sql")),
];

macro_rules! manifest {
    (@extension $name:literal $path:literal [$($option:tt)*]) => {
        extension_sql_file!($path, name = $name, $($option)*);
    };
    (@warehouse $name:literal $path:literal []) => {};
    (#extension $name:literal $path:literal) => { None };
    (#warehouse $name:literal $path:literal) => { Some(($name, include_str!($path))) };
    ($($owner:ident $name:literal $path:literal $options:tt;)*) => {
        $(manifest!(@$owner $name $path $options);)*

        const FILES: &[Option<(&str, &str)>] = &[$(manifest!(#$owner $name $path)),*];
    };
}

/// The warehouse's files, each with its name.
pub fn warehouse() -> impl Iterator<Item = (&'static str, &'static str)> {
    FILES.iter().flatten().copied()
}

manifest! {
    extension "first" "../sql/base/first.sql" [bootstrap];
    warehouse "the lay-out" "../sql/base/layout.sql" [];

    warehouse "dimensions" "../sql/dimensions/tables.sql" [];
    warehouse "traffic" "../sql/dimensions/traffic.sql" [];
    warehouse "options" "../sql/dimensions/options.sql" [];
    warehouse "money" "../sql/money/tables.sql" [];
    warehouse "members" "../sql/dimensions/members.sql" [];
    extension "dimensions" "../sql/dimensions/functions.sql" [requires = [
        jobs::registrable_domain, jobs::country_of_domain, world::iso_countries, world::iso_currencies, world::known_sites
    ]];
    extension "money" "../sql/money/functions.sql" [requires = [
        rates::load_exchange_rates, rates_jobs::refresh_exchange_rates, rates_jobs::fetch_exchange_rates, enrich::currency_token, world::currency_aliases
    ]];

    warehouse "facts" "../sql/facts/tables.sql" [];
    extension "partitions" "../sql/facts/partitions.sql" [];
    extension "retention" "../sql/facts/retention.sql" [];

    warehouse "ledger" "../sql/ledger/tables.sql" [];
    extension "ledger" "../sql/ledger/functions.sql" [];
    warehouse "control" "../sql/control/tables.sql" [];
    extension "control" "../sql/control/functions.sql" [requires = [seek::seek, seek::seek_time, seek::seek_offset]];
    extension "ingest" "../sql/ingest/functions.sql" [requires = [ingest::ingest, ingest::ingest_file, state::file_progress]];

    warehouse "forget" "../sql/forget/tables.sql" [];
    extension "forget" "../sql/forget/functions.sql" [requires = [
        forget::names_person, forget::without_addresses, forget::address_hashes, enrich::email_hash
    ]];

    warehouse "sessions" "../sql/fold/sessions.sql" [];
    warehouse "aggregates" "../sql/fold/aggregates.sql" [];
    warehouse "fold" "../sql/fold/tables.sql" [];
    warehouse "live" "../sql/fold/live.sql" [];
    extension "fold" "../sql/fold/functions.sql" [requires = [
        fold::fold, fold::rebuild_aggregates, tail::fold_time_zone, tail::is_folded_up_to
    ]];
    extension "values" "../sql/fold/values.sql" [requires = [
        aggregates::device_set_add, aggregates::device_set_final, aggregates::device_set_final_count, aggregates::device_set_minus,
        aggregates::device_set_common, aggregates::tally_add, aggregates::tally_final, aggregates::tally_entries, aggregates::tally_pick,
        aggregates::tally_top, aggregates::tally_regroup, aggregates::tally_total, aggregates::tally_percentile, aggregates::session_views
    ]];
    warehouse "minutes" "../sql/minutes/tables.sql" [];
    extension "minutes" "../sql/minutes/functions.sql" [];

    warehouse "jobs" "../sql/jobs/tables.sql" [];
    extension "jobs" "../sql/jobs/functions.sql" [requires = [jobs::next_run, jobs::job_states, jobs::note_failure]];
    extension "upkeep" "../sql/jobs/upkeep.sql" [];
    warehouse "quality" "../sql/quality/tables.sql" [];
    extension "quality" "../sql/quality/functions.sql" [];
    warehouse "quarantine" "../sql/quarantine/tables.sql" [];
    extension "quarantine" "../sql/quarantine/functions.sql" [requires = [redrive::redrive, redrive::mend]];

    warehouse "merge" "../sql/merge/tables.sql" [];
    extension "merge_rules" "../sql/merge/rules.sql" [];
    extension "merge_reading" "../sql/merge/reading.sql" [requires = ["merge_rules"]];
    extension "merge_writing" "../sql/merge/writing.sql" [requires = ["merge_reading"]];
    extension "merge_members" "../sql/merge/members.sql" [requires = ["merge_writing"]];
    extension "merge" "../sql/merge/functions.sql" [requires = ["merge_members"]];
    warehouse "audit" "../sql/ledger/views.sql" [];

    extension "types" "../sql/parsers/types.sql" [];
    extension "parsers" "../sql/parsers/functions.sql" [requires = [
        enrich::parse_user_agent, enrich::expand_options, enrich::parse_price, enrich::classify_referrer, enrich::classify_channel, enrich::country_of_ip
    ]];
    warehouse "crawl" "../sql/crawl/tables.sql" [];
    extension "crawl" "../sql/crawl/functions.sql" [requires = [pages::extract_product, pages::crawl_place]];

    extension "status" "../sql/status/functions.sql" [requires = [
        "merge_rules", state::is_preloaded, state::worker_states, state::partition_states, state::setting_notes, state::validation_codes,
        state::quality_codes, "ingest"
    ]];
    extension "metrics" "../sql/status/metrics.sql" [requires = [server::wal_bytes, server::certificate_days]];
    warehouse "alerts" "../sql/alerts/tables.sql" [];
    extension "alerts" "../sql/alerts/functions.sql" [];

    warehouse "replica identity" "../sql/base/replica_identity.sql" [];
    warehouse "dictionary" "../sql/dictionary/views.sql" [];
    extension "dictionary" "../sql/dictionary/functions.sql" [];
    warehouse "rights" "../sql/base/rights.sql" [];

    warehouse "reports: checks" "../sql/reports/checks.sql" [];
    warehouse "reports: money" "../sql/reports/money.sql" [];
    warehouse "reports: products" "../sql/reports/products.sql" [];
    warehouse "reports: time" "../sql/reports/time.sql" [];
    warehouse "reports: geography" "../sql/reports/geography.sql" [];
    warehouse "reports: stores" "../sql/reports/stores.sql" [];
    warehouse "reports: traffic" "../sql/reports/traffic.sql" [];
    warehouse "reports: attribution" "../sql/reports/attribution.sql" [];
    warehouse "reports: funnel" "../sql/reports/funnel.sql" [];
    warehouse "reports: customization" "../sql/reports/customization.sql" [];
    warehouse "reports: engagement" "../sql/reports/engagement.sql" [];
    warehouse "reports: technology" "../sql/reports/technology.sql" [];
    warehouse "reports: views" "../sql/reports/star_views.sql" [];
    warehouse "reports: rights" "../sql/reports/rights.sql" [];

    extension "layout" "../sql/base/functions.sql" [requires = [
        inventory::create_warehouse, inventory::warehouse_inventory, inventory::aggregate_tables
    ]];
    extension "last" "../sql/base/last.sql" [finalize];
}
