//! The class of a device, by the words in its user agent.

use std::sync::LazyLock;

use super::words::Words;
use crate::event::event::DeviceClass;

#[derive(Clone, Copy, Debug)]
enum Sign {
    Tv,
    /// A television or a box beside it where the system is Android.
    AndroidTv,
    Console,
    WindowsPhone,
    IPad,
    Tablet,
    /// A tablet where the system is Android: elsewhere the word means another thing.
    AndroidTablet,
    Phone,
    /// A phone, even where it does not say that it is mobile.
    PhoneModel,
    Mobile,
    Android,
    /// Android's own HTTP client, which never says whether it is mobile.
    Dalvik,
    Windows,
    Desktop,
}

static SIGNS: LazyLock<Words<Sign>> = LazyLock::new(|| Words::new(WORDS));

#[rustfmt::skip]
const WORDS: &[(Sign, &[&str])] = &[
    (Sign::Tv, &[
        "|tv|", "smarttv", "hbbtv", "appletv", "googletv", "nettv", "|dtv", "mitv", "tvbro", "tv bro", "tvbox", "tv box", "|atv",
        "web0s", "webos.tv", "netcast", "netrange", "bravia", "crkey", "chromecast", "roku", "viera", "|aft", "vidaa",
        "ce-html", "large screen", "smartcast", "vizio", "tivo", "|stb|", "mibox", "mi box", "|androidtv", "inettvbrowser",
        "sonycebrowser", "brightsign", "whale tv", "whaletv", "maple2", "maple 2", "smarthub", "|uhd|", "set-top", "opera tv",
    ]),
    (Sign::AndroidTv, &[
        "tv|", "box|", "|box", "nexus player", " shell ", "|led", "|x96", "|h96", "|t95", "|a95x", "|rk33", "vontar", "zidoo", "mecool", "minix",
        "rombica", "|stick",
    ]),
    (Sign::Console, &["playstation", "|xbox", "nintendo", "|wii"]),
    (Sign::WindowsPhone, &["windows phone", "wpdesktop", "lumia", "iemobile", "|wds "]),
    (Sign::IPad, &["ipad"]),
    (Sign::Tablet, &["|tablet|", "kindle", "|silk/", "playbook", "touchpad", "xoom"]),
    (Sign::AndroidTablet, &[
        "|tab", "tab|", "|pad|", "pad|", "|tb-", "|sm-t", "|sm-p", "|sm-x", "|gt-p", "nexus 7", "nexus 9", "nexus 10", "pixel c|",
        "|plane ", "|mid|", "|kf", "|slate", "tablet", "transformer", "iplay", "lifetab", "|yt", "|ags", "|bah", "|sht-", "|cmr-", "|scm-",
        "|mrx-", "|bzt-", "pocketbook", "optima", "|citi ", "iconia", "|tpc",
    ]),
    (Sign::Phone, &[
        "iphone", "ipod", "blackberry", "|bb10", "nokia", "symbian", "series60", "series40", "opera mini",
        "opera mobi", "midp", "cldc", "j2me", "ucweb", "kaios", "sonyericsson", "docomo", "palm", "|webos/", "maemo", "|bada", "up.browser",
        "up.link", "windows ce", "kddi-", "softbank", "vodafone", "brew", "netfront", "samsung-sgh", "samsung-gt", "obigo", "maui",
    ]),
    (Sign::PhoneModel, &["|sm-g", "|sm-a", "|sm-n", "|sm-s", "|sm-j", "|sm-f", "|sm-m", "|sm-e", "phone|"]),
    (Sign::Mobile, &["mobile", "|mobi|"]),
    (Sign::Android, &["android", "andr0id", "|adr "]),
    (Sign::Dalvik, &["dalvik"]),
    (Sign::Windows, &["windows nt", "windows 9", "win98", "win95", "windows;"]),
    (Sign::Desktop, &["macintosh", "x11", "cros ", "linux", "windows", "freebsd", "mac os x", "mac_powerpc"]),
];

pub fn class(header: &str) -> DeviceClass {
    let mut said = 0_u32;
    for (sign, _, _) in SIGNS.find(header) {
        said |= 1 << sign as u32;
    }
    let says = |sign: Sign| said & (1 << sign as u32) != 0;
    let is_android = says(Sign::Android);
    if says(Sign::Console) {
        DeviceClass::Other
    } else if says(Sign::Tv) || is_android && says(Sign::AndroidTv) {
        DeviceClass::Tv
    } else if says(Sign::IPad) {
        DeviceClass::Tablet
    } else if says(Sign::WindowsPhone) {
        DeviceClass::Mobile
    } else if says(Sign::Windows) {
        DeviceClass::Desktop
    } else if says(Sign::Tablet)
        || is_android
            && (says(Sign::AndroidTablet)
                || !(says(Sign::Mobile)
                    || says(Sign::Phone)
                    || says(Sign::PhoneModel)
                    || says(Sign::Dalvik)))
    {
        DeviceClass::Tablet
    } else if is_android || says(Sign::Phone) || says(Sign::Mobile) {
        DeviceClass::Mobile
    } else if says(Sign::Desktop) {
        DeviceClass::Desktop
    } else {
        DeviceClass::Other
    }
}
