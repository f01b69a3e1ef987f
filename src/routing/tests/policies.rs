//! Which policies hold for an agent, and what they refuse.

use super::{agent, alias, build, described, endpoint, facts, outcome, run, table, within};
use crate::{
    routing::{RoutingTable, check_policies},
    stopwatch::Stopwatch,
};

fn policy(name: &str, spec: &str) -> String {
    format!("---\nkind: AgentPolicy\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn system(name: &str, agents: &str) -> String {
    format!("---\nkind: AgentSystem\nmetadata: {{name: {name}}}\nspec: {{agents: [{agents}]}}\n")
}

fn task(name: &str, system: &str) -> String {
    format!("---\nkind: Task\nmetadata: {{name: {name}}}\nspec: {{system: {system}}}\n")
}

/// The policies that hold for an agent, by name.
fn holding(table: &RoutingTable, agent: &str) -> Vec<String> {
    let route = table
        .agents()
        .find(|route| route.id.qualified_name() == agent)
        .unwrap();
    table
        .policies_of(&route.id)
        .iter()
        .map(|policy| policy.id.qualified_name())
        .collect()
}

/// Two agents of the default namespace, one of another.
fn agents() -> String {
    let inside = endpoint("e", "") + &agent("a", "e") + &agent("b", "e");
    inside.clone() + &within("team", &(endpoint("e", "") + &agent("a", "e")))
}

#[test]
fn policy_without_mode_and_targets_holds_for_its_whole_namespace() {
    let table = table(&(agents() + &policy("p", "{allowed_models: [e-default]}")));
    assert_eq!(holding(&table, "a"), ["p"]);
    assert_eq!(holding(&table, "b"), ["p"]);
    assert_eq!(holding(&table, "team/a"), [""; 0]);
}

#[test]
fn global_policy_holds_for_every_agent_whatever_its_targets() {
    let table = table(
        &(agents()
            + &policy(
                "p",
                "{apply_mode: global, target_systems: [nowhere], max_tokens_per_run: 5}",
            )),
    );
    for agent in ["a", "b", "team/a"] {
        assert_eq!(holding(&table, agent), ["p"]);
    }
}

#[test]
fn targets_name_systems_and_tasks_in_any_case_and_namespace() {
    let base =
        agents() + &system("s", "b") + &within("team", &system("t", "a")) + &task("run", "s");
    for (spec, expected) in [
        ("{target_systems: [S]}", ["", "b", ""]),
        ("{apply_mode: scoped, target_systems: [s]}", ["", "b", ""]),
        ("{target_systems: [T]}", ["", "", "team/a"]),
        ("{target_tasks: [RUN]}", ["", "b", ""]),
        (
            "{target_tasks: [run], target_systems: [t]}",
            ["", "b", "team/a"],
        ),
    ] {
        let limited = spec.replace('}', ", max_tokens_per_run: 5}");
        let table = table(&(base.clone() + &policy("p", &limited)));
        for (agent, expected) in ["a", "b", "team/a"].into_iter().zip(expected) {
            assert_eq!(
                !holding(&table, agent).is_empty(),
                agent == expected,
                "{spec} {agent}"
            );
        }
    }
}

#[test]
fn policies_that_hold_for_nothing_are_warned_about() {
    let inert = |spec: &str| described(&build(&(agents() + &policy("p", spec))).1);
    let found = inert("{apply_mode: scoped}");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains(":20 W-POLICY-INERT AgentPolicy default/p is scoped and names no target"),
        "{found:?}"
    );
    assert!(found[0].contains("so it holds for nothing"), "{found:?}");
    let budget = "namespace_limits: [{per: day, requests: 1}]";
    for spec in ["apply_mode: scoped", "target_systems: [nowhere]"] {
        let found = inert(&format!("{{{spec}, {budget}}}"));
        assert!(
            found[0].contains("so nothing of it but its namespace_limits holds"),
            "{found:?}"
        );
    }
    let found = inert("{target_systems: [nowhere]}");
    assert!(
        found[0].contains(":24 W-POLICY-INERT none of the targets of AgentPolicy default/p exists"),
        "{found:?}"
    );
    let found = inert("{target_tasks: [nowhere]}");
    assert!(found[0].contains(":22 W-POLICY-INERT"), "{found:?}");
    assert_eq!(
        inert("{apply_mode: global, target_systems: [nowhere], max_tokens_per_run: 5}"),
        Vec::<String>::new()
    );
    for limit in [
        "max_tokens_per_run: 5",
        "allowed_models: [e-default]",
        "blocked_tools: [x]",
    ] {
        assert_eq!(inert(&format!("{{{limit}}}")), Vec::<String>::new());
    }
}

#[test]
fn policy_that_limits_nothing_is_warned_about() {
    for spec in [
        "{}",
        "{apply_mode: global}",
        "{max_tokens_per_run: 0, allowed_models: ['']}",
    ] {
        let found = described(&build(&(agents() + &policy("p", spec))).1);
        assert_eq!(found.len(), 1, "{spec} {found:?}");
        assert!(found[0].contains(":7 W-POLICY-INERT AgentPolicy default/p names no model, no tool and no budget, so it limits nothing"), "{found:?}");
    }
}

fn tool(name: &str) -> String {
    format!(
        "---\nkind: Tool\nmetadata: {{name: {name}}}\nspec: {{endpoint: 'https://t.example'}}\n"
    )
}

#[test]
fn agent_with_a_tool_that_a_policy_blocks_is_a_warning_with_both_places() {
    let agent =
        "---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: e, tools: [search, shell]}\n";
    let text = endpoint("e", "") + agent + &tool("shell") + &tool("search");
    let found =
        described(&build(&(text.clone() + &policy("p", "{blocked_tools: [other, Shell]}"))).1);
    let denied: Vec<_> = found
        .iter()
        .filter(|line| line.contains("W-POLICY-DENIES"))
        .collect();
    assert_eq!(denied.len(), 1, "{found:?}");
    assert!(denied[0].contains(":31 W-POLICY-DENIES AgentPolicy default/p denies Agent default/a: it blocks the tool `shell` (a run of the agent fails; take the tool off the agent (repo.yaml:10) or off the list)"), "{denied:?}");
    let allowed = described(&build(&(text + &policy("p", "{blocked_tools: [shell_]}"))).1);
    assert!(!allowed.join("").contains("W-POLICY-DENIES"), "{allowed:?}");
}

#[test]
fn blocked_tool_that_no_file_defines_is_named_where_files_define_tools() {
    let server = "---\nkind: McpServer\nmetadata: {name: srv}\nspec: {transport: http, endpoint: 'https://srv.example'}\n";
    let blocking = policy(
        "p",
        "{blocked_tools: [SHELL, srv--run, memory.write, shel, nowhere--x]}",
    );
    let found = described(&build(&(tool("shell") + server + &blocking)).1);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].ends_with("W-POLICY-TARGET AgentPolicy default/p blocks the tool `shel`, which no file defines (did you mean `shell`?)"), "{found:?}");
    assert!(
        found[1].contains("blocks the tool `nowhere--x`"),
        "{found:?}"
    );
    assert_eq!(described(&build(&blocking).1), Vec::<String>::new());
}

#[test]
fn fallback_that_a_policy_forbids_is_a_warning() {
    let text = endpoint("e", "")
        + &endpoint("f", "")
        + "---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: e, fallback_model_refs: [f]}\n"
        + &policy("p", "{allowed_models: [e-default]}");
    let found = described(&build(&text).1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("W-POLICY-DENIES AgentPolicy default/p denies Agent default/a a fallback: f-default (ModelEndpoint default/f) is not in allowed_models (it is passed over (repo.yaml:16)"), "{found:?}");
}

#[test]
fn thousands_of_targets_and_tools_that_do_not_exist_are_named_in_time() {
    let tasks: String = (0..10_000)
        .map(|number| task(&format!("task-{number:05}"), "s"))
        .collect();
    let unknown = |word: &str| {
        let names = (0..20_000).map(|number| format!("{word}-{number:05}x,"));
        names.collect::<String>()
    };
    let spec = format!(
        "{{target_tasks: [task-00000, {}], blocked_tools: [{}]}}",
        unknown("task"),
        unknown("tool")
    );
    let text = agents() + &system("s", "a") + &tool("tool-00000") + &tasks + &policy("p", &spec);
    let files = text.split_inclusive("---\n").collect::<Vec<_>>();
    let files: Vec<_> = files
        .chunks(5_000)
        .enumerate()
        .map(|(number, chunk)| {
            let name = format!("{number}.yaml").into();
            std::sync::Arc::new(crate::manifest::parse_file(
                &name,
                chunk.concat().as_bytes(),
            ))
        })
        .collect();
    let (catalog, _) =
        crate::manifest::assemble(&files, crate::manifest::AssembleOptions::default());
    let start = Stopwatch::start();
    let (_, findings) = super::compile(&catalog);
    let took = start.elapsed();
    assert_eq!(findings.summary().warnings, 40_000);
    let meant = findings.iter().filter(|finding| {
        let hint = finding.hint.as_deref().unwrap_or_default();
        hint.starts_with("did you mean")
    });
    assert_eq!(meant.count(), 10);
    assert!(took.as_secs() < 20, "{took:?}");
}

#[test]
fn agent_that_a_policy_denies_is_a_warning_at_the_list_and_refused_when_called() {
    let other = endpoint("other", "  models: [gpt-4o]\n");
    let text = agents() + &other + &policy("p", "\n  allowed_models: [gpt-4o]");
    let (table, findings) = build(&text);
    let found = described(&findings);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].contains(":3 W-POLICY-DENIES AgentPolicy default/p denies Agent default/a: its model e-default (ModelEndpoint default/e) is not in allowed_models"),
        "{found:?}"
    );
    assert!(!findings.has_errors());
    let denial = check_policies(&table, run(&table, &facts("agent/a")).0.unwrap()).unwrap_err();
    assert_eq!(&*denial.model, "e-default");
    assert_eq!(&*denial.policy.id.name, "p");
    assert_eq!(&*denial.agent.id.name, "a");
}

#[test]
fn models_are_compared_without_letter_case_and_in_full() {
    for (allowed, denied) in [
        ("E-DEFAULT", false),
        ("' e-default '", false),
        ("e-defaul", true),
        ("'*'", true),
        ("e", true),
    ] {
        let (table, _) =
            build(&(agents() + &policy("p", &format!("{{allowed_models: [{allowed}]}}"))));
        let result = check_policies(&table, run(&table, &facts("agent/a")).0.unwrap());
        assert_eq!(result.is_err(), denied, "{allowed}");
    }
}

#[test]
fn every_policy_that_holds_must_allow_the_model() {
    let both = policy("p", "{allowed_models: [e-default, x]}")
        + &policy("q", "{apply_mode: global, allowed_models: [x]}");
    let (table, _) = build(&(agents() + &both));
    let denial = check_policies(&table, run(&table, &facts("agent/b")).0.unwrap()).unwrap_err();
    assert_eq!(&*denial.policy.id.name, "q");
}

#[test]
fn policy_without_models_allows_any() {
    let table = table(&(agents() + &policy("p", "{allowed_models: [], max_tokens_per_run: 5}")));
    assert!(check_policies(&table, run(&table, &facts("agent/a")).0.unwrap()).is_ok());
}

#[test]
fn fallbacks_that_are_not_allowed_are_dropped() {
    let text = endpoint("e", "")
        + &endpoint("f", "")
        + &endpoint("g", "")
        + "---\nkind: Agent\nmetadata: {name: a}\nspec: {model_ref: e, fallback_model_refs: [f, g]}\n"
        + &policy("p", "{allowed_models: [e-default, g-default]}");
    let (table, _) = build(&text);
    let decision = run(&table, &facts("agent/a")).0;
    assert_eq!(outcome(&decision), "e/e-default f/f-default g/g-default");
    let checked = check_policies(&table, decision.unwrap()).unwrap();
    assert_eq!(checked.targets.len(), 2);
    assert_eq!(&*checked.targets[1].endpoint.id.name, "g");
}

#[test]
fn requests_that_are_not_made_as_an_agent_pass() {
    let text = agents()
        + &policy("p", "{allowed_models: [x]}")
        + &alias("fast", "{targets: [{endpoint: e, model: y}]}");
    let (table, _) = build(&text);
    for name in ["fast", "e", "e/z"] {
        assert!(check_policies(&table, run(&table, &facts(name)).0.unwrap()).is_ok());
    }
}

#[test]
fn agent_carries_its_prompt_and_limits() {
    let table = table(
        &(agents()
            + "---\nkind: Agent\nmetadata: {name: t}\nspec: {model_ref: e, limits: {timeout: 1m30s}}\n"),
    );
    let decision = run(&table, &facts("agent/a")).0.unwrap();
    assert_eq!(decision.agent.unwrap().prompt, "Be brief.");
    let timed = run(&table, &facts("agent/t")).0.unwrap().agent.unwrap();
    assert_eq!(timed.timeout, Some(std::time::Duration::from_secs(90)));
}
