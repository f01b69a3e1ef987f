//! `kind: AgentRole`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent is permitted to do. Validated, not served by this version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentRoleSpec {
    /// What the role is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["May search the web"]))]
    pub description: Option<String>,
    /// What it permits, such as `tool:web_search:invoke` or `capability:web.read`.
    #[serde(default)]
    #[schemars(extend("examples" = [["tool:web_search:invoke", "capability:web.read"]]))]
    pub permissions: Vec<String>,
}

impl AgentRoleSpec {
    /// Trims texts and drops repeats.
    pub fn normalise(&mut self) {
        super::trim(&mut self.description);
        super::tidy(&mut self.permissions);
    }
}
