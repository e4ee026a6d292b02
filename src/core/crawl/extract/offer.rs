//! What one pays: the price among those that an offer names.
//!
//! A price that is struck through, recommended, per unit of measure, for members only, of a part (an instalment, a
//! deposit, delivery) or for many pieces is none to pay; where an offer names no other, it says nothing. A period of
//! validity is not looked at: a page says today what holds today.
//!
//! By schema.org's rule a lone point begins the decimals (`12.500` is 12.5), as in any number of JSON. What breaks the
//! rule is read as people write it: `1.234,56`, `1,278.50`, `49,90`.

use rust_decimal::Decimal;
use serde_json::Value;

use super::Findings;
use super::node::{all, is_a, string};
use super::place::{Place, likeness, link};
use super::text::{amount, clean, currency, machine_amount, term};
use crate::event::price;

/// What marks a price that stands on the page for its readers, in their notation.
pub const SHOWN: &str = "shown";

/// Prices that are named beside the one to pay, in small letters.
const NOT_TO_PAY: [&str; 12] = [
    "listprice",
    "msrp",
    "srp",
    "rrp",
    "regularprice",
    "strikethroughprice",
    "invoiceprice",
    "minimumadvertisedprice",
    "map",
    "originalprice",
    "suggestedretailprice",
    "costprice",
];
/// Units that are pieces.
const PIECES: [&str; 8] = ["C62", "EA", "H87", "PCE", "PCS", "NMP", "SET", "PR"];
/// Offers and prices beyond this number are not looked at.
const MAX_PRICES: usize = 1_000;

struct Priced<'a> {
    amount: Decimal,
    currency: Option<String>,
    offer: &'a Value,
}

/// Puts the price of a product, its currency and whether one can have it into what was found.
pub fn find(product: &Value, place: &Place, found: &mut Findings) {
    let offers: Vec<&Value> = all(product.get("offers")).take(MAX_PRICES).collect();
    let Some(priced) =
        of_the_page(&offers, place).or_else(|| offers.iter().find_map(|offer| priced(offer)))
    else {
        return;
    };
    found.price = Some(priced.amount);
    found.currency = priced.currency;
    found.availability = string(priced.offer.get("availability"))
        .or_else(|| link(priced.offer.get("availability")?).map(str::to_owned))
        .and_then(|text| term(&text));
}

/// The offer whose address names the page's own parameters, if there is just one.
fn of_the_page<'a>(offers: &[&'a Value], place: &Place) -> Option<Priced<'a>> {
    let all_offers = offers
        .iter()
        .flat_map(|offer| std::iter::once(*offer).chain(all(offer.get("offers"))))
        .take(MAX_PRICES);
    let mut best: Vec<(usize, &Value)> = Vec::new();
    for offer in all_offers {
        let url = offer.get("url").and_then(link);
        let url = url.and_then(|url| place.address(url));
        let Some(score) = url
            .and_then(|url| likeness(&url, &place.url))
            .filter(|score| *score > 1)
        else {
            continue;
        };
        if best.first().is_some_and(|(known, _)| *known < score) {
            best.clear();
        }
        if best.first().is_none_or(|(known, _)| *known == score) {
            best.push((score, offer));
        }
    }
    match best.as_slice() {
        [(_, offer)] => priced(offer),
        _ => None,
    }
}

/// The price to pay for an offer; of an aggregate the lowest.
fn priced(offer: &Value) -> Option<Priced<'_>> {
    let own = if is_a(offer, &["AggregateOffer"]) {
        money(offer, &["lowPrice"]).or_else(|| own_price(offer))
    } else {
        own_price(offer).or_else(|| money(offer, &["lowPrice"]))
    };
    own.map(|(amount, currency)| Priced {
        amount,
        currency,
        offer,
    })
    .or_else(|| lowest(offer))
}

fn lowest(aggregate: &Value) -> Option<Priced<'_>> {
    // An offer within is no aggregate: there is no third level.
    let prices: Vec<Priced<'_>> = all(aggregate.get("offers"))
        .take(MAX_PRICES)
        .filter(|offer| offer.get("offers").is_none())
        .filter_map(priced)
        .collect();
    let currency_of_first = prices.first()?.currency.clone();
    let lowest = prices
        .into_iter()
        .filter(|priced| priced.currency == currency_of_first)
        .min_by_key(|priced| priced.amount)?;
    let own = || string(aggregate.get("priceCurrency")).and_then(|text| currency(&text));
    Some(Priced {
        currency: lowest.currency.clone().or_else(own),
        ..lowest
    })
}

/// The price of an offer itself, or the best of its specifications.
fn own_price(offer: &Value) -> Option<(Decimal, Option<String>)> {
    let itself = money(offer, &["price", "minPrice"]).filter(|_| rank(offer).is_some());
    let mut specified: Option<(u8, (Decimal, Option<String>))> = None;
    let mut struck = Vec::new();
    for specification in all(offer.get("priceSpecification")).take(MAX_PRICES) {
        let Some((amount, its)) = money(specification, &["price", "minPrice"]) else {
            continue;
        };
        let own = || string(offer.get("priceCurrency")).and_then(|text| currency(&text));
        match rank(specification) {
            None => struck.push(amount),
            Some(rank) if specified.as_ref().is_none_or(|(best, _)| rank < *best) => {
                specified = Some((rank, (amount, its.or_else(own))));
            }
            Some(_) => {}
        }
    }
    // An offer's own price is the one to pay, unless a specification says that it is struck or that there is a sale.
    match (itself, specified) {
        (Some(itself), Some((rank, specified))) => {
            Some(if rank == 0 || struck.contains(&itself.0) {
                specified
            } else {
                itself
            })
        }
        (Some(itself), None) if struck.contains(&itself.0) && has_other_price(offer) => None,
        (itself, specified) => itself.or(specified.map(|(_, specified)| specified)),
    }
}

/// Whether an offer has an aggregate's price too.
fn has_other_price(offer: &Value) -> bool {
    offer.get("lowPrice").is_some() || offer.get("offers").is_some()
}

/// How much a price is the one to pay, the lower the more; `None` where it is not.
fn rank(priced: &Value) -> Option<u8> {
    let has = |key: &str| priced.get(key).is_some_and(|value| !value.is_null());
    let is_of_a_part = is_a(
        priced,
        &[
            "DeliveryChargeSpecification",
            "PaymentChargeSpecification",
            "OfferShippingDetails",
        ],
    ) || [
        "validForMemberTier",
        "priceComponentType",
        "billingDuration",
        "billingIncrement",
    ]
    .into_iter()
    .any(has);
    let is_for_many = all(priced.get("eligibleQuantity")).any(|quantity| {
        string(quantity.get("minValue"))
            .and_then(|text| price::number(text.trim()))
            .is_some_and(|least| least > Decimal::ONE)
    });
    if is_of_a_part || is_for_many || is_per_measure(priced) {
        return None;
    }
    let types: Vec<String> = all(priced.get("priceType"))
        .filter_map(|value| {
            link(value)
                .map(str::to_owned)
                .or_else(|| string(Some(value)))
        })
        .filter_map(|text| term(&text))
        .map(|word| {
            let letters = word.chars().filter(|c| c.is_alphanumeric());
            letters.collect::<String>().to_ascii_lowercase()
        })
        .collect();
    if types.iter().any(|word| NOT_TO_PAY.contains(&word.as_str())) {
        return None;
    }
    Some(if types.iter().any(|word| word == "saleprice") {
        0
    } else if types.is_empty() {
        1
    } else {
        2
    })
}

/// Whether a price is for so much of something: grams, litres.
fn is_per_measure(priced: &Value) -> bool {
    let is_piece = |measure: &Value| {
        ["unitCode", "unitText"].iter().all(|key| {
            string(measure.get(*key)).is_none_or(|unit| {
                let unit = term(&unit).unwrap_or_default().to_uppercase();
                PIECES.contains(&unit.as_str()) || matches!(unit.as_str(), "PIECE" | "STÜCK" | "")
            })
        })
    };
    let counts_one = |measure: &Value| {
        string(measure.get("value"))
            .and_then(|text| price::number(text.trim()))
            .is_none_or(|value| value == Decimal::ONE)
    };
    let is_whole = |reference: &Value| is_piece(reference) && counts_one(reference);
    !is_piece(priced)
        || all(priced.get("referenceQuantity"))
            .filter(|reference| !reference.is_null())
            .any(|reference| !is_whole(reference))
}

/// The first of these properties that is an amount, and its currency.
fn money(priced: &Value, names: &[&str]) -> Option<(Decimal, Option<String>)> {
    let (value, (amount, beside)) = names
        .iter()
        .filter_map(|name| priced.get(*name))
        .flat_map(|value| all(Some(value)))
        .find_map(|value| Some((value, read(value)?)))?;
    let named = string(priced.get("priceCurrency")).or_else(|| string(value.get("currency")));
    Some((amount, named.and_then(|text| currency(&text)).or(beside)))
}

fn read(value: &Value) -> Option<(Decimal, Option<String>)> {
    match value {
        Value::Number(number) => {
            let amount = price::number(&number.to_string())?;
            (amount > Decimal::ZERO).then_some((amount, None))
        }
        Value::Object(thing) if thing.get("@type").and_then(Value::as_str) == Some(SHOWN) => {
            amount(&clean(&string(Some(value))?)?)
        }
        // A number in a money object is a number still.
        Value::Object(thing) => match thing.get("value").or_else(|| thing.get("@value")) {
            Some(inner @ (Value::Number(_) | Value::String(_))) => read(inner),
            _ => None,
        },
        other => machine_amount(&clean(&string(Some(other))?)?),
    }
}
