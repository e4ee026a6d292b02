//! JSON as a small tree that borrows its texts; what is neither text nor number says nothing.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::MAX_CHOICES;
use crate::event::number::{is_json_number, whole_digits};

/// Most members of an object that are looked at.
const MAX_MEMBERS: usize = 64;
/// Whole numbers up to here are exact in a float.
const MAX_EXACT: f64 = 9_007_199_254_740_992.0;

#[derive(Debug)]
pub enum Node<'a> {
    /// `null`, `true`, `false`.
    Nothing,
    Text(Cow<'a, str>),
    List(Vec<Node<'a>>),
    /// Members in the order they came, each name once with what was said last.
    Object(Vec<(Cow<'a, str>, Node<'a>)>),
}

impl<'a> Node<'a> {
    pub fn parse(json: &'a str) -> Option<Node<'a>> {
        serde_json::from_str(json).ok()
    }
}

impl<'de> Deserialize<'de> for Node<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Node<'de>, D::Error> {
        from.deserialize_any(Builder)
    }
}

struct Builder;

impl<'de> Visitor<'de> for Builder {
    type Value = Node<'de>;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Node<'de>, E> {
        Ok(Node::Nothing)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Node<'de>, E> {
        Ok(Node::Nothing)
    }

    fn visit_u64<E>(self, number: u64) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Node<'de>, E> {
        let is_exact = number.fract() == 0.0 && number.abs() <= MAX_EXACT;
        let text = if is_exact {
            (number as i64).to_string()
        } else {
            number.to_string()
        };
        Ok(Node::Text(Cow::Owned(text)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Borrowed(text)))
    }

    /// Only an escape can write a NUL, which no database text can hold.
    fn visit_str<E>(self, text: &str) -> Result<Node<'de>, E> {
        Ok(Node::Text(Cow::Owned(text.replace('\0', ""))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Node<'de>, A::Error> {
        let mut nodes = Vec::new();
        while nodes.len() < MAX_CHOICES {
            match list.next_element()? {
                Some(node) => nodes.push(node),
                None => return Ok(Node::List(nodes)),
            }
        }
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Node::List(nodes))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Node<'de>, A::Error> {
        let mut members: Vec<(Cow<'de, str>, Node<'de>)> = Vec::with_capacity(6);
        while let Some(Name(name)) = object.next_key()? {
            let is_full = members.len() >= MAX_MEMBERS;
            match members.iter_mut().find(|member| member.0 == name) {
                Some(member) => member.1 = object.next_value()?,
                None if is_full => drop(object.next_value::<IgnoredAny>()?),
                None => members.push((name, object.next_value()?)),
            }
        }
        Ok(unwrapped(members))
    }
}

/// What MongoDB wraps, `{"$numberInt":"5"}`, is what it wraps.
fn unwrapped<'a>(mut members: Vec<(Cow<'a, str>, Node<'a>)>) -> Node<'a> {
    let [(name, Node::Text(text))] = members.as_mut_slice() else {
        return Node::Object(members);
    };
    match &**name {
        "$numberInt" | "$numberLong" | "$numberDouble" | "$numberDecimal" => {
            let whole = is_json_number(text)
                .then(|| whole_digits(text).map(Cow::into_owned))
                .flatten();
            Node::Text(whole.map_or_else(|| std::mem::take(text), Cow::Owned))
        }
        "$oid" | "$symbol" | "$uuid" => Node::Text(std::mem::take(text)),
        _ => Node::Object(members),
    }
}

/// A member's name; serde's own `Cow` never borrows.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Name<'de>, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Name<'de>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.replace('\0', ""))))
            }
        }

        from.deserialize_str(Reader)
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_CHOICES, MAX_MEMBERS, Node};

    #[test]
    fn numbers_are_texts_as_keys_are_written() {
        for (json, expected) in [
            ("332084", "332084"),
            ("-5", "-5"),
            ("332084.0", "332084"),
            ("3.32084e5", "332084"),
            ("1.5", "1.5"),
            ("18446744073709551615", "18446744073709551615"),
            ("\"a\\u00e9\"", "aé"),
            (r#"{"$numberInt":"332084"}"#, "332084"),
            (r#"{"$numberDouble":"332084.0"}"#, "332084"),
            (r#"{"$numberDouble":"1.5"}"#, "1.5"),
            (
                r#"{"$oid":"5ed8cb25e73652372a131289"}"#,
                "5ed8cb25e73652372a131289",
            ),
        ] {
            match Node::parse(json) {
                Some(Node::Text(text)) => assert_eq!(text, expected, "{json}"),
                other => panic!("{json}: {other:?}"),
            }
        }
    }

    #[test]
    fn what_is_said_last_of_a_name_counts() {
        let Some(Node::Object(members)) = Node::parse(r#"{"a":1,"b":2,"\u0061":3}"#) else {
            panic!("no object");
        };
        let said: Vec<String> = members
            .iter()
            .map(|(name, node)| format!("{name} {node:?}"))
            .collect();
        assert_eq!(said, ["a Text(\"3\")", "b Text(\"2\")"]);
    }

    #[test]
    fn size_and_depth_are_bounded() {
        let list = format!("[{}1]", "1,".repeat(10_000));
        assert!(
            matches!(Node::parse(&list), Some(Node::List(nodes)) if nodes.len() == MAX_CHOICES)
        );
        let members: Vec<String> = (0..1000).map(|n| format!("\"{n}\":1")).collect();
        let object = format!("{{{}}}", members.join(","));
        assert!(
            matches!(Node::parse(&object), Some(Node::Object(members)) if members.len() == MAX_MEMBERS)
        );
        assert!(Node::parse(&"[".repeat(100_000)).is_none());
        assert!(Node::parse("[1] 2").is_none());
    }
}
