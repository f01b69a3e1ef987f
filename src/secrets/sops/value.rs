//! Single values as SOPS types them.

use super::{SopsFormat, scalar};
use crate::secrets::Opened;

/// The type of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SopsKind {
    /// `str`.
    Text,
    /// `int`, of 64 bits.
    Integer,
    /// `float`.
    Float,
    /// `bool`.
    Boolean,
    /// `time`.
    Time,
    /// `comment`: what follows the `#`.
    Comment,
}

impl SopsKind {
    /// As SOPS writes it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Text => "str",
            Self::Integer => "int",
            Self::Float => "float",
            Self::Boolean => "bool",
            Self::Time => "time",
            Self::Comment => "comment",
        }
    }

    /// The type called so. `bytes` is none here: nothing in YAML or JSON is.
    pub(super) fn of(text: &str) -> Option<Self> {
        let all = [
            Self::Text,
            Self::Integer,
            Self::Float,
            Self::Boolean,
            Self::Time,
            Self::Comment,
        ];
        all.into_iter().find(|kind| kind.as_str() == text)
    }

    const fn is_number(self) -> bool {
        matches!(self, Self::Integer | Self::Float)
    }
}

/// A value with its type: the bytes are what is sealed, and what the MAC covers.
pub struct SopsScalar {
    /// Its type.
    pub kind: SopsKind,
    /// As Go prints it.
    pub value: Opened,
}

impl SopsScalar {
    /// Reads a scalar of a file; `None` for null. `is_plain` says whether it stands without quotes.
    pub fn read(text: &str, is_plain: bool, format: SopsFormat) -> Option<Self> {
        if is_plain && scalar::is_null(text) {
            return None;
        }
        let printed = is_plain.then(|| scalar::printed(text, format)).flatten();
        Some(match printed {
            Some((kind, printed)) => Self {
                kind,
                value: Opened::new(printed.into_bytes()),
            },
            None => Self {
                kind: SopsKind::Text,
                value: Opened::new(text.as_bytes().to_vec()),
            },
        })
    }

    /// A comment, without its `#`.
    pub fn comment(text: &str) -> Self {
        Self {
            kind: SopsKind::Comment,
            value: Opened::new(text.as_bytes().to_vec()),
        }
    }

    /// The value as it is written without quotes, if it is no text and reads back as the same.
    pub fn plain(&self, format: SopsFormat) -> Option<Opened> {
        let printed = std::str::from_utf8(self.value.expose_bytes()).ok()?;
        let written = match (self.kind, printed) {
            (SopsKind::Text | SopsKind::Comment, _) => return None,
            (SopsKind::Boolean, _) => printed.to_ascii_lowercase(),
            (SopsKind::Float, "+Inf") => ".inf".to_owned(),
            (SopsKind::Float, "-Inf") => "-.inf".to_owned(),
            (SopsKind::Float, "NaN") => ".nan".to_owned(),
            (SopsKind::Float, _) => short(printed),
            _ => printed.to_owned(),
        };
        let read = Self::read(&written, true, format);
        let written = Opened::new(written.into_bytes());
        read.is_some_and(|read| read.same_as(self))
            .then_some(written)
    }

    /// Whether both are the same value. What is printed alike is the same number.
    pub fn same_as(&self, other: &Self) -> bool {
        let same_kind = self.kind == other.kind || self.kind.is_number() && other.kind.is_number();
        same_kind && self.value.same_as(&other.value)
    }

    /// Whether `sops` reads it back.
    pub(super) fn check(&self) -> Result<(), &'static str> {
        let text = std::str::from_utf8(self.value.expose_bytes());
        if self.kind == SopsKind::Integer && !text.is_ok_and(|text| text.parse::<i64>().is_ok()) {
            return Err("`sops` reads no integer of more than 63 bits; write it in quotes");
        }
        Ok(())
    }
}

/// A number as Go writes it: with an exponent from 21 digits on.
fn short(printed: &str) -> String {
    let number: Option<f64> = printed.parse().ok();
    let scientific = number.map(|number| format!("{number:e}"));
    let parts = scientific.as_deref().and_then(|text| text.split_once('e'));
    let exponent = parts.and_then(|(_, exponent)| exponent.parse::<i32>().ok());
    match (parts, exponent) {
        (Some((digits, _)), Some(exponent)) if !(-4..21).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{digits}e{sign}{:02}", exponent.abs())
        }
        _ => printed.to_owned(),
    }
}
