//! Addresses: of the shop's pages, and of the places visitors come from.

use super::catalogue::{ALLOYS, CATEGORIES, Catalogue, SEARCHES, STONES};
use super::dice::Dice;
use super::origin::{CAMPAIGNS, put};
use super::stores::Store;
use super::visitor::Visitor;
use super::walk::Page;

/// Writes the address of the visitor's page.
pub(super) fn address(
    visitor: &Visitor,
    out: &mut Vec<u8>,
    store: &Store,
    catalogue: &Catalogue,
    dice: &mut Dice,
) {
    put(out, &store.origin);
    put(out, "/");
    let (listing, _) = CATEGORIES[usize::from(visitor.category)];
    let choice = visitor.choice;
    let mut has_query = false;
    match visitor.page {
        Page::Home => {}
        Page::Landing => put(out, "landing/engagement-rings-sale"),
        Page::Listing | Page::ListingSorted | Page::ListingRecommended => {
            put(out, listing);
            put(out, "/");
            if dice.percent(35) {
                put(out, "?p=");
                number(out, 2 + u64::from(dice.below(20)));
                has_query = true;
            }
        }
        Page::Search => {
            put(out, "catalogsearch/result/?q=");
            put(out, dice.pick(&SEARCHES));
            has_query = true;
        }
        Page::Cart => put(out, "checkout/cart/"),
        Page::Checkout => put(out, "checkout/onepage/"),
        Page::Success => put(out, "checkout/onepage/success/"),
        Page::Account => put(out, "customer/account/"),
        Page::Static | Page::SizeGuide => put(
            out,
            dice.pick(&["ring-size-guide", "about-us", "shipping", "diamond-guide"]),
        ),
        _ => {
            put(out, &catalogue.get(choice.product).slug);
            put(out, ".html");
            if dice.percent(75) {
                put(out, "?alloy=");
                put(out, ALLOYS[usize::from(choice.alloy)]);
                put(out, "&diamond=");
                put(out, STONES[usize::from(choice.stone)]);
                if dice.percent(15) {
                    put(out, "&itm_source=recommendation&itm_medium=product-detail");
                }
                has_query = true;
            }
        }
    }
    if let Some(campaign) = visitor.campaign {
        put(out, if has_query { "&" } else { "?" });
        put(out, CAMPAIGNS[campaign]);
        if CAMPAIGNS[campaign].ends_with('=') {
            put(out, "EAIaIQobChMI");
            number(out, dice.bits());
            put(out, "_BwE");
        }
    }
}

pub(super) fn number(out: &mut Vec<u8>, mut value: u64) {
    let mut digits = [0u8; 20];
    let mut start = digits.len();
    loop {
        start -= 1;
        digits[start] = b'0' + (value % 10) as u8;
        value /= 10;
        if value == 0 {
            break;
        }
    }
    out.extend_from_slice(&digits[start..]);
}
