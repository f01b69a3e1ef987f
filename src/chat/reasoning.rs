//! Reasoning of earlier answers on its way back: under which name it is known, and what of it is sealed.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Map, Value};

/// The name that most servers know reasoning by.
pub(super) const LONG_NAME: &str = "reasoning_content";

/// `OpenRouter`'s, Groq's and Ollama's name. Servers of either name refuse the other, so what came under one goes back
/// under it.
pub(super) const SHORT_NAME: &str = "reasoning";

/// Anthropic's blocks of thinking, whole and signed, in an assistant's message of a chat.
pub(super) const BLOCKS: &str = "thinking_blocks";

/// The field of such a block that says which model signed it.
pub const SIGNER: &str = "signed_for";

/// What the sealed reasoning of this gateway begins with.
const SEAL: &str = "orloj.";

/// What a provider's chat does with the reasoning of earlier answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlierReasoning {
    /// It knows none.
    LeftOut,
    /// Takes back what it showed.
    Shown,
    /// Takes back what it signed.
    Signed,
}

/// The `encrypted_content` that holds fields of a chat's message; `None` if there are none. It is no secret: whoever has it
/// was shown what is in it.
pub(super) fn seal(fields: &Map<String, Value>) -> Option<String> {
    let text = || Value::from(fields.clone()).to_string();
    (!fields.is_empty()).then(|| format!("{SEAL}{}", STANDARD.encode(text())))
}

/// What [`seal`] was given; `None` if another one sealed it.
pub(super) fn unseal(sealed: &str) -> Option<Map<String, Value>> {
    let text = STANDARD.decode(sealed.strip_prefix(SEAL)?).ok()?;
    serde_json::from_slice(&text).ok()
}

/// Notes once that something is left out.
pub(super) fn note(what: &str, adjusted: &mut Vec<String>) {
    let note = format!("{what}=left out");
    if !adjusted.contains(&note) {
        adjusted.push(note);
    }
}
