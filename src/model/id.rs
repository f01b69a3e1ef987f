//! Who a resource is: kind, namespace and name.

use super::Kind;
use std::{fmt, sync::Arc};

/// The namespace of a manifest that names none.
pub const DEFAULT_NAMESPACE: &str = "default";

/// Names have at most this many characters, as in Kubernetes.
const MAX_NAME_CHARS: usize = 253;

/// Identifies one resource; two files may not define the same.
///
/// Sorted by kind in layer order, then namespace, then name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ResourceId {
    /// What it is.
    pub kind: Kind,
    /// Where it lives; never empty.
    pub namespace: Arc<str>,
    /// What it is called there.
    pub name: Arc<str>,
}

impl ResourceId {
    /// Puts an identity together; the parts are not checked, see [`check_name`].
    pub fn new(kind: Kind, namespace: &str, name: &str) -> Self {
        Self {
            kind,
            namespace: namespace.into(),
            name: name.into(),
        }
    }

    /// The identity in lower case: two that are equal so cannot stand together.
    #[must_use]
    pub fn folded(&self) -> Self {
        Self {
            kind: self.kind,
            namespace: folded(&self.namespace),
            name: folded(&self.name),
        }
    }

    /// Reads a reference, `name` or `ns/name`; a bare name is in the namespace of its owner.
    pub fn from_reference(kind: Kind, owner_namespace: &str, text: &str) -> Self {
        match text.split_once('/') {
            Some((namespace, name)) => Self::new(kind, namespace, name),
            None => Self::new(kind, owner_namespace, text),
        }
    }

    /// `name` in the default namespace, else `namespace/name`.
    pub fn qualified_name(&self) -> String {
        if &*self.namespace == DEFAULT_NAMESPACE {
            self.name.to_string()
        } else {
            format!("{}/{}", self.namespace, self.name)
        }
    }
}

/// The text in lower case; most names are so already and are shared.
fn folded(text: &Arc<str>) -> Arc<str> {
    let plain = |byte: &u8| byte.is_ascii() && !byte.is_ascii_uppercase();
    if text.as_bytes().iter().all(plain) {
        return text.clone();
    }
    text.to_lowercase().into()
}

impl fmt::Display for ResourceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}/{}", self.kind, self.namespace, self.name)
    }
}

/// Why a text cannot be the name of a resource or a namespace.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Nothing is left after trimming.
    #[error("is empty")]
    Empty,
    /// Longer than 253 characters.
    #[error("has {0} characters; at most {MAX_NAME_CHARS} are allowed")]
    TooLong(usize),
    /// A character outside letters, digits, `.`, `_` and `-`, or one of these at an end.
    #[error(
        "may hold only letters, digits, `.`, `_` and `-`, and starts and ends with a letter or digit"
    )]
    Characters,
}

/// Checks a name against `[A-Za-z0-9]([A-Za-z0-9._-]{0,251}[A-Za-z0-9])?`.
///
/// # Errors
///
/// One [`NameError`] per way a name can be wrong.
pub fn check_name(name: &str) -> Result<(), NameError> {
    let bytes = name.as_bytes();
    let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else {
        return Err(NameError::Empty);
    };
    if bytes.len() > MAX_NAME_CHARS {
        return Err(NameError::TooLong(name.chars().count()));
    }
    let inner = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-');
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() && bytes.iter().all(inner) {
        Ok(())
    } else {
        Err(NameError::Characters)
    }
}
