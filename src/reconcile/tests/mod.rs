//! The loop over real repositories, a real store and real files.
#![expect(clippy::unwrap_used, clippy::unreachable, reason = "tests")]

pub(crate) mod manifests;
pub(crate) mod rig;

mod adopting;
mod by_hand;
mod commits;
mod decoded;
mod divided;
mod egress;
mod events;
mod forced;
mod format;
mod gathering;
mod guards;
mod moved;
mod orders;
mod parallel;
mod patience;
mod put_off;
mod restoring;
mod sealed_files;
mod secret_files;
mod secrets;
mod signed;
mod snapshots;
mod sources;
mod telling_apart;
mod values;
mod webhooks;
mod windows;
