//! From the process to a command and back to an exit code.

use super::{
    app::{App, arguments},
    commands,
    environment::Environment,
    error::CliError,
    exit::Exit,
    output::{ColorWhen, Terminal},
    session::Session,
};
use clap::{CommandFactory as _, FromArgMatches as _};
use std::{
    ffi::OsString,
    io::Write as _,
    panic::{self, PanicHookInfo},
    process::ExitCode,
};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    panic::set_hook(Box::new(report_bug));
    let outcome = panic::catch_unwind(|| {
        let arguments = arguments(std::env::args_os());
        let terminal = Terminal::of_process(ColorWhen::asked(&arguments));
        run(arguments, &mut Session::of_process(terminal))
    });
    outcome.unwrap_or(Exit::Error).into()
}

/// Runs one command line; `arguments` starts with the name of the program.
pub(crate) fn run(arguments: Vec<OsString>, session: &mut Session) -> Exit {
    let parsed = command(session.environment())
        .try_get_matches_from(arguments)
        .and_then(|matches| App::from_arg_matches(&matches));
    let app = match parsed {
        Ok(app) => app,
        Err(error) => return explain(&error, session),
    };
    match commands::run(&app.command, session) {
        Ok(exit) => exit,
        Err(error) => {
            let text = error.render(session.terminal.err_style(), session.environment().width());
            session.terminal.note(&text);
            error.exit()
        }
    }
}

/// The tree of commands, as wide as the terminal.
pub(crate) fn command(environment: &Environment) -> clap::Command {
    App::command().term_width(environment.width())
}

/// Help and version are data; everything else that clap says is wrong usage.
fn explain(error: &clap::Error, session: &mut Session) -> Exit {
    let rendered = error.render();
    if error.use_stderr() {
        let text = if session.terminal.err_style().color {
            rendered.ansi().to_string()
        } else {
            rendered.to_string()
        };
        session.terminal.note(&text);
        return Exit::Usage;
    }
    let text = if session.terminal.out_style().color {
        rendered.ansi().to_string()
    } else {
        rendered.to_string()
    };
    match session.terminal.data(&text) {
        Ok(()) => Exit::Done,
        Err(error) => CliError::exit(&error),
    }
}

/// Says where, never with which values: they may be somebody's secret.
pub(super) fn report_bug(info: &PanicHookInfo<'_>) {
    let place = info
        .location()
        .map(|at| format!(" at {}:{}", at.file(), at.line()))
        .unwrap_or_default();
    let _ = writeln!(
        std::io::stderr().lock(),
        "error: this is a bug: orloj {} stopped{place}\n\n\
         hint: please report it with the command you ran",
        env!("CARGO_PKG_VERSION"),
    );
}
