//! Nodes as the JSON that schemas are checked on, without a second tree.

use super::node::{Data, Entry, Node, Scalar};
use jsonschema::{
    JsonType,
    json::{Array, Json, JsonNumber, Node as JsonNode, NodeIdentity, Object},
};
use serde_json::{Number, Value};
use std::{borrow::Cow, slice};

/// YAML nodes for `jsonschema`; they say what [`Node::to_json`] gives.
#[derive(Debug)]
pub(super) struct Nodes;

impl Json for Nodes {
    type Node<'a> = &'a Node<'a>;
    type PreparedKey = String;
    type StringBuffer = ();
    // Fields are looked for from one end to the other.
    const KEYS_PER_LOOKUP: usize = 4;

    fn prepare_key(key: &str) -> String {
        key.to_owned()
    }

    fn with_string_node<T>((): &mut (), string: &str, f: impl FnOnce(Self::Node<'_>) -> T) -> T {
        f(&Node {
            data: Data::Scalar {
                text: Cow::Borrowed(string),
                scalar: Scalar::Text,
            },
            span: crate::model::Span::FILE,
        })
    }
}

impl<'a> JsonNode<'a, Nodes> for &'a Node<'a> {
    type Object = &'a [Entry<'a>];
    type Array = &'a [Node<'a>];
    type Number = Written;

    fn as_object(&self) -> Option<&'a [Entry<'a>]> {
        self.entries()
    }

    fn as_array(&self) -> Option<&'a [Node<'a>]> {
        match &self.data {
            Data::List(items) => Some(items),
            _ => None,
        }
    }

    fn as_string(&self) -> Option<Cow<'a, str>> {
        text(self).map(Cow::Borrowed)
    }

    fn as_number(&self) -> Option<Written> {
        number(self).map(Written)
    }

    fn as_boolean(&self) -> Option<bool> {
        match &self.data {
            Data::Scalar {
                scalar: Scalar::Bool(value),
                ..
            } => Some(*value),
            _ => None,
        }
    }

    fn is_null(&self) -> bool {
        self.json_type() == JsonType::Null
    }

    fn json_type(&self) -> JsonType {
        match &self.data {
            Data::List(_) => JsonType::Array,
            Data::Mapping(_) => JsonType::Object,
            Data::Scalar { scalar, .. } => match scalar {
                Scalar::Bool(_) => JsonType::Boolean,
                Scalar::Signed(_) | Scalar::Unsigned(_) => JsonType::Number,
                Scalar::Float(value) if value.is_finite() => JsonType::Number,
                // JSON has no number that is not finite.
                Scalar::Null | Scalar::Float(_) => JsonType::Null,
                Scalar::Text => JsonType::String,
            },
        }
    }

    fn equals_value(&self, expected: &Value) -> bool {
        match (text(self), expected) {
            (Some(text), Value::String(expected)) => text == expected,
            (Some(_), _) => false,
            (None, _) => jsonschema::json::cmp::equal(&self.to_json(), expected),
        }
    }

    fn to_value(&self) -> Cow<'a, Value> {
        Cow::Owned(self.to_json())
    }

    fn identity(&self) -> Option<NodeIdentity> {
        Some(NodeIdentity::new(std::ptr::from_ref::<Node>(self) as usize))
    }
}

fn text<'a>(node: &'a Node<'a>) -> Option<&'a str> {
    match &node.data {
        Data::Scalar {
            text,
            scalar: Scalar::Text,
        } => Some(text),
        _ => None,
    }
}

fn number(node: &Node) -> Option<Number> {
    match &node.data {
        Data::Scalar { scalar, .. } => match scalar {
            Scalar::Signed(value) => Some((*value).into()),
            Scalar::Unsigned(value) => Some((*value).into()),
            Scalar::Float(value) => Number::from_f64(*value),
            _ => None,
        },
        _ => None,
    }
}

/// A number as it was written.
#[derive(Debug)]
pub(super) struct Written(Number);

impl JsonNumber for Written {
    fn as_u64(&self) -> Option<u64> {
        self.0.as_u64()
    }

    fn as_i64(&self) -> Option<i64> {
        self.0.as_i64()
    }

    fn as_f64(&self) -> Option<f64> {
        self.0.as_f64()
    }

    fn as_str(&self) -> Cow<'_, str> {
        Cow::Owned(self.0.to_string())
    }

    fn to_number(&self) -> Cow<'_, Number> {
        Cow::Borrowed(&self.0)
    }
}

impl<'a> Object<'a, Nodes> for &'a [Entry<'a>] {
    type Node = &'a Node<'a>;
    type MemberName = &'a str;
    type MembersIter = Members<'a>;

    fn len(&self) -> usize {
        <[Entry<'a>]>::len(self)
    }

    fn get(&self, key: &String) -> Option<&'a Node<'a>> {
        let entry = self.iter().find(|entry| entry.key == *key);
        entry.map(|entry| &entry.value)
    }

    fn members(&self) -> Members<'a> {
        Members(self.iter())
    }
}

/// Goes through the fields of a mapping.
pub(super) struct Members<'a>(slice::Iter<'a, Entry<'a>>);

impl<'a> Iterator for Members<'a> {
    type Item = (&'a str, &'a Node<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let entry = self.0.next();
        entry.map(|entry| (&*entry.key, &entry.value))
    }
}

impl<'a> Array<'a, Nodes> for &'a [Node<'a>] {
    type Node = &'a Node<'a>;
    type ElementsIter = slice::Iter<'a, Node<'a>>;

    fn len(&self) -> usize {
        <[Node<'a>]>::len(self)
    }

    fn elements(&self) -> slice::Iter<'a, Node<'a>> {
        self.iter()
    }
}
