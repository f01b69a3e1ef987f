//! `orloj secret edit`.

use crate::{
    cli::{
        error::CliError,
        exit::Exit,
        sealing::{
            editor::Editor,
            files::{read_manifest, replace},
            identities::IdentityArgs,
            private::PrivateFile,
            recipients::Recipients,
            values::{open_value, place_of, refused, seal_value, unreadable},
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
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What a note to whoever edits begins with; such lines are left out.
const NOTE: &str = "#! ";

/// Change the values of a sealed manifest in an editor
///
/// Opens the file with its values in clear text in $VISUAL, else $EDITOR, else vi, and seals them again when
/// the editor ends. Values that did not change keep their ciphertext, and everything else stays as it was
/// typed. What cannot be sealed or is no good manifest comes back to the editor with what is wrong; an
/// empty file gives up.
///
/// The clear text is kept in a file for you alone, in memory where there is a memory file system
/// (`/dev/shm`), and is overwritten and removed at the end, also when the command is interrupted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj secret edit secrets/openai.yaml --age-key-file age.key
  EDITOR='code --wait' orloj secret edit secrets/openai.yaml")]
pub(super) struct EditArgs {
    /// The manifest
    #[arg(value_name = "FILE")]
    file: PathBuf,
    #[command(flatten)]
    identities: IdentityArgs,
    /// A public key that may open what changes (can be repeated) [default: as for `encrypt`]
    #[arg(long, value_name = "age1...")]
    recipient: Vec<String>,
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
    path: &'a Path,
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
    let recipients = Recipients::of(&args.recipient, &path, session)?;
    let shown = args.file.display().to_string();
    let mut editing = Editing {
        shown: &shown,
        path: &path,
        before,
        kept: Vec::new(),
        recipients,
    };
    let clear = editing.open(&keyring)?;
    let Some((after, tally)) = editing.until_good(&clear, session)? else {
        session
            .terminal
            .note(&format!("nothing was changed in `{shown}`\n"));
        return Ok(Exit::Done);
    };
    replace(&path, &editing.before, &after)?;
    if tally.sealed > 0 {
        editing.recipients.note_a_single_one(session);
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
                return Err(CliError::new(message));
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

    /// Runs the editor until the text can be sealed; `None` if it was left as it was.
    fn until_good(&self, clear: &[u8], session: &mut Session) -> Result<Option<Saved>, CliError> {
        let editor = session.environment().editor.clone();
        let mut editor = Editor::ready(editor.unwrap_or_else(|| "vi".to_owned()))?;
        let file = PrivateFile::create(self.path)?;
        let mut last = Zeroizing::new(clear.to_vec());
        let mut notes = String::new();
        loop {
            file.write(&[notes.as_bytes(), &last])?;
            editor.edit(file.path())?;
            let text = without_notes(&file.read()?);
            if is_blank(&text) {
                return Err(CliError::new(
                    "the file was left empty; nothing was changed",
                ));
            }
            if *text == *clear {
                return Ok(None);
            }
            let error = match self.sealed(&text) {
                Ok(done) => return Ok(Some(done)),
                Err(error) => error,
            };
            if !notes.is_empty() && *text == *last {
                return Err(error.with_hint(
                    "it was left as it was although it cannot be saved; nothing was changed",
                ));
            }
            let rendered =
                error.render(session.terminal.err_style(), session.environment().width());
            session.terminal.note(&rendered);
            notes = self.notes(&error);
            last = text;
        }
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

    /// The error as lines that the editor shows first; JSON has no comments.
    fn notes(&self, error: &CliError) -> String {
        if self.path.extension().is_some_and(|end| end == "json") {
            return String::new();
        }
        let mut notes = String::new();
        for line in error.plain().lines().filter(|line| !line.trim().is_empty()) {
            notes.push_str(NOTE);
            notes.push_str(line);
            notes.push('\n');
        }
        notes.push_str(NOTE);
        notes.push_str("mend it and save, or leave the file empty to give up\n");
        notes
    }
}

fn without_notes(text: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut rest = text;
    while rest.starts_with(NOTE.as_bytes()) {
        let end = rest.iter().position(|byte| *byte == b'\n');
        rest = end.and_then(|end| rest.get(end + 1..)).unwrap_or_default();
    }
    Zeroizing::new(rest.to_vec())
}

/// Whether there is nothing but comments.
fn is_blank(text: &[u8]) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n');
    lines.all(|line| {
        let line = line.trim_ascii();
        line.is_empty() || line.starts_with(b"#")
    })
}

fn errors(shown: &str, text: &[u8]) -> Vec<Finding> {
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
