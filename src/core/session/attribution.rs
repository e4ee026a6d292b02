//! Which visits an order is owed to, under six models. Weights are whole numbers of [`ONE`]th parts, so that they sum
//! to exactly one; what rounding leaves goes to the last touch that has any.

use crate::time::SECOND;

pub const DAY: i64 = 86_400 * SECOND;
/// Touches are the sessions that began so long before the order, or at it. Microseconds.
pub const WINDOW: i64 = 30 * DAY;
/// Days after which a touch weighs half under time decay.
const HALF_LIFE_DAYS: f64 = 7.0;
/// The whole.
pub const ONE: i64 = 1_000_000_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Model {
    First,
    Last,
    LastNonDirect,
    Linear,
    Position,
    TimeDecay,
}

impl Model {
    pub const ALL: [Model; 6] = [
        Model::First,
        Model::Last,
        Model::LastNonDirect,
        Model::Linear,
        Model::Position,
        Model::TimeDecay,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Model::First => "first",
            Model::Last => "last",
            Model::LastNonDirect => "last_non_direct",
            Model::Linear => "linear",
            Model::Position => "position",
            Model::TimeDecay => "time_decay",
        }
    }
}

/// One visit before an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// Microseconds from its start to the order.
    pub age: i64,
    pub is_direct: bool,
}

/// Weights of touches in order of time; they sum to [`ONE`]. Empty for no touch.
pub fn weights(model: Model, touches: &[Touch]) -> Vec<i64> {
    let count = touches.len();
    let Some(last) = count.checked_sub(1) else {
        return Vec::new();
    };
    let all_on = |place: usize| {
        (0..count)
            .map(|touch| if touch == place { ONE } else { 0 })
            .collect()
    };
    match model {
        Model::First => all_on(0),
        Model::Last => all_on(last),
        Model::LastNonDirect => all_on(
            touches
                .iter()
                .rposition(|touch| !touch.is_direct)
                .unwrap_or(last),
        ),
        Model::Linear => shares(&vec![1.0; count]),
        Model::Position => match count {
            1 => vec![ONE],
            2 => vec![ONE / 2, ONE / 2],
            _ => {
                let middle = 0.2 / (count - 2) as f64;
                let mut parts = vec![middle; count];
                (parts[0], parts[last]) = (0.4, 0.4);
                shares(&parts)
            }
        },
        Model::TimeDecay => {
            let days = |touch: &Touch| touch.age as f64 / DAY as f64;
            let parts: Vec<f64> = touches
                .iter()
                .map(|touch| (-days(touch) / HALF_LIFE_DAYS).exp2())
                .collect();
            shares(&parts)
        }
    }
}

/// Parts of the whole in proportion.
fn shares(parts: &[f64]) -> Vec<i64> {
    let total: f64 = parts.iter().sum();
    let mut weights: Vec<i64> = parts
        .iter()
        .map(|part| (part / total * ONE as f64).round() as i64)
        .collect();
    let rest = ONE - weights.iter().sum::<i64>();
    if let Some(last) = weights.last_mut() {
        *last += rest;
    }
    weights
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn touches(direct: &[bool]) -> Vec<Touch> {
        let count = direct.len() as i64;
        let touch = |(place, &is_direct): (usize, &bool)| Touch {
            age: (count - 1 - place as i64) * 7 * DAY,
            is_direct,
        };
        direct.iter().enumerate().map(touch).collect()
    }

    #[test]
    fn each_model_shares_its_way() {
        let of = |model, direct: &[bool]| {
            let weights = weights(model, &touches(direct));
            weights
                .iter()
                .map(|&weight| weight as f64 / ONE as f64)
                .collect::<Vec<_>>()
        };
        let mixed = [true, false, true];
        assert_eq!(of(Model::First, &mixed), [1.0, 0.0, 0.0]);
        assert_eq!(of(Model::Last, &mixed), [0.0, 0.0, 1.0]);
        assert_eq!(of(Model::LastNonDirect, &mixed), [0.0, 1.0, 0.0]);
        assert_eq!(of(Model::LastNonDirect, &[true, true]), [0.0, 1.0]);
        assert_eq!(of(Model::Linear, &[true; 4]), [0.25; 4]);
        assert_eq!(of(Model::Position, &[true]), [1.0]);
        assert_eq!(of(Model::Position, &[true; 2]), [0.5, 0.5]);
        assert_eq!(of(Model::Position, &[true; 4]), [0.4, 0.1, 0.1, 0.4]);
        assert_eq!(
            of(Model::TimeDecay, &[true; 2]),
            [0.333333333333, 0.666666666667]
        );
        assert!(of(Model::Linear, &[]).is_empty());
    }

    proptest! {
        #[test]
        fn weights_sum_to_exactly_one(ages in prop::collection::vec(0_i64..=WINDOW, 1..200), direct in any::<u64>()) {
            let mut ages = ages;
            ages.sort_unstable_by(|a, b| b.cmp(a));
            let touches: Vec<Touch> = ages.iter().enumerate().map(|(n, &age)| Touch { age, is_direct: direct >> (n % 64) & 1 == 1 }).collect();
            for model in Model::ALL {
                let weights = weights(model, &touches);
                prop_assert_eq!(weights.len(), touches.len());
                prop_assert_eq!(weights.iter().sum::<i64>(), ONE);
                prop_assert!(weights.iter().all(|&weight| weight >= 0));
            }
        }
    }
}
