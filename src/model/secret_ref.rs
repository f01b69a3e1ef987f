//! References to a value inside a Secret.

/// The key of a Secret that is meant when a reference names none.
const DEFAULT_KEY: &str = "value";

/// A parsed `secretRef`: `name`, `ns/name`, `name:key` or `ns/name:key`.
///
/// Grammar: upstream's `parseSecretRef`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SecretRef {
    /// The namespace that was written, if any; else that of the resource holding the reference.
    pub namespace: Option<String>,
    /// The Secret's name.
    pub name: String,
    /// The key that was written, if any.
    pub key: Option<String>,
}

impl SecretRef {
    /// Reads a reference; `None` if it names no secret.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (path, key) = match text.split_once(':') {
            Some((path, key)) => (path, Some(key).filter(|key| !key.is_empty())),
            None => (text, None),
        };
        let (namespace, name) = match path.split_once('/') {
            Some((namespace, name)) => (Some(namespace).filter(|ns| !ns.is_empty()), name),
            None => (None, path),
        };
        (!name.is_empty()).then(|| Self {
            namespace: namespace.map(str::to_owned),
            name: name.to_owned(),
            key: key.map(str::to_owned),
        })
    }

    /// The keys of the secret whose first value is meant; `authorization_first` as agentgateway's backends have it.
    pub fn keys(&self, authorization_first: bool) -> Vec<&str> {
        match &self.key {
            Some(key) => vec![key.as_str()],
            None if authorization_first => vec!["Authorization", "value"],
            None => vec!["value"],
        }
    }

    /// The namespace to look in, for a resource that lives in `owner`.
    pub fn namespace_or<'a>(&'a self, owner: &'a str) -> &'a str {
        self.namespace.as_deref().unwrap_or(owner)
    }

    /// The key to take; `value` if none was written.
    pub fn key_or_default(&self) -> &str {
        self.key.as_deref().unwrap_or(DEFAULT_KEY)
    }
}
