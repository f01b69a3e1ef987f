//! The words every other room speaks: kinds, identities, specs, origins, findings and digests.
//!
//! Nothing here reads a file, a clock or the environment. A manifest becomes a [`Resource`] in the
//! `manifest` room; the valid set of them is a [`Catalog`]. What is wrong with a manifest is a
//! [`Finding`], never an early return.

mod address;
mod allowed_host;
mod canonical;
mod catalog;
mod changed;
mod clear_text;
mod client_key;
pub mod code;
mod digest;
mod egress;
pub mod explanation;
mod finding;
mod findings_by;
mod fingerprint;
mod go_duration;
mod id;
mod kind;
mod labels;
mod moves;
mod origin;
mod packed;
mod packing;
mod positions;
mod report;
mod resource;
mod secret_ref;
mod sorted;
pub mod spec;
mod spec_json;

pub use address::AddressClass;
pub use allowed_host::{AllowedHostError, allowed_host};
pub use catalog::Catalog;
pub use changed::Changed;
pub use clear_text::ClearText;
pub use client_key::{ClientKey, KEY_PREFIX};
pub use code::Code;
pub use digest::Digest;
pub use egress::{called_url, destination_of, host_of, may_be_sent};
pub use finding::{Finding, Findings, Severity, Summary};
pub use findings_by::FindingsBy;
pub use go_duration::parse_go_duration;
pub use id::{DEFAULT_NAMESPACE, NameError, ResourceId, check_name};
pub use kind::Kind;
pub use labels::Labels;
pub use moves::{MoveEntry, MovePlace, Moves};
pub use origin::{Origin, Position, Span, pointer_to, push_token};
pub use packing::{Packing, Unpacking};
pub use positions::{Positions, PositionsBuilder};
pub use resource::{Metadata, PROTECT_ANNOTATION, Resource, Spec};
pub use secret_ref::SecretRef;
pub use sorted::{SortedMap, SortedSet};
pub use spec_json::SpecJson;
