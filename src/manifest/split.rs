//! Documents of a text that is no YAML as a whole, found by their markers alone.
//!
//! `---` at the start of a line ends every document, whatever stands open (YAML 1.2.2, §9.1.2).

use super::kinds::Form;
use crate::model::{DEFAULT_NAMESPACE, ResourceId};

/// A document with a syntax error, and what stands behind it.
pub(super) struct Split<'a> {
    /// The text of the document.
    pub(super) document: &'a str,
    /// The text from the next marker on.
    pub(super) behind: Option<&'a str>,
    /// Lines in front of `behind`.
    pub(super) lines: u32,
}

impl<'a> Split<'a> {
    /// Splits a text around the document that holds `line`, which counts from 1.
    pub(super) fn around(text: &'a str, line: u32) -> Self {
        let mut start = 0;
        let mut number = 0;
        for (offset, content) in lines(text) {
            number += 1;
            if !is_marker(content) {
                continue;
            }
            // An error at a marker is about what stands open before it.
            if number >= line && number > 1 {
                return Self {
                    document: text.get(start..offset).unwrap_or_default(),
                    behind: text.get(offset..),
                    lines: number - 1,
                };
            }
            start = offset;
        }
        Self {
            document: text.get(start..).unwrap_or_default(),
            behind: None,
            lines: number,
        }
    }
}

/// A document and each one behind it.
pub(super) fn documents<'a>(
    first: &'a str,
    behind: Option<&'a str>,
) -> impl Iterator<Item = &'a str> {
    let behind = behind.unwrap_or_default();
    let mut starts: Vec<usize> = lines(behind)
        .filter(|(_, content)| is_marker(content))
        .map(|(offset, _)| offset)
        .collect();
    starts.push(behind.len());
    let pairs: Vec<_> = starts.windows(2).map(|pair| (pair[0], pair[1])).collect();
    let rest = pairs
        .into_iter()
        .filter_map(move |(start, end)| behind.get(start..end));
    std::iter::once(first).chain(rest)
}

/// Who a document seems to be, read line by line: whoever refers to it is not to blame.
pub(super) fn guess(document: &str) -> Option<ResourceId> {
    let mut kind = None;
    let mut section = "";
    let (mut name, mut namespace) = (None, None);
    for (_, line) in lines(document) {
        let nested = line.starts_with([' ', '\t']);
        let Some((key, value)) = line.split_once(':') else {
            continue;
        };
        let value = value.split(" #").next().unwrap_or_default();
        let value = value.trim().trim_matches(['"', '\'']);
        match (nested, section, key.trim()) {
            (false, _, key) => {
                section = key;
                kind = kind.or_else(|| Form::from_manifest(value).filter(|_| key == "kind"));
            }
            (true, "metadata", "name") => name = name.or(Some(value)),
            (true, "metadata", "namespace") => namespace = namespace.or(Some(value)),
            _ => {}
        }
    }
    let name = name.filter(|name| crate::model::check_name(name).is_ok())?;
    let namespace = namespace.filter(|namespace| !namespace.is_empty());
    let namespace = namespace.unwrap_or(DEFAULT_NAMESPACE);
    Some(ResourceId::new(kind?.kind(), namespace, name))
}

fn is_marker(line: &str) -> bool {
    line.strip_prefix("---")
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// Each line without its end, and where it starts; lines end as YAML's do.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = text.get(at..).filter(|rest| !rest.is_empty())?;
        let end = rest.find(['\n', '\r']).unwrap_or(rest.len());
        let (line, tail) = rest.split_at(end);
        let found = (at, line);
        at += end
            + if tail.starts_with("\r\n") {
                2
            } else {
                tail.len().min(1)
            };
        Some(found)
    })
}
