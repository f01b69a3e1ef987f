//! Tables: columns that are aligned, two spaces apart, without borders.

use super::text::{printable, wrap};

/// What stands in an empty cell, so that columns can be counted.
const EMPTY: &str = "-";

/// Rows under a header; the last column is not padded.
pub(crate) fn table(header: &[&str], rows: &[Vec<String>]) -> String {
    let cell = |text: &str| {
        let text = printable(text).replace('\n', " ");
        if text.trim().is_empty() {
            EMPTY.to_owned()
        } else {
            text
        }
    };
    let header = header.iter().map(|&text| text.to_owned()).collect();
    let rows: Vec<Vec<String>> = std::iter::once(header)
        .chain(
            rows.iter()
                .map(|row| row.iter().map(|text| cell(text)).collect()),
        )
        .collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or_default();
    let widths: Vec<usize> = (0..columns)
        .map(|column| {
            let cells = rows.iter().filter_map(|row| row.get(column));
            cells
                .map(|text| text.chars().count())
                .max()
                .unwrap_or_default()
        })
        .collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for (text, width) in row.iter().zip(&widths) {
            line.push_str(text);
            let missing = width.saturating_sub(text.chars().count()) + 2;
            line.extend(std::iter::repeat_n(' ', missing));
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

/// `Name:  value` lines with the values under one another, wrapped at `width` columns.
pub(crate) fn fields(fields: &[(&str, String)], width: usize) -> String {
    let widest = fields.iter().map(|(name, _)| name.len()).max();
    let indent = widest.unwrap_or_default() + ":  ".len();
    let room = width.saturating_sub(indent).max(20);
    let mut out = String::new();
    for (name, value) in fields {
        let value = printable(value).replace('\n', " ");
        let value = if value.chars().count() > room {
            wrap(&value, room, room).replace('\n', &format!("\n{:indent$}", ""))
        } else {
            value
        };
        let line = format!("{:<indent$}{value}", format!("{name}:"));
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}
