//! `kind: Memory`.

use super::EndpointAuth;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Where agents keep what they learn. Validated, not served by this version.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MemorySpec {
    /// Kind of memory, such as `vector`.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["vector"]))]
    pub memory_type: Option<String>,
    /// What keeps the memory, such as `pgvector`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["pgvector"]))]
    pub provider: Option<String>,
    /// The `ModelEndpoint` that makes embeddings: `name` or `ns/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["openai-embeddings"]))]
    pub embedding_model: Option<String>,
    /// Where the memory is reached.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["https://vectors.example.com"]))]
    pub endpoint: Option<String>,
    /// Credentials.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub auth: EndpointAuth,
}

impl MemorySpec {
    /// Trims texts.
    pub fn normalise(&mut self) {
        super::trim(&mut self.memory_type);
        super::trim(&mut self.provider);
        super::trim(&mut self.embedding_model);
        super::trim(&mut self.endpoint);
        super::trim(&mut self.auth.secret_ref);
    }
}
