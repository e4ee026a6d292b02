//! What the server's catalog says, looked up without SQL.

use std::ffi::CStr;

use pgrx::pg_sys;

/// Whether there is a relation of this name in the schema starsink. Inside a transaction.
pub fn has_relation(name: &CStr) -> bool {
    // SAFETY: catalog look-ups by terminated names; without the schema there is no relation in it.
    unsafe {
        let schema = pg_sys::get_namespace_oid(c"starsink".as_ptr(), true);
        pg_sys::get_relname_relid(name.as_ptr(), schema) != pg_sys::InvalidOid
    }
}
