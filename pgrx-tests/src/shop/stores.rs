//! The national stores: domain, money, and where their visitors come from.

use super::dice::{Dice, Weighted};

/// How a country writes 1278 and no cents.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Money {
    /// 1278.00
    Plain,
    /// 1,278.00
    Comma,
    /// 1.278,00
    Dot,
    /// 1 278,00
    Space,
    /// 1'278.00
    Apostrophe,
}

pub(super) struct Store {
    pub id: u16,
    pub suffix: &'static str,
    pub currency: &'static str,
    pub money: Money,
    /// Of one euro, roughly: prices are believable, not exact.
    pub rate: f64,
    /// Hours ahead of UTC.
    pub offset: i64,
    /// The first two bytes of its visitors' addresses.
    networks: &'static [(u8, u8)],
    weight: f64,
    /// `https://www.glamira.de`
    pub origin: String,
}

pub(super) struct Stores {
    list: Vec<Store>,
    shares: Weighted,
}

impl Stores {
    pub fn new(brand: &str) -> Stores {
        let list: Vec<Store> = TABLE.iter().map(|row| row.store(brand)).collect();
        let shares = Weighted::new(list.iter().map(|store| store.weight));
        Stores { list, shares }
    }

    pub fn draw(&self, dice: &mut Dice) -> usize {
        self.shares.draw(dice)
    }

    pub fn get(&self, index: usize) -> &Store {
        &self.list[index]
    }

    /// The address of a visitor of this store; one in twenty-five looks in from wherever another store is.
    pub fn address(&self, index: usize, dice: &mut Dice) -> String {
        let home = if dice.percent(4) {
            self.draw(dice)
        } else {
            index
        };
        self.list[home].address(dice)
    }
}

impl Store {
    /// A visitor's address: mostly of the store's own country, some from documentation ranges, some IPv6,
    /// and now and then what proxies and private networks make of it.
    fn address(&self, dice: &mut Dice) -> String {
        let (first, second) = dice.pick(self.networks);
        let (third, fourth) = (dice.below(256), 1 + dice.below(254));
        match dice.below(1_000) {
            0..60 => format!(
                "2001:db8:{:x}:{:x}::{:x}",
                dice.below(65_536),
                dice.below(65_536),
                1 + dice.below(65_535)
            ),
            60..90 => format!(
                "{}.{fourth}",
                dice.pick(&["192.0.2", "198.51.100", "203.0.113"])
            ),
            90..93 => format!("::ffff:{first}.{second}.{third}.{fourth}"),
            93..96 => format!("{first}.{second}.{third}.{fourth}, 10.0.{third}.7"),
            96..98 => format!("192.168.{third}.{fourth}"),
            _ => format!("{first}.{second}.{third}.{fourth}"),
        }
    }
}

struct Row(
    u16,
    &'static str,
    &'static str,
    Money,
    f64,
    i64,
    &'static [(u8, u8)],
    f64,
);

impl Row {
    fn store(&self, brand: &str) -> Store {
        let Row(id, suffix, currency, money, rate, offset, networks, weight) = *self;
        let origin = format!("https://www.{brand}.{suffix}");
        Store {
            id,
            suffix,
            currency,
            money,
            rate,
            offset,
            networks,
            weight,
            origin,
        }
    }
}

#[rustfmt::skip]
const TABLE: [Row; 19] = [
    Row( 6, "de",     "€",     Money::Dot,        1.0,    1, &[(91, 14), (84, 135), (93, 204), (79, 200)],  15.0),
    Row( 7, "co.uk",  "£",     Money::Plain,      0.88,   0, &[(86, 144), (81, 129), (90, 196), (2, 24)],   14.0),
    Row( 8, "es",     "€",     Money::Dot,        1.0,    1, &[(83, 36), (88, 8), (79, 148)],                6.0),
    Row( 9, "at",     "€",     Money::Dot,        1.0,    1, &[(91, 113), (80, 108), (178, 115)],            4.0),
    Row(10, "ch",     "CHF",   Money::Apostrophe, 1.06,   1, &[(85, 1), (178, 196), (84, 226)],              5.0),
    Row(11, "nl",     "€",     Money::Dot,        1.0,    1, &[(84, 82), (77, 168), (86, 84)],               5.0),
    Row(12, "fr",     "€",     Money::Space,      1.0,    1, &[(90, 5), (82, 64), (37, 170), (92, 184)],    11.0),
    Row(14, "it",     "€",     Money::Dot,        1.0,    1, &[(79, 18), (82, 49), (151, 34)],               6.0),
    Row(19, "se",     "kr",    Money::Space,     10.5,    1, &[(81, 229), (90, 226), (78, 72)],              5.0),
    Row(29, "com.au", "AU $",  Money::Comma,      1.65,  10, &[(1, 128), (101, 160), (49, 180)],             6.0),
    Row(34, "pt",     "€",     Money::Space,      1.0,    0, &[(85, 243), (2, 80), (89, 114)],               2.0),
    Row(38, "ca",     "CAD $", Money::Comma,      1.53,  -5, &[(70, 51), (99, 224), (24, 114)],              4.0),
    Row(41, "com",    "$",     Money::Comma,      1.12,  -5, &[(73, 15), (98, 210), (108, 28), (172, 58)],   7.0),
    Row(50, "pl",     "zł",    Money::Space,      4.45,   1, &[(83, 11), (89, 64), (31, 0)],                 2.5),
    Row(52, "rs",     "РСД",   Money::Dot,      117.6,    1, &[(109, 92), (178, 148), (79, 101)],            1.0),
    Row(53, "sk",     "€",     Money::Space,      1.0,    1, &[(78, 98), (95, 102), (188, 167)],             1.5),
    Row(62, "com.mx", "MXN $", Money::Comma,     25.0,   -6, &[(187, 190), (189, 203), (201, 141)],          1.5),
    Row(66, "bg",     "лв.",   Money::Plain,      1.96,   2, &[(78, 90), (95, 42), (212, 5)],                1.0),
    Row(85, "cl",     "CLP $", Money::Dot,      900.0,   -4, &[(190, 20), (186, 104), (200, 104)],           2.5),
];
