use super::{super::links::Links, agent, alias, endpoint};
use crate::{
    manifest::{AssembleOptions, assemble, parse_file},
    model::{Catalog, Kind, ResourceId},
};
use std::{collections::BTreeSet, sync::Arc};

/// Everything that a resource can refer to: there, missing, offered by a server, in a circle, elsewhere.
fn catalog() -> Catalog {
    let mut text = endpoint("e") + &agent("a", "e") + &agent("b", "absent") + &agent("c", "team/e");
    for (name, to) in [("x", "y"), ("y", "x"), ("z", "z"), ("w", "gone")] {
        text += &alias(name, &[to.to_owned()]);
    }
    text += "---\nkind: McpServer\nmetadata: {name: srv}\nspec: {transport: http, endpoint: 'https://srv.example'}\n";
    text += "---\nkind: Tool\nmetadata: {name: srv--own}\nspec: {endpoint: 'https://t.example'}\n";
    text += "---\nkind: Agent\nmetadata: {name: d}\nspec:\n  model_ref: e\n  fallback_model_refs: [absent, e]\n  tools: [srv--x, srv--own, none--y, lost]\n";
    let parsed = Arc::new(parse_file(&"repo.yaml".into(), text.as_bytes()));
    let (catalog, findings) = assemble([&parsed], AssembleOptions::default());
    assert!(findings.is_empty(), "{findings:?}");
    assert_eq!(catalog.len(), 11);
    catalog
}

#[test]
fn links_of_a_catalog_at_once_are_those_of_its_resources_one_by_one() {
    let catalog = catalog();
    let (at_once, _) = Links::of(&catalog);
    let ids: BTreeSet<_> = catalog.iter().map(|resource| &resource.id).collect();
    for backwards in [false, true] {
        let mut one_by_one = Links::default();
        let mut order: Vec<_> = ids.iter().collect();
        if backwards {
            order.reverse();
        }
        for id in order {
            assert!(one_by_one.relink(&catalog, id));
        }
        assert_eq!(format!("{at_once:?}"), format!("{one_by_one:?}"));
    }
    assert!(!at_once.is_empty());
}

#[test]
fn who_is_in_a_circle_is_found_and_dangling_references_are_known() {
    let (links, mut circular) = Links::of(&catalog());
    circular.sort();
    let circular: Vec<_> = circular.iter().map(|id| &*id.name).collect();
    assert_eq!(circular, ["x", "y", "z"]);
    let id = |kind, name| ResourceId::new(kind, "default", name);
    assert!(links.targets_missing(&id(Kind::Agent, "b")));
    assert!(links.targets_missing(&id(Kind::Agent, "d")));
    assert!(!links.targets_missing(&id(Kind::Agent, "a")));
}
