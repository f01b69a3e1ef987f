//! Parsing on all cores says what parsing one by one says.

use crate::{
    manifest::parse_file,
    model::Resource,
    reconcile::{FileCache, gather},
    source::{Limits, open_work_tree_in},
};
use std::{fs, sync::Arc};

#[test]
fn many_files_are_parsed_like_one_by_one_and_only_once() {
    let home = tempfile::TempDir::new().unwrap();
    for number in 0..400 {
        let field = if number % 7 == 0 { "speck" } else { "spec" };
        let text = format!("kind: AgentRole\nmetadata: {{name: a{number}}}\n{field}: {{}}\n");
        fs::write(home.path().join(format!("{number:03}.yaml")), text).unwrap();
    }
    let checkout = open_work_tree_in(home.path(), &[], &Limits::default()).unwrap();
    let mut cache = FileCache::default();
    let files = gather(&checkout, &mut cache).unwrap().files;
    assert_eq!(files.size(), 400);
    for (listed, file) in checkout.files.iter().zip(files.values()) {
        assert_eq!(listed.path, file.path);
        let alone = parse_file(&file.path, &file.content);
        assert_eq!(alone.findings, file.parsed.findings);
        let ids = |resources: &[Arc<Resource>]| -> Vec<_> {
            resources
                .iter()
                .map(|one| (one.id.clone(), one.digest))
                .collect()
        };
        assert_eq!(ids(&alone.resources), ids(&file.parsed.resources));
    }
    let again = gather(&checkout, &mut cache).unwrap().files;
    for (one, other) in files.values().zip(again.values()) {
        assert!(Arc::ptr_eq(&one.parsed, &other.parsed));
    }
}
