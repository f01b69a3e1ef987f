//! Manifests that several tests use.

/// An endpoint that answers by itself.
pub(crate) fn endpoint(name: &str, model: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n  provider: mock\n  default_model: {model}\n"
    )
}

/// An endpoint that calls `base_url` with the key of a secret; `more` is appended to the spec.
pub(crate) fn calling(name: &str, base_url: &str, more: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n  provider: openai-compatible\n  base_url: {base_url}\n  allowPrivate: true\n  default_model: m-1\n{more}"
    )
}

/// A global alias for an endpoint's default model.
pub(crate) fn alias(name: &str, endpoint: &str) -> String {
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: {name}\nspec:\n  targets:\n    - endpoint: {endpoint}\n"
    )
}

/// An agent on an endpoint.
pub(crate) fn agent(name: &str, endpoint: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: Agent\nmetadata:\n  name: {name}\nspec:\n  model_ref: {endpoint}\n  prompt: You are {name}.\n"
    )
}

/// A secret with a value in clear text.
pub(crate) fn clear_secret(name: &str, value: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: {name}\nspec:\n  stringData:\n    value: {value}\n"
    )
}

/// A secret with a sealed value.
pub(crate) fn sealed_secret(name: &str, armored: &str) -> String {
    let armored = armored.trim_end().replace('\n', "\n      ");
    format!(
        "apiVersion: orloj.dev/v1\nkind: Secret\nmetadata:\n  name: {name}\nspec:\n  encryptedData:\n    value: |\n      {armored}\n"
    )
}
