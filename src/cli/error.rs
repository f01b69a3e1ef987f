//! The one error type at the terminal: what failed, why, and what to do.

use super::{
    exit::Exit,
    output::Style,
    report::{self, Reported, Sources, Tally},
    text::{printable, wrap},
};
use std::fmt::Write as _;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(crate) struct CliError {
    exit: Exit,
    message: String,
    causes: Vec<String>,
    hints: Vec<String>,
    refusal: Option<Box<Refusal>>,
}

/// What was found by whoever refused.
#[derive(Debug, Default)]
struct Refusal {
    findings: Vec<Reported>,
    sources: Sources,
}

impl CliError {
    /// A failure: exit code 1.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Error,
            message: message.into(),
            causes: Vec::new(),
            hints: Vec::new(),
            refusal: None,
        }
    }

    /// Wrong usage that the parser cannot see: exit code 64.
    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(message).with_exit(Exit::Usage)
    }

    /// Another exit code.
    pub(crate) fn with_exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }

    /// What to do about it; a further hint is a further line.
    pub(crate) fn with_hint(mut self, hint: impl Into<String>) -> Self {
        self.hints.push(hint.into());
        self
    }

    /// Adds an error and what caused it.
    pub(crate) fn because(mut self, error: &dyn std::error::Error) -> Self {
        let mut next = Some(error);
        while let Some(cause) = next {
            self.causes.push(cause.to_string());
            next = cause.source();
        }
        self
    }

    /// Adds the findings that explain a refusal.
    pub(crate) fn with_findings(mut self, findings: Vec<Reported>) -> Self {
        if !findings.is_empty() {
            self.refusal.get_or_insert_default().findings = findings;
        }
        self
    }

    /// Adds the texts that findings point into, if there are findings.
    pub(crate) fn with_sources(mut self, sources: Sources) -> Self {
        if let Some(refusal) = &mut self.refusal {
            refusal.sources = sources;
        }
        self
    }

    /// The code to end with.
    pub(crate) fn exit(&self) -> Exit {
        self.exit
    }

    /// The text without colours or the lines in question.
    pub(crate) fn plain(&self) -> String {
        self.render(Style { color: false }, 100)
    }

    /// The text for stderr, `width` columns wide.
    pub(crate) fn render(&self, style: Style, width: usize) -> String {
        let mut out = format!("{} {}\n", style.red("error:"), printable(&self.message));
        for cause in &self.causes {
            let _ = writeln!(out, "  caused by: {}", printable(cause));
        }
        let room = width.saturating_sub("hint: ".len());
        if let Some(refusal) = &self.refusal {
            let Refusal { findings, sources } = &**refusal;
            let report = report::to_text(findings, sources, width, style.color);
            let _ = writeln!(out, "\n{report}{}", Tally::of(findings).sentence());
        }
        for (index, hint) in self.hints.iter().enumerate() {
            let before = if index == 0 { "\n" } else { "" };
            let hint = wrap(&printable(hint), room, room).replace('\n', "\n      ");
            let _ = writeln!(out, "{before}{} {hint}", style.cyan("hint:"));
        }
        out
    }
}

/// Takes the error's text and its causes.
impl<E: std::error::Error> From<E> for CliError {
    fn from(error: E) -> Self {
        let message = error.to_string();
        let this = Self::new(message);
        match error.source() {
            Some(source) => this.because(source),
            None => this,
        }
    }
}
