//! Tool names, in the letters Anthropic takes, and back.

use crate::chat::ChatRequest;
use std::collections::HashMap;

/// The longest name of a tool, in characters.
const MAX_NAME_CHARS: usize = 128;

/// Names of one request's tools in both directions.
#[derive(Debug, Default)]
pub(super) struct Names {
    theirs: HashMap<String, String>,
    ours: HashMap<String, String>,
}

impl Names {
    /// Names every tool that the request declares or that its conversation called. Names that fit
    /// already stay; the others are changed, each to one that no other tool has.
    pub(super) fn new(request: &ChatRequest) -> Self {
        let declared = request.tools.iter().map(|tool| &tool.name);
        let called = request.messages.iter().flat_map(|m| &m.tool_calls);
        let all: Vec<&String> = declared.chain(called.map(|call| &call.name)).collect();
        let mut names = Self::default();
        let (fit, other): (Vec<_>, Vec<_>) = all.into_iter().partition(|name| fits(name));
        for name in fit {
            names.put(name, name.clone());
        }
        for name in other {
            if !names.theirs.contains_key(name) {
                let changed = names.changed(name);
                names.put(name, changed);
            }
        }
        names
    }

    /// The name to send.
    pub(super) fn to_anthropic<'a>(&'a self, name: &'a str) -> &'a str {
        self.theirs.get(name).map_or(name, String::as_str)
    }

    /// The client's name.
    pub(super) fn to_client<'a>(&'a self, name: &'a str) -> &'a str {
        self.ours.get(name).map_or(name, String::as_str)
    }

    fn put(&mut self, ours: &str, theirs: String) {
        self.ours.insert(theirs.clone(), ours.to_owned());
        self.theirs.insert(ours.to_owned(), theirs);
    }

    fn changed(&self, name: &str) -> String {
        let letter = |c: char| if is_allowed(c) { c } else { '_' };
        let base: String = name.chars().map(letter).take(MAX_NAME_CHARS).collect();
        let mut candidate = base.clone();
        let mut number = 2_usize;
        while self.ours.contains_key(&candidate) {
            let suffix = format!("_{number}");
            let kept = base.len().min(MAX_NAME_CHARS - suffix.len());
            candidate = format!("{}{suffix}", &base[..kept]);
            number += 1;
        }
        candidate
    }
}

fn fits(name: &str) -> bool {
    (1..=MAX_NAME_CHARS).contains(&name.len()) && name.chars().all(is_allowed)
}

/// Whether a name, or an id, may have the letter.
pub(super) fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}
