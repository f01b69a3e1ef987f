//! Manifests that several tests push.

/// An endpoint that answers by itself.
pub(crate) fn mock_endpoint(name: &str, model: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n  provider: mock\n  default_model: {model}\n"
    )
}

/// An endpoint that answers by itself and takes `delay_ms` for every streamed piece.
pub(crate) fn slow_endpoint(name: &str, model: &str, delay_ms: u32) -> String {
    let endpoint = mock_endpoint(name, model);
    format!("{endpoint}  options:\n    delay_ms: \"{delay_ms}\"\n")
}

/// An endpoint that speaks OpenAI to a server of the test's own; `more` is appended to the spec.
pub(crate) fn compatible_endpoint(name: &str, base_url: &str, more: &str) -> String {
    let more = more.replace('\n', "\n  ");
    format!(
        "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n  provider: openai-compatible\n  base_url: {base_url}\n  allowPrivate: true\n  {more}\n"
    )
}

/// A global alias for `model` on `endpoint`.
pub(crate) fn alias(name: &str, endpoint: &str, model: &str) -> String {
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: {name}\nspec:\n  targets:\n    - endpoint: {endpoint}\n      model: {model}\n"
    )
}

/// A global alias for another alias.
pub(crate) fn alias_of_alias(name: &str, target: &str) -> String {
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ModelAlias\nmetadata:\n  name: {name}\nspec:\n  targets:\n    - alias: {target}\n"
    )
}

/// An agent on `endpoint`.
pub(crate) fn agent(name: &str, endpoint: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: Agent\nmetadata:\n  name: {name}\nspec:\n  model_ref: {endpoint}\n  prompt: You are {name}.\n"
    )
}

/// A system of `agents`.
pub(crate) fn system(name: &str, agents: &[&str]) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: AgentSystem\nmetadata:\n  name: {name}\nspec:\n  agents: [{}]\n",
        agents.join(", ")
    )
}

/// A policy for every agent of the namespace.
pub(crate) fn policy(name: &str, models: &[&str]) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: AgentPolicy\nmetadata:\n  name: {name}\nspec:\n  allowed_models: [{}]\n",
        models.join(", ")
    )
}
