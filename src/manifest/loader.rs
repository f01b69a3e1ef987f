//! YAML events to nodes, with limits and every problem that does not end the file.

use super::{
    limits::{MAX_DEPTH, MAX_NODES},
    node::{Data, Entry, Node, Scalar, resolve_plain},
};
use crate::model::{Code, Finding, Origin, Position, Span, code};
use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, StrInput, Tag};
use std::{
    collections::{HashMap, hash_map},
    sync::Arc,
};

/// The documents of a file, as far as they could be read, and what was wrong.
pub(super) struct Loaded {
    pub(super) documents: Vec<Node>,
    pub(super) findings: Vec<Finding>,
}

/// Reads every document of `text`. Documents before a syntax error are kept.
pub(super) fn load(file: &Arc<str>, text: &str) -> Loaded {
    let mut loader = Loader::new(file.clone());
    for event in parser(text) {
        let step = match event {
            Ok((event, span)) => loader.take(event, convert(&span)),
            Err(error) => {
                let at = position(*error.marker());
                let span = Span { start: at, end: at };
                Err(Box::new(
                    if matches!(error.kind(), ErrorKind::RecursionLimitExceeded) {
                        loader.too_deep(span)
                    } else {
                        let message = format!("this is not YAML: {}", error.info());
                        loader.finding(code::YAML_SYNTAX, span, message)
                    },
                ))
            }
        };
        if let Err(fatal) = step {
            loader.findings.push(*fatal);
            break;
        }
    }
    Loaded {
        documents: loader.documents,
        findings: loader.findings,
    }
}

/// Unknown aliases are reported like known ones instead of ending the file.
fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let options = granit_parser::options! { emit_unresolved_aliases: true };
    Parser::new_from_str_with_options(text, options)
}

/// Up to this many keys of a mapping are compared one by one, which needs no index.
const LINEAR_KEYS: usize = 16;

/// A collection that is still open.
enum Open {
    List {
        items: Vec<Node>,
        start: Position,
    },
    Mapping {
        entries: Vec<Entry>,
        key: Option<(String, Span)>,
        /// Where each key stands first; empty as long as there are few.
        keys: HashMap<String, Span>,
        start: Position,
    },
}

struct Loader {
    file: Arc<str>,
    open: Vec<Open>,
    documents: Vec<Node>,
    findings: Vec<Finding>,
    nodes: usize,
}

impl Loader {
    fn new(file: Arc<str>) -> Self {
        Self {
            file,
            open: Vec::new(),
            documents: Vec::new(),
            findings: Vec::new(),
            nodes: 0,
        }
    }

    /// Handles one event; an error ends the file.
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), Box<Finding>> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                self.refuse_extras(anchor, tag.as_deref(), span);
                let plain = style == ScalarStyle::Plain && tag.is_none();
                self.place_scalar(value.into_owned(), plain, span)
            }
            Event::Alias(_) | Event::UnresolvedAlias(_) => {
                let message = "aliases (`*name`) are not read";
                self.report(
                    code::YAML_ALIAS,
                    span,
                    message,
                    "write the value out where it is used",
                );
                // Text stands in for it, so that its absence is no second finding.
                let data = Data::Scalar {
                    text: String::new(),
                    scalar: Scalar::Text,
                };
                self.place(Node { data, span })
            }
            Event::SequenceStart(_, anchor, tag) => {
                self.refuse_extras(anchor, tag.as_deref(), span);
                self.enter(
                    Open::List {
                        items: Vec::new(),
                        start: span.start,
                    },
                    span,
                )
            }
            Event::MappingStart(_, anchor, tag) => {
                self.refuse_extras(anchor, tag.as_deref(), span);
                let (entries, keys) = (Vec::new(), HashMap::new());
                self.enter(
                    Open::Mapping {
                        entries,
                        key: None,
                        keys,
                        start: span.start,
                    },
                    span,
                )
            }
            Event::SequenceEnd | Event::MappingEnd => self.leave(span.end),
            _ => Ok(()),
        }
    }

    fn refuse_extras(&mut self, anchor: usize, tag: Option<&Tag>, span: Span) {
        if anchor != 0 {
            let message = "anchors (`&name`) are not read";
            self.report(
                code::YAML_ALIAS,
                span,
                message,
                "write the value out where it is used",
            );
        }
        if tag.is_some() {
            self.report(
                code::YAML_TAG,
                span,
                "tags (`!name`) are not read",
                "remove the tag",
            );
        }
    }

    fn enter(&mut self, open: Open, span: Span) -> Result<(), Box<Finding>> {
        if self.open.len() >= MAX_DEPTH {
            return Err(Box::new(self.too_deep(span)));
        }
        self.open.push(open);
        Ok(())
    }

    fn too_deep(&self, span: Span) -> Finding {
        let message = format!("the document nests deeper than {MAX_DEPTH} levels");
        self.finding(code::LIMIT_DEPTH, span, message)
    }

    fn leave(&mut self, end: Position) -> Result<(), Box<Finding>> {
        let node = match self.open.pop() {
            Some(Open::List { items, start }) => Node {
                data: Data::List(items),
                span: Span { start, end },
            },
            Some(Open::Mapping { entries, start, .. }) => Node {
                data: Data::Mapping(entries),
                span: Span { start, end },
            },
            None => return Ok(()),
        };
        self.place(node)
    }

    /// Puts a finished node where it belongs: a document, a list item, a key or a key's value.
    fn place(&mut self, node: Node) -> Result<(), Box<Finding>> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the file holds more than {MAX_NODES} values");
            let finding = self.finding(code::LIMIT_NODES, node.span, message);
            return Err(Box::new(finding));
        }
        match self.open.last_mut() {
            None => self.documents.push(node),
            Some(Open::List { items, .. }) => items.push(node),
            Some(Open::Mapping { entries, key, .. }) => match key.take() {
                Some((name, key_span)) => entries.push(Entry {
                    key: name,
                    key_span,
                    value: node,
                }),
                None => self.place_key(node),
            },
        }
        Ok(())
    }

    fn place_scalar(&mut self, text: String, plain: bool, span: Span) -> Result<(), Box<Finding>> {
        if text.contains('\0') {
            let message = "the text holds a NUL character";
            self.report(code::YAML_ENCODING, span, message, "remove the escape");
        }
        let scalar = if plain {
            resolve_plain(&text)
        } else {
            Scalar::Text
        };
        let data = Data::Scalar { text, scalar };
        self.place(Node { data, span })
    }

    fn place_key(&mut self, node: Node) {
        let span = node.span;
        let name = match node.data {
            Data::Scalar {
                text,
                scalar: Scalar::Text,
            } => text,
            Data::Scalar { text, .. } => {
                let hint = format!("quote it: \"{text}\"");
                self.report(code::YAML_KEY, span, "mapping keys must be text", &hint);
                text
            }
            Data::List(_) | Data::Mapping(_) => {
                self.report(
                    code::YAML_KEY,
                    span,
                    "mapping keys must be text",
                    "use a plain word as the key",
                );
                String::new()
            }
        };
        if name == "<<" {
            let message = "merge keys (`<<`) are not read";
            self.report(code::YAML_MERGE, span, message, "write the fields out");
        }
        let Some(Open::Mapping {
            entries, key, keys, ..
        }) = self.open.last_mut()
        else {
            return;
        };
        let twice = first_use(entries, keys, &name, span).map(|first| {
            let message = format!("the key `{name}` stands twice in this mapping");
            let line = first.start.line;
            let hint = format!("the first one is in line {line}; keep one of them");
            (message, hint)
        });
        *key = Some((name, span));
        if let Some((message, hint)) = twice {
            self.report(code::YAML_DUPLICATE_KEY, span, &message, &hint);
        }
    }

    fn report(&mut self, code: Code, span: Span, message: &str, hint: &str) {
        let finding = self.finding(code, span, message).with_hint(hint);
        self.findings.push(finding);
    }

    fn finding(&self, code: Code, span: Span, message: impl Into<String>) -> Finding {
        Finding::new(
            code,
            Origin {
                file: self.file.clone(),
                span,
            },
            message,
        )
    }
}

/// Where a key stands for the first time in a mapping with these entries, if it does already.
fn first_use(
    entries: &[Entry],
    keys: &mut HashMap<String, Span>,
    name: &str,
    span: Span,
) -> Option<Span> {
    if entries.len() < LINEAR_KEYS {
        let mut same = entries.iter().filter(|entry| entry.key == name);
        return same.next().map(|entry| entry.key_span);
    }
    if keys.is_empty() {
        // Backwards, so that of two the first one stays.
        let known = entries.iter().rev();
        keys.extend(known.map(|entry| (entry.key.clone(), entry.key_span)));
    }
    match keys.entry(name.to_owned()) {
        hash_map::Entry::Occupied(seen) => Some(*seen.get()),
        hash_map::Entry::Vacant(free) => {
            free.insert(span);
            None
        }
    }
}

fn convert(span: &granit_parser::Span) -> Span {
    Span {
        start: position(span.start),
        end: position(span.end),
    }
}

fn position(marker: Marker) -> Position {
    let clamp = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    Position {
        line: clamp(marker.line().max(1)),
        column: clamp(marker.col() + 1),
    }
}
