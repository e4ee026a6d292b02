//! Who makes a browser or an operating system.

/// `family` is a browser's by uap-core's name.
pub fn of_browser(family: &str) -> &'static str {
    const MAKERS: &[(&str, &[&str])] = &[
        ("Google", &["Chrome", "Android", "HeadlessChrome", "Google"]),
        ("Apple", &["Safari", "Mobile Safari", "Apple", "CFNetwork"]),
        (
            "Mozilla",
            &["Firefox", "Camino", "Fennec", "Seamonkey", "SeaMonkey"],
        ),
        ("Microsoft", &["Edge", "IE", "bingbot", "BingPreview"]),
        ("Opera", &["Opera"]),
        ("Samsung", &["Samsung"]),
        ("Amazon", &["Amazon Silk"]),
        ("Yandex", &["Yandex"]),
        ("UCWeb", &["UC Browser", "UCBrowser"]),
        ("Vivaldi", &["Vivaldi"]),
        ("Brave", &["Brave"]),
        ("DuckDuckGo", &["DuckDuckGo"]),
        ("Huawei", &["HuaweiBrowser", "Huawei Browser"]),
        ("Xiaomi", &["MiuiBrowser", "Mi Browser"]),
        ("Tencent", &["QQ Browser", "WeChat"]),
        ("Baidu", &["Baidu"]),
        (
            "Meta",
            &["Facebook", "Instagram", "WhatsApp", "Messenger", "Oculus"],
        ),
        ("BlackBerry", &["BlackBerry"]),
        ("LG", &["LG Browser"]),
    ];
    maker(MAKERS, family)
}

/// `family` is an operating system's by uap-core's name.
pub fn of_system(family: &str) -> &'static str {
    const MAKERS: &[(&str, &[&str])] = &[
        (
            "Apple",
            &[
                "iOS", "Mac OS", "tvOS", "ATV OS X", "watchOS", "macOS", "iPadOS", "visionOS",
            ],
        ),
        (
            "Google",
            &["Android", "Chrome OS", "Chromecast", "GoogleTV", "Fuchsia"],
        ),
        ("Microsoft", &["Windows", "Xbox"]),
        ("BlackBerry", &["BlackBerry"]),
        ("Mozilla", &["Firefox OS"]),
        ("KaiOS", &["KaiOS"]),
        ("Samsung", &["Tizen", "Bada"]),
        ("Canonical", &["Ubuntu"]),
        ("Red Hat", &["Red Hat", "Fedora"]),
        ("Huawei", &["HarmonyOS", "OpenHarmony"]),
        ("LG", &["webOS", "Web0S"]),
        ("Sony", &["PlayStation"]),
        ("Nintendo", &["Nintendo"]),
        ("Symbian", &["Symbian"]),
    ];
    maker(MAKERS, family)
}

/// The maker of a family that starts with one of the words; empty where nobody knows.
fn maker(makers: &'static [(&str, &[&str])], family: &str) -> &'static str {
    let made = |(_, words): &&(&str, &[&str])| {
        words.iter().any(|word| {
            let rest = family.strip_prefix(word);
            rest.is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_alphabetic()))
        })
    };
    makers.iter().find(made).map_or("", |(maker, _)| *maker)
}

#[cfg(test)]
mod tests {
    use super::{of_browser, of_system};

    #[test]
    fn a_family_starts_with_whole_words_of_its_maker() {
        for (family, maker) in [
            ("Chrome Mobile iOS", "Google"),
            ("Chrome", "Google"),
            ("Chromeo", ""),
            ("IE", "Microsoft"),
            ("IEx", ""),
            ("", ""),
        ] {
            assert_eq!(of_browser(family), maker, "{family}");
        }
        for (family, maker) in [
            ("Windows Phone", "Microsoft"),
            ("Mac OS X", "Apple"),
            ("Linux", ""),
            ("", ""),
        ] {
            assert_eq!(of_system(family), maker, "{family}");
        }
    }
}
