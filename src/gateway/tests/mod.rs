//! Decisions and attempts against revisions that are really served.
#![expect(clippy::unwrap_used, clippy::unreachable, reason = "tests")]

mod attempts;
mod deciding;
mod explaining;
mod forwarding;
mod upstream;

use super::{Caller, Decided, decide};
use crate::{chat::ApiError, reconcile::Pinned};

fn decided(served: &Pinned, scope: Option<&str>, model: Option<&str>) -> Result<Decided, ApiError> {
    let caller = Caller {
        namespace: "default",
        scope,
    };
    decide(served, caller, model, 0).map_err(|error| *error)
}
