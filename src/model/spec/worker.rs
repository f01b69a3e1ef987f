//! `kind: Worker`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A process that runs tasks. Registers itself; validated, not served by this version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkerSpec {
    /// Where it runs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["eu-central"]))]
    pub region: Option<String>,
    /// What it offers.
    #[serde(default)]
    pub capabilities: WorkerCapabilities,
    /// Tasks it runs at once; 1 if absent or not positive.
    #[serde(default)]
    #[schemars(extend("default" = 1, "examples" = [4]))]
    pub max_concurrent_tasks: i64,
}

/// What a worker offers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkerCapabilities {
    /// Whether it has a GPU.
    #[serde(default)]
    pub gpu: bool,
    /// Models it can run.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["llama3"]]))]
    pub supported_models: Vec<String>,
}

impl WorkerSpec {
    /// Trims texts and fills the format's defaults.
    pub fn normalise(&mut self) {
        super::trim(&mut self.region);
        super::tidy(&mut self.capabilities.supported_models);
        self.max_concurrent_tasks = self.max_concurrent_tasks.max(1);
    }
}
