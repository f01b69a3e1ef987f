//! `kind: AgentgatewayBackend` of `agentgateway.dev/v1alpha1`: another spelling of a `ModelEndpoint`.

use super::{EndpointAuth, ModelEndpointSpec};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

/// An LLM backend as agentgateway writes it. Read as a `ModelEndpoint` of the same name with aliases; its
/// key comes from the secret's `Authorization`, else `value`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AgentgatewayBackendSpec {
    /// The LLM provider.
    pub ai: BackendAi,
    /// Credentials and aliases.
    #[serde(default)]
    pub policies: BackendPolicies,
}

/// The LLM part of a backend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendAi {
    /// Exactly one provider.
    pub provider: BackendProvider,
}

/// Exactly one of the providers.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct BackendProvider {
    /// OpenAI.
    #[serde(default)]
    pub openai: Option<BackendModel>,
    /// Anthropic.
    #[serde(default)]
    pub anthropic: Option<BackendModel>,
    /// Azure OpenAI.
    #[serde(default)]
    pub azureopenai: Option<BackendAzure>,
}

/// A provider whose model may be pinned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendModel {
    /// The default model.
    #[serde(default)]
    #[schemars(extend("examples" = ["gpt-4o-mini"]))]
    pub model: Option<String>,
}

/// An Azure OpenAI resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BackendAzure {
    /// Host name of the resource, such as `my-resource.openai.azure.com`.
    #[schemars(extend("examples" = ["my-resource.openai.azure.com"]))]
    pub endpoint: String,
    /// The default deployment.
    #[serde(default)]
    #[schemars(extend("examples" = ["gpt-4o"]))]
    pub deployment_name: Option<String>,
    /// The API version.
    #[serde(default)]
    #[schemars(extend("examples" = ["2024-10-21"]))]
    pub api_version: Option<String>,
}

/// What a backend adds to its provider.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendPolicies {
    /// Credentials.
    #[serde(default)]
    pub auth: Option<BackendAuth>,
    /// Aliases.
    #[serde(default)]
    pub ai: Option<BackendAiPolicy>,
}

/// Credentials of a backend.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BackendAuth {
    /// The Secret in the backend's namespace.
    pub secret_ref: BackendSecretRef,
}

/// A Secret by name.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendSecretRef {
    /// Name of the Secret.
    #[schemars(extend("examples" = ["openai-secret"]))]
    pub name: String,
}

/// The AI policy of a backend.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct BackendAiPolicy {
    /// Aliases: name (or pattern with `*`) to model, at most 64.
    #[serde(default)]
    #[schemars(extend("maxProperties" = 64))]
    #[schemars(extend("examples" = [{"fast": "gpt-3.5-turbo"}]))]
    pub model_aliases: BTreeMap<String, String>,
}

impl AgentgatewayBackendSpec {
    /// JSON pointers of this spelling and where they stand in a `ModelEndpoint`.
    pub const POINTERS: [(&'static str, &'static str); 5] = [
        ("/spec/policies/ai/modelAliases", "/spec/model_aliases"),
        ("/spec/policies/auth/secretRef/name", "/spec/auth/secretRef"),
        ("/spec/ai/provider/openai/model", "/spec/default_model"),
        ("/spec/ai/provider/anthropic/model", "/spec/default_model"),
        (
            "/spec/ai/provider/azureopenai/deploymentName",
            "/spec/default_model",
        ),
    ];

    /// The same endpoint as a `ModelEndpoint`, not yet normalised.
    pub fn into_endpoint(self) -> ModelEndpointSpec {
        let provider = self.ai.provider;
        let mut options = BTreeMap::new();
        let (name, base_url, default_model) = if let Some(azure) = provider.azureopenai {
            options.extend(
                azure
                    .api_version
                    .map(|version| ("api_version".to_owned(), version)),
            );
            (
                "azure-openai",
                format!("https://{}", azure.endpoint),
                azure.deployment_name,
            )
        } else if let Some(anthropic) = provider.anthropic {
            ("anthropic", String::new(), anthropic.model)
        } else {
            (
                "openai",
                String::new(),
                provider.openai.and_then(|openai| openai.model),
            )
        };
        ModelEndpointSpec {
            provider: name.into(),
            base_url,
            default_model,
            options,
            auth: EndpointAuth {
                secret_ref: self.policies.auth.map(|auth| auth.secret_ref.name),
                authorization_first: true,
            },
            model_aliases: self
                .policies
                .ai
                .map(|ai| ai.model_aliases)
                .unwrap_or_default(),
            models: Vec::new(),
            unknown_models: super::UnknownModels::default(),
            response_model: super::ResponseModel::default(),
            timeouts: super::EndpointTimeouts::default(),
            retry: super::EndpointRetry::default(),
            limits: Vec::new(),
            breaker: super::EndpointBreaker::default(),
            allow_private: None,
        }
    }
}
