//! Input that is meant to hurt: refused, and in bounded time.

use super::{endpoint, lines, parse, places};
use crate::{
    manifest::{MAX_FILE_BYTES, ParsedFile, parse_file},
    stopwatch::Stopwatch,
};
use std::time::Duration;

/// Generous: an unoptimised build on a busy machine stays far below.
const LIMIT: Duration = Duration::from_secs(5);

#[track_caller]
fn quickly(text: &str) -> ParsedFile {
    // Compiling the schemas once is no part of what is measured.
    parse(&endpoint(""));
    let start = Stopwatch::start();
    let parsed = parse(text);
    let took = start.elapsed();
    assert!(took < LIMIT, "{took:?}");
    assert!(parsed.findings.len() <= 1_001, "{}", parsed.findings.len());
    parsed
}

#[track_caller]
fn refused(text: &str, code: &str) {
    let parsed = quickly(text);
    assert!(parsed.resources.is_empty());
    let found = lines(&parsed);
    let start: Vec<_> = found.iter().take(3).collect();
    assert!(found.iter().any(|line| line.contains(code)), "{start:?}");
}

#[test]
fn deep_nesting_is_refused_in_every_notation() {
    refused(&"[".repeat(MAX_FILE_BYTES), "E-LIMIT-DEPTH");
    refused(&"{a: ".repeat(100_000), "E-LIMIT-DEPTH");
    // So little that the parser sees the end first.
    refused(&"{a: ".repeat(200), "E-LIMIT-DEPTH");
    refused(&"[".repeat(200), "E-LIMIT-DEPTH");
    refused(&"{a: ".repeat(60), "E-YAML-SYNTAX");
    refused(&"- ".repeat(500_000), "E-LIMIT-DEPTH");
    refused(&"? ".repeat(500_000), "E-LIMIT-DEPTH");
    refused(&"[{a: ".repeat(100_000), "E-LIMIT-DEPTH");
    let block: String = (0..1_000)
        .map(|depth| format!("{}a:\n", " ".repeat(depth)))
        .collect();
    refused(&block, "E-LIMIT-DEPTH");
    let json = format!("{}1{}", "{\"a\":".repeat(10_000), "}".repeat(10_000));
    refused(&json, "E-LIMIT-DEPTH");
}

#[test]
fn nesting_up_to_the_limit_is_read() {
    let nested = |depth: usize| {
        format!(
            "kind: Tool\nmetadata: {{name: t}}\nspec:\n  input_schema: {{a: {}{}}}\n",
            "[".repeat(depth),
            "]".repeat(depth)
        )
    };
    assert_eq!(places(&nested(61)), Vec::<String>::new());
    assert_eq!(places(&nested(62)), ["4:82 E-LIMIT-DEPTH"]);
}

#[test]
fn billion_laughs_are_refused_without_being_expanded() {
    let mut bomb = "a0: &a0 [lol, lol]\n".to_owned();
    for level in 1..40 {
        let below = level - 1;
        bomb += &format!(
            "a{level}: &a{level} [*a{below}, *a{below}, *a{below}, *a{below}, *a{below}]\n"
        );
    }
    refused(&bomb, "E-YAML-ALIAS");
    let wide = format!(
        "a: &a {}\nb: [{}]\n",
        "x".repeat(500_000),
        "*a, ".repeat(100_000)
    );
    refused(&wide, "E-YAML-ALIAS");
}

#[test]
fn files_larger_than_the_limit_are_not_read() {
    let comment = format!("# {}\n", "x".repeat(MAX_FILE_BYTES));
    assert_eq!(places(&comment), ["1:1 E-LIMIT-FILE-SIZE"]);
    let full = format!("#{}", "x".repeat(MAX_FILE_BYTES - 1));
    assert_eq!(places(&full), Vec::<String>::new());
}

#[test]
fn too_many_values_are_refused() {
    refused(&format!("[{}]", "1,".repeat(500_000)), "E-LIMIT-NODES");
    refused(&format!("[{}]", "{},".repeat(300_000)), "E-LIMIT-NODES");
    refused(&"---\na\n".repeat(200_000 - 60_000), "E-FIELD-TYPE");
    refused(&"- a\n".repeat(250_000), "E-LIMIT-NODES");
}

#[test]
fn many_unknown_fields_are_reported_up_to_a_limit() {
    let fields: String = (0..80_000)
        .map(|number| format!("  x{number}: 1\n"))
        .collect();
    let parsed = quickly(&endpoint(&fields));
    assert_eq!(parsed.findings.len(), 1_001);
    let found = lines(&parsed);
    assert!(
        found
            .iter()
            .any(|line| line.contains("E-LIMIT-FINDINGS the file has more than the 1000 problems"))
    );
    assert!(
        found
            .iter()
            .any(|line| line.contains("`x0` is not a field"))
    );
    assert!(parsed.resources.is_empty());
}

#[test]
fn many_duplicate_keys_are_reported_up_to_a_limit() {
    refused(
        &endpoint(&"  provider: mock\n".repeat(60_000)),
        "E-YAML-DUPLICATE-KEY",
    );
}

#[test]
fn many_wrong_values_are_reported_up_to_a_limit() {
    let tools = "[],".repeat(50_000);
    refused(
        &super::agent(&format!("  tools: [{tools}]\n")),
        "E-LIMIT-FINDINGS",
    );
}

#[test]
fn many_aliases_of_one_endpoint_are_read_quickly() {
    let aliases: String = (0..30_000)
        .map(|number| format!("    alias-{number}: gpt-4o\n"))
        .collect();
    let parsed = quickly(&endpoint(&format!("  model_aliases:\n{aliases}")));
    assert_eq!(parsed.resources.len(), 1);
    let origin = parsed.resources[0].origin_of_key("/spec/model_aliases/alias-29999");
    assert_eq!(origin.span.start.line, 30_007);
}

#[test]
fn ten_thousand_documents_are_read() {
    let text: String = (0..10_000)
        .map(|number| {
            format!("---\nkind: AgentPolicy\nmetadata: {{name: p{number}}}\nspec: {{}}\n")
        })
        .collect();
    assert_eq!(quickly(&text).resources.len(), 10_000);
}

#[test]
fn long_words_and_long_lines_cost_little() {
    refused(
        &endpoint(&format!("  {}: 1\n", "x".repeat(1_000))),
        "E-FIELD-UNKNOWN",
    );
    refused(
        &endpoint(&format!("  \"{}\": 1\n", "x".repeat(900_000))),
        "E-",
    );
    refused(&format!("kind: {}\n", "x".repeat(900_000)), "E-FIELD-KIND");
    let parsed = quickly(&super::agent(&format!(
        "  prompt: {}\n",
        "word ".repeat(180_000)
    )));
    assert_eq!(parsed.resources.len(), 1);
    quickly(&super::agent(&format!(
        "  prompt: \"{}\"\n",
        "\\n".repeat(400_000)
    )));
    quickly(&super::agent(&format!(
        "  prompt: |\n{}",
        "    line\n".repeat(100_000)
    )));
    quickly(&"#\n".repeat(400_000));
    quickly(&"\n".repeat(1_000_000));
    quickly(&" ".repeat(1_000_000));
    quickly(&"!a ".repeat(300_000));
    quickly(&"&a ".repeat(300_000));
    quickly(&"\"".repeat(1_000_000));
    quickly(&"%YAML 1.2\n".repeat(90_000));
    quickly(&"a: b: ".repeat(100_000));
}

#[test]
fn no_prefix_of_a_manifest_and_no_stray_byte_panics() {
    let text = super::agent(
        "  prompt: \"ä\\u00e4\"\n  limits: {timeout: 30s}\n  execution: {output_schema: [1, {a: b}]}\n",
    );
    let bytes = text.as_bytes();
    for end in 0..bytes.len() {
        parse_file(&"f".into(), &bytes[..end]);
        let mut broken = bytes.to_vec();
        for byte in [
            b'\t', b'{', b'&', b'*', b'!', b'%', b'@', b'"', 0, 0xFF, b'\r', b':', b'-',
        ] {
            broken[end] = byte;
            parse_file(&"f".into(), &broken);
        }
    }
}

#[test]
fn documents_beside_a_broken_one_are_all_judged_and_comments_alone_are_none() {
    let good = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {}\n";
    let text = format!(
        "# only words\n---\n{good}---\n# nothing\n---\nkind: Agnet\n---\nkind: Agent\nmetadata: {{name: a}}\nspec: {{promt: x}}\n"
    );
    let parsed = quickly(&text);
    assert_eq!(parsed.resources.len(), 1);
    let found = places(&text);
    for code in ["E-FIELD-KIND", "E-FIELD-UNKNOWN", "E-FIELD-REQUIRED"] {
        assert!(found.iter().any(|line| line.ends_with(code)), "{found:?}");
    }
}

#[test]
fn schema_inside_a_manifest_is_data_and_nothing_is_fetched_or_matched() {
    for schema in [
        "{type: object, $ref: \"http://169.254.169.254/latest\"}",
        "{type: object, $ref: \"file:///etc/passwd\"}",
        "{type: string, pattern: \"(a+)+$\"}",
        "{type: string, pattern: \"(?=a)(?<!b)\"}",
        "{type: object, $ref: \"#\"}",
    ] {
        let text = super::agent(&format!("  execution: {{output_schema: {schema}}}\n"));
        assert_eq!(quickly(&text).resources.len(), 1, "{schema}");
    }
    let many = "{type: string},".repeat(3_000);
    let text = super::agent(&format!(
        "  execution: {{output_schema: {{type: object, allOf: [{many}]}}}}\n"
    ));
    assert_eq!(quickly(&text).resources.len(), 1);
}

/// A tool's schema of its arguments, which has no bound of its own.
fn tool(schema: &str) -> String {
    format!(
        "kind: Tool\nmetadata: {{name: t}}\nspec: {{input_schema: {{type: object, {schema}}}}}\n"
    )
}

#[test]
fn enum_of_a_mebibyte_is_data_like_any_other() {
    let room = MAX_FILE_BYTES - 1_000;
    let many: String = (0..90_000)
        .map(|number| format!("value{number:05},"))
        .collect();
    let long = "x".repeat(room / 2 - 10);
    for texts in [many, format!("{long},{long}")] {
        let schema = format!("enum: [{texts}]");
        assert!(schema.len() > room * 9 / 10, "{}", schema.len());
        assert_eq!(quickly(&tool(&schema)).resources.len(), 1);
        // What an agent's answer must match is bounded.
        let text = super::agent(&format!(
            "  execution: {{output_schema: {{type: string, {schema}}}}}\n"
        ));
        refused(&text, "E-FIELD-FORMAT");
    }
}

#[test]
fn ten_thousand_schemas_in_one_and_a_schema_of_itself_are_data() {
    let many = "{type: string},".repeat(10_000);
    for schema in [
        format!("allOf: [{many}]"),
        "$ref: \"#\"".to_owned(),
        "$defs: {a: {$ref: \"#/$defs/b\"}, b: {$ref: \"#/$defs/a\"}}, $ref: \"#/$defs/a\""
            .to_owned(),
        "pattern: \"(a+)+$\"".to_owned(),
        "properties: {a: {pattern: \"^(?=(a*)*b)(?<!c)\"}}".to_owned(),
    ] {
        assert_eq!(quickly(&tool(&schema)).resources.len(), 1);
    }
}

#[test]
fn nesting_beyond_the_limit_is_refused_in_five_milliseconds() {
    let text = "{a: ".repeat(100_000);
    // The quickest of some: whatever else the machine does is no part of what is measured.
    let quickest = (0..20).map(|_| {
        let start = Stopwatch::start();
        assert_eq!(parse(&text).findings.len(), 1);
        start.elapsed()
    });
    let quickest = quickest.min().unwrap();
    let factor = if cfg!(debug_assertions) { 50 } else { 1 };
    assert!(quickest < Duration::from_millis(5) * factor, "{quickest:?}");
}

#[test]
fn names_with_unicode_look_alikes_are_refused() {
    for name in [
        "wr\u{456}ter",
        "writ\u{e9}r",
        "write\u{301}r",
        "wri\u{200b}ter",
        "\u{ff57}riter",
    ] {
        let text = format!("kind: AgentPolicy\nmetadata: {{name: \"{name}\"}}\nspec: {{}}\n");
        assert_eq!(places(&text), ["2:18 E-FIELD-NAME"], "{name}");
    }
}

#[test]
fn thousands_of_documents_that_were_mended_are_judged_in_time() {
    for document in ["--- &a x\n", "--- &a\n"] {
        let parsed = quickly(&document.repeat(20_000));
        assert!(parsed.resources.is_empty());
        assert_eq!(parsed.findings.len(), 1_001);
        let all = parsed.findings.iter().take(1_000);
        assert!(
            all.map(|finding| finding.code)
                .all(|code| code == crate::model::code::YAML_ALIAS)
        );
    }
}
