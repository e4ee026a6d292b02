//! A streaming standby of a cluster, and its promotion.

use std::time::Duration;

use super::os::run;
use super::{Cluster, PATIENCE};

impl Cluster {
    /// A running hot standby, made by pg_basebackup with this cluster's configuration.
    pub fn standby(&self) -> Cluster {
        let standby = Cluster::empty(&self.database);
        let mut backup = standby.owner.command(&standby.bin.join("pg_basebackup"));
        backup.arg("-D").arg(standby.data()).args([
            "-h",
            "127.0.0.1",
            "-p",
            &self.port().to_string(),
            "-U",
            "postgres",
        ]);
        backup.args([
            "--write-recovery-conf",
            "--wal-method=stream",
            "--checkpoint=fast",
            "--no-sync",
        ]);
        run(backup);
        standby.start();
        standby
    }

    pub fn is_standby(&self) -> bool {
        self.one("SELECT pg_catalog.pg_is_in_recovery()")
    }

    /// Makes a standby the primary; returns when it takes writes.
    pub fn promote(&self) {
        let done: bool = self.one(&format!(
            "SELECT pg_catalog.pg_promote(true, {})",
            PATIENCE.as_secs()
        ));
        assert!(done, "the standby was not promoted\n{}", self.log_tail());
    }

    /// Waits until the standby has replayed all that this primary has written so far.
    pub fn wait_for_replay(&self, standby: &Cluster, limit: Duration) {
        let written: String = self.one("SELECT pg_catalog.pg_current_wal_insert_lsn()::text");
        standby.wait_for(
            &format!("SELECT pg_catalog.pg_last_wal_replay_lsn() >= '{written}'::pg_lsn"),
            limit,
        );
    }
}
