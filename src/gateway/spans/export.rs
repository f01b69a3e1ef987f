//! Sends spans to a collector: OTLP over HTTP, in batches, behind the back of requests.
//!
//! Source: <https://opentelemetry.io/docs/specs/otlp/>.

use super::tracer::Tracer;
use opentelemetry::KeyValue;
use opentelemetry_otlp::{
    ExporterBuildError, Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _,
};
use opentelemetry_sdk::{
    Resource,
    trace::{SpanData, SpanExporter as _},
};
use reqwest::{Certificate, Client, header::HeaderMap, redirect};
use std::{sync::Arc, time::Duration};
use tokio::{sync::mpsc, time};
use tokio_util::sync::CancellationToken;
use url::Url;

/// How many spans are sent at once, as OpenTelemetry's own processors do.
const BATCH: usize = 512;

/// How long spans are gathered before they are sent.
const GATHER: Duration = Duration::from_secs(1);

/// How long a batch may take, with its repetitions; OTLP's own default.
const BATCH_TIME: Duration = Duration::from_secs(10);

/// How long a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// How long the last spans may take when the daemon ends.
const LAST: Duration = Duration::from_secs(5);

/// Who takes spans.
pub struct Collector(SpanExporter);

/// Why spans cannot be sent.
#[derive(Debug, thiserror::Error)]
pub enum CollectorError {
    /// A certificate authority is not PEM, or the system has no usable certificates.
    #[error("failed to make an HTTP client for the collector of spans")]
    Client(#[source] reqwest::Error),
    /// The address, or what `OTEL_…` variables say, is of no use.
    #[error("failed to use the collector of spans")]
    Exporter(#[source] ExporterBuildError),
}

/// Spans that wait, and where they go.
pub(super) struct Outbox {
    pub(super) waiting: mpsc::Receiver<SpanData>,
    pub(super) collector: Collector,
}

impl Collector {
    /// A collector at `url`, which is called as it stands, with `headers`, without redirects or a proxy. Certificate
    /// authorities in `ca_pem` are trusted beside the system's. Calls nobody.
    ///
    /// # Errors
    ///
    /// [`CollectorError`].
    pub fn new(url: &Url, headers: HeaderMap, ca_pem: &[Vec<u8>]) -> Result<Self, CollectorError> {
        // An error means that the process has a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut certificates = Vec::new();
        for pem in ca_pem {
            let bundle = Certificate::from_pem_bundle(pem).map_err(CollectorError::Client)?;
            certificates.extend(bundle);
        }
        #[expect(
            clippy::disallowed_methods,
            reason = "a client of its own: what is for the collector goes to no provider"
        )]
        let client = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .connect_timeout(CONNECT)
            .timeout(BATCH_TIME)
            .tls_certs_merge(certificates)
            .default_headers(headers)
            .user_agent(concat!("orloj/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(CollectorError::Client)?;
        let mut exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(client)
            .with_endpoint(url.as_str())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(BATCH_TIME)
            .build()
            .map_err(CollectorError::Exporter)?;
        exporter.set_resource(&resource());
        Ok(Self(exporter))
    }
}

/// Who sends: `OTEL_SERVICE_NAME` and `OTEL_RESOURCE_ATTRIBUTES` count, else it is `orloj`.
fn resource() -> Resource {
    let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
    let found = Resource::builder().with_attribute(version.clone()).build();
    let name = found.get(&"service.name".into());
    let is_named = name.is_some_and(|name| !name.as_str().starts_with("unknown_service"));
    if is_named {
        return found;
    }
    let builder = Resource::builder().with_attribute(version);
    builder.with_service_name("orloj").build()
}

/// Sends spans until `stop`, and then those that are left.
pub async fn export_spans(tracer: Arc<Tracer>, stop: CancellationToken) {
    let Some(mut outbox) = tracer.take_outbox() else {
        return;
    };
    let out_of_time = async {
        stop.cancelled().await;
        time::sleep(LAST).await;
    };
    let mut batch = Vec::with_capacity(BATCH);
    let in_time = tokio::select! {
        () = send_all(&tracer, &mut outbox, &mut batch, &stop) => true,
        () = out_of_time => false,
    };
    if !in_time {
        tracer.lose(outbox.waiting.len());
        tracing::warn!("the last spans could not be sent in time");
    }
}

async fn send_all(
    tracer: &Tracer,
    outbox: &mut Outbox,
    batch: &mut Vec<SpanData>,
    stop: &CancellationToken,
) {
    let mut is_down = false;
    loop {
        tokio::select! {
            biased;
            _ = outbox.waiting.recv_many(batch, BATCH) => {}
            () = stop.cancelled() => {}
        }
        tokio::select! {
            () = gather(&mut outbox.waiting, batch) => {}
            () = time::sleep(GATHER) => {}
            () = stop.cancelled() => {}
        }
        // Whatever waits when the daemon ends goes too.
        while batch.len() < BATCH
            && let Ok(span) = outbox.waiting.try_recv()
        {
            batch.push(span);
        }
        if batch.is_empty() {
            return;
        }
        let spans = std::mem::replace(batch, Vec::with_capacity(BATCH));
        let count = spans.len();
        match outbox.collector.0.export(spans).await {
            Ok(()) if is_down => {
                is_down = false;
                tracing::info!("the collector takes spans again");
            }
            Ok(()) => {}
            Err(error) => {
                tracer.lose(count);
                if !is_down {
                    is_down = true;
                    tracing::warn!(error = %error, "the collector does not take spans; they are lost until it does");
                }
            }
        }
    }
}

async fn gather(waiting: &mut mpsc::Receiver<SpanData>, batch: &mut Vec<SpanData>) {
    while batch.len() < BATCH {
        let room = BATCH - batch.len();
        if waiting.recv_many(batch, room).await == 0 {
            return;
        }
    }
}
