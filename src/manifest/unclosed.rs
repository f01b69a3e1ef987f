//! How deep a line nests that ends in the middle.

/// How many lists and mappings are open at the end of `text`, of those that begin on its last line.
///
/// The parser looks for the end of what may be a key before it tells of its beginning, up to the end of the line: an
/// error that it meets on the way comes before it tells of any depth.
pub(super) fn open_on_last_line(text: &str) -> usize {
    let line = text.trim_end().rsplit(['\n', '\r']).next();
    let mut open = 0_usize;
    let mut quote = None;
    for letter in line.unwrap_or_default().chars() {
        match (quote, letter) {
            (None, '"' | '\'') => quote = Some(letter),
            (None, '{' | '[') => open += 1,
            (None, '}' | ']') => open = open.saturating_sub(1),
            (Some(end), letter) if letter == end => quote = None,
            _ => {}
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::open_on_last_line;

    #[test]
    fn what_is_closed_or_quoted_or_on_another_line_does_not_count() {
        assert_eq!(open_on_last_line(""), 0);
        assert_eq!(open_on_last_line("{a: [b, {c: "), 3);
        assert_eq!(open_on_last_line("{{\n{a: [b]"), 1);
        assert_eq!(open_on_last_line("{a: \"{[\", '[': "), 1);
        assert_eq!(open_on_last_line("[[[\n"), 3);
        assert_eq!(open_on_last_line("}}{"), 1);
    }
}
