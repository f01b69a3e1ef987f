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

/// The LLM part of a backend: `provider` or `groups`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("minProperties" = 1, "maxProperties" = 1))]
pub struct BackendAi {
    /// Exactly one provider.
    #[serde(default)]
    pub provider: Option<BackendProvider>,
    /// One group of one provider. To fall back from one provider to another, write a `ModelEndpoint` for each and a
    /// `ModelAlias`.
    #[serde(default)]
    #[schemars(extend("minItems" = 1, "maxItems" = 1))]
    #[schemars(extend("examples" = [[{"providers": [{"name": "main", "openai": {}}]}]]))]
    pub groups: Vec<BackendGroup>,
}

/// Providers of the same rank.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendGroup {
    /// One provider.
    #[schemars(extend("minItems" = 1, "maxItems" = 1))]
    #[schemars(extend("examples" = [[{"name": "main", "openai": {}}]]))]
    pub providers: Vec<BackendMember>,
}

/// A provider with policies of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct BackendMember {
    /// What the provider is called within the backend.
    #[schemars(extend("examples" = ["main"]))]
    pub name: String,
    /// OpenAI.
    #[serde(default)]
    pub openai: Option<BackendModel>,
    /// Anthropic.
    #[serde(default)]
    pub anthropic: Option<BackendModel>,
    /// Azure OpenAI.
    #[serde(default)]
    pub azureopenai: Option<BackendAzure>,
    /// Credentials in the place of the backend's, and aliases beside them.
    #[serde(default)]
    pub policies: BackendPolicies,
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
    /// The model of every request, whatever it names. Without it, requests choose.
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
    /// The deployment of every request, whatever it names. Without it, requests choose.
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
    /// Whether the aliases of a provider hide all of its backend's, as agentgateway reads them, and not only those of the
    /// same names.
    #[serde(default)]
    #[schemars(extend("default" = false))]
    pub replace: bool,
}

impl AgentgatewayBackendSpec {
    /// JSON pointers of this spelling and where they stand in a `ModelEndpoint`.
    pub const POINTERS: [(&'static str, &'static str); 10] = [
        (
            "/spec/ai/groups/0/providers/0/policies/ai/modelAliases",
            "/spec/model_aliases",
        ),
        (
            "/spec/ai/groups/0/providers/0/policies/auth/secretRef/name",
            "/spec/auth/secretRef",
        ),
        (
            "/spec/ai/groups/0/providers/0/openai/model",
            "/spec/default_model",
        ),
        (
            "/spec/ai/groups/0/providers/0/anthropic/model",
            "/spec/default_model",
        ),
        (
            "/spec/ai/groups/0/providers/0/azureopenai/deploymentName",
            "/spec/default_model",
        ),
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
        let (provider, policies) = self.chosen();
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
            // As agentgateway means it: it puts its model in the place of whatever a request names.
            pin_model: default_model.is_some(),
            default_model,
            options,
            auth: EndpointAuth {
                secret_ref: policies.auth.map(|auth| auth.secret_ref.name),
                authorization_first: true,
            },
            model_aliases: policies.ai.map(|ai| ai.model_aliases).unwrap_or_default(),
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

    /// The provider, and what holds for it: its own policies before the backend's.
    fn chosen(self) -> (BackendProvider, BackendPolicies) {
        let mut members = self.ai.groups.into_iter().flat_map(|group| group.providers);
        let Some(member) = members.next() else {
            return (self.ai.provider.unwrap_or_default(), self.policies);
        };
        let provider = BackendProvider {
            openai: member.openai,
            anthropic: member.anthropic,
            azureopenai: member.azureopenai,
        };
        let (own, outer) = (member.policies, self.policies);
        let policies = BackendPolicies {
            auth: own.auth.or(outer.auth),
            ai: match (own.ai, outer.ai) {
                (Some(own), Some(outer)) => Some(own.over(outer)),
                (own, outer) => own.or(outer),
            },
        };
        (provider, policies)
    }
}

impl BackendAiPolicy {
    /// These aliases, and those of `outer` that have other names.
    fn over(mut self, outer: Self) -> Self {
        if !self.replace {
            for (name, model) in outer.model_aliases {
                self.model_aliases.entry(name).or_insert(model);
            }
        }
        self
    }
}
