//! Rows into fact_order_line, before the facts of their events. Orders are rare among events, so this is plain SQL:
//! the currency is found by what is written and the store's country, and the amount is valued with the day's rates.
//! What could not be valued is flagged in the images of the events, which are written after that.

use std::collections::HashMap;
use std::ops::Range;

use pgrx::datum::{DatumWithOid, TimestampWithTimeZone};
use pgrx::pg_sys;

use crate::load::dimensions::Keys;
use crate::load::verdict::Verdict;
use crate::server::failure::Failure;
use crate::server::statement::Statement;
use crate::server::time::timestamp;
use starsink_core::batch::Batch;
use starsink_core::batch::lines::Line;
use starsink_core::dimension::table::Dimension;
use starsink_core::event::code::{Code, Codes};

/// Lines written by one statement: what it makes of them stands in memory several times.
const PORTION: usize = 5_000;

/// In the order of [`VALUED`].
const COLUMNS: &str = "\
    audit_key, event_time, event_id, line_number, date_key, time_key, order_id, product_key, customer_key, device_key, store_key, \
    geography_key, campaign_key, alloy_option_key, diamond_option_key, option_combination_key, is_bot, quantity, unit_price, currency_token, currency_key, local_amount, \
    base_amount, base_currency, rate_date, fx_status";

const VALUED: &str = "\
    SELECT $1, i.event_time, i.event_id, i.line_number, i.date_key, i.time_key, i.order_id, i.product_key, i.customer_key, i.device_key, \
        i.store_key, i.geography_key, i.campaign_key, i.alloy_key, i.diamond_key, i.combination_key, i.is_bot, a.quantity, a.unit_price, i.currency_token, \
        COALESCE(c.currency_key, CASE WHEN i.currency_token IS NULL THEN -3 ELSE -1 END), \
        pg_catalog.round(a.unit_price * a.quantity, 4), v.base_amount, b.currency, v.rate_date, v.fx_status, i.ord \
    FROM ROWS FROM (pg_catalog.unnest($2), pg_catalog.unnest($3), pg_catalog.unnest($4), pg_catalog.unnest($5), pg_catalog.unnest($6), \
            pg_catalog.unnest($7), pg_catalog.unnest($8), pg_catalog.unnest($9), pg_catalog.unnest($10), pg_catalog.unnest($11), \
            pg_catalog.unnest($12), pg_catalog.unnest($13), pg_catalog.unnest($14), pg_catalog.unnest($15), pg_catalog.unnest($16), \
            pg_catalog.unnest($17), pg_catalog.unnest($18), pg_catalog.unnest($19), pg_catalog.unnest($20)) WITH ORDINALITY \
        AS i (event_time, event_id, line_number, date_key, time_key, order_id, product_key, customer_key, device_key, store_key, \
              geography_key, campaign_key, alloy_key, diamond_key, combination_key, is_bot, quantity, unit_price, currency_token, ord) \
    CROSS JOIN (SELECT pg_catalog.current_setting('starsink.base_currency') AS currency) AS b \
    CROSS JOIN LATERAL (SELECT i.quantity::numeric AS quantity, i.unit_price::numeric AS unit_price) AS a \
    JOIN warehouse.dim_date AS d ON d.date_key = i.date_key \
    JOIN warehouse.dim_store AS s ON s.store_key = i.store_key \
    CROSS JOIN LATERAL (SELECT starsink.currency_of(i.currency_token, s.country_code, s.currency) AS code) AS k \
    LEFT JOIN warehouse.dim_currency AS c ON c.currency_code = k.code \
    CROSS JOIN LATERAL starsink_internal.valued(a.unit_price * a.quantity, c.currency_code, d.date, b.currency) AS v";

pub struct OrderLines(Statement);

impl OrderLines {
    pub fn new() -> OrderLines {
        use pg_sys::{BOOLARRAYOID, INT4ARRAYOID, INT8OID, TEXTARRAYOID, TIMESTAMPTZARRAYOID};
        OrderLines(Statement::new(
            format!(
                "WITH line ({COLUMNS}, ord) AS MATERIALIZED ({VALUED}), \
                 written AS (INSERT INTO warehouse.fact_order_line ({COLUMNS}) SELECT {COLUMNS} FROM line) \
                 SELECT ord, fx_status = 'unknown currency' FROM line WHERE fx_status IN ('unknown currency', 'missing rate')"
            ),
            &[
                INT8OID,
                TIMESTAMPTZARRAYOID,
                TEXTARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                TEXTARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                INT4ARRAYOID,
                BOOLARRAYOID,
                TEXTARRAYOID,
                TEXTARRAYOID,
                TEXTARRAYOID,
            ],
        ))
    }

    /// Writes the lines of those of these rows that are to be written, and flags the rows whose lines have no worth.
    pub fn insert(
        &self,
        batch: &mut Batch,
        rows: Range<usize>,
        keys: &Keys,
        audit_key: i64,
        verdict: &Verdict,
    ) -> Result<(), Failure> {
        if batch.lines.is_empty() {
            return Ok(());
        }
        let left_out = verdict.left_out(batch, batch.lines.iter().map(|line| line.row));
        let chosen: Vec<usize> = batch
            .lines_of(&rows)
            .filter(|&line| left_out.binary_search(&batch.lines[line].row).is_err())
            .collect();
        if chosen.is_empty() {
            return Ok(());
        }
        let mut odd = Vec::new();
        for some in chosen.chunks(PORTION) {
            let found = self.write(batch, some, keys, audit_key)?;
            odd.extend(found.into_iter().map(|(place, code)| (some[place], code)));
        }
        let mut flags: HashMap<usize, Codes> = chosen
            .iter()
            .map(|&line| (batch.lines[line].row, Codes::EMPTY))
            .collect();
        for (line, code) in odd {
            flags.entry(batch.lines[line].row).or_default().insert(code);
        }
        let these = Codes::of(Code::CurrencyUnknown).union(Codes::of(Code::FxMissing));
        for (row, found) in flags {
            batch.set_flags(row, these, found);
        }
        Ok(())
    }

    /// Writes the lines; says which of them, by place, could not be valued and why.
    fn write(
        &self,
        batch: &Batch,
        chosen: &[usize],
        keys: &Keys,
        audit_key: i64,
    ) -> Result<Vec<(usize, Code)>, Failure> {
        let lines: Vec<&Line> = chosen.iter().map(|&line| &batch.lines[line]).collect();
        let of_event = |dimension: Dimension| -> DatumWithOid<'_> {
            lines
                .iter()
                .map(|line| keys.of_row_in(batch, line.row, dimension))
                .collect::<Vec<i32>>()
                .into()
        };
        let products: Vec<i32> = chosen
            .iter()
            .map(|&line| keys.of_line(batch, line))
            .collect();
        let chosen_keys = |dimension: Dimension, member: fn(&Line) -> i32| -> Vec<i32> {
            let members = lines.iter().map(|line| member(line));
            members.map(|member| keys.of(dimension, member)).collect()
        };
        let int = |value: fn(&Line) -> i32| -> DatumWithOid<'_> {
            lines
                .iter()
                .map(|line| value(line))
                .collect::<Vec<i32>>()
                .into()
        };
        let text = |value: fn(&Line) -> Option<&String>| -> DatumWithOid<'_> {
            lines
                .iter()
                .map(|line| value(line).cloned())
                .collect::<Vec<Option<String>>>()
                .into()
        };
        let times: Vec<TimestampWithTimeZone> = lines
            .iter()
            .map(|line| timestamp(batch.rows[line.row].event_time))
            .collect::<Result<_, _>>()?;
        let ids: Vec<&str> = lines.iter().map(|line| batch.event_id(line.row)).collect();
        let bots: Vec<bool> = lines.iter().map(|line| line.is_bot).collect();
        let mut odd = Vec::new();
        let values = [
            audit_key.into(),
            times.into(),
            ids.into(),
            int(|line| line.number),
            int(|line| line.date_key),
            int(|line| line.time_key),
            text(|line| Some(&line.order_id)),
            products.into(),
            of_event(Dimension::Customer),
            of_event(Dimension::Device),
            of_event(Dimension::Store),
            of_event(Dimension::Geography),
            of_event(Dimension::Campaign),
            chosen_keys(Dimension::AlloyOption, |line| line.alloy).into(),
            chosen_keys(Dimension::DiamondOption, |line| line.stone).into(),
            chosen_keys(Dimension::OptionCombination, |line| line.combination).into(),
            bots.into(),
            text(|line| line.quantity.as_ref()),
            text(|line| line.unit_price.as_ref()),
            text(|line| line.currency.as_ref()),
        ];
        self.0.each(&values, |row| {
            let place = row.get::<i64>(1)? as usize - 1;
            let code = if row.get(2)? {
                Code::CurrencyUnknown
            } else {
                Code::FxMissing
            };
            odd.push((place, code));
            Ok(())
        })?;
        Ok(odd)
    }
}
