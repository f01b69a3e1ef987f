//! D1 of the notes on GitOps tools: floods of frames and headers end their own connection, and nobody else's.

use crate::support::{
    daemon::{Daemon, DaemonBuilder},
    git::TestRepo,
    manifests::mock_endpoint,
};
use std::{
    io::{self, Read as _, Write as _},
    net::{Shutdown, TcpStream},
    time::Duration,
};

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames (RFC 9113, 6).
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RESET: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GO_AWAY: u8 = 7;
const CONTINUATION: u8 = 9;

/// `:method: POST`, `:scheme: http`, `:path: /`, `:authority: x` in HPACK, from the static table where it has them.
const REQUEST: &[u8] = &[0x83, 0x86, 0x84, 0x01, 0x01, b'x'];

/// More of anything than a client needs in a second.
const MANY: u32 = 50_000;

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

fn daemon() -> Daemon {
    let repo = TestRepo::with(&[("small.yaml", &mock_endpoint("small", "s-1"))]);
    DaemonBuilder::on(&repo).start()
}

fn connect(daemon: &Daemon) -> TcpStream {
    let host = daemon.url().strip_prefix("http://").unwrap();
    let stream = TcpStream::connect(host).unwrap();
    let patience = Some(Duration::from_secs(30));
    stream.set_read_timeout(patience).unwrap();
    stream.set_write_timeout(patience).unwrap();
    stream
}

/// Sends until the other side ends the connection; returns what it said, and how much of the flood it took.
fn flood(daemon: &Daemon, begin: &[u8], pieces: impl Iterator<Item = Vec<u8>>) -> (Vec<u8>, usize) {
    let mut stream = connect(daemon);
    let mut reading = stream.try_clone().unwrap();
    let reader = std::thread::spawn(move || {
        let mut said = Vec::new();
        // A connection that is cut is closed too; what came before is kept.
        let ended = reading.read_to_end(&mut said);
        let timed_out = ended.is_err_and(|error| {
            matches!(
                error.kind(),
                io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut
            )
        });
        assert!(!timed_out, "the connection stays open");
        said
    });
    let mut taken = 0;
    if stream.write_all(begin).is_ok() {
        for piece in pieces {
            if stream.write_all(&piece).is_err() {
                break;
            }
            taken += 1;
        }
    }
    let _ = stream.shutdown(Shutdown::Write);
    (reader.join().unwrap(), taken)
}

/// The types of the frames in `bytes`.
fn kinds(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let [a, b, c, kind, rest @ ..] = bytes {
        kinds.push(*kind);
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        // Flags and stream.
        bytes = rest.get(5 + length..).unwrap_or_default();
    }
    kinds
}

fn start() -> Vec<u8> {
    [PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()
}

#[track_caller]
fn assert_refused(daemon: &Daemon, name: &str, pieces: impl Iterator<Item = Vec<u8>>) {
    let before = daemon.peak_memory();
    let (said, taken) = flood(daemon, &start(), pieces);
    let kinds = kinds(&said);
    assert!(
        kinds.contains(&SETTINGS),
        "{name}: no HTTP/2 is spoken: {said:?}"
    );
    assert!(
        kinds.contains(&GO_AWAY) || taken < MANY as usize,
        "{name}: all of it was taken: {kinds:?}"
    );
    let grown = daemon.peak_memory().saturating_sub(before);
    assert!(grown < 64 * 1024, "{name}: {grown} KiB more");
    daemon.chat("small").status(200);
}

#[test]
fn d1_streams_that_are_reset_at_once_end_their_connection() {
    let daemon = daemon();
    let pieces = (0..MANY).map(|number| {
        let stream = 2 * number + 1;
        let open = frame(HEADERS, 0x4, stream, REQUEST);
        [open, frame(RESET, 0, stream, &8_u32.to_be_bytes())].concat()
    });
    assert_refused(&daemon, "rapid reset", pieces);
}

#[test]
fn d1_headers_without_an_end_end_their_connection() {
    let daemon = daemon();
    // A literal header without indexing: `a: ` and 200 letters.
    let mut header = vec![0x00, 0x01, b'a', 0x7f, 73];
    header.extend([b'x'; 200]);
    let first = frame(HEADERS, 0, 1, REQUEST);
    let more = (0..MANY).map(move |_| frame(CONTINUATION, 0, 1, &header));
    assert_refused(&daemon, "continuation", std::iter::once(first).chain(more));
    let empty = (0..MANY).map(|_| frame(CONTINUATION, 0, 1, &[]));
    let first = frame(HEADERS, 0, 1, REQUEST);
    assert_refused(
        &daemon,
        "empty continuation",
        std::iter::once(first).chain(empty),
    );
}

#[test]
fn d1_a_header_list_that_grows_when_it_is_read_is_refused() {
    let daemon = daemon();
    // One header of 4,000 letters goes into the table, and one byte each names it again.
    let mut block = REQUEST.to_vec();
    block.extend([0x40, 0x01, b'a', 0x7f, 0xa1, 0x1e]);
    block.extend([b'x'; 4000]);
    block.extend([0xbe; 12_000]);
    let request = frame(HEADERS, 0x5, 1, &block);
    let before = daemon.peak_memory();
    let (said, _) = flood(&daemon, &start(), std::iter::once(request));
    let answered: Vec<_> = kinds(&said);
    assert!(
        !answered.contains(&DATA) || said.windows(3).any(|it| it == b"431"),
        "{answered:?}"
    );
    let grown = daemon.peak_memory().saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB more");
    daemon.chat("small").status(200);
}

#[test]
fn d1_pings_and_settings_are_answered_within_bounds() {
    let daemon = daemon();
    let before = daemon.peak_memory();
    let pieces = (0..MANY).map(|number| {
        let ping = [u64::from(number).to_be_bytes()].concat();
        [frame(PING, 0, 0, &ping), frame(SETTINGS, 0, 0, &[])].concat()
    });
    flood(&daemon, &start(), pieces);
    let grown = daemon.peak_memory().saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB more");
    daemon.chat("small").status(200);
}

#[test]
fn d1_more_headers_than_a_request_needs_are_refused() {
    let daemon = daemon();
    let before = daemon.peak_memory();
    let begin = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\n";
    let many = (0..MANY).map(|number| format!("x-{number}: y\r\n").into_bytes());
    let (said, _) = flood(&daemon, begin, many);
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!said.starts_with("HTTP/1.1 200"), "{said}");
    let long = (0..MANY).map(|_| vec![b'x'; 1024]);
    let begin = b"GET /healthz HTTP/1.1\r\nhost: 127.0.0.1\r\nx-long: ";
    let (said, taken) = flood(&daemon, begin, long);
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(!said.starts_with("HTTP/1.1 200"), "{said}");
    assert!(taken < MANY as usize);
    let grown = daemon.peak_memory().saturating_sub(before);
    assert!(grown < 32 * 1024, "{grown} KiB more");
    daemon.chat("small").status(200);
}
