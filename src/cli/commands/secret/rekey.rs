//! `orloj secret rekey`.

use crate::{
    cli::{
        error::CliError,
        exit::Exit,
        sealing::{
            files::{read_manifest, replace},
            found::{Target, targets},
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
use std::{collections::BTreeSet, path::PathBuf};
use zeroize::Zeroizing;

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
/// Everything is opened and sealed before anything is written: if that fails for one file, no file is changed.
///
/// With `--check` nothing is written and no key is needed: exits with 3 and lists the values, for CI.
///
/// Whoever was a recipient may have kept the value, or the data key: replace the value at the provider when
/// somebody leaves.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret rekey --age-key-file age.key    after editing .orloj/recipients
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
    /// Whom for, each source once.
    recipients: BTreeSet<String>,
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

/// A file as it was and as it will be.
struct Change {
    target: Target,
    before: Zeroizing<Vec<u8>>,
    after: Zeroizing<Vec<u8>>,
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
    let (mut changes, mut errors) = (Vec::new(), Vec::new());
    for target in targets(&args.paths, session)? {
        match one(args, target, keyring.as_ref(), &mut tally, session) {
            Ok(change) => changes.extend(change),
            Err(error) => errors.push(error),
        }
    }
    if args.check || errors.is_empty() {
        for line in &tally.lines {
            session.terminal.data(&format!("{line}\n"))?;
        }
    }
    if let Some(error) = one_of(errors, args.check, session) {
        return Err(error);
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
    write(&changes)?;
    for told in &tally.recipients {
        session.terminal.note(told);
    }
    session.terminal.note(&format!("sealed {what} anew\n"));
    Ok(Exit::Done)
}

/// All errors as one; those before the last are told here.
fn one_of(mut errors: Vec<CliError>, is_check: bool, session: &mut Session) -> Option<CliError> {
    let last = errors.pop()?;
    let width = session.environment().width();
    for error in errors {
        let text = error.render(session.terminal.err_style(), width);
        session.terminal.note(&text);
    }
    if is_check {
        return Some(last);
    }
    Some(last.with_hint("no file was changed: everything must open before anything is written"))
}

/// Writes every file; where that fails, says how far it came.
fn write(changes: &[Change]) -> Result<(), CliError> {
    for (done, change) in changes.iter().enumerate() {
        let Change {
            target,
            before,
            after,
        } = change;
        replace(&target.path, before, after).map_err(|error| {
            let all = count(changes.len(), "file");
            let hint = format!(
                "{done} of {all} were written before; `orloj secret rekey` goes on with the others"
            );
            error.with_hint(hint)
        })?;
    }
    Ok(())
}

/// What is to be written of a file, if anything.
fn one(
    args: &RekeyArgs,
    target: Target,
    keyring: Option<&Keyring>,
    tally: &mut Tally,
    session: &mut Session,
) -> Result<Option<Change>, CliError> {
    let before = read_manifest(&target.path)?;
    let form = Form::of(&target.shown, &before);
    let mark = b"encryptedData";
    let is_wanted = match form {
        Form::Manifest => before.windows(mark.len()).any(|part| part == mark),
        Form::Sops => target.is_named || may_be_secrets(&target.shown.as_str().into(), &before),
        Form::Age => true,
    };
    if !is_wanted {
        return Ok(None);
    }
    let recipients = Recipients::of(&args.recipient, &target.path, session)?;
    let work = Work {
        target: &target,
        before: &before,
        recipients: &recipients,
        keyring,
    };
    let after = match form {
        Form::Manifest => work.values(tally)?,
        Form::Sops => work.data_key(tally)?.map(Zeroizing::new),
        Form::Age => work.whole(tally)?.map(Zeroizing::new),
    };
    Ok(after.map(|after| {
        tally.recipients.insert(recipients.sentences());
        Change {
            target,
            before,
            after,
        }
    }))
}

impl Work<'_> {
    // Each gives the text to write; none if nothing is to change, or there are no keys to change it with.
    /// The values of a manifest, one by one.
    fn values(&self, tally: &mut Tally) -> Result<Option<Zeroizing<Vec<u8>>>, CliError> {
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
        tally.values += found;
        tally.files += usize::from(found > 0);
        Ok(after)
    }

    /// The data key of a SOPS file.
    fn data_key(&self, tally: &mut Tally) -> Result<Option<Vec<u8>>, CliError> {
        let shown = self.target.shown.as_str();
        let file = sops_file(shown, self.before)?;
        let has = file.recipients().iter().map(|it| it.public_key.clone());
        let (has, wanted) = (has.collect(), self.recipients.names());
        let Some(difference) = between(&has, &wanted) else {
            return Ok(None);
        };
        let line = recipients_line(&shown.into(), self.before).unwrap_or(1);
        tally
            .lines
            .push(format!("{shown}:{line}  sops.age: {difference}"));
        tally.sops_files += 1;
        let Some(keyring) = self.keyring else {
            return Ok(None);
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
        Ok(Some(after))
    }

    /// A file that age sealed as a whole.
    fn whole(&self, tally: &mut Tally) -> Result<Option<Vec<u8>>, CliError> {
        let shown = self.target.shown.as_str();
        let file = age_file(shown, self.before)?;
        let (kinds, recorded) = (file.recipient_kinds().len(), file.recorded_recipients());
        let Some(difference) = difference(kinds, recorded, &self.recipients.names()) else {
            return Ok(None);
        };
        tally.lines.push(format!("{shown}  {difference}"));
        tally.age_files += 1;
        let Some(keyring) = self.keyring else {
            return Ok(None);
        };
        let opened = open_age(shown, &file, keyring)?;
        let after = seal_file(&opened, &self.recipients.keys, file.is_armored())?;
        Ok(Some(after))
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
