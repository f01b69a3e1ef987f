//! YAML and JSON text to the tree of a SOPS file.
//!
//! `sops` writes neither anchors nor aliases, and of tags only those of YAML itself: nothing else is read.

use super::{
    SopsError,
    node::{Leaf, Node},
};
use granit_parser::{Event, Parser, ScalarStyle};
use std::collections::HashSet;

/// Deepest nesting: as for manifests.
const MAX_DEPTH: usize = 64;

/// Most scalars, lists and mappings: as for manifests.
const MAX_NODES: usize = 200_000;

/// A collection that is still open.
enum Open {
    List(Vec<Node>),
    Map {
        entries: Vec<(String, Node)>,
        key: Option<String>,
        keys: HashSet<String>,
    },
}

/// Reads every document.
pub(super) fn read(text: &str) -> Result<Vec<Node>, SopsError> {
    let mut documents = Vec::new();
    let mut open: Vec<Open> = Vec::new();
    let mut nodes = 0;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            let message = format!("the file is not YAML: {}", error.info());
            syntax(line(error.marker()), &message)
        })?;
        let at = line(&span.start);
        let node = match event {
            Event::Scalar(value, style, anchor, tag) => {
                refuse_anchor(anchor, at)?;
                let tag = tag.as_deref().map(ToString::to_string);
                let is_binary = tag.as_deref().is_some_and(|tag| tag.ends_with("binary"));
                Node::Leaf(Leaf {
                    text: value.into_owned(),
                    is_plain: style == ScalarStyle::Plain && tag.is_none(),
                    is_binary,
                    line: at,
                })
            }
            Event::SequenceStart(_, anchor, _) => {
                refuse_anchor(anchor, at)?;
                enter(&mut open, Open::List(Vec::new()), at)?;
                continue;
            }
            Event::MappingStart(_, anchor, _) => {
                refuse_anchor(anchor, at)?;
                let map = Open::Map {
                    entries: Vec::new(),
                    key: None,
                    keys: HashSet::new(),
                };
                enter(&mut open, map, at)?;
                continue;
            }
            Event::SequenceEnd | Event::MappingEnd => match open.pop() {
                Some(Open::List(items)) => Node::List(items),
                Some(Open::Map { entries, .. }) => Node::Map(entries),
                None => continue,
            },
            Event::Alias(_) => {
                return Err(syntax(
                    at,
                    "the file uses aliases, which `sops` never writes",
                ));
            }
            _ => continue,
        };
        nodes += 1;
        if nodes > MAX_NODES {
            return Err(syntax(
                at,
                &format!("the file holds more than {MAX_NODES} values"),
            ));
        }
        place(node, &mut open, &mut documents, at)?;
    }
    Ok(documents)
}

/// Puts a finished node where it belongs.
fn place(
    node: Node,
    open: &mut [Open],
    documents: &mut Vec<Node>,
    at: u32,
) -> Result<(), SopsError> {
    match open.last_mut() {
        None => documents.push(node),
        Some(Open::List(items)) => items.push(node),
        Some(Open::Map { entries, key, keys }) => match key.take() {
            Some(name) => entries.push((name, node)),
            None => {
                let Node::Leaf(leaf) = node else {
                    return Err(syntax(at, "a mapping key is no text"));
                };
                if !keys.insert(leaf.text.clone()) {
                    return Err(syntax(at, "a key stands twice in one mapping"));
                }
                *key = Some(leaf.text);
            }
        },
    }
    Ok(())
}

fn enter(open: &mut Vec<Open>, collection: Open, at: u32) -> Result<(), SopsError> {
    if open.len() >= MAX_DEPTH {
        return Err(syntax(
            at,
            &format!("the file nests deeper than {MAX_DEPTH} levels"),
        ));
    }
    open.push(collection);
    Ok(())
}

fn refuse_anchor(anchor: usize, at: u32) -> Result<(), SopsError> {
    if anchor == 0 {
        return Ok(());
    }
    Err(syntax(
        at,
        "the file uses anchors, which `sops` never writes",
    ))
}

fn syntax(line: u32, problem: &str) -> SopsError {
    SopsError::Syntax {
        line,
        problem: problem.to_owned(),
    }
}

fn line(marker: &granit_parser::Marker) -> u32 {
    u32::try_from(marker.line().max(1)).unwrap_or(u32::MAX)
}
