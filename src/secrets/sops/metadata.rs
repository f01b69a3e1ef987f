//! The `sops` field: whom a file is sealed for, and what of it is.

use super::{SopsError, node::Node};
use regex::{Regex, RegexBuilder};

/// More recipients than a team has; bounds the work of trying identities.
const MAX_RECIPIENTS: usize = 64;

/// Most memory that a regular expression of a file may take, in bytes.
const MAX_REGEX_BYTES: usize = 1024 * 1024;

/// What SOPS leaves in clear text if the file says nothing.
const DEFAULT_SUFFIX: &str = "_unencrypted";

/// Somebody who can open the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SopsRecipient {
    /// The public key, as `sops` writes it.
    pub public_key: String,
    /// The data key, sealed for it: armored age text.
    pub(super) sealed_key: String,
}

/// What of a file is encrypted.
enum Selector {
    /// Values below a key that ends so.
    EncryptedSuffix(String),
    /// Values below no key that ends so.
    UnencryptedSuffix(String),
    /// Values below a key that matches.
    EncryptedRegex(Regex),
    /// Values below no key that matches.
    UnencryptedRegex(Regex),
}

pub(super) struct Metadata {
    pub(super) recipients: Vec<SopsRecipient>,
    selector: Selector,
    pub(super) mac: String,
    pub(super) last_modified: String,
    pub(super) mac_only_encrypted: bool,
}

impl Metadata {
    pub(super) fn of(sops: &Node) -> Result<Self, SopsError> {
        if !matches!(sops, Node::Map(_)) {
            return Err(SopsError::NoMetadata);
        }
        refuse_unsupported(sops)?;
        let mac = sops.text("mac").filter(|mac| !mac.is_empty());
        Ok(Self {
            recipients: recipients(sops)?,
            selector: selector(sops)?,
            mac: mac.ok_or(SopsError::NoMac)?.to_owned(),
            last_modified: sops
                .text("lastmodified")
                .ok_or(SopsError::NoTime)?
                .to_owned(),
            mac_only_encrypted: sops.text("mac_only_encrypted") == Some("true"),
        })
    }

    /// Whether the value that these keys lead to is encrypted.
    pub(super) fn encrypts(&self, path: &[&str]) -> bool {
        let mut path = path.iter();
        match &self.selector {
            Selector::EncryptedSuffix(suffix) => path.any(|key| key.ends_with(suffix)),
            Selector::UnencryptedSuffix(suffix) => !path.any(|key| key.ends_with(suffix)),
            Selector::EncryptedRegex(regex) => path.any(|key| regex.is_match(key)),
            Selector::UnencryptedRegex(regex) => !path.any(|key| regex.is_match(key)),
        }
    }
}

/// A field that is there and says something.
fn says<'n>(sops: &'n Node, field: &str) -> Option<&'n Node> {
    sops.get(field).filter(|node| match node {
        Node::Leaf(_) => sops.text(field).is_some_and(|text| !text.is_empty()),
        Node::List(items) => !items.is_empty(),
        Node::Map(entries) => !entries.is_empty(),
    })
}

fn refuse_unsupported(sops: &Node) -> Result<(), SopsError> {
    let unsupported = |feature: &str| {
        Err(SopsError::Unsupported {
            feature: feature.to_owned(),
        })
    };
    if says(sops, "key_groups").is_some() {
        return unsupported("a file with key groups (`sops.key_groups`, Shamir's secret sharing)");
    }
    for field in ["encrypted_comment_regex", "unencrypted_comment_regex"] {
        if says(sops, field).is_some() {
            return unsupported(&format!("`sops.{field}`"));
        }
    }
    Ok(())
}

fn recipients(sops: &Node) -> Result<Vec<SopsRecipient>, SopsError> {
    let Some(Node::List(entries)) = says(sops, "age") else {
        let kinds = ["kms", "gcp_kms", "azure_kv", "hc_vault", "hckms", "pgp"];
        let others = kinds.into_iter().filter(|kind| says(sops, kind).is_some());
        return Err(SopsError::NoAge {
            others: others.map(str::to_owned).collect(),
        });
    };
    if entries.len() > MAX_RECIPIENTS {
        return Err(SopsError::TooManyRecipients {
            limit: MAX_RECIPIENTS,
        });
    }
    let recipient = |entry: &Node| {
        let sealed_key = entry.text("enc").ok_or_else(|| SopsError::DataKey {
            problem: "a recipient in `sops.age` has no `enc`".to_owned(),
        })?;
        // Shown in findings: a hostile name is cut.
        let public_key = entry.text("recipient").unwrap_or("an unnamed recipient");
        Ok(SopsRecipient {
            public_key: public_key.chars().take(200).collect(),
            sealed_key: sealed_key.to_owned(),
        })
    };
    entries.iter().map(recipient).collect()
}

fn selector(sops: &Node) -> Result<Selector, SopsError> {
    const FIELDS: [&str; 4] = [
        "encrypted_suffix",
        "unencrypted_suffix",
        "encrypted_regex",
        "unencrypted_regex",
    ];
    let said = FIELDS
        .into_iter()
        .filter(|field| says(sops, field).is_some());
    let said: Vec<_> = said.collect();
    let field = match said[..] {
        [] => return Ok(Selector::UnencryptedSuffix(DEFAULT_SUFFIX.to_owned())),
        [field] => field,
        _ => return Err(SopsError::Selectors(said)),
    };
    let text = sops.text(field).unwrap_or_default();
    let regex = || {
        let built = RegexBuilder::new(text).size_limit(MAX_REGEX_BYTES).build();
        built.map_err(|_| SopsError::Regex(field))
    };
    Ok(match field {
        "encrypted_suffix" => Selector::EncryptedSuffix(text.to_owned()),
        "unencrypted_suffix" => Selector::UnencryptedSuffix(text.to_owned()),
        "encrypted_regex" => Selector::EncryptedRegex(regex()?),
        _ => Selector::UnencryptedRegex(regex()?),
    })
}
