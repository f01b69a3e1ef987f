//! One YAML document as a tree in which every node knows where it stands.

use crate::model::{Positions, PositionsBuilder, Span};
use serde_json::{Map, Number, Value};
use std::borrow::Cow;

/// A value and its place; keys and texts are the file's own wherever they stand in it as they are.
#[derive(Debug, Clone)]
pub(super) struct Node<'t> {
    pub(super) data: Data<'t>,
    pub(super) span: Span,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum Data<'t> {
    /// Text, number, boolean or nothing; the source text is kept for fields that are text.
    Scalar { text: Cow<'t, str>, scalar: Scalar },
    /// A list.
    List(Vec<Node<'t>>),
    /// A mapping in source order.
    Mapping(Vec<Entry<'t>>),
}

/// A scalar as the YAML 1.2 core schema reads it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Scalar {
    Null,
    Bool(bool),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Text,
}

/// One field of a mapping.
#[derive(Debug, Clone)]
pub(super) struct Entry<'t> {
    pub(super) key: Cow<'t, str>,
    pub(super) key_span: Span,
    pub(super) value: Node<'t>,
}

impl<'t> Node<'t> {
    /// The fields, if it is a mapping.
    pub(super) fn entries(&self) -> Option<&[Entry<'t>]> {
        match &self.data {
            Data::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The field called `key`, if it is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry<'t>> {
        self.entries()?.iter().find(|entry| entry.key == key)
    }

    /// Whether it says nothing.
    pub(super) fn is_null(&self) -> bool {
        matches!(
            self.data,
            Data::Scalar {
                scalar: Scalar::Null,
                ..
            }
        )
    }

    /// The source text, if it is a scalar other than nothing.
    pub(super) fn as_text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar {
                scalar: Scalar::Null,
                ..
            } => None,
            Data::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The node at a path of keys.
    pub(super) fn at_mut(&mut self, path: &[&str]) -> Option<&mut Self> {
        let Some((first, rest)) = path.split_first() else {
            return Some(self);
        };
        match &mut self.data {
            Data::Mapping(entries) => entries
                .iter_mut()
                .find(|entry| entry.key == *first)?
                .value
                .at_mut(rest),
            _ => None,
        }
    }

    /// The same tree as JSON.
    pub(super) fn to_json(&self) -> Value {
        match &self.data {
            Data::Scalar { text, scalar } => match scalar {
                Scalar::Null => Value::Null,
                Scalar::Bool(value) => Value::Bool(*value),
                Scalar::Signed(value) => Value::from(*value),
                Scalar::Unsigned(value) => Value::from(*value),
                Scalar::Float(value) => Number::from_f64(*value).map_or(Value::Null, Value::Number),
                Scalar::Text => Value::String(text.clone().into_owned()),
            },
            Data::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Data::Mapping(entries) => {
                let fields = entries
                    .iter()
                    .map(|entry| (entry.key.clone().into_owned(), entry.value.to_json()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// Where each field stands, by JSON pointer.
    pub(super) fn positions(&self) -> Positions {
        let mut positions = PositionsBuilder::new(self.span);
        self.collect_positions(0, &mut positions);
        positions.finish()
    }

    /// Recursion is bounded by the loader's depth limit; `at` is the length of the node's own pointer.
    fn collect_positions(&self, at: usize, positions: &mut PositionsBuilder) {
        match &self.data {
            Data::Scalar { .. } => {}
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    let at = positions.push(at, &index.to_string(), item.span, item.span);
                    item.collect_positions(at, positions);
                }
            }
            Data::Mapping(entries) => {
                for entry in entries {
                    let value = &entry.value;
                    let at = positions.push(at, &entry.key, entry.key_span, value.span);
                    value.collect_positions(at, positions);
                }
            }
        }
    }
}

/// Reads a plain scalar as the YAML 1.2 core schema does (§10.3.2).
pub(super) fn resolve_plain(text: &str) -> Scalar {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => return Scalar::Float(f64::NAN),
        _ => {}
    }
    let unsigned = text.trim_start_matches(['-', '+']);
    if text.len() - unsigned.len() > 1 {
        return Scalar::Text;
    }
    if matches!(unsigned, ".inf" | ".Inf" | ".INF") {
        return Scalar::Float(if text.starts_with('-') {
            f64::NEG_INFINITY
        } else {
            f64::INFINITY
        });
    }
    if let Some(digits) = text.strip_prefix("0x") {
        return u64::from_str_radix(digits, 16).map_or(Scalar::Text, Scalar::Unsigned);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        return u64::from_str_radix(digits, 8).map_or(Scalar::Text, Scalar::Unsigned);
    }
    if let Ok(value) = text.parse::<i64>() {
        return Scalar::Signed(value);
    }
    if let Ok(value) = text.parse::<u64>() {
        return Scalar::Unsigned(value);
    }
    let number_like = unsigned.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && unsigned
            .chars()
            .all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '+' | '-'))
        && unsigned.contains(|c: char| c.is_ascii_digit());
    if number_like {
        text.parse::<f64>().map_or(Scalar::Text, Scalar::Float)
    } else {
        Scalar::Text
    }
}
