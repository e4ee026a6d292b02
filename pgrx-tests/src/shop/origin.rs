//! Where visits come from: search engines, advertisements, other sites.

use super::dice::Dice;
use super::stores::Store;

/// What an advertisement adds to the landing page's address.
pub(super) const CAMPAIGNS: [&str; 9] = [
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

pub(super) fn put(out: &mut Vec<u8>, text: &str) {
    out.extend_from_slice(text.as_bytes());
}
