//! Ids of tool calls, in the letters Anthropic takes and none of them twice.

use super::names::is_allowed;
use crate::chat::ChatRequest;
use std::collections::HashSet;

/// The ids of one conversation's calls.
#[derive(Debug, Default)]
pub(super) struct Ids<'a> {
    /// Ids of the conversation that fit already.
    fit: HashSet<&'a str>,
    given: HashSet<String>,
}

impl<'a> Ids<'a> {
    /// For the calls of a conversation.
    pub(super) fn new(request: &'a ChatRequest) -> Self {
        let calls = request.messages.iter().flat_map(|m| &m.tool_calls);
        let ids = calls.map(|call| call.id.as_str());
        Self {
            fit: ids.filter(|id| fits(id)).collect(),
            given: HashSet::new(),
        }
    }

    /// The id of the next call. One that fits stays; others, and those that an earlier call had (servers that count the calls
    /// of each turn anew), are changed to one that no other call has.
    pub(super) fn next(&mut self, id: &str) -> String {
        let mut candidate = id.to_owned();
        if !fits(id) || self.given.contains(id) {
            let letter = |c: char| if is_allowed(c) { c } else { '_' };
            let base: String = id.chars().map(letter).collect();
            let base = if base.is_empty() { "call" } else { &base };
            base.clone_into(&mut candidate);
            let mut number = 2_usize;
            while self.fit.contains(candidate.as_str()) || self.given.contains(&candidate) {
                candidate = format!("{base}_{number}");
                number += 1;
            }
        }
        self.given.insert(candidate.clone());
        candidate
    }
}

fn fits(id: &str) -> bool {
    !id.is_empty() && id.chars().all(is_allowed)
}
