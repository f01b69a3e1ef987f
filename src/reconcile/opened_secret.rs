//! The values of one secret.

mod files;

use super::{
    opened_file::{ClosedFile, HINT, OpenedFile, OpenedFiles},
    secret_files::SecretFiles,
};
use crate::{
    model::{
        Digest, Finding, Position, Resource, ResourceId, Span, code, pointer_to,
        spec::{SealedFile, SecretSpec},
    },
    secrets::{Binding, Envelope, EnvelopeError, Keyring, Opened, Print, PrintKey, SopsFile},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
pub(super) use files::Stale;
use std::{
    collections::BTreeMap,
    sync::{Arc, OnceLock},
};

/// The opened values of one secret.
#[derive(Default)]
pub(super) struct OpenedSecret {
    values: BTreeMap<String, Value>,
    /// Keys whose values stayed closed, and why.
    pub(super) closed: BTreeMap<String, String>,
    /// Keys whose files give no value yet.
    absent: BTreeMap<String, files::Absent>,
    /// The fingerprint of the file that values are sealed in together.
    file: Option<Digest>,
    /// The hosts that the manifest allows; empty if it names none.
    pub(super) allowed_hosts: Arc<[String]>,
}

struct Value {
    /// Of the ciphertext; `None` for clear text.
    sealed: Option<Digest>,
    opened: Arc<Opened>,
    /// Whether nothing in the ciphertext says where it belongs.
    is_unbound: bool,
    /// The hosts that were sealed with it; empty if none were.
    hosts: Arc<[String]>,
    /// Its fingerprint where it stands, once somebody asked for it.
    print: OnceLock<Print>,
    /// The file that it was read from, if it was.
    file: Option<files::File>,
}

impl Value {
    /// The same value for the next revision.
    fn again(&self) -> Self {
        Self {
            sealed: self.sealed,
            opened: self.opened.clone(),
            is_unbound: self.is_unbound,
            hosts: self.hosts.clone(),
            print: self.print.clone(),
            file: self.file.clone(),
        }
    }
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
        (keyring, mounted): (&Keyring, &SecretFiles),
        resource: &Resource,
        spec: &SecretSpec,
        (files, before): (&OpenedFiles, Option<&Self>),
    ) -> (Self, Vec<Finding>) {
        let mut secret = Self {
            file: spec.file.as_ref().map(|file| file.digest),
            allowed_hosts: spec.allowed_hosts.clone().into(),
            ..Self::default()
        };
        let mut findings = Vec::new();
        for (key, clear) in &spec.data {
            let value = Value::clear(Opened::new(clear.expose().to_vec()));
            secret.values.insert(key.clone(), value);
        }
        findings.extend(secret.read_files(mounted, resource, spec, before));
        let of_file = |armored: &&String| spec.file.is_some() && SopsFile::is_value(armored);
        if let Some(file) = &spec.file {
            let values = spec.encrypted_data.iter();
            let keys = values
                .filter(|(_, value)| of_file(value))
                .map(|(key, _)| key);
            let keys: Vec<_> = keys.map(String::as_str).collect();
            secret.take_from(file, &keys, resource, (files, before), &mut findings);
        }
        let armored = spec.encrypted_data.iter();
        for (key, armored) in armored.filter(|(_, value)| !of_file(value)) {
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

    /// Takes the values of `keys` from the file that they are sealed in: all of them or, if it is damaged, none.
    fn take_from(
        &mut self,
        file: &SealedFile,
        keys: &[&str],
        resource: &Resource,
        (files, before): (&OpenedFiles, Option<&Self>),
        findings: &mut Vec<Finding>,
    ) {
        let Some(first) = keys.first() else {
            return;
        };
        let same = before.filter(|before| before.has_file(file));
        for key in keys {
            if let Some(value) = same.and_then(|same| same.values.get(*key)) {
                self.values.insert((*key).to_owned(), value.again());
                continue;
            }
            let problem = match files.get(&file.digest) {
                None => Problem::Closed("its file was not opened".to_owned()),
                Some(Err(closed)) => {
                    if key == first {
                        findings.push(file_not_opened(resource, key, closed));
                    }
                    let reason = format!(
                        "its value `{key}` is in a file that does: {}",
                        closed.problem
                    );
                    self.closed.insert((*key).to_owned(), reason);
                    continue;
                }
                Some(Ok(opened)) => match value_of_file(opened, file, resource, key) {
                    Ok(value) => {
                        self.values.insert((*key).to_owned(), value);
                        continue;
                    }
                    Err(problem) => problem,
                },
            };
            findings.push(not_opened(resource, key, &problem));
            self.closed.insert((*key).to_owned(), problem.reason(key));
        }
    }

    /// What stands for a whole file: without values, closed if it is.
    pub(super) fn of_file(file: &SealedFile, closed: Option<&str>) -> Self {
        let closed = closed.map(|problem| (String::new(), problem.to_owned()));
        Self {
            closed: closed.into_iter().collect(),
            file: Some(file.digest),
            ..Self::default()
        }
    }

    /// Whether it was opened from this very file.
    pub(super) fn has_file(&self, file: &SealedFile) -> bool {
        self.file == Some(file.digest) && self.closed.is_empty()
    }

    /// The value of a key.
    pub(super) fn value(&self, key: &str) -> Option<&Opened> {
        let value = self.values.get(key)?;
        Some(&value.opened)
    }

    /// The hosts that were sealed with the value of a key; empty if none were.
    pub(super) fn hosts(&self, key: &str) -> &[String] {
        self.values.get(key).map_or(&[], |value| &value.hosts)
    }

    /// The keys with an opened value, sorted.
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }

    /// The fingerprint of a value of this secret, which is `id`. It stays with the value for as long as its
    /// ciphertext does; an installation has one `key`.
    pub(super) fn print(&self, id: &ResourceId, name: &str, key: &PrintKey) -> Option<Print> {
        let value = self.values.get(name)?;
        let print = value
            .print
            .get_or_init(|| key.print(&place(id, name), &value.opened));
        Some(print.clone())
    }

    /// The fingerprint that a value would have in the secret `id`, which is another one.
    pub(super) fn print_in(&self, id: &ResourceId, name: &str, key: &PrintKey) -> Option<Print> {
        Some(key.print(&place(id, name), self.value(name)?))
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
        return Ok(before.again());
    }
    let plaintext = keyring.open_text(armored);
    let plaintext = plaintext.map_err(|error| Problem::Closed(error.to_string()))?;
    let envelope = Envelope::open_at(plaintext, &place_of(resource, key));
    let envelope = envelope.map_err(Problem::NotHere)?;
    Ok(Value {
        sealed,
        is_unbound: envelope.binding.is_none(),
        hosts: hosts_of(&envelope),
        opened: Arc::new(envelope.value),
        print: OnceLock::new(),
        file: None,
    })
}

/// A value of an opened file; what its MAC does not cover is looked at here.
fn value_of_file(
    opened: &OpenedFile,
    file: &SealedFile,
    resource: &Resource,
    key: &str,
) -> Result<Value, Problem> {
    let unusable = |problem: &str| Problem::Closed(problem.to_owned());
    let value = opened
        .value(file, key)
        .ok_or_else(|| unusable("the opened file holds no such value"))?
        .expose_bytes();
    let bytes = if file.base64.contains(key) {
        STANDARD
            .decode(value)
            .map_err(|_| unusable("it is not standard base64 with padding, as `data` holds"))?
    } else {
        value.to_vec()
    };
    if bytes.is_empty() {
        return Err(unusable("it is empty"));
    }
    let envelope = Envelope::open_at(Opened::new(bytes), &place_of(resource, key));
    let envelope = envelope.map_err(Problem::NotHere)?;
    Ok(Value {
        sealed: None,
        // SOPS binds a value to its path, and the MAC as a rule to the clear parts: to name and namespace.
        is_unbound: envelope.binding.is_none() && !opened.covers_clear_parts(),
        hosts: hosts_of(&envelope),
        opened: Arc::new(envelope.value),
        print: OnceLock::new(),
        file: None,
    })
}

/// The hosts that were sealed with a value.
fn hosts_of(envelope: &Envelope) -> Arc<[String]> {
    let binding = envelope.binding.as_ref();
    binding.map_or_else(Arc::default, |binding| binding.allowed_hosts.clone().into())
}

/// Where a value stands.
fn place_of(resource: &Resource, key: &str) -> Binding {
    place(&resource.id, key)
}

fn place(id: &ResourceId, key: &str) -> Binding {
    Binding::new(&*id.namespace, &*id.name, key)
}

fn file_not_opened(resource: &Resource, key: &str, closed: &ClosedFile) -> Finding {
    let mut origin = resource.origin_of_key(&pointer_to("/spec/encryptedData", key));
    if let Some(line) = closed.line {
        let start = Position { line, column: 1 };
        origin.span = Span { start, end: start };
    }
    let problem = &closed.problem;
    let message = format!("the values of {} stay closed: {problem}", resource.id);
    Finding::new(code::SECRET_OPEN, origin, message)
        .with_hint(closed.hint)
        .on(&resource.id)
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
            HINT,
        ),
    };
    Finding::new(code, origin, message).with_hint(hint).on(id)
}
