//! A provider that answers everything as it is told.
#![expect(clippy::disallowed_methods, reason = "it ends with the test's runtime")]

use axum::{Router, body::Body, http::Response, routing::post};
use serde_json::Value;
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tokio::net::TcpListener;

/// What it says.
#[derive(Clone, Default)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) headers: Vec<(&'static str, &'static str)>,
    pub(super) body: String,
    /// How long it thinks before.
    pub(super) delay: Duration,
}

/// Where it is, and how often it was called.
pub(super) struct Provider {
    pub(super) base_url: String,
    said: Arc<Mutex<Said>>,
    calls: Arc<AtomicU32>,
}

impl Provider {
    pub(super) async fn start() -> Self {
        let said = Arc::<Mutex<Said>>::default();
        let calls = Arc::<AtomicU32>::default();
        let (now, counted) = (said.clone(), calls.clone());
        let answer = move || async move {
            counted.fetch_add(1, Ordering::SeqCst);
            let said = now.lock().unwrap().clone();
            tokio::time::sleep(said.delay).await;
            let mut response = Response::builder().status(said.status);
            for (name, value) in said.headers {
                response = response.header(name, value);
            }
            response.body(Body::from(said.body)).unwrap()
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        let router = Router::new().fallback(post(answer));
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            base_url,
            said,
            calls,
        }
    }

    pub(super) fn says(&self, said: Said) {
        *self.said.lock().unwrap() = said;
    }

    /// Answers with a status, headers and a JSON body.
    pub(super) fn answers(
        &self,
        status: u16,
        headers: &[(&'static str, &'static str)],
        body: &Value,
    ) {
        self.says(Said {
            status,
            headers: headers.to_vec(),
            body: body.to_string(),
            delay: Duration::ZERO,
        });
    }

    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }
}
