//! The names of `GET /v1/models`.

use super::{agent, alias, endpoint, facts, outcome, run, table, within};
use crate::routing::{find_listing, list_models};

#[test]
fn exact_names_are_listed_with_what_they_lead_to_and_wildcards_are_not() {
    let text = endpoint("e", "  models: [m]\n  model_aliases: {fast: x, 'w*': y}\n")
        + &alias("smart", "{targets: [{endpoint: e, model: s}]}")
        + &alias("pattern", "{match: 'p*', targets: [{endpoint: e}]}")
        + &agent("a", "e");
    let listed: Vec<_> = list_models(&table(&text))
        .into_iter()
        .map(|model| (model.id, model.kind, model.target))
        .collect();
    let expected = [
        ("agent/a", "agent", "e/e-default"),
        ("e", "endpoint", "e/e-default"),
        ("fast", "alias", "e/x"),
        ("m", "model", "e/m"),
        ("smart", "alias", "e/s"),
    ];
    assert_eq!(
        listed,
        expected.map(|(id, kind, target)| (id.to_owned(), kind, target.to_owned()))
    );
}

#[test]
fn al_18_every_listed_name_resolves_to_what_is_listed() {
    let inside =
        endpoint("e", "  models: [m, fast]\n  model_aliases: {fast: x}\n") + &agent("a", "e");
    let text = inside.clone()
        + &within("one", &inside)
        + &within("two", &inside)
        + &within("two", &endpoint("alone", ""));
    let table = table(&text);
    let listed = list_models(&table);
    assert_eq!(listed.len(), 13);
    for model in listed {
        let result = run(&table, &facts(&model.id)).0;
        assert_eq!(outcome(&result), model.target, "{}", model.id);
    }
}

#[test]
fn listing_that_is_looked_for_is_the_one_that_the_list_has() {
    let inside = endpoint("e", "  models: [m, org/m, two/m, agent/a]\n") + &agent("a", "e");
    let text = inside.clone()
        + &within("one", &inside)
        + &within("two", &inside)
        + &within(
            "two",
            &endpoint("alone", "  models: [deep/er/m, agent/two/a]\n"),
        );
    let table = table(&text);
    let listed = list_models(&table);
    for id in listed.iter().map(|model| &model.id) {
        let first = listed.iter().find(|model| model.id == *id);
        assert_eq!(find_listing(&table, id).as_ref(), first, "{id}");
    }
    for absent in [
        "",
        "/",
        "agent/",
        "none",
        "one/none",
        "two/alone",
        "default/m",
        "agent/one/b",
    ] {
        assert!(listed.iter().all(|model| model.id != absent), "{absent}");
        assert_eq!(find_listing(&table, absent), None, "{absent}");
    }
}
