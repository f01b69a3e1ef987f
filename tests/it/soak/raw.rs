//! Clients that no library gives: one that reads slowly with a small buffer, one that leaves before it is answered.

use serde_json::Value;
use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    thread,
    time::Duration,
};

/// What the system keeps for the one who reads, in bytes: the rest waits where it comes from.
const BUFFER: u32 = 8_192;

/// What is read at once, in bytes, and the pause after it.
const SIP: usize = 16_384;
const PAUSE: Duration = Duration::from_millis(15);

/// Sends a chat request; the answer waits. HTTP/1.0 ends it with the connection and frames nothing.
pub(super) fn post(url: &str, key: &str, body: &Value) -> TcpStream {
    let address = url.strip_prefix("http://").unwrap();
    let body = body.to_string();
    let mut stream = connect(address);
    let request = format!(
        "POST /v1/chat/completions HTTP/1.0\r\nhost: {address}\r\nauthorization: Bearer {key}\r\n\
         content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).unwrap();
    stream
}

/// Everything that comes, a sip at a time.
pub(super) fn slowly(mut stream: TcpStream) -> String {
    let mut text = Vec::new();
    let mut sip = [0; SIP];
    loop {
        let read = stream.read(&mut sip).unwrap();
        if read == 0 {
            return String::from_utf8(text).unwrap();
        }
        text.extend_from_slice(&sip[..read]);
        thread::sleep(PAUSE);
    }
}

fn connect(address: &str) -> TcpStream {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .unwrap();
    let stream = runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.set_recv_buffer_size(BUFFER).unwrap();
        let connected = socket.connect(address.parse().unwrap()).await;
        connected.unwrap().into_std().unwrap()
    });
    stream.set_nonblocking(false).unwrap();
    stream
}
