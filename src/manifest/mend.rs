//! What else is wrong with a document that its schema refuses.
//!
//! The rules read typed specs, which such a document has not. So what is wrong is taken out of a copy, and the
//! rules are asked about the rest; what they miss or see together may be missing only in the copy, and is
//! not reported.

use super::{
    decode::{self, Draft},
    node::{Data, Entry, Node, Scalar},
};
use crate::model::{Code, Finding, Span, code};
use std::collections::HashMap;

/// A document with more mistakes is mended before anybody reads on; taking out costs time.
const MAX_FAULTS: usize = 32;

/// What a schema refuses, as far as it can be taken out or put in.
pub(super) enum Fault {
    /// A field that is wrong or unknown, by its JSON pointer.
    Wrong(String),
    /// A field that is missing, by its JSON pointer.
    Missing(String),
}

/// Findings that need more than one field, which the copy may lack.
const OF_SEVERAL: [Code; 4] = [
    code::FIELD_REQUIRED,
    code::FIELD_CONFLICT,
    code::SCHEMA_DECODE,
    code::SECRET_EMPTY,
];

/// What the rules say of everything but the faults.
pub(super) fn independent(draft: Draft<'_>, document: &Node, faults: &[Fault]) -> Vec<Finding> {
    if faults.len() > MAX_FAULTS {
        return Vec::new();
    }
    let mut copy = document.clone();
    for fault in faults {
        match fault {
            Fault::Wrong(pointer) => drop(take_out(&mut copy, &tokens(pointer))),
            Fault::Missing(pointer) => put_in(&mut copy, &tokens(pointer)),
        }
    }
    let mut findings = Vec::new();
    decode::decode(draft, &copy, &mut findings);
    let mut mappings = Vec::new();
    collect_mappings(document, &mut mappings);
    // What is not written itself is reported at the mapping around it.
    findings.retain(|finding| {
        !OF_SEVERAL.contains(&finding.code) && !mappings.contains(&finding.origin.span)
    });
    findings
}

/// A copy in which no key stands twice: of two fields the last counts, where the first stands.
pub(super) fn without_repeats<'t>(document: &Node<'t>) -> Node<'t> {
    let data = match &document.data {
        Data::Scalar { .. } => document.data.clone(),
        Data::List(items) => Data::List(items.iter().map(without_repeats).collect()),
        Data::Mapping(entries) => {
            let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
            let mut places = HashMap::new();
            for entry in entries {
                let value = without_repeats(&entry.value);
                let place = *places.entry(&entry.key).or_insert(kept.len());
                match kept.get_mut(place) {
                    Some(first) => first.value = value,
                    None => kept.push(Entry {
                        key: entry.key.clone(),
                        key_span: entry.key_span,
                        value,
                    }),
                }
            }
            Data::Mapping(kept)
        }
    };
    Node {
        data,
        span: document.span,
    }
}

/// The document without the fields that are wrong or unknown. Nothing is made up for what is missing.
pub(super) fn without_wrong<'t>(document: &Node<'t>, faults: &[Fault]) -> Node<'t> {
    let mut copy = document.clone();
    for fault in faults {
        if let Fault::Wrong(pointer) = fault {
            take_out(&mut copy, &tokens(pointer));
        }
    }
    copy
}

fn tokens(pointer: &str) -> Vec<String> {
    let tokens = pointer.split('/').skip(1);
    tokens
        .map(|token| token.replace("~1", "/").replace("~0", "~"))
        .collect()
}

/// Takes out the field that a path leads to, or the one around a list that it ends in.
fn take_out(node: &mut Node, path: &[String]) -> bool {
    let Some((first, rest)) = path.split_first() else {
        return false;
    };
    match &mut node.data {
        Data::Mapping(entries) => {
            let Some(at) = entries.iter().position(|entry| entry.key == *first) else {
                return true;
            };
            if !take_out(&mut entries[at].value, rest) {
                entries.remove(at);
            }
            true
        }
        Data::List(items) => {
            let index = first.parse::<usize>().ok();
            let item = index.and_then(|index| items.get_mut(index));
            item.is_some_and(|item| take_out(item, rest))
        }
        Data::Scalar { .. } => false,
    }
}

/// Puts some text where a path leads, if that is into a mapping.
fn put_in(node: &mut Node, path: &[String]) {
    match (&mut node.data, path) {
        (Data::Mapping(entries), [name]) => {
            let (text, scalar) = ("x".into(), Scalar::Text);
            entries.push(Entry {
                key: name.clone().into(),
                key_span: node.span,
                value: Node {
                    data: Data::Scalar { text, scalar },
                    span: node.span,
                },
            });
        }
        (Data::Mapping(entries), [first, rest @ ..]) => {
            if let Some(entry) = entries.iter_mut().find(|entry| entry.key == *first) {
                put_in(&mut entry.value, rest);
            }
        }
        (Data::List(items), [first, rest @ ..]) => {
            let index = first.parse::<usize>().ok();
            if let Some(item) = index.and_then(|index| items.get_mut(index)) {
                put_in(item, rest);
            }
        }
        _ => {}
    }
}

fn collect_mappings(node: &Node, spans: &mut Vec<Span>) {
    match &node.data {
        Data::Mapping(entries) => {
            spans.push(node.span);
            for entry in entries {
                collect_mappings(&entry.value, spans);
            }
        }
        Data::List(items) => {
            for item in items {
                collect_mappings(item, spans);
            }
        }
        Data::Scalar { .. } => {}
    }
}
