//! Renames: what `moved:` says, and what looks as if it should.

use super::{Revision, agent, alias, at, between, endpoint, of_files, plan, revision, secret};
use crate::{
    plan::{Plan, Suggestion, TextOptions, to_json, to_markdown, to_text},
    stopwatch::Stopwatch,
};
use serde_json::json;

fn moved(entries: &[(&str, &str)]) -> String {
    let entries = entries
        .iter()
        .map(|(from, to)| format!("  - {{from: {from}, to: {to}}}\n"));
    format!("moved:\n{}", entries.collect::<String>())
}

fn shown(plan: &Plan) -> String {
    let text = to_text(plan, TextOptions::default());
    text.replace(&plan.digest.to_string(), "DIGEST")
}

fn files(files: &[(&str, &[String])]) -> Revision {
    let text =
        |(file, manifests): &(&str, &[String])| ((*file).to_owned(), manifests.join("---\n"));
    of_files(&files.iter().map(text).collect::<Vec<_>>())
}

/// `was > is` for each move.
fn moves(plan: &Plan) -> Vec<String> {
    let changes = plan.changes.iter();
    changes
        .filter_map(|change| Some(format!("{} > {}", change.moved.as_ref()?.from, change.id)))
        .collect()
}

fn suggested(plan: &Plan) -> Vec<String> {
    let suggestions = plan.suggestions.iter();
    suggestions
        .map(|one| format!("{} > {}", one.from, one.to))
        .collect()
}

#[test]
fn rename_reads_as_one_line() {
    let base = [endpoint("small", "s-1"), agent("writer", "small", "Write.")];
    let entry = ("ModelEndpoint/default/small", "ModelEndpoint/default/tiny");
    let head = [
        endpoint("tiny", "s-2"),
        agent("writer", "tiny", "Write."),
        moved(&[entry]),
    ];
    let plan = plan(&base, &head);
    let expected = "\
Plan DIGEST
  base  base
  head  head

  → ModelEndpoint  tiny    repo.yaml:1 (was small)
  ~ Agent          writer  repo.yaml:9

→ ModelEndpoint small -> tiny
    moved by repo.yaml:19
    spec.default_model  \"s-1\" -> \"s-2\"  line 7
    affects Agent writer
";
    let text = shown(&plan);
    assert!(text.starts_with(expected), "{text}");
    assert!(
        text.ends_with("Plan: 0 to add, 1 to change, 0 to destroy, 1 to move, 0 unchanged.\n"),
        "{text}"
    );
    let json = to_json(&plan);
    let change = &json["changes"][0];
    assert_eq!(change["actions"], json!(["move", "update"]));
    assert_eq!(change["cause"], "moved_block");
    assert_eq!(
        change["previous_id"],
        json!({"kind": "ModelEndpoint", "namespace": "default", "name": "small"})
    );
    assert_eq!(change["moved_by"], json!({"file": "repo.yaml", "line": 19}));
    assert_eq!(json["changes"][1]["cause"], "edited");
    assert_eq!(json["summary"]["move"], 1);
    assert_eq!(json["summary"]["destroy"], 0);
    let markdown = to_markdown(&plan);
    assert!(markdown.contains("0 to destroy, 1 to move\n"), "{markdown}");
    assert!(
        markdown.contains("| move | ModelEndpoint | `tiny` (was `small`) | `repo.yaml:1` |"),
        "{markdown}"
    );
}

#[test]
fn moved_or_not_is_another_plan() {
    let base = revision(&[endpoint("old", "m")]);
    let plain = between(&base, &revision(&[endpoint("new", "m")]));
    let entry = moved(&[("ModelEndpoint/old", "ModelEndpoint/new")]);
    let told = between(&base, &revision(&[endpoint("new", "m"), entry]));
    assert_ne!(plain.digest, told.digest);
    assert_eq!((plain.totals().destroy, told.totals().destroy), (1, 0));
}

#[test]
fn secrets_values_move_unseen() {
    let base = revision(&[secret("old", "sk-same")]);
    let entry = moved(&[("Secret/old", "Secret/new")]);
    let same = between(&base, &revision(&[secret("new", "sk-same"), entry.clone()]));
    assert_eq!(moves(&same), ["Secret default/old > Secret default/new"]);
    assert!(same.changes[0].fields.is_empty(), "{:?}", same.changes);
    assert_eq!(to_json(&same)["changes"][0]["actions"], json!(["move"]));
    let other = between(&base, &revision(&[secret("new", "sk-other"), entry]));
    let text = shown(&other);
    assert!(
        text.contains("changed, in clear text") && !text.contains("sk-"),
        "{text}"
    );
}

#[test]
fn only_what_is_gone_moves_and_only_to_what_is_new() {
    let entry = moved(&[("ModelEndpoint/a", "ModelEndpoint/b")]);
    let both = revision(&[endpoint("a", "m"), endpoint("b", "m")]);
    let onto = between(&both, &revision(&[endpoint("b", "m"), entry.clone()]));
    assert_eq!((moves(&onto).len(), onto.totals().destroy), (0, 1));
    let stale = between(&revision(&[]), &revision(&[endpoint("b", "m"), entry]));
    assert_eq!((moves(&stale).len(), stale.totals().add), (0, 1));
}

#[test]
fn chain_of_moves_is_followed_from_wherever_live_stands() {
    let steps = moved(&[
        ("ModelEndpoint/a", "ModelEndpoint/b"),
        ("ModelEndpoint/b", "ModelEndpoint/c"),
    ]);
    let head = revision(&[endpoint("c", "m"), steps]);
    for from in ["a", "b"] {
        let plan = between(&revision(&[endpoint(from, "m")]), &head);
        let expected = format!("ModelEndpoint default/{from} > ModelEndpoint default/c");
        assert_eq!(moves(&plan), [expected]);
    }
}

#[test]
fn taking_a_move_back_is_a_move_too() {
    let entry = moved(&[("ModelEndpoint/old", "ModelEndpoint/new")]);
    let new = revision(&[endpoint("new", "m"), entry]);
    let plan = between(&new, &revision(&[endpoint("old", "m")]));
    assert_eq!(
        moves(&plan),
        ["ModelEndpoint default/new > ModelEndpoint default/old"]
    );
}

#[test]
fn directory_takes_everything_below_it_along() {
    let in_team = |manifest: String, team: &str| {
        manifest.replace("metadata:\n", &format!("metadata:\n  namespace: {team}\n"))
    };
    let of_team = |directory: &str, team: &str, more: &[(&str, &[String])]| {
        let large = [in_team(endpoint("large", "l"), team)];
        let both = [
            in_team(endpoint("a", "m"), team),
            in_team(endpoint("b", "m"), team),
            in_team(alias("fast", "a", "m"), team),
        ];
        let [one, other] = ["large.yaml", "x/small.yaml"].map(|file| format!("{directory}{file}"));
        let mut all: Vec<(&str, &[String])> = vec![(&one, &large), (&other, &both)];
        all.extend(more);
        files(&all)
    };
    let entry = [moved(&[("teams/eu/", "teams/emea/")])];
    let base = of_team("teams/eu/", "eu", &[]);
    let told = of_team("teams/emea/", "emea", &[("moved.yaml", &entry)]);
    let plan = between(&base, &told);
    assert_eq!((moves(&plan).len(), plan.totals().moved), (4, 4));
    assert!(plan.suggestions.is_empty());
    let untold = between(&base, &of_team("teams/emea/", "emea", &[]));
    assert_eq!(untold.totals().destroy, 4);
    assert_eq!(suggested(&untold), ["teams/eu/ > teams/emea/"]);
    let text = shown(&untold);
    assert!(
        text.contains("  moved:\n    - {from: teams/eu/, to: teams/emea/}\n"),
        "{text}"
    );
}

#[test]
fn what_looks_renamed_is_suggested_and_what_does_not_is_not() {
    let prompt = "You answer questions about invoices.";
    let more = "  model_aliases: {a: x, b: x, c: x, d: x, e: x, f: x}\n";
    let rich = |name: &str, model: &str| endpoint(name, model) + more;
    let base = [
        rich("same", "x"),
        rich("near", "x").replace("a: x", "z: x"),
        agent("gone", "other", prompt),
        endpoint("other", "o"),
    ];
    let head = [
        rich("like-same", "x"),
        rich("like-near", "x")
            .replace("a: x", "z: x")
            .replace("b: x", "b: y"),
        endpoint("other", "o"),
        alias("gone", "other", "o"),
    ];
    let plan = plan(&base, &head);
    assert_eq!(
        suggested(&plan),
        [
            "ModelEndpoint/default/near > ModelEndpoint/default/like-near",
            "ModelEndpoint/default/same > ModelEndpoint/default/like-same",
        ]
    );
    let json = to_json(&plan);
    assert_eq!(
        json["moved_suggestions"][1]["to"],
        "ModelEndpoint/default/like-same"
    );
    // What a suggestion says is what makes it a move.
    let entries: Vec<_> = plan.suggestions.iter().map(Suggestion::entry).collect();
    let said = format!("moved:\n{}\n", entries.join("\n"));
    let head = [head.as_slice(), &[said]].concat();
    let told = between(&revision(&base), &at("repo.yaml", &head));
    assert_eq!((told.totals().moved, told.suggestions.len()), (2, 0));
}

#[test]
fn looking_for_renames_costs_what_changed_and_not_its_square() {
    let many = |prefix: &str, different: bool| -> Vec<String> {
        let one = |number: usize| {
            let models: Vec<_> = (0..6)
                .map(|at| {
                    if different {
                        format!("{prefix}{number}m{at}")
                    } else {
                        format!("m{at}")
                    }
                })
                .collect();
            endpoint(&format!("{prefix}{number}"), &models[0])
                + &format!("  models: [{}]\n", models.join(", "))
        };
        (0..600).map(one).collect()
    };
    let began = Stopwatch::start();
    let plan_of = |different| {
        let (base, head) = (
            revision(&many("a", different)),
            revision(&many("b", different)),
        );
        let built = began.elapsed();
        let plan = between(&base, &head);
        (
            plan.suggestions.len(),
            began.elapsed().saturating_sub(built),
        )
    };
    let (same, _) = plan_of(false);
    assert_eq!(same, 600);
    let (_, took) = plan_of(true);
    assert!(took < std::time::Duration::from_secs(5), "{took:?}");
}
