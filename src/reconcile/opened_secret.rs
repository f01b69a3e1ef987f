//! The values of one secret.

use crate::{
    model::{Digest, Finding, Resource, code, pointer_to, spec::SecretSpec},
    secrets::{Binding, Envelope, EnvelopeError, Keyring, Opened, Sealed},
};
use std::{collections::BTreeMap, sync::Arc};

/// The opened values of one secret.
#[derive(Default)]
pub(super) struct OpenedSecret {
    values: BTreeMap<String, Value>,
    /// Keys whose values stayed closed, and why.
    pub(super) closed: BTreeMap<String, String>,
}

struct Value {
    /// Of the ciphertext; `None` for clear text.
    sealed: Option<Digest>,
    opened: Arc<Opened>,
    /// Whether nothing in the ciphertext says where it belongs.
    is_unbound: bool,
}

/// Why a value stays closed.
enum Problem {
    /// No identity fits, or the ciphertext is damaged.
    Closed(String),
    /// It is not used where it stands.
    NotHere(EnvelopeError),
}

impl OpenedSecret {
    /// Opens all values of a secret, but those whose ciphertext `before` has too; returns what is to be said
    /// as well. All are tried: a value that does not open is an error, and the others are still opened.
    pub(super) fn open(
        keyring: &Keyring,
        resource: &Resource,
        spec: &SecretSpec,
        before: Option<&Self>,
    ) -> (Self, Vec<Finding>) {
        let mut secret = Self::default();
        let mut findings = Vec::new();
        for (key, clear) in &spec.data {
            let value = Value {
                sealed: None,
                opened: Arc::new(Opened::new(clear.expose().to_vec())),
                is_unbound: false,
            };
            secret.values.insert(key.clone(), value);
        }
        for (key, armored) in &spec.encrypted_data {
            let before = before.and_then(|before| before.values.get(key));
            match open(resource, key, keyring, armored, before) {
                Ok(value) => drop(secret.values.insert(key.clone(), value)),
                Err(problem) => {
                    findings.push(not_opened(resource, key, &problem));
                    secret.closed.insert(key.clone(), problem.reason(key));
                }
            }
        }
        findings.extend(secret.unbound(resource));
        (secret, findings)
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<&Opened> {
        let value = self.values.get(key)?;
        Some(&value.opened)
    }

    /// One warning about the values that open anywhere.
    fn unbound(&self, resource: &Resource) -> Option<Finding> {
        let values = self.values.iter().filter(|(_, value)| value.is_unbound);
        let keys: Vec<_> = values.map(|(key, _)| key.as_str()).collect();
        let first = keys.first()?;
        let origin = resource.origin_of_key(&pointer_to("/spec/encryptedData", first));
        let (noun, verb) = match keys.len() {
            1 => ("value", "does"),
            _ => ("values", "do"),
        };
        let message = format!(
            "the {noun} `{}` of {} {verb} not say where it may be used: it opens wherever it is copied to",
            keys.join("`, `"),
            resource.id
        );
        let hint = "seal it with `orloj secret encrypt`, which seals the secret's name with it";
        let finding = Finding::new(code::SECRET_UNBOUND, origin, message);
        Some(finding.with_hint(hint).on(&resource.id))
    }
}

impl Problem {
    /// Why the endpoints that need the value are not ready.
    fn reason(&self, key: &str) -> String {
        match self {
            Self::Closed(_) => {
                format!("no `--age-key-file` of the daemon opens its value `{key}`")
            }
            Self::NotHere(error) => format!("its value `{key}` is not used here: {error}"),
        }
    }
}

fn open(
    resource: &Resource,
    key: &str,
    keyring: &Keyring,
    armored: &str,
    before: Option<&Value>,
) -> Result<Value, Problem> {
    let sealed = Some(Digest::of_bytes(armored.as_bytes()));
    if let Some(before) = before.filter(|before| before.sealed == sealed) {
        return Ok(Value {
            sealed,
            opened: before.opened.clone(),
            is_unbound: before.is_unbound,
        });
    }
    let value = Sealed::parse(armored).map_err(|error| Problem::Closed(error.to_string()))?;
    let plaintext = keyring
        .open(&value)
        .map_err(|error| Problem::Closed(error.to_string()))?;
    let place = Binding::new(&*resource.id.namespace, &*resource.id.name, key);
    let envelope = Envelope::open_at(plaintext, &place).map_err(Problem::NotHere)?;
    Ok(Value {
        sealed,
        is_unbound: envelope.binding.is_none(),
        opened: Arc::new(envelope.value),
    })
}

fn not_opened(resource: &Resource, key: &str, problem: &Problem) -> Finding {
    let origin = resource.origin_of_key(&pointer_to("/spec/encryptedData", key));
    let id = &resource.id;
    let (code, message, hint) = match problem {
        Problem::NotHere(error @ EnvelopeError::Elsewhere(_)) => (
            code::SECRET_BINDING,
            format!("the value `{key}` of {id} does not belong here: {error}"),
            "a sealed value opens where it was sealed for alone; seal it for this place: `orloj secret encrypt NAME -n NAMESPACE`",
        ),
        Problem::NotHere(error) => (
            code::SECRET_OPEN,
            format!("the value `{key}` of {id} cannot be used: {error}"),
            "seal it again: `orloj secret encrypt`",
        ),
        Problem::Closed(problem) => (
            code::SECRET_OPEN,
            format!("the value `{key}` of {id} stays closed: {problem}"),
            "start the daemon with the `--age-key-file` of one of its recipients, or seal the value again for a key the daemon holds",
        ),
    };
    Finding::new(code, origin, message).with_hint(hint).on(id)
}
