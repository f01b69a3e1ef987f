//! Secrets that a start leaves closed, because nothing that is served sends them.
//!
//! Serving waits for what endpoints use and for nothing else. The others are opened by whoever has the turn first,
//! before anything is done with it: no commit, order or manifest sent by hand meets a secret that nobody looked at.

use super::{
    reconciler::{Reconciler, Turn},
    review::Checked,
    secret_files::Reread,
};
use crate::model::{Kind, Resource, ResourceId, SecretRef, Spec, spec::ModelEndpointSpec};
use std::{
    collections::{BTreeSet, HashSet},
    sync::Arc,
};
use tokio::{sync::MutexGuard, task::block_in_place};

/// The secrets that the endpoints among `resources` send, whether they are there or not.
pub(super) fn sent_secrets<'r>(
    resources: impl Iterator<Item = &'r Arc<Resource>>,
) -> HashSet<ResourceId> {
    let sent = resources.filter_map(|resource| match &resource.spec {
        Spec::ModelEndpoint(spec) => sent_secret(&resource.id, spec),
        _ => None,
    });
    sent.collect()
}

/// The secret that an endpoint sends, if any.
pub(super) fn sent_secret(endpoint: &ResourceId, spec: &ModelEndpointSpec) -> Option<ResourceId> {
    let reference = SecretRef::parse(spec.auth.secret_ref.as_deref()?)?;
    let namespace = reference.namespace_or(&endpoint.namespace);
    Some(ResourceId::new(Kind::Secret, namespace, &reference.name))
}

/// Takes the secrets that no endpoint sends out of what changed; returns them.
pub(super) fn put_off(checked: &mut Checked) -> BTreeSet<ResourceId> {
    let catalog = checked.snapshot.catalog();
    let sent = sent_secrets(catalog.of_kind(Kind::ModelEndpoint));
    let can_wait = |id: &ResourceId| {
        let resource = catalog.get(id);
        match resource.map(|resource| &resource.spec) {
            // What a file that is sealed down to its names holds is known when it is open.
            Some(Spec::Secret(spec)) => !sent.contains(id) && !spec.is_opaque(),
            _ => false,
        }
    };
    let secrets = catalog.of_kind(Kind::Secret).map(|secret| &secret.id);
    let waiting: BTreeSet<_> = secrets.filter(|id| can_wait(id)).cloned().collect();
    checked.changed.resources.retain(|id| !waiting.contains(id));
    waiting
}

impl Reconciler {
    /// Waits for the turn. Whoever has it meets no secret that a start put off.
    pub(super) async fn take_turn(&self) -> MutexGuard<'_, Turn> {
        let turn = self.turn.lock().await;
        let served = self.live.pin();
        if served.opened.has_put_off() {
            let reread = block_in_place(|| Reread::of(&served, &self.settings, &BTreeSet::new()));
            self.serve_reread(reread);
        }
        turn
    }
}
