//! Addresses: of the shop's pages, and of the places visitors come from.

use super::catalogue::{ALLOYS, CATEGORIES, Catalogue, SEARCHES, STONES};
use super::dice::Dice;
use super::stores::Store;
use super::visitor::Visitor;
use super::walk::Page;

/// What an advertisement adds to the landing page's address.
const CAMPAIGNS: [&str; 9] = [
    "utm_source=google&utm_medium=cpc&utm_campaign=shopping_rings&gclid=",
    "utm_source=google&utm_medium=cpc&utm_campaign=brand&utm_term=engagement%20ring&gclid=",
    "gclid=",
    "utm_source=bing&utm_medium=cpc&utm_campaign=generic&msclkid=",
    "utm_source=facebook&utm_medium=paid_social&utm_campaign=spring_2020&utm_content=carousel-2&fbclid=",
    "utm_source=newsletter&utm_medium=email&utm_campaign=mothersday",
    "utm_source=criteo&utm_medium=retargeting&utm_campaign=lower_funnel",
    "utm_source=awin&utm_medium=affiliate&utm_campaign=78888",
    "utm_source=pinterest&utm_medium=social&epik=",
];

/// Where a visit comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Source {
    Google,
    Advertisement,
    Direct,
    Internal,
    Bing,
    OtherSearch,
    Social,
    Site,
    App,
    Odd,
}

impl Source {
    pub fn any(dice: &mut Dice) -> Source {
        match dice.below(100) {
            0..34 => Source::Google,
            34..52 => Source::Advertisement,
            52..72 => Source::Direct,
            72..80 => Source::Internal,
            80..83 => Source::Bing,
            83..85 => Source::OtherSearch,
            85..92 => Source::Social,
            92..96 => Source::Site,
            96..99 => Source::App,
            _ => Source::Odd,
        }
    }

    pub fn campaign(self, dice: &mut Dice) -> Option<usize> {
        (self == Source::Advertisement).then(|| dice.index(CAMPAIGNS.len()))
    }

    pub fn referrer(self, out: &mut Vec<u8>, dice: &mut Dice, store: &Store) {
        const SOCIAL: [&str; 8] = [
            "https://l.facebook.com/",
            "https://m.facebook.com/",
            "http://instagram.com/",
            "https://l.instagram.com/",
            "https://www.pinterest.com/",
            "https://t.co/Yb2kQe7u1x",
            "https://www.youtube.com/",
            "https://lm.facebook.com/l.php?u=https%3A%2F%2Fwww.example.com%2F&h=AT0xYz",
        ];
        const SITES: [&str; 6] = [
            "https://www.example.com/blog/the-perfect-ring",
            "https://forum.example.org/viewtopic.php?t=4711",
            "http://www.idealo.de/preisvergleich/ProductCategory/9933.html",
            "https://web.whatsapp.com/",
            "https://www.weddingbee.com/",
            "https://outlook.live.com/",
        ];
        let fixed: &str = match self {
            Source::Direct => "",
            Source::Bing => "https://www.bing.com/",
            Source::OtherSearch => dice.pick(&[
                "https://duckduckgo.com/",
                "https://www.ecosia.org/",
                "https://search.yahoo.com/",
            ]),
            Source::Social => dice.pick(&SOCIAL),
            Source::Site => dice.pick(&SITES),
            Source::App => dice.pick(&[
                "android-app://com.google.android.googlequicksearchbox/",
                "android-app://com.google.android.gm/",
                "android-app://com.pinterest/",
            ]),
            Source::Odd => dice.pick(&[
                "about:blank",
                "file:///",
                "null",
                "www.google",
                "https://www.google.com/search?q=%ZZ",
            ]),
            Source::Internal => {
                put(out, &store.origin);
                "/"
            }
            Source::Google | Source::Advertisement => {
                put(out, "https://www.google.");
                put(
                    out,
                    if dice.percent(30) {
                        "com"
                    } else {
                        store.suffix
                    },
                );
                "/"
            }
        };
        put(out, fixed);
    }
}

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

pub(super) fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
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
