//! The HTTP clients that endpoints share, and which addresses they may call.

use super::address::Reach;
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::HeaderValue;
use reqwest::{Certificate, Client, redirect};
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use url::{Host, Url};

/// Connections kept open to one host while nobody uses them.
const MAX_IDLE_PER_HOST: usize = 64;

/// How long an unused connection is kept: under the 60 s after which common load balancers drop it.
const IDLE_CONNECTION: Duration = Duration::from_secs(50);

/// What an operator sets about calls to providers.
#[derive(Debug, Clone, Default)]
pub struct NetworkOptions {
    /// Where `host:port` really is; names and certificates stay those of the manifest.
    pub resolve: Vec<(String, SocketAddr)>,
    /// Certificate authorities trusted beside the system's, in PEM.
    pub extra_ca_pem: Vec<Vec<u8>>,
}

/// The shared HTTP clients. They follow no redirect and use no proxy from the environment.
pub struct Network {
    pins: HashMap<(String, u16), SocketAddr>,
    certificates: Vec<Certificate>,
    clients: Mutex<HashMap<ClientKey, Client>>,
}

/// Why the operator's network options are of no use.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A key of `resolve` is not `host:port`.
    #[error("failed to read `{0}` of upstream.resolve: write it as `host:port`")]
    Resolve(String),
    /// An extra certificate is not PEM.
    #[error("failed to read the extra certificate authorities (number {number})")]
    Certificate {
        /// Which of the given texts, from 1.
        number: usize,
        /// The cause.
        #[source]
        source: reqwest::Error,
    },
}

/// Where and how to send an endpoint's calls.
pub(super) struct Target {
    pub(super) client: Client,
    /// The base URL, with the address put in where the operator said so.
    pub(super) url: Url,
    /// The `host` header, if the URL no longer says it.
    pub(super) host: Option<HeaderValue>,
}

/// Why no client can be had for an endpoint.
#[derive(Debug, thiserror::Error)]
pub(super) enum TargetError {
    #[error("`{ip}` {refusal}")]
    Refused { ip: IpAddr, refusal: &'static str },
    #[error("failed to make an HTTP client")]
    Client(#[source] reqwest::Error),
}

/// A name that led only to addresses which may not be called.
#[derive(Debug, thiserror::Error)]
#[error("`{name}` leads to `{ip}`, which {refusal}")]
pub(super) struct RefusedAddress {
    name: String,
    ip: IpAddr,
    refusal: &'static str,
}

#[derive(Clone, PartialEq, Eq, Hash)]
struct ClientKey {
    reach: Reach,
    connect: Option<Duration>,
    pin: Option<SocketAddr>,
}

impl Network {
    /// Checks the options. Clients are made when the first endpoint needs one.
    ///
    /// # Errors
    ///
    /// - [`NetworkError::Resolve`] if a key of `resolve` is not `host:port`.
    /// - [`NetworkError::Certificate`] if an extra certificate is not PEM.
    pub fn new(options: &NetworkOptions) -> Result<Self, NetworkError> {
        // An error means that the process has a provider already, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut pins = HashMap::new();
        for (key, address) in &options.resolve {
            let place = host_and_port(key).ok_or_else(|| NetworkError::Resolve(key.clone()))?;
            pins.insert(place, *address);
        }
        let mut certificates = Vec::new();
        for (index, pem) in options.extra_ca_pem.iter().enumerate() {
            let bundle =
                Certificate::from_pem_bundle(pem).map_err(|source| NetworkError::Certificate {
                    number: index + 1,
                    source,
                })?;
            certificates.extend(bundle);
        }
        Ok(Self {
            pins,
            certificates,
            clients: Mutex::default(),
        })
    }

    /// Where the operator says `url`'s host is.
    pub(super) fn pin(&self, url: &Url) -> Option<SocketAddr> {
        let host = url.host_str()?.to_ascii_lowercase();
        self.pins
            .get(&(host, url.port_or_known_default()?))
            .copied()
    }

    /// The client for `url` and the URL to use with it.
    pub(super) fn target(
        &self,
        url: &Url,
        reach: Reach,
        connect: Option<Duration>,
    ) -> Result<Target, TargetError> {
        let pin = self.pin(url);
        if let (Some(ip), None) = (literal(url), pin)
            && let Some(refusal) = reach.refusal(ip)
        {
            return Err(TargetError::Refused { ip, refusal });
        }
        let key = ClientKey {
            // What the operator names is called, whatever the manifest says.
            reach: if pin.is_some() { Reach::Any } else { reach },
            connect,
            pin,
        };
        let mut clients = self.clients.lock().unwrap_or_else(PoisonError::into_inner);
        let client = match clients.get(&key) {
            Some(client) => client.clone(),
            None => {
                let client = self.make(&key).map_err(TargetError::Client)?;
                clients.insert(key, client.clone());
                client
            }
        };
        let (url, host) = match pin {
            Some(pin) => pinned_url(url, pin),
            None => (url.clone(), None),
        };
        Ok(Target { client, url, host })
    }

    fn make(&self, key: &ClientKey) -> Result<Client, reqwest::Error> {
        let mut builder = Client::builder()
            .no_proxy()
            .redirect(redirect::Policy::none())
            .referer(false)
            .tcp_nodelay(true)
            .pool_max_idle_per_host(MAX_IDLE_PER_HOST)
            .pool_idle_timeout(IDLE_CONNECTION)
            .tls_certs_merge(self.certificates.iter().cloned())
            .user_agent(concat!("orloj/", env!("CARGO_PKG_VERSION")));
        if let Some(limit) = key.connect {
            builder = builder.connect_timeout(limit);
        }
        builder = match key.pin {
            // HTTP/2 would take the authority from the URL, which has lost its port.
            Some(address) => builder.dns_resolver(Pinned(address)).http1_only(),
            None => builder.dns_resolver(Guarded(key.reach)),
        };
        builder.build()
    }
}

/// Puts the pin in the URL's place. A port in a URL wins over a resolver's, so the URL loses its
/// own; an IP address is never resolved, so it is replaced.
fn pinned_url(url: &Url, pin: SocketAddr) -> (Url, Option<HeaderValue>) {
    let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
    let host = HeaderValue::from_str(authority).ok();
    let mut pinned = url.clone();
    let done = if literal(url).is_some() {
        pinned.set_ip_host(pin.ip()).is_ok() && pinned.set_port(Some(pin.port())).is_ok()
    } else {
        pinned.set_port(None).is_ok()
    };
    // Both setters fail only for URLs without a host, and a pin was found by the host.
    debug_assert!(done, "an http URL takes a port");
    (pinned, host)
}

fn literal(url: &Url) -> Option<IpAddr> {
    match url.host()? {
        Host::Ipv4(ip) => Some(ip.into()),
        Host::Ipv6(ip) => Some(ip.into()),
        Host::Domain(_) => None,
    }
}

fn host_and_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = text.trim().rsplit_once(':')?;
    let bare = host.starts_with('[') || !host.contains(':');
    (bare && !host.is_empty() && !host.contains('/'))
        .then(|| Some((host.to_ascii_lowercase(), port.parse().ok()?)))
        .flatten()
}

/// Leads every name to one address.
struct Pinned(SocketAddr);

impl Resolve for Pinned {
    fn resolve(&self, _name: Name) -> Resolving {
        let addresses: Addrs = Box::new(std::iter::once(self.0));
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// Asks the system and leaves out what may not be called. The connection is made to the very
/// addresses that were checked, so a name that changes in between gains nothing.
struct Guarded(Reach);

impl Resolve for Guarded {
    fn resolve(&self, name: Name) -> Resolving {
        let reach = self.0;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let mut refused = None;
            let mut allowed = Vec::with_capacity(found.len());
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
                _ => Ok(Box::new(allowed.into_iter()) as Addrs),
            }
        })
    }
}
