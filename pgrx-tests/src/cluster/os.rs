//! Which operating-system user runs the server, and which installation it comes from.

use std::ffi::CString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// PostgreSQL refuses to run as root: then it is the user `postgres`, else whoever runs the tests.
#[derive(Clone, Copy)]
pub(crate) struct Owner(Option<(u32, u32)>);

impl Owner {
    pub fn find() -> Owner {
        // SAFETY: geteuid always succeeds; getpwnam gets a terminated string, and its result is copied at once,
        // before any other call could overwrite it (all clusters ask for the same user).
        unsafe {
            if libc::geteuid() != 0 {
                return Owner(None);
            }
            let name = CString::new("postgres").expect("no zero byte in it");
            let user = libc::getpwnam(name.as_ptr());
            assert!(
                !user.is_null(),
                "running as root: PostgreSQL needs the operating-system user postgres"
            );
            Owner(Some(((*user).pw_uid, (*user).pw_gid)))
        }
    }

    pub fn command(self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/");
        if let Owner(Some((user, group))) = self {
            command.uid(user).gid(group);
        }
        command
    }

    /// User and group to become; none where the tests' own user runs the server.
    pub fn ids(self) -> Option<(u32, u32)> {
        self.0
    }

    pub fn gives(self, path: &Path) {
        if let Owner(Some((user, group))) = self {
            std::os::unix::fs::chown(path, Some(user), Some(group))
                .expect("root may give folders away");
        }
    }
}

/// The server programs: `$PG_CONFIG --bindir`, by default the `pg_config` of the path.
pub(crate) fn bin() -> PathBuf {
    let pg_config = std::env::var_os("PG_CONFIG").unwrap_or_else(|| "pg_config".into());
    let output = Command::new(&pg_config).arg("--bindir").output();
    let output = output.unwrap_or_else(|error| panic!("{}: {error}", pg_config.display()));
    PathBuf::from(String::from_utf8(output.stdout).expect("a path").trim_end())
}

/// Runs to the end; panics with what it said when it failed.
pub(super) fn run(mut command: Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
