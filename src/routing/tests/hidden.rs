//! Names that hide others, and targets that are not there.

use super::{agent, alias, build, described, endpoint};

#[test]
fn alias_called_like_a_listed_model_is_a_warning() {
    let text =
        endpoint("e", "  models: [gpt-4o]\n") + &alias("gpt-4o", "{targets: [{endpoint: f}]}");
    let text = text + &endpoint("f", "");
    assert_eq!(
        described(&build(&text).1),
        [
            "repo.yaml:10:18 W-ALIAS-SHADOWS the alias `gpt-4o` hides the model of this name that ModelEndpoint default/e lists (requests for `gpt-4o` go to f/f-default; rename the alias, or take the model off the list at repo.yaml:7)"
        ]
    );
    let own = endpoint(
        "e",
        "  models: [gpt-4o]\n  model_aliases: {gpt-4o: gpt-5}\n",
    );
    let found = described(&build(&own).1);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("W-ALIAS-SHADOWS"), "{found:?}");
}

#[test]
fn alias_that_leads_to_the_model_of_its_name_hides_nothing() {
    let text = endpoint(
        "e",
        "  models: [gpt-4o]\n  model_aliases: {gpt-4o: gpt-4o, fast: gpt-5}\n",
    );
    assert_eq!(described(&build(&text).1), Vec::<String>::new());
}

#[test]
fn alias_of_an_endpoint_behind_a_global_one_is_a_warning() {
    let text = endpoint("e", "  model_aliases: {fast: a}\n")
        + &alias("fast", "{targets: [{endpoint: e, model: b}]}");
    assert_eq!(
        described(&build(&text).1),
        [
            "repo.yaml:7:19 W-ALIAS-UNREACHABLE the alias `fast` is hidden by the ModelAlias `fast` (it is only reached under its endpoint's path; rename it or the other one (repo.yaml:10))"
        ]
    );
}

#[test]
fn alias_called_like_the_path_of_an_agent_is_a_warning() {
    let text = endpoint("e", "  model_aliases: {agent/a: m, agent/b: m}\n") + &agent("a", "e");
    let found = described(&build(&text).1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains("W-ALIAS-UNREACHABLE the alias `agent/a` is hidden by Agent default/a"),
        "{found:?}"
    );
}

#[test]
fn target_that_does_not_exist_is_named_beside_one_that_does() {
    let policy = |targets: &str| {
        endpoint("e", "")
            + &agent("a", "e")
            + "---\nkind: AgentSystem\nmetadata: {name: reports}\nspec: {agents: [a]}\n"
            + &format!(
                "---\nkind: AgentPolicy\nmetadata: {{name: p}}\nspec: {{max_tokens_per_run: 5, {targets}}}\n"
            )
    };
    let found = described(&build(&policy("target_systems: [reports, report]")).1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].ends_with("W-POLICY-TARGET AgentPolicy default/p targets the AgentSystem `report`, which does not exist (did you mean `reports`?)"),
        "{found:?}"
    );
    let global = policy("apply_mode: global, target_systems: [report]");
    assert_eq!(described(&build(&global).1), Vec::<String>::new());
}

#[test]
fn alias_of_an_endpoint_that_hides_its_own_models_is_a_warning_with_both_places() {
    let exact = endpoint("e", "  model_aliases: {e-default: other}\n");
    assert_eq!(
        described(&build(&exact).1),
        [
            "repo.yaml:7:19 W-ALIAS-SHADOWS the alias `e-default` hides the model `e-default` of ModelEndpoint default/e (requests to the endpoint for `e-default` ask for `other`; rename the alias, or take the model off (repo.yaml:6))"
        ]
    );
    let wildcard = endpoint(
        "e",
        "  models: [gpt-4o, o3]\n  model_aliases: {'gpt-*': gpt-4o-mini}\n",
    );
    assert_eq!(
        described(&build(&wildcard).1),
        [
            "repo.yaml:8:19 W-ALIAS-SHADOWS the alias `gpt-*` hides the model `gpt-4o` of ModelEndpoint default/e (requests to the endpoint for `gpt-4o` ask for `gpt-4o-mini`; rename the alias, or take the model off (repo.yaml:7))"
        ]
    );
    for harmless in [
        "  model_aliases: {e-default: e-default}\n",
        "  models: [gpt-4o]\n  model_aliases: {'gpt-*': gpt-4o}\n",
        "  models: [gpt-4o]\n  model_aliases: {'gpt-*': gpt-4o-mini, gpt-4o: gpt-4o}\n",
    ] {
        assert_eq!(
            described(&build(&endpoint("e", harmless)).1),
            Vec::<String>::new(),
            "{harmless}"
        );
    }
}

#[test]
fn alias_called_like_an_endpoint_or_a_model_on_it_is_a_warning_with_both_places() {
    let text = endpoint("n", "") + &endpoint("m", "") + &alias("n", "{targets: [{endpoint: m}]}");
    assert_eq!(
        described(&build(&text).1),
        [
            "repo.yaml:15:18 W-ALIAS-SHADOWS the alias `n` hides ModelEndpoint default/n of this name (requests for `n` go to m/m-default; rename the alias, or the endpoint (repo.yaml:2))"
        ]
    );
    let text = endpoint("n", "")
        + &endpoint("m", "")
        + &alias("x", "{match: n/gpt-4o, targets: [{endpoint: m}]}");
    let found = described(&build(&text).1);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].contains(
            "W-ALIAS-SHADOWS the alias `n/gpt-4o` hides `gpt-4o` of ModelEndpoint default/n"
        ),
        "{found:?}"
    );
    assert!(
        found[0].contains("or the endpoint (repo.yaml:2))"),
        "{found:?}"
    );
    let same = endpoint("n", "  models: [gpt-4o]\n")
        + &alias("n", "{targets: [{endpoint: n}]}")
        + &alias(
            "x",
            "{match: n/gpt-4o, targets: [{endpoint: n, model: gpt-4o}]}",
        );
    assert_eq!(described(&build(&same).1), Vec::<String>::new());
    let rejecting = endpoint("n", "  unknown_models: reject\n")
        + &endpoint("m", "")
        + &alias("x", "{match: n/fast, targets: [{endpoint: m}]}");
    assert_eq!(described(&build(&rejecting).1), Vec::<String>::new());
}
