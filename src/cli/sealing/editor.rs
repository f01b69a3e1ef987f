//! The editor of whoever sits at the terminal.

use crate::cli::error::CliError;
use std::{
    io::{self, IsTerminal as _},
    path::Path,
    process::{Child, Command, ExitStatus},
    thread,
    time::Duration,
};
use tokio::{
    runtime::{Builder, Runtime},
    signal::unix::{Signal, SignalKind, signal},
    sync::oneshot,
    time,
};

/// How often the editor is asked whether it ended.
const LOOK: Duration = Duration::from_millis(20);

/// Letters for which a shell is needed, as `git` has it.
const SHELL_LETTERS: &[char] = &[
    '|', '&', ';', '<', '>', '(', ')', '$', '`', '\\', '"', '\'', '*', '?', '[', '#', '~', '=',
    '%', '\t', '\n',
];

/// An editor, and ears for the signals that would end this process.
pub(crate) struct Editor {
    name: String,
    runtime: Runtime,
    signals: Signals,
}

impl Editor {
    /// Listens from now on: before there is anything to lose.
    pub(crate) fn ready(name: Option<String>) -> Result<Self, CliError> {
        let failed =
            |error: io::Error| CliError::new("failed to get ready for the editor").because(&error);
        let runtime = Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(failed)?;
        let signals = runtime.block_on(async { Signals::listen() });
        Ok(Self {
            name: name.unwrap_or_else(|| "vi".to_owned()),
            runtime,
            signals: signals.map_err(failed)?,
        })
    }

    /// Runs the editor on a file until it ends. A signal that would end this process ends the editor first
    /// and is an error, so that the caller can clean up.
    pub(crate) fn edit(&mut self, file: &Path) -> Result<(), CliError> {
        let (name, signals) = (&self.name, &mut self.signals);
        let failed = |error: io::Error| {
            CliError::new(format!("failed to run the editor `{name}`"))
                .because(&error)
                .with_hint("set $EDITOR to an editor that is installed, such as `nano`")
        };
        let status = self.runtime.block_on(async {
            let mut child = command(name, file).spawn()?;
            wait(&mut child, signals).await
        });
        match status.map_err(failed)? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(CliError::new(format!(
                "the editor `{name}` failed ({status}); nothing was changed"
            ))),
            None => Err(interrupted()),
        }
    }

    /// Whether there is somebody to ask.
    pub(crate) fn has_terminal(&self) -> bool {
        self.signals.has_terminal
    }

    /// Waits for a yes or a no on standard input; an empty line is a yes, its end a no. A signal that would end
    /// this process is an error.
    pub(crate) fn ask(&mut self) -> Result<bool, CliError> {
        let (tell, told) = oneshot::channel();
        // Reading a line cannot be called off: the thread ends with the process.
        thread::spawn(move || {
            let mut line = String::new();
            let read = io::stdin().read_line(&mut line);
            let is_yes = ["", "y", "yes"].contains(&line.trim().to_lowercase().as_str());
            let _ = tell.send(read.is_ok_and(|bytes| bytes > 0) && is_yes);
        });
        let signals = &mut self.signals;
        let answer = self.runtime.block_on(async {
            // A new ear: what the terminal told the editor is over.
            let mut interrupt = signal(SignalKind::interrupt())?;
            Ok(tokio::select! {
                answer = told => Some(answer.unwrap_or(false)),
                _ = interrupt.recv() => None,
                () = signals.told_to_end() => None,
            })
        });
        let failed =
            |error: io::Error| CliError::new("failed to wait for an answer").because(&error);
        answer.map_err(failed)?.ok_or_else(interrupted)
    }
}

fn interrupted() -> CliError {
    CliError::new("interrupted; nothing was changed")
}

fn command(editor: &str, file: &Path) -> Command {
    if editor.contains(SHELL_LETTERS) {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(format!("{editor} \"$@\"")).arg(editor);
        shell.arg(file);
        return shell;
    }
    let mut words = editor.split_whitespace();
    let mut command = Command::new(words.next().unwrap_or("vi"));
    command.args(words).arg(file);
    command
}

/// How the editor ended; `None` if this process was told to end.
async fn wait(child: &mut Child, signals: &mut Signals) -> io::Result<Option<ExitStatus>> {
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        tokio::select! {
            () = time::sleep(LOOK) => {}
            () = signals.told_to_end() => {
                // It may have ended by itself.
                let _ = child.kill();
                child.wait()?;
                return Ok(None);
            }
        }
    }
}

struct Signals {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    /// A terminal sends its interrupt to the editor too, which knows what to do with it.
    has_terminal: bool,
}

impl Signals {
    fn listen() -> io::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            has_terminal: io::stdin().is_terminal(),
        })
    }

    async fn told_to_end(&mut self) {
        loop {
            tokio::select! {
                _ = self.terminate.recv() => return,
                _ = self.hang_up.recv() => return,
                _ = self.interrupt.recv() => if !self.has_terminal { return },
            }
        }
    }
}
