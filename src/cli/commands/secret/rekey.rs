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
            whole::{Form, SopsOpened, age_file, not_rewritten, open_age, sops_file},
        },
        session::Session,
        text::count,
    },
    manifest::written::{
        Direction, Replacement, WrittenValue, rewrite,
        sops::{NewRecipients, may_be_secrets, recipients_line, set_recipients},
    },
    secrets::{Keyring, Recipient, Sealed, seal_file},
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
/// Of a file that SOPS sealed only `sops.age` changes: its data key is sealed for who is new, and who is gone is
/// left out. A file that age sealed as a whole (`*.yaml.age`; others if they are named) is sealed anew, armored or
/// binary as it was. In directories only what holds Secrets is looked at.
///
/// With `--check` nothing is written and no key is needed: exits with 3 and lists the values, for CI.
///
/// Whoever was a recipient may have kept the value, or the data key: replace the value at the provider when
/// somebody leaves.
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
    /// Files with such values.
    files: usize,
    sops_files: usize,
    age_files: usize,
    lines: Vec<String>,
}

impl Tally {
    fn is_empty(&self) -> bool {
        self.values + self.sops_files + self.age_files == 0
    }

    /// `2 values in 1 file, 1 SOPS file`.
    fn sentence(&self) -> String {
        let mut parts = Vec::new();
        if self.values > 0 {
            let (values, files) = (count(self.values, "value"), count(self.files, "file"));
            parts.push(format!("{values} in {files}"));
        }
        for (number, noun) in [(self.sops_files, "SOPS file"), (self.age_files, "age file")] {
            if number > 0 {
                parts.push(count(number, noun));
            }
        }
        parts.join(", ")
    }
}

/// A file that may have to be sealed anew.
struct Target {
    path: PathBuf,
    /// As it is called in what is printed.
    shown: String,
    /// Whether it was named, and not found below a directory.
    is_named: bool,
}

/// Whom a file is to be sealed for, and what opens it; without keys it is only looked at.
struct Work<'a> {
    target: &'a Target,
    before: &'a [u8],
    recipients: &'a Recipients,
    keyring: Option<&'a Keyring>,
}

pub(super) fn run(args: &RekeyArgs, session: &mut Session) -> Result<Exit, CliError> {
    let keyring = if args.check {
        None
    } else {
        Some(args.identities.keyring(session)?)
    };
    let mut tally = Tally::default();
    for target in targets(&args.paths, session)? {
        one(args, &target, keyring.as_ref(), &mut tally, session)?;
    }
    for line in &tally.lines {
        session.terminal.data(&format!("{line}\n"))?;
    }
    if tally.is_empty() {
        session
            .terminal
            .note("every value is sealed for its recipients\n");
        return Ok(Exit::Done);
    }
    let what = tally.sentence();
    if args.check {
        return Err(CliError::new(format!("{what} must be sealed anew"))
            .with_exit(Exit::Invalid)
            .with_hint("`orloj secret rekey` does it, with a key that opens them"));
    }
    session.terminal.note(&format!("sealed {what} anew\n"));
    Ok(Exit::Done)
}

/// The files with sealed values below the paths, as far as their names can tell.
fn targets(typed: &[PathBuf], session: &Session) -> Result<Vec<Target>, CliError> {
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
            let ends = [".yaml", ".yml", ".json", ".yaml.age"];
            let name = entry.file_name().to_string_lossy();
            let fits = ends.iter().any(|end| name.ends_with(end));
            let is_named = entry.depth() == 0;
            if is_file && (fits || is_named) {
                let below = entry.path().strip_prefix(&root).unwrap_or(entry.path());
                let shown = if typed == Path::new(".") {
                    below.to_path_buf()
                } else if below.as_os_str().is_empty() {
                    typed.clone()
                } else {
                    typed.join(below)
                };
                files.push(Target {
                    path: entry.path().to_owned(),
                    shown: shown.display().to_string(),
                    is_named,
                });
            }
        }
    }
    Ok(files)
}

fn one(
    args: &RekeyArgs,
    target: &Target,
    keyring: Option<&Keyring>,
    tally: &mut Tally,
    session: &mut Session,
) -> Result<(), CliError> {
    let before = read_manifest(&target.path)?;
    let form = Form::of(&target.shown, &before);
    let mark = b"encryptedData";
    let is_wanted = match form {
        Form::Manifest => before.windows(mark.len()).any(|part| part == mark),
        Form::Sops => target.is_named || may_be_secrets(&target.shown.as_str().into(), &before),
        Form::Age => true,
    };
    if !is_wanted {
        return Ok(());
    }
    let recipients = Recipients::of(&args.recipient, &target.path, session)?;
    let work = Work {
        target,
        before: &before,
        recipients: &recipients,
        keyring,
    };
    let found = match form {
        Form::Manifest => work.values(tally)?,
        Form::Sops => work.data_key(tally)?,
        Form::Age => work.whole(tally)?,
    };
    if found {
        recipients.note_a_single_one(session);
    }
    Ok(())
}

impl Work<'_> {
    /// The values of a manifest, one by one.
    fn values(&self, tally: &mut Tally) -> Result<bool, CliError> {
        let shown = self.target.shown.as_str();
        let wanted = self.recipients.names();
        let mut found = 0;
        let replace_value = &mut |value: &WrittenValue<'_>| {
            let Some(difference) = of_value(value, &wanted) else {
                return Ok(Replacement::Keep);
            };
            found += 1;
            tally.lines.push(format!(
                "{shown}:{}  secret/{} {}: {difference}",
                value.line, value.name, value.key
            ));
            let Some(keyring) = self.keyring else {
                return Ok(Replacement::Keep);
            };
            let envelope = open_value(keyring, value, shown)?;
            let place = envelope.binding.unwrap_or_else(|| place_of(value));
            let armor = seal_value(&place, &envelope.value, &self.recipients.keys)?;
            Ok(Replacement::Sealed(armor))
        };
        let after = rewrite(&shown.into(), self.before, Direction::Reseal, replace_value)
            .map_err(|error| refused(shown, error))?;
        if let Some(after) = after {
            replace(&self.target.path, self.before, &after)?;
        }
        tally.values += found;
        tally.files += usize::from(found > 0);
        Ok(found > 0)
    }

    /// The data key of a SOPS file.
    fn data_key(&self, tally: &mut Tally) -> Result<bool, CliError> {
        let shown = self.target.shown.as_str();
        let file = sops_file(shown, self.before)?;
        let has = file.recipients().iter().map(|it| it.public_key.clone());
        let (has, wanted) = (has.collect(), self.recipients.names());
        let Some(difference) = between(&has, &wanted) else {
            return Ok(false);
        };
        let line = recipients_line(&shown.into(), self.before).unwrap_or(1);
        tally
            .lines
            .push(format!("{shown}:{line}  sops.age: {difference}"));
        tally.sops_files += 1;
        let Some(keyring) = self.keyring else {
            return Ok(true);
        };
        let opened = SopsOpened::open(shown, self.before, keyring)?;
        let staying = has.intersection(&wanted).cloned().collect();
        let is_new = |key: &&Recipient| !has.contains(&key.to_string());
        let new = self.recipients.keys.iter().filter(is_new);
        let added = new.map(|key| Ok((key.to_string(), opened.key.wrap(key)?)));
        let added = added.collect::<Result<Vec<_>, CliError>>()?;
        let new = NewRecipients {
            staying: &staying,
            added: &added,
        };
        let after = set_recipients(&shown.into(), self.before, &opened.file, &new);
        let after = after.map_err(|error| not_rewritten(shown, error))?;
        replace(&self.target.path, self.before, &after)?;
        Ok(true)
    }

    /// A file that age sealed as a whole.
    fn whole(&self, tally: &mut Tally) -> Result<bool, CliError> {
        let shown = self.target.shown.as_str();
        let file = age_file(shown, self.before)?;
        let (kinds, recorded) = (file.recipient_kinds().len(), file.recorded_recipients());
        let Some(difference) = difference(kinds, recorded, &self.recipients.names()) else {
            return Ok(false);
        };
        tally.lines.push(format!("{shown}  {difference}"));
        tally.age_files += 1;
        let Some(keyring) = self.keyring else {
            return Ok(true);
        };
        let opened = open_age(shown, &file, keyring)?;
        let after = seal_file(&opened, &self.recipients.keys, file.is_armored())?;
        replace(&self.target.path, self.before, &after)?;
        Ok(true)
    }
}

/// How the recipients of a value differ from the wanted ones; `None` if they do not.
fn of_value(value: &WrittenValue<'_>, wanted: &BTreeSet<String>) -> Option<String> {
    match Sealed::parse(value.text) {
        Ok(sealed) => difference(
            sealed.recipient_kinds().len(),
            sealed.recorded_recipients(),
            wanted,
        ),
        Err(_) => Some("is no sealed value".to_owned()),
    }
}

/// The same of what has so many recipients, and says who they are or does not.
fn difference(
    kinds: usize,
    recorded: Option<&[String]>,
    wanted: &BTreeSet<String>,
) -> Option<String> {
    let Some(recorded) = recorded else {
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
    between(&recorded, wanted)
}

fn between(has: &BTreeSet<String>, wanted: &BTreeSet<String>) -> Option<String> {
    let added = wanted.difference(has).map(|key| format!("+{key}"));
    let removed = has.difference(wanted).map(|key| format!("-{key}"));
    let all: Vec<_> = added.chain(removed).collect();
    (!all.is_empty()).then(|| all.join(" "))
}
