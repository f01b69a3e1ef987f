//! Where each field of a document stands, kept small: a catalog holds one table per resource.

use super::{Packing, Position, Span, Unpacking, push_token};
use std::{
    collections::HashMap,
    sync::{
        OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

/// Up to this many fields are always searched from end to end, which needs no index.
const LINEAR_FIELDS: u32 = 32;

/// More fields are too until they were searched this often: an index costs as much as some ten searches and
/// stays in memory, and most documents are asked for a few places.
const SEARCHES: u32 = 10;

/// Pointers that are longer together, in bytes (16 MiB), are never written out for an index: many fields below
/// one long key would fill memory.
const MAX_INDEXED_BYTES: usize = 16 * 1024 * 1024;

/// Where each field of one document stands, found by JSON pointer (RFC 6901).
///
/// Kept as one stream of numbers and texts: of each pointer what it does not share with the one before, and each
/// place as its distance from the one before.
#[derive(Debug, Clone, Default)]
pub struct Positions {
    packed: Box<[u8]>,
    fields: u32,
    /// Bytes of all pointers together.
    pointer_bytes: usize,
    /// How often a large document was searched.
    searches: Searches,
    /// Made when that was often.
    index: OnceLock<Box<Index>>,
}

/// A count that clones go on from by themselves.
#[derive(Debug, Default)]
struct Searches(AtomicU32);

impl Clone for Searches {
    fn clone(&self) -> Self {
        Self(self.0.load(Ordering::Relaxed).into())
    }
}

/// Key and value of each pointer; of two with the same pointer the first written.
type Index = HashMap<Box<[u8]>, (Span, Span)>;

/// Collects [`Positions`], each mapping or list before what it holds.
#[derive(Debug)]
pub struct PositionsBuilder {
    packed: Vec<u8>,
    fields: u32,
    pointer_bytes: usize,
    /// The pointer that was added last.
    pointer: String,
    place: Position,
}

/// Where the first field's place is told from.
const BEFORE: Position = Position { line: 0, column: 0 };

impl PositionsBuilder {
    /// Starts with the document itself.
    pub fn new(document: Span) -> Self {
        let mut builder = Self::empty();
        builder.pack(0, b"", document, document);
        builder
    }

    fn empty() -> Self {
        Self {
            packed: Vec::with_capacity(1024),
            fields: 0,
            pointer_bytes: 0,
            pointer: String::with_capacity(128),
            place: BEFORE,
        }
    }

    /// Adds a field: where its key and its value stand (the same span twice for list items).
    ///
    /// Takes and gives the length of the pointer in bytes: of what holds the field, 0 for the document, and of the
    /// field itself.
    pub fn push(&mut self, parent: usize, token: &str, key: Span, value: Span) -> usize {
        let mut pointer = std::mem::take(&mut self.pointer);
        pointer.truncate(parent);
        let shared = pointer.len();
        push_token(&mut pointer, token);
        let rest = pointer.get(shared..).unwrap_or_default();
        self.pack(shared, rest.as_bytes(), key, value);
        self.pointer = pointer;
        self.pointer.len()
    }

    /// Adds a field by what its pointer shares with the one before, and by the rest.
    fn pack(&mut self, shared: usize, rest: &[u8], key: Span, value: Span) {
        self.number(shared as u64);
        self.number(rest.len() as u64);
        self.packed.extend_from_slice(rest);
        for position in [key.start, key.end, value.start, value.end] {
            self.position(position);
        }
        // The next field is told from this one's key: it stands near it.
        self.place = key.start;
        self.fields = self.fields.saturating_add(1);
        self.pointer_bytes = self.pointer_bytes.saturating_add(shared + rest.len());
    }

    /// What was added.
    pub fn finish(self) -> Positions {
        Positions {
            packed: self.packed.into(),
            fields: self.fields,
            pointer_bytes: self.pointer_bytes,
            searches: Searches::default(),
            index: OnceLock::new(),
        }
    }

    fn position(&mut self, position: Position) {
        self.distance(self.place.line, position.line);
        self.distance(self.place.column, position.column);
        self.place = position;
    }

    /// A difference with its sign in the lowest bit.
    fn distance(&mut self, from: u32, to: u32) {
        let difference = i64::from(to) - i64::from(from);
        let sign = u64::from(difference < 0);
        self.number((difference.unsigned_abs() << 1) | sign);
    }

    /// Seven bits a byte, the lowest first; the eighth says that more follow.
    fn number(&mut self, number: u64) {
        let mut rest = number;
        loop {
            let low = rest.to_le_bytes()[0] & 0x7f;
            rest >>= 7;
            self.packed.push(if rest == 0 { low } else { low | 0x80 });
            if rest == 0 {
                return;
            }
        }
    }
}

/// One field as it was packed.
struct Field<'a> {
    /// How many bytes its pointer shares with the one before.
    shared: usize,
    /// The rest of its pointer.
    rest: &'a [u8],
    key: Span,
    value: Span,
}

/// Reads fields in the order they were added; ends where the bytes do.
struct Fields<'a> {
    packed: &'a [u8],
    place: Position,
}

impl<'a> Iterator for Fields<'a> {
    type Item = Field<'a>;

    fn next(&mut self) -> Option<Field<'a>> {
        let shared = usize::try_from(self.number()?).ok()?;
        let length = usize::try_from(self.number()?).ok()?;
        let (rest, packed) = self.packed.split_at_checked(length)?;
        self.packed = packed;
        let key = self.span()?;
        let value = self.span()?;
        self.place = key.start;
        Some(Field {
            shared,
            rest,
            key,
            value,
        })
    }
}

impl Fields<'_> {
    fn span(&mut self) -> Option<Span> {
        let start = self.position()?;
        let end = self.position()?;
        Some(Span { start, end })
    }

    fn position(&mut self) -> Option<Position> {
        self.place.line = self.distance(self.place.line)?;
        self.place.column = self.distance(self.place.column)?;
        Some(self.place)
    }

    fn distance(&mut self, from: u32) -> Option<u32> {
        let number = self.number()?;
        let distance = i64::try_from(number >> 1).ok()?;
        let distance = if number & 1 == 1 { -distance } else { distance };
        u32::try_from(i64::from(from) + distance).ok()
    }

    #[inline]
    fn number(&mut self) -> Option<u64> {
        let (first, packed) = self.packed.split_first()?;
        // Nearly all numbers are distances of less than a line.
        if *first < 0x80 {
            self.packed = packed;
            return Some(u64::from(*first));
        }
        self.long_number()
    }

    fn long_number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, packed) = self.packed.split_first()?;
            self.packed = packed;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }
}

impl Positions {
    /// The span of the value at `pointer`, or of its nearest parent that was written.
    pub fn value(&self, pointer: &str) -> Option<Span> {
        self.nearest(pointer).map(|(_, (_, value))| value)
    }

    /// The span of the key at `pointer`, or of its nearest parent that was written.
    pub fn key(&self, pointer: &str) -> Option<Span> {
        self.nearest(pointer).map(|(_, (key, _))| key)
    }

    /// Whether `pointer` itself was written.
    pub fn contains(&self, pointer: &str) -> bool {
        self.nearest(pointer)
            .is_some_and(|(length, _)| length == pointer.len())
    }

    /// Gives every pointer below `from` the prefix `to` instead; others are kept.
    ///
    /// For documents that are another spelling of a kind.
    #[must_use]
    pub fn renamed(&self, prefixes: &[(&str, &str)]) -> Self {
        let mut out = PositionsBuilder::empty();
        let mut pointer = Vec::new();
        let mut before: (&str, &str) = ("", "");
        for field in self.fields() {
            pointer.truncate(field.shared);
            pointer.extend_from_slice(field.rest);
            let below = |(from, _): &&(&str, &str)| {
                let rest = pointer.strip_prefix(from.as_bytes());
                rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"/"))
            };
            let (from, to) = *prefixes.iter().find(below).unwrap_or(&("", ""));
            // Written out only where a prefix begins or ends: a key around many fields may be long.
            if before == (from, to) && field.shared >= from.len() {
                let shared = field.shared - from.len() + to.len();
                out.pack(shared, field.rest, field.key, field.value);
            } else {
                let rest = pointer.get(from.len()..).unwrap_or_default();
                let renamed = [to.as_bytes(), rest].concat();
                out.pack(0, &renamed, field.key, field.value);
            }
            before = (from, to);
        }
        out.finish()
    }

    /// Appends the table as it is kept.
    pub(super) fn pack(&self, out: &mut Packing) {
        out.number(self.fields.into());
        out.count(self.pointer_bytes);
        out.bytes(&self.packed);
    }

    pub(super) fn unpack(from: &mut Unpacking<'_>) -> Option<Self> {
        Some(Self {
            fields: u32::try_from(from.number()?).ok()?,
            pointer_bytes: from.count()?,
            packed: from.bytes()?.into(),
            ..Self::default()
        })
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        let whole = |one: &Self| (one.fields, one.pointer_bytes);
        whole(self) == whole(other) && self.packed == other.packed
    }

    fn fields(&self) -> Fields<'_> {
        Fields {
            packed: &self.packed,
            place: BEFORE,
        }
    }

    /// The length of the nearest pointer that was written, and its places.
    fn nearest(&self, pointer: &str) -> Option<(usize, (Span, Span))> {
        if self.fields <= LINEAR_FIELDS || self.pointer_bytes > MAX_INDEXED_BYTES {
            return self.searched(pointer.as_bytes());
        }
        if self.index.get().is_none() && self.searches.0.fetch_add(1, Ordering::Relaxed) < SEARCHES
        {
            return self.searched(pointer.as_bytes());
        }
        self.indexed_nearest(pointer)
    }

    fn indexed_nearest(&self, pointer: &str) -> Option<(usize, (Span, Span))> {
        let index = self.index.get_or_init(|| Box::new(self.indexed()));
        let mut pointer = pointer;
        loop {
            if let Some(places) = index.get(pointer.as_bytes()) {
                return Some((pointer.len(), *places));
            }
            pointer = &pointer[..pointer.rfind('/')?];
        }
    }

    fn indexed(&self) -> Index {
        let mut index = Index::new();
        let mut pointer = Vec::new();
        for field in self.fields() {
            pointer.truncate(field.shared);
            pointer.extend_from_slice(field.rest);
            let places = (field.key, field.value);
            index.entry(pointer.as_slice().into()).or_insert(places);
        }
        index
    }

    /// Goes through all fields once; no pointer is put together on the way.
    fn searched(&self, wanted: &[u8]) -> Option<(usize, (Span, Span))> {
        let mut best: Option<(usize, (Span, Span))> = None;
        // How much of the last pointer is the start of the wanted one.
        let mut alike = 0;
        for field in self.fields() {
            let length = field.shared + field.rest.len();
            alike = field.shared.min(alike);
            if alike == field.shared {
                let tail = wanted.get(alike..).unwrap_or_default();
                let pairs = field.rest.iter().zip(tail);
                alike += pairs.take_while(|(one, other)| one == other).count();
            }
            let parent = alike == length && matches!(wanted.get(length), None | Some(b'/'));
            if parent && best.as_ref().is_none_or(|(before, _)| *before < length) {
                best = Some((length, (field.key, field.value)));
            }
        }
        best
    }
}

#[cfg(test)]
mod tests;
