//! Speaking to a cluster: connections, settings, waiting for conditions, the processes behind it.

use std::thread;
use std::time::{Duration, Instant};

use postgres::types::FromSqlOwned;
use postgres::{Client, Config, NoTls, Row};

use super::Cluster;
use crate::process::signal_pid;

/// Between two looks at a condition.
const LOOK: Duration = Duration::from_millis(20);

impl Cluster {
    pub fn connect(&self, database: &str) -> Client {
        self.connect_as("postgres", database)
    }

    pub fn connect_as(&self, role: &str, database: &str) -> Client {
        self.try_connect(role, database).unwrap_or_else(|error| {
            panic!(
                "connect as {role} to {database}: {error}\n{}",
                self.log_tail()
            )
        })
    }

    pub fn try_connect(&self, role: &str, database: &str) -> Result<Client, postgres::Error> {
        Config::new()
            .host("127.0.0.1")
            .port(self.port())
            .user(role)
            .dbname(database)
            .application_name("starsink tests")
            .connect_timeout(Duration::from_secs(10))
            .connect(NoTls)
    }

    /// Runs statements in the cluster's database; a connection of its own, so that it works after any crash.
    pub fn sql(&self, statements: &str) {
        let result = self.connect(&self.database).batch_execute(statements);
        result.unwrap_or_else(|error| panic!("{statements}: {}", explained(&error)));
    }

    pub fn query(&self, query: &str) -> Vec<Row> {
        let rows = self.connect(&self.database).query(query, &[]);
        rows.unwrap_or_else(|error| panic!("{query}: {}", explained(&error)))
    }

    /// The one value of a query with one row: `let n: i64 = pg.one("SELECT count(*) FROM t")`.
    pub fn one<T: FromSqlOwned>(&self, query: &str) -> T {
        let row = self.connect(&self.database).query_one(query, &[]);
        row.unwrap_or_else(|error| panic!("{query}: {}", explained(&error)))
            .get(0)
    }

    /// `ALTER SYSTEM SET name = 'value'`; takes effect with `reload` or a restart, as the setting says.
    pub fn alter_system(&self, name: &str, value: impl ToString) {
        let plain = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.'));
        assert!(plain, "no name of a setting: {name}");
        self.sql(&format!(
            "ALTER SYSTEM SET {name} = E'{}'",
            quoted(&value.to_string())
        ));
    }

    pub fn reload(&self) {
        self.sql("SELECT pg_reload_conf()");
    }

    /// Waits until a query's first column is true; errors count as not yet, since the cluster may be down just now.
    /// Panics after `limit` with the last outcome and the log; returns how long it took.
    pub fn wait_for(&self, query: &str, limit: Duration) -> Duration {
        self.wait_for_in(&self.database, query, limit)
    }

    /// The same in another database, which need not be there yet.
    pub fn wait_for_in(&self, database: &str, query: &str, limit: Duration) -> Duration {
        let begin = Instant::now();
        let mut client: Option<Client> = None;
        loop {
            let outcome = look(&mut client, query, || {
                self.try_connect("postgres", database)
            });
            match outcome {
                Ok(true) => return begin.elapsed(),
                Ok(false) | Err(_) if begin.elapsed() < limit => thread::sleep(LOOK),
                outcome => panic!(
                    "not within {limit:?}: {query}\nlast: {outcome:?}\n{}",
                    self.log_tail()
                ),
            }
        }
    }

    /// The processes whose `backend_type` is LIKE the pattern: `starsink ingest %`.
    pub fn worker_pids(&self, backend_type: &str) -> Vec<i32> {
        let query = "SELECT pid FROM pg_catalog.pg_stat_activity WHERE backend_type LIKE $1 ORDER BY backend_type, pid";
        let rows = self
            .connect("postgres")
            .query(query, &[&backend_type])
            .expect("pg_stat_activity answers");
        rows.iter().map(|row| row.get(0)).collect()
    }

    /// Signals processes of this cluster by their `backend_type`; returns whom.
    pub fn signal_workers(&self, backend_type: &str, signal: i32) -> Vec<i32> {
        let pids = self.worker_pids(backend_type);
        for pid in &pids {
            signal_pid(*pid, signal);
        }
        pids
    }
}

fn look(
    client: &mut Option<Client>,
    query: &str,
    connect: impl Fn() -> Result<Client, postgres::Error>,
) -> Result<bool, String> {
    let mut open = match client.take() {
        Some(open) => open,
        None => connect().map_err(|error| explained(&error))?,
    };
    let row = open
        .query_one(query, &[])
        .map_err(|error| explained(&error))?;
    *client = Some(open);
    row.try_get::<_, Option<bool>>(0)
        .map(|seen| seen == Some(true))
        .map_err(|error| error.to_string())
}

/// The inside of a literal or of a value in postgresql.conf: both read `''` and `\\` so.
pub(super) fn quoted(value: &str) -> String {
    value.replace('\\', "\\\\").replace('\'', "''")
}

/// What the server said, which the error's own Display leaves out.
fn explained(error: &postgres::Error) -> String {
    match error.as_db_error() {
        Some(said) => format!(
            "{} {}: {}",
            said.severity(),
            said.code().code(),
            said.message()
        ),
        None => error.to_string(),
    }
}
