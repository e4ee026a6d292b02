//! One event of a device, as sessions see it.

use std::cmp::Ordering;

use crate::event::event::DeviceClass;

/// What an event is to sessions; several at once, or none of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Acts(pub u8);

impl Acts {
    /// A page is shown.
    pub const PAGE: Acts = Acts(1);
    /// A product's page is shown.
    pub const VIEW: Acts = Acts(2);
    /// An option is selected.
    pub const OPTION: Acts = Acts(4);
    /// Something is put into the cart.
    pub const CART: Acts = Acts(8);
    pub const CHECKOUT: Acts = Acts(16);
    /// An order is placed.
    pub const SUCCESS: Acts = Acts(32);
    /// All that packed hits have room for.
    pub const ALL: u8 = 63;

    pub fn has(self, act: Acts) -> bool {
        self.0 & act.0 != 0
    }

    pub fn with(self, act: Acts, holds: bool) -> Acts {
        if holds { Acts(self.0 | act.0) } else { self }
    }

    /// A value of an option is chosen: by itself, or as what goes into the cart.
    pub fn is_selection(self) -> bool {
        self.has(Acts::OPTION) || self.has(Acts::CART)
    }
}

/// The kinds of events, by name, where their properties do not come from the dimension.
pub fn acts(collection: &str, is_page_view: bool, is_product_view: bool) -> Acts {
    let select = matches!(
        collection,
        "select_product_option" | "select_product_option_quality"
    );
    Acts::default()
        .with(Acts::PAGE, is_page_view)
        .with(Acts::VIEW, is_product_view)
        .with(Acts::OPTION, select)
        .with(Acts::CART, collection == "add_to_cart_action")
        .with(Acts::CHECKOUT, collection == "checkout")
        .with(Acts::SUCCESS, collection == "checkout_success")
}

/// Where and with what: the same for most hits of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Context {
    pub store: i32,
    pub browser: i32,
    pub os: i32,
    pub class: DeviceClass,
}

/// What a session takes from its first hit beside that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub geography: i32,
    pub referrer: i32,
    pub campaign: i32,
    /// Address of the page, without query and fragment.
    pub landing: Option<Box<str>>,
    /// No pause lies before it: the session before had reached its bounds.
    pub is_continued: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// Microseconds since the Unix epoch.
    pub time: i64,
    pub id: Box<str>,
    pub acts: Acts,
    pub context: Context,
    /// Of views and selections; else not applicable (-2).
    pub product: i32,
    /// What is chosen on the page, of views; else not applicable (-2).
    pub combination: i32,
    /// Of hits that may be a session's first: new ones, and those that were first.
    pub origin: Option<Box<Origin>>,
}

pub const NOT_APPLICABLE: i32 = -2;

impl Hit {
    /// The order of a device's events: time, then id as text.
    pub fn order(&self, other: &Hit) -> Ordering {
        (self.time, &self.id).cmp(&(other.time, &other.id))
    }
}

/// An address without query and fragment, as a landing page.
pub fn landing(url: &str) -> Option<Box<str>> {
    const MAX_BYTES: usize = 1024;
    let end = url.find(['?', '#']).unwrap_or(url.len()).min(MAX_BYTES);
    let page = &url[..url.floor_char_boundary(end)];
    (!page.is_empty()).then(|| page.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_landing_page_has_no_query() {
        assert_eq!(
            landing("https://shop.de/ring?e=a@b.de#x").as_deref(),
            Some("https://shop.de/ring")
        );
        assert_eq!(landing("/#a"), Some("/".into()));
        assert_eq!(landing(""), None);
        assert_eq!(landing("?a=b"), None);
        assert_eq!(landing(&"é".repeat(900)).map(|page| page.len()), Some(1024));
    }

    #[test]
    fn add_to_cart_is_a_selection_but_no_option_step() {
        let cart = acts("add_to_cart_action", false, false);
        assert!(cart.is_selection() && !cart.has(Acts::OPTION) && cart.has(Acts::CART));
        assert!(acts("select_product_option_quality", false, false).has(Acts::OPTION));
        assert!(!acts("add_to_cart_other", false, false).is_selection());
    }
}
