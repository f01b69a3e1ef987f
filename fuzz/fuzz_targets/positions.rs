//! Any bytes: no panic, and every finding points into the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use orloj::manifest::parse_file;

fuzz_target!(|bytes: &[u8]| {
    let lines = bytes
        .iter()
        .filter(|byte| matches!(byte, b'\n' | b'\r'))
        .count()
        + 2;
    for finding in parse_file(&"f.yaml".into(), bytes).findings {
        let span = finding.origin.span;
        assert!(span.start <= span.end, "{finding:?}");
        assert!(
            span.start.line >= 1 && span.start.column >= 1,
            "{finding:?}"
        );
        assert!(span.end.line as usize <= lines, "{finding:?}");
        assert!(span.end.column as usize <= bytes.len() + 2, "{finding:?}");
    }
});
