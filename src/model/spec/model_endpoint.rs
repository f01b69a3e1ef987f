//! `kind: ModelEndpoint`.

use super::UsageLimit;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A provider account: where model calls go, with which key and which default model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelEndpointSpec {
    /// `openai`, `openai-compatible`, `azure-openai`, `anthropic`, `ollama` or `mock`; `openai` if absent.
    #[serde(default = "openai")]
    #[schemars(extend("examples" = ["openai", "openai-compatible", "azure-openai", "anthropic", "ollama", "mock"]))]
    pub provider: String,
    /// Base URL of the provider's API, as its documentation writes it (openai and anthropic with `/v1`); the
    /// provider's own if absent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    #[schemars(extend("examples" = ["https://api.openai.com/v1"]))]
    pub base_url: String,
    /// The model that is called when a request names this endpoint and no model. Required unless there are
    /// aliases.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["gpt-4o-mini"]))]
    pub default_model: Option<String>,
    /// Whether every request to the endpoint is for `default_model`, whatever it names, as `model` beside agentgateway's
    /// provider means it. Aliases of other names are unreachable then.
    #[serde(default, skip_serializing_if = "super::is_default")]
    #[schemars(extend("default" = false))]
    pub pin_model: bool,
    /// Provider options: `anthropic_version`, `max_tokens`, `api_version`, …. `stream_keep_alive` is, for every
    /// provider, the pause after which a client that waits for the first token of a stream is sent a comment, and then again:
    /// every 15 seconds unless it says otherwise, and never with `0`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"max_tokens": "1024"}]))]
    pub options: BTreeMap<String, String>,
    /// Credentials.
    #[serde(default, skip_serializing_if = "EndpointAuth::is_empty")]
    pub auth: EndpointAuth,
    /// Aliases of this endpoint: name (or pattern with `*`) to model.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    #[schemars(extend("examples" = [{"fast": "gpt-4o-mini", "claude-*": "gpt-4o"}]))]
    pub model_aliases: BTreeMap<String, String>,
    /// Models that may be named without the endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [["gpt-4o", "gpt-4o-mini"]]))]
    pub models: Vec<String>,
    /// What a model name means that nothing here lists, in requests scoped to the endpoint.
    #[serde(default, skip_serializing_if = "super::is_default")]
    #[schemars(extend("default" = "passthrough"))]
    pub unknown_models: UnknownModels,
    /// Which name the answer's `model` carries.
    #[serde(default, skip_serializing_if = "super::is_default")]
    #[schemars(extend("default" = "upstream"))]
    pub response_model: ResponseModel,
    /// Time limits of a call.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub timeouts: EndpointTimeouts,
    /// How failed calls are repeated before the first byte went out.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub retry: EndpointRetry,
    /// What all callers together may use of the endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schemars(extend("examples" = [[{"per": "minute", "tokens": 200_000}]]))]
    pub limits: Vec<UsageLimit>,
    /// When a model that keeps failing is left alone for a while.
    #[serde(default, skip_serializing_if = "super::is_default")]
    pub breaker: EndpointBreaker,
    /// Whether private and loopback addresses may be called; by default only for ollama and mock.
    #[serde(
        default,
        rename = "allowPrivate",
        skip_serializing_if = "Option::is_none"
    )]
    #[schemars(extend("examples" = [true]))]
    pub allow_private: Option<bool>,
}

/// How an endpoint proves who is calling.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointAuth {
    /// The Secret with the key: `name`, `ns/name`, `name:key` or `ns/name:key` (key `value` by default).
    #[serde(default, rename = "secretRef", skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["openai-api-key", "shared/openai:key"]))]
    pub secret_ref: Option<String>,
    /// Whether the secret's `Authorization` is taken before its `value`, as agentgateway does.
    #[serde(skip)]
    pub authorization_first: bool,
}

/// What a scoped request does with a model name that the endpoint does not list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum UnknownModels {
    /// Sends the name to the provider as it is.
    #[default]
    Passthrough,
    /// Answers 404.
    Reject,
}

/// Which name the answer's `model` carries.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ResponseModel {
    /// The provider's own.
    #[default]
    Upstream,
    /// The name the client asked for.
    Requested,
}

/// Time limits of a call, as durations such as `30s`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointTimeouts {
    /// To open a connection; `5s` if absent, `0` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "5s", "examples" = ["2s"]))]
    pub connect: Option<String>,
    /// From the call until the first byte of the answer, of a streamed one until its first event: comments that a provider
    /// sends while it waits itself do not count. `2m` if absent, `0` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "2m", "examples" = ["30s"]))]
    pub first_byte: Option<String>,
    /// Between two pieces of an answer that has begun; of a streamed one, comments and pings are pieces, as they say that
    /// more is to come. `1m` if absent, `0` for no limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "1m", "examples" = ["20s"]))]
    pub idle: Option<String>,
    /// For the whole call; unbounded if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["5m"]))]
    pub total: Option<String>,
}

/// How failed calls are repeated.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointRetry {
    /// Calls in all, the first included; 1 if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 10))]
    #[schemars(extend("default" = 1, "examples" = [3]))]
    pub max_attempts: Option<u32>,
    /// Pause before the second call; doubled for each further one, of which a random half is left out. What the
    /// provider asks for with `retry-after` counts if it is longer. `250ms` if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "250ms", "examples" = ["1s"]))]
    pub backoff: Option<String>,
    /// Repeated calls of the endpoint for each hundred first ones; 20 if absent. Ten are at hand, and one a second
    /// comes back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    #[schemars(extend("default" = 20, "examples" = [50]))]
    pub budget_percent: Option<u32>,
}

/// When a model of an endpoint is left alone. It never is while it is the only one a request can go to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EndpointBreaker {
    /// Failures one after the other until it is; 5 if absent, 0 for never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1000))]
    #[schemars(extend("default" = 5, "examples" = [3]))]
    pub failures: Option<u32>,
    /// How long, until one request tries it again; doubled for each that fails. `10s` if absent, at most `5m`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("default" = "10s", "examples" = ["30s"]))]
    pub pause: Option<String>,
}

impl ModelEndpointSpec {
    /// Fills the format's defaults: provider in lower case, the provider's own base URL.
    pub fn normalise(&mut self) {
        self.provider = self.provider.trim().to_lowercase();
        if self.provider.is_empty() {
            self.provider = openai();
        }
        self.provider = match self.provider.as_str() {
            "azure" | "azure_openai" => "azure-openai".into(),
            "openai_compatible" => "openai-compatible".into(),
            _ => std::mem::take(&mut self.provider),
        };
        let trimmed = self.base_url.trim().trim_end_matches('/').to_owned();
        self.base_url = if trimmed.is_empty() {
            default_base_url(&self.provider).into()
        } else {
            trimmed
        };
        self.default_model = self
            .default_model
            .take()
            .map(|m| m.trim().to_owned())
            .filter(|m| !m.is_empty());
        self.auth.secret_ref = self
            .auth
            .secret_ref
            .take()
            .map(|r| r.trim().to_owned())
            .filter(|r| !r.is_empty());
        self.options = std::mem::take(&mut self.options)
            .into_iter()
            .map(|(key, value)| (key.trim().to_lowercase(), value.trim().to_owned()))
            .filter(|(key, _)| !key.is_empty())
            .collect();
        super::tidy(&mut self.models);
    }

    /// Whether private and loopback addresses may be called.
    pub fn allows_private(&self) -> bool {
        self.allow_private
            .unwrap_or(matches!(self.provider.as_str(), "ollama" | "mock"))
    }
}

impl EndpointAuth {
    fn is_empty(&self) -> bool {
        self.secret_ref.is_none()
    }
}

fn openai() -> String {
    "openai".into()
}

fn default_base_url(provider: &str) -> &'static str {
    match provider {
        "openai" => "https://api.openai.com/v1",
        "anthropic" => "https://api.anthropic.com/v1",
        "ollama" => "http://127.0.0.1:11434",
        _ => "",
    }
}
