//! `GET /api/v1/events`: what happens, as server-sent events (HTML Living Standard §9.2).

use super::{problem::Problem, status_json};
use crate::reconcile::{Event, Reconciler};
use axum::{
    extract::{Query, State},
    http::HeaderMap,
    response::{
        IntoResponse, Response,
        sse::{self, KeepAlive, Sse},
    },
};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use std::{collections::VecDeque, convert::Infallible, sync::Arc};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EventsQuery {
    /// As the header `Last-Event-ID`, for the first connection.
    after: Option<u64>,
}

/// Streams what happens from now on, or behind the event that the client saw last. The stream ends when
/// the daemon does.
pub(super) async fn events(
    State(reconciler): State<Arc<Reconciler>>,
    State(stop): State<CancellationToken>,
    Query(query): Query<EventsQuery>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let seen = last_seen(&headers)?.or(query.after);
    let watch = reconciler.events().watch();
    let reader = Reader {
        after: seen.unwrap_or_else(|| reconciler.events().newest()),
        waiting: VecDeque::new(),
        is_first: true,
        reconciler,
        watch,
        stop,
    };
    let events = stream::unfold(reader, async |mut reader| {
        let event = reader.next().await?;
        Some((Ok::<_, Infallible>(event), reader))
    });
    let alive = KeepAlive::default();
    Ok(Sse::new(events).keep_alive(alive).into_response())
}

fn last_seen(headers: &HeaderMap) -> Result<Option<u64>, Problem> {
    let Some(header) = headers.get("last-event-id") else {
        return Ok(None);
    };
    let number = header.to_str().ok().and_then(|text| text.parse().ok());
    let problem = || Problem::bad_request("`Last-Event-ID` is not the id of an event");
    number.map(Some).ok_or_else(problem)
}

/// Where one client is.
struct Reader {
    reconciler: Arc<Reconciler>,
    watch: watch::Receiver<u64>,
    stop: CancellationToken,
    after: u64,
    waiting: VecDeque<sse::Event>,
    is_first: bool,
}

impl Reader {
    async fn next(&mut self) -> Option<sse::Event> {
        loop {
            if let Some(event) = self.waiting.pop_front() {
                return Some(event);
            }
            self.watch.mark_unchanged();
            let since = self.reconciler.events().since(self.after);
            if since.is_gap && self.is_first {
                self.waiting.push_back(gap());
            }
            self.is_first = false;
            if let Some(newest) = since.events.last() {
                self.after = newest.id;
            }
            self.waiting.extend(since.events.iter().map(shown));
            if self.waiting.is_empty() {
                tokio::select! {
                    () = self.stop.cancelled() => return None,
                    changed = self.watch.changed() => changed.ok()?,
                }
            }
        }
    }
}

/// What the client missed is not kept: it has to ask how things stand.
fn gap() -> sse::Event {
    let data = json!({ "message": "events between are not kept; ask /api/v1/status" });
    sse::Event::default().event("gap").data(data.to_string())
}

fn shown(event: &Event) -> sse::Event {
    let data = json!({
        "id": event.id,
        "type": event.sort.as_str(),
        "at": status_json::time(event.at_us),
        "revision": event.revision,
        "commit": event.commit,
        "message": event.message,
        "secrets": status_json::secrets(&event.secrets_json),
    });
    sse::Event::default()
        .id(event.id.to_string())
        .event(event.sort.as_str())
        .data(data.to_string())
}
