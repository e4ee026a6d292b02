//! Headers of all kinds of devices, and what is made of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{Agents, parse};
use crate::event::event::{Agent, DeviceClass};

const CHROME: &str = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36";

/// Browser (`*` is any), operating system, class of device, header.
#[rustfmt::skip]
const HEADERS: &[(&str, &str, DeviceClass, &str)] = &[
    ("Chrome", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36"),
    ("Chrome", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 6.1; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/109.0.0.0 Safari/537.36"),
    ("Safari", "Mac OS X", DeviceClass::Desktop, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1.1 Safari/605.1.15"),
    ("Firefox", "Mac OS X", DeviceClass::Desktop, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:76.0) Gecko/20100101 Firefox/76.0"),
    ("Chrome", "Mac OS X", DeviceClass::Desktop, "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_14_6) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138 Safari/537.36"),
    ("Firefox", "Ubuntu", DeviceClass::Desktop, "Mozilla/5.0 (X11; Ubuntu; Linux x86_64; rv:76.0) Gecko/20100101 Firefox/76.0"),
    ("Chrome", "Linux", DeviceClass::Desktop, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36"),
    ("Chrome", "Chrome OS", DeviceClass::Desktop, "Mozilla/5.0 (X11; CrOS x86_64 12871.102.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.141 Safari/537.36"),
    ("Edge", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36 Edg/83.0.478.37"),
    ("Edge", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.102 Safari/537.36 Edge/18.18363"),
    ("Opera", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36 OPR/68.0.3618.125"),
    ("IE", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 10.0; WOW64; Trident/7.0; rv:11.0) like Gecko"),
    ("IE", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 6.1; WOW64; Trident/7.0; Tablet PC 2.0; rv:11.0) like Gecko"),
    ("IE", "Windows", DeviceClass::Desktop, "Mozilla/4.0 (compatible; MSIE 8.0; Windows NT 5.1; Trident/4.0)"),
    ("Firefox", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 6.3; Win64; x64; rv:68.0) Gecko/20100101 Firefox/68.0"),
    ("Vivaldi", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.163 Safari/537.36 Vivaldi/2.11"),
    ("Yandex Browser", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138 YaBrowser/20.4.3.257 Yowser/2.5 Safari/537.36"),
    ("Mobile Safari", "iOS", DeviceClass::Mobile, "Mozilla/5.0 (iPhone; CPU iPhone OS 13_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 Mobile/15E148 Safari/604.1"),
    ("Mobile Safari", "iOS", DeviceClass::Mobile, "Mozilla/5.0 (iPhone; CPU iPhone OS 17_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.4.1 Mobile/15E148 Safari/604.1"),
    ("Chrome Mobile iOS", "iOS", DeviceClass::Mobile, "Mozilla/5.0 (iPhone; CPU iPhone OS 13_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/83.0.4103.63 Mobile/15E148 Safari/604.1"),
    ("Firefox iOS", "iOS", DeviceClass::Mobile, "Mozilla/5.0 (iPhone; CPU iPhone OS 13_3 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) FxiOS/25.1 Mobile/15E148 Safari/605.1.15"),
    ("Google", "iOS", DeviceClass::Mobile, "Mozilla/5.0 (iPhone; CPU iPhone OS 13_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) GSA/112.0.313153230 Mobile/15E148 Safari/604.1"),
    ("Instagram", "iOS", DeviceClass::Mobile, "Mozilla/5.0 (iPhone; CPU iPhone OS 13_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 Instagram 143.0.0.25.121 (iPhone11,8; iOS 13_5; de_DE; de-DE; scale=2.00; 828x1792; 216817344)"),
    ("Facebook", "iOS", DeviceClass::Mobile, "Mozilla/5.0 (iPhone; CPU iPhone OS 13_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Mobile/15E148 [FBAN/FBIOS;FBDV/iPhone12,1;FBMD/iPhone;FBSN/iOS;FBSV/13.4.1;FBSS/2;FBID/phone;FBLC/fr_FR;FBOP/5]"),
    ("Mobile Safari", "iOS", DeviceClass::Mobile, "Mozilla/5.0 (iPod touch; CPU iPhone OS 12_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1.2 Mobile/15E148 Safari/604.1"),
    ("Chrome Mobile", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 10; SM-G973F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138 Mobile Safari/537.36"),
    ("Chrome Mobile", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36"),
    ("Chrome Mobile", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 9; CUBOT_P30) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.99 Mobile Safari/537.36"),
    ("Chrome Mobile", "Android", DeviceClass::Mobile, "mozilla/5.0 (linux; android 6.0; cubot echo) applewebkit/537.36 (khtml, like gecko) chrome/70.0.3538.80 mobile safari/537.36"),
    ("Chrome Mobile", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 7.0; M bot 54) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/78.0.3904.96 Mobile Safari/537.36"),
    ("Chrome Mobile", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 13; Spider 8) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Mobile Safari/537.36"),
    ("Facebook", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 9; SM-G950F Build/PPR1.180610.011; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/81.0.4044.138 Mobile Safari/537.36 [FB_IAB/FB4A;FBAV/273.0.0.39.123;]"),
    ("Chrome Mobile WebView", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 9; SM-G950F Build/PPR1.180610.011; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/81.0.4044.138 Mobile Safari/537.36"),
    ("Samsung Internet", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 10; SAMSUNG SM-G975F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/11.2 Chrome/75.0.3770.143 Mobile Safari/537.36"),
    ("Firefox Mobile", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Android 9; Mobile; rv:68.0) Gecko/68.0 Firefox/68.0"),
    ("UC Browser", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; U; Android 9; en-US; RMX1911) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/57.0.2987.108 UCBrowser/13.0.8.1291 Mobile Safari/537.36"),
    ("Opera Mobile", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 10; ELE-L29) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.83 Mobile Safari/537.36 OPR/58.2.2878.53403"),
    ("Opera Mini", "Android", DeviceClass::Mobile, "Opera/9.80 (Android; Opera Mini/46.2.2254/174.101; U; de) Presto/2.12.423 Version/12.16"),
    ("Android", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; U; Android 4.0.4; de-de; GT-I9100 Build/IML74K) AppleWebKit/534.30 (KHTML, like Gecko) Version/4.0 Mobile Safari/534.30"),
    ("Yandex Browser", "Android", DeviceClass::Mobile, "Mozilla/5.0 (Linux; arm_64; Android 10; SM-A505FN) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.116 YaApp_Android/20.74 YaSearchBrowser/20.74 BroPP/1.0 SA/3 Mobile Safari/537.36"),
    ("Edge Mobile", "Windows Phone", DeviceClass::Mobile, "Mozilla/5.0 (Windows Phone 10.0; Android 6.0.1; Microsoft; Lumia 950) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/52.0.2743.116 Mobile Safari/537.36 Edge/15.15254"),
    ("BlackBerry WebKit", "BlackBerry OS", DeviceClass::Mobile, "Mozilla/5.0 (BB10; Touch) AppleWebKit/537.10+ (KHTML, like Gecko) Version/10.0.9.2372 Mobile Safari/537.10+"),
    ("Firefox Mobile", "KaiOS", DeviceClass::Mobile, "Mozilla/5.0 (Mobile; Nokia_8110_4G; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5"),
    ("Mobile Safari", "iOS", DeviceClass::Tablet, "Mozilla/5.0 (iPad; CPU OS 12_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/12.1 Mobile/15E148 Safari/604.1"),
    ("Chrome", "Android", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 9; SM-T510) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.60 Safari/537.36"),
    ("Chrome", "Android", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 8.1.0; Lenovo TB-X304F) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/81.0.4044.138 Safari/537.36"),
    ("Chrome", "Android", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/124.0.0.0 Safari/537.36"),
    ("Firefox Mobile", "Android", DeviceClass::Tablet, "Mozilla/5.0 (Android 9; Tablet; rv:68.0) Gecko/68.0 Firefox/68.0"),
    ("Amazon Silk", "Android", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 5.1.1; KFSUWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/81.2.16 like Chrome/81.0.4044.138 Safari/537.36"),
    ("Chrome Mobile", "Android", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 7.0; LIFETAB_P733X) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.83 Mobile Safari/537.36"),
    ("Safari", "Tizen", DeviceClass::Tv, "Mozilla/5.0 (SMART-TV; Linux; Tizen 5.0) AppleWebKit/538.1 (KHTML, like Gecko) Version/5.0 TV Safari/538.1"),
    ("Samsung Internet", "Tizen", DeviceClass::Tv, "Mozilla/5.0 (SMART-TV; LINUX; Tizen 5.0) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/2.2 Chrome/63.0.3239.84 TV Safari/537.36"),
    ("Chrome", "Web0S", DeviceClass::Tv, "Mozilla/5.0 (Web0S; Linux/SmartTV) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/53.0.2785.34 Safari/537.36"),
    ("Chrome", "Android", DeviceClass::Tv, "Mozilla/5.0 (Linux; Android 9; BRAVIA 4K GB) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0 Safari/537.36"),
    ("Amazon Silk", "Android", DeviceClass::Tv, "Mozilla/5.0 (Linux; Android 7.1.2; AFTMM) AppleWebKit/537.36 (KHTML, like Gecko) Silk/81.2.16 like Chrome/81.0.4044.138 Safari/537.36"),
    ("Chrome", "Chromecast Linux", DeviceClass::Tv, "Mozilla/5.0 (X11; Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/84.0.4147.125 Safari/537.36 CrKey/1.54.248666"),
    ("", "ATV OS X", DeviceClass::Tv, "AppleTV11,1/11.1"),
    ("*", "PlayStation 4", DeviceClass::Other, "Mozilla/5.0 (PlayStation 4 7.51) AppleWebKit/605.1.15 (KHTML, like Gecko)"),
    ("Edge", "Windows", DeviceClass::Other, "Mozilla/5.0 (Windows NT 10.0; Win64; x64; Xbox; Xbox One) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.102 Safari/537.36 Edge/18.18363"),
    ("", "", DeviceClass::Other, "Mozilla/5.0 (Nintendo Switch; WifiWebAuthApplet) AppleWebKit/606.4 (KHTML, like Gecko) NF/6.0.1.15.4 NintendoBrowser/5.1.0.20393"),
    ("Googlebot", "", DeviceClass::Bot, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("Googlebot", "Android", DeviceClass::Bot, "Mozilla/5.0 (Linux; Android 6.0.1; Nexus 5X Build/MMB29P) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    ("bingbot", "", DeviceClass::Bot, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    ("AhrefsBot", "", DeviceClass::Bot, "Mozilla/5.0 (compatible; AhrefsBot/6.1; +http://ahrefs.com/robot/)"),
    ("HeadlessChrome", "Linux", DeviceClass::Bot, "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/83.0.4103.61 Safari/537.36"),
    ("GPTBot", "", DeviceClass::Bot, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.0; +https://openai.com/gptbot)"),
    ("FacebookBot", "", DeviceClass::Bot, "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)"),
    ("WhatsApp", "", DeviceClass::Bot, "WhatsApp/2.20.52 A"),
    ("Python Requests", "", DeviceClass::Bot, "python-requests/2.23.0"),
    ("curl", "", DeviceClass::Bot, "curl/7.68.0"),
    ("Java", "", DeviceClass::Bot, "Java/1.8.0_252"),
    ("okhttp", "", DeviceClass::Bot, "okhttp/3.12.1"),
    ("", "", DeviceClass::Bot, "SomeApp/1.4.2"),
    ("", "", DeviceClass::Bot, "Mozilla/5.0 (compatible; Example Site Check)"),
    ("", "", DeviceClass::Bot, "Mozilla/5.0"),
    ("Chrome", "Windows", DeviceClass::Desktop, "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36 robotics-club"),
    ("", "", DeviceClass::Other, "x'; DROP TABLE fact_event; --"),
    ("", "", DeviceClass::Other, "<script>alert(1)</script>"),
    ("", "", DeviceClass::Other, "x"),
    ("", "", DeviceClass::Other, ""),
];

/// Operating system and version, class of device, header: one of each kind that hides behind another's words.
#[rustfmt::skip]
const KINDS: &[(&str, DeviceClass, &str)] = &[
    // OpenHarmony names the kind of device where others name the system.
    ("OpenHarmony 5.0", DeviceClass::Mobile, "Mozilla/5.0 (Phone; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile"),
    ("OpenHarmony 6.0", DeviceClass::Mobile, "Mozilla/5.0 (Phone; OpenHarmony 6.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/132.0.0.0 Safari/537.36 ArkWeb/6.0.0.47"),
    ("OpenHarmony 5.0", DeviceClass::Tablet, "Mozilla/5.0 (Tablet; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile"),
    ("OpenHarmony 5.0", DeviceClass::Tablet, "Mozilla/5.0 (Tablet; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"),
    ("OpenHarmony 5.0", DeviceClass::Desktop, "Mozilla/5.0 (PC; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"),
    ("OpenHarmony 5.1", DeviceClass::Desktop, "Mozilla/5.0 (2in1; OpenHarmony 5.1) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"),
    ("OpenHarmony 5.0", DeviceClass::Tv, "Mozilla/5.0 (TV; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"),
    ("OpenHarmony 5.0", DeviceClass::Other, "Mozilla/5.0 (Wearable; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1 Mobile"),
    ("OpenHarmony 5.0", DeviceClass::Other, "Mozilla/5.0 (Car; OpenHarmony 5.0) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Safari/537.36 ArkWeb/4.1.6.1"),
    ("HarmonyOS ", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 12; HarmonyOS; NOH-AN00) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36"),
    // Televisions whose model says no more than the size of the screen, and boxes.
    ("Android 11", DeviceClass::Tv, "Mozilla/5.0 (Linux; Android 11; 55XK70G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.91 Safari/537.36"),
    ("Android 11", DeviceClass::Tv, "Mozilla/5.0 (Linux; Android 11; ACME_LT-43NB7000S Build/RQ1A; wv) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/90.0.4430.91 Mobile Safari/537.36"),
    ("Android 9", DeviceClass::Tv, "Mozilla/5.0 (Linux; Android 9; H50F7200C) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.91 Mobile Safari/537.36"),
    ("Android 9", DeviceClass::Tv, "Mozilla/5.0 (Linux; Andr0id 9; 50OV5000U) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.91 Safari/537.36"),
    ("Android 9", DeviceClass::Tv, "Mozilla/5.0 (Linux; Android 9; Ugoos AM9) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/90.0.4430.91 Safari/537.36"),
    ("Linux ", DeviceClass::Tv, "Opera/9.80 (Linux mips) Presto/2.12.407 Version/12.50 , KreaTV/12.0.0.0 (ACME, X1, wired)"),
    ("TiVo OS 1.0", DeviceClass::Tv, "Mozilla/5.0 (Linux ) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.5359.128 Safari/537.36 OPR/46.0.2207.0 OMI/4.23.2 TiVoOS/1.0.0"),
    // What only reads like a television, a brewer or a console.
    ("Android 6.0", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 6.0; BTV-W09) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.80 Safari/537.36"),
    ("Android 4.4", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 4.4.2; SGH-T959V) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/38.0.2125.102 Mobile Safari/537.36"),
    ("Android 12", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 12; 22101320G) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36"),
    ("Android 7.0", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 7.0; PSP5551DUO) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/70.0.3538.80 Mobile Safari/537.36"),
    ("Linux ", DeviceClass::Desktop, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 LibreWolf/128.0"),
    // Tablets that say Mobile.
    ("Android 13", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 13; TB330FU) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36"),
    ("Android 10", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 10; KOB2-L09) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36"),
    ("Android 12", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 12; XYZ-W09) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36"),
    ("Android 13", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 13; 23073RPBFC) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36"),
    ("Android 11", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 11; 9032T) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36"),
    ("Android 9", DeviceClass::Tablet, "Mozilla/5.0 (Linux; Android 9; KFMAWI) AppleWebKit/537.36 (KHTML, like Gecko) Silk/100.1 like Chrome/100.0.0.0 Mobile Safari/537.36"),
    ("Android 12", DeviceClass::Mobile, "Mozilla/5.0 (Linux; Android 12; TECNO KF6m) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/114.0.0.0 Mobile Safari/537.36"),
    // A program that is no browser need not say Mobile.
    ("Android 9", DeviceClass::Mobile, "Radio Player/5.1 Android/9 (ExoPlayerLib/2.9) Android"),
    // Watches, headsets, consoles and screens of other things.
    ("Android 11", DeviceClass::Other, "Mozilla/5.0 (Linux; Android 11; SM-R890) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/111.0.0.0 Mobile Safari/537.36"),
    ("Android 12", DeviceClass::Other, "Mozilla/5.0 (Linux; Android 12; Quest 3) AppleWebKit/537.36 (KHTML, like Gecko) OculusBrowser/31.0 Chrome/120.0.0.0 VR Safari/537.36"),
    ("Linux ", DeviceClass::Other, "Mozilla/5.0 (X11; Linux x86_64; Valve Steam Client/Steam Deck) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36"),
    // Desktops of other systems.
    ("Android 9", DeviceClass::Desktop, "Mozilla/5.0 (Linux; Android 9; ACME Chromebook 11) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/80.0.3987.99 Safari/537.36"),
    ("Haiku ", DeviceClass::Desktop, "Mozilla/5.0 (compatible; U; WebPositive/533.4; Haiku) AppleWebKit/533.4 (KHTML, like Gecko) Chrome/5.0 Safari/533.4"),
    ("KaiOS 2.5", DeviceClass::Mobile, "Mozilla/5.0 (Mobile; rv:48.0) Gecko/48.0 Firefox/48.0 KAIOS/2.5.1"),
];

#[test]
fn a_kind_of_device_is_told_by_its_makers_words_and_models() {
    for (system, class, header) in KINDS {
        let agent = parse(header);
        let found = format!("{} {}", agent.os, agent.os_version);
        assert_eq!((&*found, agent.device_class), (*system, *class), "{header}");
    }
}

#[test]
fn a_television_that_speaks_hbbtv_has_the_browser_it_names() {
    for (browser, header) in [
        (
            "Opera 12.11",
            "Opera/9.80 (Linux armv7l; HbbTV/1.1.1 (; Acme; ; ; ; ) CE-HTML/1.0; en) Presto/2.12.362 Version/12.11",
        ),
        (
            "Opera 46.0",
            "Mozilla/5.0 (Linux armv7l) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/108.0.5359.128 Safari/537.36 OPR/46.0.2207.0 OMI/4.23 HbbTV/1.5.1 (+DRM;Acme;;;)",
        ),
        (
            "Chrome 88.0",
            "HbbTV/1.4.1 (;Acme;X1;3.0;;X1;) Mozilla/5.0 (Linux; U; en-GB) AppleWebKit/537.36 (KHTML, like Gecko) Acme/1.0 Chrome/88.0.4324.182 Safari/537.36",
        ),
        ("HbbTV 1.1", "HbbTV/1.1.1 (;;;;;) Acme/1.0"),
    ] {
        let agent = parse(header);
        assert_eq!(
            format!("{} {}", agent.browser, agent.browser_version),
            browser,
            "{header}"
        );
        assert_eq!(agent.device_class, DeviceClass::Tv, "{header}");
    }
}

#[test]
fn headers_are_read() {
    for (browser, os, class, header) in HEADERS {
        let agent = parse(header);
        let browser = if *browser == "*" {
            &agent.browser
        } else {
            *browser
        };
        let found = (&*agent.browser, &*agent.os, agent.device_class);
        assert_eq!(found, (browser, *os, *class), "{header}");
        assert_eq!(agent.is_bot, *class == DeviceClass::Bot, "{header}");
    }
}

#[test]
fn versions_and_makers_are_named() {
    let agent = |words: [&str; 6], device_class| Agent {
        browser: words[0].into(),
        browser_version: words[1].into(),
        browser_vendor: words[2].into(),
        os: words[3].into(),
        os_version: words[4].into(),
        os_vendor: words[5].into(),
        device_class,
        is_bot: false,
    };
    let chrome = ["Chrome", "83.0", "Google", "Windows", "10", "Microsoft"];
    assert_eq!(parse(CHROME), agent(chrome, DeviceClass::Desktop));
    let safari = ["Mobile Safari", "13.1", "Apple", "iOS", "13.4", "Apple"];
    let iphone = "Mozilla/5.0 (iPhone; CPU iPhone OS 13_4_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/13.1 Mobile/15E148 Safari/604.1";
    assert_eq!(parse(iphone), agent(safari, DeviceClass::Mobile));
    let samsung = [
        "Samsung Internet",
        "11.2",
        "Samsung",
        "Android",
        "10",
        "Google",
    ];
    let galaxy = "Mozilla/5.0 (Linux; Android 10; SAMSUNG SM-G975F) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/11.2 Chrome/75.0.3770.143 Mobile Safari/537.36";
    assert_eq!(parse(galaxy), agent(samsung, DeviceClass::Mobile));
    let edge = ["Edge", "83.0", "Microsoft", "Mac OS X", "10.15", "Apple"];
    let mac = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_5) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/83.0.4103.61 Safari/537.36 Edg/83.0.478.37";
    assert_eq!(parse(mac), agent(edge, DeviceClass::Desktop));
    let docomo = ["docomo", "P900i", "", "docomo", "", ""];
    assert_eq!(
        parse("DoCoMo/2.0 P900i(c100;TB;W24H11)"),
        agent(docomo, DeviceClass::Mobile)
    );
}

#[test]
fn hostile_headers_make_short_words_in_bounded_time() {
    let words: String = HEADERS.iter().map(|(.., header)| *header).collect();
    let hostile = [
        format!(
            "Mozilla/5.0 (X11; FreeBSD {}; rv:1) Gecko Firefox/{}",
            "x".repeat(900),
            "1".repeat(900)
        ),
        format!("Firefox/{}", "1".repeat(8_000)),
        "bot/".repeat(2_000),
        "Mozilla/5.0 (Linux; Android 9; bot".repeat(250),
        "(".repeat(8_192),
        "é".repeat(4_096),
        words.chars().take(8_192).collect(),
    ];
    parse("");
    for header in hostile {
        let start = Instant::now();
        let agent = parse(&header);
        // Thousands of times what it takes, so that only what grows with more than the header's length fails.
        assert!(start.elapsed() < Duration::from_secs(2), "{header:.60}");
        for word in [
            agent.browser,
            agent.browser_version,
            agent.os,
            agent.os_version,
        ] {
            assert!(word.len() <= 64, "{word}");
        }
    }
}

#[test]
fn the_same_header_is_the_same_agent() {
    let mut agents = Agents::default();
    assert!(Arc::ptr_eq(&agents.read(CHROME), &agents.read(CHROME)));
    assert_eq!(*agents.unknown(), Agent::default());
}

mod properties {
    use proptest::prelude::*;

    use super::super::parse;
    use super::HEADERS;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(512))]

        #[test]
        fn any_text_has_an_agent(text in "\\PC{0,300}", other in "[ -~]{0,300}", at in 0_usize..80, cut in 0_usize..200) {
            let header = HEADERS[at % HEADERS.len()].3;
            for text in [format!("{}{text}", &header[..cut.min(header.len())]), text, other] {
                let agent = parse(&text);
                prop_assert_eq!(&agent, &parse(&text));
                prop_assert!(agent.browser.len() <= 64 && agent.os_version.len() <= 64);
            }
        }
    }
}
