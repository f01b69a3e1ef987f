//! The HTTP clients that endpoints share, and which addresses they may call.

use super::address::Reach;
use super::connector::{Client, Connecting, client};
use rustls::{
    ClientConfig, RootCertStore,
    crypto::{CryptoProvider, ring},
    pki_types::{CertificateDer, pem, pem::PemObject as _},
};
use rustls_platform_verifier::Verifier;
use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use url::{Host, Url};

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
    certificates: Vec<CertificateDer<'static>>,
    made: Mutex<Made>,
}

/// Why the operator's network options are of no use.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// A key of `resolve` is not `host:port`.
    #[error("failed to read `{0}` of upstream.resolve: write it as `host:port`")]
    Resolve(String),
    /// A place is pinned to an address that is never called.
    #[error("upstream.resolve leads `{place}` to `{ip}`, which {refusal}")]
    Pin {
        /// The key of `resolve`.
        place: String,
        /// Where it leads.
        ip: IpAddr,
        /// Why not.
        refusal: &'static str,
    },
    /// An extra certificate is not PEM.
    #[error("failed to read the extra certificate authorities (number {number})")]
    Certificate {
        /// Which of the given texts, from 1.
        number: usize,
        /// The cause.
        #[source]
        source: pem::Error,
    },
}

/// What was made so far.
#[derive(Default)]
struct Made {
    clients: HashMap<ClientKey, Client>,
    /// Reading the system's certificates takes milliseconds.
    tls: Option<ClientConfig>,
}

/// Why no client can be had for an endpoint.
#[derive(Debug, thiserror::Error)]
pub(super) enum TargetError {
    #[error("`{ip}` {refusal}")]
    Refused { ip: IpAddr, refusal: &'static str },
    #[error("failed to make an HTTP client")]
    Client(#[source] rustls::Error),
}

#[derive(PartialEq, Eq, Hash)]
struct ClientKey {
    connecting: Connecting,
    has_tls: bool,
}

impl Network {
    /// Checks the options. Clients are made when the first endpoint needs one.
    ///
    /// # Errors
    ///
    /// - [`NetworkError::Resolve`] if a key of `resolve` is not `host:port`.
    /// - [`NetworkError::Pin`] if it leads to a link-local or metadata address.
    /// - [`NetworkError::Certificate`] if an extra certificate is not PEM.
    pub fn new(options: &NetworkOptions) -> Result<Self, NetworkError> {
        // An error means that the process has a provider already, which serves as well.
        let _ = ring::default_provider().install_default();
        let mut pins = HashMap::new();
        for (key, address) in &options.resolve {
            let place = host_and_port(key).ok_or_else(|| NetworkError::Resolve(key.clone()))?;
            if let Some(refusal) = Reach::Any.refusal(address.ip()) {
                return Err(NetworkError::Pin {
                    place: key.clone(),
                    ip: address.ip(),
                    refusal,
                });
            }
            pins.insert(place, *address);
        }
        let mut certificates = Vec::new();
        for (index, pem) in options.extra_ca_pem.iter().enumerate() {
            let bundle: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let bundle = bundle.map_err(|source| NetworkError::Certificate {
                number: index + 1,
                source,
            })?;
            certificates.extend(bundle);
        }
        Ok(Self {
            pins,
            certificates,
            made: Mutex::default(),
        })
    }

    /// Where the operator says `url`'s host is.
    pub(super) fn pin(&self, url: &Url) -> Option<SocketAddr> {
        let host = url.host_str()?.to_ascii_lowercase();
        self.pins
            .get(&(host, url.port_or_known_default()?))
            .copied()
    }

    /// The client for calls below `url`.
    pub(super) fn client(
        &self,
        url: &Url,
        reach: Reach,
        limit: Option<Duration>,
    ) -> Result<Client, TargetError> {
        let pin = self.pin(url);
        if let (Some(ip), None) = (literal(url), pin)
            && let Some(refusal) = reach.refusal(ip)
        {
            return Err(TargetError::Refused { ip, refusal });
        }
        let connecting = Connecting {
            // What the operator names is called, whatever the manifest says of private addresses.
            reach: if pin.is_some() { Reach::Any } else { reach },
            pin,
            limit,
        };
        let has_tls = url.scheme() == "https";
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let key = ClientKey {
            connecting,
            has_tls,
        };
        if let Some(client) = made.clients.get(&key) {
            return Ok(client.clone());
        }
        let tls = self
            .tls(&mut made.tls, has_tls)
            .map_err(TargetError::Client)?;
        let client = client(connecting, tls);
        made.clients.insert(key, client.clone());
        Ok(client)
    }

    /// How TLS is spoken; without any, nobody is trusted and nothing is read.
    fn tls(
        &self,
        known: &mut Option<ClientConfig>,
        has_tls: bool,
    ) -> Result<ClientConfig, rustls::Error> {
        let provider = CryptoProvider::get_default()
            .map_or_else(|| Arc::new(ring::default_provider()), Arc::clone);
        let builder = ClientConfig::builder_with_provider(provider.clone())
            .with_safe_default_protocol_versions()?;
        if !has_tls {
            let nobody = RootCertStore::empty();
            return Ok(builder.with_root_certificates(nobody).with_no_client_auth());
        }
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let verifier = Verifier::new_with_extra_roots(self.certificates.iter().cloned(), provider)?;
        let config = builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier))
            .with_no_client_auth();
        Ok(known.insert(config).clone())
    }
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
