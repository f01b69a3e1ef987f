//! The frames of an answer, as the pieces that are written to the client.

use crate::chat::Frame;
use bytes::{Bytes, BytesMut};
use futures_util::{FutureExt as _, Stream, StreamExt as _, stream};

/// About how large a piece becomes, in bytes: what one write to a connection takes.
const PIECE_BYTES: usize = 16 * 1024;

/// Frames that are there at the same time go out together: each write costs a system call, here and at the client.
/// Nothing is waited for, so a frame that comes alone goes out alone.
pub(super) fn pieces(
    frames: impl Stream<Item = Frame> + Send + Unpin,
) -> impl Stream<Item = Bytes> {
    // What only tells something has nothing to send.
    let frames = frames.map(|frame| frame.bytes);
    let frames = frames.filter(|bytes| std::future::ready(!bytes.is_empty()));
    stream::unfold(frames.fuse(), |mut frames| async move {
        let first = frames.next().await?;
        let mut piece = Piece::One(first);
        while piece.len() < PIECE_BYTES {
            match frames.next().now_or_never() {
                Some(Some(bytes)) => piece = piece.with(&bytes),
                // The next call waits for it, or learns of the end.
                Some(None) | None => break,
            }
        }
        Some((piece.bytes(), frames))
    })
}

/// Copied only if there is something to join.
enum Piece {
    One(Bytes),
    Joined(BytesMut),
}

impl Piece {
    fn len(&self) -> usize {
        match self {
            Self::One(bytes) => bytes.len(),
            Self::Joined(bytes) => bytes.len(),
        }
    }

    fn with(self, next: &Bytes) -> Self {
        let mut joined = match self {
            Self::One(first) => {
                let mut joined = BytesMut::with_capacity(PIECE_BYTES.min(8 * first.len()));
                joined.extend_from_slice(&first);
                joined
            }
            Self::Joined(joined) => joined,
        };
        joined.extend_from_slice(next);
        Self::Joined(joined)
    }

    fn bytes(self) -> Bytes {
        match self {
            Self::One(bytes) => bytes,
            Self::Joined(bytes) => bytes.freeze(),
        }
    }
}
