//! Rules of `ModelEndpoint`, in either spelling.

use super::{
    super::{did_you_mean, newer},
    at, check_duration,
};
use crate::{
    manifest::kinds::Form,
    model::{Finding, Kind, Resource, SecretRef, code, pointer_to, spec::ModelEndpointSpec},
};
use url::Url;

/// Providers that this version can call.
const PROVIDERS: [&str; 6] = [
    "openai",
    "openai-compatible",
    "azure-openai",
    "anthropic",
    "ollama",
    "mock",
];

/// First path segments of the server's own, which an endpoint's name would hide.
const RESERVED_NAMES: [&str; 9] = [
    "v1",
    "api",
    "webhooks",
    "healthz",
    "readyz",
    "metrics",
    "openapi.json",
    "preview",
    "assets",
];

pub(super) fn check(
    resource: &Resource,
    form: Form,
    spec: &ModelEndpointSpec,
    findings: &mut Vec<Finding>,
) {
    if RESERVED_NAMES.contains(&&*resource.id.name) {
        let message = format!("`{}` is a path of the server's own", resource.id.name);
        let hint = "give the endpoint another name; it is served at `/NAME/…`";
        findings
            .push(at(resource, code::FIELD_RESERVED, "/metadata/name", message).with_hint(hint));
    }
    if form == Form::Native(Kind::ModelEndpoint)
        && spec.default_model.is_none()
        && spec.model_aliases.is_empty()
    {
        let message = "`spec.default_model` is required";
        let hint = "name the model that is called when a request names only the endpoint";
        findings.push(
            at(
                resource,
                code::FIELD_REQUIRED,
                "/spec/default_model",
                message,
            )
            .with_hint(hint),
        );
    }
    if spec.pin_model && spec.default_model.is_none() {
        let message = "`spec.pin_model` needs `spec.default_model`";
        let hint = "name the model that every request to the endpoint is for";
        findings
            .push(at(resource, code::FIELD_REQUIRED, "/spec/pin_model", message).with_hint(hint));
    }
    check_provider(resource, spec, findings);
    check_base_url(resource, form, spec, findings);
    check_aliases(resource, spec, findings);
    if let Some(reference) = &spec.auth.secret_ref
        && SecretRef::parse(reference).is_none()
    {
        let message = "`spec.auth.secretRef` names no secret";
        let hint = "write `name`, `ns/name`, `name:key` or `ns/name:key`";
        findings.push(
            at(
                resource,
                code::FIELD_FORMAT,
                "/spec/auth/secretRef",
                message,
            )
            .with_hint(hint),
        );
    }
    for (field, text) in [
        ("timeouts/connect", &spec.timeouts.connect),
        ("timeouts/first_byte", &spec.timeouts.first_byte),
        ("timeouts/idle", &spec.timeouts.idle),
        ("timeouts/total", &spec.timeouts.total),
        ("retry/backoff", &spec.retry.backoff),
        ("breaker/pause", &spec.breaker.pause),
    ] {
        let pointer = format!("/spec/{field}");
        check_duration(resource, &pointer, text.as_deref(), findings);
    }
}

fn check_provider(resource: &Resource, spec: &ModelEndpointSpec, findings: &mut Vec<Finding>) {
    if !PROVIDERS.contains(&spec.provider.as_str()) {
        let message = format!("this version cannot call the provider `{}`", spec.provider);
        let hint = if newer::is_value("ModelEndpoint", "spec.provider", &spec.provider) {
            newer::HINT.to_owned()
        } else {
            did_you_mean(&spec.provider, PROVIDERS).map_or_else(
                || format!("it calls {}", PROVIDERS.join(", ")),
                |near| format!("did you mean `{near}`?"),
            )
        };
        findings
            .push(at(resource, code::ENDPOINT_PROVIDER, "/spec/provider", message).with_hint(hint));
    }
    if spec.provider == "anthropic"
        && let Some(limit) = spec.options.get("max_tokens")
        && limit.parse::<u32>().ok().is_none_or(|limit| limit == 0)
    {
        let message =
            format!("`spec.options.max_tokens` must be a whole number above 0, not \"{limit}\"");
        findings.push(at(
            resource,
            code::FIELD_FORMAT,
            "/spec/options/max_tokens",
            message,
        ));
    }
}

fn check_base_url(
    resource: &Resource,
    form: Form,
    spec: &ModelEndpointSpec,
    findings: &mut Vec<Finding>,
) {
    let pointer = if form == Form::AgentgatewayBackend {
        "/spec"
    } else {
        "/spec/base_url"
    };
    if spec.base_url.is_empty() {
        if matches!(spec.provider.as_str(), "azure-openai" | "openai-compatible") {
            let message = format!(
                "`spec.base_url` is required for provider `{}`",
                spec.provider
            );
            findings.push(at(resource, code::FIELD_REQUIRED, "/spec", message));
        }
        return;
    }
    let url = Url::parse(&spec.base_url).ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let Some(url) = url else {
        let message = "`spec.base_url` must be an absolute http or https URL";
        let hint = "for example https://api.openai.com/v1";
        findings.push(at(resource, code::FIELD_FORMAT, pointer, message).with_hint(hint));
        return;
    };
    if !url.username().is_empty() || url.password().is_some() {
        let message = "`spec.base_url` must not carry a user name or password";
        let hint = "put the key into a Secret and name it in `spec.auth.secretRef`";
        findings.push(at(resource, code::FIELD_FORMAT, pointer, message).with_hint(hint));
    }
}

fn check_aliases(resource: &Resource, spec: &ModelEndpointSpec, findings: &mut Vec<Finding>) {
    for (alias, target) in &spec.model_aliases {
        let pointer = pointer_to("/spec/model_aliases", alias);
        if alias.trim() != alias || alias.is_empty() {
            let message = "an alias must not be empty or begin or end with white space";
            findings.push(at(resource, code::FIELD_FORMAT, &pointer, message));
        }
        if target.trim().is_empty() || target.contains('*') {
            let message = format!("the alias `{alias}` must lead to one model, named in full");
            let hint = "`*` in a target is not filled in from the alias";
            findings.push(at(resource, code::FIELD_FORMAT, &pointer, message).with_hint(hint));
        } else if target != alias && spec.model_aliases.contains_key(target) {
            let message =
                format!("the alias `{alias}` leads to `{target}`, which is itself an alias");
            let hint = format!(
                "an alias makes one hop: name the model of `{target}`, or write a ModelAlias with `targets: [{{alias: {target}}}]`"
            );
            findings.push(at(resource, code::GRAPH_ALIAS_CHAIN, &pointer, message).with_hint(hint));
        }
    }
}
