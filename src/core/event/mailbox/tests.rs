use proptest::prelude::*;

use super::{at_signs, find, replaced};
use crate::text::spelling::letters;

fn addresses(text: &str) -> Vec<String> {
    find(text).into_iter().map(|it| it.address).collect()
}

#[test]
fn an_address_is_found_in_every_spelling() {
    for text in [
        "anna.b@example.com",
        "Anna.B@Example.COM",
        "anna.b%40example.com",
        "anna.b%2540example.com",
        "anna%2Eb%40example%2Ecom",
        "%61nna.b%40example.com",
        "anna%252Eb%252540example.com",
        r"anna.b\u0040example.com",
        r"anna.b\\u0040example.com",
        r"anna.b\u002540example.com",
        "anna.b&#64;example.com",
        "anna.b＠example.com",
        "mailto:anna.b@example.com",
        "mailto%3Aanna.b%40example.com?subject=x",
        "<anna.b@example.com>,",
        "\"Anna B\" <anna.b@example.com>",
        "'anna.b@example.com'",
        "(anna.b@example.com).",
        "write to anna.b@example.com.",
        "write to anna.b@example.com.Then wait",
        "?q=anna.b%40example.com&x=1",
        "https://www.google.de/search?q=anna.b%40example.com",
        "https://x.de/unsubscribe/anna.b@example.com/now",
        "https://x.de/u/anna.b@example.com.html",
        "https://x.de/?next=https%3A%2F%2Fy.de%2F%3Fe%3Danna.b%2540example.com%26f",
        "https://anna.b@example.com/inbox",
        "https://anna.b:secret@example.com/inbox",
        "https://anna.b%40example.com:secret@shop.de/inbox",
        "ftp://anna.b@example.com",
        "{\"e\":\"anna.b@example.com\"}",
        r#"[{\"e\":\"anna.b@example.com\"}]"#,
        "user=anna.b@example.com;x",
        "anna.b@example.com:8080",
    ] {
        assert_eq!(addresses(text), ["anna.b@example.com"], "{text}");
        assert!(at_signs(text.as_bytes()) > 0, "{text}");
        let without = replaced(text, |_| Some("#".to_owned())).unwrap_or_default();
        assert_eq!(find(&without), [], "{text} -> {without}");
        assert!(!without.contains("anna"), "{text} -> {without}");
    }
}

#[test]
fn other_mailboxes_are_found_whole() {
    for (text, address) in [
        ("e=anna+news@example.com", "anna+news@example.com"),
        ("e=anna%2Bnews%40example.com", "anna+news@example.com"),
        ("o'brien@example.com", "o'brien@example.com"),
        ("j%C3%BCrgen%40example.com", "jürgen@example.com"),
        ("j%FCrgen%40example.com", "jürgen@example.com"),
        (r"j\u00fcrgen@example.com", "jürgen@example.com"),
        ("JÜRGEN@MÜNCHEN.DE", "jürgen@münchen.de"),
        ("иван@почта.рф", "иван@почта.рф"),
        ("a@xn--mnchen-3ya.de", "a@xn--mnchen-3ya.de"),
        ("a_b-c@mail.shop.co.uk", "a_b-c@mail.shop.co.uk"),
        ("1234567@qq.com", "1234567@qq.com"),
        ("a@163.com", "a@163.com"),
        ("anna@gmail.con", "anna@gmail.con"),
        ("anna@firma.intern", "anna@firma.intern"),
        ("anna@mail.example", "anna@mail.example"),
        ("@anna@mastodon.social", "anna@mastodon.social"),
        ("anna@mail.foo.github.io", "anna@mail.foo.github.io"),
    ] {
        assert_eq!(addresses(text), [address], "{text}");
    }
    assert_eq!(
        addresses("a@example.com,b@example.com c@example.com"),
        ["a@example.com", "b@example.com", "c@example.com"]
    );
    let far = format!("{}a@example.com", "x ".repeat(200_000));
    assert_eq!(addresses(&far), ["a@example.com"]);
    let long = format!("{}@example.com", "x".repeat(300));
    assert_eq!(addresses(&long), [long.as_str()]);
    let joined = format!("{}anna@example.com", "word+".repeat(40));
    assert_eq!(addresses(&joined), ["anna@example.com"]);
}

#[test]
fn what_is_nobody_s_is_left_alone() {
    for text in [
        "image@2x.png",
        "logo@3x.webp?v=1",
        "logo@2x.zip",
        "logo@1.5x.jpg",
        "jquery@3.6.0",
        "https://unpkg.com/swiper@8/swiper-bundle.min.js",
        "https://cdn.jsdelivr.net/npm/vue@3.4.21/dist/vue.global.prod.js",
        "lodash@next.min.js",
        "@angular/core@12.0.0-beta.rc",
        "user@",
        "user@localhost",
        "jane@192.168.0.1",
        "@font-face",
        "@media.com",
        "https://medium.com/@user.name/post",
        "https://www.youtube.com/@shop.de",
        "https://www.google.de/maps/@52.5,13.4,15z",
        "2 rings @ 19.99",
        "3@19.99",
        "a@b",
        "a@@example",
        "%40",
        "@",
        "",
        "\\u0040",
        "https://@example.com/",
        "A@Ⱥ",
    ] {
        assert_eq!(find(text), [], "{text}");
    }
}

#[test]
fn a_host_stays_where_it_is() {
    let masked = |text| replaced(text, |_| Some("x".to_owned()));
    assert_eq!(
        masked("https://anna:pw@www.example.com:8443/a?b=c%40d.de").as_deref(),
        Some("https://x@www.example.com:8443/a?b=x")
    );
    assert_eq!(
        masked("?u=https%3A%2F%2Fanna%40example.com%2Fa").as_deref(),
        Some("?u=https%3A%2F%2Fx%40example.com%2Fa")
    );
}

#[test]
fn a_plus_may_be_a_space() {
    let found = find("?q=write+to+anna@münchen.de");
    let readings: Vec<String> = found.iter().flat_map(|it| it.readings()).collect();
    assert_eq!(
        readings,
        [
            "write+to+anna@münchen.de",
            "write+to+anna@xn--mnchen-3ya.de",
            "to+anna@münchen.de",
            "to+anna@xn--mnchen-3ya.de",
            "anna@münchen.de",
            "anna@xn--mnchen-3ya.de"
        ]
    );
}

#[test]
fn clean_text_has_no_at_sign() {
    for text in [
        r#"{"a":"100%","b":"x%20y%3D","c":"\/\n\u00fc","d":"1540 %4 #fff","e":"ﬁ"}"#,
        "",
    ] {
        assert_eq!(at_signs(text.as_bytes()), 0, "{text}");
    }
}

/// A letter written in one of many ways.
fn spelt(letter: char, way: u8) -> String {
    let code = u32::from(letter);
    match way {
        0 => format!("%{code:02x}"),
        1 => format!("%{code:02X}").replace('%', "%25"),
        2 => format!("\\u{code:04x}"),
        3 => format!("%{code:02x}").replace('%', "%2525"),
        _ => letter.to_string(),
    }
}

proptest! {
    #[test]
    fn whatever_stands_around_it_an_address_is_gone(
        before in "\\PC{0,24}",
        ways in prop::collection::vec(0u8..9, 18),
        after in "|[ \"'/?#:;,()<>\\[\\]=+_!|]\\PC{0,24}",
    ) {
        let letters_of = "annabx@example.com".chars().zip(ways);
        let address: String = letters_of.map(|(letter, way)| spelt(letter, way)).collect();
        let text = format!("{before}{address}{after}");
        let rest = replaced(&text, |_| Some("-".to_owned())).unwrap_or(text);
        let plain: String = letters(&rest).iter().map(|it| it.letter).collect();
        prop_assert!(!plain.contains("annabx@example.com"), "{}", plain);
    }
}

#[test]
fn what_is_glued_to_an_address_is_no_part_of_it() {
    for (text, left) in [
        ("anna.b@example.com-20251123", "-20251123"),
        ("anna.b@example.com2025", "2025"),
        ("anna.b@example.com-", "-"),
        ("anna.b@example.com--x", "--x"),
        ("anna.b%40example.com-1", "-1"),
        ("anna.b@gmail.con-7", "-7"),
        ("anna.b@example.co.uk-1", "-1"),
    ] {
        let masked = replaced(text, |_| Some(String::new()));
        assert_eq!(masked.as_deref(), Some(left), "{text}");
    }
    assert_eq!(addresses("jquery@3.6.0.min-2.js"), Vec::<String>::new());
}

#[test]
fn a_text_of_at_signs_is_looked_through_once() {
    // Each looked back to the text's beginning once: this would go on for an hour.
    assert_eq!(find(&"@".repeat(4_000_000)), []);
    find(&"a@".repeat(2_000_000));
    find(&format!("https://{}", "@".repeat(1_000_000)));
}
