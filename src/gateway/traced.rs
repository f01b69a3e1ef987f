//! What ends with a call's account: the place that its request holds, and its span where there is one.

use super::{budget::DEFAULT_MAX_OUTPUT, gate::Pass, meter::Meter, spans::RequestSpan};
use crate::{
    chat::ApiError,
    providers::{Propagation, Upstream},
    routing::{LimitRule, Target},
};
use std::sync::Arc;

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

    /// Parameters that the target's model refuses.
    pub(super) fn refused_parameters(&self) -> Arc<[String]> {
        self.facts.refuses.clone()
    }

    /// What an answer may have at most, as far as the catalogue says: what the model can write, and what its context holds
    /// beside the prompt. Never more than was reserved.
    pub(super) fn known_output(&self) -> Option<u64> {
        let most = self.facts.max_output_tokens?;
        let context = self.facts.context_tokens.unwrap_or(u64::MAX);
        let left = context.saturating_sub(self.demand.prompt);
        // The prompt is a guess; where it seems to leave nothing, the usual limit is worth trying.
        Some(most.min(left.max(DEFAULT_MAX_OUTPUT)))
    }

    /// What an answer may have at most where a limit was reserved for and neither the request nor the catalogue says
    /// it: what was reserved.
    pub(super) fn unsaid_limit(&self) -> Option<u64> {
        let is_said = self.demand.max_output.or(self.facts.max_output_tokens);
        let mut rules = self
            .target
            .iter()
            .flat_map(|target| &target.endpoint.limits);
        let is_bounded = self.is_bounded || rules.any(LimitRule::bounds_tokens);
        (is_bounded && is_said.is_none()).then_some(DEFAULT_MAX_OUTPUT)
    }

    pub(super) fn attempt_failed(&mut self, error: &ApiError) {
        if let Some(span) = &mut self.span {
            span.failed(error);
        }
    }
}
