//! `kind: Task`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One run of an agent system, or the template of such runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// The `AgentSystem` that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// `run` once, or `template` for schedules and webhooks.
    #[serde(default)]
    pub mode: TaskMode,
    /// What the agents are given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub input: BTreeMap<String, String>,
    /// Free text; `normal` if absent.
    #[serde(default = "normal")]
    pub priority: String,
    /// Hand-overs at most in a cyclic graph.
    #[serde(default)]
    #[schemars(range(min = 0))]
    pub max_turns: i64,
    /// How a failed run is repeated.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub retry: TaskRetry,
    /// How a failed hand-over is repeated.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub message_retry: MessageRetry,
    /// What the worker must offer.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub requirements: TaskRequirements,
}

/// Whether a task runs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TaskMode {
    /// Runs once.
    #[default]
    Run,
    /// Only a pattern for other runs.
    Template,
}

/// How a failed run is repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRetry {
    /// Runs in all; 1 if absent or not positive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<i64>,
    /// Pause before the second run, such as `5s`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<String>,
}

/// How a failed hand-over is repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRetry {
    /// Attempts in all; that of `retry` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<i64>,
    /// Pause before the second attempt; that of `retry` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backoff: Option<String>,
    /// The longest pause; `24h` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_backoff: Option<String>,
    /// How pauses are spread.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("enum" = ["none", "full", "equal"]))]
    pub jitter: Option<String>,
    /// Texts in an error that forbid a further attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub non_retryable: Vec<String>,
}

/// What the worker must offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRequirements {
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// A GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gpu: Option<bool>,
    /// A model it can run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
}

impl TaskSpec {
    /// Fills the format's defaults.
    pub fn normalise(&mut self) {
        self.system = self
            .system
            .take()
            .map(|s| s.trim().to_owned())
            .filter(|s| !s.is_empty());
        if self.priority.trim().is_empty() {
            self.priority = normal();
        }
    }
}

fn normal() -> String {
    "normal".into()
}
