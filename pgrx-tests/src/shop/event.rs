//! The JSON of one event, attribute by attribute, in the order the shop writes them.

use super::cart;
use super::catalogue::Catalogue;
use super::dice::Dice;
use super::fault::Fault;
use super::id::{Id, hex};
use super::origin::put;
use super::page::{self, number};
use super::stores::Stores;
use super::visitor::Visitor;
use super::walk::Page;

pub(super) struct Writer<'a> {
    pub json: &'a mut Vec<u8>,
    pub scratch: &'a mut Vec<u8>,
    pub dice: &'a mut Dice,
    pub stores: &'a Stores,
    pub catalogue: &'a Catalogue,
    pub orders: &'a mut u64,
    pub now_micros: i64,
    pub id: Id,
    pub fault: Option<Fault>,
}

impl Writer<'_> {
    pub fn write(&mut self, visitor: &mut Visitor) {
        let page = match self.fault {
            Some(Fault::NotJson) => {
                return put(
                    self.json,
                    "<html><body><h1>502 Bad Gateway</h1></body></html>",
                );
            }
            Some(Fault::NotObject) => {
                return put(self.json, "[\"view_product_detail\",1591266092]");
            }
            Some(Fault::NoProduct) => Page::View,
            Some(Fault::NoOrder) => Page::Success,
            _ => visitor.page,
        };
        self.identity();
        self.time();
        self.person(visitor);
        self.local_time(visitor);
        self.addresses(visitor);
        self.about(visitor, page);
        self.end();
        self.damage();
    }

    /// An `_id` beside an `id` is of an earlier sending; alone, it is the id.
    fn identity(&mut self) {
        put(self.json, "{");
        if self.fault == Some(Fault::NoId) {
            return;
        }
        put(self.json, "\"_id\":\"");
        if !self.dice.percent(8) {
            let old = self.dice.bits().to_be_bytes();
            put(self.json, "5ed8cb2b");
            for byte in old {
                self.json.extend(hex(byte));
            }
            put(self.json, "\",\"id\":\"");
        }
        put(self.json, self.id.as_str());
        put(self.json, "\",");
    }

    fn person(&mut self, visitor: &Visitor) {
        self.text("ip", &visitor.address);
        self.text("user_agent", visitor.agent);
        self.text("resolution", visitor.resolution);
        put(self.json, "\"user_id_db\":\"");
        if visitor.user > 0 {
            number(self.json, u64::from(visitor.user));
        }
        put(self.json, "\",");
        self.text("device_id", visitor.device.as_str());
        self.text("api_version", "1.0");
        let email = if self.dice.percent(85) {
            "email_address"
        } else {
            "email"
        };
        self.text(email, &visitor.email);
        put(self.json, "\"store_id\":\"");
        number(self.json, u64::from(self.stores.get(visitor.store).id));
        put(self.json, "\",");
    }

    fn addresses(&mut self, visitor: &mut Visitor) {
        let mut url = std::mem::take(&mut visitor.url);
        url.clear();
        page::address(
            visitor,
            &mut url,
            self.stores.get(visitor.store),
            self.catalogue,
            self.dice,
        );
        visitor.url = url;
        put(self.json, "\"current_url\":\"");
        self.json.extend_from_slice(&visitor.url);
        put(
            self.json,
            match self.dice.below(100) {
                0..70 => "\",\"referrer_url\":\"",
                70..95 => "\",\"referer_url\":\"",
                95..98 => "\",\"referrer\":\"",
                _ => "\",\"referer\":\"",
            },
        );
        self.json.extend_from_slice(&visitor.referrer);
        put(self.json, "\",");
        let utm = if visitor.campaign.is_some() && self.dice.percent(50) {
            "\"google\""
        } else {
            "false"
        };
        for name in ["\"utm_source\":", ",\"utm_medium\":"] {
            put(self.json, name);
            put(self.json, utm);
        }
        put(
            self.json,
            ",\"show_recommendation\":\"false\",\"recommendation\":false,",
        );
    }

    fn about(&mut self, visitor: &Visitor, page: Page) {
        let store = self.stores.get(visitor.store);
        let product = self.catalogue.get(visitor.choice.product);
        if page.has_product() && self.fault != Some(Fault::NoProduct) {
            put(self.json, "\"product_id\":\"");
            number(self.json, u64::from(product.id));
            put(self.json, "\",");
        }
        if page.has_product() && self.dice.percent(92) {
            put(self.json, "\"option\":");
            let blank = page == Page::View && self.dice.percent(70);
            cart::option(
                self.json,
                self.scratch,
                product,
                visitor.choice,
                blank,
                self.catalogue.is_varied,
                self.dice,
            );
            put(self.json, ",");
        }
        match page {
            Page::AddToCart => {
                put(self.json, "\"price\":\"");
                cart::price(self.json, product, store);
                put(self.json, "\",\"currency\":\"");
                put(self.json, store.currency);
                put(self.json, "\",\"is_paypal\":null,");
            }
            Page::Cart | Page::Checkout | Page::Success => {
                self.order(page);
                put(self.json, "\"cart_products\":");
                cart::products(self.json, &visitor.cart, store, self.catalogue, self.dice);
                put(self.json, ",");
            }
            Page::Listing | Page::ListingSorted | Page::ListingRecommended => {
                put(self.json, "\"cat_id\":\"");
                number(self.json, 300 + u64::from(visitor.category));
                put(self.json, "\",\"collect_id\":null,");
            }
            Page::Search => self.text("key_search", "ring"),
            _ => {}
        }
        if self.fault != Some(Fault::NoCollection) {
            self.text("collection", page.collection());
        }
    }

    fn order(&mut self, page: Page) {
        if page != Page::Success {
            return put(self.json, "\"order_id\":\"\",");
        }
        if self.fault == Some(Fault::NoOrder) {
            return;
        }
        *self.orders += 1 + u64::from(self.dice.below(3));
        put(self.json, "\"order_id\":");
        number(self.json, *self.orders);
        put(self.json, if self.dice.percent(10) { ".0," } else { "," });
    }

    fn end(&mut self) {
        // Every attribute wrote a comma behind itself.
        self.json.pop();
        put(self.json, "}");
    }

    fn damage(&mut self) {
        match self.fault {
            Some(Fault::Truncated) => {
                self.json.truncate(self.json.len() * 2 / 3);
                // Between two characters: cut JSON, but text.
                while self.json.last().is_some_and(|byte| !byte.is_ascii()) {
                    self.json.pop();
                }
            }
            Some(Fault::BadUtf8) => {
                self.json.pop();
                self.json
                    .extend_from_slice(b",\"comment\":\"caf\xe9 \xff\xfe\"}");
            }
            Some(Fault::TooDeep) => {
                self.json.pop();
                put(self.json, ",\"deep\":");
                self.json.extend(std::iter::repeat_n(b'[', 1_000));
                self.json.extend(std::iter::repeat_n(b']', 1_000));
                put(self.json, "}");
            }
            _ => {}
        }
    }

    fn text(&mut self, name: &str, value: &str) {
        put(self.json, "\"");
        put(self.json, name);
        put(self.json, "\":\"");
        put(self.json, value);
        put(self.json, "\",");
    }
}
