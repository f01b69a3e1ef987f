//! The walk over the Secrets of a file.

use super::{
    Field, Identity, Source, WrittenValue,
    lines::Lines,
    merge,
    places::{Place, is_flow},
    scalars::{self, Written},
    verify,
};
use crate::{
    manifest::{
        loader::load,
        node::{Data, Entry, Node},
        text::read_text,
    },
    model::{DEFAULT_NAMESPACE, Finding, Kind},
    secrets::Opened,
};
use std::{ops::Range, sync::Arc};
use zeroize::Zeroizing;

/// What is made of the values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// Clear values, wherever they stand, become `encryptedData`.
    Seal,
    /// Sealed values become `stringData`.
    Open,
    /// Sealed values stay where they are and become others.
    Reseal,
}

impl Direction {
    fn takes(self, field: Field) -> bool {
        (self == Self::Seal) != (field == Field::EncryptedData)
    }

    /// The field that the values stand in afterwards.
    pub(super) const fn target(self) -> Field {
        match self {
            Self::Seal | Self::Reseal => Field::EncryptedData,
            Self::Open => Field::StringData,
        }
    }
}

/// What is to stand in a value's place.
pub enum Replacement {
    /// Armor.
    Sealed(String),
    /// A clear value.
    Clear(Opened),
    /// Armor as it stood in another text, down to its indentation where that fits.
    AsItStood(Source, String),
    /// The same as before. With [`Direction::Seal`] and [`Direction::Open`], which move values, for all or none.
    Keep,
}

/// Why there is no other text.
#[derive(Debug)]
pub enum RewriteError<E> {
    /// The text is not a file of manifests.
    Text(Vec<Finding>),
    /// What was asked for a value's replacement.
    Value(E),
    /// A Secret is written so that its values cannot be replaced.
    Place {
        /// Its line, counted from 1.
        line: u32,
        /// What is in the way: the rest of a sentence that starts with the place.
        problem: String,
    },
}

/// A piece of the text and what comes in its place.
pub(super) struct Splice {
    pub(super) range: Range<usize>,
    pub(super) text: Zeroizing<String>,
}

/// A field of a Secret with its values' places.
pub(super) struct Values<'n, 't> {
    pub(super) field: Field,
    pub(super) entry: &'n Entry<'t>,
    pub(super) places: Vec<Place>,
    pub(super) in_flow: bool,
}

/// A value that was replaced: its document, its key, and what must be read there now.
pub(super) struct Replaced {
    pub(super) document: usize,
    pub(super) key: String,
    pub(super) text: Zeroizing<String>,
}

/// The text of the file with other values in the Secrets; `None` if no value was replaced.
///
/// `replace` is asked once for each value that `direction` is about, in the order of the text.
///
/// # Errors
///
/// - [`RewriteError::Text`] if the file cannot be read as YAML.
/// - [`RewriteError::Value`] with the first error of `replace`.
/// - [`RewriteError::Place`] if a Secret is written so that its values cannot be replaced.
pub fn rewrite<E>(
    file: &Arc<str>,
    bytes: &[u8],
    direction: Direction,
    replace: &mut dyn FnMut(&WrittenValue<'_>) -> Result<Replacement, E>,
) -> Result<Option<Zeroizing<Vec<u8>>>, RewriteError<E>> {
    let text = read_text(file, bytes).map_err(|finding| RewriteError::Text(vec![*finding]))?;
    let loaded = load(file, text);
    if !loaded.findings.is_empty() {
        return Err(RewriteError::Text(loaded.findings));
    }
    let lines = Lines::of(text);
    let (mut splices, mut replaced) = (Vec::new(), Vec::new());
    for (number, document) in loaded.documents.iter().enumerate() {
        let Some((identity, spec)) = secret(document) else {
            continue;
        };
        let fields = fields(spec, direction, &lines)?;
        let before = replaced.len();
        for values in fields.iter().filter(|it| direction.takes(it.field)) {
            let entries = values.entry.value.entries().unwrap_or_default();
            for (entry, place) in entries.iter().zip(&values.places) {
                let value = written(&identity, entry, values.field, place, &lines);
                let replacement = replace(&value).map_err(RewriteError::Value)?;
                if let Some((new, text)) = new_text(replacement, place, &lines) {
                    splices.extend(splice(place, new));
                    let key = entry.key.trim().to_owned();
                    let document = number;
                    replaced.push(Replaced {
                        document,
                        key,
                        text,
                    });
                }
            }
        }
        if replaced.len() > before {
            merge::rename(&fields, direction, &lines, &mut splices)?;
        }
    }
    if replaced.is_empty() {
        return Ok(None);
    }
    let out = apply(text, 0, splices);
    let line = verify::difference(file, &loaded.documents, &out, direction, &replaced);
    if let Some(line) = line {
        let problem = "is written so that its values cannot be replaced one by one; write it as \
                       `orloj secret encrypt NAME` does";
        return Err(place_error(line, problem));
    }
    // A byte order mark stays in front.
    let mark = bytes.len() - text.len();
    let mut whole = Zeroizing::new(Vec::with_capacity(mark + out.len()));
    whole.extend_from_slice(bytes.get(..mark).unwrap_or_default());
    whole.extend_from_slice(out.as_bytes());
    Ok(Some(whole))
}

pub(super) fn place_error<E>(line: u32, problem: &str) -> RewriteError<E> {
    RewriteError::Place {
        line,
        problem: problem.to_owned(),
    }
}

/// What a document says as a Secret, if it is one.
fn secret<'n, 't>(document: &'n Node<'t>) -> Option<(Identity, &'n Node<'t>)> {
    let text = |node: &Node<'_>, key: &str| {
        let text = node.entry(key)?.value.as_text()?.trim().to_owned();
        (!text.is_empty()).then_some(text)
    };
    if text(document, "kind")? != Kind::Secret.as_str() {
        return None;
    }
    let metadata = &document.entry("metadata")?.value;
    let spec = &document.entry("spec")?.value;
    let hosts = match spec.entry("allowed_hosts").map(|it| &it.value.data) {
        Some(Data::List(items)) => items.iter().filter_map(Node::as_text).collect(),
        _ => Vec::new(),
    };
    let identity = Identity {
        namespace: text(metadata, "namespace").unwrap_or_else(|| DEFAULT_NAMESPACE.to_owned()),
        name: text(metadata, "name")?,
        allowed_hosts: hosts.into_iter().map(str::to_owned).collect(),
    };
    Some((identity, spec))
}

/// The fields with values, in the order of the text.
fn fields<'n, 't, E>(
    spec: &'n Node<'t>,
    direction: Direction,
    lines: &Lines<'_>,
) -> Result<Vec<Values<'n, 't>>, RewriteError<E>> {
    let mut all = Vec::new();
    for entry in spec.entries().unwrap_or_default() {
        let Some(field) = Field::of(&entry.key) else {
            continue;
        };
        let line = entry.key_span.start.line;
        let in_flow = is_flow(&entry.value, lines);
        let mut places = Vec::new();
        for value in entry.value.entries().unwrap_or_default() {
            if !matches!(value.value.data, Data::Scalar { .. }) || value.value.is_null() {
                let line = value.key_span.start.line;
                return Err(place_error(line, "holds no text"));
            }
            places.push(Place::of(value, in_flow, lines));
        }
        if entry.value.entries().is_none() && !entry.value.is_null() {
            return Err(place_error(line, "holds no mapping"));
        }
        if direction == Direction::Open && field != Field::EncryptedData && !places.is_empty() {
            let problem = "holds values in clear text beside sealed ones; seal them first: \
                           `orloj secret encrypt --in-place FILE`";
            return Err(place_error(line, problem));
        }
        all.push(Values {
            field,
            entry,
            places,
            in_flow,
        });
    }
    Ok(all)
}

fn written<'a>(
    identity: &'a Identity,
    entry: &'a Entry<'_>,
    field: Field,
    place: &Place,
    lines: &Lines<'_>,
) -> WrittenValue<'a> {
    WrittenValue {
        namespace: &identity.namespace,
        name: &identity.name,
        allowed_hosts: &identity.allowed_hosts,
        key: entry.key.trim(),
        field,
        text: entry.value.as_text().unwrap_or_default(),
        line: entry.key_span.start.line,
        source: place.source(lines),
    }
}

/// What is written, and how it must be read; `None` if nothing changes.
fn new_text(
    replacement: Replacement,
    place: &Place,
    lines: &Lines<'_>,
) -> Option<(Written, Zeroizing<String>)> {
    let line_break = lines.line_break();
    match replacement {
        Replacement::Keep => None,
        Replacement::Sealed(armor) => {
            let written = scalars::sealed(&armor, place, line_break);
            Some((written, Zeroizing::new(armor)))
        }
        Replacement::AsItStood(source, armor) => {
            let fits = source.column == place.column && (!place.in_flow || source.tail.is_empty());
            let written = if fits {
                Written {
                    head: Zeroizing::new(source.head),
                    tail: Zeroizing::new(source.tail),
                }
            } else {
                scalars::sealed(&armor, place, line_break)
            };
            Some((written, Zeroizing::new(armor)))
        }
        Replacement::Clear(value) => {
            let text = std::str::from_utf8(value.expose_bytes()).ok()?;
            let text = Zeroizing::new(text.to_owned());
            Some((scalars::clear(&value, place, line_break)?, text))
        }
    }
}

pub(super) fn splice(place: &Place, written: Written) -> [Splice; 2] {
    let (head, tail) = (place.head.clone(), place.tail.clone());
    [(head, written.head), (tail, written.tail)].map(|(range, text)| Splice { range, text })
}

/// The text with the pieces replaced; `start` is where `text` stands in the whole that the ranges are of.
pub(super) fn apply(text: &str, start: usize, mut splices: Vec<Splice>) -> Zeroizing<String> {
    splices.sort_by_key(|splice| splice.range.start);
    let room: usize = splices.iter().map(|splice| splice.text.len()).sum();
    let mut out = Zeroizing::new(String::with_capacity(text.len() + room));
    let mut at = 0;
    for splice in splices {
        let range =
            splice.range.start.saturating_sub(start)..splice.range.end.saturating_sub(start);
        out.push_str(text.get(at..range.start).unwrap_or_default());
        out.push_str(&splice.text);
        at = at.max(range.end);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    out
}
