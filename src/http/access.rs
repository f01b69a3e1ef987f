//! Who may use the control and resource API.

use super::{
    problem::Problem,
    state::{Admission, Doors},
};
use crate::chat::ApiError;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, StatusCode, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};
use std::net::IpAddr;
use subtle::ConstantTimeEq;

/// Lets a request pass that carries the token, or any if none is set; never one that a foreign web page
/// made a browser send.
pub(super) async fn check(State(doors): State<Doors>, request: Request, next: Next) -> Response {
    if is_cross_site(request.headers()) {
        let detail = "requests from other web pages are refused";
        return Problem::new(StatusCode::FORBIDDEN, "cross_site", detail).into_response();
    }
    let Some(token) = &doors.token else {
        if names_another_host(request.headers()) {
            let detail = "without an API token only an IP address or `localhost` is answered as the host; start the daemon with `--api-token`";
            return Problem::new(StatusCode::FORBIDDEN, "foreign_host", detail).into_response();
        }
        return next.run(request).await;
    };
    let sent = request
        .headers()
        .get(header::AUTHORIZATION)
        .and_then(|value| value.to_str().ok());
    let sent = sent.and_then(|value| value.strip_prefix("Bearer "));
    // A token that is blank or no text lets nobody in.
    let fits = sent
        .zip(token.expose_text())
        .is_some_and(|(sent, token)| sent.as_bytes().ct_eq(token.as_bytes()).into());
    if fits {
        return next.run(request).await;
    }
    let detail =
        "send `Authorization: Bearer TOKEN`; on the command line `--api-token` or ORLOJ_API_TOKEN";
    Problem::new(StatusCode::UNAUTHORIZED, "unauthorized", detail).into_response()
}

/// Refuses what a foreign web page may have made a browser ask of models, where the daemon listens on loopback and no key
/// is needed: nothing else would tell the page from this machine's own programs.
pub(super) fn check_local(
    admission: &Admission,
    has_key: bool,
    headers: &HeaderMap,
) -> Result<(), Box<ApiError>> {
    if has_key || !admission.is_local {
        return Ok(());
    }
    let (code, message) = if names_another_host(headers) {
        let message = "without API keys only an IP address or `localhost` is answered as the host; add an `ApiKey` to the manifests";
        ("foreign_host", message)
    } else if is_cross_site(headers) {
        let message = "without API keys, requests from other web pages are refused; add an `ApiKey` to the manifests";
        ("cross_site", message)
    } else {
        return Ok(());
    };
    let error = ApiError::new(403, "permission_error", message).with_code(code);
    Err(Box::new(error))
}

/// A name that somebody else's DNS can point at this machine: the way around a browser's same-origin rule.
fn names_another_host(headers: &HeaderMap) -> bool {
    let host = headers
        .get(header::HOST)
        .and_then(|value| value.to_str().ok());
    let Some(authority) = host.and_then(|host| host.parse::<Authority>().ok()) else {
        return host.is_some();
    };
    let host = authority.host().trim_matches(['[', ']']);
    host != "localhost" && host.parse::<IpAddr>().is_err()
}

/// A browser says where a page that sends came from; programs say nothing.
fn is_cross_site(headers: &HeaderMap) -> bool {
    let text = |name| {
        headers
            .get(name)
            .and_then(|value: &axum::http::HeaderValue| value.to_str().ok())
    };
    let Some(origin) = text(header::ORIGIN) else {
        return false;
    };
    let from = origin.split_once("://").map_or(origin, |(_, host)| host);
    Some(from) != text(header::HOST)
}
