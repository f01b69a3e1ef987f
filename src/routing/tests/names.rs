//! What an unscoped name means: the rules, their order, and namespaces.

use super::{agent, alias, build, described, endpoint, facts, leads, outcome, run, table, within};
use crate::routing::{Facts, Outcome, Refusal, Rule};

/// A repository in which many rules could answer the same name.
fn crowded() -> String {
    endpoint(
        "x",
        "  models: [m, x, w-1, al]\n  model_aliases: {al: alias-model, 'w-*': wild, 'agent/*': no-agent}\n",
    ) + &endpoint("y", "  models: [only-y]\n  unknown_models: reject\n")
        + &alias("al", "{targets: [{endpoint: y}]}")
        + &agent("a", "x")
}

#[test]
fn rules_are_tried_in_their_order() {
    let table = table(&crowded());
    for (name, expected, rule) in [
        ("agent/a", "x/x-default", Rule::Agent),
        ("al", "y/y-default", Rule::Alias),
        ("x", "x/x-default", Rule::Endpoint),
        ("m", "x/m", Rule::Model),
        ("w-1", "x/w-1", Rule::Model),
        ("w-2", "x/wild", Rule::Wildcard),
        ("x/al", "x/alias-model", Rule::EndpointModel),
        ("x/w-9", "x/wild", Rule::EndpointModel),
        (
            "x/anything/at-all",
            "x/anything/at-all",
            Rule::EndpointModel,
        ),
        ("y/only-y", "y/only-y", Rule::EndpointModel),
        ("y/y-default", "y/y-default", Rule::EndpointModel),
    ] {
        let (result, trace) = run(&table, &facts(name));
        assert_eq!(outcome(&result), expected, "{name}");
        let decision = result.unwrap();
        assert_eq!(decision.rule, rule, "{name}");
        assert_eq!(decision.requested, name);
        let last = trace.steps.last().unwrap();
        assert_eq!(last.rule, rule);
        assert_eq!(last.outcome, Outcome::Decided(decision.origin));
    }
}

#[test]
fn alias_of_an_endpoint_goes_before_everything_but_agents_and_global_aliases() {
    let text = endpoint(
        "x",
        "  models: [b]\n  model_aliases: {b: first, y: second}\n",
    ) + &endpoint("y", "");
    let table = table(&text);
    assert_eq!(leads(&table, "b"), "x/first");
    assert_eq!(leads(&table, "y"), "x/second");
}

#[test]
fn trace_names_every_rule_that_passed() {
    let table = table(&crowded());
    let (_, trace) = run(&table, &facts("w-2"));
    let rules: Vec<_> = trace.steps.iter().map(|step| step.rule).collect();
    assert_eq!(
        rules,
        [
            Rule::Agent,
            Rule::Alias,
            Rule::EndpointAlias,
            Rule::EndpointModel,
            Rule::Endpoint,
            Rule::Model,
            Rule::Wildcard
        ]
    );
    assert!(
        trace.steps[..6]
            .iter()
            .all(|step| step.outcome == Outcome::Passed)
    );
}

#[test]
fn decision_names_the_line_that_decided() {
    let table = table(&crowded());
    let line = |name: &str| run(&table, &facts(name)).0.unwrap().origin.to_string();
    assert_eq!(line("m"), "repo.yaml:7");
    assert_eq!(line("w-2"), "repo.yaml:8");
    assert_eq!(line("al"), "repo.yaml:19");
    assert_eq!(line("agent/a"), "repo.yaml:24");
}

#[test]
fn unknown_name_is_refused_with_the_nearest() {
    let table = table(&crowded());
    for (name, near) in [
        ("only-z", Some("only-y")),
        // Not even the wildcard `agent/*` makes an agent.
        ("agent/b", Some("agent/a")),
        ("zzzzzzzz", None),
        ("y/other", None),
        ("AL", Some("al")),
    ] {
        let expected = Refusal::ModelNotFound {
            name: name.into(),
            near: near.map(str::to_owned),
        };
        assert_eq!(run(&table, &facts(name)).0.unwrap_err(), expected);
    }
}

#[test]
fn al_05_and_al_06_blank_and_absent_models_are_missing() {
    let table = table(&crowded());
    for model in [None, Some(""), Some("  "), Some("\n\t")] {
        let result = run(&table, &Facts { model, ..facts("") }).0;
        assert_eq!(result.unwrap_err(), Refusal::MissingModel, "{model:?}");
    }
    let scoped = Facts {
        scope: Some("x"),
        ..facts(" ")
    };
    assert_eq!(run(&table, &scoped).0.unwrap_err(), Refusal::MissingModel);
}

#[test]
fn strange_names_are_refused_and_never_panic() {
    let table = table(&crowded());
    for name in [
        "/",
        "//",
        "x/",
        "/x",
        "agent/",
        "agent//",
        "agent/default/",
        "*",
        "../x",
        "x\0",
        "é",
        "default/",
        "default//x",
        "agent/default/a/b",
    ] {
        let (result, _) = run(&table, &facts(name));
        assert!(
            result.is_err() || name == "*" || name.starts_with("agent/"),
            "{name}: {}",
            outcome(&result)
        );
    }
    assert!(run(&table, &facts(&"x".repeat(1_000_000))).0.is_err());
    assert!(run(&table, &facts(&"a/".repeat(500_000))).0.is_err());
}

#[test]
fn namespace_may_stand_before_any_name() {
    let inside = endpoint(
        "e",
        "  models: [m]\n  model_aliases: {al: alias-model, 'w*': wild}\n",
    ) + &alias("ga", "{targets: [{endpoint: e, model: g}]}")
        + &agent("a", "e");
    let text = within("team", &inside) + &endpoint("main", "");
    let table = table(&text);
    for (name, expected) in [
        ("team/al", "team/e/alias-model"),
        ("team/ga", "team/e/g"),
        ("team/e", "team/e/e-default"),
        ("team/e/z", "team/e/z"),
        ("team/m", "team/e/m"),
        ("team/wow", "team/e/wild"),
        ("agent/team/a", "team/e/e-default"),
        ("team/agent/a", "team/e/e-default"),
        // Used by one namespace only.
        ("al", "team/e/alias-model"),
        ("agent/a", "team/e/e-default"),
        ("default/main", "main/main-default"),
    ] {
        let (result, trace) = run(&table, &facts(name));
        assert_eq!(outcome(&result), expected, "{name}");
        assert_eq!(result.unwrap().requested, name);
        assert!(
            matches!(trace.steps.last().unwrap().outcome, Outcome::Decided(_)),
            "{name}"
        );
    }
    assert!(matches!(
        run(&table, &facts("nowhere/al")).0,
        Err(Refusal::ModelNotFound { .. })
    ));
}

/// What is written with its namespace, or as an agent, is not what the caller's wildcard stands for: an agent's policies would be
/// gone with it.
#[test]
fn a_qualified_name_goes_before_the_callers_wildcards() {
    let inside = endpoint("far", "  model_aliases: {'w*': wild}\n")
        + &alias("fast", "{targets: [{endpoint: far, model: g}]}")
        + &agent("desk", "far");
    let catch_all = "{match: '*', targets: [{endpoint: b, model: cheap}]}";
    let text = within("team-b", &inside) + &endpoint("b", "") + &alias("all", catch_all);
    let table = table(&text);
    for (name, expected) in [
        ("agent/team-b/desk", "team-b/far/far-default"),
        ("team-b/agent/desk", "team-b/far/far-default"),
        ("agent/desk", "team-b/far/far-default"),
        ("team-b/fast", "team-b/far/g"),
        ("team-b/far", "team-b/far/far-default"),
        ("team-b/far/far-model", "team-b/far/far-model"),
        ("team-b/wow", "team-b/far/wild"),
        // What nobody else is called stays the caller's.
        ("fast", "b/cheap"),
        ("team-b/nosuch", "b/cheap"),
        ("nosuch", "b/cheap"),
    ] {
        assert_eq!(leads(&table, name), expected, "{name}");
    }
    for name in ["agent/nosuch", "agent/team-b/nosuch", "team-b/agent/nosuch"] {
        let (result, trace) = run(&table, &facts(name));
        assert!(
            matches!(result, Err(Refusal::ModelNotFound { .. })),
            "{name}"
        );
        let passed = trace.steps.iter();
        assert!(passed.into_iter().all(|it| it.outcome == Outcome::Passed));
    }
}

#[test]
fn callers_own_namespace_goes_first() {
    let text = endpoint("e", "  model_aliases: {fast: here}\n")
        + &within("team", &endpoint("e", "  model_aliases: {fast: there}\n"));
    let table = table(&text);
    assert_eq!(leads(&table, "fast"), "e/here");
    let team = Facts {
        namespace: "team",
        ..facts("fast")
    };
    assert_eq!(outcome(&run(&table, &team).0), "team/e/there");
    let stranger = Facts {
        namespace: "stranger",
        ..facts("fast")
    };
    assert_eq!(
        run(&table, &stranger).0.unwrap_err(),
        Refusal::Ambiguous {
            name: "fast".into(),
            candidates: vec!["default/fast".into(), "team/fast".into()]
        }
    );
}

#[test]
fn name_of_several_other_namespaces_is_ambiguous_and_each_candidate_resolves() {
    let inside = endpoint("e", "  model_aliases: {fast: m, 'w*': n}\n") + &agent("a", "e");
    let text = within("one", &inside) + &within("two", &inside);
    let table = table(&text);
    for name in ["fast", "e", "e/x", "agent/a", "wow"] {
        let Err(Refusal::Ambiguous { candidates, .. }) = run(&table, &facts(name)).0 else {
            unreachable!("{name} is ambiguous")
        };
        assert_eq!(candidates.len(), 2);
        for candidate in candidates {
            assert!(run(&table, &facts(&candidate)).0.is_ok(), "{candidate}");
        }
    }
    let (_, trace) = run(&table, &facts("fast"));
    let tied = trace
        .steps
        .iter()
        .filter(|step| matches!(step.outcome, Outcome::Tied(_)));
    assert_eq!(tied.count(), 2);
}

#[test]
fn stronger_rule_of_one_namespace_beats_a_weaker_one_of_another() {
    let text = within("one", &endpoint("e", "  models: [fast]\n"))
        + &within("two", &endpoint("f", "  model_aliases: {fast: alias}\n"));
    assert_eq!(leads(&table(&text), "fast"), "two/f/alias");
}

#[test]
fn tie_within_a_namespace_is_an_error_naming_both_lines() {
    let text = endpoint("e", "  model_aliases:\n    fast: m\n")
        + &endpoint("f", "  model_aliases:\n    fast: n\n");
    let found = described(&build(&text).1);
    assert_eq!(
        found,
        [
            "repo.yaml:16:5 E-GRAPH-AMBIGUOUS `fast` means two things in namespace default (it is also defined at repo.yaml:8; rename one of them)"
        ]
    );
    let models = endpoint("e", "  models: [m]\n") + &endpoint("f", "  models: [m]\n");
    assert_eq!(described(&build(&models).1).len(), 1);
    let matches = alias("a", "{targets: [{endpoint: e}]}")
        + &alias("b", "{match: a, targets: [{endpoint: e}]}")
        + &endpoint("e", "");
    assert_eq!(described(&build(&matches).1).len(), 1);
}

#[test]
fn same_facts_give_the_same_decision() {
    let text = crowded();
    let (first, second) = (table(&text), table(&text));
    for name in ["al", "w-2", "x", "nothing", "agent/a"] {
        assert_eq!(leads(&first, name), leads(&second, name));
        assert_eq!(leads(&first, name), leads(&first, name));
    }
}

#[test]
fn endpoint_without_a_default_model_refuses_its_bare_name() {
    let backend = "---\nkind: AgentgatewayBackend\nmetadata: {name: openai}\nspec: {ai: {provider: {openai: {}}}}\n";
    let table = table(backend);
    assert!(matches!(
        run(&table, &facts("openai")).0,
        Err(Refusal::NoDefaultModel(_))
    ));
    assert_eq!(leads(&table, "openai/gpt-4o"), "openai/gpt-4o");
    let scoped = Facts {
        scope: Some("openai"),
        model: None,
        ..facts("")
    };
    assert_eq!(run(&table, &scoped).0.unwrap_err(), Refusal::MissingModel);
}

#[test]
fn agent_of_an_endpoint_without_a_default_model_is_an_error_at_its_reference() {
    let backend = "---\nkind: AgentgatewayBackend\nmetadata: {name: openai}\nspec: {ai: {provider: {openai: {}}}}\n";
    let text = backend.to_owned()
        + "---\nkind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: openai\n"
        + "---\nkind: ModelAlias\nmetadata: {name: inner}\nspec:\n  targets:\n    - endpoint: openai\n"
        + "---\nkind: ModelAlias\nmetadata: {name: outer}\nspec:\n  targets:\n    - alias: inner\n";
    let found = described(&build(&text).1);
    assert_eq!(
        found,
        [
            "repo.yaml:9:14 E-REF-MISSING ModelEndpoint default/openai has no default_model, which Agent default/a needs (add one to the endpoint)",
            "repo.yaml:15:7 E-REF-MISSING ModelEndpoint default/openai has no default_model, which ModelAlias default/inner needs (name a `model` beside it)",
        ]
    );
}
