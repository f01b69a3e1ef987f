//! Who asks, and whether they may: keys, what each may call, and what is left to use.

use super::ledger::{Exceeded, Measure, Scope};
use crate::{
    chat::ApiError,
    model::{ClientKey, Origin},
    routing::{KeyRefusal, KeyRoute, RoutingTable, Target},
};
use jiff::Timestamp;
use std::sync::Arc;
use subtle::ConstantTimeEq as _;

/// Longest key that is looked at, in bytes; nobody's is longer.
const MAX_KEY_BYTES: usize = 512;

const SECOND_US: i64 = 1_000_000;

/// What a caller showed.
#[derive(Clone, Copy)]
pub enum Shown<'a> {
    /// No key.
    Nothing,
    /// One key.
    Key(&'a [u8]),
    /// Something that is no key, or more than one.
    Unclear,
}

/// Finds the key that a caller showed; `None` where nobody needs one.
///
/// With any key in the revision, or if `required`, a request without a valid one is refused. What was shown is hashed
/// whole and looked up among the revision's hashes; nothing else of a request counts, and nothing is remembered
/// between requests.
///
/// # Errors
///
/// - 401 `invalid_api_key`, the same whatever is wrong with it.
/// - 401 `key_expired` for a key that was valid once.
pub fn authenticate(
    table: &RoutingTable,
    shown: Shown<'_>,
    required: bool,
    now_us: i64,
) -> Result<Option<Arc<KeyRoute>>, Box<ApiError>> {
    if !table.has_keys() {
        return if required {
            Err(Box::new(unknown()))
        } else {
            Ok(None)
        };
    }
    let Shown::Key(text) = shown else {
        return Err(Box::new(unknown()));
    };
    if text.is_empty() || text.len() > MAX_KEY_BYTES {
        return Err(Box::new(unknown()));
    }
    let hash = ClientKey::hash_of(text);
    let key = table.key(&hash);
    let key = key.filter(|key| bool::from(key.hash.ct_eq(&hash)));
    let key = key.ok_or_else(|| Box::new(unknown()))?;
    if key.is_expired(now_us) {
        return Err(Box::new(expired(key)));
    }
    Ok(Some(key.clone()))
}

/// Why a key that an answer began with is not good any more; `None` while it is.
pub(super) fn lapsed(table: &RoutingTable, key: &KeyRoute, now_us: i64) -> Option<Box<ApiError>> {
    match table.key(&key.hash) {
        None => Some(Box::new(unknown())),
        Some(key) if key.is_expired(now_us) => Some(Box::new(expired(key))),
        Some(_) => None,
    }
}

fn unknown() -> ApiError {
    let message =
        "a valid API key is needed: send `Authorization: Bearer KEY` (or `x-api-key`, `api-key`)";
    ApiError::new(401, "invalid_request_error", message)
        .with_code("invalid_api_key")
        .with_header("www-authenticate", "Bearer")
}

pub(super) fn expired(key: &KeyRoute) -> ApiError {
    let (name, origin) = (key.id.qualified_name(), &key.expires_origin);
    let message = format!("the API key `{name}` has expired ({origin}); ask for a new one");
    ApiError::new(401, "invalid_request_error", message)
        .with_code("key_expired")
        .with_detail("source", origin.to_string())
        .with_header("www-authenticate", "Bearer")
}

/// What a key may not call, in the client's words: 403 with the manifest's line.
pub(super) fn refused_by_key(key: &KeyRoute, refusal: &KeyRefusal) -> ApiError {
    let (name, what) = (key.id.qualified_name(), &refusal.what);
    let (code, noun) = if what.starts_with("agent/") {
        ("agent_not_allowed", "agent")
    } else {
        ("model_not_allowed", "model")
    };
    let message = format!(
        "API key `{name}` ({}) does not allow {noun} `{what}`",
        refusal.origin
    );
    ApiError::new(403, "permission_error", message)
        .with_code(code)
        .with_param("model")
        .with_detail("key", name)
        .with_detail("source", refusal.origin.to_string())
}

/// Models whose price nobody knows, where cost is limited by the line at `origin`, in the client's words: 403.
pub(super) fn unpriced(scope: &Scope, origin: &Origin, targets: &[Target]) -> ApiError {
    let scope = scope_text(scope);
    let names = targets.iter().map(|target| {
        let endpoint = &target.endpoint;
        let name = endpoint.id.qualified_name();
        format!("`{name}/{}` ({})", target.model, endpoint.origin)
    });
    let names: Vec<_> = names.collect();
    let message = format!(
        "the price of {} is not known, and {scope} has a limit of cost ({origin}); a ModelCatalog can name the price",
        names.join(" and of ")
    );
    ApiError::new(403, "permission_error", message)
        .with_code("price_unknown")
        .with_detail("scope", scope)
        .with_detail("source", origin.to_string())
}

/// A limit that is reached by a request for `targets`, in the client's words: 429 with the reset, 400 if waiting does not help.
pub(super) fn refused_by_limit(exceeded: &Exceeded, targets: &[Target], now_us: i64) -> ApiError {
    let scope = scope_text(&exceeded.scope);
    let (measure, unit) = words(exceeded.measure);
    let (window, origin) = (exceeded.window.as_str(), exceeded.origin.to_string());
    let (most, used) = (exceeded.most, exceeded.used);
    let error = match exceeded.needed {
        None => unpriced(&exceeded.scope, &exceeded.origin, targets),
        Some(_) if exceeded.is_for_ever() && exceeded.measure == Measure::Requests => {
            let message = format!("{scope} has no {unit} at all each {window} ({origin})");
            ApiError::invalid_request(message).with_code("request_exceeds_limit")
        }
        Some(needed) if exceeded.is_for_ever() => {
            let message = format!(
                "the request may need {needed} {unit}, and {scope} has {most} each {window} ({origin}); ask for less (`max_tokens`)"
            );
            ApiError::invalid_request(message)
                .with_code("request_exceeds_limit")
                .with_param("max_tokens")
        }
        Some(needed) => {
            let wait = seconds_until(exceeded.resets_us, now_us);
            let code = match exceeded.measure {
                Measure::Cost => "budget_exceeded",
                Measure::Requests | Measure::Tokens => "rate_limit_exceeded",
            };
            let message = format!(
                "{scope} has {most} {unit} each {window} ({origin}), {used} are used or reserved and the request may need {needed}; try again in {wait}s"
            );
            ApiError::new(429, "rate_limit_error", message)
                .with_code(code)
                .with_header("retry-after", wait.to_string())
        }
    };
    let error = match exceeded.measure {
        Measure::Cost => error,
        Measure::Requests => limit_headers(error, "requests", exceeded, now_us),
        Measure::Tokens => limit_headers(error, "tokens", exceeded, now_us),
    };
    error
        .with_detail("scope", scope)
        .with_detail("limit", measure)
        .with_detail("window", window)
        .with_detail("most", most)
        .with_detail("used", used)
        .with_detail("resets_at", moment(exceeded.resets_us))
        .with_detail("source", origin)
}

/// The headers of OpenAI's clients for what is limited.
fn limit_headers(error: ApiError, what: &str, exceeded: &Exceeded, now_us: i64) -> ApiError {
    let names = match what {
        "requests" => REQUEST_HEADERS,
        _ => TOKEN_HEADERS,
    };
    let wait = seconds_until(exceeded.resets_us, now_us);
    let left = exceeded.most.saturating_sub(exceeded.used);
    error
        .with_header(names[0], exceeded.most.to_string())
        .with_header(names[1], left.to_string())
        .with_header(names[2], format!("{wait}s"))
}

/// Limit, what is left of it, and the time until it starts anew, for requests.
pub const REQUEST_HEADERS: [&str; 3] = [
    "x-ratelimit-limit-requests",
    "x-ratelimit-remaining-requests",
    "x-ratelimit-reset-requests",
];

/// As [`REQUEST_HEADERS`], for tokens.
pub const TOKEN_HEADERS: [&str; 3] = [
    "x-ratelimit-limit-tokens",
    "x-ratelimit-remaining-tokens",
    "x-ratelimit-reset-tokens",
];

/// Whole seconds until a moment, at least one.
pub fn seconds_until(moment_us: i64, now_us: i64) -> i64 {
    let left = moment_us.saturating_sub(now_us).max(1);
    left / SECOND_US + i64::from(left % SECOND_US != 0)
}

/// `key/ci-bot`, `agent/team-a/desk`, `namespace/default`, `endpoint/small`.
pub(super) fn scope_text(scope: &Scope) -> String {
    match scope {
        Scope::Key(id) => format!("key/{}", id.qualified_name()),
        Scope::Agent(id) => format!("agent/{}", id.qualified_name()),
        Scope::Namespace(name) => format!("namespace/{name}"),
        Scope::Endpoint(id) => format!("endpoint/{}", id.qualified_name()),
    }
}

fn words(measure: Measure) -> (&'static str, &'static str) {
    match measure {
        Measure::Requests => ("requests", "requests"),
        Measure::Tokens => ("tokens", "tokens"),
        Measure::Cost => ("cost_microdollars", "micro-dollars"),
    }
}

fn moment(us: i64) -> String {
    Timestamp::from_microsecond(us)
        .map(|at| at.to_string())
        .unwrap_or_default()
}
