//! The parts of new option combinations, each with its share of the whole.

use pgrx::pg_sys;

use crate::load::dimensions::Keys;
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use starsink_core::batch::Batch;
use starsink_core::batch::members::NOT_APPLICABLE;
use starsink_core::dimension::table::Dimension;

pub struct Bridge(Statement);

impl Bridge {
    pub fn new() -> Bridge {
        Bridge(Statement::new(
            // Two workers may make the same combination: both write the same parts.
            "INSERT INTO warehouse.bridge_option_combination (option_combination_key, position, alloy_option_key, diamond_option_key, weight) \
             SELECT i.combination, i.position, i.alloy, i.diamond, \
                    CASE WHEN i.position < i.parts THEN pg_catalog.round(1.0 / i.parts, 9) \
                         ELSE 1 - (i.parts - 1) * pg_catalog.round(1.0 / i.parts, 9) END \
             FROM ROWS FROM (pg_catalog.unnest($1), pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5)) \
                 AS i (combination, position, parts, alloy, diamond) \
             ORDER BY 1, 2 ON CONFLICT DO NOTHING",
            &[pg_sys::INT4ARRAYOID; 5],
        ))
    }

    /// `made`: indices of the combinations that were not there.
    pub fn insert(&self, batch: &Batch, made: &[usize], keys: &Keys) -> Result<(), Failure> {
        let mut columns: [Vec<i32>; 5] = Default::default();
        for &combination in made {
            let key = keys.of(Dimension::OptionCombination, combination as i32);
            let parts = &batch.combinations[combination];
            for (position, part) in parts.iter().enumerate() {
                let key_of = |dimension| {
                    if part.dimension == dimension {
                        keys.of(dimension, part.member)
                    } else {
                        NOT_APPLICABLE
                    }
                };
                let row = [
                    key,
                    position as i32 + 1,
                    parts.len() as i32,
                    key_of(Dimension::AlloyOption),
                    key_of(Dimension::DiamondOption),
                ];
                for (column, value) in columns.iter_mut().zip(row) {
                    column.push(value);
                }
            }
        }
        self.0.run(&columns.map(Into::into))
    }
}
