//! How deep a JSON text is nested.

/// Objects and arrays inside one another that a request may have. Readers that recurse end far beyond it.
pub(super) const MOST: usize = 128;

/// Whether a JSON text nests deeper than [`MOST`]. Brackets within strings do not count; what is no JSON is read
/// as far as it looks like it.
pub(super) fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        if in_string {
            match byte {
                _ if escaped => escaped = false,
                b'\\' => escaped = true,
                b'"' => in_string = false,
                _ => {}
            }
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => {
                depth += 1;
                if depth > MOST {
                    return true;
                }
            }
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::{MOST, is_too_deep};

    #[test]
    fn f13_nesting_is_counted_outside_of_strings() {
        let nested = |count: usize| format!("{}{}", "[".repeat(count), "]".repeat(count));
        assert!(!is_too_deep(&nested(MOST)));
        assert!(is_too_deep(&nested(MOST + 1)));
        let object = format!("{}1{}", "{\"a\":".repeat(MOST + 1), "}".repeat(MOST + 1));
        assert!(is_too_deep(&object));
        let text = format!(
            r#"{{"a": "\"{}\\", "b": "{}"}}"#,
            "[".repeat(500),
            "{".repeat(500)
        );
        assert!(!is_too_deep(&text));
        assert!(!is_too_deep(&"[]".repeat(500)));
        assert!(!is_too_deep(&"]".repeat(500)));
    }
}
