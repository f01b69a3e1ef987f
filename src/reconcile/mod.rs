//! The sync loop: gather → review → prepare → record → switch → tell.
//!
//! [`Reconciler`] owns the desired state; [`Live`] is what requests are served from. A commit, a manifest
//! sent by hand and the start of the daemon all walk the same steps. [`review`] is pure and shared with
//! the command line, so that `validate`, `plan` and the daemon say the same.
//!
//! Everything that can fail happens before the switch, and the switch is one pointer store.

mod apply;
mod awaited;
mod bell;
mod conditions;
mod cores;
mod decoded;
mod divided;
mod driver;
mod egress;
mod events;
mod facts;
mod followed;
mod gather;
mod guards;
mod head;
mod hold;
mod inbox;
mod inside;
mod keeping;
mod leftover;
mod live;
mod looking;
mod noting;
mod objects;
mod offered;
mod opened_file;
mod opened_secret;
mod opening;
mod orders;
mod pace;
mod parts;
mod patience;
mod precondition;
mod prepare;
mod put_off;
mod reconciler;
mod restore;
mod review;
mod rollback;
mod secret_files;
mod served;
mod settings;
mod snapshot;
mod status;
mod step;
mod telling_apart;
mod usage;
mod values;
mod vigil;
mod wanted;
mod window_hold;

#[cfg(test)]
pub(crate) mod tests;

pub use apply::{ApplyError, ApplyReport};
pub use bell::{Bell, Bells};
pub use conditions::{ConditionSort, ResourceCondition};
pub use decoded::DecodedFiles;
pub use driver::run;
pub use events::{Event, EventSort, Events, Since};
pub use followed::Followed;
pub use gather::{FileCache, SourceFile, SourceFileMap, SourceFiles, gather};
pub use guards::PruneGuard;
pub use hold::OrderError;
pub use inbox::{Inbox, keep_deliveries};
pub use live::{Live, Pinned};
pub use opening::OpenedSecrets;
pub use orders::{Held, HeldBy, HeldSchedule, LeftObject, Pin, Suspension};
pub use precondition::Precondition;
pub use reconciler::Reconciler;
pub use review::{Desired, Review, ReviewOptions, check, review, review_edits};
pub use rollback::RollbackOrder;
pub use secret_files::{SecretFiles, SecretSources, watch_secret_files};
pub use served::{Condition, EndpointState, Served};
pub use settings::{Clock, EgressPolicy, ReconcileSettings, SecretVariables};
pub use snapshot::Snapshot;
pub use status::{Attempt, Outcome, Phase, Status};
pub use telling_apart::tell_values_apart;
