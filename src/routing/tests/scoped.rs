//! Requests whose path names an endpoint.

use super::{alias, endpoint, facts, outcome, run, table, within};
use crate::routing::{Facts, Refusal, RoutingTable, Rule};

fn scoped(table: &RoutingTable, scope: &str, model: Option<&str>) -> String {
    let facts = Facts {
        scope: Some(scope),
        model,
        ..facts("")
    };
    outcome(&run(table, &facts).0)
}

const ALIASES: &str =
    "  models: [listed]\n  model_aliases: {fast: exact, 'fa*': wild, listed-*: no}\n";

#[test]
fn al_03_and_al_04_aliases_then_passthrough() {
    let table = table(
        &(endpoint("openai", ALIASES)
            + &alias("global", "{targets: [{endpoint: openai, model: g}]}")),
    );
    assert_eq!(scoped(&table, "openai", Some("fast")), "openai/exact");
    assert_eq!(scoped(&table, "openai", Some("fa")), "openai/wild");
    assert_eq!(scoped(&table, "openai", Some("listed")), "openai/listed");
    assert_eq!(scoped(&table, "openai", Some("gpt-4o")), "openai/gpt-4o");
    // Nothing outside the endpoint is looked at.
    assert_eq!(scoped(&table, "openai", Some("global")), "openai/global");
    assert_eq!(scoped(&table, "openai", Some("agent/a")), "openai/agent/a");
    assert_eq!(scoped(&table, "openai", None), "openai/openai-default");
}

#[test]
fn al_04_reject_refuses_what_the_endpoint_does_not_list() {
    let table = table(&endpoint(
        "openai",
        &format!("{ALIASES}  unknown_models: reject\n"),
    ));
    assert_eq!(scoped(&table, "openai", Some("listed")), "openai/listed");
    assert_eq!(
        scoped(&table, "openai", Some("openai-default")),
        "openai/openai-default"
    );
    assert_eq!(scoped(&table, "openai", Some("fabulous")), "openai/wild");
    let facts = Facts {
        scope: Some("openai"),
        ..facts("lisetd")
    };
    let expected = Refusal::ModelNotFound {
        name: "lisetd".into(),
        near: Some("listed".into()),
    };
    assert_eq!(run(&table, &facts).0.unwrap_err(), expected);
}

#[test]
fn scope_is_found_by_namespace_or_when_it_is_the_only_one() {
    let text = endpoint("e", "")
        + &within(
            "one",
            &(endpoint("e", "") + &endpoint("f", "") + &endpoint("g", "")),
        )
        + &within("two", &endpoint("g", ""));
    let table = table(&text);
    assert_eq!(scoped(&table, "e", Some("m")), "e/m");
    assert_eq!(scoped(&table, "one/e", Some("m")), "one/e/m");
    assert_eq!(scoped(&table, "f", Some("m")), "one/f/m");
    let ambiguous = Facts {
        scope: Some("g"),
        ..facts("m")
    };
    assert_eq!(
        run(&table, &ambiguous).0.unwrap_err(),
        Refusal::Ambiguous {
            name: "g".into(),
            candidates: vec!["one/g".into(), "two/g".into()]
        }
    );
    for scope in ["nope", "one/nope", "", "/", "e/"] {
        let facts = Facts {
            scope: Some(scope),
            ..facts("m")
        };
        assert_eq!(
            run(&table, &facts).0.unwrap_err(),
            Refusal::EndpointNotFound(scope.into())
        );
    }
}

#[test]
fn decision_says_which_line_of_the_endpoint_decided() {
    let table = table(&endpoint("e", "  model_aliases:\n    fast: m\n"));
    let (result, trace) = run(
        &table,
        &Facts {
            scope: Some("e"),
            ..facts("fast")
        },
    );
    let decision = result.unwrap();
    assert_eq!(decision.origin.to_string(), "repo.yaml:8");
    assert_eq!(
        (decision.rule, decision.requested.as_str()),
        (Rule::EndpointModel, "fast")
    );
    assert_eq!(trace.steps.len(), 1);
}
