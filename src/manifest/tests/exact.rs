//! One mistake, one finding, at its place; and what is wrong elsewhere is said all the same.

use super::{agent, endpoint, lines, parse, places};
use crate::model::Kind;

#[test]
fn misspelt_field_of_which_one_is_needed_is_told_once() {
    let alias = |target: &str| {
        format!("kind: ModelAlias\nmetadata: {{name: a}}\nspec:\n  targets:\n    - {target}\n")
    };
    assert_eq!(
        lines(&parse(&alias("endpiont: e"))),
        [
            "5:7 E-FIELD-UNKNOWN `endpiont` is not a field of ModelAlias.spec.targets.0 (did you mean `endpoint`?)"
        ]
    );
    // Nothing near what is needed: both are said.
    assert_eq!(
        places(&alias("x: e")),
        ["5:7 E-FIELD-UNKNOWN", "5:7 E-FIELD-CONFLICT"]
    );
    let two = alias("endpiont: e") + "    - {}\n";
    assert_eq!(
        places(&two),
        ["5:7 E-FIELD-UNKNOWN", "6:7 E-FIELD-CONFLICT"]
    );
}

#[test]
fn what_yaml_refuses_is_no_second_finding_about_its_stand_in() {
    for (line, expected) in [
        ("  <<: {prompt: x}\n", "7:3 E-YAML-MERGE"),
        ("  limits: *x\n", "7:11 E-YAML-ALIAS"),
        ("  1: x\n", "7:3 E-YAML-KEY"),
    ] {
        assert_eq!(places(&agent(line)), [expected], "{line}");
    }
    // A mistake of its own beside it is said.
    assert_eq!(
        places(&agent("  <<: {a: b}\n  promt: x\n")),
        ["7:3 E-YAML-MERGE", "8:3 E-FIELD-UNKNOWN"]
    );
}

/// A file with two good documents around one that is no YAML.
const BROKEN: &str = "kind: Agent
metadata: {name: first}
spec: {model_ref: none}
---
kind: ModelEndpoint
metadata:
  name: \"main\"   # the one that is meant
spec:
  default_model: [unclosed
---
kind: Agent
metadata: {name: last}
spec:
  model_ref: main
  fallback_model_refs: [nothing]
";

#[test]
fn syntax_error_spoils_its_own_document_only() {
    let parsed = parse(BROKEN);
    let found = lines(&parsed);
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].contains("E-YAML-SYNTAX"), "{found:?}");
    let names: Vec<_> = parsed
        .resources
        .iter()
        .map(|one| one.id.to_string())
        .collect();
    assert_eq!(names, ["Agent default/first", "Agent default/last"]);
    assert_eq!(parsed.resources[1].origin.span.start.line, 11);
    let lost: Vec<_> = parsed.unreadable.iter().map(ToString::to_string).collect();
    assert_eq!(lost, ["ModelEndpoint default/main"]);
}

#[test]
fn every_document_with_a_syntax_error_is_told_with_its_own_line() {
    for end in ["\n", "\r\n"] {
        let text = "a: [\n---\nkind: Agent\nmetadata: {name: x}\nspec: {}\n---\nb: {\n---\n\"c\n--- # d\nkind: Tool\nmetadata: {name: t}\nspec: {}\n";
        let parsed = parse(&text.replace('\n', end));
        let codes: Vec<_> = parsed
            .findings
            .iter()
            .map(|one| (one.origin.span.start.line, one.code.as_str()))
            .collect();
        assert_eq!(
            codes,
            [
                (1, "E-YAML-SYNTAX"),
                (5, "E-FIELD-REQUIRED"),
                (7, "E-YAML-SYNTAX"),
                (9, "E-YAML-SYNTAX"),
            ]
        );
        assert_eq!(parsed.resources.len(), 1);
        assert_eq!(parsed.resources[0].id.kind, Kind::Tool);
    }
}

#[test]
fn list_begins_at_its_first_dash_or_bracket() {
    for (list, expected) in [
        ("model_ref: [x]", "5:14"),
        ("model_ref:\n    - x", "6:5"),
        ("model_ref:\n  - x", "6:3"),
        ("model_ref:\n  -   x", "6:3"),
        ("model_ref:\n  - - x\n  - y", "6:3"),
        ("model_ref:\n  -\n    x: 1", "6:3"),
        ("model_ref:\n  # why\n\n  - a: 1\n    b: 2", "8:3"),
        ("model_ref:\n  -   # why\n    x", "6:3"),
    ] {
        let text = format!("kind: Agent\n# ä\nmetadata: {{name: a}}\nspec:\n  {list}\n");
        for text in [text.replace('\n', "\r\n"), text] {
            assert_eq!(
                places(&text),
                [format!("{expected} E-FIELD-TYPE")],
                "{text}"
            );
        }
    }
}

#[test]
fn columns_count_characters_whatever_their_width_and_line_ends() {
    for end in ["\n", "\r\n", "\r"] {
        let text = "kind: Agent\nmetadata: {name: a}\nspec:\n  model_ref: m\n  \"ä漢😀\": 1\n  limits: {\"漢\": 1,\tx: 2}\n";
        let parsed = parse(&format!("\u{feff}{}", text.replace('\n', end)));
        let spans: Vec<_> = parsed
            .findings
            .iter()
            .map(|one| {
                let span = one.origin.span;
                (span.start.line, span.start.column, span.end.column)
            })
            .collect();
        // Quotes belong to a key; a tab is one character.
        assert_eq!(spans, [(5, 3, 8), (6, 12, 15), (6, 20, 21)], "{end:?}");
    }
}

#[test]
fn wrong_type_hides_no_wrong_value_elsewhere_in_the_document() {
    let text = agent("  prompt: [a]\n  limits: {timeout: soon, max_steps: many}\n  promt: x\n");
    assert_eq!(
        places(&text),
        [
            "7:11 E-FIELD-TYPE",
            "8:21 E-FIELD-FORMAT",
            "8:38 E-FIELD-TYPE",
            "9:3 E-FIELD-UNKNOWN",
        ]
    );
    // Nor does a missing field.
    let text = "kind: Agent\nmetadata: {name: a}\nspec: {limits: {timeout: soon}}\n";
    assert_eq!(
        places(text),
        ["3:1 E-FIELD-REQUIRED", "3:26 E-FIELD-FORMAT"]
    );
    // Nor an item of a list.
    let text = "kind: ModelAlias\nmetadata: {name: a}\nspec:\n  match: ' x'\n  targets: [{endpoint: ' ', weight: x}, {endpoint: e}]\n  fallbacks: [1, {endpoint: ''}]\n";
    assert_eq!(
        places(text),
        [
            "4:10 E-FIELD-FORMAT",
            "5:24 E-FIELD-FORMAT",
            "5:37 E-FIELD-TYPE",
            "6:15 E-FIELD-TYPE",
        ]
    );
}

#[test]
fn what_only_the_mistake_itself_makes_missing_is_not_said() {
    for (spec, expected) in [
        // The URL is there, and wrong; without one the provider could not be called.
        (
            "{provider: azure-openai, default_model: m, base_url: [x]}",
            "3:60 E-FIELD-TYPE",
        ),
        (
            "{provider: mock, default_model: {a: b}}",
            "3:39 E-FIELD-TYPE",
        ),
    ] {
        let text = format!("kind: ModelEndpoint\nmetadata: {{name: a}}\nspec: {spec}\n");
        assert_eq!(places(&text), [expected], "{spec}");
    }
    let schedule = "kind: TaskSchedule\nmetadata: {name: a}\nspec: {task_ref: t, time_zone: UTC}\n";
    assert_eq!(places(schedule), ["3:1 E-FIELD-REQUIRED"]);
    let task = "kind: Task\nmetadata: {name: a}\nspec: {system: {a: b}}\n";
    assert_eq!(places(task), ["3:16 E-FIELD-TYPE"]);
}

#[test]
fn every_value_of_a_secret_that_cannot_be_used_is_reported() {
    let text = "kind: Secret\nmetadata: {name: s}\nspec:\n  data: {a: '***', b: '!!!', c: ''}\n  encryptedData: {d: nonsense}\n";
    let found = lines(&parse(text));
    let expected = [
        "4:13 E-SECRET-BASE64 `spec.data.a` must be standard base64 with padding",
        "4:23 E-SECRET-BASE64 `spec.data.b` must be standard base64 with padding",
        "4:33 E-FIELD-REQUIRED the value `c` is empty",
        "5:22 E-SECRET-SEALED the sealed value `d` cannot be used",
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.starts_with(expected), "{found}");
    }
    let alone = "kind: Secret\nmetadata: {name: s}\nspec: {data: {a: '***'}}\n";
    assert_eq!(places(alone), ["3:18 E-SECRET-BASE64"]);
}

#[test]
fn keys_that_become_one_are_a_conflict_and_none_is_dropped_silently() {
    let options = endpoint("  options: {X: 1, y: 2, ' x ': 3}\n");
    assert_eq!(
        lines(&parse(&options)),
        [
            "7:25 E-FIELD-CONFLICT `spec.options` holds the key `x` twice, written differently (keep one of them; the other is on line 7)"
        ]
    );
    for key in ["stringData", "string_data"] {
        let secret = format!(
            "kind: Secret\nmetadata: {{name: s}}\nspec:\n  {key}:\n    value: one\n    ' value ': two\n    Value: three\n"
        );
        assert_eq!(
            lines(&parse(&secret)),
            [
                "6:5 E-FIELD-CONFLICT `spec.stringData` holds the key `value` twice, written differently (keep one of them; the other is on line 5)"
            ]
        );
    }
    assert_eq!(places(&endpoint("  options: {a: 1, b: 2}\n")), [""; 0]);
}

#[test]
fn newer_values_are_known_in_any_letter_case() {
    let tool = "kind: Tool\nmetadata: {name: t}\nspec: {type: CLI}\n";
    let webhook = "kind: TaskWebhook\nmetadata: {name: w}\nspec: {task_ref: t, auth: {profile: HMAC, secret_ref: s}}\n";
    for text in [tool, webhook] {
        let found = lines(&parse(text));
        assert!(found[0].contains("E-FIELD-NEWER"), "{found:?}");
        assert!(
            found[0].contains("known upstream, newer than supported"),
            "{found:?}"
        );
    }
}

#[test]
fn a_name_that_is_empty_or_too_long_is_told_once() {
    let policy =
        |name: &str| format!("kind: AgentPolicy\nmetadata: {{name: '{name}'}}\nspec: {{}}\n");
    for (name, says) in [
        ("", "2:18 E-FIELD-NAME `metadata.name` is empty"),
        ("  ", "2:18 E-FIELD-NAME `metadata.name` is empty"),
        (
            &"x".repeat(254),
            "2:18 E-FIELD-NAME `metadata.name` has 254 characters; at most 253 are allowed",
        ),
    ] {
        assert_eq!(lines(&parse(&policy(name))), [says]);
    }
    let padded = format!("{}{}", "x".repeat(250), " ".repeat(10));
    assert_eq!(places(&policy(&padded)), ["2:18 E-FIELD-RANGE"]);
    let server = "kind: McpServer\nmetadata: {name: s}\nspec: {transport: stdio, command: c, env: [{name: ''}]}\n";
    let found = lines(&parse(server));
    assert!(
        found.iter().all(|line| !line.contains("needs at least 1")),
        "{found:?}"
    );
}

#[test]
fn what_the_server_sets_has_its_form_and_is_ignored_else() {
    let policy = |fields: &str| {
        format!(
            "kind: AgentPolicy\nmetadata: {{name: p, {fields}}}\nspec: {{max_tokens_per_run: 5}}\n"
        )
    };
    for good in [
        "createdAt: 2026-01-31T08:00:00Z, resourceVersion: 7",
        "createdAt: '2026-01-31T08:00:00.123456789+01:00', resourceVersion: '0'",
        "createdAt: '', resourceVersion: ''",
    ] {
        assert_eq!(places(&policy(good)), [""; 0], "{good}");
    }
    let bad = parse(&policy("createdAt: yesterday, resourceVersion: abc"));
    assert_eq!(
        lines(&bad),
        [
            "2:32 W-FIELD-SERVER `metadata.createdAt` is not a time such as `2026-01-31T08:00:00Z` (RFC 3339) (the server sets it; leave it out)",
            "2:60 W-FIELD-SERVER `metadata.resourceVersion` is not a whole number, such as `7` (the server sets it; leave it out)",
        ]
    );
    assert_eq!(bad.resources.len(), 1);
    for time in [
        "2026-01-31",
        "2026-01-31T08:00:00",
        "2026-02-30T08:00:00Z",
        "1769846400",
    ] {
        assert_eq!(
            places(&policy(&format!("createdAt: {time}"))),
            ["2:32 W-FIELD-SERVER"],
            "{time}"
        );
    }
}
