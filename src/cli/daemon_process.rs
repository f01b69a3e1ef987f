//! The daemon as this process: its runtime, and how it ends.

use super::{error::CliError, exit::Exit};
use crate::{daemon::DaemonError, model::Finding};
use tokio::runtime::Builder;

/// Runs the daemon to its end.
pub(crate) fn run(daemon: impl Future<Output = Result<(), DaemonError>>) -> Result<Exit, CliError> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::new("failed to start the runtime").because(&error))?;
    match runtime.block_on(daemon) {
        Ok(()) => Ok(Exit::Done),
        Err(DaemonError::Config(findings)) => {
            let error = CliError::new("the configuration file is refused");
            Err(findings
                .iter()
                .fold(error, |error, finding| error.with_hint(one_line(finding))))
        }
        Err(error) => Err(CliError::from(error)),
    }
}

/// `orloj.yaml:3:1 E-FIELD-UNKNOWN: … (did you mean …?)`.
fn one_line(finding: &Finding) -> String {
    let start = finding.origin.span.start;
    let hint = finding
        .hint
        .as_ref()
        .map(|hint| format!(" ({hint})"))
        .unwrap_or_default();
    format!(
        "{}:{}:{} {}: {}{hint}",
        finding.origin.file, start.line, start.column, finding.code, finding.message
    )
}
