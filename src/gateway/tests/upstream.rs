//! A server that fails as it is told and counts.
#![expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]

use axum::{
    Router,
    http::StatusCode,
    response::AppendHeaders,
    routing::{MethodRouter, post},
};
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};
use tokio::net::TcpListener;

/// Where the server is, and how often it was called.
pub(super) struct Failing {
    pub(super) base_url: String,
    calls: Arc<AtomicU32>,
}

impl Failing {
    /// Answers everything with `status`.
    pub(super) async fn with(status: u16) -> Self {
        Self::asking(status, None).await
    }

    /// Answers with `status` once, and then a chat as it should.
    pub(super) async fn once(status: u16) -> Self {
        let calls = Arc::<AtomicU32>::default();
        let counted = calls.clone();
        let answer = move || async move {
            if counted.fetch_add(1, Ordering::SeqCst) == 0 {
                return (StatusCode::from_u16(status).unwrap(), "");
            }
            (StatusCode::OK, r#"{"choices":[]}"#)
        };
        Self::serving(post(answer), calls).await
    }

    /// Never answers.
    pub(super) async fn silent() -> Self {
        let answer = || async {
            std::future::pending::<()>().await;
        };
        Self::serving(post(answer), Arc::default()).await
    }

    /// Answers everything with `status` and, if there is one, a `retry-after`.
    pub(super) async fn asking(status: u16, pause: Option<&'static str>) -> Self {
        let calls = Arc::<AtomicU32>::default();
        let counted = calls.clone();
        let answer = move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            let status = StatusCode::from_u16(status).unwrap();
            let pause = pause.map(|pause| ("retry-after", pause));
            let body = r#"{"error":{"message":"no","type":"x","code":"y"}}"#;
            (status, AppendHeaders(pause), body)
        };
        Self::serving(post(answer), calls).await
    }

    async fn serving(answer: MethodRouter, calls: Arc<AtomicU32>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { base_url, calls }
    }

    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}
