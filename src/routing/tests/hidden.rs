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
            + &format!("---\nkind: AgentPolicy\nmetadata: {{name: p}}\nspec: {{{targets}}}\n")
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
