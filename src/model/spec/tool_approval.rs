//! `kind: ToolApproval`.

use super::OperationClass;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A tool call that waits for a person. Made by the runtime; validated, not served by this version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolApprovalSpec {
    /// The `Task` that waits.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["weekly-report"]))]
    pub task_ref: String,
    /// The `Tool` that would be called.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["send_mail"]))]
    pub tool: String,
    /// What the call would do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_class: Option<OperationClass>,
    /// The `Agent` that would call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["writer-agent"]))]
    pub agent: Option<String>,
    /// The arguments of the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["{\"to\": \"team@example.com\"}"]))]
    pub input: Option<String>,
    /// Why somebody has to look.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["mail leaves the company"]))]
    pub reason: Option<String>,
    /// How long it waits, such as `1h`; `10m` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "10m", "examples" = ["1h"]))]
    pub ttl: Option<String>,
}

/// The phases a `ToolApproval`'s status may name.
pub const APPROVAL_PHASES: [&str; 4] = ["Pending", "Approved", "Denied", "Expired"];

impl ToolApprovalSpec {
    /// Trims texts and fills the format's defaults.
    pub fn normalise(&mut self) {
        self.task_ref = self.task_ref.trim().to_owned();
        self.tool = self.tool.trim().to_owned();
        super::trim(&mut self.agent);
        super::trim(&mut self.reason);
        super::text_or(&mut self.ttl, "10m");
    }
}
