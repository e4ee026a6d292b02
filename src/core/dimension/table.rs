//! The dimensions that come with an event, each said once: its table, the columns that events fill, and which of these
//! tell one member from another. Statements, joins and the fact's columns are made of this.

/// A dimension's table, `warehouse.dim_…`.
pub struct Table {
    pub name: &'static str,
    /// Surrogate key, of the same name in the dimension and in the fact.
    pub key: &'static str,
    /// In the order in which members hold their values.
    pub columns: &'static [Column],
    /// A member has a row for each stretch of time, `[valid_from, valid_to)`.
    pub is_versioned: bool,
    /// Events of a member that is inferred are flagged.
    pub flags_inferred: bool,
}

#[derive(Clone, Copy)]
pub struct Column {
    pub name: &'static str,
    pub sql_type: &'static str,
    pub role: Role,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Part of the natural key.
    Natural,
    /// Part of the natural key that may be long: it is indexed by its hash.
    Hashed,
    Attribute,
}

impl Column {
    const fn of(self, sql_type: &'static str) -> Column {
        Column { sql_type, ..self }
    }
}

const fn column(name: &'static str, role: Role) -> Column {
    let sql_type = "text";
    Column {
        name,
        sql_type,
        role,
    }
}

const fn natural(name: &'static str) -> Column {
    column(name, Role::Natural)
}

const fn hashed(name: &'static str) -> Column {
    column(name, Role::Hashed)
}

const fn attribute(name: &'static str) -> Column {
    column(name, Role::Attribute)
}

const PLAIN: Table = Table {
    name: "",
    key: "",
    columns: &[],
    is_versioned: false,
    flags_inferred: false,
};

macro_rules! dimensions {
    ($($dimension:ident $name:literal [$($column:expr),*] $({$($field:ident),*})?;)*) => {
        /// In the order of the fact's columns. Resolving dimensions in one order prevents deadlocks between workers.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Dimension {
            $($dimension),*
        }

        impl Dimension {
            pub const ALL: [Dimension; Dimension::COUNT] = [$(Dimension::$dimension),*];
            pub const COUNT: usize = [$(Dimension::$dimension),*].len();
        }

        // One of them names all the fields.
        #[allow(clippy::needless_update)]
        const TABLES: &[Table; Dimension::COUNT] = &[$(Table {
            name: concat!("dim_", $name),
            key: concat!($name, "_key"),
            columns: &[$($column),*],
            $($($field: true,)*)?
            ..PLAIN
        }),*];
    };
}

dimensions! {
    EventType "event_type" [natural("collection")];
    Product "product" [natural("product_id")] {is_versioned};
    Customer "customer" [
        natural("identity_type"), natural("identity"), attribute("user_id_db"), attribute("email_hash"), attribute("email_domain"),
        attribute("email")
    ] {is_versioned};
    Device "device" [natural("device_id")];
    Browser "browser" [natural("family"), natural("version"), attribute("vendor")];
    Os "os" [natural("family"), natural("version"), attribute("vendor")];
    UserAgent "user_agent" [hashed("user_agent"), attribute("device_class"), attribute("is_bot").of("boolean")];
    Store "store" [natural("store_id"), attribute("domain"), attribute("country_code")] {is_versioned, flags_inferred};
    Referrer "referrer" [
        hashed("referrer_url"), attribute("host"), attribute("registrable_domain"), attribute("kind"), attribute("source"),
        attribute("medium"), hashed("term"), natural("is_internal").of("boolean")
    ];
    Geography "geography" [natural("country_code")];
    Campaign "campaign" [
        natural("source"), natural("medium"), natural("campaign"), natural("term"), natural("content"), natural("click_id_type"),
        attribute("channel")
    ];
    AlloyOption "alloy_option" [
        attribute("option_id"), attribute("value_id"), natural("value"), attribute("metal"), attribute("colour"),
        attribute("fineness").of("smallint")
    ];
    DiamondOption "diamond_option" [
        natural("role"), attribute("option_id"), attribute("value_id"), natural("value"), natural("quality"), attribute("stone"),
        attribute("shape"), attribute("is_lab_grown").of("boolean")
    ];
    OptionCombination "option_combination" [natural("combination_hash"), attribute("description")];
}

impl Dimension {
    pub const fn table(self) -> &'static Table {
        &TABLES[self as usize]
    }
}
