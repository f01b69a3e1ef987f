//! What a call may use at worst, and whether its run may.

use super::ledger::{Amount, Limited, Scope};
use crate::{
    chat::ApiError,
    model::Origin,
    routing::{ModelFacts, PolicyRoute},
};
use std::sync::Arc;

/// Tokens an answer may have where neither the request nor the catalogue says.
pub(super) const DEFAULT_MAX_OUTPUT: u64 = 4_096;

impl Amount {
    /// What is enough for either. Where cost is limited, what has no known price is not called and needs none.
    pub(super) fn worse(self, other: Self) -> Self {
        Self {
            tokens: self.tokens.max(other.tokens),
            cost_microdollars: self.cost_microdollars.max(other.cost_microdollars),
        }
    }
}

/// What a request asks for, as far as its use is bounded by it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Demand {
    /// Tokens of the prompt, guessed.
    pub(super) prompt: u64,
    /// Tokens of all answers together, if the request says so.
    pub(super) max_output: Option<u64>,
    /// Answers.
    pub(super) answers: u64,
}

/// The most that a call of one model may use.
pub(super) fn worst(facts: &ModelFacts, demand: Demand) -> Amount {
    let each = facts.max_output_tokens.unwrap_or(DEFAULT_MAX_OUTPUT);
    let output = demand.max_output;
    let output = output.unwrap_or_else(|| each.saturating_mul(demand.answers));
    let prompt = demand.prompt;
    Amount {
        tokens: prompt.saturating_add(output),
        cost_microdollars: facts.worst_cost_microdollars(prompt, output),
    }
}

/// Whether it counts how much a single request uses, and not only that there is one.
pub(super) fn is_bounded(policies: &[&Arc<PolicyRoute>], limited: &[Limited<'_>]) -> bool {
    let mut rules = limited.iter().flat_map(|it| &it.rules);
    policies.iter().any(|it| it.max_tokens_per_run.is_some())
        || rules.any(|rule| rule.bounds_tokens())
}

/// Whose cost is limited, and the manifest's line that says so.
pub(super) fn cost_limit(limited: &[Limited<'_>]) -> Option<(Scope, Origin)> {
    let rules = limited.iter().flat_map(|it| {
        let rules = it.rules.iter();
        rules.map(|rule| (&it.scope, *rule))
    });
    let mut of_cost = rules.filter(|(_, rule)| rule.cost_microdollars.is_some());
    let (scope, rule) = of_cost.next()?;
    Some((scope.clone(), rule.origin.clone()))
}

/// Checks the most that a run may use against the policies of its agent. One request is one run.
///
/// # Errors
///
/// 403 `token_budget_exceeded`, naming the policy's line.
pub(super) fn check_run(
    policies: &[&Arc<PolicyRoute>],
    needed: impl FnOnce() -> u64,
) -> Result<(), Box<ApiError>> {
    let Some((policy, most, origin)) = run_budget(policies) else {
        return Ok(());
    };
    let needed = needed();
    if needed <= most {
        return Ok(());
    }
    Err(Box::new(over_budget(policy, most, needed, origin)))
}

/// The smallest budget of a run among the policies of an agent.
fn run_budget<'a>(policies: &[&'a Arc<PolicyRoute>]) -> Option<(&'a PolicyRoute, u64, &'a Origin)> {
    let budgets = policies.iter().filter_map(|policy| {
        let (most, origin) = policy.max_tokens_per_run.as_ref()?;
        Some((&***policy, *most, origin))
    });
    budgets.min_by_key(|(_, most, _)| *most)
}

fn over_budget(policy: &PolicyRoute, most: u64, needed: u64, origin: &Origin) -> ApiError {
    let name = policy.id.qualified_name();
    let message = format!(
        "policy `{name}` ({origin}) allows a run {most} tokens, and this request may need {needed} for prompt and answer; ask for less (`max_tokens`)"
    );
    ApiError::new(403, "permission_error", message)
        .with_code("token_budget_exceeded")
        .with_param("max_tokens")
        .with_detail("policy", name)
        .with_detail("most", most)
        .with_detail("needed", needed)
        .with_detail("source", origin.to_string())
}
