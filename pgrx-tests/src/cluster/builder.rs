//! How a cluster is made: initdb, configuration, first start, database.

use std::fs::{self, DirBuilder, OpenOptions};
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::os::{Owner, bin, run};
use super::session::quoted;
use super::{Cluster, Folder, Port};

pub struct Builder {
    preload: String,
    database: String,
    conf: Vec<(String, String)>,
    data: Option<PathBuf>,
    env: Vec<(String, String)>,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            preload: "starsink".into(),
            database: "postgres".into(),
            conf: Vec::new(),
            data: None,
            env: Vec::new(),
        }
    }
}

impl Builder {
    /// `shared_preload_libraries`; default `starsink`, `""` for none.
    pub fn preload(mut self, libraries: &str) -> Self {
        self.preload = libraries.into();
        self
    }

    /// One line of postgresql.conf. The last one of a name wins.
    pub fn conf(mut self, name: &str, value: impl ToString) -> Self {
        self.conf.push((name.into(), value.to_string()));
        self
    }

    /// A database to create and to use by default; else it is `postgres`.
    pub fn database(mut self, name: &str) -> Self {
        self.database = name.into();
        self
    }

    /// A data folder that [`Cluster::keep`] has put aside; it is moved into the cluster, with the configuration it has.
    pub fn data(mut self, folder: &Path) -> Self {
        self.data = Some(folder.into());
        self
    }

    /// A variable of the server's environment, of this and every later start.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    pub fn start(self) -> Cluster {
        let cluster = self.create();
        cluster.start();
        if self.database != "postgres" {
            let name = self.database.replace('"', "\"\"");
            cluster
                .connect("postgres")
                .batch_execute(&format!("CREATE DATABASE \"{name}\""))
                .expect("CREATE DATABASE");
        }
        cluster
    }

    /// A cluster that was never started.
    fn create(&self) -> Cluster {
        let mut cluster = Cluster::empty(&self.database);
        cluster.env.clone_from(&self.env);
        if let Some(data) = &self.data {
            fs::rename(data, cluster.data()).expect("a folder of the same file system");
            return cluster;
        }
        let mut initdb = cluster.owner.command(&cluster.bin.join("initdb"));
        initdb.arg("-D").arg(cluster.data()).args([
            "-U",
            "postgres",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]);
        // Durability of the empty cluster matters to nobody; that of the running one is PostgreSQL's default.
        initdb.args(["--no-sync", "--no-instructions"]);
        run(initdb);
        self.configure(&cluster);
        cluster
    }

    fn configure(&self, cluster: &Cluster) {
        let mut lines = vec![
            setting("shared_preload_libraries", &self.preload),
            setting("log_line_prefix", "%m [%p] %b "),
            setting("logging_collector", "off"),
        ];
        lines.extend(self.conf.iter().map(|(name, value)| setting(name, value)));
        let file = OpenOptions::new()
            .append(true)
            .open(cluster.data().join("postgresql.conf"));
        file.expect("postgresql.conf")
            .write_all(lines.concat().as_bytes())
            .expect("postgresql.conf is written");
    }
}

impl Cluster {
    /// Folder, port and names of a cluster that has no data yet.
    pub(super) fn empty(database: &str) -> Cluster {
        let cluster = Cluster {
            server: Mutex::new(None),
            database: database.into(),
            env: Vec::new(),
            bin: bin(),
            owner: Owner::find(),
            port: Port::reserve(),
            folder: Folder::new("pg"),
        };
        DirBuilder::new()
            .mode(0o700)
            .create(cluster.data())
            .expect("the data folder");
        cluster.owner.gives(&cluster.data());
        // The socket and its lock file stand here.
        cluster.owner.gives(cluster.folder.path());
        cluster
    }
}

fn setting(name: &str, value: &str) -> String {
    format!("{name} = '{}'\n", quoted(value))
}
