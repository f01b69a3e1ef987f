//! `GET /api/v1/usage`: what was used, summed up.

use super::problem::Problem;
use crate::{
    model::parse_go_duration,
    reconcile::Reconciler,
    store::{UsageGroup, UsageSum},
};
use axum::{
    Json,
    extract::{Query, State},
};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// How far back is looked when the query does not say.
const DEFAULT_SINCE: &str = "7d";

/// What is summed up by when the query does not say.
const DEFAULT_GROUP: &str = "total";

const DAY_US: i64 = 24 * 60 * 60 * 1_000_000;

#[derive(Deserialize)]
pub(super) struct UsageQuery {
    by: Option<String>,
    since: Option<String>,
}

pub(super) async fn usage(
    State(reconciler): State<Arc<Reconciler>>,
    Query(query): Query<UsageQuery>,
) -> Result<Json<Value>, Problem> {
    let by = query.by.as_deref().unwrap_or(DEFAULT_GROUP);
    let group = UsageGroup::ALL.into_iter().find(|(word, _)| *word == by);
    let Some((word, group)) = group else {
        let words: Vec<_> = UsageGroup::ALL.iter().map(|(word, _)| *word).collect();
        let detail = format!("`by` is `{by}`; it can be one of {}", words.join(", "));
        return Err(Problem::bad_request(detail));
    };
    let text = query.since.as_deref().unwrap_or(DEFAULT_SINCE);
    let now_us = Timestamp::now().as_microsecond();
    let since_us = since(text, now_us).ok_or_else(|| {
        Problem::bad_request(format!(
            "`since` is `{text}`; write a time span (`24h`, `7d`), a date or a moment (RFC 3339)"
        ))
    })?;
    let sums = reconciler.usage(group, since_us).await?;
    let since = Timestamp::from_microsecond(since_us).unwrap_or_default();
    Ok(Json(json!({
        "by": word,
        "since": since.to_string(),
        "items": sums.iter().map(item).collect::<Vec<_>>(),
    })))
}

fn item(sum: &UsageSum) -> Value {
    json!({
        "name": sum.name,
        "requests": sum.requests,
        "unfinished": sum.unfinished,
        "prompt_tokens": sum.prompt_tokens,
        "cached_tokens": sum.cached_tokens,
        "completion_tokens": sum.completion_tokens,
        "cost_microdollars": sum.cost_microdollars,
        "unpriced": sum.unpriced,
        "estimated": sum.estimated,
    })
}

/// The moment that a text means, in microseconds since 1970 (UTC).
fn since(text: &str, now_us: i64) -> Option<i64> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment.as_microsecond());
    }
    if let Ok(date) = text.parse::<Date>() {
        let midnight = date.to_zoned(TimeZone::UTC).ok()?;
        return Some(midnight.timestamp().as_microsecond());
    }
    let back_us = match text.strip_suffix('d') {
        Some(days) => days
            .parse::<u16>()
            .ok()
            .map(|days| i64::from(days) * DAY_US)?,
        None => i64::try_from(parse_go_duration(text)?.as_micros()).ok()?,
    };
    Some(now_us.saturating_sub(back_us).max(0))
}

#[cfg(test)]
mod tests {
    use super::{DAY_US, since};

    #[test]
    fn since_is_a_span_a_date_or_a_moment() {
        let now = 100 * DAY_US;
        for (text, expected) in [
            ("7d", Some(93 * DAY_US)),
            ("24h", Some(99 * DAY_US)),
            ("1970-01-03", Some(2 * DAY_US)),
            ("1970-01-02T12:00:00+12:00", Some(DAY_US)),
            ("60000d", Some(0)),
            ("week", None),
            ("-1h", None),
            ("", None),
        ] {
            assert_eq!(since(text, now), expected, "{text}");
        }
    }
}
