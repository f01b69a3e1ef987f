//! The one list of commands.

use super::{
    commands::{
        apply::ApplyArgs, backup::BackupArgs, completion::CompletionArgs, confirm::ConfirmArgs,
        create::CreateArgs, delete::DeleteArgs, demo::DemoArgs, describe::DescribeArgs,
        diff::DiffArgs, explain::ExplainArgs, explain_code::ExplainCodeArgs, get::GetArgs,
        graph::GraphArgs, help::HelpArgs, history::HistoryArgs, plan::PlanArgs,
        restore::RestoreArgs, resume::ResumeArgs, rollback::RollbackArgs, schema::SchemaArgs,
        secret::SecretArgs, serve::ServeArgs, status::StatusArgs, suspend::SuspendArgs,
        sync::SyncArgs, usage::UsageArgs, validate::ValidateArgs, version::VersionArgs,
    },
    output::ColorWhen,
};
use clap::{Parser, Subcommand};
use std::{ffi::OsString, path::Path};

/// GitOps for AI model routing
///
/// Push manifests to Git; the daemon checks them, plans the change and serves the whole commit at once
/// through an OpenAI-compatible gateway.
#[derive(Debug, Parser)]
#[command(
    name = "orloj",
    version,
    disable_help_subcommand = true,
    arg_required_else_help = true,
    after_help = "\
First steps:
  orloj demo                      a daemon and a repository to try things with
  orloj validate                  check the manifests in this directory
  orloj plan                      what pushing this work tree would change

`orloj help COMMAND` explains a command, `orloj help exit-codes` the exit codes."
)]
pub(crate) struct App {
    /// When to colour: auto, always or never
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "WHEN",
        hide_default_value = true,
        hide_possible_values = true,
        display_order = 900
    )]
    pub(crate) color: ColorWhen,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What can be done.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Demo(DemoArgs),
    Serve(ServeArgs),
    Validate(ValidateArgs),
    Diff(DiffArgs),
    Plan(PlanArgs),
    Sync(SyncArgs),
    Status(StatusArgs),
    History(HistoryArgs),
    Usage(UsageArgs),
    Confirm(ConfirmArgs),
    Rollback(RollbackArgs),
    Suspend(SuspendArgs),
    Resume(ResumeArgs),
    Backup(BackupArgs),
    Restore(RestoreArgs),
    Get(GetArgs),
    Describe(DescribeArgs),
    Graph(GraphArgs),
    Explain(ExplainArgs),
    Apply(ApplyArgs),
    Create(CreateArgs),
    Delete(DeleteArgs),
    Secret(SecretArgs),
    ExplainCode(ExplainCodeArgs),
    Schema(SchemaArgs),
    Completion(CompletionArgs),
    Version(VersionArgs),
    Help(HelpArgs),
}

/// Flags of client commands that may also stand before the command, as in Orloj.
const EARLY_FLAGS: [&str; 4] = ["--server", "--api-token", "--namespace", "-n"];

/// The arguments, read by the name the program was started under: `orlojd` is `orloj serve`. Flags that
/// stand before the command are moved behind it.
pub(crate) fn arguments(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut given: Vec<OsString> = given.into_iter().collect();
    move_early_flags(&mut given);
    let name = given.first().map(Path::new).and_then(Path::file_stem);
    if name.is_none_or(|name| name != "orlojd") {
        return given;
    }
    given[0] = OsString::from("orloj");
    let asks_version = given
        .get(1)
        .is_some_and(|word| word == "--version" || word == "-V");
    if !asks_version {
        given.insert(1, OsString::from("serve"));
    }
    given
}

/// Moves leading `--server URL` and its like to the end, where the command's own flags stand.
fn move_early_flags(given: &mut Vec<OsString>) {
    let mut early = Vec::new();
    while let Some(word) = given.get(1).and_then(|word| word.to_str()) {
        let with_value = word
            .split_once('=')
            .is_some_and(|(flag, _)| EARLY_FLAGS.contains(&flag));
        let length = match (with_value, EARLY_FLAGS.contains(&word)) {
            (true, _) => 1,
            (false, true) => 2,
            (false, false) => break,
        };
        let end = given.len().min(1 + length);
        early.extend(given.drain(1..end));
    }
    given.extend(early);
}
