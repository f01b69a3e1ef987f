//! A streamed answer on its way to the client.

use super::transport::{MAX_ANSWER_BYTES, Reply};
use crate::chat::{ApiError, Dialect, Frame};
use bytes::Bytes;
use futures_util::stream::{self, BoxStream};
use futures_util::{Stream, StreamExt};
use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// The largest event or line of a stream, 64 MiB: as much as a whole answer. The events of a response may hold a picture, or
/// all of the answer and what it repeats of its request. What waits for its end is kept as it comes, and no more than that.
pub(super) const MAX_FRAME_BYTES: usize = MAX_ANSWER_BYTES;

/// How long the end of the connection's answer is waited for after the stream said it is done, so that
/// the connection can be used again. The client has everything by then.
const DRAIN: Duration = Duration::from_millis(250);

/// Turns a provider's stream into frames for the client.
pub(super) trait Decode: Send {
    /// Takes a piece of any length and queues the frames it completes.
    fn piece(&mut self, piece: &[u8], frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError>;

    /// Takes what is left when the body ended; [`Progress::More`] means that it ended too early.
    fn end(&mut self, frames: &mut VecDeque<Frame>) -> Result<Progress, ApiError>;
}

/// Whether a stream goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// More is to come.
    More,
    /// It ended as it should; the last frame is queued.
    Done,
}

/// What keeps a connection alive while the model thinks.
const KEEP_ALIVE: Bytes = Bytes::from_static(b": keep-alive\n\n");

/// How many bytes of comments wait for what they stand in front of: they say nothing, so more are left out.
const MAX_COMMENT_BYTES: usize = 16 << 10;

/// Waits for the first frame with a part of the answer and hands the rest on as a stream.
///
/// A stream that fails before is an error, so that the call can still be made elsewhere. It is waited for as
/// long as clients and proxies bear; then the stream begins with comments that keep the connection alive, and can only fail.
pub(super) async fn relay(
    dialect: Dialect,
    reply: Reply,
    decoder: Box<dyn Decode>,
) -> Result<BoxStream<'static, Frame>, ApiError> {
    let pause = reply.keep_alive();
    let relay = Relay {
        reply,
        decoder,
        frames: VecDeque::new(),
        has_begun: false,
        state: State::Reading,
    };
    let mut first: First = Box::pin(relay.first());
    let (first, relay) = match pause {
        None => first.await,
        Some(pause) => match tokio::time::timeout(pause, &mut first).await {
            Ok(first) => first,
            Err(_) => return Ok(late(dialect, first, pause)),
        },
    };
    let first = stream::once(std::future::ready(first?));
    Ok(first.chain(rest(dialect, relay)).boxed())
}

/// What follows the first frame.
fn rest(dialect: Dialect, relay: Relay) -> impl Stream<Item = Frame> + Send {
    stream::unfold(relay, move |mut relay| async move {
        let frame = match relay.next().await? {
            Ok(frame) => frame,
            Err(error) => Frame::failed(dialect, error),
        };
        Some((frame, relay))
    })
}

/// The first frame of a relay, and the relay.
type First = Pin<Box<dyn Future<Output = (Result<Frame, ApiError>, Relay)> + Send>>;

/// A stream whose first frame keeps the client waiting.
fn late(dialect: Dialect, first: First, pause: Duration) -> BoxStream<'static, Frame> {
    let waiting = stream::unfold(Some((first, true)), move |waiting| async move {
        let (mut first, is_due) = waiting?;
        if is_due {
            let alive: BoxStream<'static, Frame> =
                stream::once(async { KEEP_ALIVE.into() }).boxed();
            return Some((alive, Some((first, false))));
        }
        match tokio::time::timeout(pause, &mut first).await {
            Err(_) => Some((stream::empty().boxed(), Some((first, true)))),
            Ok((Ok(frame), relay)) => {
                let frames = stream::once(std::future::ready(frame));
                Some((frames.chain(rest(dialect, relay)).boxed(), None))
            }
            Ok((Err(error), _)) => {
                let failed = Frame::failed(dialect, error);
                Some((stream::once(std::future::ready(failed)).boxed(), None))
            }
        }
    });
    waiting.flatten().boxed()
}

struct Relay {
    reply: Reply,
    decoder: Box<dyn Decode>,
    frames: VecDeque<Frame>,
    /// Whether a part of the answer has come.
    has_begun: bool,
    state: State,
}

enum State {
    Reading,
    /// All frames but the queued ones are out; then the error, if there is one.
    Failed(Box<Option<ApiError>>),
    Done,
}

impl Relay {
    /// The first frame, when a part of the answer is there; a stream without any is an error.
    async fn first(mut self) -> (Result<Frame, ApiError>, Self) {
        while !self.has_begun && matches!(self.state, State::Reading) {
            self.read().await;
        }
        if !self.has_begun && matches!(self.state, State::Failed(_)) {
            self.frames.clear();
        }
        let first = match self.next().await {
            Some(first) => first,
            None => Err(self.ended_early()),
        };
        (first, self)
    }

    /// The next frame, the error that ends the stream, or its end.
    async fn next(&mut self) -> Option<Result<Frame, ApiError>> {
        loop {
            if let Some(frame) = self.frames.pop_front() {
                return Some(Ok(frame));
            }
            match &mut self.state {
                State::Failed(error) => return error.take().map(Err),
                State::Done => {
                    let rest = async { while let Ok(Some(_)) = self.reply.piece().await {} };
                    // Too late is no error: the connection is closed instead of used again.
                    let _ = tokio::time::timeout(DRAIN, rest).await;
                    return None;
                }
                State::Reading => self.read().await,
            }
        }
    }

    async fn read(&mut self) {
        let progress = match self.reply.piece().await {
            Ok(Some(piece)) => self.decoder.piece(&piece, &mut self.frames),
            Ok(None) => match self.decoder.end(&mut self.frames) {
                Ok(Progress::More) => Err(self.ended_early()),
                other => other,
            },
            Err(error) => Err(error),
        };
        if !self.has_begun {
            self.begin();
        }
        match progress {
            Ok(Progress::More) => {}
            Ok(Progress::Done) => self.state = State::Done,
            Err(error) => self.state = State::Failed(Box::new(Some(error))),
        }
    }

    /// Looks whether the answer has begun. A provider may keep the connection alive while it waits itself: the time until the
    /// first byte goes on then.
    fn begin(&mut self) {
        self.has_begun = self.frames.iter().any(Frame::is_content);
        if self.has_begun {
            return;
        }
        self.reply.has_not_begun();
        let waiting: usize = self.frames.iter().map(|frame| frame.bytes.len()).sum();
        if waiting > MAX_COMMENT_BYTES {
            self.frames.clear();
        }
    }

    fn ended_early(&self) -> ApiError {
        self.reply
            .site
            .broken("ended its stream before the answer was complete")
    }
}

/// Seconds since 1970.
pub(super) fn now_seconds() -> u64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .map_or(0, |since| since.as_secs())
}

/// An id for an answer whose provider gave none.
pub(super) fn new_id() -> String {
    format!("chatcmpl-{}", uuid::Uuid::now_v7().simple())
}
