//! What edits lead to is what the files say when they are read together.

use crate::{
    manifest::{FileEdit, Layer, ParsedFile, parse_file},
    model::{Changed, Kind, ResourceId},
    plan::{Plan, to_json},
    reconcile::Snapshot,
    routing::{Facts, list_models, resolve},
};
use proptest::{
    collection::vec,
    prelude::{ProptestConfig, Strategy, prop, prop_assert_eq, proptest},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    sync::Arc,
};

/// Kinds, names and specs that get in each other's way as often as possible.
const DOCUMENTS: &[(&str, &str, &[&str])] = &[
    (
        "Secret",
        "k|K|other|k-x|k_x",
        &["{encryptedData: {}}", "{stringData: {value: clear}}"],
    ),
    (
        "ModelEndpoint",
        "e|f",
        &[
            "{provider: mock, default_model: m, models: [m, n], auth: {secretRef: k}}",
            "{provider: mock, default_model: n, models: [fast], model_aliases: {fast: m, 'g*': n}}",
            "{provider: mock, models: [x], model_aliases: {fast: x, 'a': x, 'agent/a': x, 'h*': x}}",
            "{provider: mock, default_model: gm, model_aliases: {'gm': n, 'e/m': x, '*m': y}, auth: {secretRef: other}}",
            "{provider: mock, default_model: m, model_aliases: {'g*': m, '*m': y}, auth: {secretRef: kk}}",
        ],
    ),
    (
        "McpServer",
        "srv",
        &["{transport: http, endpoint: 'https://srv.example'}"],
    ),
    (
        "Tool",
        "t|srv--x",
        &[
            "{type: mcp, mcp_server_ref: srv, mcp_tool_name: x}",
            "{endpoint: 'https://t.example'}",
        ],
    ),
    ("AgentRole", "r", &["{permissions: ['tool:t:invoke']}"]),
    (
        "ModelAlias",
        "a|b|c|fast|e",
        &[
            "{targets: [{endpoint: e}]}",
            "{targets: [{alias: b}, {endpoint: f, model: q}]}",
            "{targets: [{alias: c, weight: 3}, {endpoint: e, model: q}]}",
            "{targets: [{alias: a}], fallbacks: [{endpoint: f}]}",
            "{match: 'g?*', targets: [{endpoint: f, model: n}]}",
            "{match: '*g', targets: [{endpoint: e, model: m}]}",
            "{match: 'e/m', targets: [{endpoint: f}]}",
        ],
    ),
    (
        "Agent",
        "a|b",
        &[
            "{model_ref: e, prompt: hello, tools: [t, srv--x], roles: [r]}",
            "{model_ref: f, fallback_model_refs: [e], prompt: hello}",
            "{model_ref: ee, prompt: hello, memory: {ref: mem}}",
        ],
    ),
    (
        "Memory",
        "mem",
        &[
            "{type: vector, provider: in-memory, embedding_model: e}",
            "{}",
        ],
    ),
    (
        "AgentPolicy",
        "p|q",
        &[
            "{allowed_models: [m, mm]}",
            "{apply_mode: global, allowed_models: [n]}",
            "{apply_mode: scoped, target_systems: [S], allowed_models: [z]}",
            "{target_tasks: [Run], allowed_models: [z]}",
            "{target_systems: [s, nowhere], target_tasks: [rum]}",
            "{apply_mode: scoped}",
            "{blocked_tools: [T, srv--x, nowhere], allowed_models: [n, gm]}",
            "{}",
        ],
    ),
    (
        "AgentSystem",
        "s|S2",
        &[
            "{agents: [a, b], graph: {a: {edges: [{to: b}]}, b: {edges: [{to: a}]}}}",
            "{agents: [a]}",
        ],
    ),
    (
        "Task",
        "run",
        &[
            "{system: s}",
            "{system: s, max_turns: 4, mode: template}",
            "{system: other/s}",
        ],
    ),
    (
        "TaskSchedule",
        "nightly",
        &["{task_ref: run, schedule: '0 3 * * *'}"],
    ),
    ("Broken", "x", &["{}"]),
    (
        "moved",
        "x",
        &[
            "[{from: ModelEndpoint/e, to: ModelEndpoint/f}]",
            "[{from: Agent/a, to: Agent/b}, {from: Agent/b, to: Agent/other/a}]",
            "[{from: Agent/other/a, to: Agent/a}, {from: f1.yaml/, to: f2.yaml/}]",
            "[{from: ModelAlias/a, to: ModelAlias/b}, {from: ModelAlias/c, to: ModelAlias/b}]",
        ],
    ),
];

/// One document: which kind, which of its names and specs, whether in another namespace, and whether it
/// has an error of its own.
pub(super) type Document = (usize, usize, usize, bool, u8);

fn document() -> impl Strategy<Value = Document> {
    (
        0..DOCUMENTS.len(),
        0..5_usize,
        0..8_usize,
        prop::bool::weighted(0.15),
        0..12_u8,
    )
}

/// Edits: whether by hand, the file, and its documents; without one the file goes.
pub(super) fn edits() -> impl Strategy<Value = Vec<(bool, u8, Vec<Document>)>> {
    let edit = (prop::bool::weighted(0.15), 0..7_u8, vec(document(), 0..4));
    vec(edit, 1..4)
}

fn text(documents: &[Document]) -> String {
    let mut text = String::new();
    for (kind, name, spec, elsewhere, flaw) in documents {
        let (kind, names, specs) = DOCUMENTS[*kind];
        if kind == "moved" {
            let _ = writeln!(text, "---\nmoved: {}", specs[spec % specs.len()]);
            continue;
        }
        let names: Vec<_> = names.split('|').collect();
        let name = names[name % names.len()];
        let spec = specs[spec % specs.len()];
        let namespace = if *elsewhere { ", namespace: other" } else { "" };
        let adopt = if *flaw == 1 {
            ", annotations: {orloj.dev/adopt: 'true'}"
        } else {
            ""
        };
        let flaw = if *flaw == 0 { "\nmisspelt: 1" } else { "" };
        let _ = writeln!(
            text,
            "---\napiVersion: orloj.dev/v1\nkind: {kind}\nmetadata: {{name: {name}{namespace}{adopt}}}\nspec: {spec}{flaw}"
        );
    }
    text
}

pub(super) fn file_edit(by_hand: bool, file: u8, documents: &[Document]) -> FileEdit {
    let layer = if by_hand {
        Layer::ByHand
    } else {
        Layer::Source
    };
    let path: Arc<str> = format!("f{file}.yaml").into();
    let parse = || Arc::new(parse_file(&path, text(documents).as_bytes()));
    FileEdit {
        layer,
        parsed: (!documents.is_empty()).then(parse),
        path,
    }
}

/// Everything that can be asked of a snapshot.
pub(super) fn told(snapshot: &Snapshot) -> Vec<String> {
    let (catalog, graph, table) = (snapshot.catalog(), snapshot.graph(), snapshot.table());
    let mut told = Vec::new();
    told.extend(
        snapshot
            .findings()
            .iter()
            .map(|finding| format!("{finding:?}")),
    );
    told.extend(
        catalog
            .iter()
            .map(|one| format!("{} {} {}", one.id, one.origin, one.digest)),
    );
    told.push(format!(
        "{:?} {:?}",
        catalog.digest(),
        catalog.unreadable().collect::<Vec<_>>()
    ));
    told.push(format!(
        "{:?}",
        snapshot.unmanaged().iter().collect::<Vec<_>>()
    ));
    told.push(format!("{:?}", catalog.moves()));
    told.push(format!("{:?}", graph.order()));
    for id in graph.nodes() {
        told.push(format!(
            "{id} {:?} {:?}",
            graph.dependencies(id),
            graph.dependents(id)
        ));
        told.push(format!("{id} {:?}", graph.blast_radius(id)));
    }
    told.extend(
        list_models(table)
            .iter()
            .map(|listing| format!("{listing:?}")),
    );
    told.extend(table.endpoints().map(|endpoint| format!("{endpoint:?}")));
    for agent in table.agents() {
        told.push(format!("{agent:?} {:?}", table.policies_of(&agent.id)));
    }
    for (namespace, model) in ["default", "other"].into_iter().flat_map(|namespace| {
        let names = [
            "fast",
            "a",
            "gg",
            "ghg",
            "agent/a",
            "agent/other/b",
            "e/q",
            "m",
            "other/f",
        ];
        names.map(|name| (namespace, name))
    }) {
        let facts = Facts {
            namespace,
            scope: None,
            model: Some(model),
            draw: 0x6000_0000,
        };
        told.push(format!("{:?}", resolve(table, &facts)));
    }
    told
}

fn fresh(files: &BTreeMap<(Layer, Arc<str>), Arc<ParsedFile>>) -> (Snapshot, Changed) {
    let mut snapshot = Snapshot::default();
    let edits = files.iter().map(|((layer, path), parsed)| FileEdit {
        layer: *layer,
        path: path.clone(),
        parsed: Some(parsed.clone()),
    });
    let changed = snapshot.advance(edits);
    (snapshot, changed)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 150,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn edits_lead_to_what_the_files_say_together(steps in vec(edits(), 1..8)) {
        let mut files = BTreeMap::new();
        let mut snapshot = Snapshot::default();
        for step in steps {
            let before = snapshot.clone();
            let mut made = Vec::new();
            for (by_hand, file, documents) in &step {
                let edit = file_edit(*by_hand, *file, documents);
                let key = (edit.layer, edit.path.clone());
                match &edit.parsed {
                    Some(parsed) => drop(files.insert(key, parsed.clone())),
                    None => drop(files.remove(&key)),
                }
                made.push(edit);
            }
            let was = told(&before);
            let changed = snapshot.advance(made);
            let (expected, _) = fresh(&files);
            for (told, expected) in told(&snapshot).iter().zip(told(&expected).iter()) {
                prop_assert_eq!(told, expected);
            }
            prop_assert_eq!(told(&snapshot).len(), told(&expected).len());
            prop_assert_eq!(told(&before), was, "what was there is not touched");
            let (base, head) = (before.side("base"), snapshot.side("head"));
            let (known, unknown) = (Plan::of(base, head, &changed), Plan::between(base, head));
            prop_assert_eq!(to_json(&known), to_json(&unknown));
        }
    }
}

/// Files after each step; a text that is empty removes its file.
fn follow(steps: &[&[(&str, &str)]]) {
    let mut files = BTreeMap::new();
    let mut snapshot = Snapshot::default();
    for (at, step) in steps.iter().enumerate() {
        let mut edits = Vec::new();
        for (path, text) in *step {
            let path: Arc<str> = (*path).into();
            let parsed = Arc::new(parse_file(&path, text.as_bytes()));
            let parsed = (!text.is_empty()).then_some(parsed);
            let key = (Layer::Source, path.clone());
            match &parsed {
                Some(parsed) => drop(files.insert(key, parsed.clone())),
                None => drop(files.remove(&key)),
            }
            let layer = Layer::Source;
            edits.push(FileEdit {
                layer,
                path,
                parsed,
            });
        }
        snapshot.advance(edits);
        assert_eq!(told(&snapshot), told(&fresh(&files).0), "step {at}");
    }
}

fn manifest(kind: &str, name: &str, spec: &str) -> String {
    format!("kind: {kind}\nmetadata: {{name: {name}}}\nspec: {spec}\n")
}

fn alias(name: &str, target: &str) -> String {
    manifest("ModelAlias", name, &format!("{{targets: [{{{target}}}]}}"))
}

const MOCK: &str = "{provider: mock, default_model: m}";

#[test]
fn suggestion_follows_what_it_names_to_another_file() {
    let endpoint = manifest("ModelEndpoint", "main", MOCK);
    let agent = manifest("Agent", "a", "{model_ref: mian}");
    follow(&[
        &[("a", &agent), ("b", &endpoint)],
        &[("b", ""), ("c", &endpoint)],
        &[("c", "")],
    ]);
}

#[test]
fn secrets_clash_no_more_when_one_of_them_goes() {
    let secret = |name: &str| manifest("Secret", name, "{}");
    let (dash, line) = (secret("k-x"), secret("k_x"));
    follow(&[
        &[("a", &dash)],
        &[("b", &line)],
        &[("a", "")],
        &[("a", &dash)],
        &[("b", "")],
    ]);
}

#[test]
fn circle_stays_while_something_else_is_edited() {
    let [a, b, c] = [("a", "b"), ("b", "c"), ("c", "a")]
        .map(|(name, next)| alias(name, &format!("alias: {next}")));
    let other = |model: &str| {
        let spec = format!("{{provider: mock, default_model: {model}}}");
        manifest("ModelEndpoint", "main", &spec)
    };
    follow(&[
        &[("a", &a), ("b", &b), ("c", &c), ("d", &other("one"))],
        &[("d", &other("two"))],
        &[("c", &alias("c", "endpoint: main"))],
        &[("c", &c)],
        &[("d", "")],
    ]);
}

#[test]
fn aliases_of_aliases_follow_the_last_one() {
    // The names' order is the other way round than what they lead to.
    let [a, b, c] = [("a", "b"), ("b", "c"), ("c", "d")]
        .map(|(name, next)| alias(name, &format!("alias: {next}")));
    let end = |model: &str| alias("d", &format!("endpoint: main, model: {model}"));
    let main = manifest("ModelEndpoint", "main", MOCK);
    follow(&[
        &[
            ("a", &a),
            ("b", &b),
            ("c", &c),
            ("d", &end("one")),
            ("e", &main),
        ],
        &[("d", &end("two"))],
        &[("e", "")],
        &[("e", &main)],
        &[("d", "")],
    ]);
}

#[test]
fn an_edit_changes_what_it_touches_and_nothing_else() {
    let manifest = |name: &str, model: &str| {
        format!(
            "kind: ModelEndpoint\nmetadata: {{name: {name}}}\nspec: {{provider: mock, default_model: {model}}}\n"
        )
    };
    let edit = |name: &str, model: &str| {
        let path: Arc<str> = format!("{name}.yaml").into();
        let parsed = Some(Arc::new(parse_file(
            &path,
            manifest(name, model).as_bytes(),
        )));
        let layer = Layer::Source;
        FileEdit {
            layer,
            path,
            parsed,
        }
    };
    let mut snapshot = Snapshot::default();
    snapshot.advance(["a", "b", "c"].map(|name| edit(name, "one")));
    let changed = snapshot.advance([edit("b", "two")]);
    let b = ResourceId::new(Kind::ModelEndpoint, "default", "b");
    assert_eq!(changed.resources, BTreeSet::from([b]));
    assert_eq!(changed.names, BTreeSet::from(["b".to_owned()]));
}
