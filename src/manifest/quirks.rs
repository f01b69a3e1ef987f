//! Spellings that upstream's reader accepts beside the documented ones.

use super::{
    kinds::Form,
    node::{Data, Entry, Node, Scalar},
};
use crate::model::Kind;

/// A mapping's path, the accepted spelling of one of its keys, and the documented one.
pub(super) type Spelling = (&'static [&'static str], &'static str, &'static str);

const ENDPOINT_SPELLINGS: &[Spelling] = &[
    (&["spec"], "baseURL", "base_url"),
    (&["spec"], "defaultModel", "default_model"),
    (&["spec", "auth"], "secret_ref", "secretRef"),
];
const AGENT_SPELLINGS: &[Spelling] = &[
    (&["spec"], "modelRef", "model_ref"),
    (
        &["spec", "execution"],
        "duplicateToolCallPolicy",
        "duplicate_tool_call_policy",
    ),
    (
        &["spec", "execution"],
        "onContractViolation",
        "on_contract_violation",
    ),
    (
        &["spec", "execution"],
        "toolUseBehavior",
        "tool_use_behavior",
    ),
];
const AUTH_SPELLINGS: &[Spelling] = &[(&["spec", "auth"], "secret_ref", "secretRef")];
const SECRET_SPELLINGS: &[Spelling] = &[(&["spec"], "string_data", "stringData")];

/// The accepted spellings of a form's fields.
pub(super) fn spellings(form: Form) -> &'static [Spelling] {
    match form {
        Form::Native(Kind::ModelEndpoint) => ENDPOINT_SPELLINGS,
        Form::Native(Kind::Agent) => AGENT_SPELLINGS,
        Form::Native(Kind::Secret) => SECRET_SPELLINGS,
        Form::Native(Kind::Tool | Kind::Memory | Kind::McpServer) => AUTH_SPELLINGS,
        _ => &[],
    }
}

/// Rewrites accepted spellings to the documented ones.
pub(super) fn rewrite(form: Form, document: &mut Node) {
    for (path, accepted, documented) in spellings(form) {
        if let Some(Node {
            data: Data::Mapping(entries),
            ..
        }) = document.at_mut(path)
            && !entries.iter().any(|entry| entry.key == *documented)
            && let Some(entry) = entries.iter_mut().find(|entry| entry.key == *accepted)
        {
            entry.key = (*documented).into();
        }
    }
    if form == Form::Native(Kind::AgentSystem) {
        rewrite_edges(document);
    }
}

/// `- b` and `- next: b` are edges like `- to: b`.
fn rewrite_edges(document: &mut Node) {
    let Some(Node {
        data: Data::Mapping(graph),
        ..
    }) = document.at_mut(&["spec", "graph"])
    else {
        return;
    };
    for node in graph {
        let Some(Node {
            data: Data::List(edges),
            ..
        }) = node.value.at_mut(&["edges"])
        else {
            continue;
        };
        for edge in edges {
            match &mut edge.data {
                Data::Scalar { scalar, .. } if *scalar != Scalar::Null => {
                    let entry = Entry {
                        key: "to".into(),
                        key_span: edge.span,
                        value: edge.clone(),
                    };
                    edge.data = Data::Mapping(vec![entry]);
                }
                Data::Mapping(entries) if !entries.iter().any(|entry| entry.key == "to") => {
                    if let Some(entry) = entries.iter_mut().find(|entry| entry.key == "next") {
                        entry.key = "to".into();
                    }
                }
                _ => {}
            }
        }
    }
}
