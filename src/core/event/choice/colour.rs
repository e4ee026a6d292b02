//! Words for colours in the languages of the shops.

/// The colour that a plain word names; an alloy's rose is a stone's pink.
pub fn of(word: &str) -> Option<&'static str> {
    let colour =
        match word {
            "white" | "weiss" | "weisse" | "weisses" | "weisser" | "blanc" | "blanche"
            | "blanco" | "blanca" | "bianco" | "bianca" | "wit" | "witte" | "vit" | "vitt"
            | "vita" | "hvid" | "hvidt" | "hvit" | "hvitt" | "biale" | "bialy" | "biala"
            | "bialego" | "branco" | "branca" | "bile" | "bily" | "biele" | "alb" | "feher"
            | "beyaz" | "valko" => "white",
            "yellow" | "gelb" | "gelbe" | "gelbes" | "gelber" | "jaune" | "amarillo"
            | "amarilla" | "giallo" | "gialla" | "geel" | "gele" | "gul" | "gult" | "gula"
            | "zolte" | "zolty" | "zolta" | "zoltego" | "amarelo" | "amarela" | "zlute"
            | "zluty" | "zlte" | "galben" | "sarga" | "sari" | "kelta" => "yellow",
            "rose" | "rosen" | "rosa" | "ros" | "roze" | "rosado" | "rosada" | "rosato"
            | "pink" | "rozowe" | "rozowy" | "rozowa" | "rozowego" | "ruzove" | "ruzova"
            | "roz" | "ruusu" => "rose",
            "red" | "rot" | "rote" | "rotes" | "roter" | "rouge" | "rojo" | "roja" | "rosso"
            | "rossa" | "rood" | "rode" | "rod" | "rott" | "roda" | "rodt" | "czerwone"
            | "czerwony" | "czerwona" | "czerwonego" | "vermelho" | "vermelha" | "cervene"
            | "cervena" | "rosu" | "voros" | "kirmizi" | "puna" => "red",
            "black" | "schwarz" | "schwarze" | "schwarzer" | "schwarzes" | "noir" | "noire"
            | "negro" | "negra" | "nero" | "nera" | "zwart" | "zwarte" | "svart" | "svarta"
            | "sort" | "czarny" | "czarna" | "czarne" | "preto" | "preta" | "cerny" | "cerna" => {
                "black"
            }
            "blue" | "blau" | "blaue" | "blauer" | "bleu" | "bleue" | "azul" | "blu"
            | "azzurro" | "blauw" | "blauwe" | "bla" | "blatt" | "niebieski" | "niebieska"
            | "modry" | "modra" => "blue",
            "green" | "grun" | "grune" | "gruner" | "gruen" | "vert" | "verte" | "verde"
            | "groen" | "groene" | "gron" | "grona" | "gront" | "zielony" | "zielona"
            | "zeleny" | "zelena" => "green",
            "brown" | "braun" | "brauner" | "brun" | "brune" | "marron" | "marrone" | "bruin"
            | "bruine" | "brazowy" | "castanho" => "brown",
            "grey" | "gray" | "grau" | "grauer" | "gris" | "grigio" | "grigia" | "grijs"
            | "gra" | "szary" | "cinza" => "grey",
            "purple" | "violet" | "violette" | "violett" | "lila" | "morado" | "viola"
            | "paars" | "fioletowy" | "roxo" => "purple",
            "orange" | "naranja" | "arancione" | "oranje" | "pomaranczowy" | "laranja" => "orange",
            "champagne" | "champagner" | "champan" => "champagne",
            "cognac" | "cognacfarben" => "cognac",
            "smoky" | "smokey" | "rauch" | "fume" | "ahumado" | "rok" => "smoky",
            "multi" | "multicolor" | "multicolour" | "multicolore" | "mehrfarbig" | "tricolor"
            | "tricolore" | "tricolour" | "rainbow" => "multi",
            _ => return None,
        };
    Some(colour)
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn the_same_colour_in_many_languages() {
        let cases = [
            (
                "white",
                "white weiss blanc blanco bianco wit vitt hvid biale branco",
            ),
            (
                "yellow",
                "yellow gelb jaune amarillo giallo geel gult zolte amarelo",
            ),
            ("rose", "rose rosa roze rosato rozowe pink"),
            (
                "red",
                "red rot rouge rojo rosso rood rott czerwone vermelho",
            ),
            (
                "black",
                "black schwarz noir negro nero zwart svart czarny preto",
            ),
            ("blue", "blue blau bleu azul blu blauw niebieski"),
            ("green", "green grun vert verde groen gron zielony"),
        ];
        for (colour, words) in cases {
            for word in words.split(' ') {
                assert_eq!(of(word), Some(colour), "{word}");
            }
        }
        assert_eq!(of("gold"), None);
    }
}
