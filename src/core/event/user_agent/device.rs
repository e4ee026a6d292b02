//! The class of a device, by the words in its user agent and the form of its model's name.
//!
//! The tables rest on what makers say of their fields (Samsung, LG, Huawei, Amazon, Google, HbbTV) and on how they
//! name kinds of devices: a maker's series of tablets, a family of boxes; never on one device.

use std::sync::LazyLock;

use super::words::Words;
use crate::event::event::DeviceClass;

#[derive(Clone, Copy, Debug)]
enum Sign {
    Tv,
    /// A television or a box beside it where the system is Android.
    AndroidTv,
    Console,
    /// Not what carries its system's other devices: a watch, a headset, a car, a loudspeaker, a refrigerator.
    Thing,
    /// A name that reads like a television's, and is none.
    NotTv,
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
    /// Names its kind of device where others name the system.
    OpenHarmony,
    /// A desktop where the system is OpenHarmony.
    HarmonyPc,
    /// A browser's: other programs need not say whether they are mobile.
    Browser,
    /// Android or another system for phones, on a desktop.
    Chromebook,
    Darwin,
    /// A processor that no phone of Apple's has.
    MacProcessor,
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
        "ce-html", "large screen", "smartcast", "vizio", "|tivo", "|stb|", "mibox", "mi box", "|androidtv", "inettvbrowser",
        "sonycebrowser", "brightsign", "whale tv", "whaletv", "maple2", "maple 2", "smarthub", "|uhd|", "set-top", "opera tv",
        "opentv", "otvwebkit", "kreatv", "sonybdp", "espial", "hybridcast", "directfb", "boxee", "ekioh", "tbrowser", "stbapp", "firetv",
        "|omi/", "aquosbrowser", "youview", "freebox", "freesat", "humax", "dunehd", "zeasn", "webostv", "philipstv", "titanos", "titan os",
        "whaleos", "tivoos", "|diga|", "lg simplesmart", "smart-tv", "vestel", "|vewd",
    ]),
    (Sign::AndroidTv, &[
        "tv|", "box|", "|box", "nexus player", "|shell|", "|led", "|eled", "qled|", "|x96", "|h96", "|t95", "|a95x", "|rk33", "vontar", "zidoo",
        "mecool", "minix", "rombica", "|stick", "stb|", "|sdstb", "|ott|", "|iptv", "projector", "aquos-tv", "|mag2", "|mag4", "|dvb|", "|adt-", "|tpm1",
        "|qm15", "|qm16", "|yndx-000", "beelink", "ugoos", "gtking", "gt-king", "|neo-x", "|neo-u", "|neo u", "|neo-z", "pendoo", "transpeed", "vorke",
        "|vega s95", "|rkm ", "skystream", "formuler", "|m8s|", "orbsmart", "iconbit", "|as4k", "|as_4k", "|movix", "|hk1|", "|km6|", "|km9|", "|x88",
        "|x98_", "|a5x|", "|tx3|", "|tx5|", "|tx6|", "|tx9|", "|mxq", "|tanix", "amlogic", "|evpad", "|sti6", "smart 4k", "set top", "|hst|",
    ]),
    (Sign::Console, &["playstation", "|xbox", "nintendo", "|wii", "(psp", "steam deck", "dreamcast"]),
    (Sign::Thing, &[
        "watch|", "watchos", "|sm-r7", "|sm-r8", "|sm-r9", "|sm-l3", "|sm-l5", "|sm-l7", "wear os", "oculusbrowser", "picobrowser", "|vr|", "|quest|",
        "family hub", "familyhub", "qtcarbrowser", "|aeo", "|wearable|", "|car; openharmony", "glasses|",
    ]),
    (Sign::NotTv, &["|btv-", "|bntv", "|sgh-", "btpc-", "|gt-p"]),
    (Sign::WindowsPhone, &["windows phone", "wpdesktop", "lumia", "iemobile", "|wds ", "windows ce", "palmsource"]),
    (Sign::IPad, &["ipad"]),
    (Sign::Tablet, &["|tablet|", "kindle", "|silk/", "playbook", "touchpad", "xoom", "pocketbook", "|kobo", "nook browser"]),
    (Sign::AndroidTablet, &[
        "|tab", "tab|", "|pad|", "pad|", "|tb-", "|sm-t", "|sm-p", "|sm-x", "|gt-p", "nexus 7", "nexus 9", "nexus 10", "pixel c|",
        "|plane ", "|mid|", "|slate", "tablet", "transformer", "iplay", "lifetab", "|yt", "|ags", "|bah", "|sht-", "|cmr-", "|scm-",
        "|mrx-", "|bzt-", "optima", "|citi|", "iconia", "|tpc",
        "|tb1", "|tb2", "|tb3", "|tb5", "|tb7", "|tb8", "ideatab", "lenovo a3", "lenovo a5500", "lenovo a7600", "lenovo b6000", "lenovo b80", "|yoga tab",
        "-w00|", "-w09|", "-w19|", "-w29|", "-w10|", "-w20|", "|agr-", "|agrk-", "|kob-", "|kob2-", "|jdn2-", "|jms-", "|dby-", "|dby2-", "|dbr-", "|bzd-", "|bzw-",
        "|bzi-", "|got-", "|gdi-", "|hdl-", "|vrd-", "|bg2-", "|bgo-", "|bach", "|cpn-", "|btv-", "|wgr-", "|mrr-", "mediapad", "matepad",
        "|gt-n51", "|gt-n80", "|opd2", "|rmp2", "nokia t1", "nokia t2", "|bntv", "|bnrv", "|nook|", "|bq-7", "|bq-8", "|bq-9", "|bq-10", "|bqru-7", "|bqru-10",
        "|rct6", "|pmt3", "|pmt4", "|pmt5", "|pmp3", "|pmp5", "|pmp7", "readboy", "|slide|", "|flyer|", "ubislate", "|nabi", "|archos 7", "|archos 8", "|archos 9", "|archos 1",
        "btpc-",
    ]),
    (Sign::Phone, &[
        "iphone", "ipod", "blackberry", "|bb10", "nokia", "symbian", "series60", "series40", "opera mini",
        "opera mobi", "midp", "cldc", "j2me", "ucweb", "kaios", "sonyericsson", "docomo", "palm", "|webos/", "maemo", "|bada", "up.browser",
        "up.link", "kddi-", "softbank", "vodafone", "|brew|", "netfront", "samsung-sgh", "samsung-gt", "obigo", "maui",
        "|sec-", "jig browser", "|sie-", "|mot-", "|lg-", "|lge-", "mmp/", "portalmmm", "|j-phone", "ucbrowser",
    ]),
    (Sign::PhoneModel, &["|sm-g", "|sm-a", "|sm-n", "|sm-s", "|sm-j", "|sm-f", "|sm-m", "|sm-e", "phone|", "|pixel|", "oneplus a", "|gt-i9", "|cph", "|rmx", "redmi note"]),
    (Sign::Mobile, &["mobile", "|mobi|"]),
    (Sign::Android, &["android", "andr0id", "|adr "]),
    (Sign::OpenHarmony, &["openharmony"]),
    (Sign::HarmonyPc, &["|pc|", "|2in1|", "|laptop|"]),
    (Sign::Browser, &["mozilla/", "|opera", "applewebkit"]),
    (Sign::Chromebook, &["chromebook"]),
    (Sign::Darwin, &["cfnetwork"]),
    (Sign::MacProcessor, &["i386", "x86_64", "power macintosh", "power%20macintosh", "mac os x", "macos"]),
    (Sign::Dalvik, &["dalvik"]),
    (Sign::Windows, &["windows nt", "windows 9", "win98", "win95", "windows;"]),
    (Sign::Desktop, &["macintosh", "x11", "cros ", "linux", "windows", "bsd|", "bsd/", "mac os", "mac_powerpc", "sunos", "solaris", "irix", "hp-ux", "|os/2", "beos", "haiku", "amiga", "morphos", "risc os"]),
];

pub fn class(header: &str) -> DeviceClass {
    let mut said = 0_u32;
    for (sign, _, _) in SIGNS.find(header) {
        said |= 1 << sign as u32;
    }
    let says = |sign: Sign| said & (1 << sign as u32) != 0;
    let is_android = says(Sign::Android);
    let model = if is_android { model(header) } else { "" };
    if says(Sign::Console) {
        DeviceClass::Other
    } else if says(Sign::Tv) && !says(Sign::NotTv)
        || is_android && (says(Sign::AndroidTv) && !says(Sign::NotTv) || is_tv(model))
    {
        DeviceClass::Tv
    } else if says(Sign::Thing) {
        DeviceClass::Other
    } else if says(Sign::IPad) {
        DeviceClass::Tablet
    } else if says(Sign::WindowsPhone) {
        DeviceClass::Mobile
    } else if says(Sign::Windows)
        || says(Sign::OpenHarmony) && says(Sign::HarmonyPc)
        || is_android && says(Sign::Chromebook)
        || says(Sign::Darwin) && says(Sign::MacProcessor)
    {
        DeviceClass::Desktop
    } else if says(Sign::Tablet)
        || is_android
            && (says(Sign::AndroidTablet)
                || is_tablet(model)
                || !(says(Sign::Mobile)
                    || says(Sign::Phone)
                    || says(Sign::PhoneModel)
                    || says(Sign::Dalvik)
                    || !says(Sign::Browser)))
    {
        DeviceClass::Tablet
    } else if is_android
        || says(Sign::Phone)
        || says(Sign::Mobile)
        || says(Sign::Darwin)
        || says(Sign::OpenHarmony) && says(Sign::PhoneModel)
    {
        DeviceClass::Mobile
    } else if says(Sign::Desktop) {
        DeviceClass::Desktop
    } else {
        DeviceClass::Other
    }
}

/// What an Android browser calls the device: the last part of its first comment, without the build.
fn model(header: &str) -> &str {
    let comment = header.split_once('(').map_or("", |(_, rest)| rest);
    let comment = comment
        .split_once(')')
        .map_or(comment, |(comment, _)| comment);
    let before_build = comment
        .split_once(" Build")
        .map_or(comment, |(model, _)| model);
    let before_view = before_build.strip_suffix("; wv").unwrap_or(before_build);
    before_view.rsplit(';').next().unwrap_or_default().trim()
}

/// Whether a part of the model begins with the size of a television's screen, in inches, or soon says it, and goes on
/// with letters and a number: `55UC30G`, `32LEX-7145`, `H32F8000C`.
fn is_tv(model: &str) -> bool {
    let mut parts = model.split(|c: char| !c.is_ascii_alphanumeric()).peekable();
    while let Some(part) = parts.next() {
        let sized = part.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let prefix = part.len() - sized.len();
        let Some((size, kind)) = sized.split_at_checked(2) else {
            continue;
        };
        let series = kind.trim_start_matches(|c: char| c.is_ascii_uppercase());
        let is_number = |text: &str| text.starts_with(|c: char| c.is_ascii_digit());
        let is_form = match prefix {
            0 if series.is_empty() => {
                kind.len() > 1 && parts.peek().is_some_and(|next| is_number(next))
            }
            0 => part.len() >= 6 && is_number(series),
            1 | 2 => part.len() >= 8 && is_number(series),
            _ => false,
        };
        if is_form && series.len() < kind.len() && SCREENS.contains(&size) {
            return true;
        }
    }
    false
}

/// Inches of televisions' screens, and of no tablet's.
const SCREENS: &[&str] = &[
    "22", "24", "28", "32", "39", "40", "42", "43", "48", "49", "50", "55", "58", "60", "65", "70",
    "75", "77", "82", "83", "85", "86", "98",
];

/// Whether a model is of a series of tablets: Amazon's `KF` and letters, Xiaomi's five digits and `RP`, TCL's numbers
/// from 9000 and from 8060 to 8099.
fn is_tablet(model: &str) -> bool {
    let is_digit = |at: usize| model.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    let is_capital = |at: usize| model.as_bytes().get(at).is_some_and(u8::is_ascii_uppercase);
    let digits = (0..6).take_while(|at| is_digit(*at)).count();
    match digits {
        0 => model.starts_with("KF") && (2..5).all(is_capital),
        4 => {
            model.starts_with('9')
                || ["806", "807", "808", "809"]
                    .iter()
                    .any(|series| model.starts_with(series))
        }
        5 => model.get(5..).is_some_and(|rest| rest.starts_with("RP")),
        _ => false,
    }
}
