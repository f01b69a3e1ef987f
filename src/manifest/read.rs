//! A node as what the typed model reads, without a copy of the tree.
//!
//! Reads as `serde_yaml::from_value` does: nothing is an empty list or mapping where one is wanted, and a scalar
//! is of the one type that it was read as.

use super::node::{Data, Node, Scalar};
use serde::{
    de::{
        Deserializer, Error, IntoDeserializer, Visitor,
        value::{MapDeserializer, SeqDeserializer},
    },
    forward_to_deserialize_any,
};
use std::fmt;

/// A node cannot be read as what is wanted. Says nothing more: the reason may hold a value.
#[derive(Debug, thiserror::Error)]
#[error("the value cannot be read")]
pub(super) struct Unreadable;

impl Error for Unreadable {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

impl<'de> IntoDeserializer<'de, Unreadable> for &'de Node<'_> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Node<'de> {
    fn visit_items<'n, V: Visitor<'n>>(
        items: &'n [Node<'de>],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let mut items = SeqDeserializer::new(items.iter());
        let value = visitor.visit_seq(&mut items)?;
        items.end()?;
        Ok(value)
    }

    fn visit_fields<'n, V: Visitor<'n>>(
        entries: &'n [super::node::Entry<'de>],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        let fields = entries.iter().map(|entry| (&*entry.key, &entry.value));
        let mut fields = MapDeserializer::new(fields);
        let value = visitor.visit_map(&mut fields)?;
        fields.end()?;
        Ok(value)
    }
}

impl<'de> Deserializer<'de> for &'de Node<'_> {
    type Error = Unreadable;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        match &self.data {
            Data::Scalar { text, scalar } => match scalar {
                Scalar::Null => visitor.visit_unit(),
                Scalar::Bool(value) => visitor.visit_bool(*value),
                Scalar::Signed(value) => visitor.visit_i64(*value),
                Scalar::Unsigned(value) => visitor.visit_u64(*value),
                Scalar::Float(value) => visitor.visit_f64(*value),
                Scalar::Text => visitor.visit_borrowed_str(text),
            },
            Data::List(items) => Node::visit_items(items, visitor),
            Data::Mapping(entries) => Node::visit_fields(entries, visitor),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.is_null() {
            visitor.visit_none()
        } else {
            visitor.visit_some(self)
        }
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.is_null() {
            return Node::visit_items(&[], visitor);
        }
        self.deserialize_any(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Unreadable> {
        if self.is_null() {
            return Node::visit_fields(&[], visitor);
        }
        self.deserialize_any(visitor)
    }

    /// Unlike a derived type's own reading, never from a list of its fields.
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match &self.data {
            Data::List(_) => Err(Unreadable),
            _ => self.deserialize_map(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Unreadable> {
        match &self.data {
            Data::Scalar {
                text,
                scalar: Scalar::Text,
            } => visitor.visit_enum(text.as_ref().into_deserializer()),
            _ => Err(Unreadable),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct tuple tuple_struct identifier ignored_any
    }
}
