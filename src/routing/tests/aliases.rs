//! Aliases: exact, wildcard, of aliases, weighted, with fallbacks.

use super::{alias, build, described, endpoint, facts, leads, outcome, run, table};
use crate::{
    routing::{Facts, RoutingTable},
    stopwatch::Stopwatch,
};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, prop_assert_eq, prop_assume, proptest},
};
use std::{collections::BTreeMap, time::Duration};

/// How many of `draws` evenly spread draws fall on each target.
fn shares(table: &RoutingTable, model: &str, draws: u64) -> BTreeMap<String, u64> {
    let mut hits = BTreeMap::new();
    for number in 0..draws {
        let draw = u32::try_from((number << 32) / draws + ((1 << 32) / draws) / 2).unwrap();
        let result = run(
            table,
            &Facts {
                draw,
                ..facts(model)
            },
        )
        .0
        .unwrap();
        *hits.entry(result.targets[0].model.to_string()).or_default() += 1;
    }
    hits
}

fn hits(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs
        .iter()
        .map(|(name, count)| ((*name).to_owned(), *count))
        .collect()
}

#[test]
fn al_01_and_al_02_exact_aliases_of_an_endpoint() {
    let table = table(&endpoint(
        "openai",
        "  model_aliases: {fast: gpt-3.5-turbo, smart: gpt-4-turbo}\n",
    ));
    assert_eq!(leads(&table, "fast"), "openai/gpt-3.5-turbo");
    assert_eq!(leads(&table, "smart"), "openai/gpt-4-turbo");
}

#[test]
fn al_07_wildcard_with_more_literal_characters_goes_first() {
    let text = endpoint(
        "e",
        "  model_aliases:\n    gpt-4: exact\n    claude-haiku-3.5-*: haiku-3.5\n    claude-haiku-*: haiku\n    '*-sonnet-*': sonnet\n",
    );
    let table = table(&text);
    assert_eq!(leads(&table, "gpt-4"), "e/exact");
    assert_eq!(leads(&table, "claude-haiku-3.5-v1"), "e/haiku-3.5");
    assert_eq!(leads(&table, "claude-haiku-v1"), "e/haiku");
    assert_eq!(leads(&table, "other-sonnet-model"), "e/sonnet");
    assert!(leads(&table, "unmatched-model").starts_with("ModelNotFound"));
}

#[test]
fn al_09_equally_specific_wildcards_that_overlap_are_an_error_naming_both_lines() {
    let text = endpoint(
        "e",
        "  model_aliases:\n    ab*: x\n    '*bc': y\n    zzz*: z\n",
    );
    assert_eq!(
        described(&build(&text).1),
        [
            "repo.yaml:8:5 E-GRAPH-AMBIGUOUS `*bc` and `ab*` fit the same names equally well in namespace default (the other one is at repo.yaml:9; make one of them more specific)"
        ]
    );
    let across = alias("a", "{match: 'g*', targets: [{endpoint: e}]}")
        + &endpoint("e", "  model_aliases: {'g*': x}\n");
    assert_eq!(described(&build(&across).1).len(), 1);
}

#[test]
fn match_takes_the_place_of_the_objects_name() {
    let text =
        alias("a", "{match: 'gpt-*', targets: [{endpoint: e, model: m}]}") + &endpoint("e", "");
    let table = table(&text);
    assert_eq!(leads(&table, "gpt-9"), "e/m");
    assert!(leads(&table, "a").starts_with("ModelNotFound"));
}

#[test]
fn alias_of_an_alias_is_flattened() {
    let text = alias("a", "{targets: [{alias: b}]}")
        + &alias(
            "b",
            "{targets: [{alias: c}], fallbacks: [{endpoint: e, model: spare}]}",
        )
        + &alias("c", "{targets: [{endpoint: e, model: deep}]}")
        + &endpoint("e", "");
    let table = table(&text);
    assert_eq!(leads(&table, "a"), "e/deep");
    assert_eq!(leads(&table, "b"), "e/deep e/spare");
}

#[test]
fn fallbacks_follow_in_order_without_repeats() {
    let text = alias(
        "a",
        "{targets: [{endpoint: e}], fallbacks: [{endpoint: f}, {alias: b}, {endpoint: f}]}",
    ) + &alias("b", "{targets: [{endpoint: f}, {endpoint: g, model: x}]}")
        + &endpoint("e", "")
        + &endpoint("f", "")
        + &endpoint("g", "");
    assert_eq!(leads(&table(&text), "a"), "e/e-default f/f-default g/x");
}

#[test]
fn the_chosen_target_is_no_fallback_of_its_own() {
    let list = "[{endpoint: e}, {endpoint: f}]";
    let text = alias("a", &format!("{{targets: {list}, fallbacks: {list}}}"))
        + &endpoint("e", "")
        + &endpoint("f", "");
    let table = table(&text);
    let at = |draw: u32| outcome(&run(&table, &Facts { draw, ..facts("a") }).0);
    assert_eq!(at(0), "e/e-default f/f-default");
    assert_eq!(at(u32::MAX), "f/f-default e/e-default");
    // Another model of the same endpoint may do.
    let text = alias(
        "a",
        "{targets: [{endpoint: e}], fallbacks: [{endpoint: e, model: x}, {endpoint: e}]}",
    ) + &endpoint("e", "");
    assert_eq!(leads(&super::table(&text), "a"), "e/e-default e/x");
}

#[test]
fn an_agents_own_model_is_no_fallback_of_its_own() {
    let text = "---\nkind: Agent\nmetadata: {name: desk}\nspec: {model_ref: e, fallback_model_refs: [e, f, f], prompt: hi}\n".to_owned()
        + &endpoint("e", "")
        + &endpoint("f", "");
    assert_eq!(
        leads(&table(&text), "agent/desk"),
        "e/e-default f/f-default"
    );
}

#[test]
fn weights_share_the_draws_exactly() {
    let text = alias(
        "a",
        "{targets: [{endpoint: e, model: x, weight: 3}, {endpoint: e, model: y}, {endpoint: e, model: z, weight: 0}]}",
    ) + &endpoint("e", "");
    let table = table(&text);
    assert_eq!(shares(&table, "a", 400), hits(&[("x", 300), ("y", 100)]));
    let at = |draw: u32| outcome(&run(&table, &Facts { draw, ..facts("a") }).0);
    assert_eq!(at(0), "e/x");
    assert_eq!(at(u32::MAX), "e/y");
    assert_eq!(at((3 << 30) - 1), "e/x");
    assert_eq!(at(3 << 30), "e/y");
}

#[test]
fn alias_among_targets_keeps_its_own_share() {
    let text = alias("a", "{targets: [{alias: b}, {endpoint: e, model: x}]}")
        + &alias(
            "b",
            "{targets: [{endpoint: e, model: y, weight: 50}, {alias: c, weight: 50}]}",
        )
        + &alias(
            "c",
            "{targets: [{endpoint: e, model: z}, {endpoint: e, model: w, weight: 4}]}",
        )
        + &endpoint("e", "");
    let table = table(&text);
    assert_eq!(
        shares(&table, "a", 2_000),
        hits(&[("w", 400), ("x", 1_000), ("y", 500), ("z", 100)])
    );
}

#[test]
fn the_largest_weights_do_not_overflow() {
    let text = alias(
        "a",
        "{targets: [{alias: b, weight: 1000000}, {endpoint: e, model: x, weight: 999999}]}",
    ) + &alias(
        "b",
        "{targets: [{alias: c, weight: 1000000}, {endpoint: e, model: y, weight: 999999}]}",
    ) + &alias(
        "c",
        "{targets: [{alias: d, weight: 999983}, {endpoint: e, model: z, weight: 999979}]}",
    ) + &alias(
        "d",
        "{targets: [{alias: f, weight: 999961}, {endpoint: e, model: w, weight: 1}]}",
    ) + &alias(
        "f",
        "{targets: [{endpoint: e, model: v, weight: 999953}, {endpoint: e, model: u, weight: 999931}]}",
    ) + &endpoint("e", "");
    let found = shares(&table(&text), "a", 3_200);
    for (model, expected) in [("x", 1_600), ("y", 800), ("z", 400), ("v", 200), ("u", 200)] {
        assert!(found[model].abs_diff(expected) <= 1, "{model}: {found:?}");
    }
}

#[test]
fn doubling_nest_of_aliases_costs_what_is_written() {
    let mut text = endpoint("e", "") + &alias("n0", "{targets: [{endpoint: e}]}");
    for level in 1..200 {
        let below = level - 1;
        text += &alias(
            &format!("n{level}"),
            &format!(
                "{{targets: [{{alias: n{below}}}, {{alias: n{below}}}], fallbacks: [{{alias: n{below}}}]}}"
            ),
        );
    }
    let catalog = super::read(&text);
    let start = Stopwatch::start();
    let (table, findings) = super::compile(&catalog);
    assert!(findings.is_empty());
    assert_eq!(leads(&table, "n199"), "e/e-default");
    assert!(
        start.elapsed() < Duration::from_secs(5),
        "{:?}",
        start.elapsed()
    );
}

#[test]
fn chain_of_three_thousand_aliases_is_flattened_without_recursion() {
    let mut text = endpoint("e", "") + &alias("n0", "{targets: [{endpoint: e}]}");
    for level in 1..3_000 {
        text += &alias(
            &format!("n{level}"),
            &format!("{{targets: [{{alias: n{}}}]}}", level - 1),
        );
    }
    assert_eq!(leads(&table(&text), "n2999"), "e/e-default");
}

#[test]
fn circle_of_aliases_ends_and_leaves_the_others_alone() {
    let text = alias("a", "{targets: [{alias: b}]}")
        + &alias("b", "{targets: [{alias: a}]}")
        + &alias("c", "{targets: [{alias: c}]}")
        + &alias("good", "{targets: [{endpoint: e}]}")
        + &endpoint("e", "");
    let table = table(&text);
    assert_eq!(leads(&table, "good"), "e/e-default");
    assert!(leads(&table, "a").starts_with("ModelNotFound"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn draws_fall_on_targets_by_weight(weights in vec(0..6_u64, 1..6)) {
        let total: u64 = weights.iter().sum();
        prop_assume!(total > 0);
        let targets: Vec<_> = weights.iter().enumerate().map(|(index, weight)| format!("{{endpoint: e, model: m{index}, weight: {weight}}}")).collect();
        let table = table(&(alias("a", &format!("{{targets: [{}]}}", targets.join(", "))) + &endpoint("e", "")));
        let expected: BTreeMap<_, _> = weights.iter().enumerate().filter(|(_, weight)| **weight > 0).map(|(index, weight)| (format!("m{index}"), weight * 10)).collect();
        prop_assert_eq!(shares(&table, "a", total * 10), expected);
    }
}
