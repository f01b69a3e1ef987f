//! Limits as routing sees them: with the line that says so.

use crate::model::{
    Origin, Resource,
    spec::{LimitWindow, UsageLimit},
};

/// What may be used in a window, and where that is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LimitRule {
    /// How long it counts before it starts anew.
    pub window: LimitWindow,
    /// Requests, if they are limited.
    pub requests: Option<u64>,
    /// Tokens of prompt and completion, if they are limited.
    pub tokens: Option<u64>,
    /// Millionths of a US dollar, if the cost is limited.
    pub cost_microdollars: Option<u64>,
    /// The entry of the manifest's list.
    pub origin: Origin,
}

impl LimitRule {
    /// Whether what a single request may use counts, and not requests alone.
    pub fn bounds_tokens(&self) -> bool {
        self.tokens.is_some() || self.cost_microdollars.is_some()
    }
}

/// The entries of a resource's list.
pub(super) fn rules(resource: &Resource, list: &str, limits: &[UsageLimit]) -> Vec<LimitRule> {
    let limits = limits.iter().enumerate();
    limits
        .map(|(index, limit)| LimitRule {
            window: limit.per,
            requests: limit.requests,
            tokens: limit.tokens,
            cost_microdollars: limit.cost_microdollars,
            origin: resource.origin_of(&format!("{list}/{index}")),
        })
        .collect()
}
