//! `orloj diff`: what differs between two versions?

use crate::cli::{
    client::ServerArgs,
    comparison::{self, ComparisonArgs},
    error::CliError,
    exit::Exit,
    live,
    manifests::{Version, needed_repository},
    session::Session,
};
use clap::Args;

/// Show what differs between two commits, or between live and files
///
/// Compares resources field by field; order, comments and formatting do not count, and secrets are never
/// shown: a sealed value is `ciphertext changed`, or with an age identity that opens both sides `changed` or
/// `re-encrypted only`. Findings of the newer side come first, on stderr; with an error among them the exit code is 3.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj diff                           the last commit and the work tree
  orloj diff HEAD~1..HEAD              two commits
  orloj diff main                      a branch and the work tree
  orloj diff -f agents/                what the daemon serves and files
  orloj diff main.. --detailed-exitcode -o markdown")]
pub(crate) struct DiffArgs {
    /// `A..B`, or one revision to compare with the work tree [default: HEAD]
    #[arg(value_name = "A..B", conflicts_with = "file")]
    range: Option<String>,
    #[command(flatten)]
    comparison: ComparisonArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Compares the two sides.
pub(crate) fn run(args: &DiffArgs, session: &mut Session) -> Result<Exit, CliError> {
    let comparison = &args.comparison;
    if !comparison.file.is_empty() {
        let head = Version::of_typed(&comparison.file, session)?;
        let base = live::from_daemon(&args.server.client(session)?)?;
        return comparison::show(&base, &head, comparison, None, session);
    }
    let root = needed_repository(session)?;
    let paths = &comparison.path;
    let (base, head) = sides(args.range.as_deref())?;
    let base = Version::of_revision(&root, base, paths)?.into_side();
    let head = match head {
        Some(revision) => Version::of_revision(&root, revision, paths)?,
        None => Version::of_work_tree(&root, paths)?,
    };
    comparison::show(&base, &head, comparison, None, session)
}

/// Splits `A..B`; a side that is left out is `HEAD`, and without `..` the second is the work tree.
fn sides(range: Option<&str>) -> Result<(&str, Option<&str>), CliError> {
    let Some(range) = range else {
        return Ok(("HEAD", None));
    };
    if range.contains("...") {
        return Err(CliError::usage(format!(
            "`{range}` has three dots; only `A..B` is understood"
        ))
        .with_hint("name the merge base yourself: `$(git merge-base A B)..B`"));
    }
    Ok(match range.split_once("..") {
        Some((base, head)) => (or_head(base), Some(or_head(head))),
        None => (or_head(range), None),
    })
}

fn or_head(side: &str) -> &str {
    if side.is_empty() { "HEAD" } else { side }
}
