//! What YAML can say and a manifest must not, and what plain scalars mean.

use super::{agent, endpoint, lines, one, parse, places};
use crate::{
    manifest::parse_file,
    model::{Spec, code},
};
use serde_json::json;

#[test]
fn duplicate_key_is_an_error_at_the_second_one() {
    let found = lines(&parse(&endpoint("  provider: mock\n  provider: openai\n")));
    assert_eq!(
        found,
        [
            "8:3 E-YAML-DUPLICATE-KEY the key `provider` stands twice in this mapping (the first one is in line 7; keep one of them)"
        ]
    );
    assert_eq!(
        places(r#"{"kind": "AgentPolicy", "metadata": {"name": "p"}, "spec": {}, "spec": {}}"#),
        ["1:64 E-YAML-DUPLICATE-KEY"]
    );
    assert_eq!(
        places(&endpoint(
            "  ? model_aliases\n  : {}\n  model_aliases: {}\n"
        )),
        ["9:3 E-YAML-DUPLICATE-KEY"]
    );
}

#[test]
fn anchors_and_aliases_are_errors_known_or_not() {
    let found = places(&agent("  prompt: &p hello\n"));
    assert_eq!(found, ["7:14 E-YAML-ALIAS"]);
    let found = places(&agent("  prompt: *nowhere\n  roles: [*nowhere]\n"));
    assert_eq!(&found[..2], ["7:11 E-YAML-ALIAS", "8:11 E-YAML-ALIAS"]);
}

#[test]
fn tags_are_errors_even_the_core_ones() {
    for value in [
        "!include x",
        "!!str 5",
        "!!python/object:os.system x",
        "!!binary aGk=",
        "! x",
        "!<tag:x,2000:y> z",
    ] {
        let found = places(&agent(&format!("  prompt: {value}\n")));
        assert_eq!(found.len(), 1, "{value}: {found:?}");
        assert!(found[0].ends_with("E-YAML-TAG"), "{value}: {found:?}");
        assert!(
            parse(&agent(&format!("  prompt: {value}\n")))
                .resources
                .is_empty()
        );
    }
}

#[test]
fn merge_keys_are_errors() {
    let text = endpoint("  model_aliases: &all\n    a: b\n  options:\n    <<: *all\n");
    let found = places(&text);
    assert_eq!(
        found,
        ["8:5 E-YAML-ALIAS", "10:5 E-YAML-MERGE", "10:9 E-YAML-ALIAS"]
    );
}

#[test]
fn keys_that_are_not_text_are_errors() {
    assert_eq!(
        lines(&parse(&endpoint("  model_aliases:\n    4: gpt-4\n"))),
        ["8:5 E-YAML-KEY mapping keys must be text (quote it: \"4\")"]
    );
    assert_eq!(
        places(&endpoint("  model_aliases:\n    true: gpt-4\n")),
        ["8:5 E-YAML-KEY"]
    );
    assert_eq!(
        places(&endpoint("  model_aliases:\n    ? [a]\n    : gpt-4\n")),
        ["8:7 E-YAML-KEY", "9:7 E-FIELD-FORMAT"]
    );
    assert_eq!(
        places(&endpoint("  model_aliases:\n    '4': gpt-4\n    no: x\n")),
        Vec::<String>::new()
    );
}

#[test]
fn byte_order_mark_and_carriage_returns_do_not_shift_places() {
    let typo = endpoint("  ä: ö\n");
    let plain = places(&typo);
    assert_eq!(plain, ["7:3 E-FIELD-UNKNOWN"]);
    assert_eq!(places(&typo.replace('\n', "\r\n")), plain);
    assert_eq!(places(&format!("\u{feff}{typo}")), plain);
    let crlf = one(&endpoint("").replace('\n', "\r\n"));
    assert_eq!(crlf.digest, one(&endpoint("")).digest);
    let bom = one(&format!("\u{feff}{}", endpoint("")));
    assert_eq!(bom.digest, crlf.digest);
}

#[test]
fn columns_count_characters_not_bytes() {
    let found = places(&endpoint(
        "  options: {ключ: значение}\n  auth: {секрет: x}\n",
    ));
    assert_eq!(found, ["8:10 E-FIELD-UNKNOWN"]);
    let found =
        places("kind: AgentPolicy\nmetadata: {labels: {größe: ü}, x: 1, name: p}\nspec: {}\n");
    assert_eq!(found, ["2:32 E-FIELD-UNKNOWN"]);
}

#[test]
fn tabs_as_indentation_are_an_error_with_the_line() {
    let found = places("kind: Agent\nmetadata:\n\tname: a\nspec:\n\tmodel_ref: b\n");
    assert_eq!(found.len(), 1);
    assert!(
        found[0].starts_with("3:") && found[0].ends_with("E-YAML-SYNTAX"),
        "{found:?}"
    );
}

#[test]
fn bytes_that_are_not_utf_8_are_named_by_place() {
    let parsed = parse_file(&"f.yaml".into(), b"kind: Agent\nmetadata: \xC3\xA4\xFF");
    assert_eq!(
        lines(&parsed),
        ["2:12 E-YAML-ENCODING the file is not UTF-8 text from here on (save it as UTF-8)"]
    );
    let parsed = parse_file(&"f.yaml".into(), b"kind: Agent\rmetadata:\r\n \xFF");
    assert!(lines(&parsed)[0].starts_with("3:2 E-YAML-ENCODING"));
    let utf16: Vec<u8> = "kind: Agent"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    let parsed = parse_file(&"f.yaml".into(), &[&[0xFF, 0xFE][..], &utf16].concat());
    assert_eq!(parsed.findings[0].code, code::YAML_ENCODING);
    assert!(parsed.resources.is_empty());
}

#[test]
fn nul_is_an_error_raw_and_escaped() {
    assert_eq!(
        places("kind: Agent\nmeta\0data: x\n"),
        ["2:5 E-YAML-ENCODING"]
    );
    assert_eq!(
        places(&agent("  prompt: \"a\\0b\"\n")),
        ["7:11 E-YAML-ENCODING"]
    );
    let json = r#"{"kind": "Agent", "metadata": {"name": "a"}, "spec": {"model_ref": "m", "prompt": "\u0000"}}"#;
    assert_eq!(places(json), ["1:83 E-YAML-ENCODING"]);
}

#[test]
fn files_that_say_nothing_are_no_problem() {
    for text in [
        "",
        "\n\n",
        "# only a comment\n",
        "---\n",
        "---\n# a\n---\n...\n",
        "\u{feff}",
        "null\n",
        "~\n",
    ] {
        let parsed = parse(text);
        assert_eq!(lines(&parsed), Vec::<String>::new(), "{text:?}");
        assert!(parsed.resources.is_empty());
    }
}

#[test]
fn every_good_document_is_read_beside_a_bad_one() {
    let policy =
        |name: &str| format!("kind: AgentPolicy\nmetadata: {{name: {name}}}\nspec: {{}}\n");
    let text = format!(
        "{}---\nkind: Agent\nmetadata: {{name: x}}\nspec: {{}}\n---\n{}",
        policy("a"),
        policy("b")
    );
    let parsed = parse(&text);
    assert_eq!(places(&text), ["7:1 E-FIELD-REQUIRED"]);
    let names: Vec<_> = parsed
        .resources
        .iter()
        .map(|resource| &*resource.id.name)
        .collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(parsed.resources[1].origin.span.start.line, 9);
}

#[test]
fn syntax_error_keeps_what_stands_before_it_from_hiding() {
    let text = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {x: 1}\n---\nkind: [unclosed\n";
    let found = places(text);
    assert!(
        found.contains(&"3:8 E-FIELD-UNKNOWN".to_owned()),
        "{found:?}"
    );
    assert!(
        found.iter().any(|line| line.ends_with("E-YAML-SYNTAX")),
        "{found:?}"
    );
    assert!(parse(text).resources.is_empty());
}

#[test]
fn unquoted_scalars_in_text_fields_keep_their_source_text() {
    for text in [
        "2024-10-21",
        "1024",
        "1e3",
        "0755",
        "0x1F",
        "true",
        "no",
        "on",
        "1:30",
        "1_000",
        "~x",
        ".5",
        "+7",
        "-0",
        "1.10",
        "12345678901234567890123",
        ".nan",
        "NULL_",
        "3.0",
    ] {
        let resource = one(&endpoint(&format!("  options:\n    k: {text}\n")));
        let Spec::ModelEndpoint(spec) = &resource.spec else {
            unreachable!()
        };
        assert_eq!(spec.options["k"], text);
        let quoted = one(&endpoint(&format!("  options:\n    k: '{text}'\n")));
        assert_eq!(quoted.digest, resource.digest, "{text}");
    }
}

#[test]
fn null_in_a_map_of_texts_is_empty_text_and_elsewhere_the_default() {
    let resource = one(&endpoint(
        "  options:\n    k:\n  models:\n  auth:\n  timeouts: {idle: ~}\n  model_aliases: null\n",
    ));
    assert_eq!(resource.value()["options"], json!({"k": ""}));
    let bare = one(&endpoint("  options: {k: ''}\n"));
    assert_eq!(resource.digest, bare.digest);
}

#[test]
fn whole_numbers_may_be_written_as_yaml_does() {
    for (text, value) in [
        ("3", 3),
        ("+3", 3),
        ("0x10", 16),
        ("0o17", 15),
        ("1e3", 1000),
        ("2.0", 2),
    ] {
        let resource = one(&agent(&format!("  limits: {{max_steps: {text}}}\n")));
        assert_eq!(
            resource.value()["limits"]["max_steps"],
            json!(value),
            "{text}"
        );
    }
    for text in ["'3'", "1.5", "three", "1_000", "--3"] {
        let found = places(&agent(&format!("  limits: {{max_steps: {text}}}\n")));
        assert_eq!(found, ["7:23 E-FIELD-TYPE"], "{text}");
    }
}

#[test]
fn numbers_that_are_not_exact_are_errors_where_a_number_is_meant() {
    for text in [
        ".inf",
        "-.Inf",
        ".nan",
        "9007199254740993",
        "-9223372036854775808",
        "18446744073709551615",
        "1e20",
        "99999999999999999999999",
        "1e400",
    ] {
        let found = places(&agent(&format!("  limits: {{max_steps: {text}}}\n")));
        assert!(
            found.contains(&"7:23 E-YAML-NUMBER".to_owned()),
            "{text}: {found:?}"
        );
    }
    let schema = places(&agent(
        "  execution: {output_schema: {type: object, max: .nan}}\n",
    ));
    assert_eq!(schema, ["7:50 E-YAML-NUMBER"]);
}

#[test]
fn block_scalars_comments_and_flow_lists_mean_what_yaml_says() {
    let text = agent(
        "  prompt: |\n    # a heading\n\n    text # not a comment\n  roles: [a, b]  # comment\n  tools: # comment\n  - x # comment\n  # comment\n  - \"y\\tz\"\n",
    );
    let resource = one(&text);
    assert_eq!(
        resource.value()["prompt"],
        json!("# a heading\n\ntext # not a comment")
    );
    assert_eq!(resource.value()["roles"], json!(["a", "b"]));
    assert_eq!(resource.value()["tools"], json!(["x", "y\tz"]));
    let folded = one(&agent("  prompt: >-\n    one\n    two\n"));
    assert_eq!(folded.value()["prompt"], json!("one two"));
    let wrapped = one(&agent("  prompt: one\n    two\n"));
    assert_eq!(wrapped.value()["prompt"], folded.value()["prompt"]);
}
