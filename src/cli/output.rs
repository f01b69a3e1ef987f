//! Where text goes: data to stdout, everything else to stderr.

use super::error::CliError;
use anstream::{AutoStream, ColorChoice};
use std::{
    ffi::OsString,
    io::{self, ErrorKind, IsTerminal as _, Write},
};

/// When to colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum ColorWhen {
    /// On a terminal, unless `NO_COLOR` is set
    #[default]
    Auto,
    /// Also into files and pipes
    Always,
    /// Never
    Never,
}

impl ColorWhen {
    /// What the arguments ask for; needed before they are parsed, for help and errors.
    pub(crate) fn asked(arguments: &[OsString]) -> Self {
        let mut words = arguments.iter().filter_map(|word| word.to_str());
        let mut asked = Self::Auto;
        while let Some(word) = words.next() {
            let value = match word.strip_prefix("--color") {
                Some("") => words.next(),
                Some(rest) => rest.strip_prefix('='),
                None if word == "--" => break,
                None => continue,
            };
            asked = match value {
                Some("always") => Self::Always,
                Some("never") => Self::Never,
                _ => Self::Auto,
            };
        }
        asked
    }

    fn applies(self, automatic: ColorChoice) -> bool {
        match self {
            Self::Auto => automatic != ColorChoice::Never,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// How text may look.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Style {
    /// Whether ANSI sequences are understood.
    pub(crate) color: bool,
}

impl Style {
    /// For errors.
    pub(crate) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    /// For what went well.
    pub(crate) fn green(self, text: &str) -> String {
        self.paint("1;32", text)
    }

    /// For hints.
    pub(crate) fn cyan(self, text: &str) -> String {
        self.paint("1;36", text)
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.color {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Stdout and stderr.
pub(crate) struct Terminal {
    out: Stream,
    err: Stream,
    /// Whether a person watches stderr.
    watched: bool,
    /// Whether stdout is a terminal.
    is_shown: bool,
}

struct Stream {
    to: Box<dyn Write>,
    style: Style,
    /// The reader went away, as `head` does; nothing more is written.
    closed: bool,
}

impl Terminal {
    /// The streams of this process.
    pub(crate) fn of_process(color: ColorWhen) -> Self {
        let (out, err) = (io::stdout(), io::stderr());
        let out_color = color.applies(AutoStream::choice(&out));
        let err_color = color.applies(AutoStream::choice(&err));
        let (watched, is_shown) = (err.is_terminal(), out.is_terminal());
        Self {
            watched,
            is_shown,
            ..Self::new(Box::new(out), Box::new(err), out_color, err_color)
        }
    }

    /// Given streams.
    pub(crate) fn new(
        out: Box<dyn Write>,
        err: Box<dyn Write>,
        out_color: bool,
        err_color: bool,
    ) -> Self {
        let stream = |to, color| Stream {
            to,
            style: Style { color },
            closed: false,
        };
        Self {
            out: stream(out, out_color),
            err: stream(err, err_color),
            watched: false,
            is_shown: false,
        }
    }

    /// Whether data goes to a terminal.
    pub(crate) fn out_is_terminal(&self) -> bool {
        self.is_shown
    }

    /// How data may look.
    pub(crate) fn out_style(&self) -> Style {
        self.out.style
    }

    /// How everything else may look.
    pub(crate) fn err_style(&self) -> Style {
        self.err.style
    }

    /// Writes data. A reader that went away is no error.
    pub(crate) fn data(&mut self, text: &str) -> Result<(), CliError> {
        self.bytes(text.as_bytes())
    }

    /// Writes data that is no text.
    pub(crate) fn bytes(&mut self, bytes: &[u8]) -> Result<(), CliError> {
        self.out
            .write(bytes)
            .map_err(|error| CliError::new("failed to write to standard output").because(&error))
    }

    /// Whether whoever reads the data went away.
    pub(crate) fn is_closed(&self) -> bool {
        self.out.closed
    }

    /// Writes what is not data; there is nobody to tell if that fails.
    pub(crate) fn note(&mut self, text: &str) {
        let _ = self.err.write(text.as_bytes());
    }

    /// Says that something is going on, if somebody watches.
    pub(crate) fn progress(&mut self, text: &str) {
        if self.watched {
            self.note(&format!("{text}\n"));
        }
    }
}

impl Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let written = self.to.write_all(bytes).and_then(|()| self.to.flush());
        match written {
            Err(error) if error.kind() == ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(())
            }
            other => other,
        }
    }
}
