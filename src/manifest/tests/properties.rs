//! What holds for every text: findings point into the file, and normalising twice changes nothing.

use crate::{
    manifest::{ParsedFile, parse_file, to_yaml},
    model::Kind,
};
use proptest::prelude::{ProptestConfig, Strategy, prop, prop_assert, prop_assert_eq, proptest};
use std::sync::LazyLock;

/// One good manifest of each shape, and the odd corners of YAML.
const CORPUS: [&str; 8] = [
    "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata: {name: main, labels: {a: 1, b: no}}\nspec:\n  provider: Azure\n  base_url: https://x.example\n  default_model: gpt-4o\n  model_aliases:\n    fast: gpt\n    \"claude-*\": gpt-4o\n",
    "kind: agent\nmetadata:\n  name: writer\nspec:\n  model_ref: main\n  prompt: |\n    ä line\n    another\n  limits: {timeout: 30s, max_steps: 0x10}\n",
    "kind: AgentSystem\nmetadata: {name: s}\nspec:\n  agents: [a, b]\n  graph:\n    a: {next: b}\n---\nkind: Task\nmetadata: {name: t}\nspec: {system: s, max_turns: 3}\n",
    "kind: AgentPolicy\nmetadata: {name: p}\nspec: {apply_mode: scoped, target_systems: [s]}\n# end\n",
    "{\"kind\": \"ModelAlias\", \"metadata\": {\"name\": \"f\"}, \"spec\": {\"targets\": [{\"endpoint\": \"e\", \"weight\": 2}]}}\n",
    "kind: Task\nmetadata: {name: t}\nspec:\n  mode: template\n  retry: {max_attempts: 3, backoff: 5s}\n  message_retry:\n    backoff: ' 1s '\n    non_retryable: [a, A, a]\n",
    "kind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: ' m '\n  memory: {ref: ' r ', allow: [memory.read, READ, write]}\n  execution: {profile: Contract, tool_sequence: [b, B], required_output_markers: [x, X, x]}\n",
    "\u{feff}kind: Agent\r\nmetadata: {name: \u{1f600}}\r\nspec: {<<: *x, a: &b !c [1, 1.5e3, ~], ? {k: v} : w}\r\n...\r\n--- >-\n  text\n",
];

/// What is put into a text: marks that mean something to YAML, and characters of every length.
const PIECES: [&str; 24] = [
    "\n",
    "\r\n",
    "\t",
    " ",
    ":",
    ": ",
    "- ",
    "? ",
    "{",
    "}",
    "[",
    "]",
    "&a ",
    "*a",
    "!t ",
    "<<: ",
    "\"",
    "'",
    "|\n",
    "---\n",
    "#",
    "\u{85}",
    "ä",
    "\u{1f600}",
];

/// The corpus, and the example that each kind's schema gives.
fn corpus() -> &'static [String] {
    static CORPUS_AND_EXAMPLES: LazyLock<Vec<String>> = LazyLock::new(|| {
        let corpus = CORPUS.iter().map(|text| (*text).to_owned());
        corpus.chain(super::examples()).collect()
    });
    &CORPUS_AND_EXAMPLES
}

/// A text of the corpus with some places cut out or filled in.
pub(super) fn texts() -> impl Strategy<Value = String> {
    let edit = (0.0..1.0, 0_usize..12, 0..PIECES.len());
    let edits = prop::collection::vec(edit, 0..6);
    (0..corpus().len(), edits).prop_map(|(which, edits)| {
        let mut text: Vec<char> = corpus()[which].chars().collect();
        for (place, cut, piece) in edits {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                clippy::cast_precision_loss,
                reason = "a place in a short text"
            )]
            let at = (place * text.len() as f64) as usize;
            let end = (at + cut).min(text.len());
            text.splice(at..end, PIECES[piece].chars());
        }
        text.into_iter().collect()
    })
}

fn read(text: &str) -> ParsedFile {
    parse_file(&"f.yaml".into(), text.as_bytes())
}

/// Lines as an editor counts them, and the columns of each; one column more is the line's end.
fn widths(text: &str) -> Vec<usize> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    lines.split('\n').map(|line| line.chars().count()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 2_500,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn every_finding_points_into_the_file(text in texts()) {
        let widths = widths(&text);
        for finding in read(&text).findings {
            let span = finding.origin.span;
            prop_assert!(span.start <= span.end, "{finding:?}");
            for place in [span.start, span.end] {
                let (line, column) = (place.line as usize, place.column as usize);
                prop_assert!(line >= 1 && column >= 1, "{finding:?}");
                // The end of a file may be the start of the line behind its last line end.
                prop_assert!(line <= widths.len() + 1, "{finding:?}");
                let width = widths.get(line - 1).copied().unwrap_or_default();
                prop_assert!(column <= width + 2, "{finding:?} in a line of {width}");
            }
        }
    }

    #[test]
    fn normalising_twice_changes_nothing(text in texts()) {
        // A Secret is written without its values.
        let resources = read(&text).resources.into_iter();
        for resource in resources.filter(|resource| resource.id.kind != Kind::Secret) {
            let written = to_yaml(&resource);
            let again = read(&written);
            let found: Vec<_> = again.findings.iter().filter(|one| one.code.as_str().starts_with("E-")).collect();
            prop_assert!(found.is_empty(), "{written}\n{found:?}");
            prop_assert_eq!(again.resources.len(), 1);
            prop_assert_eq!(&again.resources[0].id, &resource.id);
            prop_assert_eq!(&again.resources[0].digest, &resource.digest, "{}", written);
            prop_assert_eq!(to_yaml(&again.resources[0]), written);
        }
    }
}
