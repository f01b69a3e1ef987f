//! In which order things happen, and what identifies a plan.

use super::{agent, alias, at, between, endpoint, plan, revision, system};
use crate::plan::{Plan, RouteChange};

/// `+Kind name` for each change, in order.
fn steps(plan: &Plan) -> Vec<String> {
    let step = |change: &crate::plan::Change| {
        let (symbol, id) = (change.action.symbol(), &change.id);
        format!("{symbol}{} {}", id.kind, id.qualified_name())
    };
    plan.changes.iter().map(step).collect()
}

fn stack() -> Vec<String> {
    vec![
        system("a-team", "a-writer"),
        agent("a-writer", "small", "Write."),
        alias("a-fast", "small", "s-1"),
        endpoint("small", "s-1"),
    ]
}

#[test]
fn what_is_needed_comes_before_what_needs_it() {
    let steps = steps(&plan(&[], &stack()));
    let place = |wanted: &str| steps.iter().position(|step| step == wanted).unwrap();
    assert_eq!(steps.len(), 4);
    assert!(place("+ModelEndpoint small") < place("+Agent a-writer"));
    assert!(place("+ModelEndpoint small") < place("+ModelAlias a-fast"));
    assert!(place("+Agent a-writer") < place("+AgentSystem a-team"));
}

#[test]
fn what_goes_goes_after_everything_else_and_dependents_first() {
    let steps = steps(&plan(&stack(), &[endpoint("zulu", "z-1")]));
    assert_eq!(steps.len(), 5);
    assert_eq!(steps[0], "+ModelEndpoint zulu");
    let place = |wanted: &str| steps.iter().position(|step| step == wanted).unwrap();
    assert!(place("-AgentSystem a-team") < place("-Agent a-writer"));
    assert!(place("-Agent a-writer") < place("-ModelEndpoint small"));
    assert!(place("-ModelAlias a-fast") < place("-ModelEndpoint small"));
}

#[test]
fn order_of_documents_and_name_of_the_file_change_nothing() {
    let mut turned = stack();
    turned.reverse();
    let moved = at("elsewhere.yaml", &turned);
    let plan = between(&revision(&stack()), &moved);
    assert!(plan.is_empty() && plan.routes.is_empty());
    assert_eq!(plan.totals().unchanged, 4);
}

#[test]
fn the_digest_is_that_of_what_changes() {
    let first = plan(&[], &stack());
    let mut turned = stack();
    turned.reverse();
    assert_eq!(first.digest, plan(&[], &turned).digest);
    let mut other = stack();
    other[3] = endpoint("small", "s-2");
    assert_ne!(first.digest, plan(&[], &other).digest);
    assert_ne!(first.digest, plan(&other, &stack()).digest);
}

#[test]
fn totals_count_each_resource_once() {
    let mut head = stack();
    head[3] = endpoint("small", "s-2");
    head.remove(2);
    head.push(endpoint("large", "l-1"));
    let totals = plan(&stack(), &head).totals();
    let counted = (
        totals.objects,
        totals.add,
        totals.change,
        totals.destroy,
        totals.unchanged,
    );
    assert_eq!(counted, (4, 1, 1, 1, 2));
}

#[test]
fn names_that_lead_elsewhere_are_listed_with_both_ends() {
    let base = [
        endpoint("small", "s-1"),
        alias("fast", "small", "s-1"),
        alias("old", "small", "s-1"),
    ];
    let head = [
        endpoint("small", "s-1"),
        alias("fast", "small", "s-2"),
        alias("new", "small", "s-1"),
    ];
    let routes = plan(&base, &head).routes;
    let route = |name: &str, before: Option<&str>, after: Option<&str>| RouteChange {
        name: name.to_owned(),
        before: before.map(str::to_owned),
        after: after.map(str::to_owned),
    };
    let expected = [
        route("fast", Some("small/s-1"), Some("small/s-2")),
        route("new", None, Some("small/s-1")),
        route("old", Some("small/s-1"), None),
    ];
    assert_eq!(routes, expected);
}

#[test]
fn a_change_names_what_depends_on_it_directly_or_not() {
    let mut head = stack();
    head[3] = endpoint("small", "s-2");
    let plan = plan(&stack(), &head);
    let affected: Vec<_> = plan.changes[0]
        .affects
        .iter()
        .map(ToString::to_string)
        .collect();
    let expected = [
        "ModelAlias default/a-fast",
        "Agent default/a-writer",
        "AgentSystem default/a-team",
    ];
    assert_eq!(affected.len(), expected.len());
    assert!(
        expected
            .iter()
            .all(|id| affected.iter().any(|found| found == id)),
        "{affected:?}"
    );
}

#[test]
fn a_protected_resource_that_would_go_is_a_finding_at_its_line() {
    let protected = endpoint("small", "s-1").replace(
        "  name: small\n",
        "  name: small\n  annotations: {orloj.dev/protect: \"true\"}\n",
    );
    let base = revision(&[endpoint("large", "l-1"), protected]);
    let plan = between(&base, &revision(&[]));
    let findings = plan.protected(&base.catalog);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].code.as_str(), "E-POLICY-PROTECTED");
    assert!(findings[0].message.contains("ModelEndpoint default/small"));
}
