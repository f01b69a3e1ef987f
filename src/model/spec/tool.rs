//! `kind: Tool`.

use super::{OperationClass, RetryJitter};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Something an agent may call. Validated, not served by this version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolSpec {
    /// How the tool is reached.
    #[serde(default, rename = "type")]
    pub tool_type: ToolType,
    /// Where the tool is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["https://search.example.com/query"]))]
    pub endpoint: Option<String>,
    /// What the model is told the tool does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["Searches the web"]))]
    pub description: Option<String>,
    /// JSON Schema of the tool's arguments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{"type": "object", "properties": {"query": {"type": "string"}}}]))]
    pub input_schema: Option<Map<String, Value>>,
    /// The `McpServer` of a tool of type `mcp`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["everything"]))]
    pub mcp_server_ref: Option<String>,
    /// The tool's name on its `McpServer`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["echo"]))]
    pub mcp_tool_name: Option<String>,
    /// What the tool can do, as roles permit it: `web.read`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["web.read"]]))]
    pub capabilities: Vec<String>,
    /// What a call may do; `write` if the risk is high or critical and `read` else, if absent.
    #[serde(default)]
    #[schemars(extend("examples" = [["read"]]))]
    pub operation_classes: Vec<OperationClass>,
    /// How much a call can hurt.
    #[serde(default)]
    pub risk_level: RiskLevel,
    /// How a call runs.
    #[serde(default)]
    pub runtime: ToolRuntime,
    /// How a call proves who is calling.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub auth: ToolAuth,
}

/// How a tool is reached.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ToolType {
    /// An HTTP request.
    #[default]
    Http,
    /// A service of its own.
    External,
    /// A gRPC call.
    Grpc,
    /// A message on a queue.
    Queue,
    /// A request that is answered later.
    WebhookCallback,
    /// A tool of an `McpServer`.
    Mcp,
    /// A WebAssembly module.
    Wasm,
}

/// How much a call can hurt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RiskLevel {
    /// Little.
    #[default]
    Low,
    /// Somewhat.
    Medium,
    /// Much; the tool is sandboxed unless it says otherwise.
    High,
    /// Everything; the tool is sandboxed unless it says otherwise.
    Critical,
}

/// How a call runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolRuntime {
    /// Time for one call, such as `5s`; `30s` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "30s", "examples" = ["5s"]))]
    pub timeout: Option<String>,
    /// What a call is kept apart by; `sandboxed` if the risk is high or critical and `none` else, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub isolation_mode: Option<IsolationMode>,
    /// How a failed call is repeated.
    #[serde(default)]
    pub retry: ToolRetry,
}

/// What a call is kept apart by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum IsolationMode {
    /// Nothing.
    None,
    /// The worker's sandbox.
    Sandboxed,
    /// A container.
    Container,
    /// A WebAssembly runtime.
    Wasm,
}

/// How a failed call is repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ToolRetry {
    /// Calls in all; 1 if absent or not positive.
    #[serde(default)]
    #[schemars(extend("default" = 1, "examples" = [3]))]
    pub max_attempts: i64,
    /// Pause before the second call, such as `1s`; `0s` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "0s", "examples" = ["1s"]))]
    pub backoff: Option<String>,
    /// The longest pause; `30s` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "30s", "examples" = ["10s"]))]
    pub max_backoff: Option<String>,
    /// How pauses are spread.
    #[serde(default)]
    pub jitter: RetryJitter,
}

/// How a call proves who is calling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct ToolAuth {
    /// The form of the credentials; `bearer` if a secret is named and this is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub profile: Option<AuthProfile>,
    /// The Secret with the credentials: `name`, `ns/name`, `name:key` or `ns/name:key`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["search-api-key"]))]
    pub secret_ref: Option<String>,
    /// The header of an `api_key_header`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["X-Api-Key"]))]
    pub header_name: Option<String>,
    /// Where `oauth2_client_credentials` fetches its token.
    #[serde(default, rename = "tokenURL", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["https://auth.example.com/token"]))]
    pub token_url: Option<String>,
    /// What an `oauth2_client_credentials` token is asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["search.read"]]))]
    pub scopes: Vec<String>,
}

/// The form of credentials.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuthProfile {
    /// `Authorization: Bearer …`.
    Bearer,
    /// A header named by `headerName`.
    ApiKeyHeader,
    /// `Authorization: Basic …`.
    Basic,
    /// A token fetched from `tokenURL`.
    #[serde(rename = "oauth2_client_credentials")]
    Oauth2ClientCredentials,
}

impl ToolSpec {
    /// Trims texts and fills the format's defaults.
    pub fn normalise(&mut self) {
        super::trim(&mut self.endpoint);
        super::trim(&mut self.description);
        super::trim(&mut self.mcp_server_ref);
        super::trim(&mut self.mcp_tool_name);
        super::tidy(&mut self.capabilities);
        let risky = matches!(self.risk_level, RiskLevel::High | RiskLevel::Critical);
        super::unique(&mut self.operation_classes);
        if self.operation_classes.is_empty() {
            let class = if risky {
                OperationClass::Write
            } else {
                OperationClass::Read
            };
            self.operation_classes.push(class);
        }
        let isolation = if risky {
            IsolationMode::Sandboxed
        } else {
            IsolationMode::None
        };
        self.runtime.isolation_mode.get_or_insert(isolation);
        super::text_or(&mut self.runtime.timeout, "30s");
        self.runtime.retry.max_attempts = self.runtime.retry.max_attempts.max(1);
        super::text_or(&mut self.runtime.retry.backoff, "0s");
        super::text_or(&mut self.runtime.retry.max_backoff, "30s");
        self.auth.normalise();
        if self.auth.secret_ref.is_some() {
            self.auth.profile.get_or_insert(AuthProfile::Bearer);
        }
    }
}

impl ToolAuth {
    /// Trims texts.
    pub fn normalise(&mut self) {
        super::trim(&mut self.secret_ref);
        super::trim(&mut self.header_name);
        super::trim(&mut self.token_url);
        super::tidy(&mut self.scopes);
    }
}
