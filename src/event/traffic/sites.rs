//! Sites that are known for what they are, as facts: search engines, social networks, video, shops and webmail.
//!
//! A name without a dot is the label before a public suffix and stands for every country (`google` of `google.co.uk`);
//! with dots it is a host or a domain, with its suffix (`t.co`) or, for every country, without (`mail.google`).
//! The most specific name counts. Names of Android apps stand among the hosts.

/// Search engines that are nothing else: each of their hosts counts.
pub const SEARCH: &str = "
    360.cn abacho alltheweb altavista andisearch arianna.libero ask.com atlas.cz biglobe.co.jp buscador.terra busca.globo
    busca.orange.es busca.uol coccoc dogpile duckduckgo ecosia ekoru eniro exalead excite.com fireball firmy.cz gexsi gigablast
    givero google.interia.pl hotbot infospace info.com isearch.avg ixquick kagi kvasir lemoteur.orange.fr lilo.org lukol lycos
    meta.ua metacrawler metager mojeek mysearch mysearch.avg mywebsearch najdi neeva nigma.ru nova.rambler oceanhero
    pesquisa.sapo petalsearch poisk.ru presearch qwant recherche.sfr rechercher.aliceadsl ricerca.virgilio search-results
    search.1and1 search.auone search.avast search.avira search.babylon search.becovi search.biglobe search.bluewin search.brave
    search.bt.com search.centrum search.ch search.comcast search.conduit search.earthlink search.free.fr search.goo.ne.jp
    search.i.ua search.incredimail search.juno search.myway search.nate search.nifty search.norton search.rr search.smt.docomo
    search.tiscali search.tut.by search.ukr.net search.xfinity search.zum sogou so.toutiao startpage startsiden suche.1und1
    suche.freenet suche.gmx suche.t-online suche.info swisscows szukaj.interia szukaj.onet szukaj.wp webcrawler websearch.rakuten
    yep.com yippy you.com zapmeta
";

/// Search engines within a portal: only the hosts that search are the engine's, see [`SEARCHING`].
pub const PORTALS: &str = "aol baidu bing daum google msn naver rambler seznam yahoo yandex";

/// Search engines that go by another name than their label.
pub const ENGINES: &[(&str, &str)] = &[
    ("cc.bingj.com", "bing"),
    ("com.duckduckgo.mobile.android", "duckduckgo"),
    ("com.google.android.apps.searchlite", "google"),
    ("com.google.android.googlequicksearchbox", "google"),
    ("com.microsoft.bing", "bing"),
    ("go.mail.ru", "mail.ru"),
    ("ru.yandex.searchplugin", "yandex"),
    ("sm.cn", "shenma"),
    ("so.360.cn", "360.cn"),
    ("so.com", "so.com"),
    ("suche.web.de", "web.de"),
    ("ya.ru", "yandex"),
];

/// Parts of a portal's host name that say nothing of a service (beside `www2` and codes of countries).
pub const NEUTRAL: &[&str] = &[
    "www",
    "m",
    "mobile",
    "touch",
    "lite",
    "global",
    "encrypted",
    "ipv4",
    "ipv6",
];

/// Parts of a portal's host name that say it searches.
pub const SEARCHING: &[&str] = &[
    "search",
    "suche",
    "recherche",
    "buscador",
    "busca",
    "ricerca",
    "hledej",
    "images",
    "image",
    "imagesearch",
    "maps",
    "map",
    "local",
    "cse",
    "nova",
    "aolsearch",
    "ntp",
];

pub const SOCIAL: &str = "
    43things 51.com 5ch.net academia.edu allnurses allrecipes ameba.jp ameblo.jp amino anobii answers.yahoo artstation askubuntu
    away.vk.com awe.sm babyblog.ru badoo beacons.ai bebo bit.ly blackplanet blip.fm blog.goo.ne.jp blog.naver blogg.no blogger
    blogher bloglines blogspot bookmarks.yahoo bsky bsky.app buff.ly buzzfeed buzznet cafe.naver cafemom canalblog care2
    caringbridge centerblog.net chiebukuro.yahoo classmates cocolog-nifty crunchyroll cyworld dcinside delicious deviantart
    dianping digg diigo discord discordapp disq.us disqus douban draugiem.lv dzen.ru dzone edublogs.org elftown eksisozluk
    facebook fandom.com fanpop fark fb.com fb.me fb.watch fc2 filmaffinity flickr flipboard flipboard.app fotki fotolog
    foursquare friendfeed gab.com geni.com getpocket glassdoor goldenline.pl goodreads goo.gl googleplus govloop groups.google
    gulli.com gutefrage.net habbo hatena hi5 hootsuite houzz hubpages hyves ig.me imageshack imgur imvu instagr.am instagram
    instapaper internations interpals is.gd italki jappy kakao kakaocorp kin.naver last.fm lemon8-app librarything line.me
    linkedin linktr.ee linktree listal livedoor livejournal lnk.bio lnkd.in mastodon mastodon.social meetup meinvz meneame.net
    medium.com messages.google messenger.com mewe.com mix.com mixi.jp mouthshut mstdn.jp mubi my.mail.ru myanimelist myheritage
    myspace nasza-klasa netvibes news.ycombinator nextdoor nicovideo niconico ning.com nk.pl odnoklassniki ok.ru okwave.jp
    oshiete.goo.ne.jp over-blog overblog ow.ly paper.li photobucket pin.it pinboard pinterest pixiv plurk plus.google
    plus.url.google posterous quora qzone.qq.com ravelry redd.it reddit renren researchgate reverbnation scoop.it screenrant
    scribd secondlife serverfault sharethis sina.com.cn skype skyrock slashdot slideshare smartnews snapchat stackexchange
    stackoverflow stardoll studivz suomi24 superuser t.cn t.co t.me t.umblr.com tagged taringa.net techmeme telegram telegram.me
    threads.com threads.net tieba.baidu tiktok tinyurl tripadvisor truthsocial tudou tuenti tumblr tweetdeck twitter twoo.com
    typepad umblr.com unblog.fr viadeo viber vk.com vk.me vk.ru vkontakte wa.me wattpad webshots wechat weebly weibo weixin
    weixin.qq.com wer-weiss-was whatsapp wikihow wikitravel wordpress wykop x.com xanga xiaohongshu xing yammer yelp zalo zen.yandex
    zhidao.baidu zhihu zoo.gr
    com.discord com.facebook.katana com.facebook.lite com.facebook.mlite com.facebook.orca com.instagram.android
    com.instagram.barcelona com.kakao.talk com.linkedin.android com.pinterest com.reddit.frontpage com.skype.raider
    com.snapchat.android com.ss.android.ugc.trill com.tencent.mm com.tumblr com.twitter.android com.viber.voip
    com.vkontakte.android com.whatsapp com.whatsapp.w4b com.zhiliaoapp.musically jp.naver.line.android
    org.joinmastodon.android org.telegram.messenger org.telegram.messenger.web org.telegram.plus ru.ok.android xyz.blueskyweb.app
";

pub const VIDEO: &str = "
    bilibili crackle curiositystream d.tube dai.ly dailymotion disneyplus hulu iq.com iqiyi justin.tv kick.com netflix odysee
    primevideo rumble rutube ted.com tv.naver twitch utreon v.qq.com veoh video.google video.yandex videos.google vimeo
    wistia youku youtu.be youtube youtube-nocookie
    com.google.android.apps.youtube.music com.google.android.youtube com.netflix.mediaclient com.vimeo.android.videoapp
    tv.twitch.android.app
";

pub const SHOPPING: &str = "
    alibaba aliexpress allegro amazon amzn.to beslist billiger.de bizrate bol.com cdiscount ceneo.pl cimri connexity dhgate
    domodi ebay emag etsy fruugo geizhals glami heureka hepsiburada idealo jd.com kaufland.de kelkoo ladenzeile leguide lyst
    lazada market.yandex mercadolibre mercadolivre modalova moebel.de n11.com nextag ozon.ru preis.de preissuchmaschine
    pricegrabber pricerunner pricespy prisjakt rakuten shop.app shopee shopify shopping.com shopping.google shopping.naver
    shopping.net shopping.yahoo shopstyle shopzilla simplycodes skroutz smartbuyglasses stylight taobao temu tmall toppreise
    torg.mail.ru trendyol trovaprezzi walmart wildberries wish.com zalando
    com.alibaba.aliexpresshd com.amazon.mshop.android.shopping com.ebay.mobile com.etsy.android
";

pub const EMAIL: &str = "
    basic.messaging.bigpond e.mail.ru email.freenet email.seznam email.t-online email.telstra exmail.qq.com fastmail hushmail
    inbox.com inbox.google inbox.lv mail.126 mail.163 mail.aol mail.bluewin mail.centrum mail.com mail.comcast mail.daum
    mail.e1.ru mail.free.fr mail.google mail.libero mail.live mail.mynet mail.naver mail.onet mail.orange mail.proton mail.qip
    mail.qq.com mail.rambler mail.sapo mail.sfr mail.tiscali mail.ukr.net mail.virgilio mail.wp mail.yahoo mail.yandex mail.zoho
    mail2.daum mastermail navigator-bs.gmx navigator-lxa.web.de navigator.gmx navigator.web.de outlook.com outlook.live
    outlook.office outlook.office365 poczta.interia poczta.o2 poczta.onet poczta.wp post.ru protonmail sibmail touch.mail.ru
    tutanota webmail.dodo webmail.freenet webmail.iinet webmail.optusnet webmail.t-online webmail.uol webmail.virgin
    webmail.vodafone webmailer.1und1 zimbra.free.fr
    com.google.android.gm com.google.android.gm.lite com.microsoft.office.outlook com.samsung.android.email.provider
    com.yahoo.mobile.client.android.mail de.gmx.mobile.android.mail de.web.mobile.android.mail ru.mail.mailapp
    ru.yandex.mail
";
