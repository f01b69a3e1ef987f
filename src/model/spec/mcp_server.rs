//! `kind: McpServer`.

use super::ToolAuth;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Connection attempts when the manifest sets none, as upstream.
const DEFAULT_RECONNECT_ATTEMPTS: i64 = 3;

/// A server of the Model Context Protocol; its tools are called `SERVER--TOOL`. Validated, not served by
/// this version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct McpServerSpec {
    /// How the server is reached.
    pub transport: McpTransport,
    /// The program of a `stdio` server; it would run on the worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["npx"]))]
    pub command: Option<String>,
    /// The program's arguments.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["-y", "@modelcontextprotocol/server-everything"]]))]
    pub args: Vec<String>,
    /// The program's environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"name": "LOG_LEVEL", "value": "info"}]]))]
    pub env: Vec<McpEnvironment>,
    /// The URL of an `http` server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["https://mcp.example.com/mcp"]))]
    pub endpoint: Option<String>,
    /// How a call proves who is calling.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub auth: ToolAuth,
    /// Which of the server's tools are taken.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub tool_filter: ToolFilter,
    /// How a lost connection is repeated.
    #[serde(default)]
    pub reconnect: McpReconnect,
}

/// How an MCP server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum McpTransport {
    /// A program of its own on the worker.
    Stdio,
    /// A URL.
    Http,
}

/// One variable of the program's environment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct McpEnvironment {
    /// The variable's name.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["GITHUB_TOKEN"]))]
    pub name: String,
    /// Its value; nothing secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["info"]))]
    pub value: Option<String>,
    /// The Secret with its value: `name`, `ns/name`, `name:key` or `ns/name:key`.
    #[serde(default, rename = "secretRef", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["github-token"]))]
    pub secret_ref: Option<String>,
}

/// Which of a server's tools are taken.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolFilter {
    /// Their names; all if empty.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["search", "fetch"]]))]
    pub include: Vec<String>,
}

/// How a lost connection is repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct McpReconnect {
    /// Attempts in all; 3 if absent or not positive.
    #[serde(default)]
    #[schemars(extend("default" = 3, "examples" = [5]))]
    pub max_attempts: i64,
    /// Pause between attempts, such as `2s`; `2s` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "2s", "examples" = ["500ms"]))]
    pub backoff: Option<String>,
}

impl McpServerSpec {
    /// Trims texts and fills the format's defaults.
    pub fn normalise(&mut self) {
        super::trim(&mut self.command);
        super::trim(&mut self.endpoint);
        for variable in &mut self.env {
            variable.name = variable.name.trim().to_owned();
            super::trim(&mut variable.secret_ref);
        }
        self.auth.normalise();
        super::tidy(&mut self.tool_filter.include);
        if self.reconnect.max_attempts <= 0 {
            self.reconnect.max_attempts = DEFAULT_RECONNECT_ATTEMPTS;
        }
        super::text_or(&mut self.reconnect.backoff, "2s");
    }
}
