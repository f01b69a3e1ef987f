//! What a digest is made from: JSON with sorted keys and no spaces (the part of RFC 8785 that our values need),
//! each text with its length in front, written straight from what is serialised.

use super::digest::write_text;
use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
        SerializeTupleStruct,
    },
};
use serde_json::{Error, Value};

/// Appends the canonical form of `value`.
///
/// # Errors
///
/// Whatever its `Serialize` says, a key that is not text, and what no spec is: bytes, and variants with fields.
pub(super) fn write<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), Error> {
    value.serialize(&mut Writer {
        out,
        fields: Vec::new(),
        unsorted: Vec::new(),
    })
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    /// Finished fields of the mappings that are open, the outermost first.
    fields: Vec<Field>,
    /// The mapping that is being sorted.
    unsorted: Vec<u8>,
}

/// Where a field stands in what is written, with the comma behind it.
#[derive(Clone, Copy)]
struct Field {
    start: usize,
    /// Where the text of the key starts, behind its length.
    name: usize,
    name_end: usize,
    end: usize,
}

impl Writer<'_> {
    fn number(&mut self, number: impl Into<Value>) {
        self.out.extend(number.into().to_string().bytes());
    }

    fn open(&mut self, bracket: u8) -> usize {
        self.out.push(bracket);
        self.out.len()
    }

    /// Puts the closing bracket in place of the last comma of what `start` opened.
    fn close(&mut self, start: usize, bracket: u8) {
        if self.out.len() > start {
            self.out.pop();
        }
        self.out.push(bracket);
    }

    /// Sorts the fields from number `first` on, which stand from `start` to the end.
    fn sort(&mut self, first: usize, start: usize) {
        let Self {
            out,
            fields,
            unsorted,
        } = self;
        let fields = fields.get_mut(first..).unwrap_or_default();
        let name = |field: &Field| out.get(field.name..field.name_end).unwrap_or_default();
        if !fields.is_sorted_by(|one, other| name(one) <= name(other)) {
            fields.sort_by(|one, other| name(one).cmp(name(other)));
            unsorted.clear();
            unsorted.extend_from_slice(out.get(start..).unwrap_or_default());
            out.truncate(start);
            let moved = fields
                .iter()
                .filter_map(|field| unsorted.get(field.start - start..field.end - start));
            moved.for_each(|field| out.extend_from_slice(field));
        }
        self.fields.truncate(first);
    }
}

/// Items of a list.
struct List<'a, 'b> {
    writer: &'a mut Writer<'b>,
    start: usize,
}

impl List<'_, '_> {
    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)?;
        self.writer.out.push(b',');
        Ok(())
    }

    fn close(self) {
        self.writer.close(self.start, b']');
    }
}

/// Fields of a mapping.
struct Mapping<'a, 'b> {
    writer: &'a mut Writer<'b>,
    start: usize,
    /// How many finished fields belong to mappings around this one.
    first: usize,
    /// The field whose key is written.
    field: Field,
}

impl Mapping<'_, '_> {
    fn key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        let start = self.writer.out.len();
        key.serialize(&mut *self.writer)?;
        let written = self.writer.out.get(start..).unwrap_or_default();
        let colon = written.iter().position(|byte| *byte == b':');
        let colon = colon.filter(|_| written.first() == Some(&b'"'));
        let colon = colon.ok_or_else(|| Error::custom("a key is not text"))?;
        let name_end = self.writer.out.len();
        self.field = Field {
            start,
            name: start + colon + 1,
            name_end,
            end: name_end,
        };
        self.writer.out.push(b':');
        Ok(())
    }

    fn value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        value.serialize(&mut *self.writer)?;
        self.writer.out.push(b',');
        let end = self.writer.out.len();
        self.writer.fields.push(Field { end, ..self.field });
        Ok(())
    }

    fn close(self) {
        self.writer.sort(self.first, self.start);
        self.writer.close(self.start, b'}');
    }
}

macro_rules! numbers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, number: $type) -> Result<(), Error> {
            self.number(number);
            Ok(())
        })*
    };
}

impl<'a, 'b> Serializer for &'a mut Writer<'b> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = List<'a, 'b>;
    type SerializeTuple = List<'a, 'b>;
    type SerializeTupleStruct = List<'a, 'b>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Mapping<'a, 'b>;
    type SerializeStruct = Mapping<'a, 'b>;
    type SerializeStructVariant = Impossible<(), Error>;

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_f32: f32, serialize_f64: f64
    }

    fn serialize_bool(self, value: bool) -> Result<(), Error> {
        let word: &[u8] = if value { b"true" } else { b"false" };
        self.out.extend_from_slice(word);
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Error> {
        self.serialize_str(value.encode_utf8(&mut [0; 4]))
    }

    fn serialize_str(self, text: &str) -> Result<(), Error> {
        write_text(text, self.out);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        Err(Error::custom("bytes are no JSON"))
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.out.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<(), Error> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        let mut mapping = self.serialize_map(Some(1))?;
        mapping.serialize_entry(variant, value)?;
        SerializeMap::end(mapping)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<List<'a, 'b>, Error> {
        let start = self.open(b'[');
        Ok(List {
            writer: self,
            start,
        })
    }

    fn serialize_tuple(self, length: usize) -> Result<List<'a, 'b>, Error> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<List<'a, 'b>, Error> {
        self.serialize_seq(Some(length))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        Err(Error::custom("variants with fields are not written"))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Mapping<'a, 'b>, Error> {
        let start = self.open(b'{');
        let first = self.fields.len();
        let field = Field {
            start,
            name: start,
            name_end: start,
            end: start,
        };
        Ok(Mapping {
            writer: self,
            start,
            first,
            field,
        })
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Mapping<'a, 'b>, Error> {
        self.serialize_map(Some(length))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        Err(Error::custom("variants with fields are not written"))
    }
}

macro_rules! lists {
    ($($trait:ident: $method:ident),*) => {
        $(impl $trait for List<'_, '_> {
            type Ok = ();
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.item(value)
            }

            fn end(self) -> Result<(), Error> {
                self.close();
                Ok(())
            }
        })*
    };
}

lists! {
    SerializeSeq: serialize_element, SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field
}

impl SerializeMap for Mapping<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key(key)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}

impl SerializeStruct for Mapping<'_, '_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        key: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        self.key(key)?;
        self.value(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close();
        Ok(())
    }
}
