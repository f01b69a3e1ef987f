//! Credentials that would be sent to a host that they are not sent to yet.

use super::{
    change::{Action, Change},
    egress_files::egress_of_files,
    ordered::{Plan, Side},
    text::printable,
};
use crate::manifest::holds_credential;
use crate::model::{
    Catalog, Kind, Origin, ResourceId, SecretRef, Spec, called_url, destination_of,
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
    /// The file that its value comes from, if it is the file that is not sent there yet, whatever secret names it.
    pub file: Option<String>,
    /// Where the secret would be sent: the host, with its port if that is not the scheme's, and with its scheme if
    /// that is not `https`.
    pub host: String,
    /// Where it is sent in the base, sorted; empty if nothing of the base sends it.
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
            self.sent(),
            self.host,
            self.so_far()
        )
    }

    /// What is sent, as it may be shown.
    pub(super) fn sent(&self) -> String {
        let secret = self.secret.to_string();
        if holds_credential(&secret) {
            return format!("{} ***", self.secret.kind);
        }
        match &self.file {
            Some(file) if holds_credential(file) => format!("{secret} (file ***)"),
            Some(file) => format!("{secret} (file {file})"),
            None => secret,
        }
    }

    fn so_far(&self) -> String {
        if self.known.is_empty() {
            return "nowhere".to_owned();
        }
        self.known.join(", ")
    }
}

/// The endpoints that are new or changed and send a secret where no endpoint of the base sends it.
///
/// A secret that nothing of the base sends is sent nowhere: were its first use none of it, whoever deletes an
/// endpoint and adds it anew could send what is sealed in Git wherever they like. Only the first revision of all
/// has nothing to be held against. What the manifest of a secret says of hosts does not count here, since whoever
/// writes the endpoint can write that too.
pub(super) fn egress(base: Side<'_>, head: Side<'_>, changes: &[Change]) -> Vec<Egress> {
    if base.catalog.is_empty() {
        return Vec::new();
    }
    let endpoints = changes
        .iter()
        .filter(|change| change.id.kind == Kind::ModelEndpoint && change.action != Action::Delete);
    let mut egress: Vec<_> = endpoints
        .filter_map(|change| {
            let resource = head.catalog.get(&change.id)?;
            let (secret, host) = sent(&change.id, &resource.spec)?;
            let known = known_hosts(base, &secret, changes);
            (!known.contains(&host)).then(|| Egress {
                endpoint: change.id.clone(),
                secret,
                file: None,
                host,
                known: known.into_iter().collect(),
                origin: resource.origin_of("/spec/base_url"),
            })
        })
        .collect();
    let of_files = egress_of_files(base, head, changes, &egress);
    egress.extend(of_files);
    egress
}

/// Where the endpoints of the base send a secret, under whatever name it has there.
fn known_hosts(base: Side<'_>, secret: &ResourceId, changes: &[Change]) -> BTreeSet<String> {
    let moved = changes.iter().find(|change| change.id == *secret);
    let former = moved.and_then(|change| Some(&change.moved.as_ref()?.from));
    let names = [Some(secret), former].into_iter().flatten();
    let hosts = names.flat_map(|name| {
        let users = base.graph.referrers(name);
        users.filter_map(move |user| host_in(base.catalog, user, name))
    });
    hosts.collect()
}

fn host_in(catalog: &Catalog, user: &ResourceId, secret: &ResourceId) -> Option<String> {
    let (sent, host) = sent(user, &catalog.get(user)?.spec)?;
    (sent == *secret).then_some(host)
}

/// Which secret an endpoint sends where.
pub(super) fn sent(endpoint: &ResourceId, spec: &Spec) -> Option<(ResourceId, String)> {
    let Spec::ModelEndpoint(spec) = spec else {
        return None;
    };
    let secret = secret_of(endpoint, spec)?;
    Some((secret, destination_of(&called_url(spec)?)))
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
        let so_far = match egress.so_far() {
            hosts if egress.known.is_empty() => hosts,
            hosts => format!("to {hosts}"),
        };
        let lines = format!(
            "  ! {} would be sent to {}\n    by {}  {}\n    so far it is sent {so_far}",
            egress.sent(),
            egress.host,
            egress.endpoint,
            egress.origin
        );
        for line in lines.lines() {
            let _ = writeln!(out, "{}", printable(line));
        }
    }
}
