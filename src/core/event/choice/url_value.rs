//! What the page's URL says of options: the k-th entry of a label takes the k-th value of the parameter of that name.

use std::borrow::Cow;

use memchr::{memchr, memchr2};

use super::label::{Label, Role};

/// Most parameters that are looked at.
const MAX_PARAMETERS: usize = 256;

struct Parameter<'a> {
    name: Cow<'a, str>,
    role: Role,
    value: &'a str,
    is_taken: bool,
}

/// For each entry the value in the URL; blank where the URL has the parameter without a value.
///
/// An entry takes the parameter that is called as its label is written. What is left over goes to entries whose
/// labels mean the same, so that `stone 2` finds `stone2`, and `shapediamond` never takes what `diamond` is due.
pub fn values<'a>(url: &'a str, labels: &[Label<'_>]) -> Vec<Option<Cow<'a, str>>> {
    let mut parameters: Vec<Parameter<'a>> = parameters(url).take(MAX_PARAMETERS).collect();
    let mut take = |is_due: &dyn Fn(&Parameter<'a>) -> bool| {
        let parameter = parameters
            .iter_mut()
            .find(|parameter| !parameter.is_taken && is_due(parameter))?;
        parameter.is_taken = true;
        Some(decoded(parameter.value))
    };
    let mut values: Vec<_> = labels
        .iter()
        .map(|label| {
            take(&|parameter| {
                parameter.role == label.role
                    && parameter.name.trim().eq_ignore_ascii_case(label.written)
            })
        })
        .collect();
    for (value, label) in values.iter_mut().zip(labels) {
        if value.is_none() && label.role != Role::Other {
            *value = take(&|parameter| parameter.role == label.role);
        }
    }
    values
}

fn parameters(url: &str) -> impl Iterator<Item = Parameter<'_>> {
    let url = before(url, b'#');
    let query = memchr(b'?', url.as_bytes()).and_then(|mark| url.get(mark + 1..));
    query
        .unwrap_or_default()
        .split('&')
        .filter_map(|parameter| {
            let name = before(parameter, b'=');
            let value = parameter.get(name.len() + 1..)?;
            let name = decoded(name);
            Some(Parameter {
                role: Role::of(&name),
                name,
                value,
                is_taken: false,
            })
        })
}

fn before(text: &str, mark: u8) -> &str {
    let end = memchr(mark, text.as_bytes()).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// As a form is encoded: `+` is a space, `%XX` a byte. What is no escape stays, what is no UTF-8 becomes U+FFFD, and
/// NULs go, as no database text can hold them.
fn decoded(text: &str) -> Cow<'_, str> {
    let Some(first) = memchr2(b'%', b'+', text.as_bytes()) else {
        return Cow::Borrowed(text);
    };
    let (plain, mut rest) = text.as_bytes().split_at(first);
    let mut out = plain.to_vec();
    while let Some((byte, after)) = rest.split_first() {
        let escape = match (byte, after) {
            (b'%', [high, low, ..]) => Option::zip(digit(*high), digit(*low)),
            _ => None,
        };
        match escape {
            Some((high, low)) => {
                out.extend(Some(high << 4 | low).filter(|byte| *byte != 0));
                rest = after.get(2..).unwrap_or_default();
            }
            None => {
                out.push(if *byte == b'+' { b' ' } else { *byte });
                rest = after;
            }
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

fn digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

#[cfg(test)]
mod tests {
    use super::{decoded, values};
    use crate::event::choice::label::Label;

    #[test]
    fn forms_are_decoded_and_junk_is_kept() {
        for (text, expected) in [
            ("white-375", "white-375"),
            ("blue+topaz", "blue topaz"),
            ("blue%20topaz%2B", "blue topaz+"),
            ("%C3%A9t%c3%a9", "été"),
            ("%ZZ", "%ZZ"),
            ("100%", "100%"),
            ("%4", "%4"),
            ("%%41", "%A"),
            ("%é", "%é"),
            ("%FFx", "\u{fffd}x"),
            ("a%00b", "ab"),
            ("", ""),
        ] {
            assert_eq!(decoded(text), expected, "{text}");
        }
    }

    #[test]
    fn each_entry_takes_what_it_is_due() {
        const NONE: &str = "-";
        let cases: &[(&str, &[&str], &[&str])] = &[
            ("/p?alloy=w&diamond=s", &["diamond", "alloy"], &["s", "w"]),
            (
                "/p?stone2=a&stone2=b",
                &["stone2", "stone2", "stone2"],
                &["a", "b", NONE],
            ),
            ("/p?stone2=a&stone2=b", &["stone2", "stone 2"], &["a", "b"]),
            ("/p?stone2=a", &["stonetow"], &["a"]),
            ("/p?Alloy=w", &["alloy"], &["w"]),
            ("/p?stone1=a", &["stone/diamonds"], &["a"]),
            (
                "/p?stone%2Fdiamonds=a&diamond=b",
                &["diamond", "stone/diamonds"],
                &["b", "a"],
            ),
            ("/p?diamond=a", &["shapediamond", "diamond"], &[NONE, "a"]),
            (
                "/p?shapediamond=a&diamond=b",
                &["diamond", "shapediamond"],
                &["b", "a"],
            ),
            (
                "/p?kollektion=a&Size=5",
                &["Kollektion", "size", "width"],
                &["a", "5", NONE],
            ),
            ("/p?a=1?alloy=w&alloy=x", &["alloy"], &["x"]),
            ("/p#x?alloy=w", &["alloy"], &[NONE]),
            ("/p?alloy=w#&alloy=x", &["alloy", "alloy"], &["w", NONE]),
            ("/p?alloy=&alloy=w", &["alloy", "alloy"], &["", "w"]),
            ("/p?alloy&alloy=w=1", &["alloy"], &["w=1"]),
            ("/p?=x&&alloy=w&", &["", "alloy"], &["x", "w"]),
            ("/p", &["alloy"], &[NONE]),
            ("", &["alloy"], &[NONE]),
        ];
        for (url, written, expected) in cases {
            let labels: Vec<Label<'_>> = written.iter().map(|label| Label::of(label)).collect();
            let values: Vec<String> = values(url, &labels)
                .into_iter()
                .map(|value| value.map_or(NONE.to_owned(), |value| value.into_owned()))
                .collect();
            assert_eq!(values, *expected, "{url} {written:?}");
        }
    }
}
