//! What `validate` says beyond what the daemon refuses or warns of.

use super::{error::CliError, session::Session};
use crate::{
    manifest::identity_in,
    model::{Catalog, Finding, Kind, Origin, Resource, Spec, code, pointer_to},
    secrets::{Opened, Sealed},
    source::Changed,
};
use ignore::WalkBuilder;
use std::{
    fs, mem,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    sync::Arc,
};

/// No file of identities is larger.
const MAX_KEY_FILE_BYTES: u64 = 16 * 1024;

/// What was found at the last look; looking again costs what changed since.
#[derive(Default)]
pub(crate) struct Lints {
    /// Every secret, sorted, and what is wrong with it.
    secrets: Vec<(Arc<Resource>, Option<Finding>)>,
    identities: Option<Vec<Finding>>,
}

impl Lints {
    /// Values that are lost with one key.
    pub(crate) fn one_recipient(&mut self, catalog: &Catalog) -> Vec<Finding> {
        let mut before = mem::take(&mut self.secrets).into_iter().peekable();
        for secret in catalog.of_kind(Kind::Secret) {
            while before.next_if(|(old, _)| old.id < secret.id).is_some() {}
            let known = before.next_if(|(old, _)| Arc::ptr_eq(old, secret));
            let known = known.unwrap_or_else(|| (secret.clone(), single_recipient(secret)));
            self.secrets.push(known);
        }
        let found = self.secrets.iter();
        found.filter_map(|(_, finding)| finding.clone()).collect()
    }

    /// Identities in files beside the manifests that Git does not ignore: the next commit would have them.
    pub(crate) fn identities(&mut self, below: &[PathBuf], changed: &Changed) -> Vec<Finding> {
        let is_known = match changed {
            Changed::Everything => false,
            Changed::Paths(paths) => !paths
                .iter()
                .any(|path| may_hold_identity(path) || path.is_dir()),
        };
        let known = self.identities.take().filter(|_| is_known);
        let found = known.unwrap_or_else(|| identities(below));
        self.identities = Some(found.clone());
        found
    }
}

/// What is said of a secret with a value that is lost with one key.
fn single_recipient(secret: &Resource) -> Option<Finding> {
    let Spec::Secret(spec) = &secret.spec else {
        return None;
    };
    let (key, _) = spec.encrypted_data.iter().find(|(_, armored)| {
        Sealed::parse(armored).is_ok_and(|sealed| sealed.recipient_kinds().len() == 1)
    })?;
    let origin = secret.origin_of(&pointer_to("/spec/encryptedData", key));
    let message =
        format!("`{key}` is sealed for one recipient: if its key is lost, so is the value");
    let hint = "add a second public key to `.orloj/recipients` and run `orloj secret rekey`";
    let finding = Finding::new(code::SECRET_ONE_RECIPIENT, origin, message);
    Some(finding.with_hint(hint).on(&secret.id))
}

/// Key files that others can read or change.
pub(crate) fn key_files(files: &[PathBuf], session: &Session) -> Result<Vec<Finding>, CliError> {
    let mut found = Vec::new();
    for file in files {
        let failed = |error: std::io::Error| {
            CliError::new(format!("failed to look at `{}`", file.display())).because(&error)
        };
        let mode = fs::metadata(session.path(file)).map_err(failed)?.mode() & 0o777;
        if mode & 0o077 != 0 {
            let message = format!("the key file is open to others (mode {mode:03o})");
            let origin = Origin::file(file.to_string_lossy().as_ref());
            let hint = format!("make it yours alone: chmod 600 {}", file.display());
            found.push(Finding::new(code::SECRET_KEY_FILE, origin, message).with_hint(hint));
        }
    }
    Ok(found)
}

fn identities(below: &[PathBuf]) -> Vec<Finding> {
    let mut found = Vec::new();
    for root in below.iter().filter(|root| is_in_repository(root)) {
        // What cannot be read here is reported by whoever reads the manifests.
        let entries = WalkBuilder::new(root).hidden(false).build().flatten();
        for entry in entries.filter(|entry| may_hold_identity(entry.path())) {
            let is_small = entry
                .metadata()
                .is_ok_and(|meta| meta.is_file() && meta.len() <= MAX_KEY_FILE_BYTES);
            let Some(bytes) = is_small.then(|| fs::read(entry.path()).ok()).flatten() else {
                continue;
            };
            let text = Opened::new(bytes);
            let shown = entry.path().strip_prefix(root).unwrap_or(entry.path());
            let text = std::str::from_utf8(text.expose_bytes()).unwrap_or_default();
            found.extend(identity_in(&shown.to_string_lossy(), text));
        }
    }
    found
}

fn is_in_repository(path: &Path) -> bool {
    let whole = fs::canonicalize(path).unwrap_or_default();
    whole.is_dir() && whole.ancestors().any(|it| it.join(".git").exists())
}

/// By its name: what keys are kept in, and nothing that is read as a manifest.
fn may_hold_identity(path: &Path) -> bool {
    const ENDS: [&str; 6] = ["key", "txt", "agekey", "age", "pem", "env"];
    let below_git = path.components().any(|part| part.as_os_str() == ".git");
    let end = path.extension().and_then(|end| end.to_str());
    !below_git && end.is_none_or(|end| ENDS.contains(&end))
}
