//! The SQL of the extension that is not made from Rust functions, in the order it is installed.

use pgrx::prelude::*;

extension_sql_file!(
    "../../sql/extension/encoding.sql",
    name = "encoding",
    bootstrap
);
extension_sql_file!(
    "../../sql/extension/roles.sql",
    name = "roles",
    requires = ["encoding"]
);
extension_sql_file!(
    "../../sql/extension/partitions.sql",
    name = "partitions",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/control.sql",
    name = "control",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/status.sql",
    name = "status",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/metrics.sql",
    name = "metrics",
    requires = ["status", server::wal_bytes, server::certificate_days]
);
extension_sql_file!(
    "../../sql/extension/alerts.sql",
    name = "alerts",
    requires = ["metrics"]
);
extension_sql_file!(
    "../../sql/extension/books.sql",
    name = "books",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/types.sql",
    name = "types",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/currency.sql",
    name = "currency",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/dictionary.sql",
    name = "dictionary",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/forget.sql",
    name = "forget",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/merge_rules.sql",
    name = "merge_rules",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/merge.sql",
    name = "merge",
    requires = ["merge_rules"]
);
extension_sql_file!(
    "../../sql/extension/merge_writer.sql",
    name = "merge_writer",
    requires = ["merge"]
);
extension_sql_file!(
    "../../sql/extension/merge_members.sql",
    name = "merge_members",
    requires = ["merge_writer"]
);
extension_sql_file!(
    "../../sql/extension/merge_functions.sql",
    name = "merge_functions",
    requires = ["merge_members"]
);
extension_sql_file!(
    "../../sql/extension/fold.sql",
    name = "fold",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/jobs.sql",
    name = "jobs",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/job_upkeep.sql",
    name = "job_upkeep",
    requires = ["jobs", "books", "partitions"]
);
extension_sql_file!(
    "../../sql/extension/job_members.sql",
    name = "job_members",
    requires = ["jobs", "currency"]
);
extension_sql_file!(
    "../../sql/extension/retention.sql",
    name = "retention",
    requires = ["jobs"]
);
extension_sql_file!(
    "../../sql/extension/quarantine.sql",
    name = "quarantine",
    requires = ["roles"]
);
extension_sql_file!(
    "../../sql/extension/quality.sql",
    name = "quality",
    requires = ["jobs"]
);
extension_sql_file!(
    "../../sql/extension/minutes.sql",
    name = "minutes",
    requires = ["jobs"]
);
extension_sql_file!(
    "../../sql/extension/crawl.sql",
    name = "crawl",
    requires = ["merge_functions"]
);
extension_sql_file!(
    "../../sql/extension/views_and_rights.sql",
    name = "views_and_rights",
    finalize
);

/// Lays out the warehouse: schemas, tables, views, members that the world knows. Idempotent.
#[pg_extern(security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn create_warehouse() {
    if let Err(failure) = crate::layout::create_once_more() {
        failure.raise();
    }
}
