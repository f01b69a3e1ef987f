//! Where every scalar of a document stands, and every comment.

use crate::manifest::{
    node::{Data, Entry, Node},
    written::{
        lines::Lines,
        places::{Place, is_flow},
    },
};
use std::ops::Range;

/// The field that SOPS adds to a document.
pub(super) const FIELD: &str = "sops";

/// A scalar of a document.
pub(super) struct Leaf<'n> {
    /// The keys that lead to it; places in lists do not count.
    pub(super) path: Vec<&'n str>,
    pub(super) text: &'n str,
    /// Whether it stands without quotes, so that it may be another thing than text.
    pub(super) is_plain: bool,
    pub(super) place: Place,
    pub(super) line: u32,
    /// Where its dash stands, if it is an item of a list with a line for each.
    pub(super) dash: Option<usize>,
}

/// Where a field of a mapping or an item of a list begins.
pub(super) struct Spot<'n> {
    pub(super) at: usize,
    pub(super) column: u32,
    /// The keys that lead to the mapping or list.
    pub(super) path: Vec<&'n str>,
    /// Whether it is an item with a dash.
    pub(super) is_item: bool,
}

/// What a document holds beside SOPS' own field, in the order of the text.
pub(super) struct Layout<'n, 'l, 't> {
    lines: &'l Lines<'t>,
    pub(super) leaves: Vec<Leaf<'n>>,
    pub(super) spots: Vec<Spot<'n>>,
    /// Keys and scalars, where no comment begins.
    pub(super) taken: Vec<Range<usize>>,
    /// Where the last field ends.
    pub(super) end: usize,
    path: Vec<&'n str>,
    /// The dash of the item that is looked at next.
    dash: Option<usize>,
}

impl<'n, 'l, 't> Layout<'n, 'l, 't> {
    /// Looks at a document. SOPS' field is taken as one piece.
    pub(super) fn of(document: &'n Node<'_>, lines: &'l Lines<'t>) -> Self {
        let mut layout = Self {
            lines,
            leaves: Vec::new(),
            spots: Vec::new(),
            taken: Vec::new(),
            end: lines.offset(document.span.start),
            path: Vec::new(),
            dash: None,
        };
        let in_flow = is_flow(document, lines);
        for entry in document.entries().unwrap_or_default() {
            if entry.key != FIELD {
                layout.end = layout.entry(entry, in_flow);
                continue;
            }
            let inner = Layout::of(&entry.value, lines);
            let start = lines.offset(entry.key_span.start);
            layout.taken.push(start..inner.whole(&entry.value));
        }
        layout
    }

    /// Where `node` ends, whose entries were looked at.
    fn whole(&self, node: &'n Node<'_>) -> usize {
        if is_flow(node, self.lines) {
            self.lines.offset(node.span.end)
        } else {
            self.end
        }
    }

    fn entry(&mut self, entry: &'n Entry<'_>, in_flow: bool) -> usize {
        let (start, end) = (entry.key_span.start, entry.key_span.end);
        let key = self.lines.offset(start)..self.lines.offset(end);
        self.spot(key.start, start.column, false);
        self.taken.push(key.clone());
        self.path.push(&entry.key);
        let end = self.node(&entry.value, key.end, start.column, in_flow);
        self.path.pop();
        end
    }

    /// Looks at what stands behind a key, or a dash, in `column`; returns where it ends.
    fn node(&mut self, node: &'n Node<'_>, behind: usize, column: u32, in_flow: bool) -> usize {
        let lines = self.lines;
        let dash = self.dash.take();
        let start = lines.offset(node.span.start);
        let mut end = start;
        let opens = lines.slice(start..start + 1);
        match &node.data {
            Data::Scalar { text, .. } => {
                if node.is_null() && text.is_empty() {
                    return behind;
                }
                let place = Place::behind(behind, column, node, in_flow, lines);
                return self.leaf(node.span.start.line, text, place, dash);
            }
            Data::List(items) => {
                let in_flow = in_flow || opens == "[";
                let column = node.span.start.column;
                for item in items {
                    let at = if in_flow {
                        lines.offset(item.span.start)
                    } else {
                        next_dash(end, lines)
                    };
                    self.spot(at, column, !in_flow);
                    self.dash = (!in_flow).then_some(at);
                    end = self.node(item, end, column, in_flow).max(at + 1);
                }
                if !in_flow {
                    return end;
                }
            }
            Data::Mapping(entries) => {
                let in_flow = in_flow || opens == "{";
                for entry in entries {
                    end = self.entry(entry, in_flow);
                }
                if !in_flow {
                    return end;
                }
            }
        }
        lines.offset(node.span.end)
    }

    fn leaf(&mut self, line: u32, text: &'n str, place: Place, dash: Option<usize>) -> usize {
        let end = place.tail.end.max(place.head.end);
        let end = if place.tail.is_empty() {
            place.head.end
        } else {
            end
        };
        let first = self.lines.slice(place.head.start..place.head.start + 1);
        self.taken.push(place.head.clone());
        if !place.tail.is_empty() {
            self.taken.push(place.tail.clone());
        }
        self.leaves.push(Leaf {
            path: self.path.clone(),
            text,
            is_plain: !matches!(first, "\"" | "'" | "|" | ">"),
            place,
            line,
            dash,
        });
        end
    }

    fn spot(&mut self, at: usize, column: u32, is_item: bool) {
        self.spots.push(Spot {
            at,
            column,
            path: self.path.clone(),
            is_item,
        });
    }
}

/// The first dash behind `from` that stands in no comment.
fn next_dash(from: usize, lines: &Lines<'_>) -> usize {
    let mut in_comment = false;
    for (offset, letter) in lines.slice(from..lines.len()).char_indices() {
        match letter {
            '\n' | '\r' => in_comment = false,
            '#' => in_comment = true,
            '-' if !in_comment => return from + offset,
            _ => {}
        }
    }
    from
}
