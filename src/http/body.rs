//! The bodies of requests to models: read whole, within a size, a pace, and a room that all of them share.
//!
//! A body that is still under way holds no place among the requests that are (`limits.chat_concurrency`): a client that
//! sends slowly keeps nobody else away. What bounds their memory is the room.

use crate::chat::ApiError;
use axum::body::Body;
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt as _;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};
use tokio::time::{Instant, timeout_at};

/// Bytes that bodies under way may hold together: 1 GiB, or this many of the largest ones.
const ROOM: usize = 1 << 30;
const LARGEST_BODIES: usize = 4;

/// How fast a client has to send.
#[derive(Debug, Clone, Copy)]
struct Pace {
    /// Between two pieces, and for the first of them.
    idle: Duration,
    /// How many bytes give a whole body one second more than that.
    bytes_per_second: usize,
}

/// What a bad mobile connection keeps up with, even in its worst moments; a body of a few bytes has 20 s.
const PACE: Pace = Pace {
    idle: Duration::from_secs(20),
    bytes_per_second: 16 << 10,
};

/// Where bodies wait for their end.
#[derive(Debug)]
pub(super) struct BodyRoom {
    /// Of one body, in bytes.
    largest: usize,
    /// Of all of them.
    most: usize,
    held: AtomicUsize,
    pace: Pace,
}

/// What one body holds of the room, until this is dropped.
struct Held<'a> {
    room: &'a BodyRoom,
    bytes: usize,
}

impl BodyRoom {
    /// A room for bodies of at most `largest` bytes each.
    pub(super) fn of_bodies(largest: usize) -> Self {
        Self {
            largest,
            most: largest.saturating_mul(LARGEST_BODIES).max(ROOM),
            held: AtomicUsize::new(0),
            pace: PACE,
        }
    }

    /// The largest body, in bytes.
    pub(super) fn largest(&self) -> usize {
        self.largest
    }

    /// Reads a body to its end.
    ///
    /// # Errors
    ///
    /// - 408 `request_timeout` if it comes too slowly; the connection is closed.
    /// - 413 `request_too_large` if it is too large or breaks off.
    /// - 503 `too_many_requests_at_once` if too much of other bodies waits for its end.
    pub(super) async fn read(&self, mut body: Body) -> Result<Bytes, Box<ApiError>> {
        let started = Instant::now();
        let mut held = Held {
            room: self,
            bytes: 0,
        };
        let mut first = Bytes::new();
        let mut whole = BytesMut::new();
        loop {
            let until = self.pace.until(started, held.bytes);
            let frame = timeout_at(until, body.frame()).await;
            let frame = frame.map_err(|_| Box::new(self.too_slow(held.bytes)))?;
            let Some(frame) = frame else {
                return Ok(if whole.is_empty() {
                    first
                } else {
                    whole.freeze()
                });
            };
            let frame = frame.map_err(|_| Box::new(self.unread()))?;
            let Ok(piece) = frame.into_data() else {
                continue;
            };
            held.take(piece.len())?;
            // Nearly all bodies are of one piece, which need not be copied.
            if first.is_empty() {
                first = piece;
                continue;
            }
            if whole.is_empty() {
                whole.extend_from_slice(&first);
            }
            whole.extend_from_slice(&piece);
        }
    }

    fn unread(&self) -> ApiError {
        let most = self.largest;
        let message = format!(
            "the request body could not be read, or is larger than {most} bytes (`limits.chat_body_size`)"
        );
        ApiError::new(413, "invalid_request_error", message).with_code("request_too_large")
    }

    fn too_slow(&self, received: usize) -> ApiError {
        let Pace {
            idle,
            bytes_per_second,
        } = self.pace;
        let message = format!(
            "the request body did not arrive in time: {received} bytes of it came; a pause may take {idle:?}, and the whole as long and a second more for each {bytes_per_second} bytes"
        );
        ApiError::new(408, "invalid_request_error", message)
            .with_code("request_timeout")
            .with_header("connection", "close")
    }

    fn full(&self) -> ApiError {
        let most = self.most;
        let message = format!(
            "request bodies that have not arrived whole hold the {most} bytes that there are for them; try again in 1s"
        );
        ApiError::new(503, "service_unavailable", message)
            .with_code("too_many_requests_at_once")
            .with_header("retry-after", "1")
    }
}

impl Held<'_> {
    fn take(&mut self, bytes: usize) -> Result<(), Box<ApiError>> {
        let room = self.room;
        if self.bytes + bytes > room.largest {
            return Err(Box::new(room.unread()));
        }
        self.bytes += bytes;
        let held = room.held.fetch_add(bytes, Ordering::Relaxed);
        if held + bytes > room.most {
            return Err(Box::new(room.full()));
        }
        Ok(())
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Pace {
    /// When the next piece of a body must be there.
    fn until(self, started: Instant, received: usize) -> Instant {
        let more = Duration::from_secs((received / self.bytes_per_second) as u64);
        (Instant::now() + self.idle).min(started + self.idle + more)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{BodyRoom, Pace};
    use axum::body::Body;
    use bytes::Bytes;
    use futures_util::{StreamExt as _, stream};
    use std::{convert::Infallible, sync::atomic::Ordering, time::Duration};
    use tokio::time::sleep;

    /// A body of pieces that come one after the other, and then do not end.
    fn dripping(pieces: usize, pause: Duration) -> Body {
        let pieces = stream::iter(0..pieces).then(move |_| async move {
            sleep(pause).await;
            Ok::<_, Infallible>(Bytes::from_static(b"0123456789"))
        });
        Body::from_stream(pieces.chain(stream::pending()))
    }

    fn room(idle: Duration) -> BodyRoom {
        BodyRoom {
            pace: Pace {
                idle,
                bytes_per_second: 1000,
            },
            ..BodyRoom::of_bodies(1 << 20)
        }
    }

    #[tokio::test]
    async fn a_body_is_read_whole_however_it_is_cut() {
        let room = room(Duration::from_secs(9));
        assert_eq!(room.read(Body::empty()).await.unwrap(), "");
        assert_eq!(room.read(Body::from("{}")).await.unwrap(), "{}");
        let pieces = ["a", "", "b", "cd"].map(Ok::<_, Infallible>);
        let body = Body::from_stream(stream::iter(pieces));
        assert_eq!(room.read(body).await.unwrap(), "abcd");
        assert_eq!(room.held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_body_that_stops_or_drips_is_given_up() {
        let room = room(Duration::from_millis(200));
        for body in [
            dripping(0, Duration::ZERO),
            dripping(1, Duration::ZERO),
            dripping(1000, Duration::from_millis(20)),
        ] {
            let error = room.read(body).await.unwrap_err();
            assert_eq!(
                (error.status, error.code.as_deref()),
                (408, Some("request_timeout"))
            );
            assert!(
                error
                    .details
                    .headers
                    .contains(&("connection", "close".into()))
            );
        }
        assert_eq!(room.held.load(Ordering::Relaxed), 0);
    }

    #[tokio::test]
    async fn a_large_body_has_more_time() {
        let room = BodyRoom {
            pace: Pace {
                idle: Duration::from_millis(200),
                bytes_per_second: 10,
            },
            ..BodyRoom::of_bodies(100)
        };
        let error = room.read(dripping(11, Duration::from_millis(40))).await;
        assert_eq!(error.unwrap_err().status, 413, "its size is what ends it");
    }

    #[tokio::test]
    async fn bodies_that_wait_for_their_end_take_a_bounded_memory() {
        let room = BodyRoom {
            most: 15,
            ..room(Duration::from_secs(9))
        };
        let first = room.read(dripping(1, Duration::ZERO));
        let second = async {
            sleep(Duration::from_millis(50)).await;
            room.read(dripping(1, Duration::ZERO)).await
        };
        let refused = tokio::select! {
            _ = first => None,
            second = second => second.err(),
        };
        assert_eq!(refused.unwrap().status, 503);
        assert_eq!(room.held.load(Ordering::Relaxed), 0);
    }
}
