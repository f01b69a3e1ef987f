//! What bounds the answer that a request asks for.

use super::{BodyError, Dialect};
use serde_json::value::RawValue;

/// The fields that bound an answer in the request's own dialect. What another dialect calls a limit is none to the provider, and
/// bounds nothing.
#[derive(Default)]
pub(super) struct Bounds<'a> {
    max_tokens: Option<&'a RawValue>,
    max_completion_tokens: Option<&'a RawValue>,
    max_output_tokens: Option<&'a RawValue>,
    /// `n`, the number of answers.
    answers: Option<&'a RawValue>,
}

impl<'a> Bounds<'a> {
    /// The name and the place of a field, if it is one of these.
    pub(super) fn place(
        &mut self,
        dialect: Dialect,
        key: &str,
    ) -> Option<(&'static str, &mut Option<&'a RawValue>)> {
        match (key, dialect) {
            ("max_tokens", Dialect::Chat | Dialect::Messages) => {
                Some(("max_tokens", &mut self.max_tokens))
            }
            ("max_completion_tokens", Dialect::Chat) => {
                Some(("max_completion_tokens", &mut self.max_completion_tokens))
            }
            ("max_output_tokens", Dialect::Responses) => {
                Some(("max_output_tokens", &mut self.max_output_tokens))
            }
            ("n", Dialect::Chat) => Some(("n", &mut self.answers)),
            _ => None,
        }
    }

    /// Answers that are asked for at once; at least 1.
    pub(super) fn answers(&self) -> Result<u64, BodyError> {
        Ok(number("n", self.answers)?.unwrap_or(1).max(1))
    }

    /// Tokens that all answers together may have, if the request says so. Of two names the larger number counts.
    pub(super) fn max_output(&self, dialect: Dialect) -> Result<Option<u64>, BodyError> {
        if matches!(dialect, Dialect::Embeddings | Dialect::CountTokens) {
            return Ok(Some(0));
        }
        let each = number("max_tokens", self.max_tokens)?
            .max(number("max_completion_tokens", self.max_completion_tokens)?)
            .max(number("max_output_tokens", self.max_output_tokens)?);
        let answers = self.answers()?;
        Ok(each.map(|each| each.saturating_mul(answers)))
    }
}

/// A whole number; null means that the field is absent. What one reader takes for a number and another does not would be sent on
/// without having been counted.
fn number(name: &'static str, raw: Option<&RawValue>) -> Result<Option<u64>, BodyError> {
    match raw.map(RawValue::get) {
        None | Some("null") => Ok(None),
        Some(text) => text.parse().map(Some).map_err(|_| BodyError::Number(name)),
    }
}
