//! What the value of a stone says: which one, its shape and its quality, from `diamond-zirconia` to `Labordiamant SI1`.

use super::{MAX_VALUE_BYTES, colour, fitting, word};

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stone {
    /// The variety in English: a colour is part of it where it is not the stone's ordinary one (`black-diamond`).
    pub stone: Option<&'static str>,
    pub shape: Option<&'static str>,
    /// Grades in capitals (`VS1`, `AAA`), other words in lower case.
    pub quality: Option<String>,
    pub is_lab_grown: bool,
}

/// `quality` is that of the choice; without it a grade in the value counts.
pub fn describe(value: &str, quality: Option<&str>) -> Stone {
    let plain: String = word::plain(fitting(value, MAX_VALUE_BYTES)).collect();
    let words = word::words(&plain);
    let mut stone: Option<&'static str> = None;
    let mut tint = None;
    let mut shape = None;
    let mut is_brilliant = false;
    let mut is_lab_grown = false;
    for (place, word) in words.iter().enumerate() {
        is_lab_grown |= is_laboratory(word);
        if let Some(cut) = shape_at(&words, place) {
            is_brilliant |= cut == "brilliant";
            // Any outline can be cut as a brilliant.
            shape = shape.filter(|shape| *shape != "brilliant").or(Some(cut));
        } else if let Some((found, its_tint)) = gem_and_colour(word) {
            // The shop files what looks like a diamond under it: `diamond-zirconia`.
            if stone.is_none_or(|stone| stone == "diamond" || stone == "crystal") {
                stone = Some(found);
            }
            tint = tint.or(its_tint);
        } else {
            tint = tint.or(colour::of(word));
        }
    }
    if is_brilliant {
        stone = stone.or(Some("diamond"));
    }
    Stone {
        stone: stone.map(|stone| variety(stone, tint)),
        shape,
        quality: match quality.map(str::trim).filter(|quality| !quality.is_empty()) {
            Some(quality) => Some(normal_quality(quality)),
            None => grade_in(value),
        },
        is_lab_grown,
    }
}

/// `lab-grown`, `Labordiamant`, `de laboratoire`, `synthetisch`; but labradorite is a stone.
fn is_laboratory(word: &str) -> bool {
    let is_lab = |rest: &str| {
        rest.is_empty()
            || rest.starts_with("or")
            || rest.starts_with("grown")
            || rest.starts_with("created")
            || gem(rest).is_some()
    };
    word.strip_prefix("lab").is_some_and(is_lab)
        || ["synthe", "sintet", "syntet"]
            .iter()
            .any(|start| word.starts_with(start))
        || matches!(word, "cvd" | "hpht")
}

/// The shape that this word names; `emerald` is one only beside a word for a cut.
fn shape_at(words: &[&str], place: usize) -> Option<&'static str> {
    let word = *words.get(place)?;
    if let Some(named) = word.strip_suffix("schliff") {
        return shape(named).or((named == "smaragd").then_some("emerald"));
    }
    if gem(word) != Some("emerald") {
        return shape(word);
    }
    let is_cut = |place: Option<usize>| {
        place
            .and_then(|place| words.get(place))
            .is_some_and(|word| {
                matches!(
                    *word,
                    "cut"
                        | "shape"
                        | "shaped"
                        | "schliff"
                        | "taille"
                        | "talla"
                        | "taglio"
                        | "corte"
                        | "slijpvorm"
                        | "geslepen"
                        | "slip"
                        | "slipad"
                        | "szlif"
                        | "lapidacao"
                )
            })
    };
    // `emerald cut`, `taille émeraude`, `taglio a smeraldo`
    let is_shape = is_cut(Some(place + 1)) || (1..=2).any(|back| is_cut(place.checked_sub(back)));
    is_shape.then_some("emerald")
}

fn shape(word: &str) -> Option<&'static str> {
    let shape = match word {
        "brillant" | "brilliant" | "brillante" | "briljant" | "brylant" | "brilhante" => {
            "brilliant"
        }
        "round" | "rund" | "runde" | "rond" | "ronde" | "redondo" | "redonda" | "rotondo"
        | "rotonda" | "tondo" | "okragly" => "round",
        "princess" | "prinzess" | "prinzessin" | "princesse" | "princesa" | "principessa"
        | "prinses" | "prinsessa" | "prinsess" | "princessa" => "princess",
        "oval" | "ovale" | "ovaal" | "ovalado" | "ovalada" | "owalny" => "oval",
        "cushion" | "kissen" | "coussin" | "cojin" | "cuscino" | "kussen" | "kudde"
        | "poduszka" | "almofada" => "cushion",
        "pear" | "birne" | "tropfen" | "poire" | "goutte" | "pera" | "goccia" | "peer"
        | "druppel" | "paron" | "gruszka" => "pear",
        "marquise" | "navette" | "marquesa" | "markis" => "marquise",
        "heart" | "herz" | "coeur" | "corazon" | "cuore" | "hart" | "hjarta" | "serce"
        | "coracao" => "heart",
        "asscher" => "asscher",
        "radiant" => "radiant",
        "baguette" | "baguett" | "bagueta" => "baguette",
        "trillion" | "trilliant" | "triangle" | "trillant" => "trillion",
        "square" | "carre" | "quadrat" | "cuadrado" | "quadrato" | "vierkant" => "square",
        "hexagon" | "hexagonal" => "hexagon",
        "octagon" | "octagonal" | "achteck" => "octagon",
        "briolette" => "briolette",
        "cabochon" => "cabochon",
        _ => return None,
    };
    Some(shape)
}

/// A stone in one word, maybe with its colour before it: `blacksapphire`, `Rosenquarz`.
fn gem_and_colour(word: &str) -> Option<(&'static str, Option<&'static str>)> {
    if let Some(gem) = gem(word) {
        return Some((gem, None));
    }
    word.char_indices().skip(2).find_map(|(start, _)| {
        let (before, name) = word.split_at(start);
        let gem = gem(name).filter(|_| name.len() > 3)?;
        let tint = colour::of(before);
        // What stands before a long name is a kind of it: `Süßwasserperle`, `Labordiamant`.
        (tint.is_some() || name.len() > 4).then_some((gem, tint))
    })
}

/// The stone with this name, singular or plural.
fn gem(word: &str) -> Option<&'static str> {
    let exact = |name: &str| {
        GEMS.iter()
            .find(|(_, names)| names.contains(&name))
            .map(|(gem, _)| *gem)
    };
    let endings = ["s", "n", "en", "e", "er", "i"];
    exact(word).or_else(|| {
        endings
            .iter()
            .filter_map(|ending| word.strip_suffix(ending))
            .find_map(exact)
    })
}

const GEMS: &[(&str, &[&str])] = &[
    (
        "diamond",
        &[
            "diamond", "diamant", "diamante", "diament", "diamanti", "timantti", "gyemant", "elmas",
        ],
    ),
    (
        "sapphire",
        &[
            "sapphire", "sapphir", "saphir", "saphire", "zafiro", "zaffiro", "saffier", "safir",
            "szafir", "safira", "zafir",
        ],
    ),
    (
        "ruby",
        &[
            "ruby", "rubie", "rubin", "rubis", "rubi", "rubino", "rubini", "robijn",
        ],
    ),
    (
        "emerald",
        &[
            "emerald",
            "smaragd",
            "emeraude",
            "esmeralda",
            "smeraldo",
            "szmaragd",
            "smarald",
        ],
    ),
    (
        "amethyst",
        &[
            "amethyst",
            "amethyste",
            "amatista",
            "ametista",
            "ametist",
            "ametyst",
            "amethist",
        ],
    ),
    (
        "aquamarine",
        &[
            "aquamarine",
            "aquamarin",
            "aigue",
            "aguamarina",
            "acquamarina",
            "akwamaryn",
            "akvamarin",
            "aquamarijn",
        ],
    ),
    (
        "topaz",
        &["topaz", "topas", "topaze", "topacio", "topazio", "topaas"],
    ),
    (
        "garnet",
        &[
            "garnet", "granat", "grenat", "granate", "granato", "granaat", "granada",
        ],
    ),
    ("peridot", &["peridot", "peridoto", "olivin", "olivine"]),
    (
        "citrine",
        &[
            "citrine", "citrin", "zitrin", "citrino", "citrien", "cytryn",
        ],
    ),
    (
        "tanzanite",
        &[
            "tanzanite",
            "tansanit",
            "tanzanit",
            "tanzaniet",
            "tanzanita",
        ],
    ),
    (
        "tourmaline",
        &[
            "tourmaline",
            "turmalin",
            "turmalina",
            "tormalina",
            "toermalijn",
        ],
    ),
    (
        "moissanite",
        &[
            "moissanite",
            "moissanit",
            "moissanita",
            "mosanita",
            "moissaniet",
            "mojsanit",
        ],
    ),
    (
        "zirconia",
        &[
            "zirconia",
            "zirkonia",
            "cyrkonia",
            "circonita",
            "zirconita",
            "circonia",
            "zirconium",
            "zirkoniumoxid",
        ],
    ),
    ("zircon", &["zircon", "zirkon", "circon", "zirkoon"]),
    ("swarovski", &["swarovski", "swarovsky"]),
    (
        "crystal",
        &[
            "crystal",
            "kristall",
            "cristal",
            "cristallo",
            "kristal",
            "krysztal",
        ],
    ),
    (
        "pearl",
        &[
            "pearl", "perle", "perla", "perola", "parel", "parla", "parlor", "perl", "perly",
        ],
    ),
    ("opal", &["opal", "opale", "opalo", "opaal"]),
    ("onyx", &["onyx", "onix", "onice", "onyks"]),
    (
        "quartz",
        &[
            "quartz", "quarz", "cuarzo", "quarzo", "quartzo", "kwarc", "kwarts", "kvarts",
        ],
    ),
    ("morganite", &["morganite", "morganit", "morganita"]),
    ("alexandrite", &["alexandrite", "alexandrit", "alejandrita"]),
    (
        "spinel",
        &["spinel", "spinell", "spinelle", "espinela", "spinello"],
    ),
    ("jade", &["jade", "giada"]),
    (
        "turquoise",
        &[
            "turquoise",
            "turkis",
            "turquesa",
            "turchese",
            "turkoois",
            "turkos",
        ],
    ),
    ("lapis-lazuli", &["lapis", "lapislazuli", "lapizlazuli"]),
    ("agate", &["agate", "achat", "agata", "agaat", "agat"]),
    (
        "moonstone",
        &["moonstone", "mondstein", "maansteen", "manesten"],
    ),
    ("labradorite", &["labradorite", "labradorit"]),
    ("malachite", &["malachite", "malachit", "malaquita"]),
    ("iolite", &["iolite", "iolith", "iolita"]),
    ("rhodolite", &["rhodolite", "rhodolith", "rodolita"]),
    ("tsavorite", &["tsavorite", "tsavorit"]),
    ("kunzite", &["kunzite", "kunzit"]),
    ("beryl", &["beryl", "beryll", "berilo"]),
    ("hematite", &["hematite", "hamatit", "hematit"]),
    (
        "coral",
        &["coral", "koralle", "corail", "corallo", "koraal"],
    ),
    (
        "amber",
        &[
            "amber",
            "bernstein",
            "ambre",
            "ambar",
            "ambra",
            "barnsteen",
            "bursztyn",
        ],
    ),
];

macro_rules! varieties {
    ($($stone:literal: $($colour:literal)*;)*) => {
        &[$($(($stone, $colour, concat!($colour, "-", $stone)),)*)*]
    };
}

/// Colours that make a variety of its own.
const VARIETIES: &[(&str, &str, &str)] = varieties! {
    "diamond": "black" "blue" "brown" "champagne" "cognac" "green" "grey" "multi" "orange" "pink" "purple" "red" "yellow";
    "sapphire": "black" "brown" "green" "grey" "multi" "orange" "pink" "purple" "white" "yellow";
    "topaz": "blue" "green" "multi" "orange" "pink" "purple" "smoky" "white" "yellow";
    "tourmaline": "black" "blue" "brown" "green" "multi" "pink" "purple" "red" "yellow";
    "zirconia": "black" "blue" "brown" "champagne" "cognac" "green" "multi" "orange" "pink" "purple" "red" "yellow";
    "zircon": "blue" "brown" "green" "red" "white" "yellow";
    "moissanite": "black" "blue" "green" "grey" "pink" "yellow";
    "swarovski": "black" "blue" "brown" "champagne" "cognac" "green" "grey" "multi" "orange" "pink" "purple" "red" "yellow";
    "crystal": "black" "blue" "green" "pink" "purple" "red" "yellow";
    "pearl": "black" "blue" "brown" "grey" "multi" "pink" "purple" "yellow";
    "opal": "black" "blue" "green" "pink" "white";
    "onyx": "blue" "green" "red" "white";
    "quartz": "blue" "green" "smoky" "white" "yellow";
    "garnet": "green" "orange" "pink" "purple";
    "spinel": "black" "blue" "green" "grey" "pink" "purple" "red";
    "amethyst": "green" "pink";
    "agate": "black" "blue" "green" "grey" "red" "white" "yellow";
    "beryl": "red" "yellow";
    "jade": "black" "white";
};

fn variety(gem: &'static str, tint: Option<&'static str>) -> &'static str {
    let tint = match tint {
        Some("rose") if gem == "quartz" => return "rose-quartz",
        Some("rose") => "pink",
        Some(tint) => tint,
        None => return gem,
    };
    VARIETIES
        .iter()
        .find(|(stone, colour, _)| *stone == gem && *colour == tint)
        .map_or(gem, |variety| variety.2)
}

fn normal_quality(quality: &str) -> String {
    let compact: String = quality
        .chars()
        .filter(|letter| !matches!(letter, ' ' | '-' | '_'))
        .collect::<String>()
        .to_uppercase();
    if compact
        .split('/')
        .all(|grade| is_grade(grade) || is_letter(grade))
    {
        return compact;
    }
    let words: Vec<String> = quality
        .split(|letter: char| letter.is_whitespace() || letter == '_')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    words.join(" ")
}

/// A grade of two letters or more that stands in a value; in capitals, as `si` and `if` are words.
fn grade_in(value: &str) -> Option<String> {
    value
        .split(|letter: char| !letter.is_ascii_alphanumeric())
        .find(|word| {
            let has_letters = word.bytes().filter(u8::is_ascii_uppercase).take(2).count() == 2;
            has_letters && is_grade(word)
        })
        .map(str::to_owned)
}

/// `AAA`, or a clarity: `VVS1`, `SI`, `IF`.
fn is_grade(text: &str) -> bool {
    let clarity = text.trim_end_matches(['1', '2', '3']);
    let is_clarity = text.len() <= clarity.len() + 1
        && matches!(
            clarity,
            "FL" | "IF" | "LC" | "VVS" | "VS" | "SI" | "I" | "P"
        );
    let is_class = (1..=6).contains(&text.len()) && text.bytes().all(|byte| byte == b'A');
    is_clarity || is_class
}

/// A colour grade from D to Z, or a class below A.
fn is_letter(text: &str) -> bool {
    matches!(text.as_bytes(), [b'A'..=b'Z'])
}

#[cfg(test)]
mod tests {
    use super::{VARIETIES, describe, gem};

    #[test]
    fn stones_are_read_in_many_languages() {
        let cases = [
            ("sapphire", "sapphire"),
            ("Saphir", "sapphire"),
            ("Zafiro", "sapphire"),
            ("Zaffiro", "sapphire"),
            ("Saffier", "sapphire"),
            ("Szafir", "sapphire"),
            ("diamond-sapphire", "sapphire"),
            ("blacksapphire", "black-sapphire"),
            ("Schwarzer Saphir", "black-sapphire"),
            ("saphir noir", "black-sapphire"),
            ("multisapphire", "multi-sapphire"),
            ("blue sapphire", "sapphire"),
            ("pink sapphire", "pink-sapphire"),
            ("diamond", "diamond"),
            ("Diamanten", "diamond"),
            ("diamante", "diamond"),
            ("White Diamond", "diamond"),
            ("blackdiamond", "black-diamond"),
            ("black-diamond", "black-diamond"),
            ("Diamant noir", "black-diamond"),
            ("greendiamond", "green-diamond"),
            ("diamond-zirconia", "zirconia"),
            ("Zirkonia", "zirconia"),
            ("Circonita", "zirconia"),
            ("diamond-Swarovsky", "swarovski"),
            ("swarovski-green", "green-swarovski"),
            ("Swarovski-Kristall", "swarovski"),
            ("Cristal Swarovski", "swarovski"),
            ("greentourmaline", "green-tourmaline"),
            ("Grüner Turmalin", "green-tourmaline"),
            ("blue topaz", "blue-topaz"),
            ("Blautopas", "blue-topaz"),
            ("London Blue Topaz", "blue-topaz"),
            ("rose-quartz", "rose-quartz"),
            ("Rosenquarz", "rose-quartz"),
            ("smoky quartz", "smoky-quartz"),
            ("Rauchquarz", "smoky-quartz"),
            ("ruby", "ruby"),
            ("Rubine", "ruby"),
            ("Rubino", "ruby"),
            ("Rubis", "ruby"),
            ("emerald", "emerald"),
            ("Émeraude", "emerald"),
            ("Smaragd", "emerald"),
            ("Amatista", "amethyst"),
            ("Améthyste", "amethyst"),
            ("moissanite", "moissanite"),
            ("Perle", "pearl"),
            ("Süßwasserperlen", "pearl"),
            ("white pearl", "pearl"),
            ("Perla negra", "black-pearl"),
            ("Granat", "garnet"),
            ("aigue-marine", "aquamarine"),
            ("labradorite", "labradorite"),
            ("Black Onyx", "onyx"),
        ];
        for (value, stone) in cases {
            let found = describe(value, None);
            assert_eq!(found.stone, Some(stone), "{value}");
            assert_eq!((found.shape, found.quality), (None, None), "{value}");
            assert!(!found.is_lab_grown, "{value}");
        }
        for value in ["", "none", "Best", "white-375", "ohne", "%ZZ", "roundabout"] {
            assert_eq!(describe(value, None), super::Stone::default(), "{value}");
        }
    }

    #[test]
    fn a_laboratory_is_told_from_labradorite() {
        for value in [
            "lab-grown-diamond",
            "labgrown diamond",
            "Lab Created Diamond",
            "Labordiamant",
            "lab_diamond",
            "labdiamond",
            "Diamant de laboratoire",
            "Diamante da laboratorio",
            "Synthetischer Diamant",
            "Diamond (CVD)",
        ] {
            let found = describe(value, None);
            assert_eq!(
                (found.stone, found.is_lab_grown),
                (Some("diamond"), true),
                "{value}"
            );
        }
        assert!(!describe("Labradorit", None).is_lab_grown);
    }

    #[test]
    fn shapes_are_told_from_stones() {
        let cases = [
            ("diamond-Brillant", Some("diamond"), Some("brilliant")),
            ("Brillant", Some("diamond"), Some("brilliant")),
            ("round brilliant diamond", Some("diamond"), Some("round")),
            ("brilliant round", Some("diamond"), Some("round")),
            ("round", None, Some("round")),
            ("Princess Cut Diamond", Some("diamond"), Some("princess")),
            ("Prinzessschliff", None, Some("princess")),
            ("emerald cut diamond", Some("diamond"), Some("emerald")),
            ("Diamant Smaragdschliff", Some("diamond"), Some("emerald")),
            ("diamant taille émeraude", Some("diamond"), Some("emerald")),
            (
                "diamante taglio a smeraldo",
                Some("diamond"),
                Some("emerald"),
            ),
            ("emerald princess cut", Some("emerald"), Some("princess")),
            ("emerald oval", Some("emerald"), Some("oval")),
            ("pear", None, Some("pear")),
            ("Herz", None, Some("heart")),
            ("marquise ruby", Some("ruby"), Some("marquise")),
            ("rubí ovalado", Some("ruby"), Some("oval")),
        ];
        for (value, stone, shape) in cases {
            let found = describe(value, None);
            assert_eq!((found.stone, found.shape), (stone, shape), "{value}");
        }
    }

    #[test]
    fn grades_are_capitals_and_other_qualities_words() {
        let cases = [
            ("", Some("si"), Some("SI")),
            ("", Some(" vs 1 "), Some("VS1")),
            ("", Some("VVS-2"), Some("VVS2")),
            ("", Some("aaa"), Some("AAA")),
            ("", Some("A"), Some("A")),
            ("", Some("I"), Some("I")),
            ("", Some("g/vs"), Some("G/VS")),
            ("", Some("Fancy  Deep"), Some("fancy deep")),
            ("", Some("Best_quality"), Some("best quality")),
            ("", Some("VS11"), Some("vs11")),
            ("", Some("/"), Some("/")),
            ("diamond_SI", Some(" "), Some("SI")),
            ("diamond-Brillant_AAA", None, Some("AAA")),
            ("Diamant VS2", None, Some("VS2")),
            ("diamond SI", Some("AA"), Some("AA")),
            ("diamante si", None, None),
            ("a diamond A I", None, None),
        ];
        for (value, quality, expected) in cases {
            assert_eq!(
                describe(value, quality).quality.as_deref(),
                expected,
                "{value} {quality:?}"
            );
        }
    }

    #[test]
    fn varieties_are_of_stones_that_have_names() {
        for (stone, _, name) in VARIETIES {
            assert_eq!(gem(stone), Some(*stone));
            assert_eq!(describe(name, None).stone, Some(*name));
        }
    }
}
