//! `docs/manifests.md`: the reference of every kind and field, made from the schemas.

use super::{MANIFEST, published, text};
use crate::{
    manifest::{kinds::Form, quirks::spellings},
    model::Kind,
};
use serde_json::{Value, json};
use std::fmt::Write as _;

const INTRODUCTION: &str = "\
# Manifests

<!-- Made from the types by `UPDATE_SCHEMAS=1 cargo test --lib committed_schemas`; do not edit. -->

A manifest is YAML or JSON, one or several documents a file: `apiVersion`, `kind`, `metadata` and `spec`. `apiVersion` may
be left out; `kind` and the values of a list of allowed ones are read in any letter case. A text may be written unquoted
(`max_tokens: 1024` in a map of texts is the text `1024`). Durations are numbers with a unit, such as `30s`, `1m30s` or
`250ms`. A field that the kind does not have is an error.

The fields are in the JSON Schemas in [`schemas/`](../schemas) too (`orloj schema KIND` prints them), which editors complete
from; [`manifest.schema.json`](../schemas/manifest.schema.json) fits any kind. The schemas describe the documented form alone,
so an editor underlines some of what is accepted: `kind` and allowed values in another letter case, a number, a truth value
or nothing where a text is meant (`max_tokens: 1024`, `api_version: 2024-10-21`), an empty `apiVersion`, and the spellings
[below](#other-spellings). What only other manifests or several fields together can tell (references, names, durations,
sealed values) is no part of them: `orloj validate` is what the daemon does.
";

const SPELLINGS: &str = "
## Other spellings

Upstream reads these too, and so do we; each means the documented field, and where both stand the other one is unknown.

| kind | field | also read |
|---|---|---|
";

const EDGES: &str = "\
| AgentSystem | `spec.graph.NODE.edges[]`: `{to: b}` | a bare `b`, or `{next: b}` |
| AgentSystem | the first of `spec.graph.NODE.edges` | `spec.graph.NODE.next: b` |
";

/// The head of a table of fields.
const HEADER: &str =
    "\n| field | type | default | allowed | what it means |\n|---|---|---|---|---|\n";

/// The reference page as Markdown.
pub fn reference_page() -> String {
    let mut page = INTRODUCTION.to_owned();
    let parsed: Vec<(Form, Value)> = Form::all()
        .map(|form| (form, serde_json::from_str(text(form)).unwrap_or_default()))
        .collect();
    page.push_str("\n## Kinds\n\n| kind | apiVersion | | what it is |\n|---|---|---|---|\n");
    for (form, schema) in &parsed {
        let _ = writeln!(
            page,
            "| [{0}](#{1}) | `{2}` | {3} | {4} |",
            form.name(),
            form.name().to_ascii_lowercase(),
            form.api_version(),
            state(*form),
            cell(schema),
        );
    }
    page.push_str("\n## Metadata\n\nEvery kind has the same `metadata`.\n");
    if let Some((_, schema)) = parsed.first() {
        table(&mut page, schema, "metadata");
    }
    for (form, schema) in &parsed {
        section(&mut page, *form, schema);
    }
    moved(&mut page);
    page.push_str(SPELLINGS);
    for form in Form::all() {
        for (path, accepted, documented) in spellings(form) {
            let path = path.join(".");
            let _ = writeln!(
                page,
                "| {} | `{path}.{documented}` | `{path}.{accepted}` |",
                form.name()
            );
        }
    }
    page.push_str(EDGES);
    page
}

/// What a document without `kind` may say.
fn moved(page: &mut String) {
    let manifest = published(MANIFEST).unwrap_or_default();
    let manifest: Value = serde_json::from_str(manifest).unwrap_or_default();
    let field = manifest.pointer("/properties/moved");
    let field = field.unwrap_or(&Value::Null);
    let _ = writeln!(page, "\n## Moved\n\n{}", cell(field));
    page.push_str(HEADER);
    if let Some(entry) = field.pointer("/anyOf/0/items") {
        rows(page, &manifest, entry, "moved[]");
    }
    let example = field.pointer("/examples/0");
    let yaml = example.and_then(|list| serde_yaml::to_string(&json!({ "moved": list })).ok());
    let _ = writeln!(page, "\n```yaml\n{}```", yaml.unwrap_or_default());
}

fn section(page: &mut String, form: Form, schema: &Value) {
    let _ = writeln!(page, "\n## {}\n\n{}", form.name(), cell(schema));
    if matches!(form.kind(), Kind::AgentSystem | Kind::Task) {
        page.push_str("Policies find their agents through it; this version does not run it.\n");
    }
    table(page, schema, "spec");
    let example = schema.pointer("/examples/0");
    let yaml = example.and_then(|example| serde_yaml::to_string(example).ok());
    let _ = writeln!(page, "\n```yaml\n{}```", yaml.unwrap_or_default());
}

fn table(page: &mut String, schema: &Value, field: &str) {
    page.push_str(HEADER);
    let root = schema.pointer(&format!("/properties/{field}"));
    rows(page, schema, root.unwrap_or(&Value::Null), field);
}

/// What this version does with a kind.
fn state(form: Form) -> &'static str {
    match form.kind() {
        Kind::AgentSystem | Kind::Task => "linked, not run",
        kind if kind.is_served() => "served",
        _ => "validated only",
    }
}

/// One row for each field below, the fields of mappings right behind their own.
fn rows(page: &mut String, root: &Value, schema: &Value, path: &str) {
    let object = resolve(root, schema);
    let required = object.get("required").and_then(Value::as_array);
    let fields = object.get("properties").and_then(Value::as_object);
    for (name, field) in fields.into_iter().flatten() {
        let needed = required.is_some_and(|names| names.contains(&Value::from(name.as_str())));
        let path = format!("{path}.{name}");
        let _ = writeln!(
            page,
            "| `{path}`{} | {} | {} | {} | {} |",
            if needed { " (required)" } else { "" },
            type_of(root, field),
            code(field.get("default")),
            allowed(root, field),
            cell(field),
        );
        let inner = resolve(root, field);
        match (inner.get("items"), inner.get("additionalProperties")) {
            (Some(items), _) => rows(page, root, items, &format!("{path}[]")),
            (None, Some(other)) if other.is_object() => {
                rows(page, root, other, &format!("{path}.NAME"));
            }
            _ => rows(page, root, field, &path),
        }
    }
}

/// What a reference leads to; a value that may be absent is the value.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let optional = schema.get("anyOf").and_then(Value::as_array);
    let value = optional.and_then(|branches| branches.iter().find(|one| one.get("$ref").is_some()));
    let reference = value.unwrap_or(schema).get("$ref").and_then(Value::as_str);
    let target = reference.and_then(|text| root.pointer(text.strip_prefix('#')?));
    target.unwrap_or(schema)
}

fn type_of(root: &Value, schema: &Value) -> String {
    let inner = resolve(root, schema);
    let name = match inner.get("type") {
        Some(Value::String(one)) => one.as_str(),
        Some(Value::Array(many)) => many.first().and_then(Value::as_str).unwrap_or_default(),
        _ if inner.get("oneOf").is_some() => "string",
        _ => "any",
    };
    let of = |part: &str| match inner.get(part) {
        Some(inner) if inner.is_object() => format!(" of {}", type_of(root, inner)),
        _ => String::new(),
    };
    match name {
        "string" => "text".to_owned(),
        "integer" => "whole number".to_owned(),
        "boolean" => "true or false".to_owned(),
        "array" => format!("list{}", of("items")),
        "object" => format!("mapping{}", of("additionalProperties")),
        other => other.to_owned(),
    }
}

/// The values of a list, or the bounds of a number.
fn allowed(root: &Value, schema: &Value) -> String {
    let inner = resolve(root, schema);
    let bound = |name: &str| schema.get(name).or_else(|| inner.get(name));
    let described = inner.get("oneOf").and_then(Value::as_array);
    let described = described
        .into_iter()
        .flatten()
        .filter_map(|one| one.get("const"));
    let plain = bound("enum")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let values: Vec<_> = described.chain(plain).map(|one| code(Some(one))).collect();
    if !values.is_empty() {
        return values.join(", ");
    }
    if let Some(items) = inner.get("items") {
        return allowed(root, items);
    }
    match (bound("minimum"), bound("maximum")) {
        (Some(least), Some(most)) => format!("{least} to {most}"),
        (Some(least), None) => format!("at least {least}"),
        _ => String::new(),
    }
}

/// A value as it is written in a manifest.
fn code(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => format!("`{text}`"),
        Some(other) => format!("`{other}`"),
    }
}

/// A description on one line; nothing in it ends a table's cell.
fn cell(schema: &Value) -> String {
    let text = schema.get("description").and_then(Value::as_str);
    text.unwrap_or_default()
        .replace('\n', " ")
        .replace('|', "\\|")
}
