//! Secrets. PostgreSQL logs `parameter "…" changed to "…"` at a reload and shows every value in pg_settings, so the
//! variable itself never holds a secret: the check hook moves the value into the hook's extra block and leaves
//! a mask, always the same, so that the server sees no change to report; the assign hook takes it from there.

use std::ffi::{CStr, CString, c_char, c_void};

use parking_lot::Mutex;

/// What pg_settings, SHOW and the log see in place of a secret, set or not.
const MASK: &CStr = c"********";

/// One secret's true value.
pub struct Secret(Mutex<String>);

impl Secret {
    pub const fn new() -> Self {
        Secret(Mutex::new(String::new()))
    }

    pub fn get(&self) -> String {
        self.0.lock().clone()
    }

    pub fn is_set(&self) -> bool {
        !self.0.lock().is_empty()
    }

    fn set(&self, value: &CStr) {
        *self.0.lock() = value.to_string_lossy().into_owned();
    }
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
