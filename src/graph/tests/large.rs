//! Large graphs: quick, and without recursion.

use super::{DependencyGraph, agent, alias, described, endpoint, id};
use crate::{
    manifest::{AssembleOptions, ParsedFile, assemble, parse_file},
    model::{Catalog, Kind},
    stopwatch::Stopwatch,
};
use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

/// Generous: an unoptimised build on a busy machine stays far below.
const LIMIT: Duration = Duration::from_secs(5);

/// Reads texts as files small enough to be read.
fn catalog(texts: &[String]) -> Catalog {
    let files: Vec<Arc<ParsedFile>> = texts
        .chunks(5_000)
        .map(|chunk| Arc::new(parse_file(&"f.yaml".into(), chunk.concat().as_bytes())))
        .collect();
    let (catalog, findings) = assemble(&files, AssembleOptions::default());
    assert!(findings.is_empty());
    assert_eq!(catalog.len(), texts.len());
    catalog
}

/// `n0 <- n1 <- … <- n9999`, the first leading to `end`.
fn chain() -> Vec<String> {
    let mut texts = vec![endpoint("end")];
    texts.push(
        "---\nkind: ModelAlias\nmetadata: {name: n0}\nspec: {targets: [{endpoint: end}]}\n".into(),
    );
    texts.extend(
        (1..10_000).map(|number| alias(&format!("n{number}"), &[format!("n{}", number - 1)])),
    );
    texts
}

/// The chain's catalog, read once.
fn long_chain() -> Catalog {
    static CHAIN: OnceLock<Catalog> = OnceLock::new();
    CHAIN.get_or_init(|| catalog(&chain())).clone()
}

#[test]
fn chain_of_ten_thousand_is_linked_without_recursion() {
    let catalog = long_chain();
    let start = Stopwatch::start();
    let (graph, findings) = DependencyGraph::build(&catalog);
    assert!(findings.is_empty());
    let order = graph.order();
    assert_eq!(order.last().unwrap(), &id(Kind::ModelAlias, "n9999"));
    assert_eq!(
        graph.blast_radius(&id(Kind::ModelEndpoint, "end")).len(),
        10_000
    );
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[test]
fn circle_in_and_beside_a_long_chain_is_found_without_recursion() {
    let mut catalog = long_chain();
    let beside = alias("x", &["y".into()]) + &alias("y", &["x".into(), "n9999".into()]);
    for resource in parse_file(&"x.yaml".into(), beside.as_bytes()).resources {
        catalog.insert(resource);
    }
    let start = Stopwatch::start();
    let found = described(&DependencyGraph::build(&catalog).1);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("x -> y -> x"), "{found:?}");

    let closing = alias("n0", &["n9999".into()]);
    for resource in parse_file(&"x.yaml".into(), closing.as_bytes()).resources {
        catalog.insert(resource);
    }
    let (_, findings) = DependencyGraph::build(&catalog);
    assert_eq!(findings.summary().errors, 2);
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[test]
fn twenty_thousand_agents_on_one_endpoint_are_linked_quickly() {
    let mut texts: Vec<_> = (0..20_000)
        .map(|number| agent(&format!("a{number}"), "main"))
        .collect();
    texts.push(endpoint("main"));
    let catalog = catalog(&texts);
    let start = Stopwatch::start();
    let (graph, findings) = DependencyGraph::build(&catalog);
    assert!(findings.is_empty());
    assert_eq!(
        graph.blast_radius(&id(Kind::ModelEndpoint, "main")).len(),
        20_000
    );
    assert_eq!(graph.order().first().unwrap().kind, Kind::ModelEndpoint);
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[test]
fn two_thousand_references_to_nothing_are_reported_quickly() {
    let mut texts: Vec<_> = (0..2_000)
        .map(|number| agent(&format!("a{number}"), "mian"))
        .collect();
    texts.extend((0..500).map(|number| endpoint(&format!("endpoint-{number}"))));
    texts.push(endpoint("main"));
    let catalog = catalog(&texts);
    let start = Stopwatch::start();
    let (_, findings) = DependencyGraph::build(&catalog);
    assert_eq!(findings.summary().errors, 2_000);
    assert!(
        findings
            .iter()
            .all(|finding| finding.hint.as_deref() == Some("did you mean `main` (f.yaml)?"))
    );
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[test]
fn every_one_of_three_hundred_leads_to_every_other_three_hundred() {
    let below = |number: usize| {
        format!(
            "---\nkind: ModelAlias\nmetadata: {{name: b{number}}}\nspec: {{targets: [{{endpoint: end}}]}}\n"
        )
    };
    let all: Vec<String> = (0..300).map(|number| format!("b{number}")).collect();
    let mut texts = vec![endpoint("end")];
    texts.extend((0..300).map(below));
    texts.extend((0..300).map(|number| alias(&format!("a{number}"), &all)));
    let files: Vec<Arc<ParsedFile>> = texts
        .iter()
        .map(|text| Arc::new(parse_file(&"f.yaml".into(), text.as_bytes())))
        .collect();
    let (catalog, _) = assemble(&files, AssembleOptions::default());
    let start = Stopwatch::start();
    let (graph, findings) = DependencyGraph::build(&catalog);
    assert!(findings.is_empty());
    assert_eq!(
        graph.blast_radius(&id(Kind::ModelEndpoint, "end")).len(),
        600
    );
    assert!(start.elapsed() < LIMIT, "{:?}", start.elapsed());
}

#[test]
fn circle_of_three_among_ten_thousand_is_printed_as_a_path() {
    let mut catalog = long_chain();
    let circle =
        alias("p", &["q".into()]) + &alias("q", &["r".into()]) + &alias("r", &["p".into()]);
    for resource in parse_file(&"x.yaml".into(), circle.as_bytes()).resources {
        catalog.insert(resource);
    }
    let found = described(&DependencyGraph::build(&catalog).1);
    assert_eq!(found.len(), 1);
    assert!(found[0].contains("p -> q -> r -> p"), "{found:?}");
}
