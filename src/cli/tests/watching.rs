//! `validate --watch`, until its reader goes away.
#![expect(clippy::unwrap_used, reason = "tests")]

use super::bench::{Bench, GOOD};
use crate::cli::{
    environment::Environment, exit::Exit, main::run, output::Terminal, session::Session,
};
use std::{
    ffi::OsString,
    fs,
    io::{self, ErrorKind, Write},
    sync::mpsc::{Receiver, SyncSender, sync_channel},
    thread,
    time::Duration,
};

/// Hands every write over; a reader that is gone is a broken pipe, as for a process.
struct Pipe(SyncSender<String>);

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes).into_owned();
        let sent = self.0.send(text);
        sent.map_err(|_| io::Error::from(ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn next(pipe: &Receiver<String>) -> String {
    pipe.recv_timeout(Duration::from_secs(20)).unwrap()
}

#[test]
fn watch_checks_again_after_every_save_and_ends_with_its_reader() {
    let bench = Bench::repository(&GOOD);
    let (out, printed) = sync_channel(100);
    let (err, said) = sync_channel(100);
    let directory = bench.path().to_owned();
    let watching = thread::spawn(move || {
        let terminal = Terminal::new(Box::new(Pipe(out)), Box::new(Pipe(err)), false, false);
        let stdin = Box::new(io::empty());
        let mut session = Session::new(terminal, directory, Environment::default(), stdin);
        let words = ["orloj", "validate", "--watch"].map(OsString::from);
        run(words.to_vec(), &mut session)
    });
    let small = bench.path().join("small.yaml");
    assert_eq!(next(&said), "ok: 2 resources in 2 files, no findings\n");
    assert!(next(&said).starts_with("checked in "));
    let good = fs::read_to_string(&small).unwrap();
    fs::write(&small, good.replace("provider", "provdier")).unwrap();
    assert!(next(&printed).contains("did you mean `provider`?"));
    assert!(next(&said).starts_with("1 error"));
    assert!(next(&said).ends_with(" ms\n"));
    fs::write(&small, &good).unwrap();
    assert_eq!(next(&said), "ok: 2 resources in 2 files, no findings\n");
    assert!(next(&said).ends_with(" ms\n"));
    // What was found beside the manifests is kept, and looked for again when such a file is saved.
    let secret = age::x25519::Identity::generate().to_string();
    fs::write(
        bench.path().join("LICENSE"),
        age::secrecy::ExposeSecret::expose_secret(&secret),
    )
    .unwrap();
    assert!(next(&printed).contains("E-SECRET-IDENTITY"));
    assert!(next(&said).starts_with("1 error"));
    assert!(next(&said).ends_with(" ms\n"));
    fs::remove_file(bench.path().join("LICENSE")).unwrap();
    assert_eq!(next(&said), "ok: 2 resources in 2 files, no findings\n");
    assert!(next(&said).ends_with(" ms\n"));
    fs::write(bench.path().join("stray.yaml"), "a: 1\n").unwrap();
    assert!(next(&printed).contains("E-FIELD-KIND"));
    drop(printed);
    fs::write(bench.path().join("stray.yaml"), "a: 2\n").unwrap();
    assert_eq!(watching.join().unwrap(), Exit::Done);
}
