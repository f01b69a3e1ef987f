//! Whom secrets of a repository are sealed for.

use super::sops_rules;
use crate::{
    cli::{error::CliError, session::Session, text::count},
    secrets::{Recipient, RecipientError},
};
use std::{
    collections::BTreeSet,
    fs::{self, File},
    io::{self, Read as _},
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
};

/// Where a repository keeps its recipients, one per line.
const FILE: &str = ".orloj/recipients";

/// Where a repository says the same to SOPS.
const SOPS_FILE: &str = ".sops.yaml";

/// No such file is larger.
const MAX_FILE_BYTES: u64 = 64 * 1024;

/// Longest name of a plugin that is looked for, in bytes.
const MAX_PLUGIN_NAME: usize = 24;

/// As many as can be sealed for.
const MAX_RECIPIENTS: usize = 64;

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
        let public_key = |text: &String| {
            // The text is not repeated: it may be the secret key by mistake.
            parse(text).map_err(|problem| {
                CliError::usage(format!("a `--recipient` {problem}"))
                    .with_hint("`orloj secret keygen` prints the public key")
            })
        };
        let keys = named
            .iter()
            .map(public_key)
            .collect::<Result<Vec<_>, _>>()?;
        Self::once("`--recipient`".to_owned(), keys)
    }

    /// The same key named twice is one recipient.
    fn once(from: String, mut keys: Vec<Recipient>) -> Result<Self, CliError> {
        let mut seen = BTreeSet::new();
        keys.retain(|key| seen.insert(key.to_string()));
        if keys.len() > MAX_RECIPIENTS {
            let message = format!(
                "{from} names {} recipients; at most {MAX_RECIPIENTS} fit",
                keys.len()
            );
            return Err(CliError::new(message));
        }
        Ok(Self { keys, from })
    }

    /// The public keys as they are written.
    pub(crate) fn names(&self) -> BTreeSet<String> {
        self.keys.iter().map(ToString::to_string).collect()
    }

    /// Says whom was sealed for; warns if the values are lost with one key.
    pub(crate) fn note(&self, session: &mut Session) {
        session.terminal.note(&self.sentences());
    }

    /// What [`Recipients::note`] says.
    pub(crate) fn sentences(&self) -> String {
        let from = &self.from;
        let number = count(self.keys.len(), "recipient");
        let warning = if self.keys.len() == 1 {
            format!(
                "warning: {from} names one recipient: if its key is lost, so are the values; add a second one\n"
            )
        } else {
            String::new()
        };
        format!("sealed for {number} from {from}\n{warning}")
    }
}

/// Reads a public key; what else a text is, is said without repeating it.
pub(super) fn parse(text: &str) -> Result<Recipient, String> {
    Recipient::parse(text).map_err(|error| match (error, plugin(text)) {
        (RecipientError::Malformed, Some(plugin)) => format!(
            "is a recipient of the age plugin `{plugin}`; plugins are not enabled in this build"
        ),
        _ => error.to_string(),
    })
}

/// The plugin that a recipient is for: `age1NAME1…` (age-plugin specification).
fn plugin(text: &str) -> Option<&str> {
    let (name, _) = text.trim().strip_prefix("age1")?.rsplit_once('1')?;
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    // A longer one is a public key with a slip in it.
    let fits = (1..=MAX_PLUGIN_NAME).contains(&name.len());
    (fits && name.bytes().all(is_name)).then_some(name)
}

fn nearest(target: &Path, session: &mut Session) -> Result<Recipients, CliError> {
    let target = absolute(target)?;
    let mut looked = Vec::new();
    for folder in asked(&target, session) {
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
            return Recipients::once(format!("`{shown}`"), rule.keys);
        }
        looked.push(folder.display().to_string());
    }
    let places = looked.join("`, `");
    Err(CliError::usage("nobody is named who may open the values")
        .with_hint(format!(
            "give `--recipient age1...`, or list public keys in `{FILE}`; `orloj secret keygen` makes one"
        ))
        .with_hint(format!("looked for `{FILE}` and `{SOPS_FILE}` in `{places}`")))
}

/// The directories that may say whom a file is sealed for, the nearest first: up to the top of its repository.
/// Outside of one its own, and the working directory if it is below that: whoever may write somewhere above is
/// not asked.
fn asked<'a>(target: &'a Path, session: &Session) -> Vec<&'a Path> {
    let above = || target.ancestors().skip(1);
    let own = above().next().and_then(|folder| fs::metadata(folder).ok());
    let is_top = |folder: &&Path| {
        // Somebody else's `.git` makes no repository of ours.
        let own = own.as_ref().map(fs::Metadata::uid);
        fs::metadata(folder.join(".git")).is_ok_and(|git| Some(git.uid()) == own)
    };
    if let Some(top) = above().find(is_top) {
        return above()
            .take_while(|folder| folder.starts_with(top))
            .collect();
    }
    let here = fs::canonicalize(session.directory()).unwrap_or_default();
    let mut nearest = above();
    let own = nearest.next();
    let here = nearest.find(|folder| **folder == here);
    own.into_iter().chain(here).collect()
}

/// The whole path of a file, without links; it need not exist, in a directory that must.
fn absolute(target: &Path) -> Result<PathBuf, CliError> {
    // What is written is what a link leads to: that file's recipients count.
    if let Ok(whole) = fs::canonicalize(target) {
        return Ok(whole);
    }
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

/// Reads a text without its byte order mark.
fn read(file: &Path) -> Result<String, CliError> {
    let shown = file.display();
    let failed =
        |error: io::Error| CliError::new(format!("failed to read `{shown}`")).because(&error);
    let opened = File::open(file).map_err(failed)?;
    let mut bounded = opened.take(MAX_FILE_BYTES + 1);
    let mut bytes = Vec::new();
    bounded.read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MAX_FILE_BYTES {
        let message = format!("`{shown}` has more than {MAX_FILE_BYTES} bytes");
        return Err(CliError::new(message).with_hint("it lists public keys, a few lines"));
    }
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(&bytes);
    let text = std::str::from_utf8(bytes);
    let text = text.map_err(|_| CliError::new(format!("`{shown}` is not UTF-8 text")))?;
    Ok(text.to_owned())
}

fn of_file(file: &Path) -> Result<Recipients, CliError> {
    let mut keys = Vec::new();
    for (index, line) in read(file)?.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let recipient = parse(line).map_err(|problem| {
            CliError::new(format!(
                "line {} of `{}` {problem}",
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
    Recipients::once(format!("`{}`", file.display()), keys)
}
