//! The one table of exit codes.

use std::{fmt::Write as _, process::ExitCode};

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exit {
    Done,
    Error,
    Differences,
    Invalid,
    Stale,
    Held,
    Usage,
}

impl Exit {
    /// Every way to end, in the order of the codes.
    pub(crate) const ALL: [Self; 7] = [
        Self::Done,
        Self::Error,
        Self::Differences,
        Self::Invalid,
        Self::Stale,
        Self::Held,
        Self::Usage,
    ];

    /// What the shell sees. 64 is `EX_USAGE` of sysexits(3).
    pub(crate) const fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Error => 1,
            Self::Differences => 2,
            Self::Invalid => 3,
            Self::Stale => 4,
            Self::Held => 5,
            Self::Usage => 64,
        }
    }

    const fn meaning(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Error => "error: the command could not do what was asked",
            Self::Differences => "differences were found (only with --detailed-exitcode)",
            Self::Invalid => "invalid, or refused by policy",
            Self::Stale => "the plan is stale: what is live has moved on",
            Self::Held => "held: needs confirmation",
            Self::Usage => "wrong usage of the command line",
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}

/// The table as `orloj help exit-codes` prints it.
pub(crate) fn table() -> String {
    let mut out = String::from("Exit codes, the same for every command:\n\n");
    for exit in Exit::ALL {
        let _ = writeln!(out, "  {:>2}  {}", exit.code(), exit.meaning());
    }
    out
}
