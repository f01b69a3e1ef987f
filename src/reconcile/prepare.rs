//! All that can fail before the switch: opening secrets, building what calls the endpoints.

use super::{
    cores,
    opening::OpenedSecrets,
    review::Checked,
    served::{Condition, EndpointState, Inputs, Served},
    settings::ReconcileSettings,
};
use crate::{
    manifest::{holds_credential, shown_name},
    model::{
        Finding, Kind, Resource, ResourceId, SecretRef, Spec, called_url, code, may_be_sent,
        spec::ModelEndpointSpec,
    },
    providers::{Upstream, UpstreamBuildError},
    secrets::{Opened, environment_names, reserved},
};
use rpds::HashTrieMapSync;
use std::{collections::BTreeSet, sync::Arc};

/// Below this many endpoints, threads cost more than they save.
const ENDPOINTS_PER_THREAD: usize = 64;

/// The only way to make a [`Served`]; consumed by the switch.
pub(super) struct Prepared(pub(super) Served);

/// Whether a secret that stays closed refuses the revision.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Closed {
    /// It does: the rule for a new revision.
    Refuses,
    /// Its endpoints are not ready: the rule for what was live before and is served again.
    Degrades,
}

/// Opens the secrets of a reviewed revision and builds its endpoints.
///
/// # Errors
///
/// The findings of secrets that cannot be opened, if `closed` refuses them.
pub(super) fn prepare(
    revision: String,
    review: Checked,
    inputs: Inputs,
    settings: &ReconcileSettings,
    before: &Served,
    now_us: i64,
    closed: Closed,
) -> Result<Prepared, Vec<Finding>> {
    let (catalog, graph) = (review.snapshot.catalog(), review.snapshot.graph());
    let mut opened = before.opened.clone();
    let sources = settings.secret_sources();
    let secrets = opened.update(catalog, sources, &review.changed.resources);
    let said = opened.findings().clone();
    if closed == Closed::Refuses && said.has_errors() {
        return Err(said.into_iter().collect());
    }
    let users: BTreeSet<_> = secrets
        .iter()
        .flat_map(|secret| graph.referrers(secret))
        .collect();
    // What is written elsewhere now and says the same keeps its connections, and what is known of its health.
    let says_the_same = |id: &ResourceId| {
        let was = before.snapshot.catalog().get(id);
        let is_same = was
            .zip(catalog.get(id))
            .is_some_and(|(was, is)| was.digest == is.digest);
        is_same && before.endpoints.contains_key(id)
    };
    let is_endpoint = |id: &&ResourceId| id.kind == Kind::ModelEndpoint;
    let changed = review.changed.resources.iter().filter(is_endpoint);
    let changed = changed.filter(|id| !says_the_same(id));
    let users = users.iter().copied().filter(is_endpoint);
    let affected: BTreeSet<_> = changed.chain(users).collect();
    let made = cores::map(affected.into_iter().collect(), ENDPOINTS_PER_THREAD, |id| {
        let state = match catalog.get(id).map(|one| (one, &one.spec)) {
            Some((resource, Spec::ModelEndpoint(spec))) => {
                Some(endpoint(resource, spec, &opened, settings))
            }
            _ => None,
        };
        (id, state)
    });
    let mut endpoints = before.endpoints.clone();
    let mut astray = Vec::new();
    for (id, state) in made {
        match state {
            Some((state, finding)) => {
                astray.extend(finding);
                let was = before.endpoints.get(review.former.get(id).unwrap_or(id));
                let state = dated(state, was, now_us);
                endpoints.insert_mut(id.clone(), state);
            }
            None => drop(endpoints.remove_mut(id)),
        }
    }
    if closed == Closed::Refuses && !astray.is_empty() {
        return Err(said.into_iter().chain(astray).collect());
    }
    let mut findings = review.findings;
    let is_settled = |finding: &&Finding| is_settled(finding, &endpoints, &opened);
    let settled: Vec<_> = findings.iter().filter(is_settled).cloned().collect();
    for finding in &settled {
        findings.remove(finding);
    }
    findings = findings.join(said);
    findings.extend(astray);
    Ok(Prepared(Served {
        revision,
        digest: review.snapshot.catalog().digest(),
        snapshot: review.snapshot,
        endpoints,
        findings,
        since_us: now_us,
        inputs,
        opened,
    }))
}

/// Whether a secret that no file defines came from elsewhere after all, or a file that is sealed down to its names
/// was opened.
fn is_settled(
    finding: &Finding,
    endpoints: &HashTrieMapSync<ResourceId, EndpointState>,
    opened: &OpenedSecrets,
) -> bool {
    if finding.code == code::SECRET_OPAQUE {
        let file = finding.resource.as_ref();
        return file.is_some_and(|file| opened.is_opened_file(file));
    }
    let state = finding.resource.as_ref().and_then(|id| endpoints.get(id));
    finding.code == code::REF_SECRET && matches!(state, Some(EndpointState::Ready { .. }))
}

/// Whether an endpoint can be called, and that its key is not for its host.
pub(super) fn endpoint(
    resource: &Resource,
    spec: &ModelEndpointSpec,
    opened: &OpenedSecrets,
    settings: &ReconcileSettings,
) -> (EndpointState, Option<Finding>) {
    let credential = match credential(&resource.id, spec, opened, settings) {
        Ok(credential) => credential,
        Err(condition) => return (EndpointState::NotReady(condition), None),
    };
    let allowed = credential.as_ref().map(|one| one.allowed);
    let value = credential.map(|one| one.value);
    let allowed = allowed.unwrap_or_default();
    let upstream = Upstream::sending(&resource.id, spec, value, &settings.network, &allowed);
    match upstream {
        Ok(upstream) => {
            let upstream = Arc::new(upstream);
            (
                EndpointState::Ready {
                    upstream,
                    since_us: 0,
                },
                None,
            )
        }
        Err(error) => {
            let state = EndpointState::NotReady(condition("NotUsable", error.to_string()));
            let is_astray = matches!(error, UpstreamBuildError::Egress(_));
            let forbid =
                |list: &&&[String]| called_url(spec).is_some_and(|url| !may_be_sent(list, &url));
            let forbidding = allowed.iter().filter(forbid).copied().flatten();
            (
                state,
                is_astray.then(|| astray(resource, &error, forbidding)),
            )
        }
    }
}

/// That a key would be sent to a host that is none of `allowed`.
fn astray<'a>(
    resource: &Resource,
    error: &UpstreamBuildError,
    allowed: impl Iterator<Item = &'a String>,
) -> Finding {
    let hosts: Vec<_> = allowed.map(String::as_str).collect();
    let message = format!("{}: {error}, for {}", resource.id, hosts.join(", "));
    let hint =
        "use another secret, or seal the value again with the host among its `allowed_hosts`";
    let origin = resource.origin_of("/spec/base_url");
    Finding::new(code::SECRET_EGRESS, origin, message)
        .with_hint(hint)
        .on(&resource.id)
}

/// An endpoint's key, and the hosts it may be sent to: an empty list has them all.
struct Credential<'a> {
    value: &'a Opened,
    allowed: [&'a [String]; 2],
}

/// A state that has just come about.
fn condition(reason: &'static str, message: String) -> Condition {
    Condition {
        reason,
        message,
        since_us: 0,
    }
}

/// The state with the time since when it is so: now, unless it was so before.
pub(super) fn dated(
    mut state: EndpointState,
    before: Option<&EndpointState>,
    now_us: i64,
) -> EndpointState {
    match (&mut state, before) {
        (
            EndpointState::Ready { since_us, .. },
            Some(EndpointState::Ready { since_us: old, .. }),
        ) => {
            *since_us = *old;
        }
        (EndpointState::NotReady(now), Some(EndpointState::NotReady(old)))
            if now.reason == old.reason =>
        {
            now.since_us = old.since_us;
        }
        (EndpointState::Ready { since_us, .. }, _) => *since_us = now_us,
        (EndpointState::NotReady(now), _) => now.since_us = now_us,
    }
    state
}

/// The endpoint's key: from a secret of the catalog, else from the environment.
fn credential<'a>(
    endpoint: &ResourceId,
    spec: &ModelEndpointSpec,
    opened: &'a OpenedSecrets,
    settings: &'a ReconcileSettings,
) -> Result<Option<Credential<'a>>, Condition> {
    let Some(reference) = spec.auth.secret_ref.as_deref().and_then(SecretRef::parse) else {
        return Ok(None);
    };
    let namespace = reference.namespace_or(&endpoint.namespace);
    let id = ResourceId::new(Kind::Secret, namespace, &reference.name);
    if opened.contains(&id) {
        let keys = keys_of(&reference, spec);
        let found = keys.iter().find_map(|key| {
            let value = opened.value(&id, key)?;
            let allowed = opened.hosts(&id, key);
            Some(Credential { value, allowed })
        });
        return match found {
            Some(credential) => Ok(Some(credential)),
            None => Err(no_value(endpoint, &id, &keys, opened)),
        };
    }
    let value = settings.variables.find(namespace, &reference.name);
    let anywhere: [&[String]; 2] = [&[], &[]];
    value
        .map(|value| {
            Some(Credential {
                value,
                allowed: anywhere,
            })
        })
        .ok_or_else(|| condition("SecretNotFound", not_found(&id)))
}

/// The keys of a secret whose first value an endpoint sends.
pub(super) fn keys_of<'a>(reference: &'a SecretRef, spec: &ModelEndpointSpec) -> Vec<&'a str> {
    reference.keys(spec.auth.authorization_first)
}

fn not_found(id: &ResourceId) -> String {
    if holds_credential(&id.to_string()) {
        return "its `secretRef` names no secret: it looks like a credential itself".to_owned();
    }
    let mut variables = environment_names(&id.namespace, &id.name);
    variables.retain(|variable| !reserved(variable));
    let environment = if variables.is_empty() {
        String::new()
    } else {
        let names = variables.join("` or `");
        format!(", no `{names}` in the daemon's environment")
    };
    format!("nothing provides {id}: no file, no `orloj create secret`{environment}")
}

/// Why a secret that is there does not help.
fn no_value(
    endpoint: &ResourceId,
    secret: &ResourceId,
    keys: &[&str],
    opened: &OpenedSecrets,
) -> Condition {
    if let Some(reason) = opened.absent(secret, keys) {
        let message = format!("{secret} (needed by {endpoint}) is not there yet: {reason}");
        return condition("SecretFileNotRead", message);
    }
    match opened.closed(secret, keys) {
        Some(reason) => condition(
            "SecretNotOpened",
            format!("{secret} (needed by {endpoint}) stays closed: {reason}"),
        ),
        None => condition(
            "SecretKeyNotFound",
            format!(
                "{secret} (needed by {endpoint}) has no value `{}`; add it, or name another with `NAME:KEY`",
                keys.iter()
                    .map(|key| shown_name(key))
                    .collect::<Vec<_>>()
                    .join("` or `")
            ),
        ),
    }
}
