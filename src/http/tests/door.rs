//! The whole surface on a port of its own.
#![expect(
    clippy::disallowed_methods,
    reason = "client and server end with the test"
)]

use crate::{
    gateway::Gate,
    http::{Admission, BodyLimits, Decoration, Doors, Metrics, WebhookSecrets, Webhooks, router},
    reconcile::{Bell, Inbox, tests::rig::Rig},
    secrets::Opened,
};
use reqwest::{Client, Method, RequestBuilder};
use serde_json::Value;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::runtime::Handle;
use tokio_util::task::TaskTracker;

/// A daemon's doors in front of a rig.
pub(super) struct Door {
    pub(super) rig: Rig,
    pub(super) bell: Bell,
    base_url: String,
    client: Client,
}

/// What came back.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) content_type: String,
    pub(super) revision: Option<String>,
    pub(super) text: String,
}

impl Answered {
    #[track_caller]
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }
}

impl Door {
    pub(super) async fn open(rig: Rig) -> Self {
        Self::guarded(rig, None, WebhookSecrets::new()).await
    }

    pub(super) async fn guarded(rig: Rig, token: Option<&str>, secrets: WebhookSecrets) -> Self {
        let webhooks = Webhooks {
            secrets,
            max_body: Webhooks::DEFAULT_MAX_BODY,
            watched: Vec::new(),
        };
        Self::hooked(rig, token, webhooks).await
    }

    pub(super) async fn hooked(rig: Rig, token: Option<&str>, webhooks: Webhooks) -> Self {
        Self::with(rig, token, webhooks, BodyLimits::default()).await
    }

    /// With small requests alone.
    pub(super) async fn limited(rig: Rig, bodies: BodyLimits) -> Self {
        let webhooks = Webhooks {
            secrets: WebhookSecrets::new(),
            max_body: Webhooks::DEFAULT_MAX_BODY,
            watched: Vec::new(),
        };
        Self::with(rig, None, webhooks, bodies).await
    }

    async fn with(rig: Rig, token: Option<&str>, webhooks: Webhooks, bodies: BodyLimits) -> Self {
        let bell = Bell::default();
        let doors = Doors {
            reconciler: rig.reconciler().clone(),
            bells: bell.clone().into(),
            metrics: Arc::new(Metrics::default()),
            decoration: Decoration { route_header: true },
            token: token.map(|token| Arc::new(Opened::new(token.into()))),
            tasks: TaskTracker::new(),
            stop: tokio_util::sync::CancellationToken::new(),
            webhooks: Arc::new(webhooks),
            inbox: Inbox::default(),
            bodies,
            admission: Admission {
                books: Arc::default(),
                require_key: false,
                is_local: true,
                gate: Gate::with(Gate::DEFAULT_MOST),
                tracer: None,
            },
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router(doors, Handle::current())).await });
        let client = Client::builder().no_proxy().build().unwrap();
        Self {
            rig,
            bell,
            base_url,
            client,
        }
    }

    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.base_url))
    }

    pub(super) async fn get(&self, path: &str) -> Answered {
        answered(self.request(Method::GET, path)).await
    }

    pub(super) async fn post(&self, path: &str, body: impl Into<String>) -> Answered {
        let request = self.request(Method::POST, path);
        let json = request.header("content-type", "application/json");
        answered(json.body(body.into())).await
    }
}

pub(super) async fn answered(request: RequestBuilder) -> Answered {
    let response = request.send().await.unwrap();
    let header = |name: &str| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    Answered {
        status: response.status().as_u16(),
        content_type: header("content-type").unwrap_or_default(),
        revision: header("x-orloj-revision"),
        text: response.text().await.unwrap(),
    }
}
