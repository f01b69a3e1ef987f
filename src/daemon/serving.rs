//! The threads that answer clients.
//!
//! A connection stays on one thread, and so does each of its requests, with its call of a provider: a scheduler
//! that moves work between threads wakes one for every other step of a call, which costs a quarter of it. What
//! takes long is not done here (`http/aside.rs`).

use super::{error::DaemonError, listener::Handed};
use axum::Router;
use std::{io, net::SocketAddr, thread};
use tokio::{
    net::TcpStream,
    runtime::{Builder, Runtime},
    sync::mpsc,
};
use tokio_util::sync::CancellationToken;

/// The threads, one for each processor.
pub(super) struct Serving {
    /// Where connections go in, in turn.
    threads: Vec<mpsc::UnboundedSender<Connection>>,
    next: usize,
    /// Ends when all have answered what they had.
    busy: mpsc::Receiver<()>,
    /// Ends the threads.
    finished: CancellationToken,
}

/// A connection that belongs to no thread yet, and who is at its other end.
pub(super) type Connection = (std::net::TcpStream, SocketAddr);

impl Serving {
    /// Starts the threads; after `stop` they take no requests, and finish those that they have.
    ///
    /// # Errors
    ///
    /// - [`DaemonError::Server`] if the system gives no thread.
    pub(super) fn start(
        routes: &Router,
        addr: SocketAddr,
        stop: &CancellationToken,
    ) -> Result<Self, DaemonError> {
        let count = thread::available_parallelism().map_or(1, usize::from);
        let (answering, busy) = mpsc::channel(1);
        let finished = CancellationToken::new();
        let mut threads = Vec::with_capacity(count);
        for number in 0..count {
            let (hand, handed) = mpsc::unbounded_channel();
            let runtime = Builder::new_current_thread().enable_all().build();
            let share = Share {
                runtime: runtime.map_err(DaemonError::Server)?,
                connections: Handed::new(handed, addr),
                routes: routes.clone(),
                stop: stop.clone(),
                answering: answering.clone(),
                finished: finished.clone(),
            };
            thread::Builder::new()
                .name(format!("answers-{number}"))
                .spawn(move || share.serve())
                .map_err(DaemonError::Server)?;
            threads.push(hand);
        }
        Ok(Self {
            threads,
            next: 0,
            busy,
            finished,
        })
    }

    /// Gives a connection to the next thread.
    ///
    /// # Errors
    ///
    /// What the system says to its registration being undone; the connection is closed then.
    pub(super) fn hand(&mut self, connection: TcpStream, from: SocketAddr) -> io::Result<()> {
        let connection = connection.into_std()?;
        self.next = (self.next + 1) % self.threads.len();
        // Nobody takes it only if the daemon is ending.
        let _ = self.threads[self.next].send((connection, from));
        Ok(())
    }

    /// Comes when every thread has answered what it had, after `stop`.
    pub(super) async fn ended(&mut self) {
        self.threads.clear();
        // None is ever sent: it ends with the last of those who could.
        let _ = self.busy.recv().await;
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        self.finished.cancel();
    }
}

/// What one thread has to do.
struct Share {
    runtime: Runtime,
    connections: Handed,
    routes: Router,
    stop: CancellationToken,
    answering: mpsc::Sender<()>,
    finished: CancellationToken,
}

impl Share {
    fn serve(self) {
        let Self {
            runtime,
            connections,
            routes,
            stop,
            answering,
            finished,
        } = self;
        runtime.block_on(async move {
            let served = axum::serve(connections, routes.into_make_service())
                .with_graceful_shutdown(stop.cancelled_owned());
            tokio::select! {
                // It has no errors of its own.
                _ = served.into_future() => {}
                () = finished.cancelled() => {}
            }
            drop(answering);
            finished.cancelled().await;
        });
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::Serving;
    use axum::{Router, routing::get};
    use std::{collections::BTreeSet, thread, time::Duration};
    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::{TcpListener, TcpStream},
        time::sleep,
    };
    use tokio_util::sync::CancellationToken;

    /// Who answers; `/slow` takes a while.
    fn routes() -> Router {
        let name = || thread::current().name().unwrap_or_default().to_owned();
        let slow = || async {
            sleep(Duration::from_millis(200)).await;
            "slow"
        };
        Router::new()
            .route("/", get(async move || name()))
            .route("/slow", get(slow))
    }

    async fn connect(serving: &mut Serving, listener: &TcpListener) -> TcpStream {
        let client = TcpStream::connect(listener.local_addr().unwrap());
        let (client, accepted) = tokio::join!(client, listener.accept());
        let (connection, from) = accepted.unwrap();
        serving.hand(connection, from).unwrap();
        client.unwrap()
    }

    async fn ask(client: &mut TcpStream, path: &str) -> String {
        let request = format!("GET {path} HTTP/1.1\r\nhost: here\r\n\r\n");
        client.write_all(request.as_bytes()).await.unwrap();
        let mut answer = vec![0; 4096];
        let length = client.read(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer[..length]).into_owned();
        answer.rsplit("\r\n").next().unwrap().to_owned()
    }

    #[tokio::test]
    async fn connections_take_turns_among_threads_and_stay_on_theirs() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        let addr = listener.local_addr().unwrap();
        let mut serving = Serving::start(&routes(), addr, &stop).unwrap();
        let mut threads = BTreeSet::new();
        let count = thread::available_parallelism().unwrap().get();
        for _ in 0..count {
            let mut client = connect(&mut serving, &listener).await;
            let first = ask(&mut client, "/").await;
            assert!(first.starts_with("answers-"), "{first}");
            assert_eq!(ask(&mut client, "/").await, first);
            threads.insert(first);
        }
        assert_eq!(threads.len(), count);
    }

    #[tokio::test]
    async fn what_is_asked_before_the_stop_is_answered_and_then_the_threads_end() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let stop = CancellationToken::new();
        let addr = listener.local_addr().unwrap();
        let mut serving = Serving::start(&routes(), addr, &stop).unwrap();
        let mut client = connect(&mut serving, &listener).await;
        let mut idle = connect(&mut serving, &listener).await;
        ask(&mut idle, "/").await;
        let ending = async {
            sleep(Duration::from_millis(50)).await;
            stop.cancel();
            serving.ended().await;
        };
        let (answer, ()) = tokio::join!(ask(&mut client, "/slow"), ending);
        assert_eq!(answer, "slow");
        // A connection that waits for its next request is closed.
        assert_eq!(idle.read(&mut [0; 16]).await.unwrap(), 0);
    }
}
