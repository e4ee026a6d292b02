//! The attributes the warehouse has a place for, in every spelling that arrives.

macro_rules! attributes {
    ($($variant:ident $name:literal,)*) => {
        /// One spelling of a known attribute.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Attribute { $($variant,)* }

        impl Attribute {
            pub const ALL: &'static [Attribute] = &[$(Attribute::$variant,)*];

            pub fn from_name(name: &str) -> Option<Attribute> {
                match name {
                    $($name => Some(Attribute::$variant),)*
                    _ => None,
                }
            }

            pub const fn name(self) -> &'static str {
                match self { $(Attribute::$variant => $name,)* }
            }
        }
    };
}

attributes! {
    Id "id",
    UnderscoreId "_id",
    Collection "collection",
    CurrentUrl "current_url",
    DeviceId "device_id",
    Email "email",
    EmailAddress "email_address",
    Ip "ip",
    LocalTime "local_time",
    Option "option",
    OrderId "order_id",
    ProductId "product_id",
    Referer "referer",
    Referrer "referrer",
    RefererUrl "referer_url",
    ReferrerUrl "referrer_url",
    StoreId "store_id",
    TimeStamp "time_stamp",
    UserAgent "user_agent",
    UserIdDb "user_id_db",
    CartProducts "cart_products",
    UtmSource "utm_source",
    UtmMedium "utm_medium",
}

/// The raw JSON value of every known attribute that the message holds.
#[derive(Debug, Default)]
pub struct Known<'a>([Option<&'a str>; Attribute::ALL.len()]);

impl<'a> Known<'a> {
    /// A later value of the same attribute replaces an earlier one.
    pub fn set(&mut self, attribute: Attribute, raw: &'a str) {
        if let Some(slot) = self.0.get_mut(attribute as usize) {
            *slot = Some(raw);
        }
    }

    pub fn get(&self, attribute: Attribute) -> Option<&'a str> {
        self.0.get(attribute as usize).copied().flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::{Attribute, Known};

    #[test]
    fn every_attribute_is_found_by_its_name_alone() {
        for attribute in Attribute::ALL {
            assert_eq!(Attribute::from_name(attribute.name()), Some(*attribute));
        }
        assert_eq!(Attribute::from_name("ID"), None);
        assert_eq!(Attribute::from_name(""), None);
    }

    #[test]
    fn the_last_value_wins() {
        let mut known = Known::default();
        known.set(Attribute::Id, "1");
        known.set(Attribute::Id, "2");
        assert_eq!(known.get(Attribute::Id), Some("2"));
        assert_eq!(known.get(Attribute::UnderscoreId), None);
    }
}
