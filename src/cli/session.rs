//! What a command has around it.

use super::{environment::Environment, error::CliError, output::Terminal};
use std::{
    io::{self, Read},
    path::{Path, PathBuf},
};

/// Terminal, directory, variables and standard input of one run.
pub(crate) struct Session {
    pub(crate) terminal: Terminal,
    directory: PathBuf,
    environment: Environment,
    stdin: Box<dyn Read>,
}

impl Session {
    /// The surroundings of this process.
    pub(crate) fn of_process(terminal: Terminal) -> Self {
        Self::new(
            terminal,
            PathBuf::new(),
            Environment::of_process(),
            Box::new(io::stdin()),
        )
    }

    /// Given surroundings.
    pub(crate) fn new(
        terminal: Terminal,
        directory: PathBuf,
        environment: Environment,
        stdin: Box<dyn Read>,
    ) -> Self {
        Self {
            terminal,
            directory,
            environment,
            stdin,
        }
    }

    /// A path as it was typed, from the directory the command runs in.
    pub(crate) fn path(&self, typed: &Path) -> PathBuf {
        if typed == Path::new(".") {
            return self.directory();
        }
        self.directory.join(typed)
    }

    /// The directory itself.
    pub(crate) fn directory(&self) -> PathBuf {
        if self.directory.as_os_str().is_empty() {
            PathBuf::from(".")
        } else {
            self.directory.clone()
        }
    }

    /// The variables.
    pub(crate) fn environment(&self) -> &Environment {
        &self.environment
    }

    /// Reads standard input whole, at most `limit` bytes.
    pub(crate) fn read_stdin(&mut self, limit: usize) -> Result<Vec<u8>, CliError> {
        let mut bytes = Vec::new();
        let most = u64::try_from(limit).unwrap_or(u64::MAX);
        let read = self.stdin.by_ref().take(most.saturating_add(1));
        let mut read = read;
        read.read_to_end(&mut bytes)
            .map_err(|error| CliError::new("failed to read standard input").because(&error))?;
        if bytes.len() > limit {
            return Err(CliError::new(format!(
                "standard input has more than {limit} bytes"
            )));
        }
        Ok(bytes)
    }
}
