//! `kind: AgentPolicy`.

use super::UsageLimit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What agents may call. Without `apply_mode` and targets it holds for every agent of its namespace.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentPolicySpec {
    /// Tokens one run may use, prompt and completion together; unbounded if absent or not positive.
    #[serde(default, skip_serializing_if = "super::is_default")]
    #[schemars(extend("default" = 0, "examples" = [50000]))]
    pub max_tokens_per_run: i64,
    /// Models that may be called, letter case ignored; any if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["gpt-4o", "claude-3-5-sonnet-latest"]]))]
    pub allowed_models: Vec<String>,
    /// Tools that may not be called.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["shell"]]))]
    pub blocked_tools: Vec<String>,
    /// What each agent that the policy holds for may use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"per": "day", "tokens": 1_000_000}]]))]
    pub limits: Vec<UsageLimit>,
    /// What all callers of the policy's namespace may use together, as agents or not.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"per": "month", "cost_microdollars": 500_000_000}]]))]
    pub namespace_limits: Vec<UsageLimit>,
    /// `global`: every agent; `scoped`: those of the targets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_mode: Option<ApplyMode>,
    /// `AgentSystem`s whose agents it holds for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["report-system"]]))]
    pub target_systems: Vec<String>,
    /// `Task`s whose agents it holds for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["weekly-report"]]))]
    pub target_tasks: Vec<String>,
}

/// How a policy finds its agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ApplyMode {
    /// The agents of the targets.
    Scoped,
    /// Every agent.
    Global,
}

impl AgentPolicySpec {
    /// Trims lists and drops repeats.
    pub fn normalise(&mut self) {
        self.max_tokens_per_run = self.max_tokens_per_run.max(0);
        super::tidy(&mut self.allowed_models);
        super::tidy(&mut self.blocked_tools);
        super::tidy(&mut self.target_systems);
        super::tidy(&mut self.target_tasks);
    }

    /// Whether the policy names what it holds for.
    pub fn has_targets(&self) -> bool {
        !self.target_systems.is_empty() || !self.target_tasks.is_empty()
    }
}
