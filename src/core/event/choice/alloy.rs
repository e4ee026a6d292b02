//! What the value of an alloy says: metal, colour and fineness, from `white-375` to `585er Weißgold`.

use super::{MAX_VALUE_BYTES, colour, fitting, word};

/// What is not said is not guessed, but where it follows: 750 parts are of gold, 18 carats are 750.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Alloy {
    pub metal: Option<&'static str>,
    /// One colour, two in the order they are named (`white/yellow`), or `multicolour`.
    pub colour: Option<&'static str>,
    /// Parts of a thousand.
    pub fineness: Option<i16>,
}

pub fn describe(value: &str) -> Alloy {
    let plain: String = word::plain(fitting(value, MAX_VALUE_BYTES)).collect();
    let words = word::words(&plain);
    let mut metal = None;
    let mut colours = Vec::new();
    let mut fineness = None;
    let mut is_sterling = false;
    for (place, word) in words.iter().enumerate() {
        if word.starts_with(|letter: char| letter.is_ascii_digit()) {
            fineness = fineness.or_else(|| fineness_of(word, words.get(place + 1).copied()));
            continue;
        }
        let (named, tint) = metal_and_colour(word);
        // Gold is alloyed with palladium or silver, and still gold.
        if named == Some("gold") || metal.is_none() {
            metal = named.or(metal);
        }
        if let Some(tint) = tint
            && !colours.contains(&tint)
        {
            colours.push(tint);
        }
        is_sterling |= word.starts_with("sterling");
    }
    let fineness = fineness.or(is_sterling.then_some(925));
    Alloy {
        metal: metal.or_else(|| fineness.and_then(hallmarked)),
        colour: together(&colours),
        fineness,
    }
}

fn metal_and_colour(word: &str) -> (Option<&'static str>, Option<&'static str>) {
    if let Some(metal) = metal(word) {
        return (Some(metal), None);
    }
    // Germanic languages write `Weißgold`, `witgoud`, `vitguld` in one word.
    for gold in ["gold", "goud", "guld", "gull", "kulta"] {
        if let Some(before) = word.strip_suffix(gold) {
            return (Some("gold"), colour_of(before));
        }
    }
    match colour_of(word) {
        None if word.starts_with("sterling") => (Some("silver"), None),
        colour => (None, colour),
    }
}

fn colour_of(word: &str) -> Option<&'static str> {
    match colour::of(word) {
        Some("multi") => Some("multicolour"),
        colour => colour,
    }
}

fn metal(word: &str) -> Option<&'static str> {
    let metal = match word {
        "gold" | "golden" | "goud" | "gouden" | "guld" | "gull" | "kulta" | "or" | "oro"
        | "ouro" | "zloto" | "zlota" | "zlote" | "zlato" | "zlata" | "aur" | "arany" | "altin"
        | "золото" => "gold",
        "silver" | "silber" | "zilver" | "zilveren" | "solv" | "argent" | "plata" | "argento"
        | "prata" | "srebro" | "srebra" | "srebrny" | "stribro" | "striebro" | "argint"
        | "ezust" | "gumus" | "hopea" | "vermeil" | "серебро" => "silver",
        "platinum" | "platin" | "platina" | "platine" | "platino" | "platyna" | "platyny"
        | "plat" | "pt" | "platiini" | "платина" => "platinum",
        "palladium" | "palladio" | "paladio" | "pallad" | "palad" | "paladiu" | "paladium"
        | "pd" => "palladium",
        "steel" | "stainless" | "stahl" | "edelstahl" | "acier" | "acero" | "acciaio" | "staal"
        | "edelstaal" | "stal" | "aco" | "ocel" => "steel",
        "titanium" | "titan" | "titane" | "titanio" | "titaan" | "tytan" => "titanium",
        "tungsten" | "wolfram" => "tungsten",
        "cobalt" | "kobalt" => "cobalt",
        "tantalum" | "tantal" => "tantalum",
        "carbon" | "karbon" => "carbon",
        "ceramic" | "keramik" | "ceramique" | "ceramica" => "ceramic",
        "brass" | "messing" | "laiton" | "laton" | "ottone" => "brass",
        "bronze" | "brons" | "bronce" => "bronze",
        "copper" | "kupfer" | "cuivre" | "cobre" | "rame" | "koper" | "koppar" => "copper",
        _ => return None,
    };
    Some(metal)
}

/// A number before a word for carats, or one that is a hallmark.
fn fineness_of(number: &str, next: Option<&str>) -> Option<i16> {
    const CARATS: [&str; 16] = [
        "k", "kt", "ct", "cts", "kr", "kar", "karat", "karats", "carat", "carats", "carati",
        "karaat", "quilate", "quilates", "karatu", "karatowe",
    ];
    const HALLMARKS: [i16; 23] = [
        333, 375, 416, 417, 500, 583, 585, 620, 750, 800, 830, 833, 835, 875, 900, 916, 917, 925,
        935, 950, 958, 990, 999,
    ];
    let hallmark = |digits: &str| {
        digits
            .parse()
            .ok()
            .filter(|parts| HALLMARKS.contains(parts))
    };
    if let Some(parts) = number.strip_prefix("0.").or(number.strip_prefix("0,")) {
        return hallmark(parts);
    }
    if next.is_some_and(|next| CARATS.contains(&next)) {
        return of_carats(number);
    }
    hallmark(number)
}

fn of_carats(carats: &str) -> Option<i16> {
    let fineness = match carats {
        "8" => 333,
        "9" => 375,
        "10" => 417,
        "12" => 500,
        "14" => 585,
        "18" => 750,
        "20" => 833,
        "21" => 875,
        "22" => 916,
        "23" => 958,
        "24" => 999,
        _ => return None,
    };
    Some(fineness)
}

/// The metal that a hallmark alone stands for.
fn hallmarked(fineness: i16) -> Option<&'static str> {
    match fineness {
        333 | 375 | 416 | 417 | 583 | 585 | 750 | 875 | 916 | 917 | 958 => Some("gold"),
        800 | 830 | 835 | 925 | 935 => Some("silver"),
        950 => Some("platinum"),
        _ => None,
    }
}

macro_rules! pairs {
    ($($first:literal: $($second:literal)*;)*) => {
        &[$($(($first, $second, concat!($first, "/", $second)),)*)*]
    };
}

const PAIRS: &[(&str, &str, &str)] = pairs! {
    "white": "yellow" "rose" "red" "black";
    "yellow": "white" "rose" "red" "black";
    "rose": "white" "yellow" "red" "black";
    "red": "white" "yellow" "rose" "black";
    "black": "white" "yellow" "rose" "red";
};

fn together(colours: &[&'static str]) -> Option<&'static str> {
    match colours {
        [] => None,
        [colour] => Some(colour),
        [first, second] => PAIRS
            .iter()
            .find(|(one, other, _)| one == first && other == second)
            .map_or(Some("multicolour"), |pair| Some(pair.2)),
        _ => Some("multicolour"),
    }
}

#[cfg(test)]
mod tests {
    use super::{Alloy, describe};

    #[test]
    fn alloys_are_read_in_many_languages() {
        let gold = Some("gold");
        let cases = [
            ("white-375", gold, Some("white"), Some(375)),
            ("yellow-585", gold, Some("yellow"), Some(585)),
            ("rose-750", gold, Some("rose"), Some(750)),
            ("red-375", gold, Some("red"), Some(375)),
            ("white_rose-585", gold, Some("white/rose"), Some(585)),
            ("yellow_white-750", gold, Some("yellow/white"), Some(750)),
            ("white_yellow-750", gold, Some("white/yellow"), Some(750)),
            ("white_red-375", gold, Some("white/red"), Some(375)),
            ("white_yellow_red-585", gold, Some("multicolour"), Some(585)),
            ("tricolor-585", gold, Some("multicolour"), Some(585)),
            ("white_green-585", gold, Some("multicolour"), Some(585)),
            ("white-silber", Some("silver"), Some("white"), None),
            ("white-platin", Some("platinum"), Some("white"), None),
            ("white-palladium", Some("palladium"), Some("white"), None),
            ("platinum", Some("platinum"), None, None),
            ("platin_950", Some("platinum"), None, Some(950)),
            ("Pt950", Some("platinum"), None, Some(950)),
            ("950 Platinum", Some("platinum"), None, Some(950)),
            ("950 Palladium", Some("palladium"), None, Some(950)),
            ("silver-925", Some("silver"), None, Some(925)),
            ("925er Silber", Some("silver"), None, Some(925)),
            ("Sterling Silver", Some("silver"), None, Some(925)),
            ("Sterlingsilber", Some("silver"), None, Some(925)),
            ("925", Some("silver"), None, Some(925)),
            ("0.925 Silver", Some("silver"), None, Some(925)),
            ("14K White Gold", gold, Some("white"), Some(585)),
            ("9K", gold, None, Some(375)),
            ("10k Yellow Gold", gold, Some("yellow"), Some(417)),
            ("22ct Gold", gold, None, Some(916)),
            ("24 karat", None, None, Some(999)),
            ("585er Weißgold", gold, Some("white"), Some(585)),
            ("Weißgold 585", gold, Some("white"), Some(585)),
            ("Palladium-Weißgold 585", gold, Some("white"), Some(585)),
            ("Gelbgold 375", gold, Some("yellow"), Some(375)),
            ("Roségold 750", gold, Some("rose"), Some(750)),
            ("Rotgold 333", gold, Some("red"), Some(333)),
            ("Edelstahl", Some("steel"), None, None),
            ("Or Blanc 375/1000", gold, Some("white"), Some(375)),
            ("Or jaune 18 carats", gold, Some("yellow"), Some(750)),
            ("Argent 925", Some("silver"), None, Some(925)),
            ("Oro Bianco 375", gold, Some("white"), Some(375)),
            ("18 kt oro rosa", gold, Some("rose"), Some(750)),
            ("Oro Rosso 585", gold, Some("red"), Some(585)),
            (
                "Oro Amarillo de 14 quilates",
                gold,
                Some("yellow"),
                Some(585),
            ),
            ("Plata", Some("silver"), None, None),
            ("14 karaat witgoud", gold, Some("white"), Some(585)),
            ("Geelgoud 585", gold, Some("yellow"), Some(585)),
            ("Vitguld 18K", gold, Some("white"), Some(750)),
            ("Rött guld 585", gold, Some("red"), Some(585)),
            ("Roséguld", gold, Some("rose"), None),
            ("Hvidguld 585", gold, Some("white"), Some(585)),
            ("Białe złoto 585", gold, Some("white"), Some(585)),
            ("Żółte złoto 14K", gold, Some("yellow"), Some(585)),
            ("Ouro Branco 750", gold, Some("white"), Some(750)),
            ("Ouro vermelho 375", gold, Some("red"), Some(375)),
            ("white", None, Some("white"), None),
            ("1.9 ct", None, None, None),
            ("123", None, None, None),
            ("99999999999999999999K", None, None, None),
            ("%ZZ", None, None, None),
            ("", None, None, None),
        ];
        for (value, metal, colour, fineness) in cases {
            let expected = Alloy {
                metal,
                colour,
                fineness,
            };
            assert_eq!(describe(value), expected, "{value}");
        }
    }
}
