//! The edges of the kinds that are validated and not served.

use super::{agent, described, endpoint, id, link};
use crate::model::{Kind, Severity};

/// Findings other than the note that some kinds are not served.
#[track_caller]
fn problems(text: &str) -> Vec<String> {
    let found = described(&link(text).2).into_iter();
    found
        .filter(|line| !line.contains("W-KIND-UNSERVED"))
        .collect()
}

fn resource(kind: &str, name: &str, spec: &str) -> String {
    format!("---\nkind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

#[test]
fn agent_is_linked_to_its_tools_roles_and_memory() {
    let text = endpoint("main")
        + &resource("Tool", "search", "{}")
        + &resource("Tool", "shell", "{}")
        + &resource("AgentRole", "analyst", "{}")
        + &resource("Memory", "notes", "{}")
        + &resource(
            "Agent",
            "a",
            "{model_ref: main, tools: [search, memory.read], allowed_tools: [shell], roles: [default/analyst], memory: {ref: notes}}",
        );
    let (_, graph, findings) = link(&text);
    let owner = id(Kind::Agent, "a");
    let dependencies: Vec<_> = graph
        .dependencies(&owner)
        .into_iter()
        .map(|(pointer, to)| format!("{pointer} {} {}", to.kind, to.name))
        .collect();
    assert_eq!(
        dependencies,
        [
            "/spec/model_ref ModelEndpoint main",
            "/spec/tools/0 Tool search",
            "/spec/allowed_tools/0 Tool shell",
            "/spec/memory/ref Memory notes",
            "/spec/roles/0 AgentRole analyst",
        ]
    );
    assert!(!findings.has_errors());
}

#[test]
fn missing_tools_roles_and_memories_are_errors_at_their_entry() {
    let text = endpoint("main")
        + &resource("Tool", "web_search", "{}")
        + &resource(
            "Agent",
            "a",
            "{model_ref: main, tools: [web_serach], roles: [r], memory: {ref: m}}",
        );
    assert_eq!(
        problems(&text),
        [
            "repo.yaml:12:33 E-REF-MISSING Tool `web_serach` does not exist in namespace default (did you mean `web_search` (repo.yaml)?)",
            "repo.yaml:12:54 E-REF-MISSING AgentRole `r` does not exist in namespace default (there is no AgentRole in namespace default; add one)",
            "repo.yaml:12:72 E-REF-MISSING Memory `m` does not exist in namespace default (there is no Memory in namespace default; add one)",
        ]
    );
}

#[test]
fn tool_that_a_server_generates_needs_no_manifest() {
    let tools = |server: &str| {
        endpoint("main")
            + &resource("McpServer", server, "{transport: stdio, command: npx}")
            + &resource(
                "Agent",
                "a",
                "{model_ref: main, tools: [every--thing--echo]}",
            )
            + &resource("ToolPermission", "p", "{tool_ref: every--thing--echo}")
    };
    for server in ["every", "every--thing"] {
        assert_eq!(problems(&tools(server)), Vec::<String>::new());
        let (_, graph, _) = link(&tools(server));
        let server = id(Kind::McpServer, server);
        assert_eq!(graph.dependents(&server).len(), 2);
        assert!(graph.blast_radius(&server).contains(&id(Kind::Agent, "a")));
    }
    assert_eq!(problems(&tools("other")).len(), 2);
}

#[test]
fn every_other_edge_of_the_format_is_drawn() {
    let text = endpoint("main")
        + &agent("a", "main")
        + &resource(
            "McpServer",
            "mcp",
            "{transport: http, endpoint: 'https://a.example', env: [{name: A, secretRef: none-1}], auth: {secretRef: none-2}}",
        )
        + &resource(
            "Tool",
            "t",
            "{type: mcp, mcp_server_ref: mcp, mcp_tool_name: n, auth: {secretRef: none-3}}",
        )
        + &resource(
            "Memory",
            "m",
            "{embedding_model: main, auth: {secretRef: none-4}}",
        )
        + &resource(
            "ToolPermission",
            "t",
            "{apply_mode: scoped, target_agents: [a]}",
        )
        + &resource("AgentSystem", "s", "{agents: [a]}")
        + &resource("Task", "tt", "{system: s, mode: template}")
        + &resource(
            "TaskSchedule",
            "ts",
            "{task_ref: tt, schedule: '0 9 * * 1'}",
        )
        + &resource(
            "TaskWebhook",
            "tw",
            "{task_ref: default/tt, auth: {secret_ref: none-5}}",
        )
        + &resource("ToolApproval", "ta", "{task_ref: tt, tool: t, agent: a}");
    let (_, graph, findings) = link(&text);
    assert!(!findings.has_errors(), "{:?}", described(&findings));
    let secrets: Vec<_> = findings
        .iter()
        .filter(|finding| finding.code.as_str() == "W-REF-SECRET")
        .collect();
    assert_eq!(secrets.len(), 5, "{:?}", described(&findings));
    for (from, name, to, target) in [
        (Kind::Tool, "t", Kind::McpServer, "mcp"),
        (Kind::Memory, "m", Kind::ModelEndpoint, "main"),
        (Kind::ToolPermission, "t", Kind::Tool, "t"),
        (Kind::ToolPermission, "t", Kind::Agent, "a"),
        (Kind::TaskSchedule, "ts", Kind::Task, "tt"),
        (Kind::TaskWebhook, "tw", Kind::Task, "tt"),
        (Kind::ToolApproval, "ta", Kind::Task, "tt"),
        (Kind::ToolApproval, "ta", Kind::Tool, "t"),
        (Kind::ToolApproval, "ta", Kind::Agent, "a"),
    ] {
        let from = id(from, name);
        let to = id(to, target);
        assert!(
            graph
                .dependencies(&from)
                .iter()
                .any(|(_, other)| **other == to),
            "{from} -> {to}"
        );
    }
}

#[test]
fn embedding_model_that_is_no_endpoint_is_a_warning() {
    let found = problems(&resource(
        "Memory",
        "m",
        "{embedding_model: text-embedding-3-large}",
    ));
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("W-REF-EMBEDDING"), "{found:?}");
}

#[test]
fn schedule_of_a_task_that_runs_itself_is_refused() {
    let text = endpoint("main")
        + &agent("a", "main")
        + &resource("AgentSystem", "s", "{agents: [a]}")
        + &resource("Task", "t", "{system: s}")
        + &resource("TaskSchedule", "ts", "{task_ref: t, schedule: '0 9 * * 1'}");
    assert_eq!(
        problems(&text),
        [
            "repo.yaml:21:18 E-REF-TEMPLATE Task default/t runs itself; a template is needed here (write `mode: template` at repo.yaml:15)"
        ]
    );
}

#[test]
fn kinds_that_are_not_served_are_noted_once() {
    let text =
        resource("Worker", "w", "{}") + &resource("Tool", "a", "{}") + &resource("Tool", "b", "{}");
    let (_, _, findings) = link(&text);
    assert_eq!(
        described(&findings),
        [
            "repo.yaml:6:7 W-KIND-UNSERVED 2 kinds are validated and not served by this version: Tool, Worker ()"
        ]
    );
    assert!(findings.iter().all(|one| one.severity == Severity::Note));
    let (_, _, none) = link(&endpoint("main"));
    assert!(none.is_empty());
}

#[test]
fn system_without_agents_is_refused() {
    let found = problems(&resource("AgentSystem", "s", "{agents: []}"));
    assert_eq!(
        found,
        [
            "repo.yaml:4:16 E-GRAPH-SYSTEM AgentSystem default/s has no spec.agents (name the agents that it runs)"
        ]
    );
}

#[test]
fn secret_that_nothing_refers_to_is_a_warning() {
    // Without values, which is another warning.
    let secret = |name: &str| resource("Secret", name, "{}");
    let text =
        secret("used") + &secret("unused") + &resource("Tool", "t", "{auth: {secretRef: used}}");
    let files = [std::sync::Arc::new(crate::manifest::parse_file(
        &"repo.yaml".into(),
        text.as_bytes(),
    ))];
    let (catalog, _) =
        crate::manifest::assemble(&files, crate::manifest::AssembleOptions::default());
    let (_, findings) = super::DependencyGraph::build(&catalog);
    let unused: Vec<_> = described(&findings)
        .into_iter()
        .filter(|line| line.contains("W-SECRET-UNUSED"))
        .collect();
    assert_eq!(
        unused,
        [
            "repo.yaml:7:18 W-SECRET-UNUSED nothing refers to Secret default/unused (name it where it is needed (`auth.secretRef`), or remove it)"
        ]
    );
}
