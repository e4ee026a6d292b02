//! Who and what: product, order, store, device, customer, address, clock.

use super::draft::Corpus;

pub fn add(corpus: &mut Corpus) {
    keys(corpus);
    orders(corpus);
    people(corpus);
    addresses(corpus);
    clocks(corpus);
}

fn keys(corpus: &mut Corpus) {
    for (name, collection) in [
        ("view without product", "\"view_product_detail\""),
        ("option without product", "\"select_product_option\""),
        (
            "quality without product",
            "\"select_product_option_quality\"",
        ),
        ("cart without product", "\"add_to_cart_action\""),
    ] {
        corpus.refused(name, &["PRODUCT_MISSING"], |draft| {
            draft.with("collection", collection).without("product_id")
        });
    }
    corpus.refused("product blank", &["PRODUCT_MISSING"], |draft| {
        draft.with("product_id", "\"\"")
    });
    corpus.refused("product a fraction", &["PRODUCT_MISSING"], |draft| {
        draft.with("product_id", "1.5")
    });
    corpus.loaded("listing without product", &[], |draft| {
        draft
            .with("collection", "\"view_listing_page\"")
            .without("product_id")
    });
    corpus.loaded("product a number", &[], |draft| {
        draft.with("product_id", "96047")
    });
    corpus.loaded("product a float", &[], |draft| {
        draft.with("product_id", "96047.0")
    });
    let long = format!("\"{}\"", "9".repeat(256));
    corpus.loaded("product of 256 bytes", &["KEY_TOO_LONG"], |draft| {
        draft.with("product_id", long.clone())
    });
    corpus.loaded("device of 256 bytes", &["KEY_TOO_LONG"], |draft| {
        draft.with("device_id", long.clone())
    });
    corpus.loaded("customer of 256 bytes", &["KEY_TOO_LONG"], |draft| {
        draft.with("user_id_db", long.clone())
    });
    corpus.loaded("store of 256 bytes", &["KEY_TOO_LONG"], |draft| {
        draft.with("store_id", long)
    });
    corpus.loaded("no store", &["STORE_MISSING"], |draft| {
        draft.without("store_id")
    });
    corpus.loaded("store null", &["STORE_MISSING"], |draft| {
        draft.with("store_id", "null")
    });
    corpus.loaded("store an array", &["STORE_MISSING"], |draft| {
        draft.with("store_id", "[6]")
    });
    corpus.loaded("store a number", &[], |draft| draft.with("store_id", "6"));
    corpus.loaded("no device", &["DEVICE_MISSING"], |draft| {
        draft.without("device_id")
    });
    corpus.loaded("device blank", &["DEVICE_MISSING"], |draft| {
        draft.with("device_id", "\"\"")
    });
    corpus.loaded("SQL in a device", &[], |draft| {
        draft.with("device_id", "\"'; DROP TABLE fact_event; --\"")
    });
}

fn orders(corpus: &mut Corpus) {
    for (name, raw) in [
        ("order null", "null"),
        ("order blank", "\" \""),
        ("order 0", "0"),
        ("order an object", "{}"),
    ] {
        corpus.refused(name, &["ORDER_ID_MISSING"], |draft| {
            draft
                .with("collection", "\"checkout_success\"")
                .with("order_id", raw)
        });
    }
    corpus.refused("no order", &["ORDER_ID_MISSING"], |draft| {
        draft.with("collection", "\"checkout_success\"")
    });
    for (name, raw) in [
        ("order a float", "99123.0"),
        ("order a string", "\"99124\""),
        ("order an integer", "99125"),
    ] {
        corpus.loaded(name, &[], |draft| {
            draft
                .with("collection", "\"checkout_success\"")
                .with("order_id", raw)
        });
    }
    corpus.loaded("blank order elsewhere", &[], |draft| {
        draft.with("order_id", "\"\"")
    });
}

fn people(corpus: &mut Corpus) {
    for (name, raw) in [
        ("e-mail a word", "\"nobody\""),
        ("e-mail with a space", "\"no body@example.com\""),
        ("two e-mails", "\"a@example.com,b@example.com\""),
        ("e-mail true", "true"),
    ] {
        corpus.loaded(name, &["EMAIL_INVALID"], |draft| draft.with("email", raw));
    }
    corpus.loaded("e-mail in capitals", &[], |draft| {
        draft.with("email", "\" SHOPPER@EXAMPLE.COM \"")
    });
    corpus.loaded("e-mail in small letters", &[], |draft| {
        draft.with("email", "\"shopper@example.com\"")
    });
    corpus.loaded("e-mail under another name", &[], |draft| {
        draft
            .without("email")
            .with("email_address", "\"shopper@example.com\"")
    });
    for (name, raw) in [
        ("a device's first customer", "\"bad-1\""),
        ("a device's second customer", "2"),
        ("a device's third customer", "3.0"),
    ] {
        corpus.loaded(name, &[], |draft| {
            draft
                .with("device_id", "\"bad-device-shared\"")
                .with("user_id_db", raw)
        });
    }
}

fn addresses(corpus: &mut Corpus) {
    for (name, raw) in [
        ("IPv6", "\"2a00:1450::77\""),
        ("IPv4 in IPv6", "\"::ffff:81.2.69.78\""),
        ("forwarded list", "\"81.2.69.79, 81.2.70.1, 10.0.0.1\""),
        ("IPv4 with a port", "\"81.2.69.80:51234\""),
        ("IPv6 with a port", "\"[2a00:1450::78]:443\""),
        ("no IP", "\"\""),
    ] {
        corpus.loaded(name, &[], |draft| draft.with("ip", raw));
    }
    for (name, raw) in [
        ("IP unknown", "\"unknown\""),
        ("IP out of range", "\"81.2.69.300\""),
        ("IP a number", "3405803853"),
    ] {
        corpus.loaded(name, &["IP_INVALID"], |draft| draft.with("ip", raw));
    }
    for (name, raw) in [
        ("IP private", "\"192.168.1.20\""),
        ("IP loopback", "\"127.0.0.1\""),
        ("IP private in IPv6", "\"::ffff:10.0.0.1\""),
        ("IP unique local", "\"fd00::1\""),
        ("IP link-local with a zone", "\"fe80::1%eth0\""),
    ] {
        corpus.loaded(name, &["IP_PRIVATE"], |draft| draft.with("ip", raw));
    }
}

fn clocks(corpus: &mut Corpus) {
    for (name, raw) in [
        ("clock on a 30th of February", "\"2020-02-30 08:20:04\""),
        ("clock in words", "\"Invalid date\""),
        ("clock with PM", "\"2020-06-04 08:20:04 PM\""),
        ("clock a number", "1591266092"),
    ] {
        corpus.loaded(name, &["LOCALTIME_BAD"], |draft| {
            draft.with("local_time", raw)
        });
    }
    corpus.loaded("no clock", &[], |draft| draft.with("local_time", "null"));
    corpus.loaded("stale clock", &[], |draft| {
        draft.with("local_time", "\"1970-01-01 0:0:0\"")
    });
}
