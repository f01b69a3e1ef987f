//! Places in lists whose empty entries and repeats normalising leaves out.

use super::{one, places};
use crate::model::Resource;
use serde_json::{Value, json};

/// The spec's list at a pointer, and for each of its items what stands at its place in the text.
fn placed(resource: &Resource, text: &str, pointer: &str) -> (Value, Vec<String>) {
    let value = resource.value();
    let list = value.pointer(pointer.trim_start_matches("/spec"));
    let list = list.cloned().unwrap_or_default();
    let lines: Vec<_> = text.lines().collect();
    let place = |index: usize| {
        let span = resource.origin_of(&format!("{pointer}/{index}")).span;
        let line: Vec<char> = lines[span.start.line as usize - 1].chars().collect();
        let (start, end) = (span.start.column as usize - 1, span.end.column as usize - 1);
        line[start..end].iter().collect()
    };
    let count = list.as_array().map_or(0, Vec::len);
    (list, (0..count).map(place).collect())
}

#[test]
fn items_behind_what_is_left_out_keep_their_places() {
    for (kind, needed, path) in [
        ("Agent", "model_ref: m", "fallback_model_refs"),
        ("Agent", "model_ref: m", "allowed_tools"),
        ("Agent", "model_ref: m", "roles"),
        ("Agent", "model_ref: m", "execution/tool_sequence"),
        ("Agent", "model_ref: m", "execution/required_output_markers"),
        ("AgentPolicy", "", "allowed_models"),
        ("AgentPolicy", "", "blocked_tools"),
        ("AgentPolicy", "", "target_systems"),
        ("AgentPolicy", "", "target_tasks"),
        ("AgentRole", "", "permissions"),
        ("McpServer", "transport: http, endpoint: e", "auth/scopes"),
        (
            "McpServer",
            "transport: http, endpoint: e",
            "tool_filter/include",
        ),
        ("ModelEndpoint", "default_model: m", "models"),
        ("Tool", "", "capabilities"),
        ("Tool", "", "auth/scopes"),
        ("ToolPermission", "", "required_permissions"),
        ("ToolPermission", "", "target_agents"),
        ("Worker", "", "capabilities/supported_models"),
    ] {
        let many = (0..30)
            .map(|number| format!("n{number}"))
            .collect::<Vec<_>>();
        for tail in [String::new(), format!(", {}", many.join(", "))] {
            let list = format!("['', a, '  ', a, ' b', c{tail}]");
            let list = match path.split_once('/') {
                Some((outer, inner)) => format!("{outer}: {{{inner}: {list}}}"),
                None => format!("{path}: {list}"),
            };
            let comma = if needed.is_empty() { "" } else { ", " };
            let text =
                format!("kind: {kind}\nmetadata: {{name: x}}\nspec: {{{needed}{comma}{list}}}\n");
            let (list, places) = placed(&one(&text), &text, &format!("/spec/{path}"));
            assert_eq!(
                list.as_array().unwrap()[..3],
                [json!("a"), json!("b"), json!("c")],
                "{path}"
            );
            assert_eq!(places[..3], ["a", "' b'", "c"], "{kind} {path}");
            assert_eq!(places.len(), if tail.is_empty() { 3 } else { 33 });
        }
    }
}

#[test]
fn letter_case_counts_for_markers_and_classes_and_not_for_names() {
    let text = "kind: Agent\nmetadata: {name: x}\nspec:\n  model_ref: m\n  roles: [a, A, Ä, ä, b]\n  execution: {required_output_markers: [a, A, a, b]}\n";
    let agent = one(text);
    let (roles, places) = placed(&agent, text, "/spec/roles");
    assert_eq!(roles, json!(["a", "Ä", "b"]));
    assert_eq!(places, ["a", "Ä", "b"]);
    let (markers, places) = placed(&agent, text, "/spec/execution/required_output_markers");
    assert_eq!(markers, json!(["a", "A", "b"]));
    assert_eq!(places, ["a", "A", "b"]);
    let text = "kind: Tool\nmetadata: {name: x}\nspec: {operation_classes: [read, READ, admin]}\n";
    let (classes, places) = placed(&one(text), text, "/spec/operation_classes");
    assert_eq!(classes, json!(["read", "admin"]));
    assert_eq!(places, ["read", "admin"]);
}

#[test]
fn finding_about_a_memory_operation_behind_a_repeat_is_at_its_own_place() {
    let text = "kind: Agent\nmetadata: {name: x}\nspec:\n  model_ref: m\n  memory: {ref: r, allow: [read, memory.read, nope, '']}\n";
    assert_eq!(places(text), ["5:47 E-FIELD-ENUM", "5:53 E-FIELD-ENUM"]);
}

#[test]
fn edges_behind_next_and_repeats_keep_their_places() {
    let text = "kind: AgentSystem\nmetadata: {name: x}\nspec:\n  agents: [a]\n  graph:\n    a:\n      edges: [{to: ' '}, {to: b}, {to: C}, {to: B, labels: {x: y}}, d]\n      next: c\n";
    let system = one(text);
    let edges = system.value()["graph"]["a"]["edges"].clone();
    assert_eq!(edges, json!([{"to": "c"}, {"to": "b"}, {"to": "d"}]));
    let place = |index: usize| {
        let pointer = format!("/spec/graph/a/edges/{index}/to");
        let start = system.origin_of(&pointer).span.start;
        (start.line, start.column)
    };
    assert_eq!([place(0), place(1), place(2)], [(8, 13), (7, 31), (7, 69)]);
    let only =
        "kind: AgentSystem\nmetadata: {name: x}\nspec:\n  agents: [a]\n  graph: {a: {next: b}}\n";
    let start = one(only).origin_of("/spec/graph/a/edges/0/to").span.start;
    assert_eq!((start.line, start.column), (5, 21));
}

#[test]
fn what_is_left_out_is_checked_all_the_same() {
    let text = "kind: AgentSystem\nmetadata: {name: x}\nspec:\n  agents: [a]\n  graph: {a: {next: b, edges: [{to: b, labels: 5}]}}\n";
    assert_eq!(places(text), ["5:48 E-FIELD-TYPE"]);
    let text = "kind: Agent\nmetadata: {name: x}\nspec: {model_ref: m, roles: [a, a, [b]]}\n";
    assert_eq!(places(text), ["3:36 E-FIELD-TYPE"]);
}
