//! The five styles of pages: HTML as shops' templates write it, recommendations of other products included.

use serde_json::{Value, json};

use super::goods::{Language, Product, Style};

/// The page of a product. `origins` are those of the stores, in the order of the languages.
pub fn page(product: Product, language: Language, origins: &[String]) -> String {
    let origin = &origins[language as usize];
    let url = format!("{origin}{}", product.path(language));
    let (head, body) = match product.style(language) {
        Style::JsonLd => json_ld(product, language, &url),
        Style::BrokenGraph => broken_graph(product, language, &url),
        Style::Microdata => microdata(product, language),
        Style::OpenGraph => open_graph(product, language, &url),
        Style::Plain => plain(product, language),
    };
    let alternates: String = Language::ALL
        .iter()
        .map(|other| {
            format!(
                "<link rel=alternate hreflang={} href=\"{}{}\">\n",
                other.tag(),
                origins[*other as usize],
                product.path(*other)
            )
        })
        .collect();
    format!(
        "<!DOCTYPE html>\n<html lang={}><head><meta charset=utf-8><title>{}</title>\n<link rel=\"canonical\" href=\"{url}\">\n{alternates}{head}</head>\n\
         <body class=shop><header><a href=/>{}</a></header>{body}\n{}<footer>© &nbsp;Glim &amp; Glanz</footer></body></html>",
        language.tag(),
        escaped(&product.name(language)),
        language.home(),
        recommendations(product, language),
    )
}

/// Other products, which are not this page's.
fn recommendations(product: Product, language: Language) -> String {
    let other = Product {
        number: product.number + 1,
    };
    format!(
        "<aside><h3>?</h3><div data-product-id=\"{}\"><a href=\"{}\">{}</a> <span class=price>{}</span></div><div data-product-id=\"1\"></div></aside>",
        other.id(),
        other.path(language),
        escaped(&other.name(language)),
        language.price(other.cents(language))
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('"', "&quot;")
}

fn form(product: Product) -> String {
    let option = |value: &&str| {
        format!(
            "<option value=\"{value}\">{}</option>",
            value.to_uppercase()
        )
    };
    format!(
        "<form action=/cart method=post><input type=\"hidden\" name=\"product\" value=\"{}\"><select name=\"options[alloy]\"><option value=\"\">…</option>{}</select>{}</form>",
        product.id(),
        product.alloys().iter().map(option).collect::<String>(),
        product
            .stones()
            .iter()
            .map(|value| format!(
                "<label><input type=radio name=\"diamond\" value=\"{value}\"> {value}</label>"
            ))
            .collect::<String>(),
    )
}

fn html_breadcrumbs(product: Product, language: Language) -> String {
    let [wide, narrow] = product.category(language);
    let tag = language.tag();
    format!(
        "<nav class=\"page breadcrumbs\"><ul><li><a href=\"/{tag}/\">{}</a> ›</li><li><a href=\"/{tag}/c1\">{}</a> ›<li><a href=\"/{tag}/c1/c2\">{}</a> ›<li>{}</ul></nav>",
        language.home(),
        escaped(wide),
        escaped(narrow),
        escaped(&product.name(language))
    )
}

fn breadcrumb_list(product: Product, language: Language) -> Value {
    let [wide, narrow] = product.category(language);
    let tag = language.tag();
    json!({"@context": "https://schema.org", "@type": "BreadcrumbList", "itemListElement": [
        {"@type": "ListItem", "position": 1, "name": language.home(), "item": format!("/{tag}/")},
        {"@type": "ListItem", "position": 3, "item": {"@id": format!("/{tag}/c1/c2"), "name": narrow}},
        {"@type": "ListItem", "position": 2, "item": {"@id": format!("/{tag}/c1"), "name": wide}},
        {"@type": "ListItem", "position": 4, "name": product.name(language)}]})
}

fn availability(product: Product) -> &'static str {
    if product.is_in_stock() {
        "https://schema.org/InStock"
    } else {
        "https://schema.org/OutOfStock"
    }
}

fn json_ld(product: Product, language: Language, url: &str) -> (String, String) {
    let object = json!({
        "@context": "https://schema.org/", "@type": "Product", "url": url, "name": escaped(&product.name(language)), "productID": product.id(), "sku": product.sku(),
        "image": [format!("/media/{}.jpg", product.id()), "/media/more.jpg"], "brand": {"@type": "Brand", "name": "Glim &amp; Glanz"},
        "audience": {"@type": "PeopleAudience", "suggestedGender": if product.is_for_women() { "female" } else { "https://schema.org/Male" }},
        "additionalProperty": [
            {"@type": "PropertyValue", "name": language.label("collection"), "value": product.collection()},
            {"@type": "PropertyValue", "name": language.label("type"), "value": product.product_type(language)},
            {"@type": "PropertyValue", "name": language.label("alloy"), "value": product.alloys()},
            {"@type": "PropertyValue", "name": "diamond", "value": product.stones().join(", ")}],
        "offers": [{"@type": "Offer", "price": f64::from(product.cents(language)) / 100.0, "priceCurrency": language.currency(), "availability": availability(product)},
                   {"@type": "Offer", "price": 1, "priceCurrency": "USD"}],
        "isRelatedTo": [{"@type": "Product", "name": "Another", "sku": "X"}]});
    let head = format!(
        "<script type=\"application/ld+json\">{}</script>\n<script type='application/ld+json'>\n{}\n</script>",
        breadcrumb_list(product, language),
        object
    );
    (
        head,
        format!("<h1>{}</h1>", escaped(&product.name(language))),
    )
}

fn broken_graph(product: Product, language: Language, url: &str) -> (String, String) {
    let graph = json!([
        {"@type": "Organization", "@id": "#shop", "name": "Glim & Glanz", "logo": "/logo.png"},
        {"@type": "WebPage", "@id": "#page", "name": "Shop"},
        breadcrumb_list(product, language),
        {"@type": "Offer", "@id": "#offer", "priceCurrency": language.currency(), "availability": availability(product), "price": language.price(product.cents(language))},
        {"@type": ["Thing", "http://schema.org/Product"], "@id": format!("{url}#product"), "name": product.name(language), "description": "LINES", "productID": product.number + 96_000,
         "sku": product.sku(), "image": {"@type": "ImageObject", "contentUrl": format!("/media/{}.jpg", product.id())}, "brand": {"@id": "#shop"}, "offers": {"@id": "#offer"},
         "isPartOf": {"@type": "Collection", "name": product.collection()}, "gender": product.gender_word(language),
         "additionalProperty": [
            {"name": language.label("type"), "value": product.product_type(language)}, {"name": language.label("alloy"), "value": product.alloys().join(",")},
            {"name": "Stone 1", "value": product.stones()}]}]);
    // A template's mistakes: raw line ends in a text, a comma too many, a comment, a semicolon.
    let text = graph
        .to_string()
        .replace("LINES", "one\ntwo\tthree \\'four\\'");
    let text = text.strip_suffix(']').expect("an array");
    let head = format!(
        "<script type=\"application/ld+json\">\n<!--\n{{\"@context\":\"https://schema.org\",/* graph */\"@graph\":{text},],}};\n-->\n</script>"
    );
    (
        head,
        format!("<h1>{}</h1>", escaped(&product.name(language))),
    )
}

fn microdata(product: Product, language: Language) -> (String, String) {
    let [wide, narrow] = product.category(language);
    let tag = language.tag();
    let crumb = |position: u32, link: &str, name: &str| {
        format!(
            "<li itemprop=itemListElement itemscope itemtype=\"https://schema.org/ListItem\"><a itemprop=item href=\"{link}\"><span itemprop=name>{}</span></a><meta itemprop=position content={position}></li>",
            escaped(name)
        )
    };
    let body = format!(
        "<ol itemscope itemtype=\"https://schema.org/BreadcrumbList\">{}{}{}</ol>\n\
         <main itemscope itemtype=\"http://schema.org/Product\" itemref=facts><h1 itemprop=\"name\">{}</h1><img itemprop=image src=\"/media/{}.jpg\" alt=x>\n\
         <div itemprop=brand itemscope itemtype=\"https://schema.org/Brand\"><meta itemprop=name content=\"Glim &amp; Glanz\"></div>\n\
         <div itemprop=\"offers\" itemscope itemtype=\"http://schema.org/Offer\"><span itemprop=price>{}</span><meta itemprop=priceCurrency content={}><link itemprop=availability href=\"{}\"></div>\n\
         <div itemprop=audience itemscope itemtype=\"https://schema.org/PeopleAudience\"><meta itemprop=suggestedGender content=\"{}\"></div>\n\
         <div itemprop=isSimilarTo itemscope itemtype=\"https://schema.org/Product\"><span itemprop=name>Another</span><span itemprop=sku>X</span></div>{}</main>\n\
         <section id=facts><span itemprop=sku>{}</span> <span itemprop=\"productID\" content=\"{}\">No. {}</span>\
         <p itemprop=additionalProperty itemscope><span itemprop=name>{}</span>: <span itemprop=value>{}</span></section>",
        crumb(1, "/", language.home()),
        crumb(2, &format!("/{tag}/c1"), wide),
        crumb(3, &format!("/{tag}/c1/c2"), narrow),
        escaped(&product.name(language)),
        product.id(),
        language.price(product.cents(language)),
        language.currency(),
        availability(product),
        product.gender_word(language),
        form(product),
        product.sku(),
        product.id(),
        product.id(),
        language.label("collection"),
        escaped(product.collection()),
    );
    (String::new(), body)
}

fn open_graph(product: Product, language: Language, url: &str) -> (String, String) {
    let meta = |name: &str, content: &str| {
        format!(
            "<meta property=\"{name}\" content=\"{}\">\n",
            escaped(content)
        )
    };
    let cents = product.cents(language);
    let head = [
        meta("og:type", "product"),
        meta("og:site_name", "Glim & Glanz"),
        meta(
            "og:title",
            &format!("{} | Glim & Glanz", product.name(language)),
        ),
        meta("og:url", url),
        meta("og:image", &format!("/media/{}.jpg", product.id())),
        meta("product:retailer_item_id", &product.id()),
        meta("product:retailer_part_no", &product.sku()),
        meta("product:brand", "Glim & Glanz"),
        meta("product:collection", product.collection()),
        meta(
            "product:target_gender",
            if product.is_for_women() {
                "female"
            } else {
                "male"
            },
        ),
        meta(
            "product:price:amount",
            &format!("{}.{:02}", cents / 100, cents % 100),
        ),
        meta("product:price:currency", language.currency()),
        meta(
            "product:availability",
            if product.is_in_stock() {
                "InStock"
            } else {
                "OutOfStock"
            },
        ),
    ]
    .concat();
    (
        head,
        format!(
            "{}<h1>{}</h1>{}",
            html_breadcrumbs(product, language),
            escaped(&product.name(language)),
            form(product)
        ),
    )
}

fn plain(product: Product, language: Language) -> (String, String) {
    let body = format!(
        "{}<h1 class=title><span>{}</span></h1><div id=\"product-price-{}\" data-price-amount=\"{}\"><b>{}</b></div>{}",
        html_breadcrumbs(product, language),
        escaped(&product.name(language)),
        product.id(),
        product.cents(language) / 100,
        language.price(product.cents(language)),
        form(product)
    );
    (String::new(), body)
}
