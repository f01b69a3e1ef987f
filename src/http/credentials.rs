//! The key that a model call shows.

use crate::gateway::Shown;
use axum::http::{HeaderMap, HeaderName, header};

const X_API_KEY: HeaderName = HeaderName::from_static("x-api-key");
const API_KEY: HeaderName = HeaderName::from_static("api-key");

/// Reads `Authorization: Bearer KEY`, `x-api-key` (Anthropic's clients) and `api-key` (Azure's). One header twice, or
/// two that differ, is unclear; nothing else of a request is looked at.
pub(super) fn shown(headers: &HeaderMap) -> Shown<'_> {
    let mut found = Shown::Nothing;
    for (name, scheme) in [
        (header::AUTHORIZATION, &b"Bearer "[..]),
        (X_API_KEY, b""),
        (API_KEY, b""),
    ] {
        let mut values = headers.get_all(name).iter();
        let Some(value) = values.next() else { continue };
        let key = value.as_bytes().strip_prefix(scheme);
        found = match (found, key, values.next()) {
            (Shown::Nothing, Some(key), None) => Shown::Key(key),
            (Shown::Key(other), Some(key), None) if other == key => Shown::Key(key),
            _ => return Shown::Unclear,
        };
    }
    found
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::shown;
    use crate::gateway::Shown;
    use axum::http::{HeaderMap, HeaderName, HeaderValue};

    fn read(pairs: &[(&str, &[u8])]) -> String {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: HeaderName = name.parse().unwrap();
            headers.append(name, HeaderValue::from_bytes(value).unwrap());
        }
        match shown(&headers) {
            Shown::Nothing => "nothing".to_owned(),
            Shown::Key(key) => String::from_utf8_lossy(key).into_owned(),
            Shown::Unclear => "unclear".to_owned(),
        }
    }

    #[test]
    fn a_key_is_shown_in_one_of_three_ways_or_alike_in_several() {
        for (pairs, expected) in [
            (&[][..], "nothing"),
            (&[("authorization", b"Bearer k".as_slice())], "k"),
            (&[("x-api-key", b"k")], "k"),
            (&[("api-key", b"k")], "k"),
            (&[("authorization", b"Bearer k"), ("x-api-key", b"k")], "k"),
            (
                &[("authorization", b"Bearer k"), ("x-api-key", b"other")],
                "unclear",
            ),
            (
                &[
                    ("authorization", b"Bearer k"),
                    ("authorization", b"Bearer k"),
                ],
                "unclear",
            ),
            (&[("authorization", b"bearer k")], "unclear"),
            (&[("authorization", b"BEARER k")], "unclear"),
            (&[("authorization", b"Bearer  k")], " k"),
            (&[("authorization", b"Basic k")], "unclear"),
            (
                &[("authorization", b"Basic k"), ("x-api-key", b"k")],
                "unclear",
            ),
            (&[("authorization", b"k")], "unclear"),
            (&[("x-forwarded-authorization", b"Bearer k")], "nothing"),
            (&[("x-api-key", b"")], ""),
            (&[("x-api-key", b"\xff")], "\u{fffd}"),
        ] {
            assert_eq!(read(pairs), expected, "{pairs:?}");
        }
    }
}
