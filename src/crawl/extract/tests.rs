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
