//! What a call used, where the provider does not say it or nobody heard it say so.

use super::meter::Meter;
use crate::chat::{Media, Usage};
use std::time::Duration;

/// Bytes of a request for a token, at worst: less than the four of English, as other languages have.
const BYTES_PER_PROMPT_TOKEN: usize = 3;

/// Bytes of a streamed piece that are not its text, about.
const FRAME_BYTES: usize = 220;

/// Tokens a model writes each second at most, about: what is counted for an answer that nobody waited for.
const TOKENS_PER_SECOND: f64 = 100.0;

/// What was seen of an answer.
#[derive(Default)]
pub(super) struct Seen {
    pub(super) first: Option<Duration>,
    pub(super) frames: usize,
    pub(super) bytes: usize,
    pub(super) usage: Option<Usage>,
    /// Whether the answer was complete, read to its end or not.
    pub(super) is_complete: bool,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Finished,
    Failed,
    Cancelled,
}

/// Tokens of a request whose body has so many bytes, at worst. What is no text counts for itself: hardly any prompt is as long as its
/// pictures would be.
pub(super) fn prompt_tokens(body_bytes: usize, media: Media) -> u64 {
    let text = body_bytes.saturating_sub(media.bytes);
    let text = text.div_ceil(BYTES_PER_PROMPT_TOKEN) as u64;
    text.saturating_add(media.tokens)
}

impl Meter {
    /// The provider's counts; where it gave none, what can be told from outside, rather too much than too little.
    pub(super) fn usage(&self, end: End) -> Usage {
        let seen = &self.seen;
        let known = seen.usage.unwrap_or_default();
        if self.is_free || self.target.is_none() || end == End::Failed && seen.first.is_none() {
            return Usage::default();
        }
        if end == End::Finished && seen.usage.is_some() {
            return known;
        }
        let streamed = self.record.streamed == 1;
        let written = if streamed {
            let text = seen.bytes.saturating_sub(seen.frames * FRAME_BYTES);
            Usage::guess(text).max(seen.frames as u64)
        } else if end == End::Finished {
            Usage::guess(seen.bytes)
        } else {
            0
        };
        // Nobody waited for the first byte, and the provider may have been writing for as long.
        let unseen = if seen.first.is_none() {
            elapsed_tokens(self.started.elapsed())
        } else {
            0
        };
        let most = self.demand.max_output.unwrap_or(u64::MAX);
        Usage {
            prompt_tokens: match known.prompt_tokens {
                0 => self.demand.prompt,
                counted => counted,
            },
            completion_tokens: known.completion_tokens.max(written.max(unseen).min(most)),
            estimated: true,
            ..known
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a time is not negative, and too large a number becomes the largest"
)]
fn elapsed_tokens(time: Duration) -> u64 {
    (time.as_secs_f64() * TOKENS_PER_SECOND).ceil() as u64
}
