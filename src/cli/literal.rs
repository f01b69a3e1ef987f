//! `KEY=VALUE` where the value is a secret.

use std::{fmt, str::FromStr};

/// A key and a value that cannot be printed.
#[derive(Clone)]
pub(crate) struct Literal {
    pub(crate) key: String,
    value: String,
}

impl Literal {
    /// The value, for sealing or sending it.
    pub(crate) fn expose(&self) -> &str {
        &self.value
    }
}

impl FromStr for Literal {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, value)) if !key.trim().is_empty() => Ok(Self {
                key: key.trim().to_owned(),
                value: value.to_owned(),
            }),
            _ => Err("expected KEY=VALUE"),
        }
    }
}

/// The key only.
impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}=***", self.key)
    }
}
