//! Why a name goes where it goes: the resolver's decision and trace as JSON.

use super::{
    admit::{expired, refused_by_key},
    decide::{denied, refused},
};
use crate::{
    chat::ApiError,
    routing::{
        Decision, Facts, KeyRoute, Outcome, RoutingTable, Step, Target, check_key, check_policies,
        resolve,
    },
};
use jiff::Timestamp;
use serde_json::{Value, json};

/// Who asks for what.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// The caller's namespace; its key's goes before it.
    pub namespace: &'a str,
    /// The key that is asked with.
    pub key: Option<&'a KeyRoute>,
    /// The endpoint that the path names, if it names one.
    pub scope: Option<&'a str>,
    /// What stands in `model`; nothing, for the default model of `scope`.
    pub model: Option<&'a str>,
}

/// Explains a decision of a table. `condition` says why a target cannot be called; nothing if it can. What the key may
/// not call is said of each target.
///
/// The answer has `model`, `namespace`, `key` (`name`, `source`), `endpoint`, `decision` (`rule`, `source`, `agent`, and `targets`, each with
/// its `share` of the requests or as a `fallback`), `refused` (`status`, `code`, `message`, `source`) and `steps`.
pub fn explain(
    table: &RoutingTable,
    question: Question<'_>,
    condition: impl Fn(&Target) -> Option<String>,
) -> Value {
    let key = question.key;
    let namespace = key.map_or(question.namespace, |key| &key.id.namespace);
    let facts = Facts {
        namespace,
        scope: question.scope,
        model: question.model,
        draw: 0,
    };
    let (decision, trace) = resolve(table, &facts);
    let mut refusal = decision.as_ref().err().map(refused);
    let decision = decision.ok();
    if let Some(decision) = &decision {
        let checked = check_policies(table, decision.clone());
        refusal = checked.err().map(|denial| denied(&denial));
    }
    if let Some(key) = key {
        let by_key = decision.as_ref().and_then(|it| forbidden(table, key, it));
        refusal = refusal.or(by_key);
        // Nobody is told more than that.
        if key.is_expired(Timestamp::now().as_microsecond()) {
            refusal = Some(expired(key));
        }
    }
    let condition = |decision: &Decision, target: &Target| {
        let mut only = decision.clone();
        only.targets = vec![target.clone()];
        let refused = key.and_then(|key| forbidden(table, key, &only));
        refused.map_or_else(|| condition(target), |error| Some(error.message))
    };
    let steps: Vec<_> = trace.steps.iter().map(step).collect();
    json!({
        "model": question.model,
        "namespace": namespace,
        "key": key.map(|key| json!({
            "name": key.id.qualified_name(),
            "source": key.origin.to_string(),
        })),
        "endpoint": question.scope,
        "decision": decision.map(|it| decided(table, &it, |target| condition(&it, target))),
        "refused": refusal.as_ref().map(error),
        "steps": steps,
    })
}

/// Why a key may not call what was decided.
fn forbidden(table: &RoutingTable, key: &KeyRoute, decision: &Decision) -> Option<ApiError> {
    let checked = check_key(table, key, decision.clone());
    checked.err().map(|refusal| refused_by_key(key, &refusal))
}

fn decided(
    table: &RoutingTable,
    decision: &Decision,
    condition: impl Fn(&Target) -> Option<String>,
) -> Value {
    let shares = decision.shares();
    let total: u64 = shares.iter().map(|(weight, _)| weight).sum();
    // Weights are at most a million each, which a double holds exactly.
    #[expect(clippy::cast_precision_loss, reason = "see above")]
    let share = |weight: u64| weight as f64 / total.max(1) as f64;
    let first = shares
        .iter()
        .map(|(weight, it)| target(it, Some(share(*weight)), &condition));
    let fallbacks = decision.fallbacks().iter();
    let fallbacks = fallbacks.map(|it| target(it, None, &condition));
    let targets: Vec<_> = first.chain(fallbacks).collect();
    let agent = decision.agent.as_ref();
    let policies = agent.map(|agent| {
        let policies = table.policies_of(&agent.id).into_iter();
        let policies = policies.map(|policy| {
            json!({
                "name": policy.id.qualified_name(),
                "source": policy.origin.to_string(),
            })
        });
        policies.collect::<Vec<_>>()
    });
    json!({
        "rule": decision.rule.as_str(),
        "source": decision.origin.to_string(),
        "agent": agent.map(|agent| agent.id.qualified_name()),
        "policies": policies.unwrap_or_default(),
        "targets": targets,
    })
}

fn target(
    target: &Target,
    share: Option<f64>,
    condition: impl Fn(&Target) -> Option<String>,
) -> Value {
    json!({
        "endpoint": target.endpoint.id.qualified_name(),
        "model": &*target.model,
        "share": share,
        "fallback": share.is_none(),
        "source": target.endpoint.origin.to_string(),
        "condition": condition(target),
    })
}

fn error(error: &ApiError) -> Value {
    json!({
        "status": error.status,
        "code": error.code,
        "message": error.message,
        "source": error.details.orloj.get("source"),
    })
}

fn step(step: &Step) -> Value {
    let (outcome, origin) = match &step.outcome {
        Outcome::Decided(origin) => ("decided", Some(origin)),
        Outcome::Tied(origin) => ("tied", Some(origin)),
        Outcome::Passed => ("passed", None),
    };
    json!({
        "rule": step.rule.as_str(),
        "namespace": &*step.namespace,
        "outcome": outcome,
        "source": origin.map(ToString::to_string),
    })
}
