//! How connections to providers are made: to which addresses, and within which time.
//!
//! Calls take hyper's client and not reqwest's: what reqwest adds (redirects, cookies, proxies, other forms of URLs) is
//! not wanted here, and is paid for with each call.

use super::address::Reach;
use bytes::Bytes;
use futures_util::future::BoxFuture;
use http_body_util::Full;
use hyper::{Request, Uri};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder, MaybeHttpsStream};
use hyper_util::{
    client::legacy::{
        self, ResponseFuture,
        connect::{HttpConnector, dns::Name},
    },
    rt::{TokioExecutor, TokioIo, TokioTimer},
};
use rustls::ClientConfig;
use std::{
    error::Error,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
    vec,
};
use thread_local::ThreadLocal;
use tokio::{net::TcpStream, time::timeout};
use tower_service::Service;

/// Connections that a thread keeps open to one host while nobody uses them.
const MAX_IDLE_PER_HOST: usize = 64;

/// How long an unused connection is kept: under the 60 s after which common load balancers drop it.
const IDLE_CONNECTION: Duration = Duration::from_secs(50);

/// Sends calls; its clones share their connections. It follows no redirect and uses no proxy.
///
/// Each thread has connections of its own: a call that took another thread's would wake it for every piece.
#[derive(Clone)]
pub(super) struct Client {
    connector: Connector,
    pools: Arc<ThreadLocal<Pool>>,
}

/// The connections of one thread.
type Pool = legacy::Client<Connector, Full<Bytes>>;

impl Client {
    /// Sends a request, over a connection that is open or a new one.
    pub(super) fn request(&self, request: Request<Full<Bytes>>) -> ResponseFuture {
        let pool = self.pools.get_or(|| pool(self.connector.clone()));
        pool.request(request)
    }
}

type Cause = Box<dyn Error + Send + Sync>;

/// A name that led only to addresses which may not be called.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` leads to `{ip}`, which {refusal}")]
pub(super) struct RefusedAddress {
    name: String,
    ip: IpAddr,
    refusal: &'static str,
}

/// A connection that was not made in time.
#[derive(Debug, thiserror::Error)]
#[error("the connection was not made in time")]
pub(super) struct TooSlow;

/// Which connections a client makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Connecting {
    /// Which addresses a name may lead to.
    pub(super) reach: Reach,
    /// Where every call goes, whatever its URL says.
    pub(super) pin: Option<SocketAddr>,
    /// How long name, connection and TLS may take together.
    pub(super) limit: Option<Duration>,
}

/// A client that connects like this.
pub(super) fn client(connecting: Connecting, tls: ClientConfig) -> Client {
    let mut http = HttpConnector::new_with_resolver(Guarded {
        reach: connecting.reach,
        pin: connecting.pin,
    });
    // TLS is wrapped around it.
    http.enforce_http(false);
    http.set_nodelay(true);
    let dialer = Dialer {
        http,
        is_pinned: connecting.pin.is_some(),
    };
    let https = HttpsConnectorBuilder::new()
        .with_tls_config(tls)
        .https_or_http()
        .enable_all_versions()
        .wrap_connector(dialer);
    Client {
        connector: Connector {
            https,
            limit: connecting.limit,
        },
        pools: Arc::default(),
    }
}

fn pool(connector: Connector) -> Pool {
    legacy::Client::builder(TokioExecutor::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_CONNECTION)
        .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
        .build(connector)
}

/// Makes connections, with TLS where the URL says so.
#[derive(Clone)]
pub(super) struct Connector {
    https: HttpsConnector<Dialer>,
    limit: Option<Duration>,
}

impl Service<Uri> for Connector {
    type Response = MaybeHttpsStream<TokioIo<TcpStream>>;
    type Error = Cause;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.https.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.https.call(uri);
        let limit = self.limit;
        Box::pin(async move {
            match limit {
                Some(limit) => timeout(limit, connecting).await.map_err(|_| TooSlow)?,
                None => connecting.await,
            }
        })
    }
}

/// Opens TCP connections, to the pin if there is one. Certificates and the `host` header stay those of the URL.
///
/// What is pinned is looked up under a name of no port, as an address is never looked up and a URL's own port wins.
#[derive(Clone)]
struct Dialer {
    http: HttpConnector<Guarded>,
    is_pinned: bool,
}

impl Service<Uri> for Dialer {
    type Response = <HttpConnector<Guarded> as Service<Uri>>::Response;
    type Error = <HttpConnector<Guarded> as Service<Uri>>::Error;
    type Future = <HttpConnector<Guarded> as Service<Uri>>::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(context)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let pinned = Uri::from_static("http://pinned/");
        self.http.call(if self.is_pinned { pinned } else { uri })
    }
}

/// Leads every name to the pin if there is one, else to what the system says, and leaves out what may not be called. The connection is made to the very
/// addresses that were checked, so a name that changes in between gains nothing.
#[derive(Clone, Copy)]
struct Guarded {
    reach: Reach,
    pin: Option<SocketAddr>,
}

impl Service<Name> for Guarded {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Cause;
    type Future = BoxFuture<'static, Result<Self::Response, Self::Error>>;

    fn poll_ready(&mut self, _context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let Self { reach, pin } = *self;
        Box::pin(async move {
            let found = match pin {
                Some(pin) => vec![pin],
                None => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
            };
            let mut refused = None;
            let mut allowed = Vec::new();
            for address in found {
                match reach.refusal(address.ip()) {
                    None => allowed.push(address),
                    Some(refusal) => {
                        refused = Some(RefusedAddress {
                            name: name.as_str().to_owned(),
                            ip: address.ip(),
                            refusal,
                        });
                    }
                }
            }
            match refused {
                Some(refused) if allowed.is_empty() => Err(refused.into()),
                _ => Ok(allowed.into_iter()),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::Guarded;
    use crate::providers::address::Reach;
    use tower_service::Service as _;

    #[tokio::test]
    async fn a_pin_leads_to_private_addresses_and_never_to_metadata() {
        for (pin, is_called) in [
            ("127.0.0.1:1", true),
            ("10.0.0.1:1", true),
            ("[fd00::1%9999]:1", true),
            ("169.254.77.77:1", false),
            ("100.100.100.200:1", false),
            ("[fe80::1%1]:1", false),
        ] {
            let pin = Some(pin.parse().unwrap());
            let mut guarded = Guarded {
                reach: Reach::Any,
                pin,
            };
            let found = guarded.call("pinned".parse().unwrap()).await;
            assert_eq!(found.is_ok(), is_called, "{pin:?}");
            assert!(found.is_err() || found.unwrap().eq(pin));
        }
    }
}
