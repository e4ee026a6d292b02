//! The alloy and stones that make a jewel, whatever the order they were named in.

use super::Choice;
use super::label::Role;

type Key<'a> = (Role, &'a str, Option<&'a str>);

/// What tells two choices apart. Ids do not: a shop numbers options and values anew for each product.
fn key(choice: &Choice) -> Key<'_> {
    (choice.role, &choice.value, choice.quality.as_deref())
}

/// The alloys and stones, each once, in an order that does not depend on theirs.
pub fn combination(choices: &[Choice]) -> Vec<&Choice> {
    let mut parts: Vec<&Choice> = choices
        .iter()
        .filter(|choice| choice.role != Role::Other)
        .collect();
    parts.sort_unstable_by(|a, b| key(a).cmp(&key(b)));
    parts.dedup_by(|a, b| key(a) == key(b));
    parts
}

/// A text that two sets of choices share exactly if they are the same combination: `role,value,quality;…`.
pub fn canonical(choices: &[Choice]) -> Option<String> {
    let parts = combination(choices);
    if parts.is_empty() {
        return None;
    }
    let mut out = String::with_capacity(parts.len() * 48);
    for (place, part) in parts.into_iter().enumerate() {
        if place > 0 {
            out.push(';');
        }
        let (role, value, quality) = key(part);
        out.push_str(role.label());
        // No quality is ever blank, so that blank says none.
        for text in [value, quality.unwrap_or_default()] {
            out.push(',');
            escape(text, &mut out);
        }
    }
    Some(out)
}

fn escape(text: &str, out: &mut String) {
    for letter in text.chars() {
        if matches!(letter, '\\' | ',' | ';') {
            out.push('\\');
        }
        out.push(letter);
    }
}

#[cfg(test)]
mod tests {
    use super::super::expand;
    use super::{canonical, combination};

    fn text(raw: &str) -> Option<String> {
        canonical(&expand(Some(raw), None).choices)
    }

    #[test]
    fn a_combination_reads_as_what_it_is_made_of() {
        let raw = r#"[{"option_label":"stone 2","value_label":"ruby","value_id":9,"quality":"AAA"},{"option_label":"size","value_label":"54"},
            {"option_label":"alloy","option_id":1,"value_id":2,"value_label":"white-375"}]"#;
        assert_eq!(
            text(raw).as_deref(),
            Some("alloy,white-375,;stone2,ruby,AAA")
        );
        assert_eq!(text(r#"{"size":"54"}"#), None);
        assert_eq!(text("[]"), None);
    }

    #[test]
    fn neither_order_nor_repetition_matters_but_all_else_does() {
        let same = [
            r#"{"alloy":"a","diamond":"b"}"#,
            r#"{"diamond":"b","alloy":"a"}"#,
            r#"{"stone/diamonds":"b","diamond":"b","Alloy":" a ","size":"5"}"#,
            r#"[{"option_label":"alloy","value_label":"a","option_id":1},{"option_label":"diamond","value_label":"b","value_id":2}]"#,
        ];
        for raw in same {
            assert_eq!(text(raw).as_deref(), Some("alloy,a,;diamond,b,"), "{raw}");
        }
        let different = [
            r#"{"alloy":"a"}"#,
            r#"{"alloy":"A"}"#,
            r#"{"diamond":"a"}"#,
            r#"{"stone2":"a"}"#,
            r#"{"alloy":"a","diamond":"a"}"#,
            r#"{"alloy":"a,;diamond,a,"}"#,
            r#"{"alloy":"a\\,"}"#,
            r#"{"alloy":"a,"}"#,
            r#"[{"option_label":"alloy","value_label":"a","quality":1}]"#,
        ];
        let mut texts: Vec<_> = different.iter().map(|raw| text(raw)).collect();
        texts.sort();
        texts.dedup();
        assert_eq!(texts.len(), different.len());
    }

    #[test]
    fn the_parts_come_in_the_order_of_the_text() {
        let expanded = expand(
            Some(r#"{"pearl":"p","stone2":"s","alloy":"a","size":"5"}"#),
            None,
        );
        let values: Vec<&str> = combination(&expanded.choices)
            .iter()
            .map(|choice| choice.value.as_str())
            .collect();
        assert_eq!(values, ["a", "s", "p"]);
    }
}
