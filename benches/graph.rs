//! How long the largest graphs take to be linked and searched for circles, beside parsing the same manifests.
//!
//! `cargo bench --bench graph`; each shape three times, the fastest is printed. The shapes are those that a hostile
//! repository would choose: a chain, everybody on one, everybody on everybody, and a circle of three beside each.
#![expect(clippy::print_stdout, reason = "a measurement prints what it found")]

use orloj::{
    graph::DependencyGraph,
    manifest::{AssembleOptions, ParsedFile, assemble, parse_file},
};
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

const ENDPOINT: &str = "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata: {name: end}\nspec: {provider: mock, default_model: m}\n";

const ROUNDS: usize = 3;

fn alias(name: &str, targets: &str) -> String {
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata: {{name: {name}}}\nspec: {{targets: [{targets}]}}\n"
    )
}

/// Each leads to the one before.
fn chain(length: usize) -> Vec<String> {
    let link = |at: usize| alias(&format!("n{at}"), &format!("{{alias: n{}}}", at - 1));
    let first = alias("n0", "{endpoint: end}");
    std::iter::once(first)
        .chain((1..length).map(link))
        .collect()
}

/// Everybody leads to one.
fn fan_in(count: usize) -> Vec<String> {
    let agent = |at| {
        format!(
            "apiVersion: orloj.dev/v1\nkind: Agent\nmetadata: {{name: a{at}}}\nspec: {{model_ref: end}}\n"
        )
    };
    (0..count).map(agent).collect()
}

/// Each of one half leads to each of the other.
fn bipartite(half: usize) -> Vec<String> {
    let below: Vec<_> = (0..half).map(|at| format!("{{alias: b{at}}}")).collect();
    let below = below.join(", ");
    let lower = (0..half).map(|at| alias(&format!("b{at}"), "{endpoint: end}"));
    let upper = (0..half).map(|at| alias(&format!("a{at}"), &below));
    lower.chain(upper).collect()
}

fn circle() -> impl Iterator<Item = String> {
    let circle = [("p", "q"), ("q", "r"), ("r", "p")].into_iter();
    circle.map(|(name, next)| alias(name, &format!("{{alias: {next}}}")))
}

/// Prints the best of some rounds.
fn measure(shape: &str, documents: Vec<String>) {
    let documents = documents.into_iter().chain(circle());
    let documents: Vec<_> = documents.chain([ENDPOINT.to_owned()]).collect();
    let started = Instant::now();
    let parse = |text: &String| Arc::new(parse_file(&"f.yaml".into(), text.as_bytes()));
    let files: Vec<Arc<ParsedFile>> = documents.iter().map(parse).collect();
    let parsing = started.elapsed();
    let (catalog, _) = assemble(&files, AssembleOptions::default());
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let started = Instant::now();
        let (graph, findings) = DependencyGraph::build(&catalog);
        best = best.min(started.elapsed());
        assert!(findings.has_errors(), "the circle is found");
        drop(graph);
    }
    println!(
        "{shape:<44} {:>8.0} ms   parsing, one thread {:>8.0} ms   ratio {:.2}",
        best.as_secs_f64() * 1e3,
        parsing.as_secs_f64() * 1e3,
        best.as_secs_f64() / parsing.as_secs_f64()
    );
}

fn main() {
    measure("chain of 100,000", chain(100_000));
    measure("100,000 to 1", fan_in(100_000));
    measure("1,000 to each of 1,000 (a million edges)", bipartite(1_000));
}
