//! Base backups with archived WAL, and clusters restored from them to a moment or to the end.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::PathBuf;

use super::os::{Owner, bin, run};
use super::{Cluster, Folder};

/// Where base backups and archived WAL of a cluster stand, apart from its data.
pub struct Backup {
    folder: Folder,
}

impl Default for Backup {
    fn default() -> Self {
        let backup = Backup {
            folder: Folder::new("backup"),
        };
        fs::create_dir(backup.wal()).expect("a folder for WAL");
        for folder in [backup.folder.path().to_owned(), backup.wal()] {
            Owner::find().gives(&folder);
        }
        backup
    }
}

impl Backup {
    fn wal(&self) -> PathBuf {
        self.folder.join("wal")
    }

    pub fn base(&self) -> PathBuf {
        self.folder.join("base")
    }

    /// `archive_command`, as in the manual: a file is there whole or not at all, none is overwritten, and one that came
    /// before is as good.
    pub fn archive_command(&self) -> String {
        let file = format!("{}/%f", self.wal().display());
        format!(
            "cmp -s %p {file} || (test ! -f {file} && cp %p {file}.part && sync {file}.part && mv {file}.part {file})"
        )
    }

    /// A base backup of a running cluster, with its manifest.
    pub fn take(&self, pg: &Cluster) {
        let mut backup = pg.owner.command(&pg.bin.join("pg_basebackup"));
        backup.arg("-D").arg(self.base()).args([
            "-h",
            "127.0.0.1",
            "-p",
            &pg.port().to_string(),
            "-U",
            "postgres",
            "--checkpoint=fast",
            "--no-sync",
        ]);
        run(backup);
    }

    /// Whether the base backup is what its manifest says.
    pub fn is_sound(&self) -> bool {
        let mut verify = Owner::find().command(&bin().join("pg_verifybackup"));
        let output = verify.arg(self.base()).output().expect("pg_verifybackup");
        output.status.success()
    }

    /// Waits until all that a cluster has written so far is archived.
    pub fn wait_for_archive(&self, pg: &Cluster) {
        let last: String = pg.one("SELECT pg_walfile_name(pg_switch_wal())");
        pg.wait_for(
            &format!("SELECT last_archived_wal >= '{last}' FROM pg_stat_archiver"),
            super::PATIENCE,
        );
    }

    /// A cluster made of the base backup and the archived WAL. With a moment it stands still there, until it is told to go on;
    /// else it replays all there is and goes on by itself.
    pub fn restore(&self, database: &str, moment: Option<&str>) -> Cluster {
        let cluster = Cluster::empty(database);
        let mut copy = cluster.owner.command("cp".as_ref());
        copy.arg("-a")
            .arg(self.base().join("."))
            .arg(cluster.data());
        run(copy);
        let mut lines = format!("restore_command = 'cp {}/%f %p'\n", self.wal().display());
        if let Some(moment) = moment {
            lines += &format!("recovery_target_time = '{moment}'\n");
        }
        OpenOptions::new()
            .append(true)
            .open(cluster.data().join("postgresql.conf"))
            .and_then(|mut conf| conf.write_all(lines.as_bytes()))
            .expect("postgresql.conf is written");
        let signal = cluster.data().join("recovery.signal");
        fs::write(&signal, "").expect("recovery.signal");
        cluster.owner.gives(&signal);
        cluster.start();
        cluster
    }
}
