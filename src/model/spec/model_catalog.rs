//! `kind: ModelCatalog` of `routing.orloj.dev/v1alpha1`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What models cost and can do, where it differs from the built-in catalogue or is not in it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelCatalogSpec {
    /// The models.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = [[{"model": "gpt-4o", "price": {"input": 2_500_000, "output": 10_000_000}}]]))]
    pub models: Vec<CatalogModel>,
}

/// One model, or all whose names fit. The entry for an endpoint goes before that for a provider, that before one for
/// any; then the one with more characters that are not `*`. Entries of a catalogue go before the built-in ones,
/// field by field.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CatalogModel {
    /// The provider's name for the model, letter case ignored; `*` stands for any run of characters.
    #[schemars(length(min = 1))]
    #[schemars(extend("examples" = ["gpt-4o", "claude-sonnet-*"]))]
    pub model: String,
    /// The endpoint that it holds for, `name` or `ns/name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["openai-default"]))]
    pub endpoint: Option<String>,
    /// The provider that it holds for, as endpoints write it; without one, any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = ["azure-openai"]))]
    pub provider: Option<String>,
    /// What tokens cost. A price that is not known is left out, which is not the same as 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<ModelPrice>,
    /// Tokens that prompt and completion may have together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_u64))]
    #[schemars(extend("examples" = [128_000]))]
    pub context_tokens: Option<u64>,
    /// Tokens that one answer may have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1, max = 1_000_000_000_u64))]
    #[schemars(extend("examples" = [16_384]))]
    pub max_output_tokens: Option<u64>,
    /// Parameters of a request that the model refuses, as OpenAI names them. Those that only say how an answer is drawn
    /// (`temperature`, `top_p`, `top_k`, penalties, `seed`) are left out and named in `x-orloj-param-adjusted`, `max_tokens`
    /// of a chat is called `max_completion_tokens`, and a request with any other is refused. `thinking.budget_tokens` says
    /// that a model of Anthropic takes adaptive thinking alone: a `reasoning_effort` goes there as an effort; `thinking.disabled`
    /// that it cannot be switched off. `temperature+top_p` says that the two are not taken together: `top_p` is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(extend("examples" = [["temperature", "top_p"]]))]
    pub refuses: Option<Vec<String>>,
}

/// Millionths of a US dollar for a million tokens, so that 2.50 dollars are 2500000.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ModelPrice {
    /// Tokens of the prompt.
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    #[schemars(extend("examples" = [2_500_000]))]
    pub input: u64,
    /// Tokens of the answer, reasoning included.
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    #[schemars(extend("examples" = [10_000_000]))]
    pub output: u64,
    /// Tokens of the prompt that the provider had in its cache; `input` counts without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    #[schemars(extend("examples" = [1_250_000]))]
    pub cached_input: Option<u64>,
    /// Tokens of the prompt that the provider wrote to its cache; `input` counts without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 0, max = 1_000_000_000_000_u64))]
    #[schemars(extend("examples" = [3_750_000]))]
    pub cache_write: Option<u64>,
}

impl ModelCatalogSpec {
    /// Trims names and puts the provider into small letters.
    pub fn normalise(&mut self) {
        for model in &mut self.models {
            model.model = model.model.trim().to_owned();
            super::trim(&mut model.endpoint);
            super::trim(&mut model.provider);
            model.provider = model.provider.take().map(|name| name.to_lowercase());
            if let Some(refused) = &mut model.refuses {
                super::tidy(refused);
            }
        }
    }
}
