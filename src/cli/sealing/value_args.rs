//! Flags that say where clear values come from.

use super::files::read_value;
use crate::{
    cli::{error::CliError, literal::Literal, session::Session},
    secrets::Opened,
};
use clap::Args;
use std::{collections::BTreeSet, path::PathBuf, str::FromStr};

/// Most bytes of a value that are read, a little more than can be sealed, so that sealing says the limit.
const MAX_VALUE_BYTES: u64 = 64 * 1024 + 1;

/// Values by key.
#[derive(Debug, Args)]
pub(crate) struct ValueArgs {
    /// A key and its value (can be repeated)
    #[arg(long, value_name = "KEY=VALUE")]
    from_literal: Vec<Literal>,
    /// A key and a file that holds its value (can be repeated)
    #[arg(long, value_name = "KEY=PATH")]
    from_file: Vec<FileOf>,
}

/// `KEY=PATH`.
#[derive(Debug, Clone)]
struct FileOf {
    key: String,
    path: PathBuf,
}

impl FromStr for FileOf {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.split_once('=') {
            Some((key, path)) if !key.trim().is_empty() && !path.is_empty() => Ok(Self {
                key: key.trim().to_owned(),
                path: path.into(),
            }),
            _ => Err("expected KEY=PATH"),
        }
    }
}

impl ValueArgs {
    /// The values with their keys, each key once; without flags that of standard input, with the key `value`.
    pub(crate) fn values(&self, session: &mut Session) -> Result<Vec<(String, Opened)>, CliError> {
        let literals = self.from_literal.iter().map(|literal| {
            let value = Opened::new(literal.expose().as_bytes().to_vec());
            (literal.key.clone(), value)
        });
        let mut values: Vec<_> = literals.collect();
        for file in &self.from_file {
            let value = read_value(&session.path(&file.path), MAX_VALUE_BYTES)?;
            values.push((file.key.clone(), value));
        }
        if values.is_empty() {
            let limit = usize::try_from(MAX_VALUE_BYTES).unwrap_or(usize::MAX);
            session
                .terminal
                .progress("reading the value from standard input ...");
            let value = Opened::new(session.read_stdin(limit)?);
            values.push(("value".to_owned(), value));
        }
        let mut keys = BTreeSet::new();
        match values.iter().find(|(key, _)| !keys.insert(key)) {
            Some((key, _)) => Err(CliError::usage(format!("the key `{key}` is given twice"))),
            None => Ok(values),
        }
    }
}
