//! Endpoints that put their own model in the place of every name.

use super::{agent, alias, build, described, endpoint, leads, table};

#[test]
fn every_name_on_the_endpoint_is_for_the_pinned_model() {
    let text = endpoint("e", "  pin_model: true\n  models: [listed]\n")
        + &alias("named", "{targets: [{endpoint: e, model: other}]}")
        + &agent("a", "e");
    let table = table(&text);
    for name in ["e", "e/anything", "listed", "named", "agent/a"] {
        assert_eq!(leads(&table, name), "e/e-default", "{name}");
    }
}

#[test]
fn an_alias_of_the_pinned_name_holds_and_others_are_unreachable() {
    let text = endpoint(
        "e",
        "  pin_model: true\n  model_aliases: {e-default: real, 'e-*': no, fast: dead, 'x-*': dead}\n",
    );
    let (table, findings) = build(&text);
    assert_eq!(leads(&table, "e"), "e/real");
    assert_eq!(leads(&table, "e/fast"), "e/real");
    assert!(leads(&table, "fast").contains("fast"));
    let hint = "every request to it is for `e-default`; take the model away (repo.yaml:6) so that requests choose, or the alias";
    let dead = |column: u32, alias: &str| {
        format!(
            "repo.yaml:8:{column} W-ALIAS-UNREACHABLE the alias `{alias}` is unreachable: ModelEndpoint default/e pins the model `e-default` ({hint})"
        )
    };
    assert_eq!(described(&findings), [dead(47, "fast"), dead(59, "x-*")]);
}

#[test]
fn a_pin_may_fit_a_wildcard() {
    let text = endpoint("e", "  pin_model: true\n  model_aliases: {'e-*': real}\n");
    assert_eq!(leads(&table(&text), "e/x"), "e/real");
}
