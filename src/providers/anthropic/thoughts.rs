//! Blocks of thinking: signed by a model, and worth something to that model alone.
//!
//! Source: <https://docs.anthropic.com/en/docs/build-with-claude/extended-thinking#preserving-thinking-blocks>.

use crate::chat::{Message, MessageBlock, SIGNER, without_fields, without_thoughts};
use crate::providers::ChatCall;
use bytes::Bytes;
use serde_json::{Map, Value, value::RawValue};
use sha2::{Digest as _, Sha256};

/// The field that says how many texts and calls of its answer stand before it.
const PLACE: &str = "place";

/// The field that a streamed block has.
const INDEX: &str = "index";

/// Hexadecimal digits that tell signers apart.
const MARK_DIGITS: usize = 16;

/// Reads the blocks of one model's answer, whole or piece by piece.
pub(super) struct Signed {
    /// Names the model and does not tell its name, which an endpoint may keep to itself.
    signer: String,
    /// How many texts and calls a chat's message has so far.
    before: usize,
    has_text: bool,
    /// The block that is open.
    open: Option<Value>,
}

impl Signed {
    /// For an answer of `model`.
    pub(super) fn by(model: &str) -> Self {
        let mut signer = hex::encode(Sha256::digest(model.as_bytes()));
        signer.truncate(MARK_DIGITS);
        Self {
            signer,
            before: 0,
            has_text: false,
            open: None,
        }
    }

    /// The signed blocks of a whole answer.
    pub(super) fn in_content(mut self, content: &[Box<RawValue>]) -> Vec<Value> {
        let mut all = Vec::new();
        for raw in content {
            let block: Value = serde_json::from_str(raw.get()).unwrap_or_default();
            self.begin(&block);
            all.extend(self.end());
        }
        all
    }

    /// A block begins.
    pub(super) fn begin(&mut self, block: &Value) {
        match block["type"].as_str() {
            Some("thinking" | "redacted_thinking") => self.open = Some(block.clone()),
            // However many texts there are, a chat has one.
            Some("text") if !self.has_text => {
                self.has_text = true;
                self.before += 1;
            }
            Some("tool_use") => self.before += 1,
            _ => {}
        }
    }

    /// A piece of the open block.
    pub(super) fn add(&mut self, delta: &Value) {
        let Some(block) = &mut self.open else { return };
        for field in ["thinking", "signature"] {
            if let Some(piece) = delta[field].as_str() {
                let before = block[field].as_str().unwrap_or_default();
                block[field] = format!("{before}{piece}").into();
            }
        }
    }

    /// The open block is whole: what is to come back of it.
    pub(super) fn end(&mut self) -> Option<Value> {
        let mut block = self.open.take().filter(is_signed)?;
        block[SIGNER] = self.signer.clone().into();
        block[PLACE] = self.before.into();
        Some(block)
    }
}

fn is_signed(block: &Value) -> bool {
    let says = |field: &str| block[field].as_str().is_some_and(|text| !text.is_empty());
    match block["type"].as_str() {
        Some("thinking") => says("signature"),
        Some("redacted_thinking") => says("data"),
        _ => false,
    }
}

/// Puts what the called model has signed of a message back among its blocks, as it was. Whether anything was thought
/// that cannot go there.
pub(super) fn put_back(message: &Message, call: &ChatCall, said: &mut Vec<MessageBlock>) -> bool {
    let signer = Signed::by(&call.model).signer;
    let is_for = |block: &&Value| {
        is_signed(block)
            && match block.get(SIGNER).and_then(Value::as_str) {
                Some(other) => other == signer,
                None => !call.is_substitute,
            }
    };
    let all = &message.thinking_blocks;
    let blocks: Vec<&Value> = all.iter().filter(is_for).collect();
    if said.is_empty() {
        return !all.is_empty() || message.reasoning.is_some();
    }
    let is_left_out = blocks.len() < all.len() || all.is_empty() && message.reasoning.is_some();
    for (n, block) in blocks.into_iter().enumerate() {
        let before = block[PLACE].as_u64().and_then(|n| usize::try_from(n).ok());
        // Those put in already stand before, too. No turn may end with one.
        let at = before
            .unwrap_or_default()
            .saturating_add(n)
            .min(said.len() - 1);
        let mut block = block.clone();
        if let Some(fields) = block.as_object_mut() {
            fields.retain(|name, _| ![SIGNER, PLACE, INDEX].contains(&name.as_str()));
        }
        said.insert(at, block.into());
    }
    is_left_out
}

/// Whether a conversation, told as roles and kinds of blocks, ends within a turn of tool calls that begins without
/// thinking. Thinking with a budget is refused then.
pub(super) fn is_unthought<'m>(
    turns: impl DoubleEndedIterator<Item = (&'m str, Vec<&'m str>)>,
) -> bool {
    let (mut ends_open, mut first) = (None, None);
    for (role, kinds) in turns.rev() {
        let has_result = kinds.contains(&"tool_result");
        ends_open.get_or_insert(has_result);
        match role {
            "assistant" => first = kinds.first().copied(),
            "user" if has_result => {}
            _ => break,
        }
    }
    let is_thought = matches!(first, Some("thinking" | "redacted_thinking"));
    ends_open == Some(true) && first.is_some() && !is_thought
}

fn turn_of(message: &Value) -> (&str, Vec<&str>) {
    let blocks = message["content"].as_array().into_iter().flatten();
    let kinds = blocks.filter_map(|block| block["type"].as_str());
    (
        message["role"].as_str().unwrap_or_default(),
        kinds.collect(),
    )
}

/// A Messages request without the thoughts that the called model has not signed: those that another provider showed, and
/// after a fallback all of them. Where thinking with a budget would be refused without them, it is off for this call.
/// `None` if there are none.
pub(super) fn without_others(call: &ChatCall, adjusted: &mut Vec<String>) -> Option<Bytes> {
    let is_unwanted = |signature: Option<&str>| {
        call.is_substitute || signature.is_some_and(|text| matches!(text, "" | "reasoning"))
    };
    let body = without_thoughts(&call.body, is_unwanted)?;
    adjusted.push("messages.thinking=left out".to_owned());
    let read: Map<String, Value> = serde_json::from_slice(&body).unwrap_or_default();
    let field = |name: &str| read.get(name).unwrap_or(&Value::Null);
    let turns = field("messages").as_array().map_or(&[][..], Vec::as_slice);
    if field("thinking")["type"] != "enabled" || !is_unthought(turns.iter().map(turn_of)) {
        return Some(body);
    }
    adjusted.push("thinking=left out".to_owned());
    let mut needs_thinking = |name: &str, value: &str| {
        // Edits of earlier thinking go with thinking alone.
        let is_edit = name == "context_management" && value.contains("clear_thinking");
        if is_edit {
            adjusted.push("context_management=left out".to_owned());
        }
        is_edit || name == "thinking"
    };
    without_fields(&body, &mut needs_thinking).or(Some(body))
}
