//! `kind: ToolPermission`.

use super::ApplyMode;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent needs to be permitted before it may call a tool. Validated, not served by this version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolPermissionSpec {
    /// The `Tool`; the permission's own name if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["web_search"]))]
    pub tool_ref: Option<String>,
    /// What is permitted; `invoke` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "invoke", "examples" = ["invoke"]))]
    pub action: Option<String>,
    /// Permissions that the agent's roles must hold.
    #[serde(default)]
    #[schemars(extend("examples" = [["tool:web_search:invoke"]]))]
    pub required_permissions: Vec<String>,
    /// How many of them.
    #[serde(default)]
    pub match_mode: MatchMode,
    /// `global`: every agent; `scoped`: the target agents. `global` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "global"))]
    pub apply_mode: Option<ApplyMode>,
    /// `Agent`s a scoped permission holds for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["research-agent"]]))]
    pub target_agents: Vec<String>,
    /// What happens by class of operation; the strictest verdict wins.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"operation_class": "delete", "verdict": "deny"}]]))]
    pub operation_rules: Vec<OperationRule>,
}

/// How many of the required permissions an agent must hold.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MatchMode {
    /// Each of them.
    #[default]
    All,
    /// One of them.
    Any,
}

/// What happens to calls of one class of operation.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OperationRule {
    /// The class, `*` for every; `*` if absent.
    #[serde(default)]
    pub operation_class: RuleClass,
    /// What happens.
    #[serde(default)]
    pub verdict: Verdict,
}

/// The class of operation a rule is for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RuleClass {
    /// Looking.
    Read,
    /// Changing.
    Write,
    /// Removing.
    Delete,
    /// Managing.
    Admin,
    /// Every class.
    #[default]
    #[serde(rename = "*")]
    Every,
}

/// What happens to a call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It runs.
    #[default]
    Allow,
    /// It is refused.
    Deny,
    /// It waits for a `ToolApproval`.
    ApprovalRequired,
}

impl ToolPermissionSpec {
    /// Trims texts and fills the format's defaults; `name` is the permission's own.
    pub fn normalise(&mut self, name: &str) {
        super::text_or(&mut self.tool_ref, name);
        super::text_or(&mut self.action, "invoke");
        self.action = self.action.take().map(|action| action.to_lowercase());
        super::tidy(&mut self.required_permissions);
        self.apply_mode.get_or_insert(ApplyMode::Global);
        super::tidy(&mut self.target_agents);
    }
}
