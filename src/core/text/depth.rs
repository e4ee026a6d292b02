//! How deep a JSON text nests, told without parsing it and without recursion.

use memchr::memchr2;

/// Whether objects and arrays nest deeper than `limit` anywhere in the text, be it well-formed or not.
///
/// Counting brackets settles it for nearly every message; only a text with more brackets than the limit is walked.
pub fn exceeds(text: &[u8], limit: usize) -> bool {
    text.len() > limit && opening_brackets(text) > limit && deepest(text) > limit
}

/// `[` and `{` differ in one bit; sums of up to 255 fit a byte, so that many bytes are compared at once.
fn opening_brackets(text: &[u8]) -> usize {
    let chunks = text.chunks(255);
    let counts = chunks.map(|chunk| {
        chunk
            .iter()
            .map(|byte| u8::from(byte & !0x20 == b'['))
            .sum::<u8>()
    });
    counts.map(usize::from).sum()
}

fn deepest(text: &[u8]) -> usize {
    let (mut depth, mut deepest, mut at) = (0usize, 0, 0);
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at = string_end(text, at + 1),
            b'{' | b'[' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        at += 1;
    }
    deepest
}

/// Where the string that starts at `from` (behind its opening quote) has its closing quote; the text's end if nowhere.
pub fn string_end(text: &[u8], from: usize) -> usize {
    let mut at = from;
    while let Some(rest) = text.get(at..) {
        match memchr2(b'"', b'\\', rest) {
            Some(step) if rest.get(step) == Some(&b'"') => return at + step,
            Some(step) => at += step + 2,
            None => break,
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::exceeds;

    #[test]
    fn only_true_nesting_counts() {
        let deep = "[".repeat(10_000);
        let cases: &[(&str, usize, bool)] = &[
            ("", 0, false),
            ("{}", 1, false),
            ("{}", 0, true),
            (r#"{"a":[{"b":1}]}"#, 3, false),
            (r#"{"a":[{"b":1}]}"#, 2, true),
            ("[[],[],[],[],[]]", 2, false),
            (r#"{"a":"[[[[[[[["}"#, 1, false),
            (r#"{"a":"\"[[[[[[[["}"#, 1, false),
            (r#"{"a\\":[[[]]]}"#, 3, true),
            (r#"{"a":"[[[[[[[[\"#, 1, false),
            ("]]]]]][[[[", 3, true),
            (&deep, 128, true),
        ];
        for (text, limit, expected) in cases {
            assert_eq!(
                exceeds(text.as_bytes(), *limit),
                *expected,
                "{text:.40} over {limit}"
            );
        }
    }
}
