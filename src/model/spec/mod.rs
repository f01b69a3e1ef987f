//! The typed `spec` of each kind, as the format writes it.
//!
//! Types here are what the JSON Schemas are made from: doc comments become descriptions. Each has a
//! `normalise` that fills the format's defaults; normalising twice changes nothing.

mod agent;
mod agent_policy;
mod agent_role;
mod agent_system;
mod agentgateway_backend;
mod api_key;
mod mcp_server;
mod memory;
mod model_alias;
mod model_catalog;
mod model_endpoint;
mod sealed_file;
mod secret;
mod shared;
mod task;
mod task_schedule;
mod task_webhook;
mod tool;
mod tool_approval;
mod tool_permission;
mod usage_limit;
mod worker;

pub use agent::{
    AgentExecution, AgentLimits, AgentMemory, AgentSpec, ContractViolation, DuplicateToolCall,
    ExecutionProfile, ToolUseBehavior,
};
pub use agent_policy::{AgentPolicySpec, ApplyMode};
pub use agent_role::AgentRoleSpec;
pub use agent_system::{AgentSystemSpec, GraphEdge, GraphJoin, GraphNode};
pub use agentgateway_backend::AgentgatewayBackendSpec;
pub use api_key::ApiKeySpec;
pub use mcp_server::{McpEnvironment, McpReconnect, McpServerSpec, McpTransport, ToolFilter};
pub use memory::MemorySpec;
pub use model_alias::{AliasTarget, ModelAliasSpec};
pub use model_catalog::{CatalogModel, ModelCatalogSpec, ModelPrice};
pub use model_endpoint::{
    EndpointAuth, EndpointBreaker, EndpointRetry, EndpointTimeouts, ModelEndpointSpec,
    ResponseModel, UnknownModels,
};
pub use sealed_file::{SealedFile, SealedForm};
pub use secret::SecretSpec;
pub use shared::{OperationClass, RetryJitter};
pub use task::{MessageRetry, TaskMode, TaskRequirements, TaskRetry, TaskSpec};
pub use task_schedule::{ConcurrencyPolicy, TaskScheduleSpec};
pub use task_webhook::{
    PayloadMode, TaskWebhookSpec, WebhookAuth, WebhookIdempotency, WebhookPayload, WebhookProfile,
};
pub use tool::{
    AuthProfile, IsolationMode, RiskLevel, ToolAuth, ToolRetry, ToolRuntime, ToolSpec, ToolType,
};
pub use tool_approval::{APPROVAL_PHASES, ToolApprovalSpec};
pub use tool_permission::{MatchMode, OperationRule, RuleClass, ToolPermissionSpec, Verdict};
pub use usage_limit::{LimitWindow, UsageLimit};
pub use worker::{WorkerCapabilities, WorkerSpec};

use shared::{is_default, text_or, tidy, trim, unique};
