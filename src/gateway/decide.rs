//! Where a request goes, or why it goes nowhere, in the client's words.

use super::admit::refused_by_key;
use crate::{
    chat::ApiError,
    reconcile::Pinned,
    routing::{
        Decision, Denial, Facts, KeyRoute, Refusal, Target, check_key, check_policies, resolve,
    },
};

/// Who asks, and under which path.
#[derive(Debug, Clone, Copy)]
pub struct Caller<'a> {
    /// The caller's namespace.
    pub namespace: &'a str,
    /// The endpoint that the path names.
    pub scope: Option<&'a str>,
    /// The key it was asked with.
    pub key: Option<&'a KeyRoute>,
}

/// A decision that policies agree with.
#[derive(Debug, Clone)]
pub struct Decided {
    /// Where to go; its first target exists.
    pub decision: Decision,
    /// `fast -> openai-default/gpt-4o-mini (endpoints/openai.yaml:12)`.
    pub route: String,
}

impl Decided {
    /// How the way to one of the targets is written.
    pub(super) fn route_to(&self, target: &Target) -> String {
        route(&self.decision, target)
    }
}

fn route(decision: &Decision, target: &Target) -> String {
    format!(
        "{} -> {}/{} ({})",
        decision.requested,
        target.endpoint.id.qualified_name(),
        target.model,
        decision.origin
    )
}

/// Resolves a request's `model` against the pinned revision.
///
/// # Errors
///
/// An [`ApiError`] that says what to write instead: 400 for a missing or ambiguous name, 404 for an
/// unknown one, 403 for what a policy denies, 503 before the first revision.
pub fn decide(
    served: &Pinned,
    caller: Caller<'_>,
    model: Option<&str>,
    draw: u32,
) -> Result<Decided, Box<ApiError>> {
    if !served.is_something() {
        let message = "no revision is served yet; `orloj status` says why";
        return Err(Box::new(
            ApiError::new(503, "service_unavailable", message)
                .with_code("no_revision")
                .with_header("retry-after", "1"),
        ));
    }
    let facts = Facts {
        namespace: caller.namespace,
        scope: caller.scope,
        model,
        draw,
    };
    let (decision, _trace) = resolve(served.snapshot.table(), &facts);
    let decision = decision.map_err(|refusal| Box::new(refused(&refusal)))?;
    let decision = check_policies(served.snapshot.table(), decision)
        .map_err(|denial| Box::new(denied(&denial)))?;
    let decision = match caller.key {
        Some(key) => check_key(served.snapshot.table(), key, decision)
            .map_err(|refusal| Box::new(refused_by_key(key, &refusal)))?,
        None => decision,
    };
    let Some(target) = decision.targets.first() else {
        let message = format!(
            "`{}` leads to no endpoint; `orloj status` says why",
            decision.requested
        );
        return Err(Box::new(
            ApiError::new(503, "service_unavailable", message).with_code("endpoint_not_ready"),
        ));
    };
    let route = route(&decision, target);
    Ok(Decided { decision, route })
}

/// A refusal of the resolver in the client's words: 400 or 404.
pub fn refused(refusal: &Refusal) -> ApiError {
    match refusal {
        Refusal::MissingModel => ApiError::invalid_request(
            "`model` is missing; name an alias, an agent (`agent/NAME`) or an endpoint, as `GET /v1/models` lists them",
        )
        .with_code("missing_model")
        .with_param("model"),
        Refusal::NoDefaultModel(endpoint) => {
            let name = endpoint.qualified_name();
            let message = format!("endpoint `{name}` has no default model; write `{name}/MODEL`");
            ApiError::invalid_request(message).with_code("missing_model").with_param("model")
        }
        Refusal::EndpointNotFound(name) => {
            let message = format!("there is no endpoint `{name}`; `GET /v1/models` lists what there is");
            ApiError::new(404, "invalid_request_error", message).with_code("endpoint_not_found")
        }
        Refusal::ModelNotFound { name, near } => {
            let hint = near.as_ref().map(|near| format!("; did you mean `{near}`?")).unwrap_or_default();
            let message = format!("the model `{name}` does not exist{hint}");
            ApiError::new(404, "invalid_request_error", message).with_code("model_not_found").with_param("model")
        }
        Refusal::Ambiguous { name, candidates } => {
            let message = format!("`{name}` is ambiguous; write one of: {}", candidates.join(", "));
            ApiError::invalid_request(message).with_code("ambiguous_model").with_param("model")
        }
    }
}

/// A policy's refusal in the client's words: 403.
pub(super) fn denied(denial: &Denial) -> ApiError {
    let message = format!(
        "policy `{}` ({}) does not allow agent `{}` to call model `{}`",
        denial.policy.id.qualified_name(),
        denial.policy.origin,
        denial.agent.id.qualified_name(),
        denial.model
    );
    ApiError::new(403, "permission_error", message)
        .with_code("model_not_allowed")
        .with_param("model")
        .with_detail("policy", denial.policy.id.qualified_name())
        .with_detail("source", denial.policy.origin.to_string())
}
