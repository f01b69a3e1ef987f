//! Every finding points into the file.

use orloj::{manifest::parse_file, model::Finding};

/// Reads `bytes` as a manifest file.
pub fn check(bytes: &[u8]) {
    point_into(bytes, &parse_file(&"f.yaml".into(), bytes).findings);
}

/// Panics if one of `findings` points beyond the text; one column behind a line's last is the line's end.
pub fn point_into(bytes: &[u8], findings: &[Finding]) {
    if findings.is_empty() {
        return;
    }
    let text = String::from_utf8_lossy(bytes);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let widths: Vec<usize> = text.split('\n').map(|line| line.chars().count()).collect();
    for finding in findings {
        let span = finding.origin.span;
        assert!(span.start <= span.end, "{finding:?}");
        for place in [span.start, span.end] {
            let (line, column) = (place.line as usize, place.column as usize);
            assert!(line >= 1 && column >= 1, "{finding:?}");
            // The end of a file may be the start of the line behind its last line end.
            assert!(line <= widths.len() + 1, "{finding:?}");
            let width = widths.get(line - 1).copied().unwrap_or_default();
            assert!(column <= width + 2, "{finding:?} in a line of {width}");
        }
    }
}
