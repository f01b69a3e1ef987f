//! Keys: found by their hashes, and what each may call.

use super::{agent, build, described, endpoint, facts, outcome, run, table, within};
use crate::{
    model::ClientKey,
    routing::{KeyRoute, RoutingTable, check_key},
};

/// A key of a text, with further fields of `spec` in flow notation.
fn key(name: &str, text: &str, fields: &str) -> String {
    let hash = ClientKey::written_hash_of(text);
    format!("---\nkind: ApiKey\nmetadata: {{name: {name}}}\nspec: {{hash: '{hash}'{fields}}}\n")
}

fn found<'t>(table: &'t RoutingTable, text: &str) -> &'t KeyRoute {
    table.key(&ClientKey::hash_of(text.as_bytes())).unwrap()
}

/// Where a model name leads with a key, or what the key does not allow and where that is written.
fn asked(table: &RoutingTable, key: &KeyRoute, model: &str) -> String {
    let (decision, _) = run(table, &facts(model));
    match check_key(table, key, decision.unwrap()) {
        Ok(decision) => outcome(&Ok(decision)),
        Err(refusal) => format!("{} by {}", refusal.what, refusal.origin),
    }
}

fn repository(fields: &str) -> (RoutingTable, String) {
    let text = [
        endpoint(
            "small",
            "  models: [gpt-4o, gpt-3.5-turbo]\n  model_aliases: {cheap: gpt-3.5-turbo, fast: gpt-4o}\n",
        ),
        agent("writer", "small"),
        agent("desk", "small"),
        key("ci", "secret", fields),
    ];
    let text = text.concat();
    (table(&text), text)
}

#[test]
fn a_key_is_found_by_the_hash_of_its_whole_text_alone() {
    let (table, _) = repository("");
    assert!(table.has_keys());
    assert_eq!(&*found(&table, "secret").id.name, "ci");
    for other in ["", "secre", "secrets", "Secret", " secret"] {
        assert!(
            table.key(&ClientKey::hash_of(other.as_bytes())).is_none(),
            "{other}"
        );
    }
}

#[test]
fn a_key_without_lists_may_call_everything() {
    let (table, _) = repository("");
    let key = found(&table, "secret");
    assert_eq!(asked(&table, key, "cheap"), "small/gpt-3.5-turbo");
    assert_eq!(asked(&table, key, "agent/writer"), "small/small-default");
}

// AL-20: what an alias leads to counts.
#[test]
fn an_alias_does_not_hand_out_a_model_that_the_key_does_not_allow() {
    let (table, _) = repository(", allowed_models: [gpt-4o]");
    let key = found(&table, "secret");
    assert_eq!(asked(&table, key, "cheap"), "gpt-3.5-turbo by repo.yaml:20");
    assert_eq!(asked(&table, key, "fast"), "small/gpt-4o");
    assert_eq!(asked(&table, key, "gpt-4o"), "small/gpt-4o");
    assert_eq!(
        asked(&table, key, "agent/writer"),
        "small-default by repo.yaml:20"
    );
}

// AL-21: the name of an alias in the list is no model.
#[test]
fn allowing_the_name_of_an_alias_allows_nothing() {
    let (table, _) = repository(", allowed_models: [fast]");
    let key = found(&table, "secret");
    assert_eq!(asked(&table, key, "fast"), "gpt-4o by repo.yaml:20");
}

#[test]
fn an_alias_called_like_a_model_that_is_not_allowed_is_refused_too() {
    let text = [
        endpoint("small", "  models: [gpt-4o, gpt-4]\n"),
        "---\nkind: ModelAlias\nmetadata: {name: gpt-4}\nspec: {targets: [{endpoint: small, model: gpt-4o}]}\n".to_owned(),
        key("ci", "secret", ", allowed_models: [gpt-4o]"),
    ];
    let table = table(&text.concat());
    let key = found(&table, "secret");
    assert!(asked(&table, key, "gpt-4").starts_with("gpt-4 by"));
}

#[test]
fn models_are_compared_without_letter_case_and_with_stars() {
    let (table, _) = repository(", allowed_models: ['GPT-4*']");
    let key = found(&table, "secret");
    assert_eq!(asked(&table, key, "fast"), "small/gpt-4o");
    assert!(asked(&table, key, "cheap").starts_with("gpt-3.5-turbo by"));
}

#[test]
fn a_key_for_agents_calls_these_agents_and_nothing_else() {
    let (table, _) = repository(", agents: [writer]");
    let key = found(&table, "secret");
    assert_eq!(asked(&table, key, "agent/writer"), "small/small-default");
    assert_eq!(
        asked(&table, key, "agent/desk"),
        "agent/desk by repo.yaml:20"
    );
    assert_eq!(asked(&table, key, "fast"), "gpt-4o by repo.yaml:20");
}

#[test]
fn agents_and_models_together_allow_both() {
    let (table, _) = repository(", agents: [writer], allowed_models: [small-default, gpt-4o]");
    let key = found(&table, "secret");
    assert_eq!(asked(&table, key, "agent/writer"), "small/small-default");
    assert_eq!(asked(&table, key, "fast"), "small/gpt-4o");
    assert!(asked(&table, key, "cheap").starts_with("gpt-3.5-turbo by"));
    assert!(asked(&table, key, "agent/desk").starts_with("agent/desk by"));
}

#[test]
fn fallbacks_that_a_key_may_not_call_are_dropped() {
    let text = [
        endpoint("small", "  models: [gpt-4o]\n"),
        endpoint("large", "  models: [gpt-5]\n"),
        "---\nkind: ModelAlias\nmetadata: {name: best}\nspec: {targets: [{endpoint: small, model: gpt-4o}], fallbacks: [{endpoint: large, model: gpt-5}, {endpoint: small}]}\n".to_owned(),
        key("ci", "secret", ", allowed_models: [gpt-4o, small-default]"),
    ];
    let table = table(&text.concat());
    let key = found(&table, "secret");
    assert_eq!(
        asked(&table, key, "best"),
        "small/gpt-4o small/small-default"
    );
}

#[test]
fn two_keys_with_one_hash_are_an_error_that_names_both() {
    let text = [
        key("a", "secret", ""),
        within("team", &key("b", "secret", "")),
        key("c", "other", ""),
    ];
    let (table, findings) = build(&text.concat());
    assert_eq!(
        described(&findings),
        [
            "repo.yaml:8:14 E-GRAPH-AMBIGUOUS ApiKey team/b has the same hash as ApiKey default/a: they are one key (the other stands at repo.yaml:4; make a key of its own with `orloj create api-key`)"
        ]
    );
    assert_eq!(&*found(&table, "secret").id.name, "a");
    assert_eq!(&*found(&table, "other").id.name, "c");
}

#[test]
fn a_key_ends_at_its_moment() {
    let (table, _) = repository(", expires_at: '2027-01-31T00:00:00Z'");
    let key = found(&table, "secret");
    let ends = key.expires_us.unwrap();
    assert_eq!(ends, 1_801_353_600_000_000);
    assert!(!key.is_expired(ends - 1));
    assert!(key.is_expired(ends));
}
