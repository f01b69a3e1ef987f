//! What a code means, an example and the fix, as text.

use crate::model::{
    Code,
    explanation::{Example, Explanation},
};
use std::fmt::Write as _;

/// For a terminal and for programs that show plain text.
pub(crate) fn plain(code: Code, meaning: &str, explanation: &Explanation) -> String {
    let mut out = format!("{code}: {}\n", meaning.trim());
    match explanation.example {
        Example::Files(files) => {
            for (name, text) in files {
                let _ = write!(out, "\nExample, {name}:\n\n{}", indented(text));
            }
        }
        Example::Situation(text) => {
            let _ = writeln!(out, "\nExample: {text}");
        }
    }
    let _ = writeln!(out, "\nFix: {}", explanation.fix);
    out
}

/// For code scanning pages.
pub(crate) fn markdown(meaning: &str, explanation: &Explanation) -> String {
    let mut out = format!("{}\n", meaning.trim());
    match explanation.example {
        Example::Files(files) => {
            for (name, text) in files {
                let _ = write!(out, "\n`{name}`:\n\n```yaml\n{text}```\n");
            }
        }
        Example::Situation(text) => {
            let _ = writeln!(out, "\n{text}");
        }
    }
    let _ = writeln!(out, "\n**Fix:** {}", explanation.fix);
    out
}

fn indented(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for line in text.lines() {
        if !line.is_empty() {
            out.push_str("    ");
            out.push_str(line);
        }
        out.push('\n');
    }
    out
}
