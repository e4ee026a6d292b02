//! JSON as shops write it, made JSON where there is only one way to understand it.

use std::borrow::Cow;

use serde_json::Value;

use crate::crawl::markup::plain;
use crate::text::depth::exceeds;
use crate::text::mend::mended;

/// Deeper texts are no product's.
const MAX_DEPTH: usize = 64;

/// Reads JSON, mending it if it is none; `None` where no safe mend helps.
pub fn parse(text: &str) -> Option<Value> {
    let text = unwrapped(text);
    if exceeds(text.as_bytes(), MAX_DEPTH) {
        return None;
    }
    let read = |text: &str| serde_json::from_str(mended(text).as_deref().unwrap_or(text)).ok();
    if let Some(value) = read(text) {
        return Some(value);
    }
    let better = repaired(text);
    read(&better).or_else(|| {
        // A template that escaped the whole of it.
        let decoded = text.contains("&quot;").then(|| plain(text))?;
        read(&repaired(&decoded))
    })
}

/// Without byte-order mark, comments of HTML and CDATA around it, and a final semicolon.
fn unwrapped(text: &str) -> &str {
    let mut text = text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}' || c == '\0');
    for (before, after) in [
        ("<!--", "-->"),
        ("//<![CDATA[", "//]]>"),
        ("/*<![CDATA[*/", "/*]]>*/"),
        ("<![CDATA[", "]]>"),
    ] {
        if let Some(inner) = text.strip_prefix(before) {
            let inner = inner.trim_end();
            text = inner.strip_suffix(after).unwrap_or(inner).trim();
        }
    }
    text.trim_end_matches(|c: char| c == ';' || c.is_whitespace())
}

/// Escapes control characters within strings and drops escapes that JSON does not know; drops commas before a closing
/// bracket, and doubled ones; drops comments.
fn repaired(text: &str) -> Cow<'_, str> {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    let mut in_string = false;
    // Where what was kept ends, white space left out.
    let mut end = 0;
    while let Some(c) = chars.next() {
        if in_string {
            match c {
                '"' => in_string = false,
                '\\' => {
                    match chars.peek() {
                        Some('"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' | 'u') => {
                            out.push(c);
                            out.extend(chars.next());
                        }
                        // \' and the like: the backslash means nothing.
                        Some(_) => {}
                        None => out.push(c),
                    }
                    continue;
                }
                '\n' => {
                    out.push_str("\\n");
                    continue;
                }
                c if c.is_control() && (c as u32) < 0x20 => {
                    out.push(' ');
                    continue;
                }
                _ => {}
            }
            out.push(c);
            end = out.len();
            continue;
        }
        match c {
            '"' => in_string = true,
            ',' if matches!(
                out.as_bytes().get(end.wrapping_sub(1)),
                Some(b',' | b'[' | b'{')
            ) =>
            {
                continue;
            }
            '}' | ']' if out.as_bytes().get(end.wrapping_sub(1)) == Some(&b',') => {
                out.truncate(end - 1)
            }
            '/' if chars.peek() == Some(&'*') => {
                let mut before = ' ';
                for c in chars.by_ref() {
                    if before == '*' && c == '/' {
                        break;
                    }
                    before = c;
                }
                continue;
            }
            '/' if chars.peek() == Some(&'/') => {
                for c in chars.by_ref() {
                    if c == '\n' {
                        break;
                    }
                }
                continue;
            }
            _ => {}
        }
        out.push(c);
        if !c.is_whitespace() {
            end = out.len();
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn what_has_one_meaning_is_mended() {
        for (text, expected) in [
            (r#"{"a":1}"#, r#"{"a":1}"#),
            ("\u{feff} {\"a\":1};\n", r#"{"a":1}"#),
            (r#"<!-- {"a":1} -->"#, r#"{"a":1}"#),
            ("//<![CDATA[\n{\"a\":1}\n//]]>", r#"{"a":1}"#),
            ("{\"a\":\"x\ny\tz\"}", r#"{"a":"x\ny z"}"#),
            (r#"{"a":[1,2,],}"#, r#"{"a":[1,2]}"#),
            (r#"{"a":1,,"b":2}"#, r#"{"a":1,"b":2}"#),
            (r#"{"a":"it\'s"}"#, r#"{"a":"it's"}"#),
            (
                "{\"a\":1, // why\n /* because */ \"b\":2}",
                r#"{"a":1,"b":2}"#,
            ),
            (r#"{&quot;a&quot;:&quot;x&quot;}"#, r#"{"a":"x"}"#),
            (r#"{"a":"x\u0000y\ud800"}"#, "{\"a\":\"xy\u{fffd}\"}"),
            (
                r#"{"url":"https://a.de/x//y",}"#,
                r#"{"url":"https://a.de/x//y"}"#,
            ),
            (r#"{"a":"1,}2"}"#, r#"{"a":"1,}2"}"#),
        ] {
            let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
            assert_eq!(parse(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_could_mean_anything_is_not() {
        let deep = "[".repeat(100_000);
        for text in [
            r#"{"a":1"#,
            r#"{"a" "b"}"#,
            "{'a':1}",
            "",
            "window.x = {}",
            deep.as_str(),
            r#"{"a":"b"c"}"#,
        ] {
            assert_eq!(parse(text), None, "{text:.40}");
        }
    }
}
