//! Whether a rewritten text says what was asked for, and nothing else changed.

use super::{
    Field,
    rewrite::{Direction, Replaced},
};
use crate::manifest::{loader::load, node::Node};
use serde_json::{Map, Value};
use std::sync::Arc;

/// The line of the first document that does not read as it should; `None` if all do.
pub(super) fn difference(
    file: &Arc<str>,
    before: &[Node<'_>],
    text: &str,
    direction: Direction,
    replaced: &[Replaced],
) -> Option<u32> {
    let after = load(file, text);
    let line = |number: usize| before.get(number).map_or(1, |it| it.span.start.line);
    if !after.findings.is_empty() || after.documents.len() != before.len() {
        return Some(replaced.first().map_or(1, |first| line(first.document)));
    }
    let pairs = before.iter().zip(&after.documents).enumerate();
    let mut differs = pairs.filter(|(number, (before, after))| {
        let of_this: Vec<_> = replaced
            .iter()
            .filter(|it| it.document == *number)
            .collect();
        let (mut before, mut after) = (before.to_json(), after.to_json());
        if of_this.is_empty() {
            return before != after;
        }
        let mut expected = taken(&mut before, direction);
        let mut found = take(&mut after, direction.target());
        for value in of_this {
            // Armor may stand with or without a line break behind it.
            let text = match direction {
                Direction::Open => value.text.to_string(),
                Direction::Seal | Direction::Reseal => value.text.trim().to_owned(),
            };
            expected.insert(value.key.clone(), Value::String(text));
        }
        if direction != Direction::Open {
            trim(&mut expected);
            trim(&mut found);
        }
        expected != found || before != after
    });
    differs.next().map(|(number, _)| line(number))
}

/// Takes the fields away that values come from or go to; returns what stays of the latter.
fn taken(document: &mut Value, direction: Direction) -> Map<String, Value> {
    if direction != Direction::Reseal {
        for key in ["stringData", "string_data", "data"] {
            let gone = spec(document).and_then(|spec| spec.shift_remove(key));
            // An empty field of clear text is left where it was.
            if let Some(empty) = gone.filter(is_empty)
                && let Some(spec) = spec(document)
                && direction == Direction::Seal
            {
                spec.insert(key.to_owned(), empty);
            }
        }
    }
    let sealed = take(document, Field::EncryptedData);
    match direction {
        Direction::Open => Map::new(),
        Direction::Seal | Direction::Reseal => sealed,
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_object().is_some_and(Map::is_empty)
}

fn take(document: &mut Value, field: Field) -> Map<String, Value> {
    let taken = spec(document).and_then(|spec| spec.shift_remove(field.as_str()));
    match taken {
        Some(Value::Object(values)) => values,
        _ => Map::new(),
    }
}

fn spec(document: &mut Value) -> Option<&mut Map<String, Value>> {
    document.get_mut("spec")?.as_object_mut()
}

fn trim(values: &mut Map<String, Value>) {
    for value in values.values_mut() {
        if let Value::String(text) = value {
            let trimmed = text.trim().to_owned();
            *value = Value::String(trimmed);
        }
    }
}
