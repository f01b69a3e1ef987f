//! What an editor shows and the types do not say: titles, and defaults that mean something.

use serde_json::{Map, Value};

/// Gives every definition and field a title, and takes away defaults of whole mappings (their fields have
/// their own) and those that are nothing.
pub(super) fn polish(schema: &mut Value) {
    let definitions = schema.get_mut("$defs").and_then(Value::as_object_mut);
    for (name, definition) in definitions.into_iter().flatten() {
        entitle(definition, name.trim_end_matches("Spec"));
    }
    polish_fields(schema);
}

fn polish_fields(schema: &mut Value) {
    match schema {
        Value::Object(parts) => {
            let fields = parts.get_mut("properties").and_then(Value::as_object_mut);
            for (name, field) in fields.into_iter().flatten() {
                if let Some(parts) = field.as_object_mut()
                    && let Some(Value::Null | Value::Object(_)) = parts.get("default")
                {
                    parts.shift_remove("default");
                }
                // A condition (`kind` is that) is no field.
                if field.get("description").is_some() {
                    entitle(field, name);
                }
            }
            let data = ["default", "examples", "const", "enum"];
            let parts = parts
                .iter_mut()
                .filter(|(name, _)| !data.contains(&name.as_str()));
            parts.for_each(|(_, part)| polish_fields(part));
        }
        Value::Array(parts) => parts.iter_mut().for_each(polish_fields),
        _ => {}
    }
}

/// Puts a title in front.
fn entitle(schema: &mut Value, name: &str) {
    let Some(parts) = schema
        .as_object_mut()
        .filter(|parts| !parts.contains_key("title"))
    else {
        return;
    };
    let mut entitled = Map::new();
    entitled.insert("title".into(), words(name).into());
    entitled.append(parts);
    *parts = entitled;
}

/// `model_ref` as `Model ref`, `tokenURL` as `Token URL`.
fn words(name: &str) -> String {
    let mut title = String::new();
    let mut before = '_';
    for letter in name.chars() {
        let begins = letter.is_uppercase() && before.is_lowercase();
        if begins || (before == '_' && !title.is_empty()) {
            title.push(' ');
        }
        if title.is_empty() {
            title.extend(letter.to_uppercase());
        } else if begins && !name.ends_with(|last: char| last.is_uppercase()) {
            title.extend(letter.to_lowercase());
        } else if letter != '_' {
            title.push(letter);
        }
        before = letter;
    }
    title
}
