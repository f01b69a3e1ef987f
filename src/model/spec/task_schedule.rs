//! `kind: TaskSchedule`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Seconds a run may start late when the manifest sets none, as upstream.
const DEFAULT_STARTING_DEADLINE_SECONDS: i64 = 300;

/// Finished runs that are kept when the manifest sets none, as upstream.
const DEFAULT_SUCCESSFUL_HISTORY: i64 = 10;

/// Failed runs that are kept when the manifest sets none, as upstream.
const DEFAULT_FAILED_HISTORY: i64 = 3;

/// Runs of a task template by the clock. Validated, not served by this version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskScheduleSpec {
    /// The `Task` with `mode: template`: `name` or `ns/name`.
    #[schemars(extend("examples" = ["weekly-report", "reports/weekly"]))]
    pub task_ref: String,
    /// When: minute, hour, day of month, month, day of week, such as `0 9 * * 1`. Numbers only.
    #[schemars(extend("examples" = ["0 9 * * 1"]))]
    pub schedule: String,
    /// The IANA time zone of `schedule`; `UTC` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "UTC", "examples" = ["Europe/Berlin"]))]
    pub time_zone: Option<String>,
    /// Whether no run starts.
    #[serde(default)]
    pub suspend: bool,
    /// How many seconds late a run may start; 300 if absent or not positive.
    #[serde(default)]
    #[schemars(extend("default" = 300, "examples" = [60]))]
    pub starting_deadline_seconds: i64,
    /// What happens while the last run goes on.
    #[serde(default)]
    pub concurrency_policy: ConcurrencyPolicy,
    /// Finished runs that are kept; 10 if absent or not positive.
    #[serde(default)]
    #[schemars(extend("default" = 10, "examples" = [5]))]
    pub successful_history_limit: i64,
    /// Failed runs that are kept; 3 if absent or not positive.
    #[serde(default)]
    #[schemars(extend("default" = 3, "examples" = [1]))]
    pub failed_history_limit: i64,
}

/// What happens while the last run goes on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ConcurrencyPolicy {
    /// No further run starts.
    #[default]
    Forbid,
}

impl TaskScheduleSpec {
    /// Trims texts and fills the format's defaults.
    pub fn normalise(&mut self) {
        let or_default = |number: &mut i64, default: i64| {
            if *number <= 0 {
                *number = default;
            }
        };
        self.task_ref = self.task_ref.trim().to_owned();
        self.schedule = self.schedule.trim().to_owned();
        super::text_or(&mut self.time_zone, "UTC");
        or_default(
            &mut self.starting_deadline_seconds,
            DEFAULT_STARTING_DEADLINE_SECONDS,
        );
        or_default(
            &mut self.successful_history_limit,
            DEFAULT_SUCCESSFUL_HISTORY,
        );
        or_default(&mut self.failed_history_limit, DEFAULT_FAILED_HISTORY);
    }
}
