//! Reasoning items of earlier responses, on their way into the assistant's message that they belong to.

use crate::chat::EarlierReasoning;
use crate::chat::chat_wire::Delta;
use crate::chat::reasoning::{BLOCKS, LONG_NAME, SHORT_NAME, note, seal, unseal};
use serde_json::{Map, Value};

/// The name of the field of a seal that says how the provider calls its reasoning.
const NAMED: &str = "name";

/// What an answer's reasoning item has to bring back besides its text.
#[derive(Debug, Default)]
pub(super) struct Sealed(Map<String, Value>);

impl Sealed {
    /// What a whole message has.
    pub(super) fn of(message: &Delta) -> Self {
        let mut sealed = Self::default();
        sealed.add(message);
        sealed
    }

    /// Whether signed blocks are in it.
    pub(super) fn has_blocks(&self) -> bool {
        self.0.contains_key(BLOCKS)
    }

    /// Takes what a piece of a message has: the name of its reasoning, and signed blocks.
    pub(super) fn add(&mut self, piece: &Delta) {
        if piece.has_short_name() {
            self.0.insert(NAMED.into(), SHORT_NAME.into());
        }
        let Some(blocks) = &piece.thinking_blocks else {
            return;
        };
        let all = self
            .0
            .entry(BLOCKS)
            .or_insert_with(|| Value::Array(Vec::new()));
        if let Some(all) = all.as_array_mut() {
            all.extend_from_slice(blocks);
        }
    }

    /// Puts it into the item, if there is anything.
    pub(super) fn put(&self, item: &mut Value) {
        if let Some(text) = seal(&self.0) {
            item["encrypted_content"] = text.into();
        }
    }
}

/// Reasoning that waits for the message of its answer.
pub(super) struct Earlier {
    form: EarlierReasoning,
    waiting: Map<String, Value>,
}

impl Earlier {
    pub(super) fn new(form: EarlierReasoning) -> Self {
        Self {
            form,
            waiting: Map::new(),
        }
    }

    /// Takes a reasoning item. What another one sealed, or a summary, which was never part of the conversation, is left
    /// out.
    pub(super) fn take(&mut self, item: &Map<String, Value>, adjusted: &mut Vec<String>) {
        let mut sealed = match item.get("encrypted_content").and_then(Value::as_str) {
            None => Map::new(),
            Some(text) => match unseal(text) {
                Some(sealed) => sealed,
                None => return note("input.reasoning", adjusted),
            },
        };
        let blocks = sealed.remove(BLOCKS);
        let text: String = item
            .get("content")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(|part| part["text"].as_str())
            .collect();
        let is_taken = match (self.form, &blocks) {
            (EarlierReasoning::Signed, Some(_)) => true,
            (EarlierReasoning::LeftOut, _) | (EarlierReasoning::Shown, Some(_)) => false,
            (_, None) => !text.is_empty(),
        };
        if !is_taken {
            return note("input.reasoning", adjusted);
        }
        let is_short = sealed.get(NAMED).is_some_and(|name| name == SHORT_NAME);
        let name = if is_short { SHORT_NAME } else { LONG_NAME };
        if !text.is_empty() {
            join(&mut self.waiting, name, text.into());
        }
        if let Some(blocks) = blocks {
            join(&mut self.waiting, BLOCKS, blocks);
        }
    }

    /// Puts what waits into the assistant's message that followed.
    pub(super) fn put(&mut self, message: &mut Value) {
        if let Value::Object(message) = message {
            for (name, value) in std::mem::take(&mut self.waiting) {
                join(message, &name, value);
            }
        }
    }

    /// No message of the assistant followed.
    pub(super) fn leave_out(&mut self, adjusted: &mut Vec<String>) {
        if !std::mem::take(&mut self.waiting).is_empty() {
            note("input.reasoning", adjusted);
        }
    }
}

/// Adds a text, or a list, to what is there already.
fn join(fields: &mut Map<String, Value>, name: &str, value: Value) {
    match (fields.get_mut(name), value) {
        (Some(Value::String(before)), Value::String(more)) => before.push_str(&more),
        (Some(Value::Array(before)), Value::Array(more)) => before.extend(more),
        (_, value) => drop(fields.insert(name.to_owned(), value)),
    }
}
