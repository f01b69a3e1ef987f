//! What was read, written and read again is the same resource.
#![no_main]

use libfuzzer_sys::fuzz_target;
use orloj::{
    manifest::{parse_file, to_yaml},
    model::Kind,
};

fuzz_target!(|bytes: &[u8]| {
    for resource in parse_file(&"f.yaml".into(), bytes).resources {
        if resource.id.kind == Kind::Secret {
            // Its values are not written.
            continue;
        }
        let written = to_yaml(&resource);
        let again = parse_file(&"f.yaml".into(), written.as_bytes());
        assert_eq!(again.resources.len(), 1, "{written}\n{:?}", again.findings);
        assert_eq!(again.resources[0].digest, resource.digest, "{written}");
    }
});
