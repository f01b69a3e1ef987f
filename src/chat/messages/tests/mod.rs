//! What is said in Anthropic's words, said as a chat, and back.
#![expect(clippy::unwrap_used, reason = "tests")]

mod answer;
mod events;
mod request;

use super::ChatForm;
use crate::chat::{EarlierReasoning, Fallback};

const OPENAI: ChatForm = ChatForm {
    max_tokens: "max_completion_tokens",
    top_k: false,
    effort_none: false,
    reasoning: EarlierReasoning::LeftOut,
};

const OTHERS: ChatForm = ChatForm {
    max_tokens: "max_tokens",
    top_k: true,
    effort_none: true,
    reasoning: EarlierReasoning::Shown,
};

fn fallback() -> Fallback {
    Fallback {
        id: "chatcmpl-fresh".into(),
        model: "asked".into(),
        created: 7,
        prompt_bytes: 400,
    }
}
