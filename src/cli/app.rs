//! The one list of commands.

use super::{
    commands::{
        apply::ApplyArgs, completion::CompletionArgs, create::CreateArgs, delete::DeleteArgs,
        demo::DemoArgs, describe::DescribeArgs, diff::DiffArgs, get::GetArgs, graph::GraphArgs,
        help::HelpArgs, history::HistoryArgs, plan::PlanArgs, schema::SchemaArgs,
        secret::SecretArgs, serve::ServeArgs, status::StatusArgs, sync::SyncArgs,
        validate::ValidateArgs, version::VersionArgs,
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
    Get(GetArgs),
    Describe(DescribeArgs),
    Graph(GraphArgs),
    Apply(ApplyArgs),
    Create(CreateArgs),
    Delete(DeleteArgs),
    Secret(SecretArgs),
    Schema(SchemaArgs),
    Completion(CompletionArgs),
    Version(VersionArgs),
    Help(HelpArgs),
}

/// Flags of client commands that may also stand before the command, each with a value.
const MOVABLE: [&str; 4] = ["--server", "--api-token", "--namespace", "-n"];

/// The arguments as the parser takes them.
///
/// Started as `orlojd` the program is `orloj serve`. Flags for the daemon may stand before the command, as
/// in `orlojctl`; they are moved behind it.
pub(crate) fn arguments(given: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut given: Vec<OsString> = given.into_iter().collect();
    let name = given.first().map(Path::new).and_then(Path::file_stem);
    if name.is_none_or(|name| name != "orlojd") {
        move_behind_command(&mut given);
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

fn move_behind_command(given: &mut Vec<OsString>) {
    let mut moved = Vec::new();
    let mut at = 1;
    while let Some(word) = given.get(at).and_then(|word| word.to_str()) {
        let (flag, inline) = match word.split_once('=') {
            Some((flag, _)) => (flag, true),
            None => (word, false),
        };
        let words = if inline { 1 } else { 2 };
        if MOVABLE.contains(&flag) && given.len() >= at + words {
            moved.extend(given.drain(at..at + words));
        } else if flag == "--color" {
            at += words;
        } else {
            break;
        }
    }
    let end = given.iter().position(|word| word == "--");
    let end = end.unwrap_or(given.len()).max(at.min(given.len()));
    given.splice(end..end, moved);
}
