//! Fields that a kind does not have, lacks, or that hold the wrong thing.

use super::{agent, endpoint, lines, parse, places};

#[track_caller]
fn only(text: &str) -> String {
    let found = lines(&parse(text));
    assert_eq!(found.len(), 1, "{found:#?}");
    found[0].clone()
}

#[test]
fn misspelt_field_is_named_at_its_key_with_a_suggestion() {
    assert_eq!(
        only(
            &endpoint("  defualt_modle: x\n")
                .replace("  default_model: gpt-4o\n", "  default_model: a\n")
        ),
        "7:3 E-FIELD-UNKNOWN `defualt_modle` is not a field of ModelEndpoint.spec (did you mean `default_model`?)"
    );
    assert_eq!(
        only(&agent("  limits:\n    max_step: 3\n")),
        "8:5 E-FIELD-UNKNOWN `max_step` is not a field of Agent.spec.limits (did you mean `max_steps`?)"
    );
}

#[test]
fn unknown_field_far_from_any_lists_the_fields() {
    let found = only(&endpoint("  auth:\n    zzz: 1\n"));
    assert_eq!(
        found,
        "8:5 E-FIELD-UNKNOWN `zzz` is not a field of ModelEndpoint.spec.auth (its fields are: secretRef)"
    );
}

#[test]
fn camel_case_of_a_policy_is_an_error_with_the_right_name() {
    let text = "kind: AgentPolicy\nmetadata: {name: p}\nspec:\n  allowedModels: [gpt-4o]\n  applyMode: global\n";
    assert_eq!(
        lines(&parse(text)),
        [
            "4:3 E-FIELD-UNKNOWN `allowedModels` is not a field of AgentPolicy.spec (did you mean `allowed_models`?)",
            "5:3 E-FIELD-UNKNOWN `applyMode` is not a field of AgentPolicy.spec (did you mean `apply_mode`?)",
        ]
    );
}

#[test]
fn unknown_fields_at_the_top_and_in_metadata_are_errors() {
    let text = "kind: AgentPolicy\nmetadata:\n  name: p\n  lables: {a: b}\nspecs: {}\nspec: {}\n";
    assert_eq!(places(text), ["4:3 E-FIELD-UNKNOWN", "5:1 E-FIELD-UNKNOWN"]);
}

#[test]
fn removed_model_field_says_what_to_use() {
    let text = "kind: Agent\nmetadata:\n  name: a\nspec:\n  model: gpt-4o\n  model_ref: main\n";
    let found = only(text);
    assert!(
        found
            .starts_with("5:3 E-FIELD-REMOVED `spec.model` has been removed; use `spec.model_ref`"),
        "{found}"
    );
    let json =
        r#"{"kind": "Agent", "metadata": {"name": "a"}, "spec": {"model": "x", "model_ref": "m"}}"#;
    assert!(only(json).contains("E-FIELD-REMOVED"));
}

#[test]
fn missing_required_fields_are_named_with_their_path() {
    let agent = "kind: Agent\nmetadata:\n  name: a\nspec:\n  prompt: hi\n";
    assert_eq!(
        only(agent),
        "4:1 E-FIELD-REQUIRED `spec.model_ref` is required"
    );
    let endpoint = "kind: ModelEndpoint\nmetadata:\n  name: a\nspec: {}\n";
    assert_eq!(
        only(endpoint),
        "4:7 E-FIELD-REQUIRED `spec.default_model` is required (name the model that is called when a request names only the endpoint)"
    );
    let no_spec = "kind: AgentPolicy\nmetadata:\n  name: a\n";
    assert_eq!(only(no_spec), "1:1 E-FIELD-REQUIRED `spec` is required");
    let no_metadata = "kind: AgentPolicy\nspec: {}\n";
    assert_eq!(
        only(no_metadata),
        "1:1 E-FIELD-REQUIRED `metadata` is required"
    );
    let no_name = "kind: AgentPolicy\nmetadata: {}\nspec: {}\n";
    assert_eq!(
        only(no_name),
        "2:1 E-FIELD-REQUIRED `metadata.name` is required"
    );
}

#[test]
fn blank_required_text_counts_as_missing() {
    let blank = "kind: ModelEndpoint\nmetadata:\n  name: a\nspec:\n  default_model: \"  \"\n";
    assert_eq!(places(blank), ["5:18 E-FIELD-REQUIRED"]);
    let blank = "kind: Agent\nmetadata:\n  name: a\nspec:\n  model_ref: ' '\n";
    assert_eq!(places(blank), ["5:14 E-FIELD-REQUIRED"]);
    let null = "kind: Agent\nmetadata:\n  name: a\nspec:\n  model_ref:\n";
    assert_eq!(
        only(null),
        "4:1 E-FIELD-REQUIRED `spec.model_ref` is required"
    );
    let null_spec = "kind: Agent\nmetadata:\n  name: a\nspec:\n";
    assert_eq!(only(null_spec), "1:1 E-FIELD-REQUIRED `spec` is required");
}

#[test]
fn wrong_types_say_what_is_needed_and_what_was_found() {
    assert_eq!(
        only(&agent("  tools: shell\n")),
        "7:10 E-FIELD-TYPE `spec.tools` must be a list, not text"
    );
    assert_eq!(
        only(&agent("  limits: [1]\n")),
        "7:11 E-FIELD-TYPE `spec.limits` must be a mapping, not a list"
    );
    assert_eq!(
        only(&agent("  limits:\n    max_steps: many\n")),
        "8:16 E-FIELD-TYPE `spec.limits.max_steps` must be a whole number, not text"
    );
    assert_eq!(
        only(&endpoint("  allowPrivate: 'yes'\n")),
        "7:17 E-FIELD-TYPE `spec.allowPrivate` must be true or false, not text"
    );
    assert_eq!(
        only(&agent("  prompt: {a: b}\n")),
        "7:11 E-FIELD-TYPE `spec.prompt` must be text, not a mapping"
    );
    assert_eq!(
        only(&agent("  tools:\n    - a\n    -\n")),
        "9:6 E-FIELD-TYPE `spec.tools.1` must be text, not nothing"
    );
    assert_eq!(
        places("kind: Agent\nmetadata: x\nspec: y\n"),
        ["2:11 E-FIELD-TYPE", "3:7 E-FIELD-TYPE"]
    );
}

#[test]
fn marker_that_ends_in_a_colon_is_read_as_text_with_a_warning() {
    let text = agent("  execution:\n    required_output_markers:\n      - AUTH_PATH:\n");
    assert_eq!(
        only(&text),
        "9:9 W-YAML-COLON `AUTH_PATH:` is a mapping in YAML; it is read as text (quote it: \"AUTH_PATH:\")"
    );
    let parsed = parse(&text);
    assert_eq!(
        parsed.resources[0].value()["execution"]["required_output_markers"],
        serde_json::json!(["AUTH_PATH:"])
    );
    let mapping = only(&agent(
        "  execution:\n    required_output_markers:\n      - A: b\n",
    ));
    assert!(mapping.starts_with("9:9 E-FIELD-TYPE"), "{mapping}");
}

#[test]
fn values_outside_their_list_or_range_are_errors() {
    assert_eq!(
        only("kind: AgentPolicy\nmetadata: {name: p}\nspec:\n  apply_mode: some\n"),
        "4:15 E-FIELD-ENUM `spec.apply_mode` must be one of \"scoped\", \"global\", not \"some\""
    );
    assert_eq!(
        places(&endpoint(
            "  unknown_models: drop\n  retry: {max_attempts: 11}\n"
        )),
        ["7:19 E-FIELD-ENUM", "8:25 E-FIELD-RANGE"]
    );
    assert_eq!(
        places("kind: Task\nmetadata: {name: t}\nspec:\n  system: s\n  max_turns: -1\n"),
        ["5:14 E-FIELD-RANGE"]
    );
    assert_eq!(
        places("kind: Task\nmetadata: {name: t}\nspec:\n  system: s\n  mode: twice\n"),
        ["5:9 E-FIELD-ENUM"]
    );
    assert_eq!(
        places(&agent(
            "  execution: {profile: fast, on_contract_violation: panic}\n"
        )),
        ["7:24 E-FIELD-ENUM", "7:53 E-FIELD-ENUM"]
    );
}

#[test]
fn durations_need_a_unit() {
    for text in ["banana", "30", "5d", "-5s", "1.2.3s", "s", "1e3s"] {
        let found = places(&agent(&format!("  limits: {{timeout: {text}}}\n")));
        assert_eq!(found, ["7:21 E-FIELD-FORMAT"], "{text}");
    }
    for text in ["30s", "1h30m", "1.5h", "250ms", "0", "+5s", "\" 5s \""] {
        let found = places(&agent(&format!("  limits: {{timeout: {text}}}\n")));
        assert_eq!(found, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn agent_rules_beyond_the_schema_hold() {
    assert_eq!(
        places(&agent("  memory: {allow: [read]}\n")),
        ["7:11 E-FIELD-REQUIRED"]
    );
    assert_eq!(
        places(&agent(
            "  memory: {ref: m, allow: [read, memory.write, nope]}\n"
        )),
        ["7:48 E-FIELD-ENUM"]
    );
    assert_eq!(
        places(&agent("  execution: {profile: contract}\n")),
        ["7:14 E-FIELD-REQUIRED"]
    );
}

#[test]
fn endpoint_rules_beyond_the_schema_hold() {
    for (spec, expected) in [
        ("  provider: bedrock\n", "7:13 W-ENDPOINT-PROVIDER"),
        ("  provider: azure\n", "6:3 E-FIELD-REQUIRED"),
        ("  provider: openai-compatible\n", "6:3 E-FIELD-REQUIRED"),
        ("  base_url: ftp://x\n", "7:13 E-FIELD-FORMAT"),
        ("  base_url: not a url\n", "7:13 E-FIELD-FORMAT"),
        ("  base_url: https://me:pw@host/v1\n", "7:13 E-FIELD-FORMAT"),
        ("  auth: {secretRef: ':key'}\n", "7:21 E-FIELD-FORMAT"),
        (
            "  provider: anthropic\n  options: {max_tokens: lots}\n",
            "8:25 E-FIELD-FORMAT",
        ),
        (
            "  provider: anthropic\n  options: {max_tokens: 0}\n",
            "8:25 E-FIELD-FORMAT",
        ),
        ("  model_aliases: {fast: 'gpt-*'}\n", "7:25 E-FIELD-FORMAT"),
        ("  model_aliases: {' fast': gpt}\n", "7:28 E-FIELD-FORMAT"),
        ("  model_aliases: {a/b: ''}\n", "7:24 E-FIELD-FORMAT"),
        ("  timeouts: {idle: 3}\n", "7:20 E-FIELD-FORMAT"),
    ] {
        assert_eq!(places(&endpoint(spec)), [expected], "{spec}");
    }
    assert!(
        parse(&endpoint("  provider: bedrock\n")).resources.len() == 1,
        "a warning"
    );
}

#[test]
fn al_10_alias_that_leads_to_an_alias_is_an_error_that_says_so() {
    let found = only(&endpoint("  model_aliases:\n    a: b\n    b: c\n"));
    assert!(
        found.starts_with(
            "8:8 E-GRAPH-ALIAS-CHAIN the alias `a` leads to `b`, which is itself an alias"
        ),
        "{found}"
    );
    assert_eq!(
        places(&endpoint("  model_aliases: {gpt: gpt}\n")),
        Vec::<String>::new()
    );
}

#[test]
fn alias_targets_name_exactly_one_of_endpoint_and_alias() {
    let alias = |targets: &str| {
        format!(
            "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata: {{name: fast}}\nspec:\n  targets:\n{targets}"
        )
    };
    assert_eq!(places(&alias("  - model: x\n")), ["6:5 E-FIELD-CONFLICT"]);
    assert_eq!(
        places(&alias("  - {endpoint: e, alias: a}\n")),
        ["6:5 E-FIELD-CONFLICT"]
    );
    assert_eq!(
        places(&alias("  - {alias: a, model: m}\n")),
        ["6:23 E-FIELD-CONFLICT"]
    );
    assert_eq!(
        places(&alias("  - {endpoint: ''}\n")),
        ["6:16 E-FIELD-FORMAT"]
    );
    assert_eq!(
        places(&alias("  - {endpoint: e, model: ' '}\n")),
        ["6:26 E-FIELD-FORMAT"]
    );
    assert_eq!(
        places(&alias("  - {endpoint: e, weight: 0}\n")),
        ["6:3 E-FIELD-RANGE"]
    );
    assert_eq!(
        places(&alias("  - {endpoint: e, weight: -1}\n")),
        ["6:27 E-FIELD-RANGE"]
    );
    assert_eq!(places(&alias("    []\n")), ["6:5 E-FIELD-RANGE"]);
}

#[test]
fn task_that_runs_needs_a_system_and_a_template_does_not() {
    let task = |spec: &str| format!("kind: Task\nmetadata: {{name: t}}\nspec: {spec}\n");
    assert_eq!(places(&task("{}")), ["3:7 E-FIELD-REQUIRED"]);
    assert_eq!(places(&task("{mode: template}")), Vec::<String>::new());
}

#[test]
fn empty_agent_of_a_system_is_an_error() {
    let text = "kind: AgentSystem\nmetadata: {name: s}\nspec:\n  agents: [a, '']\n";
    assert_eq!(places(text), ["4:15 E-FIELD-REQUIRED"]);
}

#[test]
fn protect_annotation_must_be_a_clear_word() {
    let text = "kind: AgentPolicy\nmetadata:\n  name: p\n  annotations:\n    orloj.dev/protect: 'yes'\nspec: {}\n";
    assert_eq!(places(text), ["5:24 E-FIELD-ENUM"]);
    let unquoted = text.replace("'yes'", "true");
    assert!(super::one(&unquoted).is_protected());
}

#[test]
fn every_problem_of_a_file_is_reported() {
    let text = "kind: Agent\nmetadata: {name: a, x: 1}\nspec:\n  modle_ref: b\n  tools: 3\n---\nkind: Nope\n";
    assert_eq!(
        places(text),
        [
            "2:21 E-FIELD-UNKNOWN",
            "4:3 E-FIELD-UNKNOWN",
            "5:10 E-FIELD-TYPE",
            "7:7 E-FIELD-KIND",
        ]
    );
}

#[test]
fn what_is_quoted_from_a_file_stays_on_one_short_line() {
    let found = only("kind: \"\\e[2JAgent\\u202E\\n\"\n");
    assert!(
        found.starts_with("1:7 E-FIELD-KIND `\\u{1b}[2JAgent\\u{202e}\\n` is not a known kind"),
        "{found}"
    );
    let found = only(&format!("kind: {}\n", "ä".repeat(100_000)));
    assert!(found.len() < 2_500, "{}", found.len());
    assert!(found.contains(" … ") && found.contains("is not a known kind"));
}
