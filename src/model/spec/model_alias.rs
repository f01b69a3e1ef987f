//! `kind: ModelAlias` of `routing.orloj.dev/v1alpha1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A global alias: the object's name, or `match`, is what clients send as `model`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelAliasSpec {
    /// The name clients send, if it is not the object's own; may hold `*` for any run of characters.
    #[serde(default, rename = "match", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["claude-*"]))]
    pub pattern: Option<String>,
    /// Where the alias leads. Several targets share the requests by weight.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [[{"endpoint": "openai-default", "model": "gpt-4o-mini"}]]))]
    pub targets: Vec<AliasTarget>,
    /// Tried in order when the chosen target fails before its first byte.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"endpoint": "anthropic-default"}]]))]
    pub fallbacks: Vec<AliasTarget>,
}

/// One destination: an endpoint (with its default model, or a named one), or another alias.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [{"required": ["endpoint"]}, {"required": ["alias"]}]))]
pub struct AliasTarget {
    /// A `ModelEndpoint`: `name` or `ns/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["openai-default"]))]
    pub endpoint: Option<String>,
    /// The model on that endpoint; its default model if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["gpt-4o-mini"]))]
    pub model: Option<String>,
    /// Another `ModelAlias`, whose targets are taken: `name` or `ns/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["smart"]))]
    pub alias: Option<String>,
    /// Share of the requests, relative to the other targets; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000))]
    #[schemars(extend("default" = 1, "examples" = [9]))]
    pub weight: Option<u32>,
}
