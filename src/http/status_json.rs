//! How the loop stands, as JSON.

use crate::{
    model::{Findings, Kind},
    reconcile::{Attempt, Held, Reconciler, ResourceCondition, Served, Status},
    source::Commit,
    store::{RevisionRecord, RevisionSource},
};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// Version of the status document; the minor part grows when fields are added.
const FORMAT_VERSION: &str = "1.0";

/// The body of `GET /api/v1/status`.
pub(super) fn status(reconciler: &Reconciler) -> Value {
    let (served, status) = (reconciler.live().pin(), reconciler.status());
    let findings = shown_findings(&served, &status);
    let source = match reconciler.sources() {
        [only] => Some(json!({ "location": only.location(), "ref": only.reference() })),
        _ => None,
    };
    json!({
        "format_version": FORMAT_VERSION,
        "phase": status.phase.as_str(),
        "revision": served.revision,
        "commit": commit(&served),
        "config_digest": served.digest.to_string(),
        "since": served.is_something().then(|| time(served.since_us)),
        "source": source,
        "sources": sources(reconciler, &served, &status),
        "error": status.error,
        "checked": status.checked_us.map(time),
        "attempt": status.attempt.as_ref().map(attempt),
        "suspended": status.suspension.as_ref().map(|suspension| json!({
            "reason": suspension.reason,
            "by": suspension.by,
            "since": time(suspension.since_us),
            "until": suspension.until_us.map(time),
        })),
        "pinned": status.pin.as_ref().map(|pin| json!({
            "revision": pin.revision,
            "left": pin.left,
            "reason": pin.reason,
            "by": pin.by,
            "since": time(pin.since_us),
        })),
        "held": status.held.as_ref().map(held),
        "windows": reconciler.windows().entries(),
        "findings": findings.to_json_list(),
        "summary": findings.summary(),
        "resources": counts(&served),
        "conditions": conditions(&served),
        "version": env!("CARGO_PKG_VERSION"),
    })
}

/// What is followed, and the commit of each source that is served.
fn sources(reconciler: &Reconciler, served: &Served, status: &Status) -> Vec<Value> {
    let sources = reconciler.sources().iter();
    sources
        .map(|source| {
            let name = source.name();
            let mut commits = served.commits();
            let commit = commits.find_map(|(of, it)| (*of == **name).then(|| described(it)));
            json!({
                "name": &**name,
                "location": source.location(),
                "ref": source.reference(),
                "commit": commit,
                "error": status.failing.get(name),
                "refused": status.refused.get(name).map(attempt),
            })
        })
        .collect()
}

/// What waits for somebody's yes.
pub(super) fn held(held: &Held) -> Value {
    json!({
        "plan_digest": held.plan_digest,
        "commit": held.commit,
        "summary": held.summary,
        "by": held.by.as_str(),
        "message": held.message,
        "secrets": secrets(&held.secrets_json),
        "since": time(held.since_us),
        "schedule": held.schedule.as_ref().map(|schedule| json!({
            "window": schedule.window,
            "earliest": schedule.opens_us.map(time),
        })),
    })
}

fn attempt(attempt: &Attempt) -> Value {
    json!({
        "commit": attempt.commit,
        "summary": attempt.summary,
        "at": time(attempt.at_us),
    })
}

/// What of the sources is refused, where there are several: each one's name, commit and message.
pub(super) fn refused(reconciler: &Reconciler) -> Vec<Value> {
    let status = reconciler.status();
    let named = reconciler.sources().iter().any(|source| source.is_named());
    let refused = status.refused.iter().filter(|_| named);
    refused
        .map(|(name, refused)| {
            let mut out = attempt(refused);
            out["name"] = json!(&**name);
            out
        })
        .collect()
}

/// The findings of the newest attempt, or of what is served if nothing was attempted yet; and those of sources that
/// stay where they are.
pub(super) fn shown_findings(served: &Served, status: &Status) -> Findings {
    let mut findings = status.attempt.as_ref().map_or_else(
        || served.findings.clone(),
        |attempt| attempt.findings.clone(),
    );
    for refused in status.refused.values() {
        findings.extend(refused.findings.iter().cloned());
    }
    findings
}

/// One record of the history.
pub(super) fn record(record: &RevisionRecord) -> Value {
    let findings: Value = serde_json::from_str(&record.findings_json).unwrap_or_default();
    json!({
        "seq": record.seq,
        "revision": record.revision_id,
        "commit": record.commit,
        "signer": signer(record),
        "sources": RevisionSource::parse(&record.sources_json),
        "author": record.author,
        "summary": record.summary,
        "outcome": record.outcome.as_str(),
        "reason": record.reason,
        "confirmed_by": record.confirmed_by,
        "added": record.added,
        "changed": record.changed,
        "removed": record.removed,
        "plan_digest": record.plan_digest,
        "config_digest": record.config_digest,
        "started": time(record.started_us),
        "finished": time(record.finished_us),
        "duration_ms": (record.finished_us - record.started_us) / 1000,
        "secrets": secrets(&record.secrets_json),
        "findings": findings,
    })
}

/// What became of secrets that were there; null if nothing did.
pub(super) fn secrets(json: &str) -> Value {
    serde_json::from_str(json).unwrap_or_default()
}

/// Who signed the commit of a record.
fn signer(record: &RevisionRecord) -> Option<String> {
    let sources = RevisionSource::parse(&record.sources_json).into_iter();
    let mut signed = sources.filter(|source| source.commit == record.commit);
    signed.find_map(|source| source.signer)
}

/// Microseconds since 1970 as RFC 3339.
pub(super) fn time(us: i64) -> String {
    Timestamp::from_microsecond(us)
        .map(|time| time.to_string())
        .unwrap_or_default()
}

fn commit(served: &Served) -> Option<Value> {
    served.commit().map(described)
}

fn described(commit: &Commit) -> Value {
    json!({
        "id": commit.id.to_string(),
        "author": commit.author,
        "summary": commit.summary,
        "time": time(commit.time_us),
    })
}

fn counts(served: &Served) -> Map<String, Value> {
    let of_kind = |kind| served.snapshot.catalog().of_kind(kind).count();
    Kind::ALL
        .into_iter()
        .map(|kind| (kind.plural().to_owned(), json!(of_kind(kind))))
        .collect()
}

/// What does not hold of what resources depend on outside Git.
fn conditions(served: &Served) -> Vec<Value> {
    let troubles = served.troubles().into_iter();
    troubles
        .map(|(id, condition)| {
            let mut out = self::condition(&condition);
            out["resource"] = json!({
                "kind": id.kind.as_str(),
                "namespace": &*id.namespace,
                "name": &*id.name,
            });
            out
        })
        .collect()
}

/// One condition, with the fields of Kubernetes' and since when.
pub(super) fn condition(condition: &ResourceCondition) -> Value {
    json!({
        "type": condition.sort.as_str(),
        "status": if condition.holds { "True" } else { "False" },
        "reason": condition.reason,
        "message": condition.message,
        "since": time(condition.since_us),
    })
}
