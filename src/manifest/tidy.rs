//! Leaves out of a document's lists what normalising leaves out of the resource's, so that the second item of
//! the one is the second of the other, and a finding about it stands where it was written.
//!
//! Done after the schema has been checked: what is left out was good, and says nothing.

use super::{
    kinds::Form,
    node::{Data, Entry, Node, Scalar},
};
use crate::model::Kind;
use std::{borrow::Cow, collections::BTreeSet};

/// How the items of a list are told apart; as the specs of `model` normalise them.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Same {
    /// Letter case does not count, and empty ones are dropped.
    Name,
    /// Letter case counts, and empty ones are dropped.
    Text,
    /// Letter case does not count, nor does `memory.` in front; empty ones are kept for a rule to refuse.
    Operation,
}

type List = (&'static [&'static str], Same);

fn lists(kind: Kind) -> &'static [List] {
    match kind {
        Kind::Agent => &[
            (&["fallback_model_refs"], Same::Name),
            (&["allowed_tools"], Same::Name),
            (&["roles"], Same::Name),
            (&["memory", "allow"], Same::Operation),
            (&["execution", "tool_sequence"], Same::Name),
            (&["execution", "required_output_markers"], Same::Text),
        ],
        Kind::AgentPolicy => &[
            (&["allowed_models"], Same::Name),
            (&["blocked_tools"], Same::Name),
            (&["target_systems"], Same::Name),
            (&["target_tasks"], Same::Name),
        ],
        Kind::AgentRole => &[(&["permissions"], Same::Name)],
        Kind::McpServer => &[
            (&["auth", "scopes"], Same::Name),
            (&["tool_filter", "include"], Same::Name),
        ],
        Kind::ModelEndpoint => &[(&["models"], Same::Name)],
        Kind::Secret => &[(&["allowed_hosts"], Same::Name)],
        Kind::Tool => &[
            (&["capabilities"], Same::Name),
            (&["operation_classes"], Same::Text),
            (&["auth", "scopes"], Same::Name),
        ],
        Kind::ToolPermission => &[
            (&["required_permissions"], Same::Name),
            (&["target_agents"], Same::Name),
        ],
        Kind::Worker => &[(&["capabilities", "supported_models"], Same::Name)],
        _ => &[],
    }
}

/// Whether anything was left out or moved.
pub(super) fn tidy(form: Form, document: &mut Node) -> bool {
    let Some(spec) = document.at_mut(&["spec"]) else {
        return false;
    };
    let mut changed = false;
    for (path, same) in lists(form.kind()) {
        if let Some(Node {
            data: Data::List(items),
            ..
        }) = spec.at_mut(path)
        {
            changed |= keep_first(items, *same, text);
        }
    }
    if form.kind() == Kind::AgentSystem
        && let Some(Node {
            data: Data::Mapping(graph),
            ..
        }) = spec.at_mut(&["graph"])
    {
        for node in graph {
            changed |= tidy_edges(&mut node.value);
        }
    }
    changed
}

/// `next` is the first edge.
fn tidy_edges(node: &mut Node) -> bool {
    let Data::Mapping(entries) = &mut node.data else {
        return false;
    };
    let mut changed = false;
    if let Some(at) = entries.iter().position(|entry| entry.key == "next") {
        let next = entries.remove(at);
        let edges = entries.iter().position(|entry| entry.key == "edges");
        let edges = edges.unwrap_or_else(|| {
            entries.push(Entry {
                key: "edges".into(),
                key_span: next.key_span,
                value: Node {
                    data: Data::List(Vec::new()),
                    span: next.value.span,
                },
            });
            entries.len() - 1
        });
        if let Data::List(edges) = &mut entries[edges].value.data {
            edges.insert(0, edge_of(next));
        }
        changed = true;
    }
    let edges = entries.iter_mut().find(|entry| entry.key == "edges");
    if let Some(Data::List(edges)) = edges.map(|edges| &mut edges.value.data) {
        changed |= keep_first(edges, Same::Name, receiver);
    }
    changed
}

/// What an item is told apart by; nothing for what normalising leaves alone.
type Tell = for<'n, 't> fn(&'n Node<'t>) -> Option<&'n str>;

/// What an edge leads to.
fn receiver<'n>(edge: &'n Node<'_>) -> Option<&'n str> {
    text(&edge.entry("to")?.value)
}

fn edge_of(next: Entry<'_>) -> Node<'_> {
    let span = next.value.span;
    let to = Entry {
        key: "to".into(),
        ..next
    };
    Node {
        data: Data::Mapping(vec![to]),
        span,
    }
}

/// Lists of so many items are compared one with another, which is quicker than to sort them.
const FEW: usize = 16;

/// Keeps the first of those that are the same; whether that left anything out.
fn keep_first(items: &mut Vec<Node<'_>>, same: Same, of: Tell) -> bool {
    if is_tidy(items, same, of) {
        return false;
    }
    let before = items.len();
    let mut seen = BTreeSet::new();
    items.retain(|item| match of(item) {
        None => true,
        Some(text) if text.trim().is_empty() && same != Same::Operation => false,
        Some(text) => seen.insert(key(text, same).into_owned()),
    });
    items.len() < before
}

/// Whether nothing has to be left out, as far as that is cheaply seen.
fn is_tidy(items: &[Node<'_>], same: Same, of: Tell) -> bool {
    let texts = || items.iter().filter_map(of);
    items.len() <= FEW
        && texts().enumerate().all(|(at, text)| {
            let name = key(text, same);
            !name.is_empty() && !texts().take(at).any(|other| key(other, same) == name)
        })
}

/// What two items that are the same have in common.
fn key(text: &str, same: Same) -> Cow<'_, str> {
    let text = text.trim();
    if same == Same::Text {
        return text.into();
    }
    let name = if text.contains(|c: char| c.is_uppercase()) {
        Cow::Owned(text.to_lowercase())
    } else {
        Cow::Borrowed(text)
    };
    match same {
        Same::Operation => match name.strip_prefix("memory.") {
            Some(operation) => operation.to_owned().into(),
            None => name,
        },
        _ => name,
    }
}

fn text<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    match &node.data {
        Data::Scalar {
            text,
            scalar: Scalar::Text,
        } => Some(text),
        _ => None,
    }
}
