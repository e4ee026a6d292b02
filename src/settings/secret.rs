//! Secrets. PostgreSQL logs `parameter "…" changed to "…"` at a reload and shows every value in pg_settings, so the
//! variable itself never holds a secret: the check hook moves the value into the hook's extra block and leaves
//! a mask, always the same, so that the server sees no change to report; the assign hook takes it from there.
//!
//! A secret can stand in a file instead: then no file of the server's holds it, and none shows it where the library is
//! not loaded. Whoever needs it reads the file, at first use and again after a reload; a path is no secret.

use std::ffi::{CStr, CString, c_char, c_void};
use std::fs::File;
use std::io::Read;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

use parking_lot::Mutex;
use pgrx::prelude::*;

use crate::server::failure::Failure;
use crate::settings::check::Refusal;

/// What pg_settings, SHOW and the log see in place of a secret, set or not.
const MASK: &CStr = c"********";

/// A secret is a line; a few options with passwords are longer.
const LARGEST: u64 = 64 << 10;

/// One secret's true value.
pub struct Secret {
    value: Mutex<String>,
    /// What its file held; `None` until it is read, and after a reload.
    in_file: Mutex<Option<String>>,
}

impl Secret {
    pub const fn new() -> Self {
        Secret {
            value: Mutex::new(String::new()),
            in_file: Mutex::new(None),
        }
    }

    /// The value of the setting itself.
    pub fn get(&self) -> String {
        self.value.lock().clone()
    }

    pub fn is_set(&self) -> bool {
        !self.value.lock().is_empty()
    }

    fn set(&self, value: &CStr) {
        *self.value.lock() = value.to_string_lossy().into_owned();
    }

    /// The file's setting was applied, as at each reload: the file is to be read again.
    pub fn forget_file(&self) {
        *self.in_file.lock() = None;
    }

    /// The value of the setting `name`, or what stands in the file that `name`_file says, if it says one; `check` is the
    /// setting's own.
    pub fn read(
        &self,
        name: &str,
        path: &str,
        check: impl FnOnce(&str) -> Result<(), Refusal>,
    ) -> Result<String, Failure> {
        if path.is_empty() {
            return Ok(self.get());
        }
        if self.is_set() {
            return Err(Failure::secret(
                format!("both {name} and {name}_file are set"),
                "ALTER SYSTEM RESET one of them, then SELECT pg_reload_conf().",
            ));
        }
        let mut known = self.in_file.lock();
        if let Some(content) = &*known {
            return Ok(content.clone());
        }
        let content = content(name, path)?;
        check(&content).map_err(|refusal| {
            Failure::secret(
                format!("{}: so it stands in \"{path}\"", refusal.message),
                &refusal.hint,
            )
        })?;
        *known = Some(content.clone());
        Ok(content)
    }
}

/// What stands in a file, without the line break at its end.
fn content(name: &str, path: &str) -> Result<String, Failure> {
    const HINT: &str = "Give a regular file of the server's, at most 64 kB of text in one line, that its operating-system user may read and others may not.";
    let wrong = |reason: &str| {
        Failure::secret(
            format!("could not read \"{path}\", of {name}_file: {reason}"),
            HINT,
        )
    };
    let io = |error: std::io::Error| wrong(&error.to_string());
    // Opening a pipe would wait for who writes to it.
    let file = File::options()
        .read(true)
        .custom_flags(libc::O_NONBLOCK)
        .open(path)
        .map_err(io)?;
    let about = file.metadata().map_err(io)?;
    if !about.is_file() {
        return Err(wrong("it is no regular file"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(io)?;
    if bytes.len() as u64 > LARGEST {
        return Err(wrong("it is too large"));
    }
    let Ok(mut text) = String::from_utf8(bytes) else {
        return Err(wrong("it is not UTF-8"));
    };
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    if text.is_empty() {
        return Err(wrong("it is empty"));
    }
    if text.contains(['\n', '\r', '\0']) {
        return Err(wrong("it holds more than a line"));
    }
    // No more than a warning: the secrets of a container are readable by all, and nobody else is in there.
    if about.mode() & 0o007 != 0 {
        warning!(
            "starsink: \"{path}\", of {name}_file, is open to every user of the system: chmod o-rwx"
        );
    }
    Ok(text)
}

/// Memory that GUC machinery will free: malloc up to PostgreSQL 15, its own allocator from 16.
unsafe fn guc_copy(text: &CStr) -> *mut c_char {
    // SAFETY: both allocators return at least `len` bytes or NULL; the copy includes the terminator.
    unsafe {
        let len = text.to_bytes_with_nul().len();
        #[cfg(any(feature = "pg13", feature = "pg14", feature = "pg15"))]
        let copy = libc::malloc(len).cast::<c_char>();
        #[cfg(not(any(feature = "pg13", feature = "pg14", feature = "pg15")))]
        let copy = pgrx::pg_sys::guc_malloc(pgrx::pg_sys::LOG as i32, len).cast::<c_char>();
        if !copy.is_null() {
            std::ptr::copy_nonoverlapping(text.as_ptr(), copy, len);
        }
        copy
    }
}

unsafe fn guc_release(value: *mut c_char) {
    // SAFETY: the value came from the allocator of the same version.
    unsafe {
        #[cfg(any(feature = "pg13", feature = "pg14", feature = "pg15"))]
        libc::free(value.cast());
        #[cfg(not(any(feature = "pg13", feature = "pg14", feature = "pg15")))]
        pgrx::pg_sys::guc_free(value.cast());
    }
}

/// Check hook: moves the value into `extra` and leaves the mask.
///
/// # Safety
/// Called by the GUC machinery with pointers it owns.
pub unsafe fn conceal(newval: *mut *mut c_char, extra: *mut *mut c_void) -> bool {
    // SAFETY: newval points to a value of the GUC allocator, or to NULL; extra is ours to set.
    unsafe {
        let value = if (*newval).is_null() {
            CString::default()
        } else {
            CStr::from_ptr(*newval).to_owned()
        };
        let (kept, mask) = (guc_copy(&value), guc_copy(MASK));
        if kept.is_null() || mask.is_null() {
            return false;
        }
        if !(*newval).is_null() {
            guc_release(*newval);
        }
        *newval = mask;
        *extra = kept.cast();
        true
    }
}

/// Assign hook: takes the value out of `extra`.
///
/// # Safety
/// `extra` is NULL or what [`conceal`] left there.
pub unsafe fn reveal(secret: &Secret, extra: *mut c_void) {
    if extra.is_null() {
        return;
    }
    // SAFETY: conceal() wrote a terminated string there.
    secret.set(unsafe { CStr::from_ptr(extra.cast()) });
}
