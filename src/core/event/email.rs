//! E-mail addresses: one spelling per mailbox, and what is none.

use std::borrow::Cow;

use super::value::trimmed;

/// Longest address a mail server takes, and longest part before the `@` (RFC 5321).
const MAX_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;

/// The address trimmed and in lower case; `None` when it is none.
pub fn normalised(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    let text = trimmed(text);
    if !is_plausible(&text) {
        return None;
    }
    if text.chars().any(char::is_uppercase) {
        return Some(Cow::Owned(text.to_lowercase()));
    }
    Some(text)
}

fn is_plausible(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else {
        return false;
    };
    let is_word = |c: char| !c.is_whitespace() && !c.is_control() && !"@,;:<>()[]\"\\".contains(c);
    let is_label = |label: &str| {
        !label.is_empty()
            && !label.starts_with('-')
            && !label.ends_with('-')
            && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    text.len() <= MAX_BYTES
        && !local.is_empty()
        && local.len() <= MAX_LOCAL_BYTES
        && local.chars().all(is_word)
        && domain.contains('.')
        && domain.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::normalised;

    #[test]
    fn case_and_space_do_not_make_another_customer() {
        for text in [
            "jane.doe+x@example.com",
            " Jane.Doe+X@Example.COM\n",
            "JANE.DOE+X@EXAMPLE.COM",
        ] {
            assert_eq!(
                normalised(Cow::Borrowed(text)).as_deref(),
                Some("jane.doe+x@example.com"),
                "{text}"
            );
        }
        assert_eq!(
            normalised(Cow::Borrowed("Ü@münchen.example")).as_deref(),
            Some("ü@münchen.example")
        );
    }

    #[test]
    fn what_is_no_address_is_refused() {
        let long = format!("{}@example.com", "x".repeat(65));
        let longer = format!("x@{}example.com", "x.".repeat(130));
        for text in [
            "",
            "@",
            "jane",
            "jane@",
            "@example.com",
            "jane@example",
            "jane@.com",
            "jane@example..com",
            "jane@example.com.",
            "ja ne@example.com",
            "a@b@example.com",
            "jane@-example.com",
            "<jane@example.com>",
            "jane@[192.0.2.1]",
            "jane@exa_mple.com",
            "a@example.com,b@example.com",
            &long,
            &longer,
        ] {
            assert_eq!(normalised(Cow::Borrowed(text)), None, "{text}");
        }
    }
}
