//! The text in clear.

use super::{
    Style,
    comments::{Comment, comments},
    documents,
    field::Field,
    layout::{FIELD, Layout, Leaf},
    parts, text,
};
use crate::{
    manifest::{
        text::read_text,
        written::{
            lines::Lines,
            rewrite::{RewriteError, Splice, apply, place_error, splice},
        },
    },
    secrets::{SopsError, SopsFile, SopsKey, SopsKind, SopsScalar},
};
use std::{ops::Range, sync::Arc};
use zeroize::Zeroizing;

/// A text with its values in clear, and what stood there.
pub struct OpenedText {
    text: Zeroizing<Vec<u8>>,
    pub(super) kept: Vec<Kept>,
    pub(super) fields: Vec<Field>,
}

/// A value or a comment as it was.
pub(super) struct Kept {
    pub(super) path: Vec<String>,
    pub(super) scalar: SopsScalar,
    /// As it stood in the text.
    pub(super) source: String,
    pub(super) in_flow: bool,
    /// Whether it is a comment that stood as an item of a list.
    pub(super) is_item: bool,
}

/// What is opened so far.
struct Opening<'a> {
    sops: &'a SopsFile,
    key: &'a SopsKey,
    lines: &'a Lines<'a>,
    style: Style,
    kept: Vec<Kept>,
    fields: Vec<Field>,
    splices: Vec<Splice>,
    /// What each scalar of the text must say.
    values: Vec<Option<SopsScalar>>,
}

impl OpenedText {
    /// The text without SOPS' field.
    pub fn text(&self) -> &[u8] {
        &self.text
    }

    /// Whether a value that was sealed stands in `text` and stood nowhere in clear before; the keys that led to it.
    ///
    /// Values of less than 8 bytes may stand anywhere.
    pub fn leak(&self, before: &[u8], text: &[u8]) -> Option<String> {
        let has = |text: &[u8], value: &[u8]| text.windows(value.len()).any(|part| part == value);
        let leaks = |kept: &&Kept| {
            let value = kept.scalar.value.expose_bytes().trim_ascii();
            kept.scalar.kind == SopsKind::Text
                && value.len() >= 8
                && has(text, value)
                && !has(before, value)
        };
        let kept = self.kept.iter().find(leaks);
        kept.map(|kept| kept.path.join("."))
    }
}

/// Opens every value and every comment of a text; `sops` is what was read of the same text.
///
/// # Errors
///
/// - [`RewriteError::Text`] if it uses what manifests do not, such as tags.
/// - [`RewriteError::Value`] if a value does not open, or is of a type that only other formats have.
/// - [`RewriteError::Place`] if it is written as `sops` never writes.
pub fn open(
    file: &Arc<str>,
    bytes: &[u8],
    sops: &SopsFile,
    key: &SopsKey,
) -> Result<OpenedText, RewriteError<SopsError>> {
    let whole = read_text(file, bytes).map_err(|finding| RewriteError::Text(vec![*finding]))?;
    let documents = documents(file, whole)?;
    let lines = Lines::of(whole);
    let layouts = documents.iter().map(|it| Layout::of(it, &lines));
    let layouts: Vec<_> = layouts.collect();
    let mut opening = Opening {
        sops,
        key,
        lines: &lines,
        style: Style::of(&documents, sops.format(), &lines),
        kept: Vec::new(),
        fields: Vec::new(),
        splices: Vec::new(),
        values: Vec::new(),
    };
    let parts = parts(&documents, &layouts, &lines);
    for ((document, layout), part) in documents.iter().zip(&layouts).zip(parts) {
        if let Some((field, range)) = Field::of(document, &lines)? {
            opening.fields.push(field);
            opening.put(range, "");
        }
        for leaf in &layout.leaves {
            opening.leaf(leaf)?;
        }
        for comment in comments(layout, part, &lines) {
            opening.comment(&comment);
        }
    }
    let Opening {
        kept,
        fields,
        splices,
        values,
        ..
    } = opening;
    let out = apply(whole, 0, splices);
    verify(file, &out, &values, sops)?;
    let text = Zeroizing::new(out.as_bytes().to_vec());
    Ok(OpenedText { text, kept, fields })
}

impl Opening<'_> {
    fn leaf(&mut self, leaf: &Leaf<'_>) -> Result<(), RewriteError<SopsError>> {
        let is_sealed = self.sops.encrypts(&leaf.path) && SopsFile::is_value(leaf.text);
        let scalar = SopsScalar::read(leaf.text, leaf.is_plain, self.sops.format());
        if !is_sealed || scalar.is_none() {
            self.values.push(scalar);
            return Ok(());
        }
        let scalar = self.key.open(leaf.text, &leaf.path);
        let scalar = scalar.map_err(|problem| refused(leaf, problem))?;
        let head = leaf.place.head.clone();
        let is_item = scalar.kind == SopsKind::Comment;
        if is_item {
            let text = one_line(&scalar).ok_or_else(|| refused(leaf, "it is no comment"))?;
            let dash = leaf.dash.ok_or_else(|| refused(leaf, "it is a comment"))?;
            let text = Zeroizing::new(format!("#{text}"));
            self.put(dash..head.end, &text);
        } else {
            let written = self.style.clear(&scalar, &leaf.place);
            let written = written.ok_or_else(|| refused(leaf, "it is not text"))?;
            self.splices.extend(splice(&leaf.place, written));
            self.values.push(Some(copy(&scalar)));
        }
        self.kept.push(Kept {
            path: owned(&leaf.path),
            scalar,
            source: self.lines.slice(head).to_owned(),
            in_flow: leaf.place.in_flow,
            is_item,
        });
        Ok(())
    }

    /// As `sops` has it, what does not open was never sealed.
    fn comment(&mut self, comment: &Comment<'_>) {
        let source = self.lines.slice(comment.range.clone());
        let mut paths = [&comment.path].into_iter().chain(&comment.others);
        let Some(scalar) = paths.find_map(|path| self.key.open(source, path).ok()) else {
            return;
        };
        let Some(text) = one_line(&scalar) else {
            return;
        };
        self.put(comment.range.clone(), text);
        self.kept.push(Kept {
            // Where it will be looked for again, whatever it is bound to.
            path: owned(&comment.path),
            scalar,
            source: source.to_owned(),
            in_flow: false,
            is_item: false,
        });
    }

    fn put(&mut self, range: Range<usize>, text: &str) {
        let text = Zeroizing::new(text.to_owned());
        self.splices.push(Splice { range, text });
    }
}

/// A comment's text.
fn one_line(scalar: &SopsScalar) -> Option<&str> {
    text(&scalar.value).filter(|text| !text.contains(['\n', '\r']))
}

fn refused(leaf: &Leaf<'_>, problem: &'static str) -> RewriteError<SopsError> {
    RewriteError::Value(SopsError::Value {
        path: leaf.path.join("."),
        line: leaf.line,
        problem,
    })
}

/// What was written says what was opened.
fn verify(
    file: &Arc<str>,
    text: &str,
    values: &[Option<SopsScalar>],
    sops: &SopsFile,
) -> Result<(), RewriteError<SopsError>> {
    let problem = "is written so that its values cannot be shown where they stand; `sops edit FILE` \
                   opens it";
    let documents =
        documents(file, text).map_err(|_: RewriteError<SopsError>| place_error(1, problem))?;
    let lines = Lines::of(text);
    let mut values = values.iter();
    for document in &documents {
        if document.entry(FIELD).is_some() {
            return Err(place_error(1, problem));
        }
        for leaf in Layout::of(document, &lines).leaves {
            let found = SopsScalar::read(leaf.text, leaf.is_plain, sops.format());
            let fits = match (values.next(), &found) {
                (Some(None), None) => true,
                (Some(Some(value)), Some(found)) => value.value.same_as(&found.value),
                _ => false,
            };
            if !fits {
                return Err(place_error(leaf.line, problem));
            }
        }
    }
    match values.next() {
        None => Ok(()),
        Some(_) => Err(place_error(1, problem)),
    }
}

fn copy(scalar: &SopsScalar) -> SopsScalar {
    SopsScalar {
        kind: scalar.kind,
        value: crate::secrets::Opened::new(scalar.value.expose_bytes().to_vec()),
    }
}

fn owned(path: &[&str]) -> Vec<String> {
    path.iter().map(|key| (*key).to_owned()).collect()
}
