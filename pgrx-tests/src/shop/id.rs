//! UUIDs as the text they are sent as.

use std::fmt;

use super::dice::Dice;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Id([u8; 36]);

impl Id {
    /// A random (version 4) UUID.
    pub(super) fn random(dice: &mut Dice) -> Id {
        let (high, low) = (dice.bits(), dice.bits());
        let high = (high & !0xf000) | 0x4000;
        let low = (low & !(0b11 << 62)) | (0b10 << 62);
        let mut text = [b'-'; 36];
        let bytes = ((u128::from(high) << 64) | u128::from(low)).to_be_bytes();
        // Where the hyphens leave room.
        let places = [0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34];
        for (place, byte) in places.into_iter().zip(bytes) {
            [text[place], text[place + 1]] = hex(byte);
        }
        Id(text)
    }

    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("hexadecimal digits and hyphens")
    }

    pub fn as_bytes(&self) -> &[u8; 36] {
        &self.0
    }

    /// The same partition for the same id.
    pub fn partition(&self, partitions: i32) -> i32 {
        let sum = self.0[..8].iter().fold(0u32, |sum, digit| {
            sum.wrapping_mul(31).wrapping_add(u32::from(*digit))
        });
        (sum % partitions.max(1).cast_unsigned()).cast_signed()
    }
}

/// Two lower-case digits.
pub(super) fn hex(byte: u8) -> [u8; 2] {
    let digit = |value: u8| {
        if value < 10 {
            b'0' + value
        } else {
            b'a' + value - 10
        }
    };
    [digit(byte >> 4), digit(byte & 15)]
}

impl fmt::Display for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}
