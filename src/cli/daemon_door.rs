//! The two calls into the daemon.

use super::{
    commands::{demo::DemoArgs, serve::ServeArgs},
    error::CliError,
    exit::Exit,
};

/// Runs the daemon with the flags.
pub(crate) fn serve(_args: &ServeArgs) -> Result<Exit, CliError> {
    Err(CliError::new("not connected to the daemon room yet"))
}

/// Runs the demo.
pub(crate) fn demo(_args: &DemoArgs) -> Result<Exit, CliError> {
    Err(CliError::new("not connected to the daemon room yet"))
}
