//! One call's account: what it may use is reserved before it goes out, what it used is settled and recorded when it
//! ends, however that is.

use super::{
    admit::{lapsed, refused_by_limit, unpriced},
    books::Books,
    budget::{Demand, check_run, cost_limit, is_bounded, worst},
    decide::Decided,
    estimate::{End, Seen, prompt_tokens},
    forward::Room,
    gate::Pass,
    ledger::{Amount, Headroom, Limited, Reservation, Scope},
    spans::RequestSpan,
};
use crate::{
    chat::{ApiError, Dialect, Envelope, Frame, Usage},
    model::Origin,
    reconcile::{Live, Pinned},
    routing::{KeyRoute, ModelFacts, PolicyRoute, Target},
    store::UsageRecord,
};
use jiff::Timestamp;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

/// How often a stream's key is looked at: a key that was taken away ends its streams within this, or with the next
/// piece if that comes later.
const KEY_CHECK: Duration = Duration::from_secs(1);

/// What a meter is opened for.
pub struct Metered<'a> {
    /// The revision that decided.
    pub served: &'a Pinned,
    /// What is live, for answers that outlast a key.
    pub live: &'a Live,
    /// The key, if one is needed.
    pub key: Option<Arc<KeyRoute>>,
    /// The caller's namespace.
    pub namespace: &'a str,
    /// Where the request goes.
    pub decided: &'a Decided,
    /// What was found in the body.
    pub envelope: &'a Envelope,
    /// Bytes of the body as it is sent.
    pub body_bytes: usize,
    /// The answer's `x-orloj-request-id`.
    pub request_id: &'a str,
}

/// The account of one call. Dropped before its end, the call was cancelled.
pub struct Meter {
    books: Arc<Books>,
    served: Pinned,
    live: Live,
    key: Option<Arc<KeyRoute>>,
    caller: Reservation,
    endpoint: Option<Reservation>,
    pub(super) target: Option<Target>,
    pub(super) record: UsageRecord,
    /// Ends when the call does.
    pub(super) span: Option<Box<RequestSpan>>,
    /// The place that the request holds as long.
    pub(super) pass: Option<Pass>,
    /// Whether it uses no tokens.
    pub(super) is_free: bool,
    pub(super) demand: Demand,
    /// What is known of the target's model.
    pub(super) facts: ModelFacts,
    /// Whether tokens or their cost are limited for the caller.
    pub(super) is_bounded: bool,
    /// The caller's limit of cost, if there is one.
    cost_limit: Option<(Scope, Origin)>,
    pub(super) started: Instant,
    key_checked: Instant,
    pub(super) seen: Seen,
    is_settled: bool,
}

impl Meter {
    /// Reserves the worst that a call may use, for its key, its agent and the caller's namespace.
    ///
    /// # Errors
    ///
    /// - 403 if a policy's `max_tokens_per_run` is less than the call may need.
    /// - 429, 400 or 403 if a limit is reached, see `refused_by_limit`.
    pub fn open(books: &Arc<Books>, call: Metered<'_>) -> Result<Self, Box<ApiError>> {
        let now_us = Timestamp::now().as_microsecond();
        // Counting tokens uses none.
        let is_free = call.envelope.dialect == Dialect::CountTokens;
        let prompt = || prompt_tokens(call.body_bytes, call.envelope.media);
        let demand = Demand {
            prompt: if is_free { 0 } else { prompt() },
            max_output: call.envelope.max_output(),
            answers: call.envelope.answers,
        };
        let table = call.served.snapshot.table();
        let decision = &call.decided.decision;
        let agent = decision.agent.as_ref();
        let policies = agent.map_or_else(Vec::new, |agent| table.policies_of(&agent.id));
        let worst = || {
            let targets = decision.targets.iter();
            let worst = targets.map(|target| worst(&table.facts_of(target), demand));
            worst.reduce(Amount::worse).unwrap_or_default()
        };
        check_run(&policies, || worst().tokens)?;
        let limited = limited(&call, &policies);
        let is_bounded = is_bounded(&policies, &limited);
        let cost_limit = cost_limit(&limited);
        // What nothing is held against needs no guess: it is counted when it ends.
        let is_limited = limited.iter().any(|it| !it.rules.is_empty());
        let worst = is_limited.then(worst).unwrap_or_default();
        let caller = books.ledger().reserve(limited, worst, now_us);
        let targets = &decision.targets;
        let caller = caller.map_err(|it| Box::new(refused_by_limit(&it, targets, now_us)))?;
        let started = Instant::now();
        Ok(Self {
            books: books.clone(),
            served: call.served.clone(),
            live: call.live.clone(),
            record: record(&call, now_us),
            span: None,
            pass: None,
            key: call.key,
            caller,
            endpoint: None,
            target: None,
            is_free,
            demand,
            facts: ModelFacts::default(),
            is_bounded,
            cost_limit,
            started,
            key_checked: started,
            seen: Seen::default(),
            is_settled: false,
        })
    }

    /// Notes that a target is called, and reserves what its endpoint may use.
    ///
    /// # Errors
    ///
    /// 429, 400 or 403 if the endpoint's limit is reached, or the caller's cost is limited and that of the model is not
    /// known; another target may do.
    pub(super) fn begin(&mut self, target: &Target) -> Result<(), Box<ApiError>> {
        let facts = self.served.snapshot.table().facts_of(target);
        let only = std::slice::from_ref(target);
        if let Some((scope, origin)) = &self.cost_limit
            && !facts.is_priced()
        {
            return Err(Box::new(unpriced(scope, origin, only)));
        }
        // Repeated, it is the same request.
        if !self
            .target
            .as_ref()
            .is_some_and(|last| last.is_same(target))
        {
            let now_us = Timestamp::now().as_microsecond();
            let rules: Vec<_> = target.endpoint.limits.iter().collect();
            let is_limited = !rules.is_empty();
            let scope = Scope::Endpoint(target.endpoint.id.clone());
            let limited = vec![Limited { scope, rules }];
            let worst = || worst(&facts, self.demand);
            let worst = is_limited.then(worst).unwrap_or_default();
            let reserved = self.books.ledger().reserve(limited, worst, now_us);
            let reserved = reserved.map_err(|it| Box::new(refused_by_limit(&it, only, now_us)))?;
            // It counts for the endpoint that is called last, as its record does.
            if let Some(left) = self.endpoint.replace(reserved) {
                left.give_back();
            }
        }
        self.record.attempts += 1;
        (self.target, self.facts) = (Some(target.clone()), facts);
        Ok(())
    }

    /// What is left of the caller's limits and the endpoint's.
    pub(super) fn room(&self) -> Room {
        let reservations = || std::iter::once(&self.caller).chain(&self.endpoint);
        let least = |of: fn(&Reservation) -> Option<Headroom>| {
            reservations().filter_map(of).min_by_key(|room| room.left)
        };
        Room {
            requests: least(|it| it.requests),
            tokens: least(|it| it.tokens),
        }
    }

    /// The call was answered whole.
    pub(super) fn answered(mut self, bytes: usize, usage: Option<Usage>) {
        self.seen.first = Some(self.started.elapsed());
        self.seen.bytes = bytes;
        self.seen.usage = usage;
        self.end(End::Finished);
    }

    /// The call failed before anything was answered.
    pub fn failed(mut self, error: &ApiError) {
        self.record.status = i64::from(error.status);
        self.attempt_failed(error);
        self.end(End::Failed);
    }

    /// Notes a piece of a streamed answer; an error if the caller's key is not good any more.
    pub(super) fn piece(&mut self, frame: &Frame) -> Result<(), Box<ApiError>> {
        let seen = &mut self.seen;
        if !frame.bytes.is_empty() {
            seen.first.get_or_insert_with(|| self.started.elapsed());
            seen.frames += 1;
            seen.bytes += frame.bytes.len();
            seen.is_complete = is_last(&frame.bytes);
        }
        seen.usage = frame.usage.or(seen.usage);
        if let Some(span) = &mut self.span {
            span.piece(frame);
        }
        match &self.key {
            Some(key) if self.key_checked.elapsed() >= KEY_CHECK => {
                self.key_checked = Instant::now();
                let now_us = Timestamp::now().as_microsecond();
                lapsed(self.live.pin().snapshot.table(), key, now_us).map_or(Ok(()), Err)
            }
            _ => Ok(()),
        }
    }

    /// The stream was complete, or failed.
    pub(super) fn ended(mut self, is_failed: bool) {
        self.end(if is_failed {
            End::Failed
        } else {
            End::Finished
        });
    }

    /// Settles and records, once.
    fn end(&mut self, end: End) {
        if std::mem::replace(&mut self.is_settled, true) {
            return;
        }
        let usage = self.usage(end);
        let cost = match &self.target {
            Some(_) => self.facts.cost_microdollars(&usage),
            None => Some(0),
        };
        let used = Amount {
            tokens: usage.total_tokens(),
            cost_microdollars: cost,
        };
        let reservations = [Some(std::mem::take(&mut self.caller)), self.endpoint.take()];
        for reservation in reservations.into_iter().flatten() {
            reservation.settle(used);
        }
        let mut record = std::mem::take(&mut self.record);
        if let Some(target) = &self.target {
            record.endpoint = target.endpoint.id.qualified_name();
            record.model = target.model.to_string();
        }
        record.outcome.push_str(match end {
            End::Finished => "finished",
            End::Failed => "failed",
            End::Cancelled => "cancelled",
        });
        let count = |tokens: u64| i64::try_from(tokens).unwrap_or(i64::MAX);
        let micros = |time: Duration| i64::try_from(time.as_micros()).unwrap_or(i64::MAX);
        record.prompt_tokens = count(usage.prompt_tokens);
        record.cached_tokens = count(usage.cached_tokens);
        record.cache_write_tokens = count(usage.cache_write_tokens);
        record.completion_tokens = count(usage.completion_tokens);
        record.reasoning_tokens = count(usage.reasoning_tokens);
        record.estimated = i64::from(usage.estimated);
        record.cost_microdollars = cost.map(count);
        record.first_token_us = self.seen.first.map(micros);
        record.duration_us = micros(self.started.elapsed());
        if let Some(span) = self.span.take() {
            span.ended(&record);
        }
        self.books.recorder().record(record);
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        let is_complete = self.seen.is_complete;
        self.end(if is_complete {
            End::Finished
        } else {
            End::Cancelled
        });
    }
}

/// Whom a request counts for beside its endpoint, and what each is held against.
fn limited<'a>(call: &'a Metered<'_>, policies: &[&'a Arc<PolicyRoute>]) -> Vec<Limited<'a>> {
    let namespace = call.namespace;
    let budgets = call.served.snapshot.table().budgets_of(namespace);
    let mut limited = vec![Limited {
        scope: Scope::Namespace(namespace.into()),
        rules: budgets
            .flat_map(|policy| &policy.namespace_limits)
            .collect(),
    }];
    limited.extend(call.key.as_ref().map(|key| Limited {
        scope: Scope::Key(key.id.clone()),
        rules: key.limits.iter().collect(),
    }));
    let agent = call.decided.decision.agent.as_ref();
    limited.extend(agent.map(|agent| Limited {
        scope: Scope::Agent(agent.id.clone()),
        rules: policies.iter().flat_map(|policy| &policy.limits).collect(),
    }));
    limited
}

fn record(call: &Metered<'_>, now_us: i64) -> UsageRecord {
    let decision = &call.decided.decision;
    let agent = decision.agent.as_ref();
    UsageRecord {
        request_id: call.request_id.to_owned(),
        at_us: now_us,
        revision: call.served.revision.clone(),
        namespace: call.namespace.to_owned(),
        api_key: call
            .key
            .as_ref()
            .map_or_else(String::new, |key| key.id.qualified_name()),
        agent: agent.map_or_else(String::new, |agent| agent.id.qualified_name()),
        dialect: call.envelope.dialect.path().to_owned(),
        requested: decision.requested.clone(),
        streamed: i64::from(call.envelope.stream),
        status: 200,
        ..UsageRecord::default()
    }
}

/// Whether a piece ends what is complete, in any dialect.
fn is_last(bytes: &[u8]) -> bool {
    let tail = bytes.trim_ascii_end();
    let lines = tail.rsplit(|byte| *byte == b'\n').take(2);
    lines.into_iter().any(|line| {
        line == b"data: [DONE]"
            || line == b"event: message_stop"
            || line == b"event: response.completed"
    })
}
