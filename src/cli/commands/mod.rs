//! One file per command: its arguments, whose docs are the manual, and one function.

pub(crate) mod apply;
pub(crate) mod backup;
pub(crate) mod completion;
pub(crate) mod confirm;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod demo;
pub(crate) mod describe;
pub(crate) mod diff;
pub(crate) mod explain;
pub(crate) mod explain_code;
pub(crate) mod get;
pub(crate) mod graph;
pub(crate) mod help;
pub(crate) mod history;
pub(crate) mod plan;
pub(crate) mod restore;
pub(crate) mod resume;
pub(crate) mod rollback;
pub(crate) mod schema;
pub(crate) mod secret;
pub(crate) mod serve;
pub(crate) mod status;
pub(crate) mod suspend;
pub(crate) mod sync;
pub(crate) mod usage;
pub(crate) mod validate;
pub(crate) mod version;

use super::{app::Command, error::CliError, exit::Exit, session::Session};

/// Runs a command.
pub(crate) fn run(command: &Command, session: &mut Session) -> Result<Exit, CliError> {
    match command {
        Command::Demo(args) => demo::run(args, session),
        Command::Serve(args) => serve::run(args, session),
        Command::Validate(args) => validate::run(args, session),
        Command::Diff(args) => diff::run(args, session),
        Command::Plan(args) => plan::run(args, session),
        Command::Sync(args) => sync::run(args, session),
        Command::Status(args) => status::run(args, session),
        Command::History(args) => history::run(args, session),
        Command::Usage(args) => usage::run(args, session),
        Command::Confirm(args) => confirm::run(args, session),
        Command::Rollback(args) => rollback::run(args, session),
        Command::Suspend(args) => suspend::run(args, session),
        Command::Resume(args) => resume::run(args, session),
        Command::Backup(args) => backup::run(args, session),
        Command::Restore(args) => restore::run(args, session),
        Command::Get(args) => get::run(args, session),
        Command::Describe(args) => describe::run(args, session),
        Command::Graph(args) => graph::run(args, session),
        Command::Explain(args) => explain::run(args, session),
        Command::Apply(args) => apply::run(args, session),
        Command::Create(args) => create::run(args, session),
        Command::Delete(args) => delete::run(args, session),
        Command::Secret(args) => secret::run(args, session),
        Command::ExplainCode(args) => explain_code::run(args, session),
        Command::Schema(args) => schema::run(args, session),
        Command::Completion(args) => completion::run(args, session),
        Command::Version(args) => version::run(args, session),
        Command::Help(args) => help::run(args, session),
    }
}
