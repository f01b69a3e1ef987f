//! References to nothing, and what is suggested instead.

use super::{agent, described, endpoint, id, link};
use crate::{
    graph::{DependencyGraph, Field, references},
    manifest::{AssembleOptions, ClearTextPolicy, assemble, parse_file},
    model::Kind,
};
use std::sync::Arc;

fn findings(text: &str) -> Vec<String> {
    described(&link(text).2)
}

#[test]
fn missing_endpoint_is_named_at_the_reference_with_the_nearest_and_its_file() {
    let text = endpoint("openai-default") + &agent("a", "openai-defalt");
    assert_eq!(
        findings(&text),
        [
            "repo.yaml:9:14 E-REF-MISSING ModelEndpoint `openai-defalt` does not exist in namespace default (did you mean `openai-default` (repo.yaml)?)"
        ]
    );
}

#[test]
fn reference_into_the_wrong_namespace_says_how_to_write_it() {
    let elsewhere = endpoint("main").replace("name: main", "name: main, namespace: team");
    let text = elsewhere.clone() + &agent("a", "main");
    assert_eq!(
        findings(&text),
        [
            "repo.yaml:9:14 E-REF-MISSING ModelEndpoint `main` does not exist in namespace default (it exists in another namespace: write `team/main`)"
        ]
    );
    assert_eq!(
        findings(&(elsewhere + &agent("a", "team/main"))),
        Vec::<String>::new()
    );
}

#[test]
fn reference_to_the_wrong_kind_says_which_is_needed() {
    let text = endpoint("main") + &agent("helper", "main") + &agent("a", "helper");
    assert_eq!(
        findings(&text),
        [
            "repo.yaml:14:14 E-REF-MISSING ModelEndpoint `helper` does not exist in namespace default (`helper` is of kind Agent; ModelEndpoint is needed here)"
        ]
    );
}

#[test]
fn reference_where_nothing_is_near_lists_what_there_is() {
    let none = findings(&agent("a", "main"));
    assert!(
        none[0].ends_with("(there is no ModelEndpoint in namespace default; add one)"),
        "{none:?}"
    );
    let some = findings(&(endpoint("x") + &endpoint("yyyy") + &agent("a", "qqqqqqqq")));
    assert!(some[0].ends_with("(there are: x, yyyy)"), "{some:?}");
}

#[test]
fn al_26_every_missing_reference_of_every_kind_is_reported() {
    let text = "\
kind: Agent
metadata: {name: a}
spec:
  model_ref: e1
  fallback_model_refs: [e2, e3]
---
kind: AgentSystem
metadata: {name: s}
spec: {agents: [a, b]}
---
kind: Task
metadata: {name: t}
spec: {system: x}
---
kind: ModelAlias
metadata: {name: m}
spec:
  targets: [{endpoint: e4}, {alias: n}]
  fallbacks: [{endpoint: e5}]
";
    let places: Vec<_> = findings(text)
        .iter()
        .map(|line| line.split(" does not").next().unwrap().to_owned())
        .collect();
    assert_eq!(
        places,
        [
            "repo.yaml:4:14 E-REF-MISSING ModelEndpoint `e1`",
            "repo.yaml:5:25 E-REF-MISSING ModelEndpoint `e2`",
            "repo.yaml:5:29 E-REF-MISSING ModelEndpoint `e3`",
            "repo.yaml:9:20 E-REF-MISSING Agent `b`",
            "repo.yaml:13:16 E-REF-MISSING AgentSystem `x`",
            "repo.yaml:18:24 E-REF-MISSING ModelEndpoint `e4`",
            "repo.yaml:18:37 E-REF-MISSING ModelAlias `n`",
            "repo.yaml:19:26 E-REF-MISSING ModelEndpoint `e5`",
        ]
    );
}

#[test]
fn secret_that_no_file_defines_is_a_warning_with_its_variable() {
    let text = "kind: ModelEndpoint\nmetadata: {name: e, namespace: team}\nspec:\n  default_model: m\n  auth: {secretRef: 'api-key:token'}\n";
    let (_, graph, findings) = link(text);
    let found = described(&findings);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("repo.yaml:5:21 W-REF-SECRET no file defines Secret team/api-key, which ModelEndpoint team/e needs"),
        "{found:?}"
    );
    assert!(
        found[0].contains("`ORLOJ_SECRET_TEAM_API_KEY`"),
        "{found:?}"
    );
    assert!(!findings.has_errors());
    assert_eq!(graph.order().len(), 1);
}

#[test]
fn variable_of_a_flag_is_not_proposed_for_a_secret() {
    let text = "kind: ModelEndpoint\nmetadata: {name: e}\nspec: {default_model: m, auth: {secretRef: encryption-key}}\n";
    let (_, _, findings) = link(text);
    let hint = findings
        .iter()
        .next()
        .and_then(|finding| finding.hint.clone());
    let hint = hint.unwrap_or_default();
    assert!(hint.contains("`ORLOJ_SECRET_encryption_key`"), "{hint}");
    assert!(!hint.contains("`ORLOJ_SECRET_ENCRYPTION_KEY`"), "{hint}");
}

#[test]
fn secret_references_are_read_with_namespace_and_key() {
    for (text, expected) in [
        ("k", "default/k"),
        ("team/k", "team/k"),
        ("team/k:v", "team/k"),
        ("k:", "default/k"),
        ("/k", "default/k"),
    ] {
        let manifest = format!(
            "kind: ModelEndpoint\nmetadata: {{name: e}}\nspec: {{default_model: m, auth: {{secretRef: '{text}'}}}}\n"
        );
        let (catalog, ..) = link(&manifest);
        let found = references(catalog.iter().next().unwrap());
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].to.to_string(), format!("Secret {expected}"));
        assert_eq!(found[0].field.to_string(), "/spec/auth/secretRef");
    }
}

#[test]
fn dependencies_and_dependents_carry_the_field() {
    let (_, graph, _) = link(&(endpoint("main") + &agent("a", "main") + &agent("b", "main")));
    let main = id(Kind::ModelEndpoint, "main");
    let dependents: Vec<_> = graph
        .dependents(&main)
        .into_iter()
        .map(|(field, id)| (field.to_string(), id.name.to_string()))
        .collect();
    assert_eq!(
        dependents,
        [
            ("/spec/model_ref".to_owned(), "a".to_owned()),
            ("/spec/model_ref".to_owned(), "b".to_owned())
        ]
    );
    assert_eq!(
        graph.dependencies(&id(Kind::Agent, "a")),
        [(Field::only("/spec/model_ref"), &main)]
    );
    assert_eq!(graph.dependencies(&id(Kind::Agent, "nobody")), []);
}

#[test]
fn references_beside_a_syntax_error_are_checked_and_the_lost_document_is_not_missed() {
    let text = "kind: Agent\nmetadata: {name: first}\nspec: {model_ref: none}\n---\nkind: ModelEndpoint\nmetadata:\n  name: \"main\"   # the one that is meant\nspec:\n  default_model: [unclosed\n---\nkind: Agent\nmetadata: {name: last}\nspec:\n  model_ref: main\n  fallback_model_refs: [nothing]\n";
    let parsed = crate::manifest::parse_file(&"a.yaml".into(), text.as_bytes());
    let files = [std::sync::Arc::new(parsed)];
    let options = crate::manifest::AssembleOptions::default();
    let (catalog, _) = crate::manifest::assemble(&files, options);
    let found: Vec<_> = super::DependencyGraph::build(&catalog)
        .1
        .iter()
        .map(|one| format!("{} {}", one.origin, one.message))
        .collect();
    assert_eq!(
        found,
        [
            "a.yaml:3 ModelEndpoint `none` does not exist in namespace default",
            "a.yaml:15 ModelEndpoint `nothing` does not exist in namespace default",
        ]
    );
}

#[test]
fn secret_that_is_misspelt_elsewhere_or_of_another_kind_says_so_first() {
    let sealed = |metadata: &str| {
        format!(
            "---\nkind: Secret\nmetadata: {{{metadata}}}\nspec: {{stringData: {{value: clear}}}}\n"
        )
    };
    let using = |secret: &str| {
        format!(
            "kind: ModelEndpoint\nmetadata: {{name: e, namespace: prod}}\nspec: {{provider: mock, default_model: m, auth: {{secretRef: {secret}}}}}\n"
        )
    };
    let missing = |text: &str| {
        let parsed = std::sync::Arc::new(crate::manifest::parse_file(
            &"repo.yaml".into(),
            text.as_bytes(),
        ));
        let (catalog, _) =
            crate::manifest::assemble([&parsed], crate::manifest::AssembleOptions::default());
        let found = described(&crate::graph::DependencyGraph::build(&catalog).1);
        let found = found
            .into_iter()
            .find(|line| line.contains("W-REF-SECRET "));
        found.unwrap()
    };
    let near = missing(&(using("opnai-key") + &sealed("name: openai-key, namespace: prod")));
    assert!(
        near.contains("(did you mean `openai-key` (repo.yaml)?; else commit it sealed"),
        "{near}"
    );
    let elsewhere = missing(&(using("openai-key") + &sealed("name: openai-key")));
    assert!(
        elsewhere.contains(
            "(it exists in another namespace: write `default/openai-key`; else commit it"
        ),
        "{elsewhere}"
    );
    let kind = missing(&using("e"));
    assert!(
        kind.contains("(`e` is of kind ModelEndpoint; Secret is needed here; else commit it"),
        "{kind}"
    );
    let none = missing(&(using("something") + &sealed("name: other, namespace: prod")));
    assert!(none.contains("(commit it sealed"), "{none}");
}

#[test]
fn a_credential_where_a_name_belongs_is_not_repeated() {
    let key = "sk-proj-AbC1dEf2GhI3jKl4MnO5";
    for (reference, code) in [
        (key.to_owned(), "W-REF-SECRET "),
        (format!("team/{key}"), "W-REF-SECRET "),
        (format!("s:{key}"), "W-REF-SECRET-KEY "),
    ] {
        let text = format!(
            "kind: ModelEndpoint\nmetadata: {{name: e}}\nspec: {{default_model: m, auth: {{secretRef: '{reference}'}}}}\n---\nkind: Secret\nmetadata: {{name: s}}\nspec: {{stringData: {{value: x}}}}\n"
        );
        let parsed = Arc::new(parse_file(&"repo.yaml".into(), text.as_bytes()));
        let options = AssembleOptions {
            clear_text: ClearTextPolicy::Warn,
        };
        let (catalog, _) = assemble([&parsed], options);
        let found = described(&DependencyGraph::build(&catalog).1);
        assert!(found.iter().any(|it| it.contains(code)), "{found:?}");
        let shown = found.concat().to_lowercase();
        assert!(!shown.contains("abc1"), "{shown}");
    }
}
