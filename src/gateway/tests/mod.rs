//! Decisions and attempts against revisions that are really served.
#![expect(clippy::unwrap_used, clippy::unreachable, reason = "tests")]

mod admitting;
mod attempts;
mod deciding;
mod explaining;
mod forwarding;
mod ledger;
mod metering;
mod recording;
mod unsaid_limits;
mod upstream;

use super::{Books, Caller, Decided, Forward, Meter, Metered, decide};
use crate::{
    chat::ApiError,
    reconcile::{Live, Pinned, Served},
};
use std::sync::Arc;

fn decided(served: &Pinned, scope: Option<&str>, model: Option<&str>) -> Result<Decided, ApiError> {
    let caller = Caller {
        namespace: "default",
        scope,
        key: None,
    };
    decide(served, caller, model, 0).map_err(|error| *error)
}

/// What the account of a request without a key is opened with.
fn call_of<'a>(
    served: &'a Pinned,
    live: &'a Live,
    decided: &'a Decided,
    request: &'a Forward,
    request_id: &'a str,
) -> Metered<'a> {
    Metered {
        served,
        live,
        key: None,
        namespace: "default",
        decided,
        envelope: &request.envelope,
        body_bytes: request.body.len(),
        request_id,
    }
}

/// The account of a request that nothing limits.
fn unlimited(served: &Pinned, decided: &Decided, request: &Forward) -> Meter {
    let live = Live::new(Served::nothing());
    let call = call_of(served, &live, decided, request, "req-1");
    Meter::open(&Arc::new(Books::default()), call)
        .map_err(|error| *error)
        .unwrap()
}
