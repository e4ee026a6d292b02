//! Rows of values as PostgreSQL's binary COPY format has them.

use crate::server::copy::copy_in;
use crate::server::failure::Failure;
use starsink_core::aggregate::cells::Value;
use starsink_core::batch::row::{HEADER, TRAILER};
use starsink_core::time::POSTGRES_EPOCH;

const INT4: i32 = 23;
const NUMERIC: i32 = 1700;

/// Rows for one table.
pub struct Rows {
    columns: Vec<&'static str>,
    image: Vec<u8>,
}

impl Rows {
    pub fn new(columns: Vec<&'static str>) -> Rows {
        Rows {
            columns,
            image: Vec::new(),
        }
    }

    pub fn add(&mut self, values: &[Value<'_>]) {
        self.image.extend((values.len() as i16).to_be_bytes());
        values.iter().for_each(|value| put(&mut self.image, value));
    }

    /// Writes them into `warehouse.<table>`.
    pub fn write(self, table: &str) -> Result<(), Failure> {
        if !self.image.is_empty() {
            copy_in(table, &self.columns, &[HEADER, &self.image, TRAILER])?;
        }
        Ok(())
    }
}

fn put(out: &mut Vec<u8>, value: &Value<'_>) {
    let field = |out: &mut Vec<u8>, bytes: &[u8]| {
        out.extend((bytes.len() as i32).to_be_bytes());
        out.extend(bytes);
    };
    match value {
        Value::Null => out.extend((-1_i32).to_be_bytes()),
        Value::Small(value) => field(out, &value.to_be_bytes()),
        Value::Int(value) | Value::Date(value) => field(out, &value.to_be_bytes()),
        Value::Big(value) => field(out, &value.to_be_bytes()),
        Value::Time(value) => field(out, &(value - POSTGRES_EPOCH).to_be_bytes()),
        Value::Bool(value) => field(out, &[u8::from(*value)]),
        Value::Text(value) => field(out, value.as_bytes()),
        Value::Bytes(value) => field(out, value),
        Value::Numeric(value, decimals) => field(out, &numeric(*value, *decimals)),
        Value::Ints(values) => {
            let elements = values.iter().map(|value| value.to_be_bytes().to_vec());
            field(out, &array(INT4, elements.collect()));
        }
        Value::Numerics(values, decimals) => {
            let elements = values.iter().map(|&value| numeric(value, *decimals));
            field(out, &array(NUMERIC, elements.collect()));
        }
    }
}

fn array(kind: i32, elements: Vec<Vec<u8>>) -> Vec<u8> {
    let mut out = Vec::new();
    let dimensions = i32::from(!elements.is_empty());
    for word in [dimensions, 0, kind] {
        out.extend(word.to_be_bytes());
    }
    if dimensions == 1 {
        out.extend((elements.len() as i32).to_be_bytes());
        out.extend(1_i32.to_be_bytes());
    }
    for element in elements {
        out.extend((element.len() as i32).to_be_bytes());
        out.extend(element);
    }
    out
}

/// Number of digits, weight of the first, sign, decimals; digits to the base of ten thousand.
fn numeric(value: i128, decimals: u8) -> Vec<u8> {
    let mut digits = Vec::new();
    let mut left = value.unsigned_abs();
    while left > 0 {
        digits.push((left % 10_000) as i16);
        left /= 10_000;
    }
    digits.reverse();
    let weight = digits.len() as i16 - i16::from(decimals) / 4 - 1;
    let sign: i16 = if value < 0 { 0x4000 } else { 0 };
    let head = [
        digits.len() as i16,
        if digits.is_empty() { 0 } else { weight },
        sign,
        i16::from(decimals),
    ];
    head.into_iter()
        .chain(digits)
        .flat_map(i16::to_be_bytes)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::numeric;

    fn words(value: i128, decimals: u8) -> Vec<i16> {
        let bytes = numeric(value, decimals);
        bytes
            .chunks(2)
            .map(|word| i16::from_be_bytes([word[0], word[1]]))
            .collect()
    }

    #[test]
    fn numbers_have_digits_to_the_base_of_ten_thousand() {
        assert_eq!(words(0, 4), [0, 0, 0, 4]);
        assert_eq!(words(1_2500, 4), [2, 0, 0, 4, 1, 2500]);
        assert_eq!(words(-12_3456_7890, 4), [3, 1, 0x4000, 4, 12, 3456, 7890]);
        assert_eq!(words(5, 4), [1, -1, 0, 4, 5]);
        assert_eq!(words(333_333_333_333, 12), [3, -1, 0, 12, 3333, 3333, 3333]);
    }
}
