//! Errors of everything but the gateway: problem JSON (RFC 9457).

use crate::{
    model::Findings,
    reconcile::{ApplyError, OrderError},
    store::StoreError,
};
use axum::{
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use serde_json::{Value, json};

/// A problem with its HTTP status.
#[derive(Debug)]
pub(super) struct Problem {
    status: StatusCode,
    code: &'static str,
    detail: String,
    findings: Option<Findings>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self {
            status,
            code,
            detail: detail.into(),
            findings: None,
        }
    }

    fn with(mut self, findings: Findings) -> Self {
        self.findings = Some(findings);
        self
    }

    pub(super) fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", detail)
    }

    pub(super) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad_request", detail)
    }

    fn to_json(&self) -> Value {
        let mut out = json!({
            "type": format!("https://orloj.dev/problems/{}", self.code),
            "title": self.status.canonical_reason().unwrap_or_default(),
            "status": self.status.as_u16(),
            "detail": self.detail,
            "code": self.code,
        });
        if let Some(findings) = &self.findings {
            out["findings"] = findings.to_json_list();
            out["summary"] = json!(findings.summary());
        }
        out
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let content_type = [(header::CONTENT_TYPE, "application/problem+json")];
        (self.status, content_type, self.to_json().to_string()).into_response()
    }
}

impl From<OrderError> for Problem {
    fn from(error: OrderError) -> Self {
        let detail = error.to_string();
        match error {
            OrderError::Nothing(_) => Self::not_found(detail),
            OrderError::Unreasoned(_) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "no_reason", detail)
            }
            OrderError::Stale(_) => Self::new(StatusCode::PRECONDITION_FAILED, "stale", detail),
            OrderError::Invalid(findings) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).with(findings)
            }
            OrderError::Retry(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "retry", detail),
        }
    }
}

impl From<ApplyError> for Problem {
    fn from(error: ApplyError) -> Self {
        let detail = error.to_string();
        match error {
            ApplyError::Invalid(findings) => {
                Self::new(StatusCode::UNPROCESSABLE_ENTITY, "invalid", detail).with(findings)
            }
            ApplyError::Managed(findings) => {
                Self::new(StatusCode::CONFLICT, "managed_by_git", detail).with(findings)
            }
            ApplyError::Egress(findings) => {
                Self::new(StatusCode::CONFLICT, "credential_egress", detail).with(findings)
            }
            ApplyError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", detail),
            ApplyError::NotFound(_) => Self::not_found(detail),
            ApplyError::Retry(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "retry", detail),
        }
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        tracing::warn!(error = error.to_string(), "the store failed");
        Self::new(
            StatusCode::SERVICE_UNAVAILABLE,
            "store_unavailable",
            error.to_string(),
        )
    }
}
