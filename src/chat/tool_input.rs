//! The arguments of a tool call as an object.

use super::request::RequestError;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

/// The arguments of a tool call as an object, in the text that they came in: a `Value` has no place for numbers that no
/// double holds.
#[derive(Debug, Clone, Default)]
pub struct ToolInput(Option<Box<RawValue>>);

/// Why arguments are no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoInput {
    /// They are no JSON: cut off by a limit, say.
    NoJson,
    /// They are JSON, and something else.
    NoObject,
}

impl ToolInput {
    /// Reads arguments; none at all, or null, are an empty object.
    pub(super) fn read(arguments: &str) -> Result<Self, NoInput> {
        if says_nothing(arguments) {
            return Ok(Self::default());
        }
        let raw: Box<RawValue> =
            serde_json::from_str(arguments.trim()).map_err(|_| NoInput::NoJson)?;
        if raw.get().starts_with('{') {
            Ok(Self(Some(raw)))
        } else {
            Err(NoInput::NoObject)
        }
    }

    /// Reads the arguments at `place` of a conversation so far. What was cut off there is an empty object, and noted in
    /// `adjusted`: a call that failed is no reason to refuse all that follows it.
    ///
    /// # Errors
    ///
    /// [`RequestError::Invalid`] naming the place, if they are JSON and no object.
    pub fn of_history(
        arguments: &str,
        place: &str,
        adjusted: &mut Vec<String>,
    ) -> Result<Self, RequestError> {
        match Self::read(arguments) {
            Ok(input) => Ok(input),
            Err(NoInput::NoJson) => {
                adjusted.push(format!("{place}=no JSON as {{}}"));
                Ok(Self::default())
            }
            Err(NoInput::NoObject) => Err(RequestError::invalid(
                place,
                "must be a JSON object as text",
            )),
        }
    }
}

/// Whether arguments are blank, or null as some servers write none.
pub(super) fn says_nothing(arguments: &str) -> bool {
    matches!(arguments.trim(), "" | "null")
}

impl From<Box<RawValue>> for ToolInput {
    fn from(object: Box<RawValue>) -> Self {
        Self(Some(object))
    }
}

impl Serialize for ToolInput {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Some(raw) => raw.serialize(serializer),
            None => serializer.collect_map(std::iter::empty::<((), ())>()),
        }
    }
}
