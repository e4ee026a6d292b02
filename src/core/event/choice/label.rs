//! Which part of the jewel an option is about, however its label is spelt.

use super::{MAX_LABEL_BYTES, fitting, word};

/// Which part of the jewel an option is about; the order is that of a combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Alloy,
    /// The primary stone.
    Diamond,
    Stone2,
    Stone3,
    Stone4,
    Pearl,
    /// A size, an engraving, a collection: no material.
    Other,
}

impl Role {
    /// The canonical label; blank for [`Role::Other`], whose label is its own.
    pub const fn label(self) -> &'static str {
        match self {
            Role::Alloy => "alloy",
            Role::Diamond => "diamond",
            Role::Stone2 => "stone2",
            Role::Stone3 => "stone3",
            Role::Stone4 => "stone4",
            Role::Pearl => "pearl",
            Role::Other => "",
        }
    }

    pub const fn is_stone(self) -> bool {
        !matches!(self, Role::Alloy | Role::Other)
    }

    pub fn of(label: &str) -> Role {
        let mut buffer = [0; MAX_SPELLING];
        let spelling = compact(label, &mut buffer);
        match spelling {
            b"alloy" | b"alloycolour" | b"alloycolor" | b"legierung" | b"alliage" | b"aleacion"
            | b"lega" | b"legering" | b"liga" => Role::Alloy,
            b"diamond"
            | b"diamonds"
            | b"stonediamonds"
            | b"stonediamond"
            | b"shapediamond"
            | b"stone"
            | b"stone1"
            | b"stoneone"
            | b"stein1"
            | b"mainstone"
            | b"hauptstein"
            | b"womenstone"
            | b"menstone"
            | b"damenringsteinbesatz"
            | b"herrenringsteinbesatz" => Role::Diamond,
            b"stone2" | b"stonetwo" | b"stonetow" | b"stein2" => Role::Stone2,
            b"stone3" | b"stonethree" | b"stein3" => Role::Stone3,
            b"stone4" | b"stonefour" | b"stein4" => Role::Stone4,
            b"pearl" | b"pearls" | b"pear" | b"perle" | b"perlen" | b"perla" => Role::Pearl,
            _ => Role::Other,
        }
    }
}

/// No known spelling is longer.
const MAX_SPELLING: usize = 24;

/// Lower case without accents, spaces and signs; nothing where no known spelling could come out.
fn compact<'a>(label: &str, buffer: &'a mut [u8; MAX_SPELLING]) -> &'a [u8] {
    let mut length = 0;
    let mut push = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            *buffer.get_mut(length)? = byte.to_ascii_lowercase();
            length += 1;
        }
        Some(())
    };
    let is_possible = if label.is_ascii() {
        label.bytes().try_for_each(&mut push)
    } else {
        word::plain(label)
            .filter(|letter| !letter.is_whitespace())
            .try_for_each(|letter| push(u8::try_from(letter).ok().filter(u8::is_ascii)?))
    };
    match is_possible {
        Some(()) => buffer.get(..length).unwrap_or_default(),
        None => &[],
    }
}

/// A label as written, and what it is about.
#[derive(Debug)]
pub struct Label<'a> {
    pub written: &'a str,
    pub role: Role,
}

impl<'a> Label<'a> {
    pub fn of(written: &'a str) -> Label<'a> {
        Label {
            written: written.trim(),
            role: Role::of(written),
        }
    }

    pub fn canonical(&self) -> String {
        match self.role {
            Role::Other => {
                let label = fitting(self.written, MAX_LABEL_BYTES).to_lowercase();
                fitting(&label, MAX_LABEL_BYTES).to_owned()
            }
            role => role.label().to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Label, Role};

    #[test]
    fn spellings_drift_and_mean_the_same() {
        let cases: &[(Role, &[&str])] = &[
            (
                Role::Alloy,
                &[
                    "alloy",
                    "Alloy",
                    " ALLOY ",
                    "Alloy/Colour",
                    "Legierung",
                    "Aleación",
                ],
            ),
            (
                Role::Diamond,
                &[
                    "diamond",
                    "Diamond",
                    "diamonds",
                    "stone/diamonds",
                    "Stone/Diamonds",
                    "stone / diamonds",
                    "shapediamond",
                    "shape_diamond",
                    "stone",
                    "stone1",
                    "stone 1",
                    "Hauptstein",
                    "Damenring Steinbesatz",
                    "womenstone",
                ],
            ),
            (
                Role::Stone2,
                &[
                    "stone2",
                    "stone 2",
                    "stone_2",
                    "Stone-2",
                    "stonetow",
                    "stonetwo",
                    "stone two",
                    "stone\u{a0}2",
                ],
            ),
            (
                Role::Stone3,
                &["stone3", "stone 3", "stonethree", "Stein 3"],
            ),
            (Role::Stone4, &["stone4", "stone 4", "stone_four"]),
            (Role::Pearl, &["pearl", "Pearls", "Perle", "pear"]),
            (
                Role::Other,
                &[
                    "",
                    "Kollektion",
                    "size",
                    "pearlcolor",
                    "stone22",
                    "stone5",
                    "alloys of the world united",
                    "ストーン2",
                ],
            ),
        ];
        for (role, labels) in cases {
            for label in *labels {
                assert_eq!(Role::of(label), *role, "{label}");
            }
        }
    }

    #[test]
    fn canonical_labels_are_their_roles_and_others_are_lower_case() {
        for (written, expected) in [
            (" Stone 2 ", "stone2"),
            ("stone/diamonds", "diamond"),
            (" Kollektion\n", "kollektion"),
            ("ÄRMEL", "ärmel"),
            ("İ", "i\u{307}"),
            ("", ""),
        ] {
            assert_eq!(Label::of(written).canonical(), expected);
        }
        let long = "ä".repeat(100);
        assert_eq!(Label::of(&long).canonical(), "ä".repeat(32));
    }

    #[test]
    fn a_role_is_that_of_its_own_label() {
        for role in [
            Role::Alloy,
            Role::Diamond,
            Role::Stone2,
            Role::Stone3,
            Role::Stone4,
            Role::Pearl,
            Role::Other,
        ] {
            assert_eq!(Role::of(role.label()), role);
            assert_eq!(role.is_stone(), !matches!(role, Role::Alloy | Role::Other));
        }
    }
}
