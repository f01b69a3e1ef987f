//! What people told the loop: to wait, or to stay at a revision.

use crate::model::{Catalog, Kind, ResourceId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Nobody looks at the source.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Why.
    pub reason: String,
    /// Who said so.
    pub by: String,
    /// Since when, in microseconds since 1970 (UTC).
    pub since_us: i64,
    /// Until when, in microseconds since 1970 (UTC); `None` until somebody resumes.
    pub until_us: Option<i64>,
}

impl Suspension {
    /// Whether it ends by itself, and has.
    pub fn is_over(&self, now_us: i64) -> bool {
        self.until_us.is_some_and(|until| until <= now_us)
    }
}

/// A rollback that newer commits do not undo.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pin {
    /// Why.
    pub reason: String,
    /// Who rolled back.
    pub by: String,
    /// Since when, in microseconds since 1970 (UTC).
    pub since_us: i64,
    /// The revision that was gone back to.
    pub revision: String,
    /// The revision that was live before; while it still is, the rollback is not done.
    #[serde(default)]
    pub from: String,
    /// Its commit, if it came from Git.
    pub commit: Option<String>,
    /// The commit that was left, if it came from Git.
    pub left: Option<String>,
    /// What was rolled back.
    pub objects: Vec<LeftObject>,
}

/// An object that a rollback changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftObject {
    kind: String,
    namespace: String,
    name: String,
    /// Its digest in the commit that was left; `None` if it was not there.
    digest: Option<String>,
}

impl Pin {
    /// Whether a commit touches an object that was rolled back: somebody has done something about it.
    pub fn is_lifted_by(&self, catalog: &Catalog) -> bool {
        self.objects.iter().any(|left| {
            let digest = left.id().and_then(|id| digest(catalog, &id));
            digest != left.digest
        })
    }

    /// The objects of a rollback from `from` that changes those `touched`. After a rollback that was not
    /// enough, what the `earlier` one left still counts.
    pub fn objects(
        from: &Catalog,
        touched: &[ResourceId],
        earlier: Option<&Self>,
    ) -> Vec<LeftObject> {
        let mut objects = BTreeMap::new();
        for id in touched {
            objects.insert(id.clone(), digest(from, id));
        }
        for left in earlier.into_iter().flat_map(|pin| &pin.objects) {
            if let Some(id) = left.id() {
                objects.insert(id, left.digest.clone());
            }
        }
        let objects = objects.into_iter();
        objects
            .map(|(id, digest)| LeftObject {
                kind: id.kind.as_str().to_owned(),
                namespace: id.namespace.to_string(),
                name: id.name.to_string(),
                digest,
            })
            .collect()
    }
}

impl LeftObject {
    fn id(&self) -> Option<ResourceId> {
        let kind = Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == self.kind)?;
        Some(ResourceId::new(kind, &self.namespace, &self.name))
    }
}

fn digest(catalog: &Catalog, id: &ResourceId) -> Option<String> {
    Some(catalog.get(id)?.digest.to_string())
}

/// A good revision that waits for somebody's yes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Held {
    /// The digest of its plan, which a yes names.
    pub plan_digest: String,
    /// The commit, if it came from Git.
    pub commit: Option<String>,
    /// The first line of its message.
    pub summary: String,
    /// What holds it; the first of several reasons.
    pub by: HeldBy,
    /// What a yes is to: the plan, where the sources stand, and every reason; no other question has the same.
    pub(super) question: String,
    /// Why, in a sentence.
    pub message: String,
    /// Since when, in microseconds since 1970 (UTC).
    pub since_us: i64,
    /// When it goes live by itself, if a window holds it.
    pub schedule: Option<HeldSchedule>,
    /// What becomes of secrets that are there, as JSON; empty if nothing does.
    pub secrets_json: String,
}

/// The window that holds a revision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldSchedule {
    /// What it is called.
    pub window: String,
    /// When this was looked at, in microseconds since 1970 (UTC).
    pub at_us: i64,
    /// When the revision goes live, in microseconds since 1970 (UTC); `None` if that is not within sight.
    pub opens_us: Option<i64>,
}

impl Held {
    /// Whether it is to be looked at again: its time has come, or the clock was set back.
    pub fn is_over(&self, now_us: i64) -> bool {
        self.schedule.as_ref().is_some_and(|schedule| {
            now_us < schedule.at_us || schedule.opens_us.is_some_and(|opens| opens <= now_us)
        })
    }
}

/// Why a revision waits.
#[derive(Debug, Clone)]
pub(super) struct Reason {
    pub(super) by: HeldBy,
    /// In a sentence.
    pub(super) message: String,
    /// What tells this occasion from others of the sort, where the plan and the commits do not.
    pub(super) about: String,
}

/// What holds a revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeldBy {
    /// It prunes more than a commit may without a yes.
    Prune,
    /// Somebody rolled back, and it does not touch what was rolled back.
    Pin,
    /// A protected reference was moved by force, or is a tag that moved.
    Force,
    /// A secret would be sent to another host, and the operator wants to say yes to that.
    Egress,
    /// It is not the time for it.
    Window,
}

impl HeldBy {
    /// The word in output: `prune`, `pin`, `force`, `egress` or `window`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prune => "prune",
            Self::Pin => "pin",
            Self::Force => "force",
            Self::Egress => "egress",
            Self::Window => "window",
        }
    }
}
