//! Every route, on one page.

use super::{
    access, apply, aside, chat, console, control, events, explain, metrics, models, openapi,
    orders, probes,
    problem::Problem,
    resources,
    state::{Doors, ModelDoors},
    usage, webhooks,
};
use crate::{
    chat::{ApiError, Dialect},
    model::Kind,
};
use axum::{
    Router,
    extract::{DefaultBodyLimit, Path, Request, State},
    http::{Method, StatusCode},
    middleware::from_fn_with_state,
    response::{IntoResponse, Response},
    routing::{get, post},
};
use std::sync::Arc;
use tokio::runtime::Handle;

/// A further path ending of chat completions behind an endpoint's name.
const SHORT_CHAT: &str = "/chat/completions";

/// The list of names behind an endpoint's name; one of them follows behind a slash.
const SCOPED_MODELS: &str = "/v1/models";

/// The whole surface of the daemon. What takes time is done by the threads of `runtime`; calls of models are not,
/// which mostly wait.
pub fn router(doors: Doors, runtime: Handle) -> Router {
    let models = Arc::new(ModelDoors::from(&doors));
    let guarded = resource_routes().merge(control_routes());
    let guarded = guarded.layer(DefaultBodyLimit::max(doors.bodies.api));
    let guarded = guarded.layer(from_fn_with_state(doors.clone(), access::check));
    let aside = Router::new()
        .route("/v1/models", get(models::list))
        .route("/metrics", get(metrics::metrics))
        .route("/webhooks/{provider}", post(webhooks::ring))
        .merge(guarded)
        .layer(from_fn_with_state(runtime, aside::answer));
    model_routes(&models)
        .route("/v1/models/{*id}", get(models::one))
        .route("/healthz", get(probes::healthz))
        .route("/readyz", get(probes::readyz))
        .route("/openapi.json", get(openapi::document))
        .route("/", get(console::page))
        .route("/assets/console.js", get(console::script))
        .route("/assets/console.css", get(console::style))
        .merge(aside)
        .method_not_allowed_fallback(other_method)
        .fallback(move |doors, request| elsewhere(models, doors, request))
        .with_state(doors)
}

/// One for each way of asking.
fn model_routes(doors: &Arc<ModelDoors>) -> Router<Doors> {
    Dialect::ALL
        .into_iter()
        .fold(Router::new(), |router, dialect| {
            let doors = doors.clone();
            let ask = move |request| chat::answer(doors, dialect, None, request);
            router.route(dialect.path(), post(ask))
        })
}

fn control_routes() -> Router<Doors> {
    Router::new()
        .route("/api/v1/status", get(control::status))
        .route("/api/v1/sync", post(control::sync))
        .route("/api/v1/suspend", post(orders::suspend))
        .route("/api/v1/resume", post(orders::resume))
        .route("/api/v1/rollback", post(orders::rollback))
        .route("/api/v1/confirm", post(orders::confirm))
        .route("/api/v1/events", get(events::events))
        .route("/api/v1/revisions", get(control::revisions))
        .route("/api/v1/revisions/{revision}", get(control::revision))
        .route("/api/v1/live", get(control::live))
        .route("/api/v1/graph", get(control::graph))
        .route("/api/v1/explain", get(explain::explain))
        .route("/api/v1/apply", post(apply::apply))
        .route("/api/v1/usage", get(usage::usage))
}

fn resource_routes() -> Router<Doors> {
    Kind::ALL.into_iter().fold(Router::new(), |router, kind| {
        let list = get(move |state, query| resources::list(kind, state, query))
            .post(move |state, headers, body| resources::put(kind, None, state, headers, body));
        let one = get(move |state, path, query| resources::get(kind, state, path, query))
            .put(move |state, Path(name): Path<String>, headers, body| {
                resources::put(kind, Some(name), state, headers, body)
            })
            .delete(move |state, path, query| resources::delete(kind, state, path, query));
        router
            .route(&format!("/v1/{}", kind.plural()), list)
            .route(&format!("/v1/{}/{{name}}", kind.plural()), one)
    })
}

/// A path that is served, asked with a method that it does not take; `allow` names those it does.
async fn other_method(request: Request) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    let message = format!("{path} does not take {method}");
    let asked = Dialect::ALL.into_iter().find(|asked| asked.path() == path);
    if asked.is_some() || path.starts_with("/v1/models") {
        let error =
            ApiError::new(405, "invalid_request_error", message).with_code("method_not_allowed");
        return chat::error_in(asked.unwrap_or(Dialect::Chat), &error);
    }
    let status = StatusCode::METHOD_NOT_ALLOWED;
    Problem::new(status, "method_not_allowed", message).into_response()
}

/// Requests scoped to an endpoint: `POST /{endpoint}`, `/{endpoint}/v1/chat/completions` and the other dialects' paths,
/// `GET /{endpoint}/v1/models` and `/{endpoint}/v1/models/{id}`, and the same with `/{namespace}` in front. Anything else
/// is nothing.
async fn elsewhere(
    models: Arc<ModelDoors>,
    State(doors): State<Doors>,
    request: Request,
) -> Response {
    let (method, path) = (request.method(), request.uri().path());
    if method == Method::POST {
        let (dialect, before) = asked_behind(path);
        if let Some(scope) = scope(before) {
            return chat::answer(models, dialect, Some(scope), request).await;
        }
    }
    if method == Method::GET
        && let Some((before, behind)) = path.split_once(SCOPED_MODELS)
        && let Some(scope) = scope(before)
    {
        match behind.strip_prefix('/') {
            None if behind.is_empty() => {
                return models::scoped(&doors, &scope, request.headers());
            }
            Some(id) if !id.is_empty() => {
                return models::one_scoped(&doors, &scope, id, request.headers());
            }
            _ => {}
        }
    }
    let message = format!("nothing is served at {method} {path}");
    if path.starts_with("/v1/") {
        let error = ApiError::new(404, "invalid_request_error", message).with_code("unknown_url");
        return chat::error_response(&error);
    }
    Problem::not_found(message).into_response()
}

/// What is asked at a path, and what stands in front of the dialect's own; chat completions if nothing else.
fn asked_behind(path: &str) -> (Dialect, &str) {
    let behind = |dialect: Dialect| Some((dialect, path.strip_suffix(dialect.path())?));
    Dialect::ALL
        .into_iter()
        .find_map(behind)
        .unwrap_or_else(|| {
            let before = path.strip_suffix(SHORT_CHAT).unwrap_or(path);
            (Dialect::Chat, before)
        })
}

/// `endpoint` or `namespace/endpoint`, if the path is not one of the server's own.
fn scope(path: &str) -> Option<String> {
    let path = path.trim_matches('/');
    let first = path.split('/').next().unwrap_or_default();
    let reserved = ["v1", "api", "webhooks", "assets"].contains(&first);
    (!path.is_empty() && path.split('/').count() <= 2 && !reserved).then(|| path.to_owned())
}
