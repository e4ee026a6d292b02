//! `starsink.tail_…()`: what is committed and not folded, as rows of the aggregates. One function of the library stands
//! behind all of them and knows by its SQL name which part is asked for.

use std::ffi::CStr;

use pgrx::pg_sys;
use pgrx::prelude::*;

use crate::fold::tail;
use crate::server::failure::Failure;
use crate::settings::Settings;

#[unsafe(no_mangle)]
#[doc(hidden)]
pub extern "C" fn pg_finfo_starsink_tail() -> &'static pg_sys::Pg_finfo_record {
    const V1: pg_sys::Pg_finfo_record = pg_sys::Pg_finfo_record { api_version: 1 };
    &V1
}

/// A set-returning function in materialize mode.
///
/// # Safety
/// Called by the server's function manager.
#[unsafe(no_mangle)]
#[pg_guard]
pub unsafe extern "C-unwind" fn starsink_tail(call: pg_sys::FunctionCallInfo) -> pg_sys::Datum {
    // SAFETY: the arguments are the server's own.
    if let Err(failure) = unsafe { materialize(call) } {
        failure.raise();
    }
    pg_sys::Datum::from(0)
}

unsafe fn materialize(call: pg_sys::FunctionCallInfo) -> Result<(), Failure> {
    // SAFETY: as the server's documentation of materialize mode has it: the row type and the store live as long as
    // the query.
    unsafe {
        let result = (*call).resultinfo.cast::<pg_sys::ReturnSetInfo>();
        let can_materialize = !result.is_null()
            && (*result).type_ == pg_sys::NodeTag::T_ReturnSetInfo
            && (*result).allowedModes & pg_sys::SetFunctionReturnMode::SFRM_Materialize as i32 != 0
            && !(*result).expectedDesc.is_null();
        if !can_materialize {
            return Err(Failure::sql(
                "reading the tail",
                "it can be called in FROM only",
            ));
        }
        let part = part((*(*call).flinfo).fn_oid);
        let before = pg_sys::MemoryContextSwitchTo((*(*result).econtext).ecxt_per_query_memory);
        let descriptor = pg_sys::CreateTupleDescCopy((*result).expectedDesc);
        let store = pg_sys::tuplestore_begin_heap(true, false, pg_sys::work_mem);
        pg_sys::MemoryContextSwitchTo(before);
        (*result).returnMode = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
        (*result).setResult = store;
        (*result).setDesc = descriptor;
        let columns = usize::try_from((*descriptor).natts).unwrap_or(0);
        let mut failed = None;
        tail::each(&part, Settings::current().policy.time_zone, |values| {
            if values.len() != columns {
                failed = Some(Failure::sql(
                    "reading the tail",
                    format!("{part} has {} columns, not {columns}", values.len()),
                ));
                return;
            }
            let datums: Result<Vec<_>, _> = values.iter().map(tail::datum).collect();
            match datums {
                Ok(datums) => {
                    let mut nulls: Vec<bool> = datums.iter().map(Option::is_none).collect();
                    let mut fields: Vec<pg_sys::Datum> = datums
                        .into_iter()
                        .map(|datum| datum.unwrap_or(pg_sys::Datum::from(0)))
                        .collect();
                    pg_sys::tuplestore_putvalues(
                        store,
                        descriptor,
                        fields.as_mut_ptr(),
                        nulls.as_mut_ptr(),
                    );
                }
                Err(failure) => failed = Some(failure),
            }
        })?;
        failed.map_or(Ok(()), Err)
    }
}

/// What stands behind `tail_` in the SQL function's name.
unsafe fn part(function: pg_sys::Oid) -> String {
    // SAFETY: a look-up in the catalog; NULL where there is no such function.
    let name = unsafe { pg_sys::get_func_name(function) };
    if name.is_null() {
        return String::new();
    }
    // SAFETY: a terminated string of the current memory context.
    let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
    name.strip_prefix("tail_").unwrap_or_default().to_owned()
}

/// The zone that days and hours of the aggregates are cut in.
#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn fold_time_zone() -> String {
    match tail::zone(Settings::current().policy.time_zone) {
        Ok(zone) => zone.name().to_owned(),
        Err(failure) => failure.raise(),
    }
}

/// Whether every batch up to this audit key is folded into sessions and aggregates.
#[pg_extern(stable, security_definer)]
#[search_path(pg_catalog, pg_temp)]
fn is_folded_up_to(audit_key: i64) -> bool {
    match tail::is_folded_up_to(audit_key, Settings::current().policy.time_zone) {
        Ok(is_folded) => is_folded,
        Err(failure) => failure.raise(),
    }
}
