//! `schemas/` is made from the types; run with `UPDATE_SCHEMAS=1` to write it afresh.

use crate::manifest::schema;
use std::{fs, path::Path};

#[test]
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
