//! From a row of [`super::table`] to a GUC of the server.

use std::ffi::{CStr, CString, c_char, c_int, c_void};

use pgrx::pg_sys::GucSource;
use pgrx::{GucContext, GucFlags, GucRegistry, GucSetting};

use super::secret::Secret;

pub(super) type Text = GucSetting<Option<CString>>;

/// One setting's documentation.
pub struct Setting {
    pub name: &'static CStr,
    /// What it sets, in a line.
    pub short: &'static CStr,
    /// What to know before changing it.
    pub long: &'static CStr,
    /// Where its true value is kept, if no view and no log line may show it.
    pub secret: Option<&'static Secret>,
}

/// Makes of each row a static, its registration with the server, and its documentation.
macro_rules! settings {
    ($($kind:ident $ident:ident $name:literal $args:tt $short:literal, $long:literal;)*) => {
        $($crate::settings::guc::declare! { $kind $ident $args })*

        /// Every setting.
        pub const SETTINGS: &[$crate::settings::guc::Setting] = &[
            $($crate::settings::guc::Setting {
                name: $name,
                short: $short,
                long: $long,
                secret: $crate::settings::guc::secret_of!($kind $args),
            },)*
        ];

        /// Registers every setting. Called once, from `_PG_init`.
        pub fn register() {
            $($crate::settings::guc::define! { $kind $ident $name $args $short, $long })*
            #[cfg(not(any(feature = "pg13", feature = "pg14")))]
            // SAFETY: called from _PG_init with a terminated string.
            unsafe {
                pgrx::pg_sys::MarkGUCPrefixReserved(c"starsink".as_ptr());
            }
        }
    };
}

macro_rules! declare {
    (text $ident:ident ($default:expr, $check:path)) => {
        pub(super) static $ident: $crate::settings::guc::Text =
            $crate::settings::guc::Text::new(Some($default));
    };
    (int $ident:ident ($default:expr, $least:expr, $most:expr, $unit:ident)) => {
        pub(super) static $ident: pgrx::GucSetting<i32> = pgrx::GucSetting::<i32>::new($default);
    };
    (switch $ident:ident ($default:expr)) => {
        pub(super) static $ident: pgrx::GucSetting<bool> = pgrx::GucSetting::<bool>::new($default);
    };
    (choice $ident:ident ($type:ty, $default:expr)) => {
        pub(super) static $ident: pgrx::GucSetting<$type> =
            pgrx::GucSetting::<$type>::new($default);
    };
    (secret $ident:ident ($value:ident, $check:path)) => {
        pub(super) static $ident: $crate::settings::guc::Text =
            $crate::settings::guc::Text::new(Some(c""));
        pub(super) static $value: $crate::settings::secret::Secret =
            $crate::settings::secret::Secret::new();
    };
    (file $ident:ident ($value:ident)) => {
        pub(super) static $ident: $crate::settings::guc::Text =
            $crate::settings::guc::Text::new(Some(c""));
    };
}

macro_rules! secret_of {
    (secret ($value:ident, $check:path)) => {
        Some(&$value)
    };
    ($kind:ident $args:tt) => {
        None
    };
}

macro_rules! define {
    (text $ident:ident $name:literal ($default:expr, $check:path) $short:literal, $long:literal) => {{
        #[pgrx::pg_guard]
        unsafe extern "C-unwind" fn check(
            newval: *mut *mut std::ffi::c_char,
            _extra: *mut *mut std::ffi::c_void,
            _source: pgrx::pg_sys::GucSource::Type,
        ) -> bool {
            // SAFETY: the GUC machinery passes its own value.
            unsafe { $crate::settings::check::run(newval, $check) }
        }
        $crate::settings::guc::string($name, $short, $long, &$ident, false, Some(check), None);
    }};
    (int $ident:ident $name:literal ($default:expr, $least:expr, $most:expr, $unit:ident) $short:literal, $long:literal) => {
        $crate::settings::guc::int(
            $name,
            $short,
            $long,
            &$ident,
            [$least, $most],
            $crate::settings::guc::Unit::$unit,
        );
    };
    (switch $ident:ident $name:literal $args:tt $short:literal, $long:literal) => {
        $crate::settings::guc::switch($name, $short, $long, &$ident);
    };
    (choice $ident:ident $name:literal $args:tt $short:literal, $long:literal) => {
        $crate::settings::guc::choice($name, $short, $long, &$ident);
    };
    (secret $ident:ident $name:literal ($value:ident, $check:path) $short:literal, $long:literal) => {{
        #[pgrx::pg_guard]
        unsafe extern "C-unwind" fn check(
            newval: *mut *mut std::ffi::c_char,
            extra: *mut *mut std::ffi::c_void,
            _source: pgrx::pg_sys::GucSource::Type,
        ) -> bool {
            // SAFETY: the GUC machinery passes its own value and extra.
            unsafe {
                $crate::settings::check::run(newval, $check)
                    && $crate::settings::secret::conceal(newval, extra)
            }
        }
        #[pgrx::pg_guard]
        unsafe extern "C-unwind" fn assign(
            _newval: *const std::ffi::c_char,
            extra: *mut std::ffi::c_void,
        ) {
            // SAFETY: extra is what the check hook above left.
            unsafe { $crate::settings::secret::reveal(&$value, extra) }
        }
        $crate::settings::guc::string(
            $name,
            $short,
            $long,
            &$ident,
            true,
            Some(check),
            Some(assign),
        );
    }};
    (file $ident:ident $name:literal ($value:ident) $short:literal, $long:literal) => {{
        #[pgrx::pg_guard]
        unsafe extern "C-unwind" fn assign(
            _newval: *const std::ffi::c_char,
            _extra: *mut std::ffi::c_void,
        ) {
            $value.forget_file();
        }
        $crate::settings::guc::string($name, $short, $long, &$ident, false, None, Some(assign));
    }};
}

pub(crate) use {declare, define, secret_of, settings};

/// What a number counts.
pub(super) enum Unit {
    Plain,
    Ms,
    Seconds,
    Bytes,
    Megabytes,
}

type CheckHook =
    unsafe extern "C-unwind" fn(*mut *mut c_char, *mut *mut c_void, GucSource::Type) -> bool;
type AssignHook = unsafe extern "C-unwind" fn(*const c_char, *mut c_void);

pub(super) fn string(
    name: &'static CStr,
    short: &'static CStr,
    long: &'static CStr,
    setting: &'static Text,
    is_secret: bool,
    check: Option<CheckHook>,
    assign: Option<AssignHook>,
) {
    let flags = if is_secret {
        GucFlags::SUPERUSER_ONLY
    } else {
        GucFlags::default()
    };
    // SAFETY: the hooks have the signatures the server calls, and live as long as the library.
    unsafe {
        GucRegistry::define_string_guc_with_hooks(
            name,
            short,
            long,
            setting,
            GucContext::Sighup,
            flags,
            check,
            assign,
            None,
        );
    }
}

pub(super) fn int(
    name: &'static CStr,
    short: &'static CStr,
    long: &'static CStr,
    setting: &'static GucSetting<i32>,
    [least, most]: [c_int; 2],
    unit: Unit,
) {
    let flags = match unit {
        Unit::Plain => GucFlags::default(),
        Unit::Ms => GucFlags::UNIT_MS,
        Unit::Seconds => GucFlags::UNIT_S,
        Unit::Bytes => GucFlags::UNIT_BYTE,
        Unit::Megabytes => GucFlags::UNIT_MB,
    };
    let context = GucContext::Sighup;
    GucRegistry::define_int_guc(name, short, long, setting, least, most, context, flags);
}

pub(super) fn switch(
    name: &'static CStr,
    short: &'static CStr,
    long: &'static CStr,
    setting: &'static GucSetting<bool>,
) {
    let flags = GucFlags::default();
    GucRegistry::define_bool_guc(name, short, long, setting, GucContext::Sighup, flags);
}

pub(super) fn choice<T: pgrx::guc::GucEnum + 'static>(
    name: &'static CStr,
    short: &'static CStr,
    long: &'static CStr,
    setting: &'static GucSetting<T>,
) {
    let flags = GucFlags::default();
    GucRegistry::define_enum_guc(name, short, long, setting, GucContext::Sighup, flags);
}

/// The text of a setting.
pub(super) fn get(setting: &'static Text) -> String {
    setting
        .get()
        .map(|value| value.to_string_lossy().into_owned())
        .unwrap_or_default()
}
