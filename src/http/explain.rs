//! `GET /api/v1/explain`: where a name leads, and why.

use super::problem::Problem;
use crate::{
    gateway::{self, Question},
    model::DEFAULT_NAMESPACE,
    reconcile::{EndpointState, Live},
    routing::Target,
};
use axum::{
    Json,
    extract::{Query, State},
    http::StatusCode,
};
use serde::Deserialize;
use serde_json::Value;

/// What is asked.
#[derive(Deserialize)]
pub(super) struct ExplainQuery {
    model: Option<String>,
    namespace: Option<String>,
    endpoint: Option<String>,
    /// The name of an `ApiKey`; not the key.
    key: Option<String>,
}

pub(super) async fn explain(
    State(live): State<Live>,
    Query(query): Query<ExplainQuery>,
) -> Result<Json<Value>, Problem> {
    if query.model.is_none() && query.endpoint.is_none() {
        let message = "name a `model`, an `endpoint` or both: /api/v1/explain?model=fast";
        return Err(Problem::new(
            StatusCode::BAD_REQUEST,
            "missing_model",
            message,
        ));
    }
    let served = live.pin();
    let namespace = query.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    let table = served.snapshot.table();
    let key = match query.key.as_deref() {
        None => None,
        Some(name) => Some(table.key_named(namespace, name).ok_or_else(no_key)?),
    };
    let question = Question {
        namespace,
        key: key.map(|key| &**key),
        scope: query.endpoint.as_deref(),
        model: query.model.as_deref(),
    };
    let condition = |target: &Target| match served.endpoints.get(&target.endpoint.id) {
        Some(EndpointState::Ready { .. }) => None,
        Some(EndpointState::NotReady(condition)) => Some(condition.message.clone()),
        None => Some("it is not served".to_owned()),
    };
    let mut explained = gateway::explain(table, question, condition);
    if let Some(fields) = explained.as_object_mut() {
        fields.insert("revision".to_owned(), served.revision.clone().into());
    }
    Ok(Json(explained))
}

/// What is asked for is not said: somebody may have written a key where its name belongs.
fn no_key() -> Problem {
    Problem::not_found(
        "there is no ApiKey of that name; write `NAME` or `NAMESPACE/NAME`, never the key itself",
    )
}
