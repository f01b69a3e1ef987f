//! The text sealed again.

use super::{
    comments::comments,
    documents,
    field::{Field, flow_end},
    layout::{FIELD, Layout, Leaf},
    opening::{Kept, OpenedText},
    parts, verify,
};
use crate::{
    manifest::{
        node::{Data, Node},
        text::read_text,
        written::{
            lines::Lines,
            places::is_flow,
            rewrite::{RewriteError, Splice, apply, place_error, splice},
            scalars::{Written, quoted},
        },
    },
    secrets::{SopsError, SopsFile, SopsFormat, SopsKey, SopsMac, SopsScalar},
};
use std::{ops::Range, sync::Arc};
use zeroize::Zeroizing;

/// A text that is sealed, and what of it is new.
pub struct SealedText {
    /// The whole file.
    pub text: Vec<u8>,
    /// How many values and comments were sealed.
    pub sealed: usize,
    /// How many have the ciphertext that they had.
    pub kept: usize,
}

/// What is made of a text that was opened.
struct Sealing<'a> {
    opened: &'a OpenedText,
    sops: &'a SopsFile,
    key: &'a SopsKey,
    /// Which of the kept values are back in the text.
    used: Vec<bool>,
    mac: SopsMac,
    splices: Vec<Splice>,
    /// For each scalar in order, what is read in its place if it is another.
    expected: Vec<Option<String>>,
    sealed: usize,
}

/// Seals the text that came of `opened` as it is now; `last_modified` is the time in RFC 3339.
///
/// # Errors
///
/// - [`RewriteError::Text`] if it is not YAML, or not JSON where it was.
/// - [`RewriteError::Place`] if something in it cannot be sealed.
/// - [`RewriteError::Value`] if the result does not open again.
pub fn seal(
    file: &Arc<str>,
    bytes: &[u8],
    opened: &OpenedText,
    (sops, key): (&SopsFile, &SopsKey),
    last_modified: &str,
) -> Result<SealedText, RewriteError<SopsError>> {
    let text = read_text(file, bytes).map_err(|finding| RewriteError::Text(vec![*finding]))?;
    let documents = documents(file, text)?;
    let lines = Lines::of(text);
    check(text, &documents, sops.format(), &lines)?;
    let layouts = documents.iter().map(|it| Layout::of(it, &lines));
    let layouts: Vec<_> = layouts.collect();
    let mut sealing = Sealing {
        opened,
        sops,
        key,
        used: vec![false; opened.kept.len()],
        mac: sops.mac(),
        splices: Vec::new(),
        expected: Vec::new(),
        sealed: 0,
    };
    let parts = parts(&documents, &layouts, &lines);
    for (layout, part) in layouts.iter().zip(&parts) {
        sealing.values(layout)?;
        sealing.comments(layout, part.clone(), &lines)?;
    }
    let Sealing {
        mac,
        mut splices,
        expected,
        used,
        sealed,
        ..
    } = sealing;
    let mac = mac.seal(key, last_modified);
    let mac = mac.map_err(|problem| place_error(1, &format!("gets no MAC: {problem}")))?;
    for (number, (document, part)) in documents.iter().zip(&parts).enumerate() {
        // `sops` writes the same into each document.
        let field = opened.fields.get(number).or(opened.fields.first());
        let field = field.ok_or_else(|| place_error(1, "has lost the field of SOPS"))?;
        splices.push(back(field, (&mac, last_modified), document, part, &lines));
    }
    let out = apply(text, 0, splices);
    verify::sealed(file, (&out, &documents), &expected, (sops, key))?;
    Ok(SealedText {
        text: out.as_bytes().to_vec(),
        sealed,
        kept: used.into_iter().filter(|used| *used).count(),
    })
}

/// Nothing stands in the text that `sops` would not read.
fn check(
    text: &str,
    documents: &[Node<'_>],
    format: SopsFormat,
    lines: &Lines<'_>,
) -> Result<(), RewriteError<SopsError>> {
    if format == SopsFormat::Json
        && let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(text)
    {
        let line = u32::try_from(error.line()).unwrap_or(u32::MAX);
        return Err(place_error(line, "is not JSON"));
    }
    if documents.is_empty() {
        return Err(place_error(1, "holds no document"));
    }
    for document in documents {
        let line = document.span.start.line;
        if let Some(entry) = document.entry(FIELD) {
            let problem = "key is SOPS' own; call it otherwise";
            return Err(place_error(entry.key_span.start.line, problem));
        }
        let is_mapping = matches!(&document.data, Data::Mapping(entries) if !entries.is_empty());
        if !is_mapping {
            return Err(place_error(line, "document is no mapping with a key"));
        }
        if format == SopsFormat::Yaml && is_flow(document, lines) {
            let problem = "document stands in `{…}`; write a line for each key";
            return Err(place_error(line, problem));
        }
    }
    Ok(())
}

impl<'a> Sealing<'a> {
    fn values(&mut self, layout: &Layout<'_, '_, '_>) -> Result<(), RewriteError<SopsError>> {
        for leaf in &layout.leaves {
            let Some(scalar) = SopsScalar::read(leaf.text, leaf.is_plain, self.sops.format())
            else {
                self.expected.push(None);
                continue;
            };
            let is_sealed = self.sops.encrypts(&leaf.path);
            self.mac.add(scalar.value.expose_bytes(), is_sealed);
            if !is_sealed || scalar.value.expose_bytes().is_empty() {
                self.expected.push(None);
                continue;
            }
            let head = self.written(&scalar, leaf)?;
            let read = head.trim_matches(['"', '\'']).to_owned();
            self.expected.push(Some(read));
            self.splices
                .extend(splice(&leaf.place, Written::inline(head)));
        }
        Ok(())
    }

    /// What stands in the place of a clear value.
    fn written(
        &mut self,
        scalar: &SopsScalar,
        leaf: &Leaf<'_>,
    ) -> Result<String, RewriteError<SopsError>> {
        let sealed = match self.kept(scalar, &leaf.path) {
            Some(kept) if kept.in_flow == leaf.place.in_flow => return Ok(kept.source.clone()),
            Some(kept) => kept.source.trim_matches(['"', '\'']).to_owned(),
            None => self.fresh(scalar, &leaf.path, leaf.line)?,
        };
        // Its commas and brackets would mean something in `{…}`.
        let in_quotes = self.sops.format() == SopsFormat::Json || leaf.place.in_flow;
        Ok(if in_quotes { quoted(&sealed) } else { sealed })
    }

    fn comments(
        &mut self,
        layout: &Layout<'_, '_, '_>,
        part: Range<usize>,
        lines: &Lines<'_>,
    ) -> Result<(), RewriteError<SopsError>> {
        if self.sops.format() == SopsFormat::Json {
            return Ok(());
        }
        for comment in comments(layout, part, lines) {
            let text = lines.slice(comment.range.clone());
            let scalar = SopsScalar::comment(text);
            let (sealed, as_item) = match self.kept(&scalar, &comment.path) {
                Some(kept) => (kept.source.clone(), kept.is_item && comment.is_item),
                None if text.is_empty()
                    || SopsFile::is_value(text)
                    || !self.sops.encrypts(&comment.path) =>
                {
                    continue;
                }
                None => {
                    let line = lines.slice(0..comment.range.start).lines().count();
                    let line = u32::try_from(line).unwrap_or(u32::MAX);
                    let sealed = self.fresh(&scalar, &comment.path, line)?;
                    (sealed, comment.is_item)
                }
            };
            let mark = if as_item { "- " } else { "#" };
            self.splices.push(Splice {
                range: comment.range.start - 1..comment.range.end,
                text: Zeroizing::new(format!("{mark}{sealed}")),
            });
        }
        Ok(())
    }

    /// The same value at the same place before, if it is not back yet.
    fn kept(&mut self, scalar: &SopsScalar, path: &[&str]) -> Option<&'a Kept> {
        let all = self.opened.kept.iter().enumerate();
        let (number, kept) = all
            .filter(|(number, _)| self.used.get(*number) == Some(&false))
            .find(|(_, kept)| kept.path == path && kept.scalar.same_as(scalar))?;
        if let Some(used) = self.used.get_mut(number) {
            *used = true;
        }
        Some(kept)
    }

    fn fresh(
        &mut self,
        scalar: &SopsScalar,
        path: &[&str],
        line: u32,
    ) -> Result<String, RewriteError<SopsError>> {
        self.sealed += 1;
        let sealed = self.key.seal(scalar, path);
        sealed.map_err(|problem| place_error(line, &format!("cannot be sealed: {problem}")))
    }
}

/// The field at the end of its document.
fn back(
    field: &Field,
    (mac, last_modified): (&str, &str),
    document: &Node<'_>,
    part: &Range<usize>,
    lines: &Lines<'_>,
) -> Splice {
    let new = field.with(mac, last_modified);
    if is_flow(document, lines) {
        let last = document.entries().unwrap_or_default().last();
        let at = last.map_or(part.end, |entry| flow_end(&entry.value, lines));
        let text = Zeroizing::new(new);
        return Splice {
            range: at..at,
            text,
        };
    }
    let line_break = lines.line_break();
    let is_open = !lines.slice(part.clone()).ends_with(['\n', '\r']);
    let before = if is_open { line_break } else { "" };
    // At the end of the file it may have stood without a line break, and something follows now.
    let behind = if new.ends_with(['\n', '\r']) || part.end == lines.len() {
        ""
    } else {
        line_break
    };
    Splice {
        range: part.end..part.end,
        text: Zeroizing::new(format!("{before}{new}{behind}")),
    }
}
