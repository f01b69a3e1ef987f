//! What must hold inside an agent system.

use super::{agent, described, endpoint, link};

fn system(graph: &str, task: &str) -> Vec<String> {
    let agents: String = ["a", "b", "c"]
        .iter()
        .map(|name| agent(name, "main"))
        .collect();
    let text = format!(
        "kind: AgentSystem\nmetadata: {{name: s}}\nspec:\n  agents: [a, b, c]\n  graph:\n{graph}{}{agents}{task}",
        endpoint("main")
    );
    described(&link(&text).2)
}

const TASK: &str = "---\nkind: Task\nmetadata: {name: t}\nspec: {system: s}\n";

#[test]
fn graph_may_only_name_listed_agents() {
    let found = system("    a: {edges: [b, x]}\n    y/z: {edges: [c]}\n", "");
    assert_eq!(
        found,
        [
            "repo.yaml:6:20 E-GRAPH-SYSTEM graph edge `a` -> `x` leads to no agent of spec.agents ()",
            "repo.yaml:7:5 E-GRAPH-SYSTEM graph node `y/z` is not listed in spec.agents ()",
        ]
    );
}

#[test]
fn circle_of_hand_overs_needs_a_bound_on_the_task() {
    let circle = "    a: {next: b}\n    b: {edges: [c]}\n    c: {edges: [b]}\n";
    assert_eq!(system(circle, ""), Vec::<String>::new());
    let found = system(circle, TASK);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains(
            "E-GRAPH-CYCLE the hand-overs of AgentSystem default/s run in a circle: b -> c -> b"
        ),
        "{found:?}"
    );
    assert!(
        found[0].contains("set `spec.max_turns` above 0 in Task default/t (repo.yaml:"),
        "{found:?}"
    );
    assert_eq!(
        system(
            circle,
            &TASK.replace("system: s", "system: s, max_turns: 3")
        ),
        Vec::<String>::new()
    );
}

#[test]
fn hand_over_to_itself_is_a_circle_and_a_diamond_is_none() {
    assert_eq!(system("    a: {edges: [a]}\n", TASK).len(), 1);
    assert_eq!(
        system("    a: {edges: [b, c]}\n    b: {edges: [c]}\n", TASK),
        Vec::<String>::new()
    );
}

#[test]
fn system_without_an_entrypoint_is_a_circle_whatever_the_graph() {
    // Where every agent is handed over to, following the hand-overs backwards never ends.
    for graph in [
        "    a: {next: b}\n    b: {next: c}\n    c: {next: a}\n",
        "    a: {edges: [b, c]}\n    b: {next: a}\n    c: {next: c}\n",
    ] {
        let found = system(graph, TASK);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("E-GRAPH-CYCLE"), "{found:?}");
    }
}

#[test]
fn task_that_names_the_system_with_its_namespace_needs_a_bound_too() {
    let circle = "    a: {edges: [b]}\n    b: {edges: [a]}\n";
    for task in [
        TASK.replace("system: s", "system: default/s"),
        TASK.replace("name: t", "name: t, namespace: team")
            .replace("system: s", "system: default/s"),
    ] {
        let found = system(circle, &task);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].contains("E-GRAPH-CYCLE"), "{found:?}");
        let bounded = task.replace("/s}", "/s, max_turns: 3}");
        assert_eq!(system(circle, &bounded), Vec::<String>::new());
    }
}
