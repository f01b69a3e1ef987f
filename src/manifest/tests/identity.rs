//! Kinds, versions, names, and who may be called what.

use super::{join, lines, one, parse, places};
use crate::model::{Code, Findings, Kind};

fn policy(name: &str) -> String {
    format!("kind: AgentPolicy\nmetadata:\n  name: {name}\nspec: {{}}\n")
}

/// `file:line:column CODE` and the hint.
fn found(findings: &Findings) -> Vec<String> {
    let line = |finding: &crate::model::Finding| {
        let column = finding.origin.span.start.column;
        let code: Code = finding.code;
        let hint = finding.hint.clone().unwrap_or_default();
        format!(
            "{}:{column} {code} {} ({hint})",
            finding.origin, finding.message
        )
    };
    findings.iter().map(line).collect()
}

#[test]
fn unknown_kind_is_named_with_a_suggestion() {
    assert_eq!(
        lines(&parse("kind: Agnet\nmetadata: {name: a}\n")),
        ["1:7 E-FIELD-KIND `Agnet` is not a known kind (did you mean `Agent`?)"]
    );
    let far = lines(&parse("kind: Deployment\n"));
    assert!(
        far[0].contains("the kinds are: Secret, ModelEndpoint"),
        "{far:?}"
    );
}

#[test]
fn missing_null_and_structured_kinds_are_errors() {
    assert_eq!(places("metadata: {name: a}\n"), ["1:1 E-FIELD-KIND"]);
    assert_eq!(places("kind:\nmetadata: {name: a}\n"), ["1:1 E-FIELD-KIND"]);
    assert_eq!(places("kind: [Agent]\n"), ["1:7 E-FIELD-TYPE"]);
    assert_eq!(places("just words\n"), ["1:1 E-FIELD-TYPE"]);
    assert_eq!(places("- kind: Agent\n"), ["1:1 E-FIELD-TYPE"]);
}

#[test]
fn kinds_that_are_newer_than_this_version_are_no_typos() {
    for kind in Kind::NEWER {
        let text = format!("apiVersion: orloj.dev/v1\nkind: {kind}\nmetadata: {{name: x}}\n");
        assert_eq!(
            lines(&parse(&text)),
            [format!(
                "2:7 E-FIELD-KIND-UNSERVED kind `{kind}` is known upstream, newer than supported (keep it outside the paths that are synced)"
            )]
        );
    }
}

#[test]
fn kinds_that_are_planned_say_so() {
    for kind in Kind::PLANNED {
        let text = format!("kind: {}\nmetadata: {{name: x}}\n", kind.to_lowercase());
        let found = lines(&parse(&text));
        assert_eq!(found.len(), 1);
        let expected = format!("kind `{kind}` is planned for a later version");
        assert!(found[0].contains(&expected), "{found:?}");
    }
}

#[test]
fn letter_case_of_the_kind_does_not_count() {
    for kind in ["agentpolicy", "AGENTPOLICY", "' AgentPolicy '"] {
        let text = policy("p").replace("AgentPolicy", kind);
        assert_eq!(one(&text).id.kind, Kind::AgentPolicy);
    }
}

#[test]
fn api_version_may_be_absent_and_must_else_fit_the_kind() {
    one(&policy("p"));
    one(&format!("apiVersion:\n{}", policy("p")));
    one(&format!("apiVersion: orloj.dev/v1\n{}", policy("p")));
    assert_eq!(
        lines(&parse(&format!("apiVersion: v2\n{}", policy("p")))),
        [
            "1:13 E-FIELD-API-VERSION `v2` is not an apiVersion of AgentPolicy (write `apiVersion: orloj.dev/v1`)"
        ]
    );
    assert_eq!(
        places(&format!("apiVersion: [orloj.dev/v1]\n{}", policy("p"))),
        ["1:13 E-FIELD-API-VERSION"]
    );
    assert_eq!(
        places(
            "apiVersion: orloj.dev/v1\nkind: ModelAlias\nmetadata: {name: a}\nspec: {targets: [{endpoint: e}]}\n"
        ),
        ["1:13 E-FIELD-API-VERSION"]
    );
}

#[test]
fn names_that_could_confuse_paths_or_people_are_errors() {
    for name in [
        "a/b",
        "a b",
        ".a",
        "a.",
        "-a",
        "_a",
        "é",
        "..",
        "'a\tb'",
        "\"a\\u200Bb\"",
        "\"\\u0430gent\"",
    ] {
        let found = places(&policy(name));
        assert_eq!(found, ["3:9 E-FIELD-NAME"], "{name}");
    }
    for name in [
        "a",
        "A.b_c-9",
        "5",
        "on",
        "1e3",
        "2024-01-01",
        &"x".repeat(253),
    ] {
        assert_eq!(&*one(&policy(name)).id.name, name);
    }
    let found = places(&policy(&"x".repeat(254)));
    assert!(found.iter().all(|line| line.starts_with("3:9 E-FIELD-")) && !found.is_empty());
    let bad_namespace = policy("p\n  namespace: a/b");
    assert_eq!(places(&bad_namespace), ["4:14 E-FIELD-NAME"]);
}

#[test]
fn names_are_trimmed_and_the_namespace_has_a_default() {
    let resource = one(&policy("' p '\n  namespace: '  '"));
    assert_eq!(resource.id.to_string(), "AgentPolicy default/p");
    let resource = one(&policy("p\n  namespace: ' team '"));
    assert_eq!(resource.id.to_string(), "AgentPolicy team/p");
}

#[test]
fn reserved_endpoint_names_are_errors() {
    for name in [
        "v1",
        "api",
        "webhooks",
        "healthz",
        "readyz",
        "metrics",
        "openapi.json",
        "preview",
        "assets",
    ] {
        let text = super::endpoint("").replace("name: main", &format!("name: {name}"));
        assert_eq!(places(&text), ["4:9 E-FIELD-RESERVED"], "{name}");
    }
}

#[test]
fn same_identity_in_two_files_names_both_places() {
    let (catalog, findings) = join(&[("a.yaml", &policy("p")), ("b/c.yaml", &policy("p"))]);
    assert_eq!(
        found(&findings),
        [
            "b/c.yaml:3:9 E-GRAPH-DUPLICATE AgentPolicy default/p is defined twice (the other one is at a.yaml:1)"
        ]
    );
    assert_eq!(catalog.len(), 1);
}

#[test]
fn same_identity_in_two_documents_of_a_file_is_an_error() {
    let text = format!("{}---\n{}", policy("p"), policy("p"));
    let (_, findings) = join(&[("a.yaml", &text)]);
    assert_eq!(found(&findings).len(), 1);
    assert!(found(&findings)[0].starts_with("a.yaml:8:9 E-GRAPH-DUPLICATE"));
}

#[test]
fn names_that_differ_only_by_letter_case_are_an_error() {
    let (_, findings) = join(&[("a.yaml", &policy("fast")), ("b.yaml", &policy("Fast"))]);
    assert_eq!(
        found(&findings),
        [
            "b.yaml:3:9 E-GRAPH-DUPLICATE AgentPolicy default/Fast and AgentPolicy default/fast differ only by letter case (the other one is at a.yaml:1)"
        ]
    );
}

#[test]
fn same_name_in_other_namespaces_and_kinds_is_fine() {
    let agent = super::agent("").replace("name: writer", "name: p");
    let elsewhere = policy("p\n  namespace: team");
    let (catalog, findings) = join(&[("a", &policy("p")), ("b", &agent), ("c", &elsewhere)]);
    assert_eq!(found(&findings), Vec::<String>::new());
    assert_eq!(catalog.len(), 3);
}

#[test]
fn secrets_that_fold_to_one_variable_are_an_error() {
    let secret = |name: &str| format!("kind: Secret\nmetadata:\n  name: {name}\nspec: {{}}\n");
    let (_, findings) = join(&[
        ("a.yaml", &secret("open-ai")),
        ("b.yaml", &secret("open_ai")),
    ]);
    let all = found(&findings);
    let errors: Vec<_> = all.iter().filter(|line| line.contains(" E-")).collect();
    assert_eq!(errors.len(), 1, "{all:#?}");
    assert!(
        errors[0].starts_with("b.yaml:3:9 E-SECRET-RESERVED"),
        "{errors:?}"
    );
    assert!(errors[0].contains("ORLOJ_SECRET_OPEN_AI"));
    let (_, findings) = join(&[
        ("a.yaml", &secret("b-c\n  namespace: a")),
        ("b.yaml", &secret("c\n  namespace: a-b")),
    ]);
    assert!(
        found(&findings)
            .iter()
            .any(|line| line.contains("E-SECRET-RESERVED"))
    );
}

#[test]
fn secret_whose_variable_belongs_to_a_flag_is_an_error() {
    let text = "kind: Secret\nmetadata:\n  name: encryption-key\nspec: {}\n";
    assert!(places(text).contains(&"3:9 E-SECRET-RESERVED".to_owned()));
}

#[test]
fn metadata_that_the_server_sets_is_accepted_and_does_not_count() {
    let exported =
        policy("p\n  resourceVersion: 12\n  generation: 3\n  createdAt: 2024-10-21T10:00:00Z")
            + "status:\n  phase: Ready\n  observedGeneration: 3\n";
    assert_eq!(one(&exported).digest, one(&policy("p")).digest);
}
