//! What `validate` says beyond what the daemon refuses or warns of.

use super::{error::CliError, identity_search, scope::ScopeArgs, session::Session};
use crate::{
    model::{
        Catalog, Finding, Kind, Origin, Resource, Spec, code, pointer_to,
        spec::{SealedFile, SealedForm},
    },
    secrets::{AgeFile, Sealed},
    source::Changed,
};
use std::{fs, mem, os::unix::fs::MetadataExt as _, path::PathBuf, sync::Arc};

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

    /// Identities in files beside the manifests that Git has, or does not ignore: the next commit would have them.
    pub(crate) fn identities(
        &mut self,
        scope: &ScopeArgs,
        session: &mut Session,
        changed: &Changed,
    ) -> Result<Vec<Finding>, CliError> {
        let is_known = match changed {
            Changed::Everything => false,
            Changed::Paths(paths) => paths
                .iter()
                .all(|path| identity_search::is_manifest(path) && !path.is_dir()),
        };
        let known = self.identities.take().filter(|_| is_known);
        let found = match known {
            Some(known) => known,
            None => identity_search::search(scope, session)?,
        };
        self.identities = Some(found.clone());
        Ok(found)
    }
}

/// Values in files that only the daemon sees.
pub(crate) fn mounted(catalog: &Catalog) -> Vec<Finding> {
    let said = catalog.of_kind(Kind::Secret).filter_map(|secret| {
        let Spec::Secret(spec) = &secret.spec else {
            return None;
        };
        let (key, _) = spec.from_file.first_key_value()?;
        let origin = secret.origin_of(&pointer_to("/spec/fromFile", key));
        let message = format!(
            "{} is read from files below the daemon's `--secrets-dir`: only there can it be seen whether they exist",
            secret.id
        );
        Some(Finding::new(code::SECRET_MOUNTED, origin, message).on(&secret.id))
    });
    said.collect()
}

/// What is said of a secret with a value that is lost with one key.
fn single_recipient(secret: &Resource) -> Option<Finding> {
    let Spec::Secret(spec) = &secret.spec else {
        return None;
    };
    let (origin, what) = match spec.file.as_deref() {
        Some(file) => {
            (recipients(file) == 1).then_some(())?;
            (secret.origin.clone(), "the file".to_owned())
        }
        None => {
            let (key, _) = spec.encrypted_data.iter().find(|(_, armored)| {
                Sealed::parse(armored).is_ok_and(|sealed| sealed.recipient_kinds().len() == 1)
            })?;
            let origin = secret.origin_of(&pointer_to("/spec/encryptedData", key));
            (origin, format!("`{key}`"))
        }
    };
    let message =
        format!("{what} is sealed for one recipient: if its key is lost, so is the value");
    let hint = "add a second public key to `.orloj/recipients` and run `orloj secret rekey`";
    let finding = Finding::new(code::SECRET_ONE_RECIPIENT, origin, message);
    Some(finding.with_hint(hint).on(&secret.id))
}

/// For how many recipients a file is sealed as a whole: SOPS lists them, and an age file has a part for each.
fn recipients(file: &SealedFile) -> usize {
    match file.form {
        SealedForm::SopsYaml | SealedForm::SopsJson => file.recipients.len(),
        SealedForm::Age => {
            AgeFile::parse(&file.content).map_or(0, |file| file.recipient_kinds().len())
        }
    }
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
