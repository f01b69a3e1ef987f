//! Fields of a body that are left out, or put in.

use super::envelope::{span, splice};
use super::json_key::Key;
use bytes::Bytes;
use serde::Deserializer;
use serde::de::{DeserializeSeed, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::fmt;
use std::ops::Range;

/// `body` without the fields of its outermost object that `is_unwanted` by name and raw value; `None` if it has none
/// of them, or is no object. The text of each other field stays as it is.
pub fn without_fields(
    body: &[u8],
    mut is_unwanted: impl FnMut(&str, &str) -> bool,
) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let mut json = serde_json::Deserializer::from_str(text);
    let fields = Fields(text).deserialize(&mut json).ok()?;
    let (first, last) = (fields.first()?.place.start, fields.last()?.place.end);
    let kept: Vec<_> = fields
        .iter()
        .filter(|field| !is_unwanted(&field.name, &text[field.value.clone()]))
        .map(|field| &text[field.place.clone()])
        .collect();
    if kept.len() == fields.len() {
        return None;
    }
    let whole = [&text[..first], &kept.join(","), &text[last..]];
    Some(whole.concat().into())
}

/// `body`, an object, with this value for a field: in the place of the one that it has, or else in front. Every other byte stays.
pub fn with_field(body: &[u8], name: &str, value: impl fmt::Display) -> Option<Bytes> {
    let text = std::str::from_utf8(body).ok()?;
    let mut json = serde_json::Deserializer::from_str(text);
    let fields = Fields(text).deserialize(&mut json).ok()?;
    let there = fields.into_iter().filter(|field| field.name == name);
    // Two of a name would be read as the last one.
    let edits: Vec<_> = there
        .map(|field| (field.value, value.to_string()))
        .collect();
    if !edits.is_empty() {
        return Some(splice(body, edits));
    }
    let (before, rest) = text.split_once('{')?;
    let is_empty = rest.trim_start().starts_with('}');
    let comma = if is_empty { "" } else { "," };
    Some(format!("{before}{{\"{name}\":{value}{comma}{rest}").into())
}

/// A field of an object, and where it stands.
struct Field {
    name: String,
    /// From the quote of its name to the end of its value.
    place: Range<usize>,
    value: Range<usize>,
}

/// The fields of the object that a text holds.
struct Fields<'a>(&'a str);

impl<'de> DeserializeSeed<'de> for Fields<'de> {
    type Value = Vec<Field>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<Field>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Fields<'de> {
    type Value = Vec<Field>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fields: Vec<Field> = Vec::new();
        // Between two fields stand blanks and a comma, before the first the brace.
        let mut behind = 0;
        while let Some(Key(name)) = map.next_key()? {
            let value = map.next_value::<&'de RawValue>()?;
            let value = span(self.0, value.get());
            let quote = self.0[behind..value.start].find('"').unwrap_or_default();
            let place = behind + quote..value.end;
            behind = value.end;
            let name = name.into_owned();
            fields.push(Field { name, place, value });
        }
        Ok(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::{with_field, without_fields};

    fn without(body: &str, names: &[&str]) -> Option<String> {
        let body = without_fields(body.as_bytes(), |name, _| names.contains(&name));
        body.map(|body| String::from_utf8_lossy(&body).into_owned())
    }

    #[test]
    fn what_is_unwanted_is_gone_wherever_it_stands_and_the_rest_is_as_it_was() {
        let body = " { \"a\" : 1.0 ,\n\"b\":{\"a\":\"}\\\",\"} , \"c\" : [ 1,2 ] } ";
        for (names, expected) in [
            (&["a"][..], " { \"b\":{\"a\":\"}\\\",\"},\"c\" : [ 1,2 ] } "),
            (&["b"], " { \"a\" : 1.0,\"c\" : [ 1,2 ] } "),
            (&["c"], " { \"a\" : 1.0,\"b\":{\"a\":\"}\\\",\"} } "),
            (&["a", "c"], " { \"b\":{\"a\":\"}\\\",\"} } "),
            (&["a", "b", "c"], " {  } "),
        ] {
            assert_eq!(without(body, names).as_deref(), Some(expected), "{names:?}");
        }
    }

    #[test]
    fn names_are_read_with_their_escapes_and_twice_is_gone_twice() {
        let body = r#"{"\u0061":1,"b\"":2,"a":3}"#;
        assert_eq!(without(body, &["a"]).as_deref(), Some(r#"{"b\"":2}"#));
    }

    #[test]
    fn a_body_without_it_is_left_alone() {
        for body in [r#"{"b":{"a":1}}"#, "{}", "[]", "", "{\"a\":"] {
            assert_eq!(without(body, &["a"]), None, "{body}");
        }
    }

    #[test]
    fn a_field_is_put_in_front_or_in_the_place_of_the_one_there_is() {
        for (body, expected) in [
            (r#"{"b":1}"#, r#"{"a":7,"b":1}"#),
            (" { } ", " {\"a\":7 } "),
            (
                r#"{"b":{"a":1}, "a" : null }"#,
                r#"{"b":{"a":1}, "a" : 7 }"#,
            ),
            (r#"{"\u0061":null,"a":null}"#, r#"{"\u0061":7,"a":7}"#),
        ] {
            let body = with_field(body.as_bytes(), "a", 7);
            assert_eq!(body.as_deref(), Some(expected.as_bytes()));
        }
    }
}
