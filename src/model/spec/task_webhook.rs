//! `kind: TaskWebhook`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Seconds a signature's time may be off when the manifest sets none, as upstream.
const DEFAULT_MAX_SKEW_SECONDS: i64 = 300;

/// Seconds a delivery is remembered (a day; three for GitHub) when the manifest sets none, as upstream.
const DEFAULT_DEDUPE_SECONDS: [i64; 2] = [86_400, 259_200];

/// Runs of a task template by HTTP deliveries. Validated, not served by this version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskWebhookSpec {
    /// The `Task` with `mode: template`: `name` or `ns/name`.
    #[schemars(extend("examples" = ["on-push", "reports/on-push"]))]
    pub task_ref: String,
    /// Whether deliveries are refused.
    #[serde(default)]
    pub suspend: bool,
    /// How a delivery proves who sent it.
    pub auth: WebhookAuth,
    /// How a repeated delivery is noticed.
    #[serde(default)]
    pub idempotency: WebhookIdempotency,
    /// What of a delivery the task is given.
    #[serde(default)]
    pub payload: WebhookPayload,
}

/// How a delivery proves who sent it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookAuth {
    /// Whose headers are read.
    #[serde(default)]
    pub profile: WebhookProfile,
    /// The Secret with the shared key: `name`, `ns/name`, `name:key` or `ns/name:key`.
    #[schemars(extend("examples" = ["webhook-key"]))]
    pub secret_ref: String,
    /// The header with the signature; `X-Signature`, or `X-Hub-Signature-256` for GitHub, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["X-Signature"]))]
    pub signature_header: Option<String>,
    /// What stands before the signature; `sha256=` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "sha256=", "examples" = ["v1="]))]
    pub signature_prefix: Option<String>,
    /// The header with the time of a generic delivery; `X-Timestamp` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["X-Timestamp"]))]
    pub timestamp_header: Option<String>,
    /// Seconds that time may be off; 300 if absent or 0.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("default" = 300, "examples" = [60]))]
    pub max_skew_seconds: i64,
}

/// Whose headers are read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum WebhookProfile {
    /// Anybody's who signs body and time.
    #[default]
    Generic,
    /// GitHub's.
    Github,
}

/// How a repeated delivery is noticed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookIdempotency {
    /// The header that names the delivery; `X-Event-Id`, or `X-GitHub-Delivery` for GitHub, if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["X-Event-Id"]))]
    pub event_id_header: Option<String>,
    /// Seconds a delivery is remembered; 86400, or 259200 for GitHub, if absent or 0.
    #[serde(default)]
    #[schemars(range(min = 0))]
    #[schemars(extend("examples" = [3600]))]
    pub dedupe_window_seconds: i64,
}

/// What of a delivery the task is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WebhookPayload {
    /// How the body is read.
    #[serde(default)]
    pub mode: PayloadMode,
    /// The task input that holds the body; `webhook_payload` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "webhook_payload", "examples" = ["event"]))]
    pub input_key: Option<String>,
}

/// How the body is read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum PayloadMode {
    /// As it is.
    #[default]
    Raw,
}

impl TaskWebhookSpec {
    /// Trims texts and fills the format's defaults.
    pub fn normalise(&mut self) {
        self.task_ref = self.task_ref.trim().to_owned();
        let github = self.auth.profile == WebhookProfile::Github;
        let [dedupe, dedupe_github] = DEFAULT_DEDUPE_SECONDS;
        let (signature, event, dedupe) = if github {
            ("X-Hub-Signature-256", "X-GitHub-Delivery", dedupe_github)
        } else {
            ("X-Signature", "X-Event-Id", dedupe)
        };
        let auth = &mut self.auth;
        auth.secret_ref = auth.secret_ref.trim().to_owned();
        super::text_or(&mut auth.signature_header, signature);
        super::text_or(&mut auth.signature_prefix, "sha256=");
        if github {
            super::trim(&mut auth.timestamp_header);
        } else {
            super::text_or(&mut auth.timestamp_header, "X-Timestamp");
        }
        if auth.max_skew_seconds == 0 {
            auth.max_skew_seconds = DEFAULT_MAX_SKEW_SECONDS;
        }
        super::text_or(&mut self.idempotency.event_id_header, event);
        if self.idempotency.dedupe_window_seconds == 0 {
            self.idempotency.dedupe_window_seconds = dedupe;
        }
        super::text_or(&mut self.payload.input_key, "webhook_payload");
    }
}
