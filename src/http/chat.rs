//! One way in for every dialect: `POST /v1/chat/completions`, `/v1/embeddings`, `/v1/messages`, `/v1/responses`, and the same scoped to
//! one endpoint. What differs between dialects, `chat::Dialect` knows.

use super::{
    access::check_local,
    credentials::shown,
    encoding::Encoding,
    headers,
    pieces::pieces,
    state::{Admission, Decoration, ModelDoors},
};
use crate::{
    chat::{ApiError, Dialect, scan_as},
    gateway::{
        self, Answer, Caller, Content, Forward, Headroom, Meter, Metered, REQUEST_HEADERS,
        RequestSpan, Room, TOKEN_HEADERS, authenticate, decide, forward, seconds_until,
    },
    model::DEFAULT_NAMESPACE,
    reconcile::Pinned,
    runtime::{Turn, turn},
};
use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use futures_util::StreamExt;
use jiff::Timestamp;
use std::{convert::Infallible, sync::Arc, time::Instant};
use uuid::Uuid;

/// What is asked, before it is read.
struct Asked {
    dialect: Dialect,
    scope: Option<String>,
    headers: HeaderMap,
    body: Body,
}

/// What is known of a request while it is answered.
struct Trail {
    revision: String,
    request_id: String,
    /// What decides between weighted targets.
    draw: u32,
    route: Option<String>,
    /// Until the call's account takes it.
    span: Option<Box<RequestSpan>>,
}

/// Serves a request; `scope` is the endpoint that its path names, if it does.
pub(super) async fn answer(
    doors: Arc<ModelDoors>,
    dialect: Dialect,
    scope: Option<String>,
    request: Request,
) -> Response {
    let started = Instant::now();
    let (head, body) = request.into_parts();
    let asked = Asked {
        dialect,
        scope,
        headers: head.headers,
        body,
    };
    let served = doors.live.pin();
    let id = Uuid::now_v7();
    let mut trail = Trail {
        revision: served.revision.clone(),
        request_id: headers::request_id(id),
        draw: draw(id),
        route: None,
        span: None,
    };
    trail.span = span(&doors.admission, &asked, &trail);
    let trace_id = trail.span.as_ref().map(|span| span.trace_id());
    let result = run(&doors, &served, asked, &mut trail).await;
    let status = result.as_ref().map_or_else(|error| error.status, |_| 200);
    let took = started.elapsed();
    doors.metrics.request(status, took);
    if let Ok(answer) = &result {
        doors.metrics.overhead(took.saturating_sub(answer.waited));
    }
    if let (Some(span), Err(error)) = (trail.span.take(), &result) {
        span.refused(error);
    }
    tracing::info!(
        target: "orloj::access",
        {
            request.id = trail.request_id,
            path = dialect.path(),
            revision = trail.revision,
            route = trail.route.as_deref().unwrap_or_default(),
            status,
            duration_ms = took.as_secs_f64() * 1e3,
            trace.id = trace_id,
        },
        "request answered",
    );
    let mut response = match result {
        Ok(answer) => respond(answer),
        Err(error) => error_in(dialect, &error),
    };
    decorate(response.headers_mut(), &trail, doors.decoration);
    response
}

/// The random end of a request's id: version 7 ends with 32 bits that nothing else is made of (RFC 9562).
#[expect(clippy::cast_possible_truncation, reason = "the end is what is wanted")]
fn draw(id: Uuid) -> u32 {
    id.as_u128() as u32
}

/// The span of a request, if requests are traced.
fn span(admission: &Admission, asked: &Asked, trail: &Trail) -> Option<Box<RequestSpan>> {
    let tracer = admission.tracer.as_ref()?;
    Some(tracer.request(gateway::Asked {
        headers: &asked.headers,
        dialect: asked.dialect,
        is_scoped: asked.scope.is_some(),
        request_id: &trail.request_id,
        revision: &trail.revision,
    }))
}

async fn run(
    doors: &ModelDoors,
    served: &Pinned,
    asked: Asked,
    trail: &mut Trail,
) -> Result<Answer, Box<ApiError>> {
    let Asked {
        dialect,
        scope,
        headers,
        body,
    } = asked;
    let ModelDoors {
        live, admission, ..
    } = doors;
    let now_us = Timestamp::now().as_microsecond();
    let table = served.snapshot.table();
    let key = authenticate(table, shown(&headers), admission.require_key, now_us)?;
    check_local(admission, key.is_some(), &headers)?;
    let namespace = key.as_ref().map(|key| key.id.namespace.clone());
    let namespace = namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    let body = doors.bodies.read(body).await?;
    let pass = admission.gate.enter()?;
    let encoding = Encoding::of(&headers);
    let body = encoding.undo(body, doors.bodies.largest());
    let body = body.map_err(Box::new)?;
    let envelope = scan_as(dialect, &body).map_err(|error| Box::new(ApiError::from(error)))?;
    let caller = Caller {
        namespace,
        scope: scope.as_deref(),
        key: key.as_deref(),
    };
    let decided = decide(served, caller, envelope.model.as_deref(), trail.draw)?;
    trail.route = Some(decided.route.clone());
    let mut request = match &decided.decision.agent {
        Some(agent) => {
            turn(agent, Turn { body, envelope }).map_err(|error| Box::new(ApiError::from(error)))?
        }
        None => Forward {
            body,
            envelope,
            betas: None,
            deadline: None,
        },
    };
    request.betas = betas(&headers);
    let call = Metered {
        served,
        live,
        key,
        namespace,
        decided: &decided,
        envelope: &request.envelope,
        body_bytes: request.body.len(),
        request_id: &trail.request_id,
    };
    let meter = Meter::open(&admission.books, call)?;
    let meter = meter.within(trail.span.take()).holding(pass);
    // Large, and held by everything around it.
    let answer = Box::pin(forward(served, &decided, request, meter)).await?;
    trail.route = Some(answer.route.clone());
    Ok(answer)
}

/// What the client wants to try out of Anthropic's; several headers are as one.
fn betas(headers: &HeaderMap) -> Option<String> {
    let values = headers.get_all("anthropic-beta").iter();
    let texts: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    (!texts.is_empty()).then(|| texts.join(","))
}

fn respond(answer: Answer) -> Response {
    let mut response = match answer.content {
        Content::Full(body, _usage) => {
            let json = HeaderValue::from_static("application/json");
            ([(header::CONTENT_TYPE, json)], body).into_response()
        }
        Content::Stream(stream) => {
            let events = HeaderValue::from_static("text/event-stream");
            let no_cache = HeaderValue::from_static("no-cache");
            let body = Body::from_stream(pieces(stream).map(Ok::<_, Infallible>));
            (
                [
                    (header::CONTENT_TYPE, events),
                    (header::CACHE_CONTROL, no_cache),
                ],
                body,
            )
                .into_response()
        }
    };
    if answer.attempts.len() > 1 {
        let attempts: Vec<_> = answer.attempts.iter().map(ToString::to_string).collect();
        headers::set(
            response.headers_mut(),
            headers::ATTEMPTS,
            &attempts.join(", "),
        );
    }
    tell_room(response.headers_mut(), answer.room);
    if !answer.adjusted.is_empty() {
        headers::set(
            response.headers_mut(),
            headers::ADJUSTED,
            &answer.adjusted.join(", "),
        );
    }
    response
}

/// What is left of the limits, in the headers of OpenAI's clients.
fn tell_room(headers: &mut HeaderMap, room: Room) {
    let now_us = Timestamp::now().as_microsecond();
    let mut tell = |names: [&'static str; 3], room: Headroom| {
        let reset = format!("{}s", seconds_until(room.resets_us, now_us));
        let values = [room.most.to_string(), room.left.to_string(), reset];
        for (name, value) in names.into_iter().zip(values) {
            headers::set(headers, header::HeaderName::from_static(name), &value);
        }
    };
    if let Some(room) = room.requests {
        tell(REQUEST_HEADERS, room);
    }
    if let Some(room) = room.tokens {
        tell(TOKEN_HEADERS, room);
    }
}

/// OpenAI's error envelope.
pub(super) fn error_response(error: &ApiError) -> Response {
    error_in(Dialect::Chat, error)
}

/// An error in a dialect's words.
pub(super) fn error_in(dialect: Dialect, error: &ApiError) -> Response {
    let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let json = HeaderValue::from_static("application/json");
    let mut response = (
        status,
        [(header::CONTENT_TYPE, json)],
        dialect.error_body(error),
    )
        .into_response();
    for (name, value) in &error.details.headers {
        headers::set(
            response.headers_mut(),
            header::HeaderName::from_static(name),
            value,
        );
    }
    response
}

fn decorate(headers: &mut HeaderMap, trail: &Trail, decoration: Decoration) {
    headers::set(headers, headers::REVISION, &trail.revision);
    headers::set(headers, headers::REQUEST_ID, &trail.request_id);
    if let Some(route) = trail.route.as_deref().filter(|_| decoration.route_header) {
        headers::set(headers, headers::ROUTE, route);
    }
}
