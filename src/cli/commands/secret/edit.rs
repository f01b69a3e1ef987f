//! `orloj secret edit`.

use super::edit_whole;
use crate::{
    cli::{
        error::CliError,
        exit::Exit,
        sealing::{
            files::{read_manifest, replace},
            identities::IdentityArgs,
            recipients::Recipients,
            rounds::until_good,
            values::{open_value, place_of, refused, seal_value, unreadable},
            whole::Form,
        },
        session::Session,
        text::count,
    },
    manifest::{
        parse_file,
        written::{Direction, Replacement, Source, WrittenValue, rewrite},
    },
    model::{Finding, Severity},
    secrets::{Binding, Keyring, Opened},
};
use clap::Args;
use std::path::PathBuf;
use zeroize::Zeroizing;

/// Change the values of a sealed manifest, SOPS file or age file in an editor
///
/// Opens the file with its values in clear text in $VISUAL, else $EDITOR, else vi, and seals them again when
/// the editor ends. Values that did not change keep their ciphertext, and everything else stays as it was
/// typed. What cannot be sealed or is no good manifest can be edited again, with what is wrong at its top;
/// without a terminal, or if the file is left empty, nothing is changed.
///
/// A file that SOPS sealed keeps its data key, its recipients, its comments and its form; values are sealed below
/// the keys that its selector names, and it gets a new MAC. A file that age sealed as a whole is sealed anew if it
/// changed.
///
/// The clear text is kept in a file for you alone, in memory where there is a memory file system
/// (`/dev/shm`), and is overwritten and removed at the end, also when the command is interrupted. What one that was
/// killed left behind is removed at the next start.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret edit secrets/openai.yaml --age-key-file age.key
  EDITOR='code --wait' orloj secret edit secrets/openai.yaml")]
pub(super) struct EditArgs {
    /// The manifest, SOPS file or age file
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    identities: IdentityArgs,
    /// A public key that may open what changes (can be repeated) [default: as for `encrypt`]; not for SOPS files
    #[arg(long, value_name = "age1...")]
    pub(super) recipient: Vec<String>,
}

/// A value as it was before.
struct Kept {
    place: Binding,
    value: Opened,
    armor: String,
    source: Source,
}

/// The file as it was, and how it is sealed again.
struct Editing<'a> {
    shown: &'a str,
    before: Zeroizing<Vec<u8>>,
    kept: Vec<Kept>,
    recipients: Recipients,
}

/// What is written, and what of it is new.
type Saved = (Zeroizing<Vec<u8>>, Tally);

/// How many values were made anew and how many stayed.
#[derive(Default)]
struct Tally {
    sealed: usize,
    kept: usize,
}

pub(super) fn run(args: &EditArgs, session: &mut Session) -> Result<Exit, CliError> {
    let path = session.path(&args.file);
    let before = read_manifest(&path)?;
    let keyring = args.identities.keyring(session)?;
    let shown = args.file.display().to_string();
    match Form::of(&shown, &before) {
        Form::Manifest => {}
        Form::Sops => return edit_whole::sops(args, (&path, &before), &keyring, session),
        Form::Age => return edit_whole::age(args, (&path, &before), &keyring, session),
    }
    let recipients = Recipients::of(&args.recipient, &path, session)?;
    let mut editing = Editing {
        shown: &shown,
        before,
        kept: Vec::new(),
        recipients,
    };
    let clear = editing.open(&keyring)?;
    let sealed = |text: &[u8]| editing.sealed(text);
    let Some((after, tally)) = until_good(&path, &clear, session, &sealed)? else {
        session
            .terminal
            .note(&format!("nothing was changed in `{shown}`\n"));
        return Ok(Exit::Done);
    };
    replace(&path, &editing.before, &after)?;
    if tally.sealed > 0 {
        editing.recipients.note(session);
    }
    session.terminal.note(&format!(
        "saved `{shown}`: {} sealed, {} kept as they were\n",
        count(tally.sealed, "value"),
        count(tally.kept, "value")
    ));
    Ok(Exit::Done)
}

impl Editing<'_> {
    /// The text with its values in clear.
    fn open(&mut self, keyring: &Keyring) -> Result<Zeroizing<Vec<u8>>, CliError> {
        let (shown, kept) = (self.shown, &mut self.kept);
        let opened = rewrite(&shown.into(), &self.before, Direction::Open, &mut |value| {
            let envelope = open_value(keyring, value, shown)?;
            if std::str::from_utf8(envelope.value.expose_bytes()).is_err() {
                let message = format!("{shown}:{}: `{}` is not text", value.line, value.key);
                return Err(CliError::new(message)
                    .with_hint("`orloj secret decrypt --key KEY --force` writes its bytes"));
            }
            let copy = Opened::new(envelope.value.expose_bytes().to_vec());
            kept.push(Kept {
                // With the hosts of its secret: whoever changes them has the value sealed again.
                place: place_of(value),
                value: copy,
                armor: value.text.to_owned(),
                source: value.source.clone(),
            });
            Ok(Replacement::Clear(envelope.value))
        })
        .map_err(|error| refused(shown, error))?;
        Ok(opened.unwrap_or_else(|| self.before.clone()))
    }

    /// The text sealed again, if it is good.
    fn sealed(&self, text: &[u8]) -> Result<Saved, CliError> {
        let mut tally = Tally::default();
        let sealed = rewrite(&self.shown.into(), text, Direction::Seal, &mut |value| {
            let (replacement, is_new) = self.seal_or_keep(value)?;
            if is_new {
                tally.sealed += 1;
            } else {
                tally.kept += 1;
            }
            Ok(replacement)
        })
        .map_err(|error| refused(self.shown, error))?;
        let sealed = sealed.unwrap_or_else(|| Zeroizing::new(text.to_vec()));
        let errors = errors(self.shown, &sealed);
        if !errors.is_empty() {
            // Their lines are those of the sealed text: whoever edits has fewer.
            let of_clear = errors_of_clear(self.shown, text, errors);
            return Err(unreadable(self.shown, of_clear));
        }
        self.refuse_clear_text(&sealed)?;
        Ok((sealed, tally))
    }

    /// What stands in the place of a clear value, and whether it was sealed anew.
    fn seal_or_keep(&self, value: &WrittenValue<'_>) -> Result<(Replacement, bool), CliError> {
        let Some(clear) = value.clear() else {
            let message = format!("line {}: `{}` is not base64", value.line, value.key);
            return Err(CliError::new(message));
        };
        let place = place_of(value);
        let kept = self
            .kept
            .iter()
            .find(|kept| kept.place == place && kept.value.same_as(&clear));
        if let Some(kept) = kept {
            let stood = Replacement::AsItStood(kept.source.clone(), kept.armor.clone());
            return Ok((stood, false));
        }
        let armor = seal_value(&place, &clear, &self.recipients.keys)?;
        Ok((Replacement::Sealed(armor), true))
    }

    /// A value may have come out of its Secret, by a slip in its kind: it is not written in clear then.
    fn refuse_clear_text(&self, sealed: &[u8]) -> Result<(), CliError> {
        let leaks = |kept: &&Kept| {
            let value = kept.value.expose_bytes().trim_ascii();
            value.len() >= 8 && sealed.windows(value.len()).any(|part| part == value)
        };
        match self.kept.iter().find(leaks) {
            None => Ok(()),
            Some(kept) => Err(CliError::new(format!(
                "the value `{}` of secret {}/{} would be saved in clear text",
                kept.place.key, kept.place.namespace, kept.place.secret
            ))
            .with_hint(
                "clear values are sealed only under `stringData` or `data` of a `kind: Secret`",
            )),
        }
    }
}

/// What keeps a text from being a good manifest.
pub(super) fn errors(shown: &str, text: &[u8]) -> Vec<Finding> {
    let parsed = parse_file(&shown.into(), text);
    let errors = parsed.findings.into_iter();
    errors
        .filter(|finding| finding.severity == Severity::Error)
        .collect()
}

/// The same errors where they stand in the clear text, if it has them too; else those of the sealed one.
fn errors_of_clear(shown: &str, text: &[u8], sealed: Vec<Finding>) -> Vec<Finding> {
    let clear = errors(shown, text);
    if clear.is_empty() { sealed } else { clear }
}
