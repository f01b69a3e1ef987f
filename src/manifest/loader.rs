//! YAML events to nodes, with limits and every problem that does not end the file.

use super::{
    keys::Keys,
    limits::{MAX_DEPTH, MAX_FINDINGS, MAX_NODES},
    node::{Data, Entry, Node, Scalar, resolve_plain},
    split::{Split, documents},
    unclosed::open_on_last_line,
};
use crate::model::{Code, Finding, Origin, Position, Span, code};
use granit_parser::{ErrorKind, Event, Marker, Parser, ScalarStyle, StrInput, StructureStyle, Tag};
use std::{borrow::Cow, sync::Arc};

/// The documents of a file, as far as they could be read, and what was wrong.
pub(super) struct Loaded<'t> {
    pub(super) documents: Vec<Node<'t>>,
    /// Numbers of the documents that were mended on the way: reported, not used.
    pub(super) mended: Vec<usize>,
    /// The texts of documents that could not be read at all.
    pub(super) lost: Vec<&'t str>,
    pub(super) findings: Vec<Finding>,
    /// How many keys, values, lists and mappings were read.
    pub(super) values: usize,
}

/// Reads every document of `text`; those before and behind one with a syntax error too.
pub(super) fn load<'t>(file: &Arc<str>, text: &'t str) -> Loaded<'t> {
    let mut loader = Loader::new(file.clone());
    let mut lost = Vec::new();
    let mut rest = Some(text);
    while let Some(text) = rest.take() {
        let Some(failure) = loader.read(text) else {
            break;
        };
        let split = Split::around(text, failure.line.saturating_sub(loader.lines_before));
        if failure.goes_on && loader.findings.len() <= MAX_FINDINGS {
            lost.push(split.document);
            rest = split.behind;
            loader.skip(split.lines);
        } else {
            lost.extend(documents(split.document, split.behind));
        }
    }
    Loaded {
        documents: loader.documents,
        mended: loader.mended,
        lost,
        findings: loader.findings,
        values: loader.nodes,
    }
}

/// Unknown aliases are reported like known ones instead of ending the file.
fn parser(text: &str) -> Parser<'_, StrInput<'_>> {
    let options = granit_parser::options! { emit_unresolved_aliases: true };
    Parser::new_from_str_with_options(text, options)
}

/// A collection that is still open.
enum Open<'t> {
    List {
        items: Vec<Node<'t>>,
        start: Position,
    },
    Mapping {
        entries: Vec<Entry<'t>>,
        key: Option<(Cow<'t, str>, Span)>,
        /// Where each key stands first; empty as long as there are few.
        keys: Keys<'t>,
        start: Position,
    },
}

struct Loader<'t> {
    file: Arc<str>,
    open: Vec<Open<'t>>,
    documents: Vec<Node<'t>>,
    mended: Vec<usize>,
    findings: Vec<Finding>,
    /// Findings of documents that are finished.
    settled: usize,
    nodes: usize,
    /// Lines in front of the text that is being read.
    lines_before: u32,
}

/// What ended the reading of a text.
struct Failure {
    line: u32,
    /// Whether the documents behind can be read: not if a limit was met.
    goes_on: bool,
}

impl<'t> Loader<'t> {
    fn new(file: Arc<str>) -> Self {
        Self {
            file,
            open: Vec::new(),
            documents: Vec::new(),
            mended: Vec::new(),
            findings: Vec::new(),
            settled: 0,
            nodes: 0,
            lines_before: 0,
        }
    }

    /// Reads documents until the end or what is no YAML.
    fn read(&mut self, text: &'t str) -> Option<Failure> {
        for event in parser(text) {
            let failed = match event {
                Ok((event, span)) => {
                    let mut place = self.convert(&span);
                    if matches!(event, Event::SequenceStart(StructureStyle::Block, ..)) {
                        place.start = self.first_dash(text, &span, place.start);
                    }
                    self.take(event, place).err().map(|limit| (limit, false))
                }
                Err(error) => {
                    let at = self.position(*error.marker());
                    let span = Span { start: at, end: at };
                    let read = error.marker().byte_offset().and_then(|at| text.get(..at));
                    let deep = matches!(error.kind(), ErrorKind::RecursionLimitExceeded)
                        || open_on_last_line(read.unwrap_or(text)) > MAX_DEPTH;
                    let finding = if deep {
                        self.too_deep(span)
                    } else {
                        let message = format!("this is not YAML: {}", error.info());
                        self.finding(code::YAML_SYNTAX, span, message)
                    };
                    Some((Box::new(finding), !deep))
                }
            };
            if let Some((finding, goes_on)) = failed {
                let line = finding.origin.span.start.line;
                // Met again where the text behind was taken up at the same line.
                if self.findings.last() != Some(&*finding) {
                    self.findings.push(*finding);
                }
                return Some(Failure { line, goes_on });
            }
        }
        None
    }

    /// Goes on behind a document that could not be read.
    fn skip(&mut self, lines: u32) {
        self.open.clear();
        self.settled = self.findings.len();
        self.lines_before += lines;
    }

    /// The parser places a list that stands no deeper than its key behind its first dash.
    fn first_dash(&self, text: &str, span: &granit_parser::Span, start: Position) -> Position {
        let in_mapping = matches!(self.open.last(), Some(Open::Mapping { key: Some(_), .. }));
        let offset = span.start.byte_offset().filter(|_| in_mapping);
        let before = offset
            .and_then(|offset| text.get(..offset))
            .unwrap_or_default();
        let line = before.rsplit(['\n', '\r']).next().unwrap_or_default();
        let indent = line.chars().take_while(|letter| *letter == ' ').count();
        if line.trim_start_matches(' ').starts_with('-') {
            Position {
                column: clamp(indent + 1),
                ..start
            }
        } else {
            start
        }
    }

    fn convert(&self, span: &granit_parser::Span) -> Span {
        Span {
            start: self.position(span.start),
            end: self.position(span.end),
        }
    }

    fn position(&self, marker: Marker) -> Position {
        Position {
            line: self.lines_before + clamp(marker.line().max(1)),
            column: clamp(marker.col() + 1),
        }
    }

    /// Handles one event; an error ends the file.
    fn take(&mut self, event: Event<'t>, span: Span) -> Result<(), Box<Finding>> {
        match event {
            Event::Scalar(value, style, anchor, tag) => {
                self.refuse_extras(anchor, tag.as_deref(), span);
                let plain = style == ScalarStyle::Plain && tag.is_none();
                self.place_scalar(value, plain, span)
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
                    text: Cow::default(),
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
                let (entries, keys) = (Vec::new(), Keys::default());
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

    fn enter(&mut self, open: Open<'t>, span: Span) -> Result<(), Box<Finding>> {
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
    fn place(&mut self, node: Node<'t>) -> Result<(), Box<Finding>> {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            let message = format!("the file holds more than {MAX_NODES} values");
            let finding = self.finding(code::LIMIT_NODES, node.span, message);
            return Err(Box::new(finding));
        }
        match self.open.last_mut() {
            None => {
                if self.findings.len() > self.settled {
                    self.mended.push(self.documents.len());
                    self.settled = self.findings.len();
                }
                self.documents.push(node);
            }
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

    fn place_scalar(
        &mut self,
        text: Cow<'t, str>,
        plain: bool,
        span: Span,
    ) -> Result<(), Box<Finding>> {
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

    fn place_key(&mut self, node: Node<'t>) {
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
                Cow::default()
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
        let twice = keys.first_use(entries, name.clone(), span).map(|first| {
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

fn clamp(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}
