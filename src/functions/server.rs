//! What PostgreSQL tells of itself to superusers only, or to nobody: how much WAL there is, when its certificate ends.
//!
//! Both are read as the server's own user, in the data folder, which is where a server's processes work.

use std::ffi::{CStr, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;

use openssl::asn1::Asn1Time;
use openssl::x509::X509;
use pgrx::prelude::*;

/// Bytes of the WAL in pg_wal; NULL where that cannot be read.
#[pg_extern(volatile, parallel_safe, schema = "starsink_internal")]
fn wal_bytes() -> Option<i64> {
    let mut bytes = 0;
    for entry in fs::read_dir("pg_wal").ok()? {
        // Segments come and go meanwhile.
        if let Ok(found) = entry.and_then(|entry| entry.metadata())
            && found.is_file()
        {
            bytes += found.len();
        }
    }
    i64::try_from(bytes).ok()
}

/// Whole days until the certificate that ssl_cert_file names ends, negative when it has; NULL where it cannot be read.
#[pg_extern(volatile, parallel_safe, schema = "starsink_internal")]
fn certificate_days() -> Option<i32> {
    // SAFETY: a terminated name; what comes back is terminated, and stays until the setting changes.
    let path = unsafe {
        let value = pg_sys::GetConfigOption(c"ssl_cert_file".as_ptr(), true, false);
        if value.is_null() {
            return None;
        }
        OsStr::from_bytes(CStr::from_ptr(value).to_bytes())
    };
    // The server's own is the first of a chain.
    let certificate = X509::from_pem(&fs::read(path).ok()?).ok()?;
    let left = Asn1Time::days_from_now(0)
        .ok()?
        .diff(certificate.not_after())
        .ok()?;
    // Both parts have the same sign.
    Some(left.days - i32::from(left.secs < 0))
}
