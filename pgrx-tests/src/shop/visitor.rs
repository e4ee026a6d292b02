//! Who walks through the shop: one device on one visit.

use super::agents::AGENTS;
use super::catalogue::{ALLOYS, CATEGORIES, Catalogue, STONES};
use super::dice::Dice;
use super::id::Id;
use super::origin::{Source, put};
use super::page::number;
use super::stores::Stores;
use super::walk::Page;

const CART: usize = 3;

#[derive(Clone, Copy, Default)]
pub(super) struct Choice {
    pub product: u16,
    pub alloy: u8,
    pub stone: u8,
    pub amount: u8,
}

pub(super) struct Visitor {
    pub device: Id,
    pub store: usize,
    pub agent: &'static str,
    pub resolution: &'static str,
    pub address: String,
    /// Empty for most.
    pub email: String,
    /// 0: nobody we know.
    pub user: u32,
    pub page: Page,
    pub category: u16,
    pub choice: Choice,
    pub cart: Vec<Choice>,
    /// Where this page stands, and what led there.
    pub url: Vec<u8>,
    pub referrer: Vec<u8>,
    /// The advertisement that led to the first page.
    pub campaign: Option<usize>,
    /// Has the first page been shown?
    started: bool,
}

impl Visitor {
    pub fn new(dice: &mut Dice, stores: &Stores, catalogue: &Catalogue) -> Visitor {
        let mut visitor = Visitor {
            device: Id::random(dice),
            store: 0,
            agent: "",
            resolution: "",
            address: String::new(),
            email: String::new(),
            user: 0,
            page: Page::Home,
            category: 0,
            choice: Choice::default(),
            cart: Vec::with_capacity(CART),
            url: Vec::with_capacity(256),
            referrer: Vec::with_capacity(256),
            campaign: None,
            started: false,
        };
        visitor.arrive(dice, stores, catalogue);
        visitor.started = false;
        visitor
    }

    /// Goes to the next page; false when the visit is over.
    pub fn step(&mut self, dice: &mut Dice, catalogue: &Catalogue) -> bool {
        if !self.started {
            self.started = true;
            return true;
        }
        let Some(next) = self.page.next(dice) else {
            return false;
        };
        if !next.stays() {
            // The page that is left is where the next one is reached from.
            std::mem::swap(&mut self.url, &mut self.referrer);
        }
        self.campaign = None;
        let before = std::mem::replace(&mut self.page, next);
        match next {
            Page::View if !matches!(before, Page::Back) => self.look_at_another(dice, catalogue),
            Page::Listing if dice.percent(40) => {
                self.category = dice.index(CATEGORIES.len()) as u16
            }
            Page::Option => self.choice.alloy = dice.index(ALLOYS.len()) as u8,
            Page::Quality => self.choice.stone = dice.index(STONES.len()) as u8,
            Page::AddToCart => self.add_to_cart(dice),
            _ => {}
        }
        if before == Page::Success {
            self.cart.clear();
        }
        if matches!(next, Page::Cart | Page::Checkout | Page::Success) && self.cart.is_empty() {
            self.add_to_cart(dice);
        }
        true
    }

    /// Another visit takes this one's place: mostly of another device.
    pub fn replace(&mut self, dice: &mut Dice, stores: &Stores, catalogue: &Catalogue) {
        if !dice.percent(14) {
            self.device = Id::random(dice);
            self.arrive(dice, stores, catalogue);
        } else {
            self.land(dice, stores, catalogue);
        }
        self.started = true;
    }

    fn arrive(&mut self, dice: &mut Dice, stores: &Stores, catalogue: &Catalogue) {
        self.store = stores.draw(dice);
        (self.agent, self.resolution) = dice.pick(&AGENTS);
        self.address = stores.address(self.store, dice);
        self.user = if dice.percent(6) {
            100_000 + dice.below(900_000)
        } else {
            0
        };
        self.email.clear();
        if dice.percent(5) {
            self.email = email(dice, stores.get(self.store).suffix);
        }
        self.land(dice, stores, catalogue);
    }

    fn land(&mut self, dice: &mut Dice, stores: &Stores, catalogue: &Catalogue) {
        self.cart.clear();
        self.page = Page::first(dice);
        self.look_at_another(dice, catalogue);
        let source = Source::any(dice);
        self.campaign = source.campaign(dice);
        self.referrer.clear();
        source.referrer(&mut self.referrer, dice, stores.get(self.store));
        if catalogue.is_varied && !self.referrer.is_empty() {
            put(&mut self.referrer, "/from/");
            number(&mut self.referrer, u64::from(dice.below(100_000_000)));
        }
    }

    fn look_at_another(&mut self, dice: &mut Dice, catalogue: &Catalogue) {
        self.choice = Choice {
            product: catalogue.draw(dice),
            alloy: dice.index(ALLOYS.len()) as u8,
            stone: dice.index(STONES.len()) as u8,
            amount: 1,
        };
        self.category = catalogue.get(self.choice.product).category;
    }

    fn add_to_cart(&mut self, dice: &mut Dice) {
        if self.cart.len() < CART {
            self.cart.push(Choice {
                amount: 1 + u8::from(dice.percent(7)),
                ..self.choice
            });
        }
    }
}

fn email(dice: &mut Dice, suffix: &str) -> String {
    let first = dice.pick(&[
        "anna", "ben", "carla", "david", "eva", "felix", "Greta", "hugo", "ida", "jan", "lea",
        "Max",
    ]);
    let last = dice.pick(&[
        "muster", "dupont", "smith", "rossi", "garcia", "nowak", "svensson", "silva", "jansen",
        "lopez",
    ]);
    let host = if suffix.starts_with("co") {
        "example.com"
    } else {
        dice.pick(&["example.com", "example.org", "example.net"])
    };
    format!("{first}.{last}{}@{host}", dice.below(1_000))
}
