//! A fixture's folder: short enough for a socket in it, removed with the fixture.
//!
//! A test binary that was killed could not remove its folders, so the next one sweeps what a dead process left.
//! With `STARSINK_KEEP=1` in the environment folders stay, for looking into them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Once;

use crate::process::Seen;

const PREFIX: &str = "starsink-";
/// A folder that holds this file is not swept.
const KEPT: &str = "kept";

pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// `/tmp/starsink-<pid>-<name>-<random>`, readable by all: servers may run as another user.
    pub fn new(name: &str) -> Folder {
        static SWEPT: Once = Once::new();
        SWEPT.call_once(sweep);
        let path = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-{name}-", std::process::id()))
            .rand_bytes(4)
            .permissions(std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .tempdir_in("/tmp")
            .expect("a folder in /tmp")
            .keep();
        Folder { path }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn join(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Removes the folder now: for statics, which are never dropped.
    pub fn remove(&self) {
        if std::env::var_os("STARSINK_KEEP").is_some_and(|keep| keep == "1") {
            // Without the mark the folder is only swept earlier.
            let _ = fs::write(self.join(KEPT), "");
            eprintln!("kept: {}", self.path.display());
        } else {
            // A file that a dying server still writes may win the race; the next sweep gets it.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        self.remove();
    }
}

fn sweep() {
    let Ok(entries) = fs::read_dir("/tmp") else {
        return;
    };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let owner = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok());
        if owner.is_some_and(|pid| Seen::of(pid).is_none()) && !entry.path().join(KEPT).exists() {
            // Another user's, or another sweeper was faster: either way not ours to remove.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

/// The last lines of a server's log, for a failure message.
pub fn tail(log: &Path, lines: usize) -> String {
    let text = fs::read(log)
        .map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
        .unwrap_or_default();
    let all: Vec<&str> = text.lines().collect();
    format!(
        "last lines of {}:\n{}",
        log.display(),
        all[all.len().saturating_sub(lines)..].join("\n")
    )
}
