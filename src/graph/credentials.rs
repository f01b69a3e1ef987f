//! Whether an endpoint's key will be there when it is called, and stays secret on the way.
//!
//! An endpoint with one of these findings is not ready: it answers 503 and says the same. The exception is a key that travels
//! unencrypted within a private network, which is told and called.

use crate::manifest::shown_name;
use crate::model::{
    AddressClass, Catalog, Finding, Kind, Resource, ResourceId, SecretRef, Spec, called_url, code,
    host_of, may_be_sent,
    spec::{ModelEndpointSpec, SecretSpec},
};
use core::net::IpAddr;
use url::{Host, Url};

/// Providers that are never called without a key.
const KEYED: [&str; 3] = ["openai", "azure-openai", "anthropic"];

/// Which value of a secret a reference without a key means.
enum Default {
    /// The first of these that there is.
    FirstOf(&'static [&'static str]),
    /// Any: the kind's own rule, which no secret with a value breaks.
    Any,
}

const VALUE: Default = Default::FirstOf(&["value"]);

/// Checks the credentials of a resource.
pub(super) fn check(catalog: &Catalog, resource: &Resource) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Spec::ModelEndpoint(spec) = &resource.spec {
        findings.extend(no_key(resource, spec));
        findings.extend(plain_key(resource, spec));
        findings.extend(other_host(catalog, resource, spec));
    }
    for (pointer, text, default) in secret_refs(resource) {
        findings.extend(lacking(catalog, resource, &pointer, text, &default));
    }
    findings
}

/// A provider that needs a key, and no secret to take it from.
fn no_key(resource: &Resource, spec: &ModelEndpointSpec) -> Option<Finding> {
    if spec.auth.secret_ref.is_some() || !KEYED.contains(&spec.provider.as_str()) {
        return None;
    }
    let message = format!("provider `{}` needs a key", spec.provider);
    let hint = "name a Secret in `spec.auth.secretRef`; until then the endpoint is not ready";
    let origin = resource.origin_of("/spec/auth");
    let finding = Finding::new(code::ENDPOINT_KEY, origin, message);
    Some(finding.with_hint(hint).on(&resource.id))
}

/// A key that everybody on the way could read. Where a name leads is seen only when connecting, and
/// checked there again.
fn plain_key(resource: &Resource, spec: &ModelEndpointSpec) -> Option<Finding> {
    spec.auth.secret_ref.as_ref()?;
    let of_ollama = spec.options.get("base_url");
    let (pointer, text) = match of_ollama.filter(|_| spec.provider == "ollama") {
        Some(url) => ("/spec/options/base_url", url),
        None => ("/spec/base_url", &spec.base_url),
    };
    let url = Url::parse(text).ok()?;
    let ip = match url.host()? {
        Host::Ipv4(ip) => Some(IpAddr::from(ip)),
        Host::Ipv6(ip) => Some(IpAddr::from(ip)),
        Host::Domain(_) => None,
    };
    let host = url.host_str().unwrap_or_default();
    let is_this_machine = match ip {
        Some(ip) => ip.to_canonical().is_loopback(),
        None => host == "localhost" || host.ends_with(".localhost"),
    };
    if url.scheme() != "http" || is_this_machine {
        return None;
    }
    let is_near = match ip {
        Some(ip) => AddressClass::of(ip) == AddressClass::Private,
        None => spec.allows_private(),
    };
    let (message, hint) = if is_near {
        let message =
            format!("the key travels to `{host}` over plain http, for all in its network to read");
        (message, "write `https://` if the host speaks it")
    } else {
        let message = format!("the key would travel to `{host}` over plain http");
        let hint = "write `https://`; a host in a private network is called with `allowPrivate: true` all the same, and who is in there can read the key; until then the endpoint is not ready";
        (message, hint)
    };
    let origin = resource.origin_of(pointer);
    let finding = Finding::new(code::ENDPOINT_PLAIN_KEY, origin, message);
    Some(finding.with_hint(hint).on(&resource.id))
}

/// A secret that would be sent where it says it is not to be.
fn other_host(catalog: &Catalog, resource: &Resource, spec: &ModelEndpointSpec) -> Option<Finding> {
    let reference = SecretRef::parse(spec.auth.secret_ref.as_deref()?)?;
    let namespace = reference.namespace_or(&resource.id.namespace);
    let id = ResourceId::new(Kind::Secret, namespace, &reference.name);
    let Spec::Secret(secret) = &catalog.get(&id)?.spec else {
        return None;
    };
    let url = called_url(spec)?;
    if may_be_sent(&secret.allowed_hosts, &url) {
        return None;
    }
    let message = format!(
        "{id} would be sent to `{}`; its `allowed_hosts` are {}",
        host_of(&url),
        secret.allowed_hosts.join(", ")
    );
    let hint = "use another secret, or add the host to its `allowed_hosts`";
    let origin = resource.origin_of("/spec/base_url");
    let finding = Finding::new(code::SECRET_EGRESS, origin, message);
    Some(finding.with_hint(hint).on(&resource.id))
}

/// Every field of a resource that names a secret's value.
fn secret_refs(resource: &Resource) -> Vec<(String, &str, Default)> {
    fn one<'a>(
        pointer: &str,
        text: Option<&'a str>,
        default: Default,
    ) -> Vec<(String, &'a str, Default)> {
        let found = text.map(|text| (pointer.to_owned(), text, default));
        found.into_iter().collect()
    }
    let auth = "/spec/auth/secretRef";
    match &resource.spec {
        Spec::ModelEndpoint(spec) => {
            let default = if spec.auth.authorization_first {
                Default::FirstOf(&["Authorization", "value"])
            } else {
                VALUE
            };
            one(auth, spec.auth.secret_ref.as_deref(), default)
        }
        Spec::Tool(spec) => one(auth, spec.auth.secret_ref.as_deref(), VALUE),
        Spec::Memory(spec) => one(auth, spec.auth.secret_ref.as_deref(), Default::Any),
        Spec::TaskWebhook(spec) => {
            let secret_ref = Some(spec.auth.secret_ref.as_str());
            one("/spec/auth/secret_ref", secret_ref, Default::Any)
        }
        Spec::McpServer(spec) => {
            let mut found = one(auth, spec.auth.secret_ref.as_deref(), VALUE);
            found.extend(spec.env.iter().enumerate().filter_map(|(index, variable)| {
                let pointer = format!("/spec/env/{index}/secretRef");
                Some((pointer, variable.secret_ref.as_deref()?, VALUE))
            }));
            found
        }
        _ => Vec::new(),
    }
}

/// A value that a secret of the same repository does not hold. One without any value is told of itself.
fn lacking(
    catalog: &Catalog,
    resource: &Resource,
    pointer: &str,
    text: &str,
    default: &Default,
) -> Option<Finding> {
    let reference = SecretRef::parse(text)?;
    let namespace = reference.namespace_or(&resource.id.namespace);
    let id = ResourceId::new(Kind::Secret, namespace, &reference.name);
    let secret = catalog.get(&id)?;
    let Spec::Secret(spec) = &secret.spec else {
        return None;
    };
    let wanted = match (&reference.key, default) {
        (Some(key), _) => vec![key.as_str()],
        (None, Default::FirstOf(keys)) => keys.to_vec(),
        (None, Default::Any) => return None,
    };
    let keys: Vec<_> = spec.keys().collect();
    if keys.is_empty() || wanted.iter().any(|key| keys.contains(key)) {
        return None;
    }
    let shown: Vec<_> = wanted.iter().map(|key| shown_name(key)).collect();
    let message = format!("{id} holds no value `{}`", shown.join("` or `"));
    let origin = resource.origin_of(pointer);
    let finding = Finding::new(code::REF_SECRET_KEY, origin, message);
    let hint = hint(&reference, secret, spec, &wanted);
    Some(finding.with_hint(hint).on(&resource.id))
}

fn hint(reference: &SecretRef, secret: &Resource, spec: &SecretSpec, wanted: &[&str]) -> String {
    let near = wanted
        .iter()
        .find_map(|key| crate::manifest::did_you_mean(key, spec.keys()));
    let other = near.or_else(|| spec.keys().next()).unwrap_or_default();
    let place = &secret.origin;
    let namespace = reference.namespace.as_ref();
    let namespace = namespace.map(|namespace| format!("{namespace}/"));
    let name = format!("{}{}", namespace.unwrap_or_default(), reference.name);
    format!("write `{name}:{other}`, or add the value ({place})")
}
