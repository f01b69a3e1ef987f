//! What was read, written and read again is the same resource.

use orloj::{
    manifest::{ParsedFile, parse_file, to_yaml},
    model::{Kind, Severity},
};

/// Reads `bytes` as a manifest file.
pub fn check(bytes: &[u8]) {
    hold(&parse_file(&"f.yaml".into(), bytes));
}

/// Panics unless every resource of `parsed` survives being written.
pub fn hold(parsed: &ParsedFile) {
    for resource in &parsed.resources {
        if resource.id.kind == Kind::Secret {
            // Its values are not written.
            continue;
        }
        let written = to_yaml(resource);
        let again = parse_file(&"f.yaml".into(), written.as_bytes());
        let errors = again.findings.iter();
        let errors: Vec<_> = errors
            .filter(|one| one.severity == Severity::Error)
            .collect();
        assert!(errors.is_empty(), "{written}\n{errors:?}");
        assert_eq!(again.resources.len(), 1, "{written}");
        assert_eq!(again.resources[0].id, resource.id, "{written}");
        assert_eq!(again.resources[0].digest, resource.digest, "{written}");
        assert_eq!(to_yaml(&again.resources[0]), written);
    }
}
