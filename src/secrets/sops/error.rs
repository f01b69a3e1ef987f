//! What can be wrong with a SOPS file.

/// Why a SOPS file is not read or stays closed. No value is repeated.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SopsError {
    /// It is neither YAML nor JSON, or uses what `sops` never writes.
    #[error("{problem}")]
    Syntax {
        /// Counted from 1.
        line: u32,
        /// What stands there.
        problem: String,
    },
    /// It is longer than what is read.
    #[error("the file has more than {limit} bytes")]
    TooLarge {
        /// In bytes.
        limit: usize,
    },
    /// There is no `sops` field.
    #[error("the file has no `sops` field, or it is no mapping")]
    NoMetadata,
    /// It has no MAC.
    #[error("the file has no MAC (`sops.mac`): nothing shows that its values belong together")]
    NoMac,
    /// It does not say when it was written, which the MAC is bound to.
    #[error("the file has no `sops.lastmodified`")]
    NoTime,
    /// A feature of SOPS that is not read.
    #[error("{feature} is not supported")]
    Unsupported {
        /// As SOPS calls it.
        feature: String,
    },
    /// Nobody with an age key can open it.
    #[error("the file is sealed for no age recipient{}", others_text(.others))]
    NoAge {
        /// The other kinds of keys it is sealed with.
        others: Vec<String>,
    },
    /// More recipients than allowed.
    #[error("the file is sealed for more than {limit} recipients")]
    TooManyRecipients {
        /// How many are allowed.
        limit: usize,
    },
    /// `sops` would refuse the file too.
    #[error("the file says in more than one way which of its values are encrypted: {}", .0.join(", "))]
    Selectors(Vec<&'static str>),
    /// A regular expression that cannot be read.
    #[error("`sops.{0}` is no regular expression")]
    Regex(&'static str),
    /// A value that should be encrypted is not.
    #[error("`{path}` should be encrypted and is not in SOPS' form (`ENC[AES256_GCM,…]`)")]
    NotEncrypted {
        /// The keys that lead to it.
        path: String,
        /// Counted from 1.
        line: u32,
    },
    /// The data key is damaged.
    #[error("the file's data key cannot be used: {problem}")]
    DataKey {
        /// What is wrong with it.
        problem: String,
    },
    /// No identity opens the data key.
    #[error("the file is sealed for {}, and {}{}", .found.join(", "), held_text(.held), unsupported_text(.unsupported))]
    NoIdentity {
        /// The public keys it is sealed for.
        found: Vec<String>,
        /// Kinds of recipients that this build cannot open.
        unsupported: Vec<String>,
        /// The public keys of the identities held.
        held: Vec<String>,
    },
    /// A value does not open.
    #[error("`{path}` does not open: {problem}")]
    Value {
        /// The keys that lead to it.
        path: String,
        /// Counted from 1.
        line: u32,
        /// Why.
        problem: &'static str,
    },
    /// The MAC cannot be read.
    #[error("the file's MAC (`sops.mac`) cannot be read: {problem}")]
    Mac {
        /// Why.
        problem: &'static str,
    },
    /// The MAC is not that of the values.
    #[error(
        "the file's MAC does not fit: a value was changed, added, removed or moved without `sops`"
    )]
    MacMismatch,
}

impl SopsError {
    /// The line it is about, if it is about one.
    pub fn line(&self) -> Option<u32> {
        match self {
            Self::Syntax { line, .. }
            | Self::NotEncrypted { line, .. }
            | Self::Value { line, .. } => Some(*line),
            _ => None,
        }
    }
}

fn others_text(kinds: &[String]) -> String {
    if kinds.is_empty() {
        return String::new();
    }
    format!(" (only for {}, which are not supported)", kinds.join(", "))
}

fn held_text(held: &[String]) -> String {
    if held.is_empty() {
        "no identity is configured".to_owned()
    } else {
        format!("no configured identity fits (tried {})", held.join(", "))
    }
}

fn unsupported_text(kinds: &[String]) -> String {
    if kinds.is_empty() {
        return String::new();
    }
    format!(
        "; {} recipients are not enabled in this build",
        kinds.join(", ")
    )
}
