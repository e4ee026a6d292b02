//! What identifies an event.

/// Whether the text is a UUID, with or without hyphens.
pub fn is_uuid(text: &str) -> bool {
    match text.len() {
        32 => is_hex(text.as_bytes()),
        36 => {
            let groups = [0..8, 9..13, 14..18, 19..23, 24..36];
            let bytes = text.as_bytes();
            [8, 13, 18, 23]
                .iter()
                .all(|at| bytes.get(*at) == Some(&b'-'))
                && groups
                    .into_iter()
                    .all(|group| bytes.get(group).is_some_and(is_hex))
        }
        _ => false,
    }
}

/// Without an early end, which lets the compiler look at many bytes at once.
fn is_hex(digits: &[u8]) -> bool {
    digits
        .iter()
        .fold(true, |all, digit| all & digit.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::is_uuid;

    #[test]
    fn uuids_are_recognised() {
        for text in [
            "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6f7",
            "0190A1B2C3D47E5F8091A2B3C4D5E6F7",
        ] {
            assert!(is_uuid(text), "{text}");
        }
        for text in [
            "",
            "5ed8b02f4a3f2c0001a1b2c3",
            "0190a1b2-c3d4-7e5f-8091-a2b3c4d5e6fg",
            "0190a1b2c-3d4-7e5f-8091-a2b3c4d5e6f7",
        ] {
            assert!(!is_uuid(text), "{text}");
        }
    }
}
