//! The alloys and stones that an event or an order line chooses, as members: each by itself, and their combination.

use sha2::{Digest, Sha256};
use xxhash_rust::xxh3::xxh3_128_with_seed;

use super::members::{Members, NOT_APPLICABLE};
use crate::dimension::table::Dimension;
use crate::event::choice::alloy;
use crate::event::choice::label::Role;
use crate::event::choice::stone;
use crate::event::choice::{Choice, canonical, combination};
use crate::text::hash::{chained, hex};

/// One part of a combination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// [`Dimension::AlloyOption`] or [`Dimension::DiamondOption`].
    pub dimension: Dimension,
    /// Index of its member.
    pub member: i32,
}

/// Members of what was chosen: the first alloy, the first primary stone, the combination of all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chosen {
    pub alloy: i32,
    pub stone: i32,
    pub combination: i32,
}

impl Chosen {
    pub const NOTHING: Chosen = Chosen {
        alloy: NOT_APPLICABLE,
        stone: NOT_APPLICABLE,
        combination: NOT_APPLICABLE,
    };
}

/// `combinations`: the parts of each combination, by its member's index.
pub fn intern(
    members: &mut [Members; Dimension::COUNT],
    combinations: &mut Vec<Vec<Part>>,
    seed: u64,
    choices: &[Choice],
) -> Chosen {
    let Some(canonical) = canonical(choices) else {
        return Chosen::NOTHING;
    };
    let mut first = |role: Role| {
        choices
            .iter()
            .find(|choice| choice.role == role)
            .and_then(|choice| part(members, seed, choice))
            .map_or(NOT_APPLICABLE, |part| part.member)
    };
    let (alloy, stone) = (first(Role::Alloy), first(Role::Diamond));
    let hash = xxh3_128_with_seed(canonical.as_bytes(), seed);
    let key = members[Dimension::OptionCombination as usize].intern(hash, || {
        [
            Some(hex(&Sha256::digest(canonical.as_bytes())[..16])),
            Some(description(choices)),
        ]
    });
    if combinations.len() <= key as usize {
        let parts = combination(choices)
            .into_iter()
            .filter_map(|choice| part(members, seed, choice))
            .collect();
        combinations.push(parts);
    }
    Chosen {
        alloy,
        stone,
        combination: key,
    }
}

fn part(members: &mut [Members; Dimension::COUNT], seed: u64, choice: &Choice) -> Option<Part> {
    let role = match choice.role {
        Role::Alloy => {
            let member = alloy_member(&mut members[Dimension::AlloyOption as usize], seed, choice);
            return Some(Part {
                dimension: Dimension::AlloyOption,
                member,
            });
        }
        Role::Diamond => "primary",
        Role::Stone2 => "stone2",
        Role::Stone3 => "stone3",
        Role::Stone4 => "stone4",
        Role::Pearl => "pearl",
        Role::Other => return None,
    };
    let stones = &mut members[Dimension::DiamondOption as usize];
    let member = stone_member(stones, seed, choice, role);
    Some(Part {
        dimension: Dimension::DiamondOption,
        member,
    })
}

fn alloy_member(members: &mut Members, seed: u64, choice: &Choice) -> i32 {
    members.intern(chained(seed, &[&choice.value]), || {
        let alloy = alloy::describe(&choice.value);
        [
            choice.option_id.clone(),
            choice.value_id.clone(),
            Some(choice.value.clone()),
            alloy.metal.map(str::to_owned),
            alloy.colour.map(str::to_owned),
            alloy.fineness.map(|fineness| fineness.to_string()),
        ]
    })
}

fn stone_member(members: &mut Members, seed: u64, choice: &Choice, role: &str) -> i32 {
    let quality = choice.quality.as_deref().unwrap_or_default();
    members.intern(chained(seed, &[role, &choice.value, quality]), || {
        let stone = stone::describe(&choice.value, choice.quality.as_deref());
        [
            Some(role.to_owned()),
            choice.option_id.clone(),
            choice.value_id.clone(),
            Some(choice.value.clone()),
            Some(quality.to_owned()),
            stone.stone.map(str::to_owned),
            stone.shape.map(str::to_owned),
            Some(stone.is_lab_grown.to_string()),
        ]
    })
}

fn description(choices: &[Choice]) -> String {
    let parts: Vec<String> = combination(choices)
        .iter()
        .map(|choice| match &choice.quality {
            Some(quality) => format!("{} {} ({quality})", choice.label, choice.value),
            None => format!("{} {}", choice.label, choice.value),
        })
        .collect();
    parts.join(" + ")
}
