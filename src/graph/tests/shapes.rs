//! Order, circles and blast radius.

use super::{agent, alias, described, endpoint, id, link};
use crate::model::{Kind, ResourceId};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, prop_assert, prop_assert_eq, proptest},
};
use std::collections::{BTreeMap, BTreeSet};

#[test]
fn dependencies_stand_before_dependents() {
    let text = "kind: Task\nmetadata: {name: t}\nspec: {system: s}\n---\nkind: AgentSystem\nmetadata: {name: s}\nspec: {agents: [a]}\n"
        .to_owned()
        + &agent("a", "main")
        + &endpoint("main")
        + &alias("zz", &["aa".into()])
        + &alias("aa", &["mm".into()])
        + "---\nkind: ModelAlias\nmetadata: {name: mm}\nspec: {targets: [{endpoint: main}]}\n";
    let (_, graph, findings) = link(&text);
    assert_eq!(described(&findings), Vec::<String>::new());
    let order: Vec<_> = graph.order().iter().map(ToString::to_string).collect();
    assert_eq!(
        order,
        [
            "ModelEndpoint default/main",
            "ModelAlias default/mm",
            "ModelAlias default/aa",
            "ModelAlias default/zz",
            "Agent default/a",
            "AgentSystem default/s",
            "Task default/t",
        ]
    );
}

#[test]
fn al_11_circle_of_aliases_is_printed_as_a_path_with_its_places() {
    let text = alias("c", &["a".into()]) + &alias("a", &["b".into()]) + &alias("b", &["c".into()]);
    let (_, graph, findings) = link(&text);
    assert_eq!(
        described(&findings),
        [
            "repo.yaml:12:14 E-GRAPH-CYCLE ModelAlias references run in a circle: a -> b -> c -> a (break it at one of: repo.yaml:12, repo.yaml:18, repo.yaml:6)"
        ]
    );
    assert_eq!(graph.order().len(), 3);
}

#[test]
fn alias_of_itself_is_a_circle() {
    let (_, _, findings) = link(&alias("a", &["a".into()]));
    let found = described(&findings);
    assert_eq!(found.len(), 1);
    assert!(
        found[0].contains("run in a circle: a -> a (break it at one of: repo.yaml:6)"),
        "{found:?}"
    );
}

#[test]
fn each_circle_is_reported_once_and_shortest() {
    let text = alias("a", &["b".into()])
        + &alias("b", &["c".into(), "a".into()])
        + &alias("c", &["a".into()])
        + &alias("x", &["y".into(), "a".into()])
        + &alias("y", &["x".into()]);
    let found = described(&link(&text).2);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(found[0].contains("a -> b -> a"), "{found:?}");
    assert!(found[1].contains("x -> y -> x"), "{found:?}");
}

#[test]
fn members_of_a_circle_come_last_in_the_order() {
    let text = alias("a", &["b".into()]) + &alias("b", &["a".into()]) + &endpoint("z");
    let order: Vec<_> = link(&text)
        .1
        .order()
        .iter()
        .map(|id| id.name.to_string())
        .collect();
    assert_eq!(order, ["z", "a", "b"]);
}

/// Aliases `n0`, `n1`, … with their targets.
fn aliases(edges: &[(usize, usize)]) -> (String, BTreeMap<usize, BTreeSet<usize>>) {
    let mut targets: BTreeMap<usize, BTreeSet<usize>> = BTreeMap::new();
    for (from, to) in edges {
        targets.entry(*from).or_default().insert(*to);
        targets.entry(*to).or_default();
    }
    let mut text = endpoint("end");
    for (node, to) in &targets {
        let names: Vec<_> = to.iter().map(|to| format!("n{to}")).collect();
        text += &match names.as_slice() {
            [] => format!(
                "---\nkind: ModelAlias\nmetadata: {{name: n{node}}}\nspec: {{targets: [{{endpoint: end}}]}}\n"
            ),
            names => alias(&format!("n{node}"), names),
        };
    }
    (text, targets)
}

fn reaches(targets: &BTreeMap<usize, BTreeSet<usize>>, from: usize, to: usize) -> bool {
    let mut seen = BTreeSet::new();
    let mut open: Vec<_> = targets[&from].iter().copied().collect();
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        if seen.insert(node) {
            open.extend(&targets[&node]);
        }
    }
    false
}

fn name(node: usize) -> ResourceId {
    id(Kind::ModelAlias, &format!("n{node}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn blast_radius_is_everything_that_reaches_the_node(edges in vec((0..8_usize, 0..8_usize), 1..20)) {
        let (text, targets) = aliases(&edges);
        let (_, graph, _) = link(&text);
        for node in targets.keys() {
            let expected: BTreeSet<_> = targets
                .keys()
                .filter(|other| *other != node && reaches(&targets, **other, *node))
                .map(|other| name(*other))
                .collect();
            prop_assert_eq!(graph.blast_radius(&name(*node)), expected);
        }
    }

    #[test]
    fn order_is_whole_and_dependencies_first_unless_there_is_a_circle(edges in vec((0..8_usize, 0..8_usize), 1..14)) {
        let (text, targets) = aliases(&edges);
        let (catalog, graph, findings) = link(&text);
        let order = graph.order();
        prop_assert_eq!(order.iter().collect::<BTreeSet<_>>().len(), catalog.len());
        let circular = targets.keys().any(|node| reaches(&targets, *node, *node));
        prop_assert_eq!(findings.has_errors(), circular);
        let at = |node: usize| order.iter().position(|id| *id == name(node)).unwrap();
        for (from, to) in &edges {
            let behind_circle = targets.keys().any(|node| {
                reaches(&targets, *node, *node) && (*node == *from || reaches(&targets, *from, *node))
            });
            prop_assert!(behind_circle || at(*to) < at(*from));
        }
    }

    #[test]
    fn printed_circle_is_one(edges in vec((0..7_usize, 0..7_usize), 1..14)) {
        let (text, targets) = aliases(&edges);
        for finding in link(&text).2.iter() {
            let path = finding.message.split(": ").nth(1).unwrap();
            let nodes: Vec<usize> = path.split(" -> ").map(|name| name[1..].parse().unwrap()).collect();
            prop_assert_eq!(nodes.first(), nodes.last());
            prop_assert!(nodes.len() > 1);
            for step in nodes.windows(2) {
                prop_assert!(targets[&step[0]].contains(&step[1]), "{}", path);
            }
        }
    }
}
