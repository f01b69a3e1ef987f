//! What a code means by an example, and how to put it right: one table for each group of codes.
//!
//! A test holds that every code has an entry and that each example of files really yields its code.

mod field;
mod limit;
mod link;
mod moved;
mod secret;
mod yaml;

use super::Code;

/// How a finding comes about, and what to do.
#[derive(Debug, Clone, Copy)]
pub struct Explanation {
    /// What leads to the finding.
    pub example: Example,
    /// What to do about it, in one or two sentences.
    pub fix: &'static str,
}

/// What leads to a finding.
#[derive(Debug, Clone, Copy)]
pub enum Example {
    /// Files (name and text) whose check yields it.
    Files(&'static [(&'static str, &'static str)]),
    /// Something that no text of a manifest shows.
    Situation(&'static str),
}

type Entry = (Code, Explanation);

/// An entry of one file.
const fn file(
    code: Code,
    files: &'static [(&'static str, &'static str)],
    fix: &'static str,
) -> Entry {
    let example = Example::Files(files);
    (code, Explanation { example, fix })
}

/// An entry without a file.
const fn situation(code: Code, text: &'static str, fix: &'static str) -> Entry {
    let example = Example::Situation(text);
    (code, Explanation { example, fix })
}

impl Code {
    /// What there is to say beyond the meaning in [`super::code::ALL`].
    pub fn explanation(self) -> Option<&'static Explanation> {
        let tables = [
            yaml::TABLE,
            field::TABLE,
            link::TABLE,
            moved::TABLE,
            secret::TABLE,
            limit::TABLE,
        ];
        let mut entries = tables.into_iter().flatten();
        entries
            .find(|(code, _)| *code == self)
            .map(|(_, explanation)| explanation)
    }
}
