//! Credentials that would be sent to a host that they are not sent to yet.

use super::{
    change::{Action, Change},
    ordered::{Plan, Side},
    text::printable,
};
use crate::model::{
    Catalog, Kind, Origin, ResourceId, SecretRef, Spec, called_url, host_of,
    spec::ModelEndpointSpec,
};
use std::{collections::BTreeSet, fmt::Write as _};

/// An endpoint that would send a secret to another host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Egress {
    /// The endpoint.
    pub endpoint: ResourceId,
    /// What it sends.
    pub secret: ResourceId,
    /// Where the secret would be sent.
    pub host: String,
    /// Where it is sent in the base, sorted.
    pub known: Vec<String>,
    /// Where the host is written.
    pub origin: Origin,
}

impl Egress {
    /// What would happen, in one sentence.
    pub fn sentence(&self) -> String {
        format!(
            "{} would send {} to `{}` (so far: {})",
            self.endpoint,
            self.secret,
            self.host,
            self.known.join(", ")
        )
    }
}

/// The endpoints that are new or changed and send a secret where no endpoint of the base sends it.
pub(super) fn egress(base: Side<'_>, head: Side<'_>, changes: &[Change]) -> Vec<Egress> {
    let endpoints = changes
        .iter()
        .filter(|change| change.id.kind == Kind::ModelEndpoint && change.action != Action::Delete);
    endpoints
        .filter_map(|change| {
            let resource = head.catalog.get(&change.id)?;
            let (secret, host) = sent(&change.id, &resource.spec)?;
            let known = known_hosts(base, &secret);
            let is_new = !known.is_empty() && !known.contains(&host);
            is_new.then(|| Egress {
                endpoint: change.id.clone(),
                secret,
                host,
                known: known.into_iter().collect(),
                origin: resource.origin_of("/spec/base_url"),
            })
        })
        .collect()
}

/// Where the endpoints of a revision send a secret.
fn known_hosts(side: Side<'_>, secret: &ResourceId) -> BTreeSet<String> {
    let users = side.graph.referrers(secret);
    let hosts = users.filter_map(|user| host_in(side.catalog, user, secret));
    hosts.collect()
}

fn host_in(catalog: &Catalog, user: &ResourceId, secret: &ResourceId) -> Option<String> {
    let (sent, host) = sent(user, &catalog.get(user)?.spec)?;
    (sent == *secret).then_some(host)
}

/// Which secret an endpoint sends where.
fn sent(endpoint: &ResourceId, spec: &Spec) -> Option<(ResourceId, String)> {
    let Spec::ModelEndpoint(spec) = spec else {
        return None;
    };
    let secret = secret_of(endpoint, spec)?;
    Some((secret, host_of(&called_url(spec)?)))
}

fn secret_of(endpoint: &ResourceId, spec: &ModelEndpointSpec) -> Option<ResourceId> {
    let reference = SecretRef::parse(spec.auth.secret_ref.as_deref()?)?;
    let namespace = reference.namespace_or(&endpoint.namespace);
    Some(ResourceId::new(Kind::Secret, namespace, &reference.name))
}

/// The plan's lines about credentials, if there are any.
pub(super) fn write_egress(out: &mut String, plan: &Plan) {
    if plan.egress.is_empty() {
        return;
    }
    let _ = writeln!(out, "\nCredential egress");
    for egress in &plan.egress {
        let known = egress.known.join(", ");
        let lines = format!(
            "  ! {} would be sent to {}\n    by {}  {}\n    so far it is sent to {known}",
            egress.secret, egress.host, egress.endpoint, egress.origin
        );
        for line in lines.lines() {
            let _ = writeln!(out, "{}", printable(line));
        }
    }
}
