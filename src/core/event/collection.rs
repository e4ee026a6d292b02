//! The kinds of events that the shop is known to send, and what each of them must hold.

/// Whether the warehouse knows this kind; one it does not know is loaded all the same.
pub fn is_known(collection: &str) -> bool {
    const RECOMMENDATIONS: [&str; 3] = ["_visible", "_noticed", "_clicked"];
    const FAMILIES: [&str; 3] = [
        "listing_page_recommendation_",
        "landing_page_recommendation_",
        "add_to_cart_",
    ];
    let is_named = matches!(
        collection,
        "view_product_detail"
            | "view_listing_page"
            | "view_shopping_cart"
            | "view_landing_page"
            | "view_home_page"
            | "view_static_page"
            | "view_my_account"
            | "view_all_recommend"
            | "select_product_option"
            | "select_product_option_quality"
            | "add_to_cart_action"
            | "checkout"
            | "checkout_success"
            | "search_box_action"
            | "back_to_product_action"
    );
    let has_tail = |prefix: &str| {
        collection
            .strip_prefix(prefix)
            .is_some_and(|tail| !tail.is_empty())
    };
    is_named
        || collection
            .strip_prefix("product_detail_recommendation")
            .is_some_and(|tail| RECOMMENDATIONS.contains(&tail))
        || FAMILIES.into_iter().any(has_tail)
}

/// Whether an event of this kind says nothing unless it names its product.
pub fn needs_product(collection: &str) -> bool {
    matches!(
        collection,
        "view_product_detail"
            | "select_product_option"
            | "select_product_option_quality"
            | "add_to_cart_action"
    )
}

/// Whether an event of this kind is an order, which needs its number.
pub fn needs_order(collection: &str) -> bool {
    collection == "checkout_success"
}

#[cfg(test)]
mod tests {
    use super::{is_known, needs_order, needs_product};

    #[test]
    fn named_kinds_and_families_are_known() {
        for known in [
            "view_product_detail",
            "checkout_success",
            "product_detail_recommendation_noticed",
            "listing_page_recommendation_anything",
            "landing_page_recommendation_clicked",
            "add_to_cart_from_wishlist",
        ] {
            assert!(is_known(known), "{known}");
        }
        for unknown in [
            "",
            "View_Product_Detail",
            "listing_page_recommendation_",
            "product_detail_recommendation_eaten",
            "view_moon",
        ] {
            assert!(!is_known(unknown), "{unknown}");
        }
    }

    #[test]
    fn only_some_kinds_need_a_product_or_an_order() {
        assert!(
            needs_product("select_product_option_quality") && !needs_product("view_listing_page")
        );
        assert!(needs_order("checkout_success") && !needs_order("checkout"));
    }
}
