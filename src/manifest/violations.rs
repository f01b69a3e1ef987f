//! What a schema found wrong, in the user's words.

use super::{
    bounds, limits::MAX_FINDINGS, mend::Fault, newer, node::Node, schema::Compiled,
    suggest::did_you_mean,
};
use crate::model::{Code, Finding, Origin, Positions, Span, code, pointer_to};
use jsonschema::{ValidationError, error::ValidationErrorKind as Violation};
use serde_json::{Value, json};
use std::{cell::OnceCell, collections::HashSet, sync::Arc};

/// A document that is being checked.
pub(super) struct Checked<'a> {
    pub(super) file: &'a Arc<str>,
    /// What the document is, in messages.
    pub(super) name: &'a str,
    /// Whether short values may be quoted: not where they could be secret.
    pub(super) quotes_values: bool,
    pub(super) node: &'a Node<'a>,
    /// The document as JSON, made when something is wrong with it.
    pub(super) json: OnceCell<Value>,
    pub(super) positions: &'a Positions,
    pub(super) span: Span,
}

/// What a schema says of a document.
#[derive(Default)]
pub(super) struct Violations {
    /// In the user's words.
    pub(super) findings: Vec<Finding>,
    /// Where.
    pub(super) faults: Vec<Fault>,
}

/// Checks a document against its schema.
///
/// Most documents are valid, and to see that costs much less than to collect what is wrong.
pub(super) fn check(document: &Checked<'_>, compiled: &Compiled) -> Violations {
    let judge = compiled.judge.as_ref();
    if judge.is_none_or(|judge| judge.is_valid(document.node)) {
        return Violations::default();
    }
    explain(document, compiled)
}

/// Everything that is wrong with a document; nothing if it is valid.
pub(super) fn explain(document: &Checked<'_>, compiled: &Compiled) -> Violations {
    let Some(critic) = compiled.critic() else {
        return Violations::default();
    };
    let mut faults = Vec::new();
    let mut found = Vec::new();
    let mut misspelt = HashSet::new();
    for error in critic.iter_errors(document.json()) {
        document.report(&error, compiled, &mut found);
        note_faults(&error, &mut faults);
        if found.len() > MAX_FINDINGS {
            break;
        }
        if let Violation::AdditionalProperties { unexpected } = error.kind() {
            let known = known_fields(&error, compiled);
            let place = error.instance_path().as_str();
            let meant = unexpected.iter().take(MAX_FINDINGS);
            let meant = meant.filter_map(|name| did_you_mean(name, known.iter().copied()));
            misspelt.extend(meant.map(|name| join(&field_name(place), name)));
            let newer = unexpected
                .iter()
                .filter_map(|name| newer::stands_for(document.name, name));
            misspelt.extend(newer.map(str::to_owned));
        }
    }
    // Who misspells a needed field is told once.
    found.retain(|one| !one.needs.iter().any(|field| misspelt.contains(field)));
    let findings = found.into_iter().map(|one| one.finding).collect();
    Violations { findings, faults }
}

fn note_faults(error: &ValidationError<'_>, faults: &mut Vec<Fault>) {
    let place = error.instance_path().as_str();
    match error.kind() {
        Violation::AdditionalProperties { unexpected } => {
            let unknown = unexpected.iter().map(|name| pointer_to(place, name));
            faults.extend(unknown.map(Fault::Wrong));
        }
        Violation::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            faults.push(Fault::Missing(pointer_to(place, name)));
        }
        _ => faults.push(Fault::Wrong(place.to_owned())),
    }
}

/// A finding, and the fields any of which would have kept it away.
struct Found {
    finding: Finding,
    needs: Vec<String>,
}

impl From<Finding> for Found {
    fn from(finding: Finding) -> Self {
        let needs = Vec::new();
        Self { finding, needs }
    }
}

/// `spec` and `model_ref` as `spec.model_ref`.
fn join(place: &str, name: &str) -> String {
    if place.is_empty() {
        name.to_owned()
    } else {
        format!("{place}.{name}")
    }
}

impl Checked<'_> {
    fn json(&self) -> &Value {
        self.json.get_or_init(|| self.node.to_json())
    }

    /// No message quotes more of the document than short values of kinds that hold no secrets.
    fn report(&self, error: &ValidationError<'_>, compiled: &Compiled, findings: &mut Vec<Found>) {
        let mut needs = Vec::new();
        let pointer = error.instance_path().as_str();
        let field = field_name(pointer);
        let instance = self.json().pointer(pointer).unwrap_or(&Value::Null);
        let (code, message) = match error.kind() {
            Violation::AdditionalProperties { unexpected } => {
                let known = known_fields(error, compiled);
                findings.extend(
                    unexpected
                        .iter()
                        .take(MAX_FINDINGS + 1)
                        .map(|name| self.unknown(pointer, name, &known).into()),
                );
                return;
            }
            Violation::AnyOf { context } => {
                self.report_optional(context, error, compiled, findings);
                return;
            }
            Violation::Required { property } => {
                let path = join(&field, property.as_str().unwrap_or_default());
                let message = format!("`{path}` is required");
                needs.push(path);
                (code::FIELD_REQUIRED, message)
            }
            Violation::Type { .. } => {
                let expected = expected_type(error, compiled);
                let found = type_name(instance);
                (
                    code::FIELD_TYPE,
                    format!("`{field}` must be {expected}, not {found}"),
                )
            }
            Violation::Enum { options } => (
                code::FIELD_ENUM,
                self.not_in_list(&field, instance, options),
            ),
            Violation::OneOfNotValid { .. } | Violation::OneOfMultipleValid { .. } => {
                self.one_of(&field, instance, error, compiled, &mut needs)
            }
            Violation::Constant { expected_value } => (
                code::FIELD_ENUM,
                format!("`{field}` must be {expected_value}"),
            ),
            other => bounds::explain(other, &field, instance).unwrap_or_else(|| {
                let message = format!("`{field}` does not have its form ({})", other.keyword());
                (code::FIELD_FORMAT, message)
            }),
        };
        if code == code::FIELD_CONFLICT && !instance.is_object() {
            // It is no mapping, which is another finding.
            return;
        }
        let newer = instance
            .as_str()
            .filter(|value| newer::is_value(self.name, &field, value));
        let (code, message) = match newer {
            Some(value) => (
                code::FIELD_NEWER,
                format!("`{field}: {value}` is {}", newer::HINT),
            ),
            None => (code, message),
        };
        let finding = self.finding(code, pointer, message);
        let quoting = (code == code::FIELD_TYPE).then(|| self.quote_hint(instance));
        let finding = finding.with_hint_if(quoting.flatten());
        findings.push(Found { finding, needs });
    }

    /// `- AUTH_PATH:` is a mapping in YAML and meant as text.
    fn quote_hint(&self, instance: &Value) -> Option<String> {
        let fields = instance.as_object().filter(|fields| fields.len() == 1)?;
        let (key, value) = fields.iter().next()?;
        let hint = value.is_null() && self.quotes_values;
        hint.then(|| format!("quote it: \"{key}:\""))
    }

    /// `anyOf` stands for a value that may be absent: what the value itself lacks is reported.
    fn report_optional(
        &self,
        context: &[Vec<ValidationError<'_>>],
        error: &ValidationError<'_>,
        compiled: &Compiled,
        findings: &mut Vec<Found>,
    ) {
        let branches = compiled.schema.pointer(error.schema_path().as_str());
        let branches = branches.and_then(Value::as_array).into_iter().flatten();
        let null = json!("null");
        let value = branches
            .zip(context)
            .find(|(branch, _)| branch.get("type") != Some(&null));
        for error in value.into_iter().flat_map(|(_, errors)| errors) {
            self.report(error, compiled, findings);
        }
    }

    fn unknown(&self, parent: &str, name: &str, known: &[&str]) -> Finding {
        let pointer = pointer_to(parent, name);
        let place = field_name(parent);
        let of = if place.is_empty() {
            self.name.to_owned()
        } else {
            format!("{}.{place}", self.name)
        };
        let span = self.positions.key(&pointer).unwrap_or(self.span);
        if newer::is_field(self.name, name) {
            let message = format!("`{name}` of {of} is {}", newer::HINT);
            return Finding::new(code::FIELD_NEWER, self.origin(span), message);
        }
        let message = format!("`{name}` is not a field of {of}");
        let hint = match did_you_mean(name, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("its fields are: {}", known.join(", ")),
        };
        Finding::new(code::FIELD_UNKNOWN, self.origin(span), message).with_hint(hint)
    }

    fn not_in_list(&self, field: &str, instance: &Value, options: &Value) -> String {
        let options = options.as_array().map(Vec::as_slice).unwrap_or_default();
        let options: Vec<_> = options.iter().map(|option| format!("{option}")).collect();
        format!(
            "`{field}` must be one of {}{}",
            options.join(", "),
            self.quote(instance)
        )
    }

    /// `oneOf` stands for an enum with described values, or for "exactly one of these fields".
    fn one_of(
        &self,
        field: &str,
        instance: &Value,
        error: &ValidationError<'_>,
        compiled: &Compiled,
        needs: &mut Vec<String>,
    ) -> (Code, String) {
        let branches = compiled
            .schema
            .pointer(error.schema_path().as_str())
            .and_then(Value::as_array);
        let branches = branches.map(Vec::as_slice).unwrap_or_default();
        let constants: Vec<_> = branches
            .iter()
            .filter_map(|branch| branch.get("const"))
            .cloned()
            .collect();
        if !constants.is_empty() {
            return (
                code::FIELD_ENUM,
                self.not_in_list(field, instance, &Value::Array(constants)),
            );
        }
        let fields: Vec<_> = branches
            .iter()
            .filter_map(|branch| branch.pointer("/required/0")?.as_str())
            .collect();
        needs.extend(fields.iter().map(|name| join(field, name)));
        (
            code::FIELD_CONFLICT,
            format!("`{field}` needs exactly one of: {}", fields.join(", ")),
        )
    }

    /// `, not "x"` for short values that cannot be secret.
    fn quote(&self, instance: &Value) -> String {
        match instance {
            Value::String(text) if text.len() <= 40 && self.quotes_values => {
                format!(", not \"{text}\"")
            }
            _ => String::new(),
        }
    }

    fn finding(&self, code: Code, pointer: &str, message: String) -> Finding {
        let missing = code == code::FIELD_REQUIRED;
        let span = if missing {
            self.positions.key(pointer)
        } else {
            self.positions.value(pointer)
        };
        Finding::new(code, self.origin(span.unwrap_or(self.span)), message)
    }

    fn origin(&self, span: Span) -> Origin {
        Origin {
            file: self.file.clone(),
            span,
        }
    }
}

/// `/spec/limits/max_steps` as people write it: `spec.limits.max_steps`.
fn field_name(pointer: &str) -> String {
    let tokens = pointer
        .split('/')
        .skip(1)
        .map(|token| token.replace("~1", "/").replace("~0", "~"));
    tokens.collect::<Vec<_>>().join(".")
}

fn known_fields<'a>(error: &ValidationError<'_>, compiled: &'a Compiled) -> Vec<&'a str> {
    let path = error.schema_path().as_str();
    let object = path.strip_suffix("/additionalProperties").unwrap_or(path);
    let fields = compiled
        .schema
        .pointer(object)
        .and_then(|schema| schema.get("properties"));
    fields
        .and_then(Value::as_object)
        .into_iter()
        .flatten()
        .map(|(name, _)| name.as_str())
        .collect()
}

fn expected_type(error: &ValidationError<'_>, compiled: &Compiled) -> String {
    let name = |word: &str| match word {
        "string" => "text",
        "object" => "a mapping",
        "array" => "a list",
        "integer" => "a whole number",
        "number" => "a number",
        "boolean" => "true or false",
        _ => "nothing",
    };
    match compiled.schema.pointer(error.schema_path().as_str()) {
        Some(Value::String(one)) => name(one).to_owned(),
        Some(Value::Array(many)) => {
            let words = many
                .iter()
                .filter_map(Value::as_str)
                .filter(|word| *word != "null");
            words.map(name).collect::<Vec<_>>().join(" or ")
        }
        _ => "of another type".to_owned(),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "text",
        Value::Array(_) => "a list",
        Value::Object(_) => "a mapping",
    }
}
