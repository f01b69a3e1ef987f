//! Models that policies allow, held against those that endpoints and aliases lead to.

use super::{alias, build, described, endpoint, within};

fn policy(spec: &str) -> String {
    format!("---\nkind: AgentPolicy\nmetadata: {{name: p}}\nspec: {{{spec}}}\n")
}

/// The warnings of models that nothing offers.
fn warnings(text: &str) -> Vec<String> {
    let found = described(&build(text).1).into_iter();
    found
        .filter(|line| line.contains("W-POLICY-MODEL"))
        .collect()
}

#[test]
fn allowed_model_that_no_endpoint_offers_is_a_warning_at_its_entry() {
    let models = endpoint(
        "e",
        "  models: [gpt-4o]\n  model_aliases: {fast: quick-1}\n",
    );
    let text = models + &policy("allowed_models: [gtp-4o, gpt-4o, other]");
    assert_eq!(
        warnings(&text),
        [
            "repo.yaml:12:25 W-POLICY-MODEL AgentPolicy default/p allows `gtp-4o`, which no endpoint offers (did you mean `gpt-4o`?)",
            "repo.yaml:12:41 W-POLICY-MODEL AgentPolicy default/p allows `other`, which no endpoint offers (list it in an endpoint's `models`, or take it off; aliases and endpoints are no models)",
        ]
    );
}

#[test]
fn default_models_lists_and_targets_of_aliases_are_offered_in_any_case_and_namespace() {
    let text = endpoint(
        "e",
        "  models: [Listed]\n  model_aliases: {fast: quick-1}\n",
    ) + &alias("smart", "{targets: [{endpoint: e, model: smart-1}]}")
        + &within("team", &endpoint("f", ""))
        + &policy("allowed_models: [E-default, listed, quick-1, smart-1, f-default]");
    assert_eq!(warnings(&text), [""; 0]);
    // The alias is no model: agents would be denied.
    let text = text.replace("quick-1, smart-1", "smart");
    assert_eq!(warnings(&text).len(), 1);
}

#[test]
fn without_an_endpoint_nothing_is_said() {
    assert_eq!(warnings(&policy("allowed_models: [gpt-4o]")), [""; 0]);
}
