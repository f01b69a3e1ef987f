//! The items of a response, whole.

use serde_json::{Value, json};

/// What an item is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ItemKind {
    Reasoning,
    Text,
    Refusal,
    Call {
        /// How many calls began before it.
        index: usize,
        call_id: String,
        name: String,
    },
}

impl ItemKind {
    /// What the ids of such items begin with.
    fn prefix(&self) -> &'static str {
        match self {
            Self::Reasoning => "rs",
            Self::Text | Self::Refusal => "msg",
            Self::Call { .. } => "fc",
        }
    }

    /// The id of the `n`th item of an answer.
    pub(super) fn item_id(&self, answer: &str, n: usize) -> String {
        format!("{}_{answer}_{n}", self.prefix())
    }

    /// The part that holds the item's text; a call has none.
    pub(super) fn part(&self, text: &str) -> Option<Value> {
        match self {
            Self::Reasoning => Some(json!({"type": "reasoning_text", "text": text})),
            Self::Text => Some(
                json!({"type": "output_text", "text": text, "annotations": [], "logprobs": []}),
            ),
            Self::Refusal => Some(json!({"type": "refusal", "refusal": text})),
            Self::Call { .. } => None,
        }
    }

    /// The item as it is when it begins (`text` is `None`) and as it is when it ends.
    pub(super) fn item(&self, id: &str, text: Option<&str>, status: &str) -> Value {
        // Reasoning that is not shown has no text.
        let text = text.filter(|text| *self != Self::Reasoning || !text.is_empty());
        let content: Vec<Value> = text.and_then(|text| self.part(text)).into_iter().collect();
        match self {
            Self::Reasoning => {
                json!({"id": id, "type": "reasoning", "summary": [], "content": content, "status": status})
            }
            Self::Text | Self::Refusal => {
                json!({"id": id, "type": "message", "status": status, "role": "assistant", "content": content})
            }
            Self::Call { call_id, name, .. } => json!({
                "id": id, "type": "function_call", "status": status, "call_id": call_id,
                "name": name, "arguments": text.unwrap_or_default(),
            }),
        }
    }
}
