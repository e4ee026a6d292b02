//! How each dimension's table is addressed. All of it is text of ours, never of an event.

use starsink_core::batch::members::Dimension;

pub struct Table {
    pub name: &'static str,
    pub key: &'static str,
    /// Columns of the natural key.
    pub natural: &'static [&'static str],
    /// Joins a member `i` to its rows `d`.
    pub on: &'static str,
    /// A member has a row for each stretch of time, `[valid_from, valid_to)`.
    pub is_versioned: bool,
    /// Events of a member that is inferred are flagged.
    pub flags_inferred: bool,
}

/// A dimension whose natural key is compared column by column.
const fn plain(
    name: &'static str,
    key: &'static str,
    natural: &'static [&'static str],
    on: &'static str,
) -> Table {
    Table {
        name,
        key,
        natural,
        on,
        is_versioned: false,
        flags_inferred: false,
    }
}

const fn versioned(table: Table) -> Table {
    Table {
        is_versioned: true,
        ..table
    }
}

pub const fn table(dimension: Dimension) -> Table {
    const FAMILY: &str = "d.family = i.family AND d.version = i.version";
    match dimension {
        Dimension::EventType => plain(
            "dim_event_type",
            "event_type_key",
            &["collection"],
            "d.collection = i.collection",
        ),
        Dimension::Product => versioned(plain(
            "dim_product",
            "product_key",
            &["product_id"],
            "d.product_id = i.product_id",
        )),
        Dimension::Customer => versioned(plain(
            "dim_customer",
            "customer_key",
            &["identity_type", "identity"],
            "d.identity_type = i.identity_type AND d.identity = i.identity",
        )),
        Dimension::Device => plain(
            "dim_device",
            "device_key",
            &["device_id"],
            "d.device_id = i.device_id",
        ),
        Dimension::Browser => plain("dim_browser", "browser_key", &["family", "version"], FAMILY),
        Dimension::Os => plain("dim_os", "os_key", &["family", "version"], FAMILY),
        Dimension::UserAgent => plain(
            "dim_user_agent",
            "user_agent_key",
            &["user_agent"],
            "pg_catalog.md5(d.user_agent) = pg_catalog.md5(i.user_agent)",
        ),
        Dimension::Store => Table {
            flags_inferred: true,
            ..versioned(plain(
                "dim_store",
                "store_key",
                &["store_id"],
                "d.store_id = i.store_id",
            ))
        },
        Dimension::Referrer => plain(
            "dim_referrer",
            "referrer_key",
            &["referrer_url", "is_internal", "term"],
            "pg_catalog.md5(d.referrer_url) = pg_catalog.md5(i.referrer_url) AND d.is_internal = i.is_internal::boolean \
             AND pg_catalog.md5(d.term) = pg_catalog.md5(i.term)",
        ),
        Dimension::Geography => plain(
            "dim_geography",
            "geography_key",
            &["country_code"],
            "d.country_code = i.country_code",
        ),
        Dimension::Campaign => plain(
            "dim_campaign",
            "campaign_key",
            &[
                "source",
                "medium",
                "campaign",
                "term",
                "content",
                "click_id_type",
            ],
            "d.source = i.source AND d.medium = i.medium AND d.campaign = i.campaign AND d.term = i.term \
             AND d.content = i.content AND d.click_id_type = i.click_id_type",
        ),
        Dimension::AlloyOption => plain(
            "dim_alloy_option",
            "alloy_option_key",
            &["value"],
            "d.value = i.value",
        ),
        Dimension::DiamondOption => plain(
            "dim_diamond_option",
            "diamond_option_key",
            &["role", "value", "quality"],
            "d.role = i.role AND d.value = i.value AND d.quality = i.quality",
        ),
        Dimension::OptionCombination => plain(
            "dim_option_combination",
            "option_combination_key",
            &["combination_hash"],
            "d.combination_hash = i.combination_hash",
        ),
    }
}
