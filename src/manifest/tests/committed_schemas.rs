//! `schemas/` and `docs/manifests.md` are made from the types; run with `UPDATE_SCHEMAS=1` to write them
//! afresh.

use crate::manifest::schema;
use serde_json::Value;
use std::{fs, path::Path};

/// Compares a committed file with what the types say, or writes it.
#[track_caller]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch for the developer, not configuration"
)]
fn committed(path: &str, text: &str) {
    let full = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_SCHEMAS").is_some() {
        fs::write(&full, text).unwrap();
    }
    assert!(
        fs::read_to_string(&full).unwrap() == text,
        "{path} differs from the types: run with UPDATE_SCHEMAS=1 (twice: the page is made from the schemas) and commit it"
    );
}

#[test]
fn committed_schemas_are_what_the_types_generate() {
    for (name, text) in schema::generate_all() {
        committed(&format!("schemas/{name}"), &text);
    }
}

#[test]
fn the_reference_page_of_the_schemas_is_committed() {
    committed("docs/manifests.md", &schema::reference_page());
}

#[test]
fn every_schema_compiles_and_checks() {
    for name in schema::names() {
        let text = format!("kind: {name}\nmetadata: {{name: a}}\nspec: {{no-such-field: 1}}\n");
        let found = super::places(&text);
        assert!(
            found.iter().any(|line| line.ends_with("E-FIELD-UNKNOWN")),
            "{name}: {found:?}"
        );
        let published: Value = serde_json::from_str(schema::published(name).unwrap()).unwrap();
        assert_eq!(published["title"], name);
        assert!(jsonschema::meta::is_valid(&published), "{name}");
    }
}
