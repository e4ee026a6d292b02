//! The words somebody searched for, where the search engine still tells.

use super::kind::Kind;
use super::query::parameters;
use super::text;
use crate::event::traffic::referral::Referrer;

/// The search words of a referrer's URL. They stand in its query, which [`Referrer`] leaves out.
pub fn search_term(referrer: &Referrer, url: &str) -> Option<String> {
    if referrer.kind != Kind::Search {
        return None;
    }
    const NAMES: [&str; 7] = ["q", "query", "p", "text", "wd", "word", "keyword"];
    let words = |wanted: &str| {
        parameters(url)
            .filter(|parameter| parameter.name().eq_ignore_ascii_case(wanted))
            .find_map(|parameter| text::written(&parameter.value()))
    };
    NAMES.into_iter().find_map(words)
}

#[cfg(test)]
mod tests {
    use super::search_term;
    use crate::event::referrer::Links;

    #[test]
    fn search_words_are_those_of_search_engines() {
        for (url, expected) in [
            (
                "https://www.google.de/search?q=Gold+Ring%20750&oq=gold",
                Some("Gold Ring 750"),
            ),
            ("https://www.google.de/search?p=2&q=ring", Some("ring")),
            ("https://www.google.com/#q=ring", Some("ring")),
            ("https://www.google.com/search?q=%ZZ", Some("%ZZ")),
            ("https://www.google.com/search?q=+&oq=x", None),
            ("https://www.google.com/", None),
            ("https://de.search.yahoo.com/search?p=ring", Some("ring")),
            (
                "https://yandex.ru/search/?text=%D0%BA%D0%BE%D0%BB%D1%8C%D1%86%D0%BE",
                Some("кольцо"),
            ),
            ("https://www.baidu.com/s?wd=ring", Some("ring")),
            ("https://m.baidu.com/s?word=ring", Some("ring")),
            (
                "https://search.naver.com/search.naver?where=nexearch&query=ring",
                Some("ring"),
            ),
            ("https://www.sogou.com/web?query=ring", Some("ring")),
            ("https://www.facebook.com/search?q=ring", None),
            ("https://mail.google.com/?q=ring", None),
            ("https://www.example.org/?q=ring", None),
        ] {
            let found = Links::default().referrer(url, None).unwrap();
            assert_eq!(search_term(&found, url).as_deref(), expected, "{url}");
        }
    }

    #[test]
    fn the_shop_itself_is_no_search_engine() {
        let mut links = Links::default();
        let url = "https://www.google.com/search?q=ring";
        let page = links.page("https://shop.google.de/");
        let found = links.referrer(url, page.as_deref()).unwrap();
        assert_eq!(search_term(&found, url), None);
    }
}
