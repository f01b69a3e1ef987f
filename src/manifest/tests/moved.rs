//! `moved:` documents.

use super::{join, lines, parse};

fn endpoint(name: &str) -> String {
    format!(
        "---\nkind: ModelEndpoint\nmetadata: {{name: {name}}}\nspec: {{provider: mock, default_model: m}}\n"
    )
}

/// `CODE FILE:LINE` of what joining says.
fn told(files: &[(&str, &str)]) -> Vec<String> {
    let (_, findings) = join(files);
    let tell = |finding: &crate::model::Finding| format!("{} {}", finding.code, finding.origin);
    findings.iter().map(tell).collect()
}

#[test]
fn entries_are_read_from_a_list_or_alone_beside_manifests() {
    let text = endpoint("new")
        + "---\nmoved:\n  - {from: ModelEndpoint/default/old, to: ModelEndpoint/default/new}\n  - from: teams/eu/\n    to: teams/emea/\n---\nmoved: {from: agent/a, to: agent/team/a}\n";
    let parsed = parse(&text);
    assert_eq!(lines(&parsed), Vec::<String>::new());
    let moves = parsed.moves.iter();
    let moves: Vec<_> = moves
        .map(|entry| format!("{} > {} {}", entry.from, entry.to, entry.origin))
        .collect();
    assert_eq!(
        moves,
        [
            "ModelEndpoint/default/old > ModelEndpoint/default/new test.yaml:7",
            "teams/eu/ > teams/emea/ test.yaml:8",
            "Agent/default/a > Agent/team/a test.yaml:11",
        ]
    );
    assert_eq!(parsed.resources.len(), 1);
    assert!(parse("moved: []\n").findings.is_empty());
    // A manifest with such a field is a manifest.
    let manifest = "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: b, prompt: c}\nmoved: []\n";
    assert!(
        parse(manifest).findings[0]
            .message
            .contains("`moved` is not a field")
    );
}

#[test]
fn what_is_no_entry_says_so_where_it_stands() {
    for (text, expected) in [
        ("moved: [small]\n", "E-FIELD-TYPE test.yaml:1"),
        (
            "moved: [{form: Agent/a, to: Agent/b}]\n",
            "E-FIELD-REQUIRED test.yaml:1",
        ),
        (
            "moved:\n  - {from: Agnet/a, to: Agent/b}\n",
            "E-FIELD-FORMAT test.yaml:2",
        ),
        (
            "moved:\n- from: Agent/a\n  to: agents/\n",
            "E-FIELD-FORMAT test.yaml:2",
        ),
        ("moved: []\nremoved: []\n", "E-FIELD-UNKNOWN test.yaml:2"),
        (
            "moved: [{from: ../a/, to: b/}]\n",
            "E-FIELD-FORMAT test.yaml:1",
        ),
    ] {
        let parsed = parse(text);
        let told: Vec<_> = parsed
            .findings
            .iter()
            .map(|finding| format!("{} {}", finding.code, finding.origin))
            .collect();
        assert!(told.contains(&expected.to_owned()), "{text}: {told:?}");
        assert!(parsed.moves.is_empty(), "{text}");
    }
}

#[test]
fn entry_that_was_applied_is_harmless() {
    let new = endpoint("new");
    let entry = "moved: [{from: ModelEndpoint/old, to: ModelEndpoint/new}]\n";
    assert_eq!(told(&[("a.yaml", &new), ("moved.yaml", entry)]), [""; 0]);
    // Even when what it led to has gone on, or is gone.
    let newest = endpoint("newest");
    let onward = "moved: [{from: ModelEndpoint/new, to: ModelEndpoint/newest}]\n";
    let chain = [("a.yaml", &*newest), ("b.yaml", entry), ("c.yaml", onward)];
    assert_eq!(told(&chain), [""; 0]);
    assert_eq!(
        told(&[("moved.yaml", entry)]),
        ["W-REF-MOVED-TO moved.yaml:1"]
    );
}

#[test]
fn entry_that_cannot_be_meant_is_refused_with_its_line() {
    let both = endpoint("old") + &endpoint("new");
    let entry = "moved:\n- {from: ModelEndpoint/old, to: ModelEndpoint/new}\n";
    let twice = format!("{entry}- {{from: ModelEndpoint/old, to: ModelEndpoint/other}}\n");
    let joined = format!("{entry}- {{from: ModelEndpoint/older, to: ModelEndpoint/new}}\n");
    let circle = format!("{entry}- {{from: ModelEndpoint/new, to: ModelEndpoint/old}}\n");
    let kinds = "moved:\n- {from: Agent/a, to: Tool/a}\n";
    let new = endpoint("new");
    for (manifest, moved, expected) in [
        (&both, entry, vec!["E-REF-MOVED-FROM m.yaml:2"]),
        (&new, &*twice, vec!["E-REF-MOVED-TWICE m.yaml:3"]),
        (&new, &*joined, vec!["E-REF-MOVED-TWICE m.yaml:3"]),
        (&new, kinds, vec!["E-REF-MOVED-KIND m.yaml:2"]),
    ] {
        assert_eq!(told(&[("a.yaml", manifest), ("m.yaml", moved)]), expected);
    }
    let circle = told(&[("m.yaml", &circle)]);
    assert_eq!(
        circle,
        [
            "E-GRAPH-MOVED-CYCLE m.yaml:2",
            "E-GRAPH-MOVED-CYCLE m.yaml:3"
        ]
    );
}

#[test]
fn editors_are_told_of_the_same_documents_that_are_read() {
    let schema = crate::manifest::schema::published("manifest").unwrap();
    let schema = jsonschema::validator_for(&serde_json::from_str(schema).unwrap()).unwrap();
    for (text, good) in [
        (
            "moved: [{from: Agent/default/desk, to: Agent/default/helpdesk}]",
            true,
        ),
        ("moved: [{from: Agent/desk, to: Agent/helpdesk}]", true),
        ("moved: {from: teams/eu/, to: teams/emea/}", true),
        ("moved: []", true),
        ("moved:", true),
        ("moved: [{from: Agent/default/desk}]", false),
        (
            "moved: [{from: Agent/default/desk, to: Agent/default/help, why: x}]",
            false,
        ),
        ("moved: [{from: desk, to: Agent/default/help}]", false),
        ("moved: [{from: teams//eu/, to: teams/emea/}]", false),
        ("moved: [Agent/default/desk]", false),
        ("moved: []\nmetadata: {name: a}", false),
    ] {
        let document: serde_json::Value = serde_yaml::from_str(text).unwrap();
        assert_eq!(schema.is_valid(&document), good, "{text}");
        let read = crate::manifest::parse_file(&"moved.yaml".into(), text.as_bytes());
        assert_eq!(
            read.findings.is_empty(),
            good,
            "{text}: {:?}",
            read.findings
        );
    }
    let manifest = "kind: Agent\nmetadata: {name: a}\nspec: {model_ref: m}\nmoved: []\n";
    let document: serde_json::Value = serde_yaml::from_str(manifest).unwrap();
    assert!(!schema.is_valid(&document));
    assert!(!schema.is_valid(&serde_json::json!({})));
}
