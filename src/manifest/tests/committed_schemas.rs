//! `schemas/` is made from the types; run with `UPDATE_SCHEMAS=1` to write it afresh.

use crate::manifest::schema;
use std::{fs, path::Path};

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a switch for the developer, not configuration"
)]
fn committed_schemas_are_what_the_types_generate() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let update = std::env::var_os("UPDATE_SCHEMAS").is_some();
    for (name, text) in schema::generate_all() {
        let path = folder.join(&name);
        if update {
            fs::write(&path, &text).unwrap();
        }
        let committed = fs::read_to_string(&path).unwrap();
        assert!(
            committed == text,
            "{name} differs from the types: run with UPDATE_SCHEMAS=1 and commit it"
        );
    }
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
        let published: serde_json::Value =
            serde_json::from_str(schema::published(name).unwrap()).unwrap();
        assert_eq!(published["title"], name);
        assert!(jsonschema::meta::is_valid(&published), "{name}");
    }
}
