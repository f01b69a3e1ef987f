//! TLS in front of a server, which may ask its clients for a certificate.

use super::http_remote::HttpRemote;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio_rustls::{TlsAcceptor, rustls};

/// Names that the certificate is for: this machine, and one that no server of names knows.
pub(super) const NAMES: [&str; 2] = ["localhost", "git.routing.test"];

/// Ends TLS and passes everything on.
pub(super) struct TlsFront {
    pub(super) address: String,
    pub(super) socket: SocketAddr,
    /// The certificate, in PEM.
    pub(super) certificate: String,
    connections: Arc<AtomicUsize>,
    _runtime: tokio::runtime::Runtime,
}

impl TlsFront {
    pub(super) fn before(remote: &HttpRemote) -> Self {
        Self::start(remote, None)
    }

    /// Only for clients with a certificate by this authority.
    pub(super) fn for_clients_of(authority: &Authority, remote: &HttpRemote) -> Self {
        Self::start(remote, Some(authority))
    }

    /// How many connections have come in.
    pub(super) fn connections(&self) -> usize {
        self.connections.load(Ordering::SeqCst)
    }

    fn start(remote: &HttpRemote, clients: Option<&Authority>) -> Self {
        let made = rcgen::generate_simple_self_signed(NAMES.map(str::to_owned)).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let server = match clients {
            None => server.with_no_client_auth(),
            Some(authority) => server.with_client_cert_verifier(authority.verifier(provider)),
        };
        let server = server
            .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let behind = remote.address.strip_prefix("http://").unwrap().to_owned();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let socket = listener.local_addr().unwrap();
        let connections = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&connections);
        let handle = runtime.handle().clone();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::SeqCst);
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                handle.spawn(async move {
                    let mut near = acceptor.accept(socket).await?;
                    let mut far = tokio::net::TcpStream::connect(behind).await?;
                    tokio::io::copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Self {
            address: format!("https://localhost:{}", socket.port()),
            socket,
            certificate: made.cert.pem(),
            connections,
            _runtime: runtime,
        }
    }
}

/// Who signs the certificates of clients.
pub(super) struct Authority {
    certificate: rcgen::Certificate,
    issuer: Issuer<'static, KeyPair>,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut parameters = CertificateParams::new(Vec::new()).unwrap();
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().unwrap();
        let certificate = parameters.self_signed(&key).unwrap();
        Self {
            certificate,
            issuer: Issuer::new(parameters, key),
        }
    }

    /// Writes a certificate and its key into a directory.
    pub(super) fn sign(&self, directory: &Path) -> (PathBuf, PathBuf) {
        let key = KeyPair::generate().unwrap();
        let parameters = CertificateParams::new(vec!["orloj".to_owned()]).unwrap();
        let certificate = parameters.signed_by(&key, &self.issuer).unwrap();
        let files = (directory.join("client.pem"), directory.join("client.key"));
        fs::write(&files.0, certificate.pem()).unwrap();
        fs::write(&files.1, key.serialize_pem()).unwrap();
        files
    }

    fn verifier(
        &self,
        provider: Arc<rustls::crypto::CryptoProvider>,
    ) -> Arc<dyn rustls::server::danger::ClientCertVerifier> {
        let mut roots = rustls::RootCertStore::empty();
        roots.add(self.certificate.der().clone()).unwrap();
        let builder =
            rustls::server::WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
        builder.build().unwrap()
    }
}
