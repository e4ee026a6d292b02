//! What is sold, in which language, and what each style of page says of it.

/// How a page tells what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Style {
    /// One JSON-LD object, and breadcrumbs as another.
    JsonLd,
    /// A JSON-LD graph with references, and the mistakes of templates.
    BrokenGraph,
    Microdata,
    OpenGraph,
    /// No vocabulary at all: heading, breadcrumbs, form.
    Plain,
}

impl Style {
    pub const ALL: [Style; 5] = [
        Style::JsonLd,
        Style::BrokenGraph,
        Style::Microdata,
        Style::OpenGraph,
        Style::Plain,
    ];
}

/// A national store and its language.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    German,
    English,
    French,
    Spanish,
}

impl Language {
    pub const ALL: [Language; 4] = [
        Language::German,
        Language::English,
        Language::French,
        Language::Spanish,
    ];

    pub fn tag(self) -> &'static str {
        ["de", "en", "fr", "es"][self as usize]
    }

    /// As dim_store knows it.
    pub fn store_id(self) -> &'static str {
        ["6", "7", "12", "8"][self as usize]
    }

    pub fn currency(self) -> &'static str {
        if self == Language::English {
            "GBP"
        } else {
            "EUR"
        }
    }

    /// An amount of cents as readers of the language write it.
    pub fn price(self, cents: u32) -> String {
        let (whole, cents) = (cents / 100, cents % 100);
        let grouped = |separator: &str| match whole {
            0..1000 => whole.to_string(),
            _ => format!("{}{separator}{:03}", whole / 1000, whole % 1000),
        };
        match self {
            Language::German | Language::Spanish => format!("{},{cents:02} €", grouped(".")),
            Language::English => format!("£{}.{cents:02}", grouped(",")),
            Language::French => format!("{},{cents:02} €", grouped("\u{202f}")),
        }
    }

    fn word(self, words: [&'static str; 4]) -> &'static str {
        words[self as usize]
    }

    pub fn home(self) -> &'static str {
        self.word(["Startseite", "Home", "Accueil", "Inicio"])
    }

    /// The label of a property.
    pub fn label(self, property: &str) -> &'static str {
        match property {
            "collection" => self.word(["Kollektion", "Collection", "Collection", "Colección"]),
            "type" => self.word([
                "Produkttyp",
                "Product type",
                "Type de produit",
                "Tipo de producto",
            ]),
            "gender" => self.word(["Geschlecht", "Gender", "Genre", "Género"]),
            _ => self.word(["Legierung", "Alloy", "Alliage", "Aleación"]),
        }
    }
}

/// One product of the shop, the same in every language but for its words.
#[derive(Clone, Copy, Debug)]
pub struct Product {
    pub number: u32,
}

const NAMES: [&str; 12] = [
    "Ada",
    "Béatrice",
    "Chloë",
    "Dörthe",
    "Elle & Co",
    "Fée d’Or",
    "Gül",
    "Hélène \"Luxe\"",
    "Iñes",
    "Jörð",
    "Kamé",
    "Łucja",
];
const COLLECTIONS: [&str; 4] = ["Luna", "Étoile", "Big Sur", "Sommer & Meer"];
const ALLOYS: [&str; 6] = [
    "white-375",
    "yellow-585",
    "rose-750",
    "platinum-950",
    "silver-925",
    "white-585",
];
const STONES: [&str; 6] = [
    "sapphire",
    "ruby",
    "diamond-brilliant",
    "emerald",
    "amethyst",
    "swarovski-black",
];

impl Product {
    pub fn id(self) -> String {
        (96_000 + self.number).to_string()
    }

    pub fn sku(self) -> String {
        format!("GX-{:05}", 7 * self.number + 11)
    }

    pub fn style(self, language: Language) -> Style {
        Style::ALL[(self.number as usize + language as usize) % 5]
    }

    pub fn name(self, language: Language) -> String {
        let kind = self.kind(language);
        format!(
            "{kind} {} {}",
            NAMES[self.number as usize % NAMES.len()],
            self.number
        )
    }

    /// Ring, earrings, necklace: singular, for the name.
    fn kind(self, language: Language) -> &'static str {
        match self.number % 3 {
            0 => language.word(["Ring", "Ring", "Bague", "Anillo"]),
            1 => language.word(["Ohrringe", "Earrings", "Boucles d’oreilles", "Pendientes"]),
            _ => language.word(["Halskette", "Necklace", "Collier", "Collar"]),
        }
    }

    pub fn category(self, language: Language) -> [&'static str; 2] {
        match self.number % 3 {
            0 => [
                language.word(["Ringe", "Rings", "Bagues", "Anillos"]),
                language.word([
                    "Verlobungsringe",
                    "Engagement Rings",
                    "Bagues de fiançailles",
                    "Anillos de compromiso",
                ]),
            ],
            1 => [
                language.word(["Ohrschmuck", "Earrings", "Boucles", "Pendientes"]),
                language.word(["Ohrstecker", "Studs & Hoops", "Clous", "Aros"]),
            ],
            _ => [
                language.word(["Halsschmuck", "Necklaces", "Colliers", "Collares"]),
                language.word(["Ketten", "Chains", "Chaînes", "Cadenas"]),
            ],
        }
    }

    pub fn product_type(self, language: Language) -> &'static str {
        self.kind(language)
    }

    pub fn collection(self) -> &'static str {
        COLLECTIONS[self.number as usize % COLLECTIONS.len()]
    }

    pub fn is_for_women(self) -> bool {
        self.number % 4 != 3
    }

    pub fn gender_word(self, language: Language) -> &'static str {
        if self.is_for_women() {
            language.word(["Damen", "Women", "Femme", "Mujer"])
        } else {
            language.word(["Herren", "Men", "Homme", "Hombre"])
        }
    }

    pub fn cents(self, language: Language) -> u32 {
        19_900 + self.number * 1_733 + language as u32 * 650
    }

    pub fn is_in_stock(self) -> bool {
        self.number % 7 != 6
    }

    pub fn alloys(self) -> [&'static str; 2] {
        let first = self.number as usize;
        [ALLOYS[first % 6], ALLOYS[(first + 1) % 6]]
    }

    pub fn stones(self) -> [&'static str; 2] {
        let first = self.number as usize / 2;
        [STONES[first % 6], STONES[(first + 2) % 6]]
    }

    pub fn path(self, language: Language) -> String {
        format!(
            "/{}/{}-{}.html",
            language.tag(),
            self.id(),
            ["ring", "ear", "neck"][self.number as usize % 3]
        )
    }
}

/// What a page says of its product: attribute and value, as the warehouse is to have it.
pub type Truth = Vec<(&'static str, String)>;

/// What the page of a product carries, in the style it has. `origin` is `http://host:port`.
pub fn truth(product: Product, language: Language, origin: &str) -> Truth {
    let style = product.style(language);
    let mut truth = vec![
        ("product_id", product.id()),
        ("product_name", product.name(language)),
        ("category", product.category(language).join(" > ")),
        (
            "canonical_url",
            format!("{origin}{}", product.path(language)),
        ),
        (
            "price",
            format!(
                "{}.{:02}",
                product.cents(language) / 100,
                product.cents(language) % 100
            ),
        ),
    ];
    let token = language.price(1).replace(
        |c: char| c.is_ascii_digit() || matches!(c, ',' | '.' | ' '),
        "",
    );
    truth.push((
        "currency",
        if style == Style::Plain {
            token
        } else {
            language.currency().to_owned()
        },
    ));
    // Where no words tell the type, the widest category does.
    let widest = product.category(language)[0];
    let says_type = matches!(style, Style::JsonLd | Style::BrokenGraph);
    truth.push((
        "product_type",
        if says_type {
            product.product_type(language)
        } else {
            widest
        }
        .to_owned(),
    ));
    let alloys = product.alloys().map(|value| format!("alloy={value}"));
    let stones = product.stones().map(|value| format!("diamond={value}"));
    truth.push(("offered", [alloys, stones].concat().join(",")));
    if style != Style::Plain {
        truth.push(("sku", product.sku()));
        truth.push((
            "gender",
            if product.is_for_women() {
                "female"
            } else {
                "male"
            }
            .to_owned(),
        ));
        truth.push(("brand", "Glim & Glanz".to_owned()));
        truth.push(("image_url", format!("{origin}/media/{}.jpg", product.id())));
        truth.push((
            "availability",
            if product.is_in_stock() {
                "InStock"
            } else {
                "OutOfStock"
            }
            .to_owned(),
        ));
        truth.push(("collection", product.collection().to_owned()));
    }
    truth
}
