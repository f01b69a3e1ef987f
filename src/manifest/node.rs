//! One YAML document as a tree in which every node knows where it stands.

use crate::model::{Positions, Span, push_token};
use serde_json::{Map, Number, Value};

/// A value and its place.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) data: Data,
    pub(super) span: Span,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(super) enum Data {
    /// Text, number, boolean or nothing; the source text is kept for fields that are text.
    Scalar { text: String, scalar: Scalar },
    /// A list.
    List(Vec<Node>),
    /// A mapping in source order.
    Mapping(Vec<Entry>),
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
pub(super) struct Entry {
    pub(super) key: String,
    pub(super) key_span: Span,
    pub(super) value: Node,
}

impl Node {
    /// The fields, if it is a mapping.
    pub(super) fn entries(&self) -> Option<&[Entry]> {
        match &self.data {
            Data::Mapping(entries) => Some(entries),
            _ => None,
        }
    }

    /// The field called `key`, if it is a mapping that has it.
    pub(super) fn entry(&self, key: &str) -> Option<&Entry> {
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
                Scalar::Text => Value::String(text.clone()),
            },
            Data::List(items) => Value::Array(items.iter().map(Self::to_json).collect()),
            Data::Mapping(entries) => {
                let fields = entries
                    .iter()
                    .map(|entry| (entry.key.clone(), entry.value.to_json()));
                Value::Object(fields.collect::<Map<_, _>>())
            }
        }
    }

    /// The same tree as the typed model reads it.
    pub(super) fn to_yaml(&self) -> serde_yaml::Value {
        use serde_yaml::Value as Yaml;
        match &self.data {
            Data::Scalar { text, scalar } => match scalar {
                Scalar::Null => Yaml::Null,
                Scalar::Bool(value) => Yaml::Bool(*value),
                Scalar::Signed(value) => Yaml::Number((*value).into()),
                Scalar::Unsigned(value) => Yaml::Number((*value).into()),
                Scalar::Float(value) => Yaml::Number((*value).into()),
                Scalar::Text => Yaml::String(text.clone()),
            },
            Data::List(items) => Yaml::Sequence(items.iter().map(Self::to_yaml).collect()),
            Data::Mapping(entries) => {
                let fields = entries
                    .iter()
                    .map(|entry| (Yaml::String(entry.key.clone()), entry.value.to_yaml()));
                Yaml::Mapping(fields.collect())
            }
        }
    }

    /// Where each field stands, by JSON pointer.
    pub(super) fn positions(&self) -> Positions {
        let mut positions = Positions::default();
        let mut pointer = String::new();
        self.collect_positions(&mut pointer, self.span, &mut positions);
        positions.shrink_to_fit();
        positions
    }

    /// Recursion is bounded by the loader's depth limit.
    fn collect_positions(&self, pointer: &mut String, key: Span, positions: &mut Positions) {
        positions.push(pointer, key, self.span);
        let length = pointer.len();
        match &self.data {
            Data::Scalar { .. } => {}
            Data::List(items) => {
                for (index, item) in items.iter().enumerate() {
                    push_token(pointer, &index.to_string());
                    item.collect_positions(pointer, item.span, positions);
                    pointer.truncate(length);
                }
            }
            Data::Mapping(entries) => {
                for entry in entries {
                    push_token(pointer, &entry.key);
                    entry
                        .value
                        .collect_positions(pointer, entry.key_span, positions);
                    pointer.truncate(length);
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
