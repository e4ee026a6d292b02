//! librdkafka's texts.

use std::ffi::{CStr, c_char};

/// A copy of a C string; empty for NULL.
pub(super) fn text(c: *const c_char) -> String {
    if c.is_null() {
        return String::new();
    }
    // SAFETY: librdkafka's strings are terminated.
    unsafe { CStr::from_ptr(c) }.to_string_lossy().into_owned()
}
