//! `moved:` documents: which resources are called otherwise now.

use super::{node::Node, suggest::did_you_mean};
use crate::model::{Code, Finding, MoveEntry, MovePlace, Origin, Span, code};
use std::sync::Arc;

/// The fields of an entry.
const FIELDS: [&str; 2] = ["from", "to"];

/// Whether a document is one, and no manifest.
pub(super) fn is_moved(document: &Node) -> bool {
    document.entry("moved").is_some() && document.entry("kind").is_none()
}

/// Reads the entries of such a document; those with an error are left out.
pub(super) fn read_moved(
    file: &Arc<str>,
    document: &Node,
    findings: &mut Vec<Finding>,
) -> Vec<MoveEntry> {
    let mut reader = Reader { file, findings };
    let mut entries = Vec::new();
    for field in document.entries().into_iter().flatten() {
        if field.key == "moved" {
            entries.extend(reader.list(&field.value));
        } else {
            let message = format!("`{}` stands beside `moved`", field.key);
            let hint = "put what moved into a document of its own";
            reader.tell(code::FIELD_UNKNOWN, field.key_span, &message, hint);
        }
    }
    entries
}

struct Reader<'a> {
    file: &'a Arc<str>,
    findings: &'a mut Vec<Finding>,
}

impl Reader<'_> {
    /// A list of entries, or just one.
    fn list(&mut self, node: &Node) -> Vec<MoveEntry> {
        if let super::node::Data::List(items) = &node.data {
            return items.iter().filter_map(|item| self.entry(item)).collect();
        }
        if node.is_null() {
            return Vec::new();
        }
        self.entry(node).into_iter().collect()
    }

    fn entry(&mut self, node: &Node) -> Option<MoveEntry> {
        let Some(fields) = node.entries() else {
            let hint = "write `- {from: Agent/default/desk, to: Agent/default/helpdesk}`";
            let message = "an entry of `moved` must be a mapping with `from` and `to`";
            self.tell(code::FIELD_TYPE, node.span, message, hint);
            return None;
        };
        for field in fields {
            if !FIELDS.contains(&&*field.key) {
                let message = format!("`{}` is not a field of an entry of `moved`", field.key);
                let hint = did_you_mean(&field.key, FIELDS)
                    .map_or("the fields are `from` and `to`".to_owned(), |near| {
                        format!("did you mean `{near}`?")
                    });
                self.tell(code::FIELD_UNKNOWN, field.key_span, &message, &hint);
            }
        }
        let (from, to) = (self.place(node, "from"), self.place(node, "to"));
        let (from, to) = (from?, to?);
        let is_same_sort = matches!(
            (&from, &to),
            (MovePlace::Object(_), MovePlace::Object(_))
                | (MovePlace::Directory(_), MovePlace::Directory(_))
        );
        if !is_same_sort {
            let message = format!("`{from}` and `{to}` are not of one sort");
            let hint = "name a resource on both sides (`KIND/NAMESPACE/NAME`), or a directory on both (`teams/eu/`)";
            self.tell(code::FIELD_FORMAT, node.span, &message, hint);
            return None;
        }
        Some(MoveEntry {
            from,
            to,
            origin: self.at(node.span),
        })
    }

    fn place(&mut self, node: &Node, key: &str) -> Option<MovePlace> {
        let Some(entry) = node.entry(key) else {
            let message = format!("an entry of `moved` needs `{key}`");
            self.tell(code::FIELD_REQUIRED, node.span, &message, FORMS);
            return None;
        };
        let text = entry.value.as_text().unwrap_or_default().trim();
        let place = MovePlace::parse(text);
        if place.is_none() {
            let message = format!("`moved` `{key}` names no resource and no directory: `{text}`");
            self.tell(code::FIELD_FORMAT, entry.value.span, &message, FORMS);
        }
        place
    }

    fn tell(&mut self, code: Code, span: Span, message: &str, hint: &str) {
        let finding = Finding::new(code, self.at(span), message);
        self.findings.push(finding.with_hint(hint));
    }

    fn at(&self, span: Span) -> Origin {
        Origin {
            file: self.file.clone(),
            span,
        }
    }
}

const FORMS: &str =
    "write `KIND/NAMESPACE/NAME`, as in `Agent/default/desk`, or a directory with `/` at its end";
