//! `orloj validate`: are these manifests good?

use crate::{
    cli::{
        comparison::pretty,
        error::CliError,
        exit::Exit,
        lints::{self, Lints},
        manifests::{Version, clear_text},
        reading::Reading,
        report::{self, Reported, Tally},
        scope::ScopeArgs,
        session::Session,
        text::count,
    },
    manifest::AssembleOptions,
    model::Findings,
    reconcile::Snapshot,
    source::{Changed, Watch},
};
use clap::{Args, ValueEnum};
use std::{path::PathBuf, time::Instant};

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Format {
    /// For people, with the lines in question
    #[default]
    Text,
    /// For programs
    Json,
    /// For code scanning (SARIF 2.1.0)
    Sarif,
    /// As annotations of a GitHub workflow
    Github,
    /// For the test pages of CI systems (JUnit XML)
    Junit,
}

/// Check manifests without a daemon
///
/// Reads every `*.yaml`, `*.yml` and `*.json` below the paths and checks fields, references, aliases,
/// policies and the form of sealed secrets, and looks for what does not belong into Git: secrets in clear
/// text, age identities (in every small file that Git has or would take), texts that look like credentials; and
/// for secrets of a single recipient. What `.orlojignore` at the top of the repository names (as in `.gitignore`) is
/// not read as a manifest. Needs no network and no key. Exits with 3 if anything would make the daemon refuse the
/// commit, or if an identity is found.
///
/// With `--rev` or `--staged` and without paths the whole repository is read.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj validate                       this directory
  orloj validate agents endpoints      two directories, as one set
  orloj validate -f agent.yaml         one file, as kubectl spells it
  orloj validate - < agent.yaml        standard input
  orloj validate --rev origin/main     a commit
  orloj validate --staged              what is staged, in a pre-commit hook
  orloj validate --exclude charts      without some files
  orloj validate --watch               again after every save
  orloj validate -o github             in a GitHub workflow

`orloj explain-code CODE` explains a finding.")]
pub(crate) struct ValidateArgs {
    #[command(flatten)]
    scope: ScopeArgs,
    /// Check again whenever a file is saved, until interrupted
    #[arg(long, conflicts_with_all = ["rev", "staged"])]
    watch: bool,
    /// Warn about secrets in clear text instead of refusing them
    #[arg(long, env = "ORLOJ_ALLOW_PLAINTEXT_SECRETS", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    allow_plaintext_secrets: bool,
    /// Check that this key file is yours alone (can be repeated); it is not read
    #[arg(
        long,
        env = "ORLOJ_AGE_KEY_FILE",
        hide_env_values = true,
        value_name = "FILE",
        value_delimiter = ','
    )]
    age_key_file: Vec<PathBuf>,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: Format,
}

/// Reviews the files and prints what was found.
pub(crate) fn run(args: &ValidateArgs, session: &mut Session) -> Result<Exit, CliError> {
    if !args.watch {
        let mut kept = Kept::new(args);
        let done = once(args, session, &mut kept, &Changed::Everything);
        // The process ends here: taking a large repository apart would only cost time.
        std::mem::forget(kept);
        return done;
    }
    if args.scope.reads_stdin() {
        return Err(CliError::usage("standard input cannot be watched"));
    }
    // The watch starts first: what is saved during the first run is not missed.
    let watch = Watch::start(&args.scope.watched(session))?;
    let mut kept = Kept::new(args);
    let mut changed = Changed::Everything;
    loop {
        if session.terminal.out_style().color {
            session.terminal.data("\u{1b}[2J\u{1b}[H")?;
        }
        if let Err(error) = once(args, session, &mut kept, &changed) {
            // A file may be gone for a moment while an editor saves it.
            let style = session.terminal.err_style();
            let text = error.render(style, session.environment().width());
            session.terminal.note(&text);
        }
        if session.terminal.is_closed() {
            return Ok(Exit::Done);
        }
        match watch.wait(None) {
            Some(next) => changed = next,
            None => return Ok(Exit::Done),
        }
    }
}

/// What is kept from one look to the next, so that each costs what changed.
struct Kept {
    reading: Reading,
    snapshot: Snapshot,
    lints: Lints,
}

impl Kept {
    fn new(args: &ValidateArgs) -> Self {
        Self {
            reading: Reading::default(),
            snapshot: Snapshot::new(AssembleOptions {
                clear_text: clear_text(args.allow_plaintext_secrets),
            }),
            lints: Lints::default(),
        }
    }
}

fn once(
    args: &ValidateArgs,
    session: &mut Session,
    kept: &mut Kept,
    changed: &Changed,
) -> Result<Exit, CliError> {
    let begun = Instant::now();
    let version = args.scope.read(session, &mut kept.reading, changed)?;
    let mut found = version.check(&mut kept.snapshot, true);
    found.extend(kept.lints.one_recipient(kept.snapshot.catalog()));
    found.extend(lints::mounted(kept.snapshot.catalog()));
    found.extend(lints::key_files(&args.age_key_file, session)?);
    let identities = kept.lints.identities(&args.scope, session, changed)?;
    found.extend(identities);
    let took = begun.elapsed();
    let findings = Reported::all(&found);
    let report = printed(args.output, &version, &found, &findings, session);
    session.terminal.data(&report)?;
    if !matches!(args.output, Format::Json | Format::Sarif | Format::Junit) {
        let closing = closing(&version, &kept.snapshot, &findings, session);
        session.terminal.note(&closing);
        if args.watch {
            let took = took.as_secs_f64() * 1000.0;
            session.terminal.note(&format!("checked in {took:.1} ms\n"));
        }
    }
    Ok(if found.has_errors() {
        Exit::Invalid
    } else {
        Exit::Done
    })
}

fn printed(
    format: Format,
    version: &Version,
    found: &Findings,
    findings: &[Reported],
    session: &Session,
) -> String {
    match format {
        Format::Text => {
            let color = session.terminal.out_style().color;
            let width = session.environment().width();
            report::to_text(findings, &version.sources(), width, color)
        }
        Format::Json => pretty(&found.to_json_report()),
        Format::Sarif => pretty(&report::to_sarif(findings)),
        Format::Github => report::to_github(findings),
        Format::Junit => {
            let files = version.files.keys().map(|path| &**path);
            report::to_junit(files, findings)
        }
    }
}

fn closing(
    version: &Version,
    snapshot: &Snapshot,
    findings: &[Reported],
    session: &Session,
) -> String {
    if !findings.is_empty() {
        return format!("{}\n", Tally::of(findings).sentence());
    }
    let ok = session.terminal.err_style().green("ok:");
    let resources = count(snapshot.catalog().len(), "resource");
    let files = count(version.files.size(), "file");
    format!("{ok} {resources} in {files}, no findings\n")
}
