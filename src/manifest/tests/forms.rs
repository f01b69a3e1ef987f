//! The format's looser spellings, JSON, and agentgateway's spelling of an endpoint.

use super::{agent, endpoint, join, one, places};
use crate::model::{Kind, Spec};
use serde_json::json;

#[test]
fn accepted_spellings_are_the_documented_fields() {
    let documented = one(
        "kind: ModelEndpoint\nmetadata: {name: a}\nspec:\n  base_url: https://x/v1\n  default_model: m\n  auth: {secretRef: s}\n",
    );
    let accepted = one(
        "kind: ModelEndpoint\nmetadata: {name: a}\nspec:\n  baseURL: https://x/v1/\n  defaultModel: ' m '\n  auth: {secret_ref: s}\n",
    );
    assert_eq!(accepted.digest, documented.digest);
    let documented = one(&agent(
        "  execution: {tool_use_behavior: stop_on_first_tool}\n",
    ));
    let accepted = one(
        &agent("  execution: {toolUseBehavior: stop_on_first_tool}\n")
            .replace("model_ref", "modelRef"),
    );
    assert_eq!(accepted.digest, documented.digest);
}

#[test]
fn both_spellings_of_a_field_at_once_are_an_error() {
    assert_eq!(
        places(&endpoint("  defaultModel: x\n")),
        ["7:3 E-FIELD-UNKNOWN"]
    );
}

#[test]
fn provider_spellings_and_default_urls_are_normalised() {
    for (provider, name, url) in [
        ("OpenAI", "openai", "https://api.openai.com/v1"),
        ("''", "openai", "https://api.openai.com/v1"),
        ("anthropic", "anthropic", "https://api.anthropic.com/v1"),
        ("' ollama '", "ollama", "http://127.0.0.1:11434"),
        ("mock", "mock", ""),
    ] {
        let resource = one(&endpoint(&format!("  provider: {provider}\n")));
        let Spec::ModelEndpoint(spec) = &resource.spec else {
            unreachable!()
        };
        assert_eq!(
            (spec.provider.as_str(), spec.base_url.as_str()),
            (name, url)
        );
    }
    let azure = one(&endpoint(
        "  provider: azure_openai\n  base_url: https://x.openai.azure.com/\n",
    ));
    assert_eq!(azure.value()["provider"], json!("azure-openai"));
    assert_eq!(
        azure.value()["base_url"],
        json!("https://x.openai.azure.com")
    );
}

#[test]
fn edges_may_be_names_next_or_mappings_and_mean_the_same() {
    let system = |graph: &str| {
        format!(
            "kind: AgentSystem\nmetadata: {{name: s}}\nspec:\n  agents: [a, b, c]\n  graph:\n    a:\n{graph}"
        )
    };
    let rich = one(&system("      edges:\n        - to: b\n        - to: c\n"));
    for graph in [
        "      edges: [b, c]\n",
        "      edges:\n      - b\n      - next: c\n",
        "      next: b\n      edges:\n      - c\n",
        "      next: b\n      edges: [B, {to: c}, {to: c}, {to: ' '}]\n",
    ] {
        assert_eq!(one(&system(graph)).digest, rich.digest, "{graph}");
    }
    let number = one(&system("      edges: [7]\n"));
    assert_eq!(number.value()["graph"]["a"]["edges"], json!([{"to": "7"}]));
}

#[test]
fn json_is_the_same_manifest() {
    let yaml = one(&endpoint("  options:\n    api_version: 2024-10-21\n"));
    let json = one(
        "{\"apiVersion\": \"orloj.dev/v1\", \"kind\": \"ModelEndpoint\", \"metadata\": {\"name\": \"main\"},\n\t\"spec\": {\"default_model\": \"gpt-4o\", \"options\": {\"api_version\": \"2024-10-21\"}}}",
    );
    assert_eq!(json.digest, yaml.digest);
    let typo = "{\n  \"kind\": \"ModelEndpoint\",\n  \"metadata\": {\"name\": \"main\"},\n  \"spec\": {\"default_model\": \"m\", \"modle\": 1}\n}\n";
    assert_eq!(places(typo), ["4:34 E-FIELD-UNKNOWN"]);
}

#[test]
fn broken_json_is_a_finding_with_its_place() {
    let found = places("{\"kind\": \"Agent\",\n \"metadata\": {\"name\": \"a\"\n");
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].ends_with("E-YAML-SYNTAX"));
}

#[test]
fn agentgateway_backend_becomes_an_endpoint_with_aliases() {
    let resource = one(BACKEND);
    assert_eq!(resource.id.to_string(), "ModelEndpoint agents/openai");
    let Spec::ModelEndpoint(spec) = &resource.spec else {
        unreachable!()
    };
    assert_eq!(spec.provider, "openai");
    assert_eq!(spec.base_url, "https://api.openai.com/v1");
    assert_eq!(spec.default_model, None);
    assert_eq!(spec.model_aliases["fast"], "gpt-3.5-turbo");
    assert_eq!(spec.auth.secret_ref.as_deref(), Some("openai-secret"));
    assert_eq!(
        resource
            .origin_of_key("/spec/model_aliases/fast")
            .span
            .start
            .line,
        16
    );
    assert_eq!(
        resource.origin_of("/spec/auth/secretRef").span.start.line,
        13
    );
}

#[test]
fn findings_of_a_backend_point_at_its_own_spelling() {
    assert_eq!(
        places(&BACKEND.replace("gpt-3.5-turbo", "smart")),
        ["16:15 E-GRAPH-ALIAS-CHAIN"]
    );
    assert_eq!(
        places(&BACKEND.replace("gpt-3.5-turbo", "'gpt-*'")),
        ["16:15 E-FIELD-FORMAT"]
    );
    assert_eq!(
        places(&BACKEND.replace("openai-secret", "':k'")),
        ["13:15 E-FIELD-FORMAT"]
    );
    assert_eq!(
        places(&BACKEND.replace("modelAliases", "model_aliases")),
        ["15:7 E-FIELD-UNKNOWN"]
    );
    assert_eq!(
        places(&BACKEND.replace("openai: {}", "bedrock: {}")),
        ["9:7 E-FIELD-UNKNOWN"]
    );
    assert_eq!(
        places(&BACKEND.replace("agentgateway.dev/v1alpha1", "orloj.dev/v1")),
        ["1:13 E-FIELD-API-VERSION"]
    );
}

#[test]
fn backend_and_endpoint_of_one_name_are_duplicates() {
    let native = endpoint("").replace("name: main", "name: openai\n  namespace: agents");
    let (catalog, findings) = join(&[("a", BACKEND), ("b", &native)]);
    assert_eq!(findings.summary().errors, 1);
    assert_eq!(catalog.of_kind(Kind::ModelEndpoint).count(), 1);
}

#[test]
fn backend_of_azure_and_anthropic_is_read() {
    let azure = one(&BACKEND.replace(
        "openai: {}",
        "azureopenai: {endpoint: r.openai.azure.com, deploymentName: d, apiVersion: 2024-10-21}",
    ));
    assert_eq!(
        azure.value()["base_url"],
        json!("https://r.openai.azure.com")
    );
    assert_eq!(azure.value()["default_model"], json!("d"));
    assert_eq!(
        azure.value()["options"],
        json!({"api_version": "2024-10-21"})
    );
    let anthropic = one(&BACKEND.replace("openai: {}", "anthropic: {model: claude}"));
    assert_eq!(anthropic.value()["provider"], json!("anthropic"));
    assert_eq!(anthropic.value()["default_model"], json!("claude"));
    assert_eq!(
        anthropic.origin_of("/spec/default_model").span.start.line,
        9
    );
}

const BACKEND: &str = "\
apiVersion: agentgateway.dev/v1alpha1
kind: AgentgatewayBackend
metadata:
  name: openai
  namespace: agents
spec:
  ai:
    provider:
      openai: {}
  policies:
    auth:
      secretRef:
        name: openai-secret
    ai:
      modelAliases:
        fast: gpt-3.5-turbo
        smart: gpt-4-turbo
";
