//! Files of the server: who may have them read, and reading that can be cancelled.

use std::fs::{File, Metadata, OpenOptions};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use pgrx::pg_sys;

use crate::server::failure::Failure;

/// Opens a regular file. A pipe, a device or a socket may have no end, and is none; it is not waited for either, and what
/// was opened is looked at, not what stands there a moment before.
pub fn open(path: &Path) -> Result<(File, Metadata), Failure> {
    let name = path.to_string_lossy();
    let unreadable = |error| Failure::file(&name, &error);
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(path)
        .map_err(unreadable)?;
    let about = file.metadata().map_err(unreadable)?;
    if about.is_file() {
        Ok((file, about))
    } else {
        Err(Failure::no_regular_file(&name))
    }
}

/// COPY's rule: members of pg_read_server_files may read the server's files. Who calls the function counts, not whose session
/// it is: an index's function of somebody else runs in a superuser's session too. So no function that asks this may run with its
/// owner's rights.
pub fn may_read() -> Result<(), Failure> {
    // SAFETY: catalog look-ups inside a transaction.
    let may = unsafe {
        pg_sys::has_privs_of_role(
            pg_sys::GetUserId(),
            pg_sys::Oid::from(pg_sys::ROLE_PG_READ_SERVER_FILES),
        )
    };
    if may {
        Ok(())
    } else {
        Err(Failure::file_denied())
    }
}

/// Looks for a cancellation before each block that is read.
pub struct Cancellable<R>(pub R);

impl<R: Read> Read for Cancellable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        pgrx::check_for_interrupts!();
        self.0.read(buffer)
    }
}
