//! `orloj validate`: are these manifests good?

use crate::cli::{
    comparison::pretty,
    error::CliError,
    exit::Exit,
    manifests::{Version, clear_text},
    report::{self, Reported, Tally},
    session::Session,
    text::count,
};
use clap::{Args, ValueEnum};
use std::path::PathBuf;

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people, with the lines in question
    #[default]
    Text,
    /// For programs
    Json,
    /// As annotations of a GitHub workflow
    Github,
}

/// Check manifests without a daemon
///
/// Reads every `*.yaml`, `*.yml` and `*.json` below the paths and checks fields, references, aliases,
/// policies and the form of sealed secrets. Needs no network and no key. Exits with 3 if anything would
/// make the daemon refuse the commit.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj validate                       this directory
  orloj validate agents endpoints      two directories, as one set
  orloj validate -f agent.yaml         one file, as kubectl spells it
  orloj validate - < agent.yaml        standard input
  orloj validate -o github             in a GitHub workflow")]
pub(crate) struct ValidateArgs {
    /// Directories or files; `-` is standard input [default: .]
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A directory or file (can be repeated)
    #[arg(short, long = "file", value_name = "PATH")]
    file: Vec<PathBuf>,
    /// Warn about secrets in clear text instead of refusing them
    #[arg(long, env = "ORLOJ_ALLOW_PLAINTEXT_SECRETS", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    allow_plaintext_secrets: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// Reviews the files and prints what was found.
pub(crate) fn run(args: &ValidateArgs, session: &mut Session) -> Result<Exit, CliError> {
    let paths: Vec<PathBuf> = args.paths.iter().chain(&args.file).cloned().collect();
    let version = Version::of_typed(&paths, session)?;
    let review = version.review(None, clear_text(args.allow_plaintext_secrets), true);
    let findings = Reported::all(&review.findings);
    let report = match args.output {
        Format::Text => {
            let color = session.terminal.out_style().color;
            let width = session.environment().width();
            report::to_text(&findings, &version.sources(), width, color)
        }
        Format::Json => pretty(&review.findings.to_json_report()),
        Format::Github => report::to_github(&findings),
    };
    session.terminal.data(&report)?;
    let failed = review.findings.has_errors();
    let closing = if findings.is_empty() {
        let ok = session.terminal.err_style().green("ok:");
        let resources = count(review.catalog.len(), "resource");
        let files = count(version.files.len(), "file");
        format!("{ok} {resources} in {files}, no findings\n")
    } else {
        format!("{}\n", Tally::of(&findings).sentence())
    };
    if args.output != Format::Json {
        session.terminal.note(&closing);
    }
    Ok(if failed { Exit::Invalid } else { Exit::Done })
}
