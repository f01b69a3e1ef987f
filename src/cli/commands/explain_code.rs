//! `orloj explain-code`: what a finding's code means.

use crate::{
    cli::{error::CliError, exit::Exit, report::explained, session::Session, text::wrap},
    manifest::did_you_mean,
    model::{Code, code},
};
use clap::Args;
use std::fmt::Write as _;

/// Explain the code of a finding, with an example and the fix
///
/// Without a code all of them are listed. Codes are stable: scripts may match them.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj explain-code                   every code with its meaning
  orloj explain-code E-REF-MISSING")]
pub(crate) struct ExplainCodeArgs {
    /// The code, in any letter case
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

/// Prints one explanation, or the list.
pub(crate) fn run(args: &ExplainCodeArgs, session: &mut Session) -> Result<Exit, CliError> {
    let width = session.environment().width();
    let text = match &args.code {
        None => list(width),
        Some(word) => {
            let (code, meaning) = find(word)?;
            match code.explanation() {
                Some(explanation) => wrapped(&explained::plain(code, meaning, explanation), width),
                None => format!("{code}: {}\n", meaning.trim()),
            }
        }
    };
    session.terminal.data(&text)?;
    Ok(Exit::Done)
}

fn find(word: &str) -> Result<(Code, &'static str), CliError> {
    let asked = word.trim().to_ascii_uppercase();
    let mut all = code::ALL.iter();
    if let Some(found) = all.find(|(code, _)| code.as_str() == asked) {
        return Ok(*found);
    }
    let error = CliError::usage(format!("there is no code `{word}`"));
    let names = code::ALL.iter().map(|(code, _)| code.as_str());
    Err(match did_you_mean(&asked, names) {
        Some(near) => error.with_hint(format!("did you mean `{near}`?")),
        None => error.with_hint("`orloj explain-code` lists the codes"),
    })
}

fn list(width: usize) -> String {
    let names = code::ALL.iter().map(|(code, _)| code.as_str().len());
    let column = names.max().unwrap_or_default() + 2;
    let room = width.saturating_sub(column).max(20);
    let mut out = String::new();
    for (code, meaning) in code::ALL {
        let meaning = wrap(meaning, room, room).replace('\n', &format!("\n{:column$}", ""));
        let _ = writeln!(out, "{code:column$}{meaning}");
    }
    out
}

/// Prose is wrapped; what is indented is an example and stays as it is.
fn wrapped(text: &str, width: usize) -> String {
    let mut out = String::new();
    for line in text.lines() {
        if line.starts_with(' ') {
            out.push_str(line);
        } else {
            out.push_str(&wrap(line, width, width));
        }
        out.push('\n');
    }
    out
}
