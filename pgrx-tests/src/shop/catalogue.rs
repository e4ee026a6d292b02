//! What the shop sells: products by popularity, categories, metals, stones.

use super::dice::{Dice, Weighted};

const PRODUCTS: usize = 5_000;
const MANY_PRODUCTS: usize = 17_000;

pub(super) struct Product {
    pub id: u32,
    /// `glamira-ring-viola`
    pub slug: String,
    pub category: u16,
    /// In euros.
    pub price: u32,
    pub option_id: u32,
    pub stones: u8,
}

pub(super) struct Catalogue {
    products: Vec<Product>,
    popularity: Weighted,
    /// Whether stones are chosen each by itself, and visits come from pages of their own: see [`super::Shop::many_members`].
    pub is_varied: bool,
}

impl Catalogue {
    pub fn new(dice: &mut Dice) -> Catalogue {
        // Zipf: the k-th product is seen 1/k as often as the first.
        Catalogue::of(PRODUCTS, |rank| 1.0 / rank, false, dice)
    }

    pub fn varied(dice: &mut Dice) -> Catalogue {
        let popularity = |rank: f64| 1.0 / rank.sqrt();
        Catalogue::of(MANY_PRODUCTS, popularity, true, dice)
    }

    fn of(count: usize, popularity: fn(f64) -> f64, is_varied: bool, dice: &mut Dice) -> Catalogue {
        let products = (0..count).map(|number| product(number, dice)).collect();
        Catalogue {
            products,
            popularity: Weighted::new((1..=count).map(|rank| popularity(rank as f64))),
            is_varied,
        }
    }

    pub fn draw(&self, dice: &mut Dice) -> u16 {
        self.popularity.draw(dice) as u16
    }

    pub fn get(&self, index: u16) -> &Product {
        &self.products[usize::from(index)]
    }
}

fn product(number: usize, dice: &mut Dice) -> Product {
    let category = dice.index(CATEGORIES.len());
    let (_, kind) = CATEGORIES[category];
    let name = format!(
        "{}{}{}",
        dice.pick(&HEADS),
        dice.pick(&MIDDLES),
        dice.pick(&TAILS)
    );
    Product {
        // Ids are spread as a shop's are after years of adding and removing.
        id: 78_000 + (number as u32) * 7 + dice.below(7),
        slug: format!("glamira-{kind}-{name}"),
        category: category as u16,
        price: 120 + dice.below(400) + dice.below(30) * dice.below(60),
        option_id: 200_000 + dice.below(200_000),
        stones: 1 + u8::from(dice.percent(35)) + u8::from(dice.percent(15)),
    }
}

/// Address of the listing, and what its products are called.
pub(super) const CATEGORIES: [(&str, &str); 16] = [
    ("diamond-engagement-rings", "ring"),
    ("wedding-rings", "wedding-ring"),
    ("diamond-earrings", "earring"),
    ("gold-necklaces", "necklace"),
    ("pendants-with-stone", "pendant"),
    ("men-s-rings", "ring-for-men"),
    ("men-s-necklaces", "pendant-for-men"),
    ("bracelets", "bracelet"),
    ("eternity-rings", "memoire-ring"),
    ("promise-rings", "ring"),
    ("pearl-jewellery", "earring"),
    ("baby-and-children", "children-ring"),
    ("signet-rings", "signet-ring"),
    ("anklets", "anklet"),
    ("letter-pendants", "letter-pendant"),
    ("gift-sets", "set"),
];

pub(super) const ALLOYS: [&str; 18] = [
    "white-375",
    "yellow-375",
    "red-375",
    "white-585",
    "yellow-585",
    "red-585",
    "white-750",
    "yellow-750",
    "red-750",
    "white_yellow-585",
    "white_red-585",
    "yellow_white-375",
    "red_white-750",
    "silver",
    "silver_999",
    "palladium",
    "platin",
    "stainless_steel",
];

pub(super) const STONES: [&str; 20] = [
    "diamond-zirconia",
    "diamond-Brillant",
    "diamond-sapphire",
    "diamond-ruby",
    "diamond-emerald",
    "blackdiamond",
    "swarovsky-crystal",
    "bluetopaz",
    "amethyst",
    "aquamarine",
    "garnet",
    "peridot",
    "tanzanite",
    "citrine",
    "pinktourmaline",
    "moissanite",
    "onyx",
    "rosequartz",
    "blackpearl",
    "whitepearl",
];

pub(super) const SEARCHES: [&str; 14] = [
    "ring",
    "wedding+ring",
    "verlobungsring",
    "trauringe",
    "collier",
    "bague+diamant",
    "anillo",
    "white+gold",
    "78%2C5",
    "pearl",
    "men",
    "gift",
    "name+necklace",
    "375",
];

const HEADS: [&str; 24] = [
    "al", "bri", "ca", "da", "el", "fe", "gra", "hel", "in", "jo", "ka", "lu", "mar", "ni", "or",
    "pe", "ro", "sa", "ta", "ur", "vi", "xe", "ya", "zo",
];
const MIDDLES: [&str; 16] = [
    "ber", "cin", "dri", "fan", "gel", "lan", "mi", "nel", "ola", "ri", "sel", "ti", "ven", "vi",
    "xan", "zel",
];
const TAILS: [&str; 12] = [
    "a", "da", "e", "ella", "ia", "ina", "is", "na", "ora", "ta", "us", "y",
];
