//! A loopback port that stays a fixture's own, also while its server is down between a kill and a restart.
//!
//! Taken below the kernel's range for outgoing connections, and held by a lock file that other test binaries respect.

use std::fs::{File, OpenOptions, TryLockError, create_dir_all};
use std::net::TcpListener;

use rand::Rng;

const RANGE: std::ops::Range<u16> = 20_000..32_000;

pub struct Port {
    number: u16,
    /// The lock is given back when the file closes.
    _lock: File,
}

impl Port {
    pub fn reserve() -> Port {
        for _ in 0..1_000 {
            let number = rand::rng().random_range(RANGE);
            if let Some(lock) = lock(number)
                && TcpListener::bind(("127.0.0.1", number)).is_ok()
            {
                return Port {
                    number,
                    _lock: lock,
                };
            }
        }
        panic!("no free loopback port in {RANGE:?}");
    }

    pub fn number(&self) -> u16 {
        self.number
    }
}

fn lock(number: u16) -> Option<File> {
    // SAFETY: geteuid always succeeds and has no effects.
    let user = unsafe { libc::geteuid() };
    let folder = std::env::temp_dir().join(format!("starsink-ports-{user}"));
    create_dir_all(&folder).expect("a folder for port locks");
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.join(number.to_string()))
        .expect("a port's lock file");
    match file.try_lock() {
        Ok(()) => Some(file),
        Err(TryLockError::WouldBlock) => None,
        Err(TryLockError::Error(error)) => panic!("locking port {number}: {error}"),
    }
}
