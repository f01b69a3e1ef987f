//! What agents may call.

use super::{
    decision::Decision,
    table::{AgentRoute, PolicyRoute, RoutingTable, Target},
};
use std::sync::Arc;

/// Why a request made as an agent is refused.
#[derive(Debug, Clone)]
pub struct Denial {
    /// The policy that says no.
    pub policy: Arc<PolicyRoute>,
    /// The agent that asked.
    pub agent: Arc<AgentRoute>,
    /// The model it resolved to.
    pub model: Arc<str>,
}

/// Checks a decision against the policies of its agent; fallbacks that are not allowed are dropped.
///
/// Requests that were not made as an agent pass.
///
/// # Errors
///
/// - [`Denial`] if the first target's model is not allowed.
pub fn check_policies(table: &RoutingTable, mut decision: Decision) -> Result<Decision, Denial> {
    let Some(agent) = decision.agent.clone() else {
        return Ok(decision);
    };
    let policies = table.policies_of(&agent.id);
    if let Some(first) = decision.targets.first()
        && let Some(policy) = denying(&policies, first)
    {
        return Err(Denial {
            policy: policy.clone(),
            model: first.model.clone(),
            agent,
        });
    }
    let allowed = |target: &Target| denying(&policies, target).is_none();
    decision.targets.retain(allowed);
    Ok(decision)
}

/// The first policy that does not allow the target's model.
pub(super) fn denying<'a>(
    policies: &[&'a Arc<PolicyRoute>],
    target: &Target,
) -> Option<&'a Arc<PolicyRoute>> {
    if policies.is_empty() {
        return None;
    }
    let model = target.model.to_lowercase();
    let mut denying = policies.iter().filter(|policy| {
        let allowed = policy.allowed_models.as_ref();
        allowed.is_some_and(|allowed| !allowed.contains(&model))
    });
    denying.next().copied()
}
