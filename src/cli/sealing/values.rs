//! Single values, sealed and opened.

use crate::{
    cli::{error::CliError, exit::Exit, report::Reported},
    manifest::written::{RewriteError, WrittenValue},
    model::{Finding, Findings},
    secrets::{Binding, Envelope, Keyring, Opened, Recipient, Sealed, seal},
};

/// What to do without any key.
pub(crate) const NO_KEY: &str = "give the key: `--age-key-file FILE`, ORLOJ_AGE_KEY_FILE, ORLOJ_AGE_KEY, SOPS_AGE_KEY_FILE or SOPS_AGE_KEY";

/// The place a value stands in, with the hosts its secret allows.
pub(crate) fn place_of(value: &WrittenValue<'_>) -> Binding {
    Binding::new(value.namespace, value.name, value.key).with_hosts(value.allowed_hosts)
}

/// Seals a value so that it opens in its place alone.
pub(crate) fn seal_value(
    place: &Binding,
    value: &Opened,
    recipients: &[Recipient],
) -> Result<String, CliError> {
    check_text(&place.key, value)?;
    Ok(seal(&Envelope::seal(place, value), recipients)?)
}

/// Whether a value can be a credential.
pub(crate) fn check_text(key: &str, value: &Opened) -> Result<(), CliError> {
    let problem = match std::str::from_utf8(value.expose_bytes()) {
        Err(_) => "is not text (UTF-8)",
        Ok(_) if value.expose_text().is_none() => "is blank",
        Ok(_) => return Ok(()),
    };
    let failed = CliError::new(format!("the value of `{key}` {problem}"));
    Err(failed.with_hint("a credential is one line of text"))
}

/// Opens a sealed value of the file called `file`.
pub(crate) fn open_value(
    keyring: &Keyring,
    value: &WrittenValue<'_>,
    file: &str,
) -> Result<Envelope, CliError> {
    let failed = |error: &dyn std::error::Error| {
        let place = format!("{file}:{}", value.line);
        let secret = format!("secret {}/{}", value.namespace, value.name);
        CliError::new(format!(
            "{place}: failed to open `{}` of {secret}",
            value.key
        ))
        .because(error)
    };
    let sealed = Sealed::parse(value.text).map_err(|error| failed(&error))?;
    let opened = keyring.open(&sealed).map_err(|error| {
        let failed = failed(&error);
        if keyring.is_empty() {
            failed.with_hint(NO_KEY)
        } else {
            failed
        }
    })?;
    Envelope::open_at(opened, &place_of(value)).map_err(|error| failed(&error))
}

/// Why a text was not rewritten, for the terminal.
pub(crate) fn refused(file: &str, error: RewriteError<CliError>) -> CliError {
    match error {
        RewriteError::Value(error) => error,
        RewriteError::Place { line, problem } => {
            CliError::new(format!("{file}:{line}: this {problem}"))
        }
        RewriteError::Text(findings) => unreadable(file, findings),
    }
}

/// Findings of a file, without its lines: they may show secrets in clear text.
pub(crate) fn unreadable(file: &str, findings: Vec<Finding>) -> CliError {
    let found: Findings = findings.into_iter().collect();
    CliError::new(format!("`{file}` cannot be used"))
        .with_exit(Exit::Invalid)
        .with_findings(Reported::all(&found))
}
