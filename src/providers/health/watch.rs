//! One call, watched until it comes to an end.

use super::Health;
use crate::{
    chat::{ApiError, Frame},
    providers::observed::is_of_gateway,
};
use futures_util::{Stream, StreamExt as _, stream::BoxStream};
use std::{
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

/// A call under way. Dropped before its end, it says nothing of the endpoint: its client left.
pub(in crate::providers) struct Watch {
    health: Arc<Health>,
    model: Box<str>,
    began: Instant,
    /// Whether it tries an endpoint that failed: until it ends, nobody else does.
    is_probe: bool,
    is_over: bool,
}

impl Watch {
    /// A call of `model` that begins now.
    pub(in crate::providers) fn begin(health: &Arc<Health>, model: &str) -> Self {
        Self {
            health: health.clone(),
            model: model.into(),
            began: Instant::now(),
            is_probe: health.is_probed(model),
            is_over: false,
        }
    }

    /// Notes how the call ended. What the gateway itself refuses, nobody was asked; and a call without an answer in the
    /// time that was left for it, or to an address that may not be called, shows neither that the provider is well nor that it is ill.
    pub(in crate::providers) fn end(&mut self, error: Option<&ApiError>) {
        let says_nothing = error.is_some_and(|error| {
            let is_answer = error.status < 500 || is_of_status(error);
            is_of_gateway(error) || !error.is_retryable() && !is_answer
        });
        if says_nothing || std::mem::replace(&mut self.is_over, true) {
            return;
        }
        self.health
            .note(&self.model, error, self.began, Instant::now());
    }

    /// The frames of a streamed answer, whose end is the call's.
    pub(in crate::providers) fn over(
        self,
        frames: BoxStream<'static, Frame>,
    ) -> BoxStream<'static, Frame> {
        let watch = self;
        Watched { frames, watch }.boxed()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        if self.is_probe && !self.is_over {
            self.health.give_back(&self.model, Instant::now());
        }
    }
}

/// Whether the provider said so with a status.
fn is_of_status(error: &ApiError) -> bool {
    error.details.orloj.contains_key("upstream_status")
}

struct Watched {
    frames: BoxStream<'static, Frame>,
    watch: Watch,
}

impl Stream for Watched {
    type Item = Frame;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Frame>> {
        let frame = ready!(self.frames.poll_next_unpin(context));
        match &frame {
            Some(Frame { error: None, .. }) => {}
            Some(Frame { error, .. }) => self.watch.end(error.as_deref()),
            None => self.watch.end(None),
        }
        Poll::Ready(frame)
    }
}
