//! Settings files: the same reader and the same exactness as for manifests.

use super::{
    coerce::coerce,
    loader::load,
    schema::Compiled,
    text::read_text,
    violations::{self, Checked},
};
use crate::model::{Finding, Findings, Origin, code};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::{cell::OnceCell, sync::Arc};

/// Reads a settings file of one document; an empty file is all defaults.
///
/// # Errors
///
/// Every finding: unknown keys with a suggestion, wrong types, bad YAML. No value is quoted, because one
/// could be a token.
pub fn read_settings<T: DeserializeOwned + JsonSchema + Default>(
    file: &str,
    bytes: &[u8],
) -> Result<T, Findings> {
    let file: Arc<str> = file.into();
    let text = read_text(&file, bytes).map_err(|finding| Findings::from_iter([*finding]))?;
    let mut loaded = load(&file, text);
    let mut findings: Findings = loaded.findings.into_iter().collect();
    let Some(mut document) = loaded.documents.drain(..).next() else {
        return if findings.is_empty() {
            Ok(T::default())
        } else {
            Err(findings)
        };
    };
    let schema = settings_schema::<T>("orloj.yaml");
    let compiled = Compiled::of(schema);
    let mut numbers = Vec::new();
    coerce(&file, &mut document, &compiled.shape, &mut numbers);
    findings.extend(numbers);
    let positions = document.positions();
    let span = document.span;
    let checked = Checked {
        file: &file,
        name: "orloj.yaml",
        quotes_values: false,
        node: &document,
        json: OnceCell::new(),
        positions: &positions,
        span,
    };
    findings.extend(violations::check(&checked, &compiled).findings);
    if !findings.is_empty() {
        return Err(findings);
    }
    T::deserialize(&document).map_err(|_| {
        let message = "the settings pass their schema and still cannot be read";
        Findings::from_iter([Finding::new(
            code::SCHEMA_DECODE,
            Origin { file, span },
            message,
        )])
    })
}

/// The JSON Schema of a settings file.
pub fn settings_schema<T: JsonSchema>(title: &str) -> Value {
    let generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let mut schema = json!(generator.into_root_schema_for::<T>());
    schema["title"] = json!(title);
    schema
}
