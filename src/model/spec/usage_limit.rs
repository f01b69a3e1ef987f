//! How much may be used in how long; keys, endpoints and policies have such lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What may be used in one window of time. Of the amounts at least one is given; all that are hold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("anyOf" = [
    {"required": ["requests"], "properties": {"requests": {"type": "integer"}}},
    {"required": ["tokens"], "properties": {"tokens": {"type": "integer"}}},
    {"required": ["cost_microdollars"], "properties": {"cost_microdollars": {"type": "integer"}}},
]))]
pub struct UsageLimit {
    /// The window: it begins with the minute, hour, day or month (UTC) and starts anew with the next.
    pub per: LimitWindow,
    /// Requests, however they end.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    #[schemars(extend("examples" = [60]))]
    pub requests: Option<u64>,
    /// Tokens, prompt and completion together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000_000_000_u64))]
    #[schemars(extend("examples" = [1_000_000]))]
    pub tokens: Option<u64>,
    /// Cost in millionths of a US dollar. A model without a known price is refused where a cost is limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000_000_000_u64))]
    #[schemars(extend("examples" = [25_000_000]))]
    pub cost_microdollars: Option<u64>,
}

/// How long a limit counts before it starts anew, in UTC.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum LimitWindow {
    /// From second 0 to 59.
    Minute,
    /// From minute 0 to 59.
    Hour,
    /// From midnight to midnight.
    Day,
    /// From the first of the month to its last.
    Month,
}

impl LimitWindow {
    /// Every window, the shortest first.
    pub const ALL: [Self; 4] = [Self::Minute, Self::Hour, Self::Day, Self::Month];

    /// The spelling in a manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}
