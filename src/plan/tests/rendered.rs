//! Plans as people read them.

use super::{agent, alias, at, between, endpoint, plan, revision, secret};
use crate::plan::{TextOptions, to_json, to_markdown, to_text};
use serde_json::json;

#[test]
fn a_plan_reads_like_this() {
    let base = [
        endpoint("large", "l-1"),
        endpoint("small", "s-1"),
        alias("fast", "small", "s-1"),
        agent("writer", "small", "Write.\nBe brief."),
    ];
    let head = [
        endpoint("small", "s-2"),
        alias("fast", "small", "s-2"),
        agent("writer", "small", "Write.\nBe thorough."),
        secret("key", "sk-1"),
    ];
    let plan = plan(&base, &head);
    let text = to_text(&plan, TextOptions::default());
    let text = text.replace(&plan.digest.to_string(), "DIGEST");
    assert_eq!(text, include_str!("plan.txt"), "{text}");
}

#[test]
fn a_plan_without_changes_says_so() {
    let same = [endpoint("small", "s-1")];
    let plan = plan(&same, &same);
    let text = to_text(&plan, TextOptions::default());
    assert_eq!(text, "No changes: head equals base.\n");
    assert_eq!(to_markdown(&plan), "### orloj plan: no changes\n");
}

#[test]
fn lines_fit_into_80_columns() {
    let mut base = vec![endpoint("small-endpoint-with-a-name", "s-1")];
    for number in 0..9 {
        let name = format!("agent-number-{number}-of-many");
        base.push(agent(&name, "small-endpoint-with-a-name", "Write."));
    }
    let mut head = base.clone();
    head[0] = endpoint("small-endpoint-with-a-name", "s-2");
    let text = to_text(&plan(&base, &head), TextOptions::default());
    // The first line holds a digest.
    let long: Vec<_> = text
        .lines()
        .skip(1)
        .filter(|line| line.chars().count() > 80)
        .collect();
    assert!(long.is_empty(), "{long:?}");
    assert!(text.contains(" and 8 more\n"), "{text}");
}

#[test]
fn a_new_resource_shows_its_first_fields_unless_all_are_asked_for() {
    let aliases: Vec<_> = (0..12).map(|number| format!("a{number}: s-1")).collect();
    let aliases = format!("  model_aliases: {{{}}}\n", aliases.join(", "));
    let head = endpoint("small", "s-1") + &aliases;
    let plan = plan(&[], &[head]);
    let short = to_text(&plan, TextOptions::default());
    assert!(short.contains(" more fields: --full)"), "{short}");
    let full = TextOptions {
        full: true,
        color: false,
    };
    let long = to_text(&plan, full);
    assert!(!long.contains("--full") && long.contains("a11"), "{long}");
}

#[test]
fn nothing_in_a_manifest_reaches_the_terminals_controls() {
    let small = endpoint("small", "s-1");
    let calm = agent("writer", "small", "Say.\nTwice.");
    let turned = agent("writer", "small", "Say \u{202e}txt.\nTwice.");
    let labels = "metadata:\n  labels: {\"k\\x9b\\u202e\": \"v\\x9b\\u202e\"}\n";
    let labelled = calm.replace("metadata:\n", labels);
    for hostile in [turned, labelled] {
        let plan = plan(&[small.clone(), calm.clone()], &[small.clone(), hostile]);
        let text = to_text(&plan, TextOptions::default());
        let bad = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
        assert!(!text.contains(bad) && text.contains('\u{fffd}'), "{text:?}");
    }
}

#[test]
fn nothing_in_a_path_or_text_breaks_out_of_markdown() {
    let base = revision(&[endpoint("small", "s-1"), agent("writer", "small", "Say.\n")]);
    let text = "Say.\n```\n# heading ````` @everyone\n</details>\n";
    let head = at(
        "a|b`c.yaml",
        &[endpoint("small", "s-1"), agent("writer", "small", text)],
    );
    let markdown = to_markdown(&between(&base, &head));
    let row = markdown
        .lines()
        .find(|line| line.starts_with("| change"))
        .unwrap();
    assert_eq!(row, "| change | Agent | `writer` | `abc.yaml:9` |");
    let fences: Vec<_> = markdown
        .lines()
        .filter(|line| line.starts_with("``````"))
        .collect();
    assert_eq!(fences, ["``````text", "``````"], "{markdown}");
    assert!(markdown.starts_with("### orloj plan: 0 to add, 1 to change, 0 to destroy\n"));
}

#[test]
fn kinds_that_nothing_acts_on_are_named_once_at_the_end() {
    let one = |kind: &str, spec: &str| {
        format!("---\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n")
    };
    let [tool, worker] = [one("Tool", "{endpoint: e}"), one("Worker", "{}")];
    let both = plan(
        &[],
        &[worker.clone(), tool.clone(), endpoint("small", "s-1")],
    );
    let says = "Validated, not served by this version: Tool, Worker.\n";
    let text = to_text(&both, TextOptions::default());
    assert!(text.ends_with(&format!("0 unchanged.\n{says}")), "{text}");
    assert_eq!(to_json(&both)["validated_only"], json!(["Tool", "Worker"]));
    let markdown = to_markdown(&both);
    assert_eq!(markdown.matches(says).count(), 1, "{markdown}");
    // What stays as it is and what goes away needs no word.
    for plan in [
        plan(
            &[tool.clone(), worker.clone()],
            &[tool, endpoint("small", "s-1")],
        ),
        plan(&[worker], &[]),
    ] {
        let text = to_text(&plan, TextOptions::default());
        assert!(!text.contains("not served"), "{text}");
        assert_eq!(to_json(&plan)["validated_only"], json!([]));
    }
}

#[test]
fn many_kinds_that_nothing_acts_on_fit_into_80_columns() {
    let specs = [
        ("McpServer", "{transport: http, endpoint: e}"),
        ("Tool", "{}"),
        ("Memory", "{}"),
        ("AgentRole", "{}"),
        ("ToolPermission", "{tool_ref: a}"),
        ("Worker", "{}"),
    ];
    let head: Vec<_> = specs
        .iter()
        .map(|(kind, spec)| format!("---\nkind: {kind}\nmetadata: {{name: a}}\nspec: {spec}\n"))
        .collect();
    let text = to_text(&plan(&[], &head), TextOptions::default());
    let closing: Vec<_> = text
        .lines()
        .skip_while(|line| !line.starts_with("Validated"))
        .collect();
    assert_eq!(
        closing,
        [
            "Validated, not served by this version: McpServer, Tool, Memory, AgentRole,",
            "ToolPermission, Worker.",
        ]
    );
}
