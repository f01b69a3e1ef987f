//! `kind: Task`.

use super::RetryJitter;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One run of an agent system, or the template of such runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskSpec {
    /// The `AgentSystem` that runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["report-system"]))]
    pub system: Option<String>,
    /// `run` once, or `template` for schedules and webhooks.
    #[serde(default)]
    pub mode: TaskMode,
    /// What the agents are given.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"topic": "AI model routing"}]))]
    pub input: BTreeMap<String, String>,
    /// Free text; `normal` if absent.
    #[serde(default = "normal")]
    #[schemars(extend("examples" = ["high"]))]
    pub priority: String,
    /// Hand-overs at most in a cyclic graph.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [5]))]
    pub max_turns: i64,
    /// How a failed run is repeated.
    #[serde(default)]
    pub retry: TaskRetry,
    /// How a failed hand-over is repeated.
    #[serde(default)]
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
    #[serde(default)]
    #[schemars(extend("default" = 1, "examples" = [3]))]
    pub max_attempts: i64,
    /// Pause before the second run, such as `5s`; `0s` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "0s", "examples" = ["5s"]))]
    pub backoff: Option<String>,
}

/// How a failed hand-over is repeated.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MessageRetry {
    /// Attempts in all; those of `retry` if absent or not positive.
    #[serde(default)]
    #[schemars(extend("examples" = [3]))]
    pub max_attempts: i64,
    /// Pause before the second attempt; that of `retry` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["1s"]))]
    pub backoff: Option<String>,
    /// The longest pause; `24h` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "24h", "examples" = ["1m"]))]
    pub max_backoff: Option<String>,
    /// How pauses are spread.
    #[serde(default = "full")]
    pub jitter: RetryJitter,
    /// Texts in an error that forbid a further attempt.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["invalid api key"]]))]
    pub non_retryable: Vec<String>,
}

/// What the worker must offer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskRequirements {
    /// Its region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["eu-central"]))]
    pub region: Option<String>,
    /// A GPU.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [true]))]
    pub gpu: Option<bool>,
    /// A model it can run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["llama3"]))]
    pub model: Option<String>,
}

impl TaskSpec {
    /// Trims texts and fills the format's defaults.
    pub fn normalise(&mut self) {
        super::trim(&mut self.system);
        self.priority = self.priority.trim().to_owned();
        if self.priority.is_empty() {
            self.priority = normal();
        }
        self.retry.max_attempts = self.retry.max_attempts.max(1);
        super::text_or(&mut self.retry.backoff, "0s");
        let (retry, message) = (&self.retry, &mut self.message_retry);
        if message.max_attempts <= 0 {
            message.max_attempts = retry.max_attempts;
        }
        super::text_or(
            &mut message.backoff,
            retry.backoff.as_deref().unwrap_or_default(),
        );
        super::text_or(&mut message.max_backoff, "24h");
        super::trim(&mut self.requirements.region);
        super::trim(&mut self.requirements.model);
    }
}

/// As upstream: none of the fields is set, and pauses are spread.
impl Default for MessageRetry {
    fn default() -> Self {
        Self {
            max_attempts: 0,
            backoff: None,
            max_backoff: None,
            jitter: full(),
            non_retryable: Vec::new(),
        }
    }
}

fn full() -> RetryJitter {
    RetryJitter::Full
}

fn normal() -> String {
    "normal".into()
}
