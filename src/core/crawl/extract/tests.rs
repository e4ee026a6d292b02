use super::{Page, decoded, page};

const URL: &str = "https://shop.example/de/ring-ada.html";

fn read(html: &str) -> Page {
    page(html, URL).unwrap_or_else(|| panic!("no product in {html}"))
}

/// Attribute, value and source, one a line.
fn lines(page: &Page) -> String {
    let product = &page.product;
    let texts = [
        ("product_id", product.product_id.clone()),
        ("sku", product.sku.clone()),
        ("product_name", product.product_name.clone()),
        ("product_type", product.product_type.clone()),
        ("category", page.category_path()),
        ("collection", product.collection.clone()),
        ("gender", product.gender.clone()),
        ("brand", product.brand.clone()),
        ("image_url", product.image_url.clone()),
        ("canonical_url", product.canonical_url.clone()),
        (
            "price",
            product.price.map(|price| price.normalize().to_string()),
        ),
        ("currency", product.currency.clone()),
        ("availability", product.availability.clone()),
    ];
    let source = |attribute| {
        let found = page
            .found
            .iter()
            .rev()
            .find(|(found, _)| *found == attribute);
        found.map_or("nowhere", |(_, source)| source.name())
    };
    let mut lines: Vec<String> = texts
        .into_iter()
        .filter_map(|(attribute, value)| {
            Some(format!("{attribute}: {} ({})", value?, source(attribute)))
        })
        .collect();
    lines.extend(
        product
            .offered
            .iter()
            .map(|offered| format!("{}: {}", offered.role.label(), offered.value)),
    );
    lines.join("\n")
}

#[test]
fn json_ld_comes_first_whatever_its_shape() {
    let html = r##"<html><head><link rel="canonical" href="/de/ring-ada.html"><meta property="og:type" content="product">
        <meta property="og:title" content="Another name"><meta property="product:brand" content="OG brand">
        <script type="application/ld+json">{"@context":"https://schema.org","@graph":[
          {"@type":"BreadcrumbList","itemListElement":[
            {"@type":"ListItem","position":"2","name":"Ringe","item":"/de/ringe"},{"@type":"ListItem","position":1,"name":"Startseite","item":"/de"},
            {"@type":"ListItem","position":3,"item":{"@id":"/de/verlobung","name":"Verlobungsringe"}},{"@type":"ListItem","position":4,"name":"Ring Ada"}]},
          {"@type":["Thing","Product"],"name":"Ring Ada","sku":"A-1","productID":4711,"brand":{"@id":"#brand"},"image":[{"@type":"ImageObject","url":"/a.jpg"}],
           "offers":{"@id":"#offer"},"audience":{"@type":"PeopleAudience","suggestedGender":"https://schema.org/Female"},
           "material":["Weißgold 375"],"additionalProperty":[{"@type":"PropertyValue","name":"Kollektion","value":"Luna"},{"name":"Stein 2","value":"sapphire, ruby"}]},
          {"@id":"#brand","@type":"Brand","name":"Ada &amp; Co"},
          {"@id":"#offer","@type":"Offer","price":"1.278,50","priceCurrency":"EUR","availability":"https://schema.org/InStock"},]}</script></head>
        <body><nav class="breadcrumbs"><a href="/">X</a></nav><h1>Wrong</h1></body></html>"##;
    assert_eq!(
        lines(&read(html)),
        "product_id: 4711 (json-ld)\nsku: A-1 (json-ld)\nproduct_name: Ring Ada (json-ld)\nproduct_type: Ringe (json-ld)\n\
         category: Ringe > Verlobungsringe (json-ld)\ncollection: Luna (json-ld)\ngender: female (json-ld)\nbrand: Ada & Co (json-ld)\n\
         image_url: https://shop.example/a.jpg (json-ld)\ncanonical_url: https://shop.example/de/ring-ada.html (page)\nprice: 1278.5 (json-ld)\n\
         currency: EUR (json-ld)\navailability: InStock (json-ld)\nalloy: Weißgold 375\nstone2: sapphire\nstone2: ruby"
    );
}

#[test]
fn the_page_s_own_product_is_taken_and_no_recommendation() {
    let html = r#"<script type="application/ld+json">[{"@type":"Product","name":"Other","url":"/de/other.html","offers":{"price":1,"priceCurrency":"EUR"}},
        {"@type":"WebPage","mainEntity":{"@type":"Product","name":"Ada","url":"https://shop.example/de/ring-ada.html?x","offers":{"@type":"AggregateOffer","lowPrice":99.5,"priceCurrency":"eur"},
        "isRelatedTo":[{"@type":"Product","name":"Third"}]}}]</script>"#;
    assert_eq!(
        lines(&read(html)),
        "product_name: Ada (json-ld)\ncanonical_url: https://shop.example/de/ring-ada.html?x (json-ld)\nprice: 99.5 (json-ld)\ncurrency: EUR (json-ld)"
    );
}

#[test]
fn microdata_reads_elements_by_their_kind() {
    let html = r#"<div itemscope itemtype="https://schema.org/BreadcrumbList"><span itemprop="itemListElement" itemscope><a itemprop="item" href="/"><span itemprop="name">Home</span></a></span>
          <span itemprop="itemListElement" itemscope><a itemprop="item" href="/rings"><span itemprop="name">Rings</span></a></span></div>
        <div itemscope itemtype="https://schema.org/Product" itemref="more"><h1 itemprop="name">Ring <em>Ada</em></h1><img itemprop="image" src="/i.png">
          <meta itemprop="sku" content="A-2"><div itemprop="brand" itemscope itemtype="https://schema.org/Brand"><span itemprop="name">Ada</span></div>
          <div itemprop="offers" itemscope><span itemprop="price">1 278,00 kr</span><link itemprop="availability" href="https://schema.org/OutOfStock"></div>
          <div itemprop="isRelatedTo" itemscope itemtype="https://schema.org/Product"><span itemprop="name">Other</span></div></div>
        <p id="more"><span itemprop="productID">77</span></p><select name="options[alloy]"><option value="">Choose</option><option value="white-375">W</option><option value="12">Gold 585</option></select>"#;
    assert_eq!(
        lines(&read(html)),
        "product_id: 77 (microdata)\nsku: A-2 (microdata)\nproduct_name: Ring Ada (microdata)\nproduct_type: Rings (microdata)\ncategory: Rings (microdata)\n\
         brand: Ada (microdata)\nimage_url: https://shop.example/i.png (microdata)\nprice: 1278 (microdata)\ncurrency: KR (microdata)\navailability: OutOfStock (microdata)\n\
         alloy: white-375\nalloy: Gold 585"
    );
}

#[test]
fn open_graph_and_what_is_shown_fill_the_rest() {
    let html = r#"<title>x</title><meta property="og:type" content="og:product"><meta property="og:site_name" content="Shop"><meta property="og:title" content="Ring Ada | Shop">
        <meta property="product:price:amount" content="880.00"><meta property="product:price:currency" content="GBP"><meta property="product:target_gender" content="male">
        <link rel="alternate" hreflang="en-GB" href="/en/ring-ada.html"><link rel="alternate" hreflang="x y" href="/z"><input type="hidden" name="product" value="42">
        <ol class="page breadcrumbs"><li><a href="/de/">Start</a> ›</li><li><a href="/rings">Rings</a> ›</li><li>Ring Ada</li></ol>"#;
    let page = read(html);
    assert_eq!(
        lines(&page),
        "product_id: 42 (page)\nproduct_name: Ring Ada (open graph)\nproduct_type: Rings (page)\ncategory: Rings (page)\ngender: male (open graph)\nprice: 880 (open graph)\ncurrency: GBP (open graph)"
    );
    assert_eq!(
        page.alternates,
        [(
            "en-GB".to_owned(),
            "https://shop.example/en/ring-ada.html".to_owned()
        )]
    );
    let html = r#"<h1>Ring Ada</h1><form><input type=hidden name=product value=42><span class="price" id="product-price-42">CHF 1'278.00</span></form>"#;
    assert_eq!(
        lines(&read(html)),
        "product_id: 42 (page)\nproduct_name: Ring Ada (page)\nprice: 1278 (page)\ncurrency: CHF (page)"
    );
}

/// The price of a product whose JSON-LD has these offers, with its currency.
fn price_of(offers: &str) -> String {
    let html = format!(
        r#"<script type="application/ld+json">{{"@context":"https://schema.org","@type":"Product","name":"Ring Vela","offers":{offers}}}</script>"#
    );
    price(&html, URL)
}

fn price(html: &str, url: &str) -> String {
    let product = page(html, url)
        .unwrap_or_else(|| panic!("no product in {html}"))
        .product;
    [
        product.price.map(|price| price.to_string()),
        product.currency,
    ]
    .into_iter()
    .flatten()
    .collect::<Vec<_>>()
    .join(" ")
}

#[test]
fn the_price_to_pay_counts_and_none_beside_it() {
    let specified = |beside: &str| {
        [false, true].map(|is_last| {
            let paid =
                r#"{"@type":"UnitPriceSpecification","price":"49.00","priceCurrency":"EUR"}"#;
            let both = match is_last {
                true => [paid, beside],
                false => [beside, paid],
            };
            price_of(&format!(
                r#"{{"@type":"Offer","priceSpecification":[{}]}}"#,
                both.join(",")
            ))
        })
    };
    let types = [
        "ListPrice",
        "https://schema.org/ListPrice",
        "http://schema.org/StrikethroughPrice",
        "schema:MSRP",
        "SRP",
        "MinimumAdvertisedPrice",
        "https://schema.org/InvoicePrice",
        "RegularPrice",
        "List price",
    ];
    for kind in types {
        let prices = specified(&format!(
            r#"{{"price":69,"priceCurrency":"EUR","priceType":"{kind}"}}"#
        ));
        assert_eq!(prices, ["49.00 EUR", "49.00 EUR"], "{kind}");
    }
    for beside in [
        r#"{"price":69,"priceType":{"@id":"https://schema.org/ListPrice"}}"#,
        r#"{"price":69,"priceType":["ListPrice"]}"#,
        r#"{"price":4.9,"referenceQuantity":{"@type":"QuantitativeValue","value":"1","unitCode":"GRM"}}"#,
        r#"{"price":4.9,"referenceQuantity":{"value":100,"unitCode":"C62"}}"#,
        r#"{"price":4.9,"unitCode":"KGM"}"#,
        r#"{"price":39,"validForMemberTier":{"@type":"MemberProgramTier","name":"gold"}}"#,
        r#"{"price":5,"priceComponentType":"https://schema.org/Installment"}"#,
        r#"{"price":5,"billingDuration":"P1M"}"#,
        r#"{"@type":"DeliveryChargeSpecification","price":5}"#,
        r#"{"price":45,"eligibleQuantity":{"minValue":10}}"#,
        r#"{"price":"on request"}"#,
    ] {
        assert_eq!(specified(beside), ["49.00 EUR", "49.00 EUR"], "{beside}");
    }
    for (offers, expected) in [
        // A sale price goes before any other; a piece is no measure.
        (
            r#"{"price":69,"priceCurrency":"EUR","priceSpecification":{"price":49,"priceType":"https://schema.org/SalePrice"}}"#,
            "49 EUR",
        ),
        (
            r#"{"priceCurrency":"EUR","priceSpecification":[{"price":69},{"price":49,"priceType":"SalePrice"}]}"#,
            "49 EUR",
        ),
        (
            r#"{"price":49,"priceCurrency":"EUR","priceSpecification":{"price":69,"priceType":"StrikethroughPrice"}}"#,
            "49 EUR",
        ),
        (
            r#"{"price":69,"priceCurrency":"EUR","priceSpecification":[{"price":69,"priceType":"ListPrice"},{"price":49}]}"#,
            "49 EUR",
        ),
        (
            r#"{"price":69,"priceCurrency":"EUR","priceSpecification":{"price":69,"priceType":"ListPrice"}}"#,
            "69 EUR",
        ),
        (
            r#"{"priceCurrency":"EUR","priceSpecification":{"price":49,"referenceQuantity":{"value":1,"unitCode":"C62"}}}"#,
            "49 EUR",
        ),
        (
            r#"{"priceSpecification":{"price":69,"priceCurrency":"EUR","priceType":"ListPrice"}}"#,
            "",
        ),
        // Aggregates: the lowest.
        (
            r#"{"@type":"AggregateOffer","lowPrice":"39.00","highPrice":"69.00","priceCurrency":"EUR"}"#,
            "39.00 EUR",
        ),
        (
            r#"{"@type":"AggregateOffer","lowPrice":39,"highPrice":69,"price":69,"priceCurrency":"EUR"}"#,
            "39 EUR",
        ),
        (
            r#"{"@type":"AggregateOffer","priceCurrency":"EUR","offers":[{"price":69},{"price":39},{"price":49}]}"#,
            "39 EUR",
        ),
        (
            r#"{"@type":"AggregateOffer","highPrice":69,"priceCurrency":"EUR"}"#,
            "",
        ),
        (
            r#"[{"price":"0"},{"price":49,"priceCurrency":"EUR"}]"#,
            "49 EUR",
        ),
        (
            r#"{"price":{"@type":"MonetaryAmount","value":"49.00","currency":"EUR"}}"#,
            "49.00 EUR",
        ),
        // Of several, the one that names the page's own parameters.
        (
            r#"[{"price":39,"url":"?variant=1"},{"price":49,"priceCurrency":"EUR","url":"/de/ring-ada.html?variant=2"}]"#,
            "39",
        ),
    ] {
        assert_eq!(price_of(offers), expected, "{offers}");
    }
    let offers = r#"<script type="application/ld+json">{"@type":"Product","name":"x","offers":[{"price":39,"url":"?variant=1"},{"price":49,"url":"/de/ring-ada.html?variant=2"}]}</script>"#;
    assert_eq!(price(offers, &format!("{URL}?variant=2")), "49");
}

#[test]
fn a_point_in_data_begins_the_decimals() {
    for (offers, expected) in [
        (
            r#"{"price":"140.000","priceCurrency":"EUR"}"#,
            "140.000 EUR",
        ),
        (r#"{"price":"12.500","priceCurrency":"KWD"}"#, "12.500 KWD"),
        (r#"{"price":12.500,"priceCurrency":"KWD"}"#, "12.5 KWD"),
        (r#"{"price":1.278e3,"priceCurrency":"KWD"}"#, "1278.0 KWD"),
        (
            r#"{"@type":"AggregateOffer","lowPrice":"1.250","priceCurrency":"OMR"}"#,
            "1.250 OMR",
        ),
        (
            r#"{"price":"1,278.50","priceCurrency":"USD"}"#,
            "1278.50 USD",
        ),
        (
            r#"{"price":"1.234,56","priceCurrency":"EUR"}"#,
            "1234.56 EUR",
        ),
        (r#"{"price":"49,90","priceCurrency":"EUR"}"#, "49.90 EUR"),
    ] {
        assert_eq!(price_of(offers), expected, "{offers}");
    }
    let item = |price: &str| {
        format!(
            r#"<div itemscope itemtype="https://schema.org/Product"><h1 itemprop="name">Ring</h1><div itemprop="offers" itemscope itemtype="https://schema.org/Offer">{price}</div></div>"#
        )
    };
    for (html, expected) in [
        (item(r#"<meta itemprop="price" content="12.500"><meta itemprop="priceCurrency" content="KWD">"#), "12.500 KWD"),
        (item(r#"<data itemprop="price" value="12.500">12,500 KD</data>"#), "12.500"),
        (item(r#"<span itemprop="price" content="1278.500">1.278,50 €</span>"#), "1278.500"),
        (item(r#"<span itemprop="price">140.000</span>"#), "140.000"),
        // What readers are shown is in their notation.
        (item(r#"<span itemprop="price">1.278 €</span>"#), "1278 €"),
        (item(r#"<del><span itemprop="price">69.00</span></del><span itemprop="price">49.00</span>"#), "49.00"),
        (r#"<meta property="og:type" content="product"><meta property="og:title" content="Ring"><meta property="product:price:amount" content="12.500"><meta property="product:price:currency" content="BHD">"#.to_owned(), "12.500 BHD"),
        (r#"<meta property="og:title" content="Ring"><meta property="og:price:amount" content="1,278.50"><meta property="og:price:currency" content="USD">"#.to_owned(), "1278.50 USD"),
        (r#"<meta property="product:price:amount" content="69.00"><meta property="product:price:currency" content="EUR"><meta property="product:sale_price:amount" content="49.00"><meta property="product:sale_price:currency" content="EUR"><meta property="product:original_price:amount" content="99.00">"#.to_owned(), "49.00 EUR"),
        (r#"<h1>Ring</h1><input type=hidden name=product value=42><span id="product-price-42" data-price-amount="1278.500"></span>"#.to_owned(), "1278.500"),
    ] {
        assert_eq!(price(&html, URL), expected, "{html}");
    }
}

#[test]
fn relative_addresses_stand_below_the_base_element() {
    let html = r#"<head><base href="/static/"><link rel="canonical" href="x/ring"><link rel="alternate" hreflang="fr" href="bague"><meta property="og:image" content="o.jpg"></head>
        <script type="application/ld+json">{"@type":"Product","name":"Ring","image":"img/ring.jpg"}</script>"#;
    let found = read(html);
    assert_eq!(
        lines(&found),
        "product_name: Ring (json-ld)\nimage_url: https://shop.example/static/img/ring.jpg (json-ld)\ncanonical_url: https://shop.example/static/x/ring (page)"
    );
    assert_eq!(found.alternates[0].1, "https://shop.example/static/bague");
    let item = r#"<base href="https://cdn.example/assets/"><div itemscope itemtype="https://schema.org/Product"><img itemprop="image" src="ring.jpg"><h1 itemprop="name">Ring</h1></div>"#;
    assert_eq!(
        read(item).product.image_url.as_deref(),
        Some("https://cdn.example/assets/ring.jpg")
    );
}

#[test]
fn the_variant_whose_address_is_the_page_s_is_the_product() {
    let group = r##"<script type="application/ld+json">{"@context":"https://schema.org","@type":"ProductGroup","name":"Ring","productGroupID":"G","brand":"Vela","url":"/de/ring.html",
        "hasVariant":[
          {"@type":"Product","@id":"#v1","name":"Ring gold","sku":"V1","url":"/de/ring.html?metal=gold","offers":{"price":100,"priceCurrency":"EUR"}},
          {"@type":"Product","@id":"#v2","name":"Ring silver","sku":"V2","image":"s.jpg","offers":{"price":50,"priceCurrency":"EUR","url":"/de/ring.html?metal=silver"}},
          {"@type":"Product","name":"Ring platinum","url":"/de/ring-platinum.html"}]}</script>"##;
    for (path, expected) in [
        ("ring.html?metal=silver", "V2 Ring silver Vela 50"),
        (
            "ring.html?metal=silver&utm_source=x",
            "V2 Ring silver Vela 50",
        ),
        ("ring.html?metal=gold#top", "V1 Ring gold Vela 100"),
        // A group's offer is not its sibling's.
        ("ring-platinum.html", "G Ring platinum Vela"),
        // No variant: what is common, and the first price.
        ("ring.html", "G Ring Vela 100"),
        ("ring.html?metal=wood", "G Ring Vela 100"),
    ] {
        let product = page(group, &format!("https://shop.example/de/{path}"))
            .unwrap()
            .product;
        let price = product.price.map(|price| price.to_string());
        let told: Vec<String> = [product.sku, product.product_name, product.brand, price]
            .into_iter()
            .flatten()
            .collect();
        assert_eq!(told.join(" "), expected, "{path}");
    }
    // Several products, each with an address of its own; a variant that names its group.
    let list = r#"<script type="application/ld+json">[{"@type":"Product","name":"One","url":"/de/ring-ada.html?v=1"},{"@type":"Product","name":"Two","url":"/de/ring-ada.html?v=2",
        "isVariantOf":{"@type":"ProductGroup","brand":"Vela","productGroupID":"G"}}]</script>"#;
    let product = page(list, &format!("{URL}?v=2")).unwrap().product;
    assert_eq!(
        (product.product_name.as_deref(), product.brand.as_deref()),
        (Some("Two"), Some("Vela"))
    );
    // The canonical address tells where the page's own does not.
    let canonical = group.replace(
        "<script",
        r#"<link rel=canonical href="https://shop.example/de/ring.html?metal=silver"><script"#,
    );
    let product = page(&canonical, "https://shop.example/r/77")
        .unwrap()
        .product;
    assert_eq!(product.sku.as_deref(), Some("V2"));
}

#[test]
fn a_thing_that_is_described_in_several_places_is_one() {
    let offer = r##"{"@type":"Offer","@id":"#offer","price":"49.00","priceCurrency":"EUR"}"##;
    for (html, expected) in [
        // A reference with a type, by an absolute name, by a blank one; in another script, before and behind.
        (format!(r##"{{"@graph":[{{"@type":"Product","name":"x","offers":{{"@type":"Offer","@id":"#offer"}}}},{offer}]}}"##), "49.00 EUR"),
        (format!(r##"{{"@graph":[{{"@type":"Product","name":"x","offers":{{"@id":"{URL}#offer"}}}},{offer}]}}"##), "49.00 EUR"),
        (format!(r##"[{{"@type":"Product","name":"x","offers":{{"@id":"#offer"}}}},{}]"##, offer.replace("#offer", &format!("{URL}#offer"))), "49.00 EUR"),
        (r##"{"@graph":[{"@type":"Product","name":"x","offers":[{"@id":"_:o"}]},{"@id":"_:o","@type":"Offer","price":49.5,"priceCurrency":"EUR"}]}"##.to_owned(), "49.5 EUR"),
        (format!(r##"{{"@type":"Product","name":"x","offers":{{"@id":"#offer"}}}}</script><script type="application/ld+json">{offer}"##), "49.00 EUR"),
        (format!(r##"{offer}</script><script type="application/ld+json">{{"@type":"Product","name":"x","offers":{{"@id":"#offer"}}}}"##), "49.00 EUR"),
        // The product in two places, an offer within another thing, a reference within what is referred to.
        (r##"{"@type":"Product","@id":"#p","name":"x"}</script><script type="application/ld+json">{"@id":"#p","@type":"Product","offers":{"price":"49.00","priceCurrency":"EUR"}}"##.to_owned(), "49.00 EUR"),
        (format!(r##"[{{"@type":"WebPage","about":{{"makesOffer":{offer}}}}},{{"@type":"Product","name":"x","offers":{{"@id":"#offer"}}}}]"##), "49.00 EUR"),
        (r##"{"@graph":[{"@type":"Product","name":"x","offers":{"@id":"#o"}},{"@id":"#o","@type":"Offer","priceSpecification":[{"@id":"#s"},{"@id":"#t"}]},
            {"@id":"#s","price":69,"priceCurrency":"EUR","priceType":"ListPrice"},{"@id":"#t","price":49,"priceCurrency":"EUR"}]}"##.to_owned(), "49 EUR"),
        (r##"{"@graph":[{"@type":"ProductGroup","name":"x","hasVariant":[{"@id":"#v"}]},{"@id":"#v","@type":"Product","offers":{"@id":"#o"}},{"@id":"#o","price":49,"priceCurrency":"EUR"}]}"##.to_owned(), "49 EUR"),
        // Names of schema.org, however they are written.
        (r##"{"@context":{"schema":"https://schema.org/"},"@type":"schema:Product","schema:name":"x","schema:offers":{"@type":"schema:Offer","schema:price":"49.00","schema:priceCurrency":"EUR"}}"##.to_owned(), "49.00 EUR"),
        (r##"{"@context":["https://schema.org",{"s":"http://schema.org/"}],"@type":"s:Product","s:name":"x","s:offers":{"s:price":"49.00","s:priceCurrency":"EUR"}}"##.to_owned(), "49.00 EUR"),
        (r##"{"@type":"http://schema.org/Product","http://schema.org/name":"x","http://schema.org/offers":{"http://schema.org/price":"49.00","http://schema.org/priceCurrency":"EUR"}}"##.to_owned(), "49.00 EUR"),
        (r##"{"@context":{"@vocab":"https://schema.org/","type":"@type","id":"@id"},"type":"Product","name":"x","offers":{"@list":[{"type":"Offer","price":"49.00","priceCurrency":"EUR"}]}}"##.to_owned(), "49.00 EUR"),
        (r##"{"@context":"https://schema.org","@graph":[{"@graph":[{"@included":[{"@type":"Product","name":"x","offers":{"price":"49.00","priceCurrency":"EUR"}}]}]}]}"##.to_owned(), "49.00 EUR"),
        // Another page's offer is not this one's.
        (r##"{"@graph":[{"@type":"Product","name":"x","offers":{"@id":"https://other.example/#offer"}},{"@id":"#offer","price":1}]}"##.to_owned(), ""),
    ] {
        let html = format!(r#"<script type="application/ld+json">{html}</script>"#);
        assert_eq!(price(&html, URL), expected, "{html}");
    }
}

#[test]
fn references_end_however_they_are_knotted() {
    let script = |json: &str| format!(r#"<script type="application/ld+json">{json}</script>"#);
    let circle = r##"[{"@type":"Product","@id":"#a","name":"x","offers":{"@id":"#b"}},{"@id":"#b","price":5,"itemOffered":{"@id":"#a"},"offers":{"@id":"#b"}}]"##;
    assert_eq!(price(&script(circle), URL), "5");
    let group = r##"[{"@type":"ProductGroup","@id":"#g","name":"x","hasVariant":[{"@id":"#v"}]},{"@type":"Product","@id":"#v","name":"y","isVariantOf":{"@id":"#g"},"offers":{"price":5}}]"##;
    assert_eq!(price(&script(group), URL), "5");
    // Each thing refers ten times to the next: told in full, more than memory holds.
    let doubling: Vec<String> = (0..60)
        .map(|n| {
            let next: Vec<String> = (0..10).map(|_| format!(r##"{{"@id":"#{}"}}"##, n + 1)).collect();
            format!(r##"{{"@id":"#{n}","@type":"Product","name":"p{n}","text":"{}","isRelatedTo":[{}]}}"##, "x".repeat(9_000), next.join(","))
        })
        .collect();
    let found = read(&script(&format!("[{}]", doubling.join(","))));
    assert_eq!(found.product.product_name.as_deref(), Some("p0"));
    let nested = format!(
        r##"{}{{"@type":"Product","name":"x"}}{}"##,
        r##"{"@id":"#a","@context":{"a":"@id","s":"https://schema.org/"},"b":"c","@graph":"##
            .repeat(60),
        "}".repeat(60)
    );
    assert_eq!(
        read(&script(&nested)).product.product_name.as_deref(),
        Some("x")
    );
}

#[test]
fn a_page_without_a_product_has_none() {
    for html in [
        "",
        "<h1>Rings</h1>",
        r#"<meta property="og:type" content="website"><meta property="og:title" content="x">"#,
        r#"<script type="application/ld+json">{"@type":"Organization","name":"x"}</script>"#,
        r#"<script type="application/ld+json">{"@type":"Product","name":"#,
        r#"<script type="text/javascript">{"@type":"Product","name":"x"}</script>"#,
        r#"<h1>x</h1><a data-product-id="1"></a><a data-product-id="2"></a>"#,
    ] {
        assert_eq!(page(html, URL), None, "{html}");
    }
}

#[test]
fn hostile_values_are_only_values() {
    let name = "<script>alert(1)<\\/script>Ring\\u0000 \\\"; DROP TABLE x;--";
    let html = format!(
        r#"{}<script type="application/ld+json">{{"@type":"Product","name":"{name}","image":"javascript:x","sku":{{"a":[[[[1]]]]}}}}</script>"#,
        "<div>".repeat(2000)
    );
    assert_eq!(
        lines(&read(&html)),
        "product_name: Ring \"; DROP TABLE x;-- (json-ld)"
    );
    let circle = r##"<script type="application/ld+json">[{"@id":"a","@type":"Product","name":"x","brand":{"@id":"a"},"isPartOf":{"@id":"a"}}]</script>"##;
    assert_eq!(
        lines(&read(circle)),
        "product_name: x (json-ld)\nbrand: x (json-ld)"
    );
    let deep = format!(
        r#"<div itemscope itemtype="https://schema.org/Product"><i itemprop=name>x</i>{}"#,
        "<div itemprop=brand itemscope itemref=y id=y>".repeat(3000)
    );
    assert_eq!(lines(&read(&deep)), "product_name: x (microdata)");
}

#[test]
fn pages_are_decoded_as_they_say() {
    for (bytes, content_type, text) in [
        (b"\xfc".as_slice(), "text/html; charset=ISO-8859-1", "ü"),
        (
            b"<meta charset='windows-1252'>\x80",
            "text/html",
            "<meta charset='windows-1252'>€",
        ),
        (b"\xc3\xbc", "text/html", "ü"),
        (b"\xef\xbb\xbfx", "text/html; charset=latin1", "x"),
        (b"\xff", "text/html; charset=nonsense", "\u{fffd}"),
    ] {
        assert_eq!(decoded(bytes, content_type), text, "{content_type}");
    }
}
