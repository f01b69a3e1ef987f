//! Showing a plan: what `plan` and `diff` have in common.

use super::{
    error::CliError,
    exit::Exit,
    manifests::{OwnedSide, Version, WORK_TREE, clear_text},
    report::{self, Reported, Sources, Tally},
    revision::short,
    sealing::identities::IdentityArgs,
    session::Session,
    text::{count, printable},
};
use crate::{
    daemon::forbid_core_dumps,
    model::code,
    plan::{Change, Plan, TextOptions, to_json, to_markdown, to_text},
    reconcile::{Review, tell_values_apart},
    secrets::PrintKey,
};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

/// Version of the document of a plan that failed; the same as a good plan's.
const FORMAT_VERSION: &str = "1.0";

/// How a plan is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub(crate) enum PlanFormat {
    /// For people
    #[default]
    Text,
    /// For programs
    Json,
    /// For a comment on a pull request
    Markdown,
}

/// Flags that `plan` and `diff` share.
#[derive(Debug, Args)]
pub(crate) struct ComparisonArgs {
    /// Look only at this directory of the repository (can be repeated)
    #[arg(long, value_name = "DIR")]
    pub(crate) path: Vec<String>,
    /// Compare with this directory or file instead of the repository (can be repeated; `-` is stdin)
    #[arg(short = 'f', long = "file", value_name = "PATH")]
    pub(crate) file: Vec<PathBuf>,
    /// Show every field of new resources
    #[arg(long)]
    full: bool,
    /// How to print
    #[arg(short, long, value_enum, default_value_t, value_name = "FORMAT")]
    output: PlanFormat,
    /// Exit with 2 if there are differences
    #[arg(long)]
    detailed_exitcode: bool,
    /// Warn about secrets in clear text instead of refusing them
    #[arg(long, env = "ORLOJ_ALLOW_PLAINTEXT_SECRETS", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    allow_plaintext_secrets: bool,
    #[command(flatten)]
    identities: IdentityArgs,
}

/// Plans the way from `base` to `head` and shows it; `save` gets the plan as JSON.
pub(crate) fn show(
    base: &OwnedSide,
    head: &Version,
    args: &ComparisonArgs,
    save: Option<&Path>,
    session: &mut Session,
) -> Result<Exit, CliError> {
    let policy = clear_text(args.allow_plaintext_secrets);
    let mut review = head.review(base.side(), policy);
    let scopes = base.windows.scopes(&review.plan.changes);
    review.plan.schedule = base.windows.closed(&scopes, Timestamp::now());
    judge_values(&mut review, base, &args.identities, session)?;
    let findings = Reported::all(&review.findings);
    let document = document(&review);
    if let Some(path) = save {
        write_file(&session.path(path), &pretty(&document))?;
    }
    let failed = review.findings.has_errors();
    if args.output != PlanFormat::Json {
        let mut shown = findings.clone();
        // The plan itself says which kinds nothing acts on.
        shown.retain(|finding| failed || finding.code != code::KIND_NOT_SERVED.as_str());
        let report = rendered(&shown, &head.sources(), session);
        session.terminal.note(&report);
        if !shown.is_empty() && !failed {
            let tally = Tally::of(&shown).sentence();
            session.terminal.note(&format!("{tally}\n\n"));
        }
    }
    match args.output {
        PlanFormat::Json => session.terminal.data(&pretty(&document))?,
        PlanFormat::Markdown if failed => {
            session
                .terminal
                .data(&failed_markdown(&findings, &review))?;
        }
        PlanFormat::Text if failed => session.terminal.note(&failure(&findings, &review)),
        PlanFormat::Markdown => {
            session.terminal.data(&to_markdown(&review.plan))?;
        }
        PlanFormat::Text => {
            let options = TextOptions {
                full: args.full,
                color: session.terminal.out_style().color,
            };
            let text = to_text(&labelled(&review.plan, base, head), options);
            session.terminal.data(&text)?;
        }
    }
    if let Some(path) = save {
        let saved = format!("saved: {}\n", path.display());
        session.terminal.note(&saved);
    }
    Ok(if failed {
        Exit::Invalid
    } else if args.detailed_exitcode && !review.plan.is_empty() {
        Exit::Differences
    } else {
        Exit::Done
    })
}

/// Says whether values whose ciphertext differs are other values, where an identity opens both sides.
fn judge_values(
    review: &mut Review,
    base: &OwnedSide,
    identities: &IdentityArgs,
    session: &mut Session,
) -> Result<(), CliError> {
    // Who compares nothing sealed needs no key, not even one that is named and cannot be read.
    let mut changes = review.plan.changes.iter();
    if review.findings.has_errors() || !changes.any(Change::has_other_ciphertext) {
        return Ok(());
    }
    let keyring = identities.keyring(session)?;
    if keyring.is_empty() {
        return Ok(());
    }
    // Values are about to be in memory; where the system refuses this, they are opened still.
    let _ = forbid_core_dumps();
    let key = PrintKey::random()
        .map_err(|error| CliError::new("failed to compare secrets").because(&error))?;
    let catalogs = (&base.catalog, review.snapshot.catalog());
    tell_values_apart(&mut review.plan, catalogs, &keyring, &key);
    Ok(())
}

/// Prints findings to stderr; nothing if there are none.
pub(crate) fn note_findings(findings: &[Reported], sources: &Sources, session: &mut Session) {
    if findings.is_empty() {
        return;
    }
    let mut text = rendered(findings, sources, session);
    let _ = writeln!(text, "{}\n", Tally::of(findings).sentence());
    session.terminal.note(&text);
}

fn rendered(findings: &[Reported], sources: &Sources, session: &Session) -> String {
    let color = session.terminal.err_style().color;
    report::to_text(findings, sources, session.environment().width(), color)
}

/// A JSON value as it is printed.
pub(crate) fn pretty(value: &Value) -> String {
    // `{:#}` cannot fail for a value that is already built.
    format!("{value:#}\n")
}

/// The plan with its sides called as people know them.
fn labelled(plan: &Plan, base: &OwnedSide, head: &Version) -> Plan {
    let mut plan = plan.clone();
    if plan.is_empty() {
        plan.base = short(&base.name);
        plan.head = match short(&head.name) {
            name if name == WORK_TREE => "the work tree".to_owned(),
            name => name,
        };
    } else {
        plan.base.clone_from(&base.label);
        plan.head.clone_from(&head.label);
    }
    plan
}

fn document(review: &Review) -> Value {
    let findings = review.findings.to_json_list();
    if review.findings.has_errors() {
        return json!({
            "format_version": FORMAT_VERSION,
            "status": "invalid",
            "findings": findings,
            "summary": review.findings.summary(),
        });
    }
    let mut document = to_json(&review.plan);
    if let Value::Object(fields) = &mut document {
        fields.insert("findings".to_owned(), findings);
    }
    document
}

/// `Plan failed: 3 errors in 2 files (10 objects are fine).`
fn failure(findings: &[Reported], review: &Review) -> String {
    format!("{}.\n", failure_sentence(findings, review))
}

fn failure_sentence(findings: &[Reported], review: &Review) -> String {
    let tally = Tally::of_errors(findings);
    let broken: BTreeSet<_> = review
        .findings
        .iter()
        .filter(|finding| finding.severity == crate::model::Severity::Error)
        .filter_map(|finding| finding.resource.as_ref())
        .collect();
    let fine = review
        .snapshot
        .catalog()
        .iter()
        .filter(|resource| !broken.contains(&resource.id))
        .count();
    let are = if fine == 1 { "is" } else { "are" };
    format!(
        "Plan failed: {} ({} {are} fine)",
        tally.sentence(),
        count(fine, "object")
    )
}

fn failed_markdown(findings: &[Reported], review: &Review) -> String {
    let mut out = format!("**{}**\n\n", failure_sentence(findings, review));
    for finding in findings {
        let _ = write!(
            out,
            "- `{}:{}:{}` **{}** {}",
            markdown(&finding.file),
            finding.line,
            finding.column,
            finding.code,
            markdown(&finding.message)
        );
        if let Some(hint) = &finding.hint {
            let _ = write!(out, " ({})", markdown(hint));
        }
        out.push('\n');
    }
    out
}

/// One line of a stranger's text that starts no markup of its own line and mentions nobody.
fn markdown(text: &str) -> String {
    printable(text)
        .replace('\n', " ")
        .replace('<', "&lt;")
        .replace('@', "@\u{200b}")
}

fn write_file(path: &Path, text: &str) -> Result<(), CliError> {
    fs::write(path, text).map_err(|error| {
        CliError::new(format!("failed to write `{}`", path.display())).because(&error)
    })
}
