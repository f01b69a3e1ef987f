//! Reads plain scalars by the type of their field.
//!
//! The format's own reader knows only text, so `api_version: 2024-10-21` or `max_tokens: 1024` in a map
//! of strings means that text. Where the schema says `string`, the source text is taken as it is written.

use super::{
    limits::MAX_EXACT_INTEGER,
    node::{Data, Node, Scalar},
};
use crate::model::{Finding, Origin, Span, code};
use serde_json::Value;
use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

/// What a schema says about a value, as far as reading scalars needs it.
#[derive(Debug, Clone, Default)]
pub(super) enum Shape {
    /// Anything.
    #[default]
    Any,
    /// Text.
    Text,
    /// One of these texts, in any letter case, as upstream.
    Choice(Vec<String>),
    /// A whole number.
    Integer,
    /// A list.
    List(Box<Shape>),
    /// A mapping with known fields, and the shape of others.
    Mapping(BTreeMap<String, Shape>, Box<Shape>),
}

impl Shape {
    /// Reads the shape out of a JSON Schema; `root` resolves its references.
    pub(super) fn of(schema: &Value, root: &Value) -> Self {
        if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
            let target = reference
                .strip_prefix('#')
                .and_then(|pointer| root.pointer(pointer));
            return target.map_or(Self::Any, |target| Self::of(target, root));
        }
        if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
            let one = choices.iter().find(|choice| !has_type(choice, "null"));
            return one.map_or(Self::Any, |choice| Self::of(choice, root));
        }
        if let Some(choices) = choices(schema) {
            return Self::Choice(choices);
        }
        if has_type(schema, "string") {
            return Self::Text;
        }
        if has_type(schema, "integer") {
            return Self::Integer;
        }
        if has_type(schema, "array") {
            return Self::List(Box::new(
                schema
                    .get("items")
                    .map_or(Self::Any, |items| Self::of(items, root)),
            ));
        }
        if has_type(schema, "object") {
            let fields = schema
                .get("properties")
                .and_then(Value::as_object)
                .into_iter()
                .flatten();
            let fields = fields
                .map(|(name, field)| (name.clone(), Self::of(field, root)))
                .collect();
            let other = schema
                .get("additionalProperties")
                .filter(|other| other.is_object());
            return Self::Mapping(
                fields,
                Box::new(other.map_or(Self::Any, |other| Self::of(other, root))),
            );
        }
        Self::Any
    }
}

/// The texts of an enum, whether its values are described or not.
fn choices(schema: &Value) -> Option<Vec<String>> {
    let described = schema.get("oneOf").and_then(Value::as_array);
    let plain = schema.get("enum").and_then(Value::as_array);
    let text = |value: &Value| value.as_str().map(str::to_owned);
    match (described, plain) {
        (Some(each), _) => each.iter().map(|one| text(one.get("const")?)).collect(),
        (None, Some(each)) => each.iter().filter(|one| !one.is_null()).map(text).collect(),
        (None, None) => None,
    }
}

fn has_type(schema: &Value, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(many)) => many.iter().any(|one| one == name),
        _ => false,
    }
}

/// Reads every scalar of `node` by `shape`; fields that say nothing (`labels:`) are left out.
pub(super) fn coerce(file: &Arc<str>, node: &mut Node, shape: &Shape, findings: &mut Vec<Finding>) {
    match (&mut node.data, shape) {
        (Data::Scalar { scalar, .. }, Shape::Text) if *scalar != Scalar::Null => {
            *scalar = Scalar::Text;
        }
        (Data::Scalar { text, scalar }, Shape::Choice(choices)) if *scalar != Scalar::Null => {
            *scalar = Scalar::Text;
            let meant = choices
                .iter()
                .find(|choice| choice.eq_ignore_ascii_case(text.trim()));
            if let Some(meant) = meant
                && *text != *meant
            {
                *text = meant.clone().into();
            }
        }
        (Data::Scalar { scalar, .. }, shape) => {
            if matches!(shape, Shape::Integer) {
                *scalar = whole(*scalar);
            }
            findings.extend(check_number(file, node.span, *scalar));
        }
        (Data::List(items), shape) => {
            let inner = if let Shape::List(inner) = shape {
                inner
            } else {
                &Shape::Any
            };
            for item in items {
                if matches!(inner, Shape::Text) {
                    findings.extend(read_colon(file, item));
                }
                coerce(file, item, inner, findings);
            }
        }
        (Data::Mapping(entries), Shape::Mapping(fields, other)) => {
            entries.retain(|entry| !(entry.value.is_null() && fields.contains_key(&*entry.key)));
            for entry in entries {
                let inner = fields.get(&*entry.key).unwrap_or(other);
                if matches!(inner, Shape::Text) && entry.value.is_null() {
                    let (text, scalar) = (Cow::default(), Scalar::Text);
                    entry.value.data = Data::Scalar { text, scalar };
                }
                coerce(file, &mut entry.value, inner, findings);
            }
        }
        (Data::Mapping(entries), _) => {
            for entry in entries {
                coerce(file, &mut entry.value, &Shape::Any, findings);
            }
        }
    }
}

/// `- AUTH_PATH:` is a mapping in YAML; where texts are listed it is meant as one.
fn read_colon(file: &Arc<str>, item: &mut Node) -> Option<Finding> {
    let [only] = item.entries()? else {
        return None;
    };
    if !only.value.is_null() {
        return None;
    }
    let text = format!("{}:", only.key);
    let origin = Origin {
        file: file.clone(),
        span: only.key_span,
    };
    let finding = Finding::new(
        code::YAML_COLON,
        origin,
        format!("`{text}` is a mapping in YAML; it is read as text"),
    );
    let finding = finding.with_hint(format!("quote it: \"{text}\""));
    let (text, scalar) = (text.into(), Scalar::Text);
    item.data = Data::Scalar { text, scalar };
    Some(finding)
}

/// `1e3` and `2.0` are whole numbers where one is meant; `1e20` is one that is too large.
fn whole(scalar: Scalar) -> Scalar {
    match scalar {
        Scalar::Float(value) if value.is_finite() && value.fract() == 0.0 => {
            let digits = format!("{value:.0}");
            digits
                .parse()
                .map_or(Scalar::Unsigned(u64::MAX), Scalar::Signed)
        }
        other => other,
    }
}

/// Numbers that JSON cannot carry exactly are refused where a number is meant.
fn check_number(file: &Arc<str>, span: Span, scalar: Scalar) -> Option<Finding> {
    let message = match scalar {
        Scalar::Float(value) if !value.is_finite() => "numbers must be finite",
        Scalar::Signed(value) if value.unsigned_abs() > MAX_EXACT_INTEGER => {
            "integers must be within ±2^53"
        }
        Scalar::Unsigned(value) if value > MAX_EXACT_INTEGER => "integers must be within ±2^53",
        _ => return None,
    };
    let origin = Origin {
        file: file.clone(),
        span,
    };
    Some(
        Finding::new(code::YAML_NUMBER, origin, message)
            .with_hint("quote it if it is meant as text"),
    )
}
