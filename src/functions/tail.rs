//! `starsink_internal.tail(row, replaced)`: what is committed and not folded, as rows of the table whose row type the
//! first argument has. Columns are filled by their names.

use std::ffi::CStr;

use pgrx::datum::TimestampWithTimeZone;
use pgrx::prelude::*;
use pgrx::{AnyNumeric, IntoDatum, PgTupleDesc, pg_sys};

use crate::fold::tail::{self, Part};
use crate::server::failure::Failure;
use crate::settings::Settings;
use starsink_core::aggregate::cells::Value;
use starsink_core::time::POSTGRES_EPOCH;

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
        let arguments = (*call).args.as_slice(2);
        let is_replaced = !arguments[1].isnull && arguments[1].value.value() != 0;
        let row_type = pg_sys::get_fn_expr_argtype((*call).flinfo, 0);
        let part = part(row_type, is_replaced)?;
        let before = pg_sys::MemoryContextSwitchTo((*(*result).econtext).ecxt_per_query_memory);
        let descriptor = pg_sys::CreateTupleDescCopy((*result).expectedDesc);
        let store = pg_sys::tuplestore_begin_heap(true, false, pg_sys::work_mem);
        pg_sys::MemoryContextSwitchTo(before);
        (*result).returnMode = pg_sys::SetFunctionReturnMode::SFRM_Materialize;
        (*result).setResult = store;
        (*result).setDesc = descriptor;
        let columns = columns(descriptor, &part.columns())?;
        let mut fields = vec![pg_sys::Datum::from(0); columns.len()];
        let mut nulls = vec![true; columns.len()];
        tail::each(part, Settings::current().policy.time_zone, |values| {
            for (place, &(source, column)) in columns.iter().enumerate() {
                let value = source.and_then(|source| values.get(source));
                let field = datum(value.unwrap_or(&Value::Null), column)?;
                nulls[place] = field.is_none();
                fields[place] = field.unwrap_or(pg_sys::Datum::from(0));
            }
            pg_sys::tuplestore_putvalues(
                store,
                descriptor,
                fields.as_mut_ptr(),
                nulls.as_mut_ptr(),
            );
            Ok(())
        })
    }
}

/// The part of the tail that a table's row type stands for.
unsafe fn part(row_type: pg_sys::Oid, is_replaced: bool) -> Result<Part, Failure> {
    // SAFETY: look-ups in the catalog; a name is a terminated string of the current memory context, or NULL.
    let table = unsafe {
        let table = pg_sys::get_typ_typrelid(row_type);
        let schema = pg_sys::get_namespace_oid(c"warehouse".as_ptr(), true);
        let name = pg_sys::get_rel_name(table);
        if name.is_null() || pg_sys::get_rel_namespace(table) != schema {
            None
        } else {
            CStr::from_ptr(name).to_str().ok()
        }
    };
    table
        .and_then(|table| Part::of(table, is_replaced))
        .ok_or_else(Failure::no_tail)
}

/// For each column of the row type: the place of the value it takes, and its own type.
unsafe fn columns(
    descriptor: pg_sys::TupleDesc,
    names: &[&'static str],
) -> Result<Vec<(Option<usize>, pg_sys::Oid)>, Failure> {
    // SAFETY: the copy is let go of at the end.
    let row_type = unsafe { PgTupleDesc::from_pg_copy(descriptor) };
    let place = |attribute: &pg_sys::FormData_pg_attribute| {
        let place = names.iter().position(|&known| known == attribute.name());
        place.filter(|_| !attribute.attisdropped)
    };
    let columns: Vec<(Option<usize>, pg_sys::Oid)> = row_type
        .iter()
        .map(|attribute| (place(attribute), attribute.atttypid))
        .collect();
    let missing = (0..names.len()).find(|&name| columns.iter().all(|&(at, _)| at != Some(name)));
    match missing {
        Some(name) => Err(Failure::column_missing(names[name])),
        None => Ok(columns),
    }
}

/// A value as the server's, in the current memory context, for a column of this type.
fn datum(value: &Value<'_>, column: pg_sys::Oid) -> Result<Option<pg_sys::Datum>, Failure> {
    let (datum, own) = match value {
        Value::Null => return Ok(None),
        Value::Small(value) => (value.into_datum(), pg_sys::INT2OID),
        Value::Int(value) => (value.into_datum(), pg_sys::INT4OID),
        Value::Date(value) => (value.into_datum(), pg_sys::DATEOID),
        Value::Big(value) => (value.into_datum(), pg_sys::INT8OID),
        Value::Bool(value) => (value.into_datum(), pg_sys::BOOLOID),
        Value::Text(value) => (value.into_datum(), pg_sys::TEXTOID),
        Value::Bytes(value) => (value.as_slice().into_datum(), pg_sys::BYTEAOID),
        Value::Time(value) => {
            let time = TimestampWithTimeZone::try_from(value - POSTGRES_EPOCH)
                .map_err(|_| Failure::sql("converting a time", "out of range"))?;
            (time.into_datum(), pg_sys::TIMESTAMPTZOID)
        }
        Value::Numeric(value, decimals) => {
            let amount = numeric(*value, *decimals)?;
            (amount.into_datum(), pg_sys::NUMERICOID)
        }
        Value::Ints(values) => (values.clone().into_datum(), pg_sys::INT4ARRAYOID),
        Value::Numerics(values, decimals) => {
            let amounts: Result<Vec<AnyNumeric>, _> = values
                .iter()
                .map(|&value| numeric(value, *decimals))
                .collect();
            (amounts?.into_datum(), pg_sys::NUMERICARRAYOID)
        }
    };
    if own != column {
        return Err(Failure::column_retyped());
    }
    Ok(datum)
}

fn numeric(value: i128, decimals: u8) -> Result<AnyNumeric, Failure> {
    let scale = 10_u128.pow(u32::from(decimals));
    let (whole, part) = (value.unsigned_abs() / scale, value.unsigned_abs() % scale);
    let sign = if value < 0 { "-" } else { "" };
    let text = format!(
        "{sign}{whole}.{part:0width$}",
        width = usize::from(decimals)
    );
    AnyNumeric::try_from(text.as_str()).map_err(|error| Failure::sql("converting an amount", error))
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
#[pg_extern(stable, security_definer, schema = "starsink_internal")]
#[search_path(pg_catalog, pg_temp)]
fn is_folded_up_to(audit_key: i64) -> bool {
    match tail::is_folded_up_to(audit_key, Settings::current().policy.time_zone) {
        Ok(is_folded) => is_folded,
        Err(failure) => failure.raise(),
    }
}
