//! `kind: ApiKey` of `routing.orloj.dev/v1alpha1`.

use super::UsageLimit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A key that clients call models with. Git holds its hash alone; `orloj create api-key` makes both.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ApiKeySpec {
    /// SHA-256 of the key: `sha256:` and 64 hexadecimal digits.
    #[schemars(regex(pattern = r"^sha256:[0-9a-fA-F]{64}$"))]
    #[schemars(extend("examples" = ["sha256:50d858e0985ecc7f60418aaf0cc5ab587f42c2570a884095a9e8ccacd0f6545c"]))]
    pub hash: String,
    /// Agents that may be called, `name` or `ns/name`. Where agents are listed and no models, nothing but these
    /// agents may be called; without a list any agent may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["writer", "team-a/desk"]]))]
    pub agents: Vec<String>,
    /// Models that may be called, letter case ignored; `*` stands for any run of characters. What an alias or an
    /// agent leads to counts, not what it is called. Without a list any model may.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["gpt-4o", "claude-*"]]))]
    pub allowed_models: Vec<String>,
    /// What may be used with the key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"per": "minute", "requests": 60}, {"per": "month", "cost_microdollars": 50_000_000}]]))]
    pub limits: Vec<UsageLimit>,
    /// From when on the key is refused, as RFC 3339 writes it; without one it never is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["2027-01-31T00:00:00Z"]))]
    pub expires_at: Option<String>,
}

impl ApiKeySpec {
    /// Writes the hash in small letters, trims lists and drops repeats.
    pub fn normalise(&mut self) {
        self.hash = self.hash.trim().to_ascii_lowercase();
        super::unique(&mut self.agents);
        super::tidy(&mut self.allowed_models);
        super::trim(&mut self.expires_at);
    }
}
