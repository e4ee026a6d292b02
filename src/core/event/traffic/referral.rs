//! What a referrer alone says of a visit.

use super::channel::{self, Channel};
use super::kind::Kind;
use super::source::Sites;
use super::source::{DIRECT, NONE};
use super::text;

/// A referrer's parts, all lower-cased where the URL standard says so.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Referrer {
    /// Scheme, host, port and path; no query, fragment or userinfo. At most [`MAX_URL_BYTES`](crate::event::limits::MAX_URL_BYTES).
    pub url: String,
    /// Empty where the referrer has no host.
    pub host: String,
    /// Registrable domain by the ICANN part of the public suffix list (`glamira.co.uk`); the host where there is none.
    pub registrable_domain: String,
    /// The label before the public suffix equals the shop's own (the label of the event's own host).
    pub is_internal: bool,
    /// What its site is known for.
    pub kind: Kind,
    /// Of a visit that came from here and says no more: a search engine's label, another's registrable domain, or
    /// `(direct)` where it is internal or has no host. In lower case.
    pub source: String,
    pub medium: &'static str,
    pub channel: Channel,
}

/// The kind of a site, and source, medium and channel of a visit from there.
#[derive(Debug, PartialEq, Eq)]
pub struct Referral {
    pub kind: Kind,
    pub source: String,
    pub medium: &'static str,
    pub channel: Channel,
}

impl Referral {
    /// A visit without a referrer, or with one that names no site.
    pub fn direct(kind: Kind) -> Referral {
        Referral {
            kind,
            source: DIRECT.to_owned(),
            medium: NONE,
            channel: Channel::Direct,
        }
    }

    /// A visit from another site; `domain` is the registrable one of a host on the web. Back from paying is from nowhere.
    pub fn from_site(host: &str, domain: Option<&str>, sites: &Sites) -> Referral {
        let host = host.to_ascii_lowercase();
        let site = match domain {
            Some(_) => sites.of_host(&host),
            None => sites.of_app(&host),
        };
        let medium = match site.kind {
            Kind::Payment => return Referral::direct(Kind::Payment),
            Kind::Search => "organic",
            Kind::AiAssistant => channel::AI_ASSISTANT,
            _ => "referral",
        };
        let name = site.name.or(domain).unwrap_or(&host);
        let Some(source) = text::token(name) else {
            return Referral::direct(Kind::Other);
        };
        // By source and medium alone, so that all visits that bear the same ones are of one channel.
        let channel = channel::classify(&source, medium, "", sites);
        Referral {
            kind: site.kind,
            source,
            medium,
            channel,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Kind;
    use crate::event::referrer::Links;

    /// Referrer, source, medium, kind, channel, of a visit to a shop at `glamira.de`.
    const CASES: &str = "
https://www.google.com/ | google | organic | search | Organic Search
https://google.com | google | organic | search | Organic Search
http://www.google.de/search?q=ring | google | organic | search | Organic Search
https://www.google.co.uk/ | google | organic | search | Organic Search
https://www.google.com.au/url?sa=t | google | organic | search | Organic Search
https://www.google.rs/ | google | organic | search | Organic Search
https://m.google.com/ | google | organic | search | Organic Search
https://images.google.fr/imgres?imgurl=x | google | organic | search | Organic Search
https://maps.google.it/ | google | organic | search | Organic Search
https://www.google.com/maps/place/x | google | organic | search | Organic Search
https://encrypted.google.com/ | google | organic | search | Organic Search
https://cse.google.com/cse | google | organic | search | Organic Search
https://mail.google.com/mail/u/0/ | google.com | referral | email | Organic Search
https://translate.google.de/ | google.de | referral | other | Organic Search
https://docs.google.com/document | google.com | referral | other | Organic Search
https://news.google.com/ | google.com | referral | other | Organic Search
https://ads.google.com/ | google.com | referral | other | Organic Search
https://adservice.google.de/ | google.de | referral | other | Organic Search
https://www.googleadservices.com/pagead/aclk | googleadservices.com | referral | other | Referral
https://googleads.g.doubleclick.net/ | doubleclick.net | referral | other | Referral
https://tpc.googlesyndication.com/ | googlesyndication.com | referral | other | Referral
https://groups.google.com/ | google.com | referral | social | Organic Search
https://plus.google.com/ | google.com | referral | social | Organic Search
https://shopping.google.com/ | google.com | referral | shopping | Organic Search
https://www.googleapis.com/ | googleapis.com | referral | other | Referral
https://google.evil.example.com/ | example.com | referral | other | Referral
https://notgoogle.com/ | notgoogle.com | referral | other | Referral
https://www.bing.com/ | bing | organic | search | Organic Search
https://cn.bing.com/search?q=x | bing | organic | search | Organic Search
https://www2.bing.com/ | bing | organic | search | Organic Search
https://bat.bing.com/ | bing.com | referral | other | Organic Search
http://cc.bingj.com/cache.aspx | bing | organic | search | Organic Search
https://search.yahoo.com/ | yahoo | organic | search | Organic Search
https://de.search.yahoo.com/ | yahoo | organic | search | Organic Search
https://r.search.yahoo.com/ | yahoo | organic | search | Organic Search
https://malaysia.search.yahoo.com/ | yahoo | organic | search | Organic Search
https://a.b.c.search.yahoo.com/ | yahoo | organic | search | Organic Search
https://search.yahoo.co.jp/search?p=x | yahoo | organic | search | Organic Search
https://mail.yahoo.com/ | yahoo.com | referral | email | Organic Search
https://eu-mg.mail.yahoo.com/ | yahoo.com | referral | email | Organic Search
https://finance.yahoo.com/ | yahoo.com | referral | other | Organic Search
https://shopping.yahoo.co.jp/ | yahoo.co.jp | referral | shopping | Organic Search
https://duckduckgo.com/ | duckduckgo | organic | search | Organic Search
https://html.duckduckgo.com/html | duckduckgo | organic | search | Organic Search
https://yandex.ru/clck/jsredir | yandex | organic | search | Organic Search
https://yandex.com.tr/ | yandex | organic | search | Organic Search
https://ya.ru/ | yandex | organic | search | Organic Search
https://m.ya.ru/ | yandex | organic | search | Organic Search
https://mail.yandex.ru/ | yandex.ru | referral | email | Organic Search
https://yabs.yandex.ru/ | yandex.ru | referral | other | Organic Search
https://zen.yandex.ru/ | yandex.ru | referral | social | Organic Search
https://market.yandex.ru/ | yandex.ru | referral | shopping | Organic Search
https://www.baidu.com/link?url=x | baidu | organic | search | Organic Search
https://m.baidu.com/ | baidu | organic | search | Organic Search
https://tieba.baidu.com/ | baidu.com | referral | social | Organic Search
https://www.ecosia.org/ | ecosia | organic | search | Organic Search
https://www.qwant.com/ | qwant | organic | search | Organic Search
https://lite.qwant.com/ | qwant | organic | search | Organic Search
https://search.seznam.cz/?q=x | seznam | organic | search | Organic Search
https://email.seznam.cz/ | seznam.cz | referral | email | Organic Search
https://search.naver.com/search.naver?query=x | naver | organic | search | Organic Search
https://m.search.naver.com/ | naver | organic | search | Organic Search
https://blog.naver.com/x | naver.com | referral | social | Organic Search
https://msearch.shopping.naver.com/ | naver.com | referral | shopping | Organic Search
https://www.startpage.com/ | startpage | organic | search | Organic Search
https://search.brave.com/ | brave | organic | search | Organic Search
https://brave.com/ | brave.com | referral | other | Referral
https://www.ask.com/web?q=x | ask | organic | search | Organic Search
https://search.tb.ask.com/ | ask | organic | search | Organic Search
https://suche.web.de/ | web.de | organic | search | Organic Search
https://navigator.web.de/ | web.de | referral | email | Referral
https://suche.t-online.de/ | t-online | organic | search | Organic Search
https://www.t-online.de/ | t-online.de | referral | other | Referral
https://suche.gmx.net/ | gmx | organic | search | Organic Search
https://go.mail.ru/search | mail.ru | organic | search | Organic Search
https://e.mail.ru/ | mail.ru | referral | email | Referral
https://my.mail.ru/ | mail.ru | referral | social | Referral
https://nova.rambler.ru/ | rambler | organic | search | Organic Search
https://search.aol.com/ | aol | organic | search | Organic Search
https://suche.aol.de/ | aol | organic | search | Organic Search
https://www.sogou.com/ | sogou | organic | search | Organic Search
https://www.so.com/ | so.com | organic | search | Organic Search
https://sp-web.search.auone.jp/ | auone | organic | search | Organic Search
https://search.smt.docomo.ne.jp/ | docomo | organic | search | Organic Search
android-app://com.google.android.googlequicksearchbox/ | google | organic | search | Organic Search
android-app://com.google.android.googlequicksearchbox/https/www.google.com | google | organic | search | Organic Search
android-app://com.google.android.gm/ | com.google.android.gm | referral | email | Referral
android-app://com.facebook.katana | com.facebook.katana | referral | social | Organic Social
android-app://com.pinterest/ | com.pinterest | referral | social | Organic Social
android-app://org.telegram.messenger | org.telegram.messenger | referral | social | Organic Social
android-app://com.google.android.youtube/ | com.google.android.youtube | referral | video | Organic Video
android-app://com.amazon.mShop.android.shopping/ | com.amazon.mshop.android.shopping | referral | shopping | Organic Shopping
android-app://com.example.app/ | com.example.app | referral | other | Referral
android-app://google/ | google | referral | other | Organic Search
https://www.facebook.com/ | facebook.com | referral | social | Organic Social
https://m.facebook.com/ | facebook.com | referral | social | Organic Social
https://l.facebook.com/l.php?u=x | facebook.com | referral | social | Organic Social
https://lm.facebook.com/l.php | facebook.com | referral | social | Organic Social
http://instagram.com/ | instagram.com | referral | social | Organic Social
https://l.instagram.com/?u=x | instagram.com | referral | social | Organic Social
https://t.co/Yb2kQe7u1x | t.co | referral | social | Organic Social
https://twitter.com/ | twitter.com | referral | social | Organic Social
https://x.com/ | x.com | referral | social | Organic Social
https://netflix.com/ | netflix.com | referral | video | Organic Video
https://lnkd.in/abc | lnkd.in | referral | social | Organic Social
https://www.linkedin.com/feed | linkedin.com | referral | social | Organic Social
https://out.reddit.com/ | reddit.com | referral | social | Organic Social
https://www.pinterest.com/ | pinterest.com | referral | social | Organic Social
https://www.pinterest.co.uk/pin/1 | pinterest.co.uk | referral | social | Organic Social
https://pin.it/x | pin.it | referral | social | Organic Social
https://web.whatsapp.com/ | whatsapp.com | referral | social | Organic Social
https://t.me/x | t.me | referral | social | Organic Social
https://away.vk.com/ | vk.com | referral | social | Organic Social
https://ok.ru/ | ok.ru | referral | social | Organic Social
https://www.tiktok.com/ | tiktok.com | referral | social | Organic Social
https://bit.ly/x | bit.ly | referral | social | Organic Social
https://my.blogspot.com/ | blogspot.com | referral | social | Organic Social
https://ig.com/ | ig.com | referral | other | Referral
https://www.youtube.com/watch?v=x | youtube.com | referral | video | Organic Video
https://m.youtube.com/ | youtube.com | referral | video | Organic Video
https://youtu.be/x | youtu.be | referral | video | Organic Video
https://vimeo.com/1 | vimeo.com | referral | video | Organic Video
https://www.twitch.tv/x | twitch.tv | referral | video | Organic Video
https://www.amazon.de/dp/x | amazon.de | referral | shopping | Organic Shopping
https://www.amazon.co.jp/ | amazon.co.jp | referral | shopping | Organic Shopping
https://www.ebay.com.au/ | ebay.com.au | referral | shopping | Organic Shopping
https://www.etsy.com/ | etsy.com | referral | shopping | Organic Shopping
http://www.idealo.de/preisvergleich | idealo.de | referral | shopping | Organic Shopping
https://outlook.live.com/ | live.com | referral | email | Referral
https://deref-gmx.net/ | deref-gmx.net | referral | other | Referral
https://www.example.com/blog | example.com | referral | other | Referral
https://a.b.example.co.uk/ | example.co.uk | referral | other | Referral
http://192.0.2.1/x | 192.0.2.1 | referral | other | Referral
http://localhost:3000/ | localhost | referral | other | Referral
http://google/ | google | referral | other | Organic Search
https://chatgpt.com/ | chatgpt.com | ai-assistant | ai_assistant | AI Assistant
https://chat.openai.com/ | openai.com | ai-assistant | ai_assistant | AI Assistant
https://claude.ai/ | claude.ai | ai-assistant | ai_assistant | AI Assistant
https://gemini.google.com/app | google.com | ai-assistant | ai_assistant | AI Assistant
https://bard.google.com/ | google.com | ai-assistant | ai_assistant | AI Assistant
https://copilot.microsoft.com/ | microsoft.com | ai-assistant | ai_assistant | AI Assistant
https://www.perplexity.ai/search | perplexity.ai | ai-assistant | ai_assistant | AI Assistant
https://chat.deepseek.com/ | deepseek.com | ai-assistant | ai_assistant | AI Assistant
https://grok.com/ | grok.com | ai-assistant | ai_assistant | AI Assistant
https://www.meta.ai/ | meta.ai | ai-assistant | ai_assistant | AI Assistant
https://chat.mistral.ai/ | mistral.ai | ai-assistant | ai_assistant | AI Assistant
https://you.com/search?q=x | you.com | ai-assistant | ai_assistant | AI Assistant
https://www.doubao.com/chat | doubao.com | ai-assistant | ai_assistant | AI Assistant
android-app://com.openai.chatgpt | com.openai.chatgpt | ai-assistant | ai_assistant | AI Assistant
https://www.microsoft.com/ | microsoft.com | referral | other | Referral
https://www.paypal.com/checkoutnow | (direct) | (none) | payment | Direct
https://www.paypal.de/ | (direct) | (none) | payment | Direct
https://pay.amazon.de/ | (direct) | (none) | payment | Direct
https://payments.amazon.co.uk/ | (direct) | (none) | payment | Direct
https://checkout.stripe.com/c/pay | (direct) | (none) | payment | Direct
https://hooks.stripe.com/redirect | (direct) | (none) | payment | Direct
https://pay.klarna.com/eu | (direct) | (none) | payment | Direct
https://checkoutshopper-live.adyen.com/ | (direct) | (none) | payment | Direct
https://www.mollie.com/checkout | (direct) | (none) | payment | Direct
https://www.sofort.com/ | (direct) | (none) | payment | Direct
https://secure.payu.com/ | (direct) | (none) | payment | Direct
https://secure-test.worldpay.com/ | (direct) | (none) | payment | Direct
https://centinelapi.cardinalcommerce.com/ | (direct) | (none) | payment | Direct
https://pay.google.com/ | (direct) | (none) | payment | Direct
android-app://com.paypal.android.p2pmobile/ | (direct) | (none) | payment | Direct
https://notpaypal.com/ | notpaypal.com | referral | other | Referral
www.example.org/x | example.org | referral | other | Referral
about:blank | (direct) | (none) | other | Direct
https://www.glamira.de/a | (direct) | (none) | internal | Direct
https://www.glamira.co.uk/?utm_source=x | (direct) | (none) | internal | Direct
";

    #[test]
    fn a_referrer_tells_source_medium_and_channel() {
        let mut links = Links::default();
        let shop = links.page("https://www.glamira.de/");
        let cases = CASES.lines().filter(|line| !line.is_empty());
        assert!(cases.clone().count() >= 100);
        for case in cases {
            let (url, _) = case.split_once(" | ").unwrap();
            let found = links.referrer(url, shop.as_deref()).unwrap();
            let (source, medium) = (&found.source, found.medium);
            let (kind, channel) = (found.kind.name(), found.channel.name());
            let told = format!("{url} | {source} | {medium} | {kind} | {channel}");
            assert_eq!(told, case);
        }
    }

    #[test]
    fn a_shop_that_is_no_longer_the_same_is_no_longer_internal() {
        let mut links = Links::default();
        let shop = links.page("https://www.example.com/");
        let found = links.referrer("https://www.glamira.de/", shop.as_deref());
        let found = found.unwrap();
        assert_eq!((&*found.source, found.kind), ("glamira.de", Kind::Other));
    }

    #[test]
    fn a_long_name_is_cut() {
        let app = format!("android-app://com.{}", "x".repeat(1000));
        let found = Links::default().referrer(&app, None).unwrap();
        assert_eq!(found.source.len(), 255);
    }
}
