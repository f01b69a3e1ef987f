//! Connections as they come: those on which a request's head does not arrive in time are closed.

use super::serving;
use axum::serve::Listener;
use std::{
    future::pending,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
    sync::mpsc::UnboundedReceiver,
    time::{Sleep, sleep},
};

/// How long a new connection may take to send its first request's head. Later requests may wait as long as they like, since
/// a proxy keeps its connections open; from its first byte on, a head of theirs has the same time.
const HEAD_TIMEOUT: Duration = Duration::from_secs(5);

/// A listener of one thread, for connections that another accepted; it is impatient with them.
pub(super) struct Handed {
    connections: UnboundedReceiver<serving::Connection>,
    addr: SocketAddr,
}

impl Handed {
    /// For connections to `addr`.
    pub(super) fn new(
        connections: UnboundedReceiver<serving::Connection>,
        addr: SocketAddr,
    ) -> Self {
        Self { connections, addr }
    }
}

impl Listener for Handed {
    type Io = Connection<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        while let Some((stream, from)) = self.connections.recv().await {
            match TcpStream::from_std(stream) {
                Ok(stream) => {
                    // Small pieces of a stream go out at once; a connection that refuses is still usable.
                    let _ = stream.set_nodelay(true);
                    return (Connection::new(stream, HEAD_TIMEOUT), from);
                }
                Err(error) => tracing::warn!(%error, "a connection was lost"),
            }
        }
        // Nobody accepts any more; what is being answered goes on.
        pending().await
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        Ok(self.addr)
    }
}

/// A connection that ends unless a request's head arrives in time.
pub(super) struct Connection<S> {
    stream: S,
    timeout: Duration,
    /// While a head arrives; the first one from the start.
    waiting: Option<Waiting>,
    /// Whether the last request was answered: what is read next begins a head. A connection of HTTP/2 never says so, and its
    /// frames are left to hyper.
    is_answered: bool,
}

struct Waiting {
    deadline: Pin<Box<Sleep>>,
    head: Head,
}

/// Looks for the empty line that ends a head (RFC 9112, with or without carriage returns).
#[derive(Default)]
struct Head {
    line_is_empty: bool,
}

impl Head {
    /// Whether the head ends within these bytes.
    fn ends_in(&mut self, bytes: &[u8]) -> bool {
        for byte in bytes {
            match byte {
                b'\n' if self.line_is_empty => return true,
                b'\n' => self.line_is_empty = true,
                b'\r' => {}
                _ => self.line_is_empty = false,
            }
        }
        false
    }
}

impl Waiting {
    fn starting(timeout: Duration) -> Self {
        Self {
            deadline: Box::pin(sleep(timeout)),
            head: Head::default(),
        }
    }
}

impl<S> Connection<S> {
    fn new(stream: S, timeout: Duration) -> Self {
        Self {
            stream,
            timeout,
            waiting: Some(Waiting::starting(timeout)),
            is_answered: false,
        }
    }

    /// Looks where heads begin and end in what was read.
    fn has_read(&mut self, bytes: &[u8]) {
        // An empty line in front of a head is no part of it (RFC 9112, section 2.2).
        let is_begun = bytes.iter().any(|byte| !matches!(byte, b'\r' | b'\n'));
        if self.is_answered && is_begun {
            self.is_answered = false;
            self.waiting = Some(Waiting::starting(self.timeout));
        }
        if let Some(waiting) = &mut self.waiting
            && waiting.head.ends_in(bytes)
        {
            self.waiting = None;
        }
    }

    /// Looks whether an answer begins in what is written; `100 Continue` is none.
    fn writes(&mut self, bytes: &[u8]) {
        if bytes.starts_with(b"HTTP/1.") && bytes.get(8..12) != Some(b" 100") {
            self.is_answered = true;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Connection<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Some(waiting) = &mut this.waiting
            && waiting.deadline.as_mut().poll(context).is_ready()
        {
            return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut this.stream).poll_read(context, buffer))?;
        this.has_read(&buffer.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Connection<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.writes(bytes);
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let Some(first) = slices.first() {
            self.writes(first);
        }
        Pin::new(&mut self.stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{Connection, Head};
    use std::time::Duration;
    use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _, duplex};

    #[test]
    fn head_ends_at_an_empty_line_however_it_is_cut() {
        for (text, ends) in [
            ("GET / HTTP/1.1\r\nhost: a\r\n\r\n", true),
            ("GET / HTTP/1.1\nhost: a\n\n", true),
            ("PRI * HTTP/2.0\r\n\r\nSM", true),
            ("GET / HTTP/1.1\r\nhost: a\r\n", false),
            ("GET / HTTP/1.1\r\nx: \r\n", false),
        ] {
            assert_eq!(Head::default().ends_in(text.as_bytes()), ends, "{text}");
            let mut head = Head::default();
            let bytewise = text.bytes().any(|byte| head.ends_in(&[byte]));
            assert_eq!(bytewise, ends, "{text}");
        }
    }

    #[tokio::test]
    async fn connection_ends_without_a_head_and_stays_with_one() {
        let timeout = Duration::from_millis(50);
        let (mut client, server) = duplex(1024);
        let mut server = Connection::new(server, timeout);
        client.write_all(b"GET / HTTP/1.1\r\n").await.unwrap();
        let error = server.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);

        let (mut client, server) = duplex(1024);
        let mut server = Connection::new(server, timeout);
        client.write_all(b"GET / HTTP/1.1\r\n\r\n").await.unwrap();
        let mut read = [0; 18];
        server.read_exact(&mut read).await.unwrap();
        tokio::time::sleep(timeout * 2).await;
        client.write_all(b"next").await.unwrap();
        server.read_exact(&mut read[..4]).await.unwrap();
    }

    /// Sends and takes what the other end then has.
    async fn pass(
        from: &mut (impl AsyncWrite + Unpin),
        to: &mut (impl AsyncRead + Unpin),
        text: &str,
    ) {
        from.write_all(text.as_bytes()).await.unwrap();
        let mut read = vec![0; text.len()];
        to.read_exact(&mut read).await.unwrap();
    }

    #[tokio::test]
    async fn a_later_head_that_has_begun_must_end_in_time() {
        let timeout = Duration::from_millis(50);
        let (mut client, server) = duplex(1024);
        let mut server = Connection::new(server, timeout);
        pass(&mut client, &mut server, "POST / HTTP/1.1\r\n\r\n").await;
        pass(&mut server, &mut client, "HTTP/1.1 100 Continue\r\n\r\n").await;
        pass(&mut client, &mut server, "a body").await;
        tokio::time::sleep(timeout * 2).await;
        pass(&mut client, &mut server, "that takes its time\r\n").await;
        pass(&mut server, &mut client, "HTTP/1.1 200 OK\r\n\r\n").await;
        tokio::time::sleep(timeout * 2).await;
        pass(&mut client, &mut server, "\r\n").await;
        tokio::time::sleep(timeout * 2).await;
        pass(&mut client, &mut server, "GET / HTTP/1.1\r\n\r\n").await;
        tokio::time::sleep(timeout * 2).await;
        pass(&mut server, &mut client, "HTTP/1.1 200 OK\r\n\r\n").await;
        client.write_all(b"GET / HTTP/1.1\r\nhost").await.unwrap();
        let error = server.read_to_end(&mut Vec::new()).await.unwrap_err();
        assert_eq!(error.kind(), std::io::ErrorKind::TimedOut);
    }
}
