//! Requests that are worked on by the daemon's other threads.

use super::problem::Problem;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::{IntoResponse as _, Response},
};
use tokio::runtime::Handle;
use tokio_util::task::AbortOnDropHandle;

/// Has a request answered by the threads of `runtime`: whoever serves connections serves many at once, and what
/// reads thousands of resources, or a disk, would hold up all of them. It ends where it stands if the client leaves.
pub(super) async fn answer(
    State(runtime): State<Handle>,
    request: Request,
    next: Next,
) -> Response {
    let answering = AbortOnDropHandle::new(runtime.spawn(next.run(request)));
    answering.await.unwrap_or_else(|error| {
        tracing::error!(error = error.to_string(), "a request ended by a defect");
        let detail = "a defect of orloj ended the request; its log says more";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", detail).into_response()
    })
}
