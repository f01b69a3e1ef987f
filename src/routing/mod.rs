//! The routing table of a catalog and the pure resolver with its trace.
//!
//! [`RoutingTable::build`] compiles a catalog once; [`resolve`] turns what a request says into a
//! [`Decision`] and the [`Trace`] of why. Nothing here reads a clock, health or chance: the draw among
//! weighted targets comes in with the [`Facts`]. The table names secrets and holds none.

mod build;
mod catalogue;
mod claims;
mod decision;
mod findings;
mod flatten;
mod keys;
mod limits;
mod lint;
mod names;
mod offered;
mod own_names;
mod pairs;
mod pattern;
mod policies;
mod policy;
mod policy_denials;
mod policy_lint;
mod policy_names;
mod resolve;
mod routes;
mod table;
mod ties;

#[cfg(test)]
mod tests;

pub use build::BegunTable;
pub use catalogue::{BUILT_IN_VERSION, ModelFacts};
pub use decision::{Decision, Facts, Outcome, Refusal, Rule, Step, Trace};
pub use keys::{KeyRefusal, KeyRoute, check_key};
pub use limits::LimitRule;
pub use names::{ModelListing, find_listing, list_endpoint_models, list_models, list_name};
pub use pattern::Pattern;
pub use policy::{Denial, check_policies};
pub use resolve::resolve;
pub use table::{AgentRoute, EndpointRoute, PolicyRoute, RoutingTable, Target};
