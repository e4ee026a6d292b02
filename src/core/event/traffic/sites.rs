//! Sites that are known for what they are, as facts: search engines, social networks, video, shops and webmail.
//!
//! A name without a dot is the label before a public suffix and stands for every country (`google` of `google.co.uk`);
//! with dots it is a host or a domain, with its suffix (`t.co`) or, for every country, without (`mail.google`).
//! The most specific name counts. Names of Android apps stand among the hosts.
//!
//! [`AI_ASSISTANTS`] and [`PAYMENT`] are only what the table `starsink.site` begins with: there they can be edited.

use super::kind::Kind;

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
    yep.com yippy zapmeta
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

/// Assistants that answer questions and give links.
pub const AI_ASSISTANTS: &str = "
    ai.com bard.google chat-gpt.org chat.deepseek.com chat.mistral.ai chat.openai.com chat.qwen.ai chat.z.ai chatglm.cn
    chatgpt character.ai claude.ai copilot.cloud.microsoft copilot.microsoft.com deepseek doubao.com duck.ai edgeservices.bing.com
    ernie.baidu.com felo.ai gemini.google gpt4all.io grok.com grok.x.ai hailuo.ai hailuoai.com iask.ai kimi.ai kimi.com
    kimi.moonshot.cn komo.ai lmarena.ai lumo.proton.me m365.cloud.microsoft manus.im meta.ai metaso.cn mistral.ai moonshot.cn
    notebooklm.google openai.com openevidence.com perplexity perplexity.ai phind.com pi.ai poe.com qianwen.aliyun.com qwen.ai
    tongyi.aliyun.com tongyi.com writesonic.com x.ai yiyan.baidu.com you.com yuanbao.tencent.com
    ai.perplexity.app.android ai.x.grok com.anthropic.claude com.deepseek.chat com.google.android.apps.bard com.larus.nova
    com.microsoft.copilot com.moonshot.kimichat com.openai.chatgpt com.poe.android
";

/// Where a shopper pays, or proves to the bank who pays: on the way from the shop and back to it, and no source of visits.
pub const PAYMENT: &str = "
    2c2p.com 2checkout.com 95516.com adyen affirm afterpay alipay allpago.com amazonpay apay-us.amazon authorize.net autopay.eu
    avangate.com bambora.com bancontact barclaycardsmartpay.com barion.com beanstream.com billdesk.com billplz.com bizum
    bluemedia.pl blik.com bluesnap.com borica.bg braintree-api.com braintreegateway.com braintreepayments.com buckaroo bux.ph
    cardconnect.com cardinalcommerce.com cashfree.com ccavenue.com chargebee.com checkout.com checkout.link.com
    checkout.postfinance.ch checkout.shopify.com clearpay cloudpayments.ru cofidis.fr comgate.cz computop.com conekta.com
    culqi.com cybersource.com datatrans dibspayment.com divido.com dlocal.com doku.com dotpay.pl easypay.pt ebanx ecommpay.com
    e-payment.postfinance.ch eghl.com epay.bg epayco.co epayments.nets.eu epdq.co.uk euplatesc.ro eway.com.au fawry
    finanzierung.santander.de fiuu.com flow.cl flutterwave fondy.eu getalma.eu giropay gmo-pg.com gocardless gopay.com gopay.cz
    gpwebpay.com heidelpay hipay hyperpay.com icepay.com ideal.nl ifthenpay.com iugu.com
    ing-checkout.com inicis.com instamojo.com interac.ca ipay88 iyzico.com iyzipay.com izipay.pe juspay.in kcp.co.kr khipu.com
    klarna klarnapayments.com laybuy.com liqpay.ua lemonway.com magnius.com maksekeskus.ee mercadopago mercanet.bnpparibas.net
    midtrans.com mobilpay.ro mobilepay mollie molpay.com monei.com moneris.com monetico-services.com montonio.com multisafepay
    mypos.com myfatoorah.com netaxept.no neteller.com netopia-payments.com nets.eu netpay.com nexi.it nicepay.co.kr niubiz.com.pe
    noonpayments.com ogone.com omise.co oney.fr opayo.co.uk opayo.eu openpay.co openpay.mx oppwa.com otpmobil.com
    pagseguro paidy.com pay.amazon pay.google pay.naver pay.nl pay.shopify.com paybox.com paycomet.com payconiq payd.ae paydirekt.de
    payengine.de payex payfast payfort.com paygate.co.za payjustnow.com paylike.io paylib.fr paymaya.com paymentexpress.com
    paymentsense.com paymentsos.com paynl.com payment.wirecard.com payments.amazon paymob.com payone.com payoneer.com paypal
    paypalobjects.com paypay.ne.jp payplug.com paysafe.com paysafecard paysera.com paystack paytabs paytm paytr.com paytrail.com
    payu payulatam.com payzen.eu peachpayments.com pesapal.com phonepe.com placetopay.com portmone.com.ua przelewy24 quickpay.net
    quadpay.com rakuten-pay.com ratepay.com razorpay redsys.es robokassa safecharge.com saferpay sagepay.co.uk sagepay.com
    satispay.com sbpayment.jp sbps.jp scalapay.com secure.clearhaus.com secure.payu secure-payment.ch senangpay.my sermepa.es
    sezzle sibs.pt sibspayments.com simplepay.hu sips-services.com six-payment-services.com skrill sofort sofortueberweisung.de
    sparkasse-internetkasse.de spreedly.com squareup.com sslcommerz.com stripe stripe.network sumup.com svea.com swedbankpay swish.nu
    systempay.fr tabby.ai tamara.co tap.company telr.com tenpay.com tosspayments.com tpay.com transbank.cl truelayer.com trustly
    trustpay.eu twint.ch uniteller.ru unionpay.com unionpayintl.com unzer.com vipps.no vivapayments.com vivawallet.com vnpay.vn
    vnpayment.vn wayforpay.com webmoney.ru webpay.by wirecard wompi.co worldline-solutions.com worldpay xendit.co yookassa.ru
    yoomoney.ru zalopay.vn zimpler.net zip.co
    3dsecure.io acs-touch.com apata.io arcot.com centinelapi.cardinalcommerce.com enstage.com gpayments.com modirum.com
    mycardsecure.com netcetera.com ravelin.com rsa3dsauth.co.uk rsa3dsauth.com securecode.com securesuite.co.uk securesuite.net
    touchtechpayments.com verifiedbyvisa.com wibmo.com wlp-acs.com acs.revolut.com secure.checkout.visa.com src.mastercard.com
    billpay.de cmi.co.ma computop-paygate.com girogate.de ideal.ing.nl securepay.ing.nl wero-wallet.eu
    com.afterpaymobile com.eg.android.alipaygphone com.klarna.android com.myklarnamobile com.paypal.android.p2pmobile
    com.paypal.here net.one97.paytm
";

/// Domains and kinds that the table begins with.
pub fn editable() -> impl Iterator<Item = (&'static str, Kind)> {
    [(AI_ASSISTANTS, Kind::AiAssistant), (PAYMENT, Kind::Payment)]
        .into_iter()
        .flat_map(|(names, kind)| names.split_ascii_whitespace().map(move |name| (name, kind)))
}
