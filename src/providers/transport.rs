//! Sends a call and reads its answer, within limits.

use super::ChatCall;
use super::connector::{Client, RefusedAddress, TooSlow};
use super::failure::{Failure, ProviderError};
use super::site::Site;
use super::timeouts::{Clock, Limit, Timeouts};
use crate::chat::ApiError;
use bytes::{Bytes, BytesMut};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, USER_AGENT};
use hyper::{Method, Request, Response, Uri};
use hyper_util::client::legacy::Error as CallError;
use std::error::Error;
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Who calls.
const ORLOJ: HeaderValue = HeaderValue::from_static(concat!("orloj/", env!("CARGO_PKG_VERSION")));

/// The largest whole answer: 64 MiB.
pub(super) const MAX_ANSWER_BYTES: usize = 64 << 20;

/// How much of an error's body is read: 64 KiB.
const MAX_ERROR_BYTES: usize = 64 << 10;

/// How long an error's body is waited for: its head has said the main thing.
const ERROR_BODY: Duration = Duration::from_secs(2);

/// How an endpoint is reached.
pub(super) struct Transport {
    pub(super) site: Arc<Site>,
    client: Client,
    headers: HeaderMap,
    timeouts: Timeouts,
}

/// An answer whose head has come and says success.
pub(super) struct Reply {
    pub(super) site: Arc<Site>,
    pub(super) client_named_model: bool,
    response: Response<Incoming>,
    clock: Clock,
    has_started: bool,
}

impl Transport {
    /// A transport that sends `headers` with each call.
    pub(super) fn new(
        site: Site,
        client: Client,
        mut headers: HeaderMap,
        timeouts: Timeouts,
    ) -> Self {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(USER_AGENT, ORLOJ);
        Self {
            site: Arc::new(site),
            client,
            headers,
            timeouts,
        }
    }

    /// The headers of each call.
    pub(super) fn headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Posts `body` and waits for an answer that says success.
    pub(super) async fn post(
        &self,
        uri: Uri,
        body: Bytes,
        call: &ChatCall,
    ) -> Result<Reply, ApiError> {
        let headers = self.headers.clone();
        self.post_with(headers, uri, body, call).await
    }

    /// As [`Self::post`], with these headers instead of the usual ones.
    pub(super) async fn post_with(
        &self,
        mut headers: HeaderMap,
        uri: Uri,
        body: Bytes,
        call: &ChatCall,
    ) -> Result<Reply, ApiError> {
        let clock = self.timeouts.start(call.deadline);
        let accept = if call.stream {
            "text/event-stream, application/x-ndjson"
        } else {
            "application/json"
        };
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        if let Some(trace) = &call.trace {
            headers.insert("traceparent", trace.parent.clone());
            if let Some(state) = &trace.state {
                headers.insert("tracestate", state.clone());
            }
        }
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        *request.headers_mut() = headers;
        let sent = clock
            .first_byte(self.client.request(request))
            .await
            .map_err(|limit| self.site.timeout(limit))?;
        let response = sent.map_err(|error| self.unsent(&error))?;
        let reply = Reply {
            site: Arc::clone(&self.site),
            client_named_model: call.client_named_model(),
            response,
            clock,
            has_started: false,
        };
        if reply.response.status().is_success() {
            Ok(reply)
        } else {
            Err(reply.into_failure().await)
        }
    }

    fn unsent(&self, error: &CallError) -> ApiError {
        let site = &self.site;
        if let Some(refused) = cause::<RefusedAddress>(error) {
            return site
                .broken(&format!("is not called: {refused}"))
                .with_detail("retryable", false);
        }
        let timed_out = |error: &io::Error| error.kind() == io::ErrorKind::TimedOut;
        if cause::<TooSlow>(error).is_some() || cause(error).is_some_and(timed_out) {
            return site.timeout(Limit::Connect);
        }
        let what = if error.is_connect() {
            format!(
                "cannot be reached at `{}`: {}",
                site.host,
                root_cause(error)
            )
        } else {
            format!(
                "at `{}` broke off the call: {}",
                site.host,
                root_cause(error)
            )
        };
        site.broken(&what)
    }
}

impl Reply {
    /// Whether the answer's `content-type` is this.
    pub(super) fn is_type(&self, media_type: &str) -> bool {
        self.response
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.get(..media_type.len()))
            .is_some_and(|start| start.eq_ignore_ascii_case(media_type))
    }

    /// The pause between signs of life to a client that waits for the first token; `None` sends none.
    pub(super) fn keep_alive(&self) -> Option<Duration> {
        self.clock.keep_alive()
    }

    /// Notes that what came so far is no part of the answer: its first byte is still waited for.
    pub(super) fn has_not_begun(&mut self) {
        self.has_started = false;
    }

    /// The next piece of the body; `None` at its end.
    pub(super) async fn piece(&mut self) -> Result<Option<Bytes>, ApiError> {
        let reading = next_piece(self.response.body_mut());
        let piece = if self.has_started {
            self.clock.piece(reading).await
        } else {
            self.clock.first_byte(reading).await
        };
        self.has_started = true;
        piece
            .map_err(|limit| self.site.timeout(limit))?
            .map_err(|error| {
                let what = format!("broke off its answer: {}", root_cause(&error));
                self.site.broken(&what)
            })
    }

    /// The whole body, at most 64 MiB.
    pub(super) async fn whole(mut self) -> Result<Bytes, ApiError> {
        let mut body = BytesMut::new();
        while let Some(piece) = self.piece().await? {
            if body.len() + piece.len() > MAX_ANSWER_BYTES {
                let what = format!("sent an answer of more than {MAX_ANSWER_BYTES} bytes");
                return Err(self.site.broken(&what).with_detail("retryable", false));
            }
            body.extend_from_slice(&piece);
        }
        Ok(body.freeze())
    }

    /// An error that the provider reported inside an answer which said success.
    pub(super) fn reported(
        site: &Site,
        error: ProviderError,
        client_named_model: bool,
    ) -> ApiError {
        let failure = Failure {
            site,
            status: None,
            error,
            client_named_model,
        };
        failure.answer()
    }

    async fn into_failure(mut self) -> ApiError {
        let mut body = BytesMut::new();
        let reading = async {
            while let Ok(Some(piece)) = self.piece().await {
                let room = MAX_ERROR_BYTES - body.len();
                body.extend_from_slice(&piece[..piece.len().min(room)]);
                if body.len() == MAX_ERROR_BYTES {
                    break;
                }
            }
        };
        // A body that breaks off or never ends changes nothing about the status.
        let _ = tokio::time::timeout(ERROR_BODY, reading).await;
        let failure = Failure {
            site: &self.site,
            status: Some(self.response.status().as_u16()),
            error: ProviderError::read(&body),
            client_named_model: self.client_named_model,
        };
        failure.with_headers(self.response.headers())
    }
}

/// The next piece of a body; what follows the last one (trailers) is nothing to a client.
async fn next_piece(body: &mut Incoming) -> Result<Option<Bytes>, hyper::Error> {
    while let Some(frame) = body.frame().await {
        if let Ok(piece) = frame?.into_data() {
            return Ok(Some(piece));
        }
    }
    Ok(None)
}

/// The first of an error's causes that is of this kind.
fn cause<E: Error + 'static>(error: &CallError) -> Option<&E> {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

fn root_cause(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
