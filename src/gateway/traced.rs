//! What ends with a call's account: the place that its request holds, and its span where there is one.

use super::{gate::Pass, meter::Meter, spans::RequestSpan};
use crate::{
    chat::ApiError,
    providers::{Propagation, Upstream},
    routing::Target,
};

impl Meter {
    /// Ends `span`, if there is one, with the call.
    #[must_use]
    pub fn within(mut self, span: Option<Box<RequestSpan>>) -> Self {
        self.span = span;
        self
    }

    /// Gives the request's place back with the call.
    #[must_use]
    pub fn holding(mut self, pass: Pass) -> Self {
        self.pass = Some(pass);
        self
    }

    /// What tells a target that is about to be called of its span.
    pub(super) fn attempt(&mut self, target: &Target, upstream: &Upstream) -> Option<Propagation> {
        let span = self.span.as_mut()?;
        span.attempt(&self.record, target, upstream)
    }

    pub(super) fn attempt_failed(&mut self, error: &ApiError) {
        if let Some(span) = &mut self.span {
            span.failed(error);
        }
    }
}
