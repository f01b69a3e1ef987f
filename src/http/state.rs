//! What handlers may use.

use super::{body::BodyRoom, metrics::Metrics};
use crate::{
    forge::Watched,
    gateway::{Books, Gate, Tracer},
    reconcile::{Bells, Inbox, Live, Reconciler},
    secrets::Opened,
};
use axum::extract::FromRef;
use std::{collections::HashMap, sync::Arc};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

/// Secrets of the webhooks that are configured, by path segment; two are accepted during rotation.
pub type WebhookSecrets = HashMap<String, Vec<Opened>>;

/// Everything behind the doors. Handlers take the one part they use.
#[derive(Clone)]
pub struct Doors {
    /// The loop and what it serves.
    pub reconciler: Arc<Reconciler>,
    /// Rings for a look at the source.
    pub bells: Bells,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// How answers are decorated.
    pub decoration: Decoration,
    /// Who may use the control and resource API.
    pub token: Option<Arc<Opened>>,
    /// What must end before the daemon does.
    pub tasks: TaskTracker,
    /// Ends what would go on for ever when the daemon ends.
    pub stop: CancellationToken,
    /// Who may ring.
    pub webhooks: Arc<Webhooks>,
    /// The webhooks that were received.
    pub inbox: Inbox,
    /// How large requests may be.
    pub bodies: BodyLimits,
    /// Who may call models, and what they used.
    pub admission: Admission,
}

/// What calls of models need of the doors, behind one pointer: each call holds it.
pub(super) struct ModelDoors {
    pub(super) live: Live,
    pub(super) metrics: Arc<Metrics>,
    pub(super) decoration: Decoration,
    pub(super) bodies: BodyRoom,
    pub(super) admission: Admission,
}

impl From<&Doors> for ModelDoors {
    fn from(doors: &Doors) -> Self {
        Self {
            live: doors.reconciler.live().clone(),
            metrics: doors.metrics.clone(),
            decoration: doors.decoration,
            bodies: BodyRoom::of_bodies(doors.bodies.chat),
            admission: doors.admission.clone(),
        }
    }
}

/// Who may call models, and what they used.
#[derive(Clone)]
pub struct Admission {
    /// What outlives revisions.
    pub books: Arc<Books>,
    /// Whether a key is needed also while the manifests have none.
    pub require_key: bool,
    /// Whether nobody but this machine's programs can be meant to call models without a key: the daemon listens on loopback.
    pub is_local: bool,
    /// How many requests may be under way.
    pub gate: Arc<Gate>,
    /// Where spans go in; `None` traces nothing.
    pub tracer: Option<Arc<Tracer>>,
}

/// How large the bodies of requests may be, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyLimits {
    /// Of the control and resource API.
    pub api: usize,
    /// Of calls of models.
    pub chat: usize,
}

impl Default for BodyLimits {
    /// 8 MiB, as whole folders are applied at once; and 32 MiB, as images travel in what models are asked.
    fn default() -> Self {
        Self {
            api: 8 << 20,
            chat: 32 << 20,
        }
    }
}

/// Who may ring, and about what.
pub struct Webhooks {
    /// What a sender must know.
    pub secrets: WebhookSecrets,
    /// Largest body in bytes.
    pub max_body: usize,
    /// What is followed.
    pub watched: Vec<Watched>,
}

impl Webhooks {
    /// Largest body in bytes unless it is configured (1 MiB).
    pub const DEFAULT_MAX_BODY: usize = 1024 * 1024;
}

/// How answers are decorated.
#[derive(Debug, Clone, Copy)]
pub struct Decoration {
    /// Whether `x-orloj-route` is sent.
    pub route_header: bool,
}

impl FromRef<Doors> for Arc<Reconciler> {
    fn from_ref(doors: &Doors) -> Self {
        doors.reconciler.clone()
    }
}

impl FromRef<Doors> for Live {
    fn from_ref(doors: &Doors) -> Self {
        doors.reconciler.live().clone()
    }
}

impl FromRef<Doors> for Arc<Metrics> {
    fn from_ref(doors: &Doors) -> Self {
        doors.metrics.clone()
    }
}

impl FromRef<Doors> for TaskTracker {
    fn from_ref(doors: &Doors) -> Self {
        doors.tasks.clone()
    }
}

impl FromRef<Doors> for CancellationToken {
    fn from_ref(doors: &Doors) -> Self {
        doors.stop.clone()
    }
}

impl FromRef<Doors> for Admission {
    fn from_ref(doors: &Doors) -> Self {
        doors.admission.clone()
    }
}
