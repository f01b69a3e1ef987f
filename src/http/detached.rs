//! Changes that go on when the client leaves.

use super::problem::Problem;
use axum::http::StatusCode;
use tokio_util::task::TaskTracker;

/// Runs a change to its end in a task of its own: a client that hangs up must not leave it half made,
/// and the daemon waits for it before it ends.
pub(super) async fn to_the_end<T: Send + 'static>(
    tasks: &TaskTracker,
    change: impl Future<Output = T> + Send + 'static,
) -> Result<T, Problem> {
    tasks.spawn(change).await.map_err(|error| {
        tracing::error!(error = error.to_string(), "a change ended by a defect");
        let detail = "a defect of orloj ended the change; `orloj status` says what is served";
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "defect", detail)
    })
}
