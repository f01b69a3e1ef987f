//! `kind: Agent`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Steps an agent may take when its manifest sets none, as upstream.
const DEFAULT_MAX_STEPS: i64 = 10;

/// A prompt bound to an endpoint.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentSpec {
    /// The `ModelEndpoint` whose default model the agent calls: `name` or `ns/name`.
    #[schemars(extend("examples" = ["openai-default", "shared/openai-default"]))]
    pub model_ref: String,
    /// Endpoints tried in order when the first fails: `name` or `ns/name`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["anthropic-default"]]))]
    pub fallback_model_refs: Vec<String>,
    /// The system prompt.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(extend("examples" = ["You answer in one sentence."]))]
    pub prompt: String,
    /// Tools the agent may call, if its roles permit.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["web_search"]]))]
    pub tools: Vec<String>,
    /// Tools the agent may call without a role.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["memory.read"]]))]
    pub allowed_tools: Vec<String>,
    /// `AgentRole`s of the agent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["researcher"]]))]
    pub roles: Vec<String>,
    /// The agent's memory.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub memory: AgentMemory,
    /// How the agent loop runs.
    #[serde(default)]
    pub execution: AgentExecution,
    /// Bounds of one run.
    #[serde(default)]
    pub limits: AgentLimits,
}

/// The agent's memory.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentMemory {
    /// Name of a `Memory`.
    #[serde(default, rename = "ref", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["notes"]))]
    pub reference: Option<String>,
    /// Kind of memory.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["vector"]))]
    pub memory_type: Option<String>,
    /// Where the memory is kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["in-memory"]))]
    pub provider: Option<String>,
    /// Operations the agent may use: `read`, `write`, `search`, `list`, `ingest`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["read", "search"]]))]
    pub allow: Vec<String>,
}

/// How the agent loop runs.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentExecution {
    /// Whether the agent is free in what it calls.
    #[serde(default)]
    pub profile: ExecutionProfile,
    /// The tools a `contract` run calls, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["web_search", "summarise"]]))]
    pub tool_sequence: Vec<String>,
    /// Texts the output must hold.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["SOURCES:"]]))]
    pub required_output_markers: Vec<String>,
    /// What a repeated tool call does.
    #[serde(default)]
    pub duplicate_tool_call_policy: DuplicateToolCall,
    /// What a broken contract does.
    #[serde(default)]
    pub on_contract_violation: ContractViolation,
    /// What follows a tool call.
    #[serde(default)]
    pub tool_use_behavior: ToolUseBehavior,
    /// JSON Schema the answer must match.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [{"type": "object", "properties": {"answer": {"type": "string"}}}]))]
    pub output_schema: Option<Value>,
}

/// Whether an agent is free in what it calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExecutionProfile {
    /// The model chooses.
    #[default]
    Dynamic,
    /// The tools of `tool_sequence`, in order.
    Contract,
}

/// What a repeated tool call does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DuplicateToolCall {
    /// It is answered with the first call's result.
    #[default]
    ShortCircuit,
    /// It is refused.
    Deny,
}

/// What a broken contract does.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ContractViolation {
    /// The run fails and is not repeated.
    #[default]
    NonRetryableError,
    /// It is noted in the trace.
    Observe,
}

/// What follows a tool call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ToolUseBehavior {
    /// The model is called again with the result.
    #[default]
    RunLlmAgain,
    /// The result is the answer.
    StopOnFirstTool,
}

/// Bounds of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentLimits {
    /// Model calls at most; 10 if absent or not positive.
    #[serde(default)]
    #[schemars(extend("default" = 10, "examples" = [4]))]
    pub max_steps: i64,
    /// Time for the whole run, such as `30s`; unbounded if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["30s"]))]
    pub timeout: Option<String>,
}

impl AgentSpec {
    /// Trims references and fills the format's defaults.
    pub fn normalise(&mut self) {
        self.model_ref = self.model_ref.trim().to_owned();
        // The gateway trims it too; a block scalar's last line break is no change.
        self.prompt.truncate(self.prompt.trim_end().len());
        if self.limits.max_steps <= 0 {
            self.limits.max_steps = DEFAULT_MAX_STEPS;
        }
        self.limits.timeout = self
            .limits
            .timeout
            .take()
            .map(|t| t.trim().to_owned())
            .filter(|t| !t.is_empty());
        self.memory.normalise();
        super::tidy(&mut self.fallback_model_refs);
        super::tidy(&mut self.allowed_tools);
        super::tidy(&mut self.roles);
        super::tidy(&mut self.execution.tool_sequence);
        let mut seen = std::collections::BTreeSet::new();
        for marker in &mut self.execution.required_output_markers {
            *marker = marker.trim().to_owned();
        }
        // Unlike names, markers that differ by letter case differ.
        self.execution
            .required_output_markers
            .retain(|marker| !marker.is_empty() && seen.insert(marker.clone()));
    }
}

impl AgentMemory {
    /// Trims texts; `memory.read` is `read`.
    fn normalise(&mut self) {
        super::trim(&mut self.reference);
        super::trim(&mut self.memory_type);
        super::trim(&mut self.provider);
        for operation in &mut self.allow {
            let name = operation.trim().to_lowercase();
            name.strip_prefix("memory.")
                .unwrap_or(&name)
                .clone_into(operation);
        }
        super::unique(&mut self.allow);
    }
}
