//! What a call used is settled and recorded once, however it ends.

use super::{call_of, decided, upstream::Failing};
use crate::{
    chat::{ApiError, Dialect, Frame, scan},
    gateway::{
        Amount, Books, Content, Decided, Forward, Limited, Meter, Scope, forward, metered::metered,
    },
    model::{Origin, spec::LimitWindow},
    reconcile::{
        Pinned,
        tests::{
            manifests::{calling, endpoint},
            rig::Rig,
        },
    },
    routing::LimitRule,
    store::UsageRecord,
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use jiff::Timestamp;
use std::{sync::Arc, time::Duration};

/// What is asked may need a thousand tokens for its answer.
fn body(stream: bool) -> Bytes {
    let text = format!(
        r#"{{"model":"small","stream":{stream},"max_tokens":1000,"messages":[{{"role":"user","content":"one two three"}}]}}"#
    );
    text.into()
}

struct Asking {
    rig: Rig,
    served: Pinned,
    books: Arc<Books>,
}

impl Asking {
    async fn of(manifest: String) -> Self {
        let rig = Rig::without_git();
        let policy = "kind: AgentPolicy\nmetadata: {name: p}\nspec: {namespace_limits: [{per: month, tokens: 100000}]}\n";
        rig.apply(&format!("{manifest}---\n{policy}"))
            .await
            .unwrap();
        Self {
            served: rig.reconciler().live().pin(),
            rig,
            books: Arc::default(),
        }
    }

    async fn ask(&self, stream: bool) -> Option<Content> {
        let (decided, request, meter) = self.open(stream);
        let answer = forward(&self.served, &decided, request, meter).await;
        answer.ok().map(|answer| answer.content)
    }

    fn open(&self, stream: bool) -> (Decided, Forward, Meter) {
        let decided = decided(&self.served, None, Some("small")).unwrap();
        let body = body(stream);
        let request = Forward {
            envelope: scan(&body).unwrap(),
            body,
            betas: None,
            deadline: None,
        };
        let live = self.rig.reconciler().live();
        let call = call_of(&self.served, live, &decided, &request, "req-1");
        let meter = Meter::open(&self.books, call)
            .map_err(|error| *error)
            .unwrap();
        (decided, request, meter)
    }

    /// The one record, and the tokens that are held against the namespace.
    fn ended(&self) -> (UsageRecord, u64) {
        let mut waiting = self.books.recorder().take();
        let record = waiting.pop().unwrap();
        assert!(waiting.is_empty(), "recorded twice");
        (record, self.held())
    }

    fn held(&self) -> u64 {
        let rule = LimitRule {
            window: LimitWindow::Month,
            requests: None,
            tokens: Some(100_000),
            cost_microdollars: None,
            origin: Origin::file("p.yaml"),
        };
        let limited = Limited {
            scope: Scope::Namespace("default".into()),
            rules: vec![&rule],
        };
        let now_us = Timestamp::now().as_microsecond();
        let reserved = self
            .books
            .ledger()
            .reserve(vec![limited], Amount::default(), now_us);
        100_000 - reserved.unwrap().tokens.unwrap().left
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_whole_answer_is_settled_with_the_counts_of_the_provider() {
    let asking = Asking::of(endpoint("small", "s-1")).await;
    assert!(matches!(asking.ask(false).await, Some(Content::Full(..))));
    let (record, held) = asking.ended();
    assert_eq!((record.outcome.as_str(), record.estimated), ("finished", 0));
    assert_eq!(
        (record.endpoint.as_str(), record.model.as_str()),
        ("small", "s-1")
    );
    assert_eq!((record.prompt_tokens, record.attempts), (3, 1));
    assert_eq!(record.cost_microdollars, Some(0));
    assert!(record.first_token_us.is_some());
    assert_eq!(
        held,
        u64::try_from(record.prompt_tokens + record.completion_tokens).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_is_settled_like_the_whole_answer_although_nobody_asked_for_its_usage() {
    let asking = Asking::of(endpoint("small", "s-1")).await;
    let Some(Content::Stream(frames)) = asking.ask(true).await else {
        unreachable!("it was to be streamed");
    };
    // Until then the worst is held.
    assert!(asking.held() > 1_000);
    let frames: Vec<_> = frames.collect().await;
    assert!(frames.len() > 3);
    let (record, held) = asking.ended();
    assert_eq!((record.outcome.as_str(), record.estimated), ("finished", 0));
    assert_eq!((record.prompt_tokens, record.streamed), (3, 1));
    assert_eq!(
        held,
        u64::try_from(record.prompt_tokens + record.completion_tokens).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn line_53_a_stream_that_the_client_leaves_is_settled_with_what_was_seen() {
    let asking = Asking::of(endpoint("small", "s-1")).await;
    let Some(Content::Stream(mut frames)) = asking.ask(true).await else {
        unreachable!("it was to be streamed");
    };
    for _ in 0..4 {
        frames.next().await.unwrap();
    }
    drop(frames);
    let (record, held) = asking.ended();
    assert_eq!(
        (record.outcome.as_str(), record.estimated),
        ("cancelled", 1)
    );
    // Rather too much than too little, and not all that was reserved.
    assert!((4..100).contains(&record.completion_tokens), "{record:?}");
    assert!(record.prompt_tokens >= 3, "{record:?}");
    assert_eq!(
        held,
        u64::try_from(record.prompt_tokens + record.completion_tokens).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_complete_stream_that_is_not_read_to_its_end_was_not_cancelled() {
    let asking = Asking::of(endpoint("small", "s-1")).await;
    let Some(Content::Stream(mut frames)) = asking.ask(true).await else {
        unreachable!("it was to be streamed");
    };
    while !frames
        .next()
        .await
        .unwrap()
        .bytes
        .ends_with(b"data: [DONE]\n\n")
    {}
    drop(frames);
    assert_eq!(asking.ended().0.outcome, "finished");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_that_nobody_answered_costs_nothing() {
    let upstream = Failing::with(503).await;
    let manifest = calling(
        "small",
        &upstream.base_url,
        "  retry: {max_attempts: 2, backoff: 1ms}\n",
    );
    let asking = Asking::of(manifest).await;
    assert!(asking.ask(false).await.is_none());
    let (record, held) = asking.ended();
    assert_eq!((record.outcome.as_str(), record.status), ("failed", 502));
    assert_eq!((record.attempts, record.completion_tokens), (2, 0));
    assert_eq!(held, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn line_53_a_client_that_leaves_before_the_answer_is_recorded_too() {
    let slow = format!(
        "{}  options: {{delay_ms: \"60000\"}}\n",
        endpoint("small", "s-1")
    );
    let asking = Asking::of(slow).await;
    let left = tokio::time::timeout(Duration::from_millis(50), asking.ask(false)).await;
    assert!(left.is_err());
    let (record, _) = asking.ended();
    assert_eq!(
        (record.outcome.as_str(), record.estimated),
        ("cancelled", 1)
    );
    assert!(record.prompt_tokens > 0);
    // Nothing of the prompt is in it.
    assert!(!format!("{record:?}").contains("three"));
}

/// A comment, and later what `last` makes of it.
async fn after_comments(asking: &Asking, last: Frame) -> UsageRecord {
    let (decided, _, mut meter) = asking.open(true);
    meter.begin(&decided.decision.targets[0]).unwrap();
    let comment = Frame::from(Bytes::from_static(b": keep-alive\n\n"));
    let last = async move {
        tokio::time::sleep(Duration::from_millis(50)).await;
        last
    };
    let frames = stream::iter(vec![comment; 20]).chain(stream::once(last));
    let frames = metered(frames.boxed(), meter, Dialect::Chat);
    assert_eq!(frames.collect::<Vec<_>>().await.len(), 21);
    asking.ended().0
}

#[tokio::test(flavor = "multi_thread")]
async fn comments_are_neither_a_first_token_nor_any_token() {
    let asking = Asking::of(endpoint("small", "s-1")).await;
    let last = Frame::from(Bytes::from_static(b"data: [DONE]\n\n"));
    let record = after_comments(&asking, last).await;
    assert!(record.first_token_us >= Some(50_000), "{record:?}");
    assert_eq!(record.completion_tokens, 1);

    let error = ApiError::new(504, "timeout", "too late");
    let record = after_comments(&asking, Frame::failed(Dialect::Chat, error)).await;
    assert_eq!(
        (record.outcome.as_str(), record.first_token_us),
        ("failed", None)
    );
    assert_eq!((record.prompt_tokens, record.completion_tokens), (0, 0));
}
