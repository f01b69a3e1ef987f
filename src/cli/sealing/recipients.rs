//! Whom secrets of a repository are sealed for.

use super::sops_rules;
use crate::{
    cli::{error::CliError, session::Session},
    secrets::Recipient,
};
use std::{
    collections::BTreeSet,
    fs, io,
    path::{Path, PathBuf},
};

/// Where a repository keeps its recipients, one per line.
const FILE: &str = ".orloj/recipients";

/// Where a repository says the same to SOPS.
const SOPS_FILE: &str = ".sops.yaml";

/// Public keys, and who named them.
pub(crate) struct Recipients {
    pub(crate) keys: Vec<Recipient>,
    /// `--recipient`, or a file.
    from: String,
}

impl Recipients {
    /// The recipients that were named, else those of the nearest file beside `target` or above it.
    pub(crate) fn of(
        named: &[String],
        target: &Path,
        session: &mut Session,
    ) -> Result<Self, CliError> {
        if named.is_empty() {
            return nearest(target, session);
        }
        let parse = |text: &String| {
            // The text is not repeated: it may be the secret key by mistake.
            Recipient::parse(text).map_err(|error| {
                CliError::usage(format!("a `--recipient` {error}"))
                    .with_hint("`orloj secret keygen` prints the public key")
            })
        };
        let keys = named.iter().map(parse).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::once("`--recipient`".to_owned(), keys))
    }

    /// The same key named twice is one recipient.
    fn once(from: String, mut keys: Vec<Recipient>) -> Self {
        let mut seen = BTreeSet::new();
        keys.retain(|key| seen.insert(key.to_string()));
        Self { keys, from }
    }

    /// The public keys as they are written.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.keys.iter().map(ToString::to_string).collect()
    }

    /// Warns if the values are lost with one key.
    pub(crate) fn note_a_single_one(&self, session: &mut Session) {
        if self.keys.len() == 1 {
            session.terminal.note(&format!(
                "warning: {} names one recipient: if its key is lost, so are the values; add a second one\n",
                self.from
            ));
        }
    }
}

fn nearest(target: &Path, session: &mut Session) -> Result<Recipients, CliError> {
    let target = absolute(target)?;
    let mut looked = Vec::new();
    for folder in target.ancestors().skip(1) {
        let own = folder.join(FILE);
        if own.is_file() {
            return of_file(&own);
        }
        let rules = folder.join(SOPS_FILE);
        if rules.is_file() {
            let shown = rules.display().to_string();
            let text = read(&rules)?;
            let path = target.strip_prefix(folder).unwrap_or(&target);
            let rule = sops_rules::recipients(&shown, text.as_bytes(), &path.to_string_lossy())?;
            if let Some(others) = &rule.others {
                session.terminal.note(&format!(
                    "warning: `{shown}` names other keys than age's too ({others}); they cannot open what is sealed here\n"
                ));
            }
            return Ok(Recipients::once(format!("`{shown}`"), rule.keys));
        }
        looked.push(folder.display().to_string());
        // Whoever may write above the repository is not asked.
        if folder.join(".git").exists() {
            break;
        }
    }
    let places = looked.join("`, `");
    Err(CliError::usage("nobody is named who may open the values")
        .with_hint(format!(
            "give `--recipient age1...`, or list public keys in `{FILE}`; `orloj secret keygen` makes one"
        ))
        .with_hint(format!("looked for `{FILE}` and `{SOPS_FILE}` in `{places}`")))
}

/// The whole path of a file that need not exist in a directory that must.
fn absolute(target: &Path) -> Result<PathBuf, CliError> {
    let folder = target.parent().filter(|it| !it.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let whole = fs::canonicalize(folder).map_err(|error| {
        CliError::new(format!(
            "failed to open the directory `{}`",
            folder.display()
        ))
        .because(&error)
    })?;
    Ok(whole.join(target.file_name().unwrap_or_default()))
}

fn read(file: &Path) -> Result<String, CliError> {
    fs::read_to_string(file).map_err(|error: io::Error| {
        CliError::new(format!("failed to read `{}`", file.display())).because(&error)
    })
}

fn of_file(file: &Path) -> Result<Recipients, CliError> {
    let mut keys = Vec::new();
    for (index, line) in read(file)?.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let recipient = Recipient::parse(line).map_err(|error| {
            CliError::new(format!(
                "line {} of `{}` {error}",
                index + 1,
                file.display()
            ))
        })?;
        keys.push(recipient);
    }
    if keys.is_empty() {
        return Err(CliError::new(format!(
            "`{}` lists no public key",
            file.display()
        )));
    }
    Ok(Recipients::once(format!("`{}`", file.display()), keys))
}
