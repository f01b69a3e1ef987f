//! How an upstream answers when it does not answer well.

use serde_json::{Value, json};
use std::time::Duration;

/// What to do with requests for one model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Script {
    pub(super) delay: Duration,
    pub(super) chunk_delay: Duration,
    pub(super) failure: Option<Failure>,
    /// Ends a stream after this many pieces, without the end its dialect asks for.
    pub(super) cut_after: Option<usize>,
    pub(super) text: Option<String>,
}

#[derive(Debug, Clone)]
pub(super) struct Failure {
    pub(super) status: u16,
    pub(super) body: String,
    pub(super) headers: Vec<(String, String)>,
}

impl Script {
    /// Answers with `status` and a body.
    pub(crate) fn fail(status: u16, body: &Value) -> Self {
        Self {
            failure: Some(Failure {
                status,
                body: body.to_string(),
                headers: Vec::new(),
            }),
            ..Self::default()
        }
    }

    /// Answers as OpenAI does when something is wrong.
    pub(crate) fn openai_error(status: u16, kind: &str, message: &str) -> Self {
        Self::fail(
            status,
            &json!({"error": {"message": message, "type": kind, "param": null, "code": null}}),
        )
    }

    /// Adds a header to the failure.
    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let failure = self.failure.as_mut().expect("only failures take headers");
        failure.headers.push((name.into(), value.into()));
        self
    }

    /// Answers well, and takes `delay` before each piece of a stream.
    pub(crate) fn slow_stream(delay: Duration) -> Self {
        Self {
            chunk_delay: delay,
            ..Self::default()
        }
    }

    /// Answers well, after `delay`.
    pub(crate) fn late(delay: Duration) -> Self {
        Self {
            delay,
            ..Self::default()
        }
    }

    /// Streams `pieces` pieces and hangs up.
    pub(crate) fn cut_after(pieces: usize) -> Self {
        Self {
            cut_after: Some(pieces),
            ..Self::default()
        }
    }

    /// Answers with this text.
    pub(crate) fn text(text: &str) -> Self {
        Self {
            text: Some(text.into()),
            ..Self::default()
        }
    }
}
