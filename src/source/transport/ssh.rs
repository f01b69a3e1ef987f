//! Git's protocol over the system's `ssh`, with its configuration, agent and known hosts.
//!
//! Protocol: <https://git-scm.com/docs/gitprotocol-pack#_ssh_transport>.

use super::{Credentials, Form, SourceError, Transfer, lock};
use crate::source::{location::SshLocation, text::safe};
use git2::{
    Error,
    transport::{Service, SmartSubtransport, SmartSubtransportStream},
};
use std::{
    ffi::OsString,
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

/// What is kept of ssh's error output, in bytes; its last words are the reason.
const MAX_STDERR_BYTES: usize = 4 << 10;

/// How long the end of ssh's error output is waited for.
const STDERR_PATIENCE: Duration = Duration::from_millis(500);

/// What of the credentials is ssh's.
pub(super) struct Options {
    key_file: Option<PathBuf>,
    known_hosts_file: Option<PathBuf>,
    program: PathBuf,
}

impl Options {
    pub(super) fn of(credentials: &Credentials) -> Self {
        Self {
            key_file: credentials.ssh_key_file.clone(),
            known_hosts_file: credentials.known_hosts_file.clone(),
            program: credentials
                .ssh_program
                .clone()
                .unwrap_or_else(|| PathBuf::from("ssh")),
        }
    }
}

/// The arguments of `ssh`. Unknown hosts are refused, nothing is asked for, and neither host nor path
/// can be taken for an option.
pub(in crate::source) fn arguments(
    location: &SshLocation,
    key_file: Option<&Path>,
    known_hosts_file: Option<&Path>,
) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    let mut option = |text: OsString| {
        arguments.push("-o".into());
        arguments.push(text);
    };
    for fixed in [
        "BatchMode=yes",
        "StrictHostKeyChecking=yes",
        "ConnectTimeout=10",
        "ClearAllForwardings=yes",
        "ControlMaster=no",
    ] {
        option(fixed.into());
    }
    if let Some(file) = known_hosts_file {
        option(quoted("UserKnownHostsFile=", file));
        option("GlobalKnownHostsFile=/dev/null".into());
    }
    if let Some(file) = key_file {
        option(quoted("IdentityFile=", file));
        option("IdentitiesOnly=yes".into());
    }
    if let Some(port) = location.port {
        arguments.push("-p".into());
        arguments.push(port.to_string().into());
    }
    if let Some(user) = &location.user {
        arguments.push("-l".into());
        arguments.push(user.into());
    }
    arguments.push("--".into());
    arguments.push((&location.host).into());
    let path = location.path.replace('\'', r"'\''");
    arguments.push(format!("git-upload-pack '{path}'").into());
    arguments
}

/// An option whose value is a file; ssh splits at spaces and expands `%` otherwise.
fn quoted(option: &str, file: &Path) -> OsString {
    let mut text = OsString::from(option);
    text.push("\"");
    match file.to_str() {
        Some(path) => text.push(path.replace('%', "%%")),
        None => text.push(file),
    }
    text.push("\"");
    text
}

/// The ssh side of one transfer.
pub(super) struct Ssh(pub(super) Arc<Transfer>);

impl SmartSubtransport for Ssh {
    fn action(
        &self,
        _url: &str,
        action: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        // One connection serves both halves of a fetch; git2 keeps using the first stream.
        if !matches!(action, Service::UploadPackLs) {
            return Err(Error::from_str("a source is never pushed to"));
        }
        let session = Session::start(&self.0);
        match session {
            Ok(session) => Ok(Box::new(session)),
            Err(error) => {
                let told = self.0.fail(error);
                Err(Error::from_str(&told.to_string()))
            }
        }
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// A running `ssh`; killed at the deadline or when it is no longer needed.
struct Session {
    transfer: Arc<Transfer>,
    child: Arc<Mutex<Child>>,
    stdin: ChildStdin,
    stdout: ChildStdout,
    stderr: mpsc::Receiver<Vec<u8>>,
    silent: bool,
    /// Dropped with the session, which ends the watch.
    _watch: mpsc::Sender<()>,
}

impl Session {
    fn start(transfer: &Arc<Transfer>) -> Result<Self, SourceError> {
        let failed = |detail: String| SourceError::Ssh {
            location: transfer.location.clone(),
            detail,
        };
        let Form::Ssh(location) = &transfer.form else {
            return Err(failed("the address is not an ssh one".to_owned()));
        };
        let options = &transfer.ssh_options;
        let mut child = Command::new(&options.program)
            .args(arguments(
                location,
                options.key_file.as_deref(),
                options.known_hosts_file.as_deref(),
            ))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| failed(format!("`ssh` could not be started ({error})")))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(stdin), Some(stdout), Some(stderr)) = pipes else {
            let _ = child.kill();
            let _ = child.wait();
            return Err(failed("`ssh` was started without pipes".to_owned()));
        };
        let child = Arc::new(Mutex::new(child));
        Ok(Self {
            transfer: Arc::clone(transfer),
            stdin,
            stdout,
            stderr: collect(stderr),
            silent: true,
            _watch: watch(&child, transfer.left()),
            child,
        })
    }

    fn broken(&self) -> io::Error {
        let transfer = &self.transfer;
        if transfer.left().is_zero() {
            return transfer.fail(transfer.timed_out());
        }
        let words = self
            .stderr
            .recv_timeout(STDERR_PATIENCE)
            .unwrap_or_default();
        transfer.fail(SourceError::Ssh {
            location: transfer.location.clone(),
            detail: last_words(&words),
        })
    }
}

impl Read for Session {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.stdout.read(buffer) {
            Ok(0) if self.silent || self.transfer.left().is_zero() => Err(self.broken()),
            Ok(count) => {
                self.silent = false;
                self.transfer.count(count)?;
                Ok(count)
            }
            Err(_) => Err(self.broken()),
        }
    }
}

impl Write for Session {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stdin.write(bytes).map_err(|_| self.broken())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stdin.flush().map_err(|_| self.broken())
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let mut child = lock(&self.child);
        let _ = child.kill();
        let _ = child.wait();
    }
}

/// Kills `child` when the time is over, unless the returned sender is dropped before.
fn watch(child: &Arc<Mutex<Child>>, left: Duration) -> mpsc::Sender<()> {
    let (sender, over) = mpsc::channel();
    let child = Arc::clone(child);
    thread::spawn(move || {
        if over.recv_timeout(left) == Err(mpsc::RecvTimeoutError::Timeout) {
            let _ = lock(&child).kill();
        }
    });
    sender
}

/// Reads all of ssh's error output, so that it never waits for a reader, and keeps its end.
fn collect(mut stderr: ChildStderr) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut kept = Vec::new();
        let mut buffer = [0; 1024];
        while let Ok(count @ 1..) = stderr.read(&mut buffer) {
            kept.extend_from_slice(&buffer[..count]);
            let over = kept.len().saturating_sub(MAX_STDERR_BYTES);
            kept.drain(..over);
        }
        let _ = sender.send(kept);
    });
    receiver
}

/// The last three lines as one, safe to show.
pub(in crate::source) fn last_words(stderr: &[u8]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines[lines.len().saturating_sub(3)..].join("; ");
    if last.is_empty() {
        return "it ended without a word".to_owned();
    }
    safe(&last)
}
