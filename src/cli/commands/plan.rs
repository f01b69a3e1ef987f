//! `orloj plan`: what would going live change?

use crate::cli::{
    client::ServerArgs,
    comparison::{self, ComparisonArgs},
    error::CliError,
    exit::Exit,
    live,
    manifests::{OwnedSide, Version, WORK_TREE, needed_repository, repository},
    session::Session,
};
use clap::Args;
use std::path::PathBuf;

/// Show what would change, in the order in which it would happen
///
/// By default from what the daemon serves (`live`) to the work tree. With `--base REV` or `--base none` no
/// daemon is needed. Resources that were sent by hand are left out. Secrets are never
/// shown: a sealed value is `ciphertext changed`, or with an age identity that opens both sides `changed` or
/// `re-encrypted only`; the digest is the same with and without. If the head has errors nothing is planned: they are printed and the exit code is 3.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj plan                           what pushing this work tree would change
  orloj plan --base main               offline, against a branch
  orloj plan --base none --head v1.2   everything a tag would create
  orloj plan -f manifests/             files outside a repository
  orloj plan -o markdown > comment.md  for a pull request
  orloj plan --out plan.json           keep it for programs")]
pub(crate) struct PlanArgs {
    /// What to start from: `live`, a revision, or `none`
    #[arg(long, default_value = "live", value_name = "live|REV|none")]
    base: String,
    /// What to go to: a revision, or `worktree`
    #[arg(
        long,
        default_value = WORK_TREE,
        value_name = "REV|worktree",
        conflicts_with = "file"
    )]
    head: String,
    /// Also write the plan as JSON into this file
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    comparison: ComparisonArgs,
    #[command(flatten)]
    server: ServerArgs,
}

/// Plans from base to head.
pub(crate) fn run(args: &PlanArgs, session: &mut Session) -> Result<Exit, CliError> {
    let head = head(args, session)?;
    let base = base(args, session)?;
    comparison::show(&base, &head, &args.comparison, args.out.as_deref(), session)
}

fn head(args: &PlanArgs, session: &mut Session) -> Result<Version, CliError> {
    let comparison = &args.comparison;
    if !comparison.file.is_empty() {
        return Version::of_typed(&comparison.file, session);
    }
    if args.head != WORK_TREE {
        let root = needed_repository(session)?;
        return Version::of_revision(&root, &args.head, &comparison.path);
    }
    let root = repository(session).unwrap_or_else(|| session.directory());
    Version::of_work_tree(&root, &comparison.path)
}

fn base(args: &PlanArgs, session: &mut Session) -> Result<OwnedSide, CliError> {
    let paths = &args.comparison.path;
    match args.base.as_str() {
        "none" => Ok(OwnedSide::default()),
        "live" => {
            let client = args.server.client(session)?;
            // With files from elsewhere the local clone says nothing about what is live.
            let clone = args.comparison.file.is_empty().then(|| repository(session));
            live::from_clone_or_daemon(&client, clone.flatten().as_deref(), paths).map_err(|error| {
                error.with_hint("without a daemon, plan from a commit (`--base HEAD`) or from nothing (`--base none`)")
            })
        }
        revision => {
            let root = needed_repository(session)?;
            Ok(Version::of_revision(&root, revision, paths)?.into_side())
        }
    }
}
