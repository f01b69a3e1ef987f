//! `orloj secret rekey`.

use crate::{
    cli::{
        error::CliError,
        exit::Exit,
        sealing::{
            files::{read_manifest, replace},
            identities::IdentityArgs,
            recipients::Recipients,
            values::{open_value, place_of, refused, seal_value},
        },
        session::Session,
        text::count,
    },
    manifest::written::{Direction, Replacement, WrittenValue, rewrite},
    secrets::{Keyring, Sealed},
};
use clap::Args;
use ignore::WalkBuilder;
use std::{
    collections::BTreeSet,
    path::{Path, PathBuf},
};

/// Seal values anew whose recipients have changed
///
/// Looks at every sealed value of the manifests and seals those again that are sealed for others than
/// `encrypt` would seal them for now; the rest is not touched. A value that `age` itself sealed does not say
/// whom it is for, and is sealed again once.
///
/// With `--check` nothing is written and no key is needed: exits with 3 and lists the values, for CI.
///
/// Whoever was a recipient may have kept the value: replace it at the provider when somebody leaves.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret rekey --age-key-file age.key        this directory, after editing .orloj/recipients
  orloj secret rekey secrets/openai.yaml
  orloj secret rekey --check")]
pub(super) struct RekeyArgs {
    /// Directories or files [default: .]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    identities: IdentityArgs,
    /// A public key that may open the values (can be repeated) [default: as for `encrypt`]
    #[arg(long, value_name = "age1...")]
    recipient: Vec<String>,
    /// Only list the values; exit with 3 if there are any
    #[arg(long)]
    check: bool,
}

/// What was done or found.
#[derive(Default)]
struct Tally {
    values: usize,
    files: usize,
    lines: Vec<String>,
}

pub(super) fn run(args: &RekeyArgs, session: &mut Session) -> Result<Exit, CliError> {
    let keyring = if args.check {
        None
    } else {
        Some(args.identities.keyring(session)?)
    };
    let mut tally = Tally::default();
    for (path, shown) in files(&args.paths, session)? {
        one(args, (&path, &shown), keyring.as_ref(), &mut tally, session)?;
    }
    for line in &tally.lines {
        session.terminal.data(&format!("{line}\n"))?;
    }
    let values = count(tally.values, "value");
    let files = count(tally.files, "file");
    if tally.values == 0 {
        session
            .terminal
            .note("every value is sealed for its recipients\n");
        return Ok(Exit::Done);
    }
    if args.check {
        return Err(
            CliError::new(format!("{values} in {files} must be sealed anew"))
                .with_exit(Exit::Invalid)
                .with_hint("`orloj secret rekey` does it, with a key that opens them"),
        );
    }
    session
        .terminal
        .note(&format!("sealed {values} anew in {files}\n"));
    Ok(Exit::Done)
}

/// The manifests with sealed values below the paths, with the names to show.
fn files(typed: &[PathBuf], session: &Session) -> Result<Vec<(PathBuf, String)>, CliError> {
    let here = [PathBuf::from(".")];
    let typed = if typed.is_empty() { &here[..] } else { typed };
    let mut files = Vec::new();
    for typed in typed {
        let root = session.path(typed);
        let mut walk = WalkBuilder::new(&root);
        walk.require_git(false).sort_by_file_path(Path::cmp);
        for entry in walk.build() {
            let entry = entry.map_err(|error| {
                CliError::new(format!("failed to read `{}`", typed.display())).because(&error)
            })?;
            let is_file = entry.file_type().is_some_and(|kind| kind.is_file());
            let ends = ["yaml", "yml", "json"];
            let fits = entry
                .path()
                .extension()
                .and_then(|end| end.to_str())
                .is_some_and(|end| ends.contains(&end));
            if is_file && (fits || entry.depth() == 0) {
                let below = entry.path().strip_prefix(&root).unwrap_or(entry.path());
                let shown = if typed == Path::new(".") {
                    below.to_path_buf()
                } else if below.as_os_str().is_empty() {
                    typed.clone()
                } else {
                    typed.join(below)
                };
                files.push((entry.path().to_owned(), shown.display().to_string()));
            }
        }
    }
    Ok(files)
}

fn one(
    args: &RekeyArgs,
    (path, shown): (&Path, &str),
    keyring: Option<&Keyring>,
    tally: &mut Tally,
    session: &mut Session,
) -> Result<(), CliError> {
    let before = read_manifest(path)?;
    let mark = b"encryptedData";
    if !before.windows(mark.len()).any(|part| part == mark) {
        return Ok(());
    }
    let recipients = Recipients::of(&args.recipient, path, session)?;
    let wanted = recipients.names();
    let mut found = 0;
    let after = rewrite(&shown.into(), &before, Direction::Reseal, &mut |value| {
        let Some(difference) = difference(value, &wanted) else {
            return Ok(Replacement::Keep);
        };
        found += 1;
        tally.lines.push(format!(
            "{shown}:{}  secret/{} {}: {difference}",
            value.line, value.name, value.key
        ));
        let Some(keyring) = keyring else {
            return Ok(Replacement::Keep);
        };
        let envelope = open_value(keyring, value, shown)?;
        let place = envelope.binding.unwrap_or_else(|| place_of(value));
        let armor = seal_value(&place, &envelope.value, &recipients.keys)?;
        Ok(Replacement::Sealed(armor))
    })
    .map_err(|error| refused(shown, error))?;
    if let Some(after) = after {
        replace(path, &before, &after)?;
    }
    if found > 0 {
        tally.values += found;
        tally.files += 1;
        recipients.note_a_single_one(session);
    }
    Ok(())
}

/// How the recipients of a value differ from the wanted ones; `None` if they do not.
fn difference(value: &WrittenValue<'_>, wanted: &BTreeSet<String>) -> Option<String> {
    let Ok(sealed) = Sealed::parse(value.text) else {
        return Some("is no sealed value".to_owned());
    };
    let kinds = sealed.recipient_kinds().len();
    let Some(recorded) = sealed.recorded_recipients() else {
        return Some(format!(
            "does not say whom it is sealed for ({})",
            count(kinds, "recipient")
        ));
    };
    let recorded: BTreeSet<String> = recorded.iter().cloned().collect();
    if recorded.len() != kinds {
        return Some(format!(
            "says {} and has {kinds}",
            count(recorded.len(), "recipient")
        ));
    }
    let added = wanted.difference(&recorded).map(|key| format!("+{key}"));
    let removed = recorded.difference(wanted).map(|key| format!("-{key}"));
    let all: Vec<_> = added.chain(removed).collect();
    (!all.is_empty()).then(|| all.join(" "))
}
