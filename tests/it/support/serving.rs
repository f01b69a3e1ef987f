//! A small HTTP server of the test's own, plain or with TLS.

use axum::{Router, serve::Listener};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::{
    ServerConfig,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

/// A server on a free port of the loopback interface; it ends when dropped.
pub(crate) struct Server {
    address: SocketAddr,
    runtime: Option<Runtime>,
}

impl Server {
    /// Serves `router` over plain HTTP.
    pub(crate) fn plain(router: Router) -> Self {
        Self::start(|listener| async move { axum::serve(listener, router).await.unwrap() })
    }

    /// Serves `router` over TLS, as every host that `authority` vouches for.
    pub(crate) fn tls(router: Router, authority: &Authority) -> Self {
        let acceptor = authority.acceptor.clone();
        Self::start(|tcp| async move {
            axum::serve(TlsListener { tcp, acceptor }, router)
                .await
                .unwrap();
        })
    }

    fn start<Served>(serve: impl FnOnce(TcpListener) -> Served) -> Self
    where
        Served: Future<Output = ()> + Send + 'static,
    {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        runtime.spawn(serve(listener));
        Self {
            address,
            runtime: Some(runtime),
        }
    }

    /// Where it listens: `127.0.0.1:PORT`.
    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A certificate authority made for one test.
pub(crate) struct Authority {
    folder: TempDir,
    acceptor: TlsAcceptor,
}

impl Authority {
    /// Vouches for `hosts`.
    pub(crate) fn for_hosts(hosts: &[&str]) -> Self {
        let mut root = CertificateParams::new(Vec::new()).unwrap();
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root_key = KeyPair::generate().unwrap();
        let root_certificate = root.self_signed(&root_key).unwrap();
        let folder = TempDir::new().unwrap();
        std::fs::write(folder.path().join("ca.pem"), root_certificate.pem()).unwrap();

        let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
        let leaf_key = KeyPair::generate().unwrap();
        let issuer = Issuer::new(root, root_key);
        let leaf = CertificateParams::new(hosts)
            .unwrap()
            .signed_by(&leaf_key, &issuer)
            .unwrap();
        let client_key = KeyPair::generate().unwrap();
        let mut client = CertificateParams::new(Vec::new()).unwrap();
        // Named other than the authority, or OpenSSL takes it for one that signed itself.
        client.distinguished_name.push(DnType::CommonName, "orloj");
        let client = client.signed_by(&client_key, &issuer).unwrap();
        for (name, text) in [
            ("server.pem", leaf.pem()),
            ("server.key", leaf_key.serialize_pem()),
            ("client.pem", client.pem()),
            ("client.key", client_key.serialize_pem()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(leaf_key.serialize_der()));
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![leaf.der().clone()], key)
            .unwrap();
        Self {
            folder,
            acceptor: TlsAcceptor::from(Arc::new(config)),
        }
    }

    /// The certificate of the hosts.
    pub(crate) fn server_certificate(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }

    /// The private key of the hosts.
    pub(crate) fn server_key(&self) -> PathBuf {
        self.folder.path().join("server.key")
    }

    /// The certificate of a client.
    pub(crate) fn client_certificate(&self) -> PathBuf {
        self.folder.path().join("client.pem")
    }

    /// The private key of that client.
    pub(crate) fn client_key(&self) -> PathBuf {
        self.folder.path().join("client.key")
    }

    /// What shakes hands as the hosts.
    pub(crate) fn acceptor(&self) -> TlsAcceptor {
        self.acceptor.clone()
    }

    /// The authority's own certificate, for `extra_ca`.
    pub(crate) fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }
}

/// Accepts TCP connections and shakes hands; a client that fails to is forgotten.
struct TlsListener {
    tcp: TcpListener,
    acceptor: TlsAcceptor,
}

impl Listener for TlsListener {
    type Io = TlsStream<TcpStream>;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Self::Io, Self::Addr) {
        loop {
            let (stream, peer) = Listener::accept(&mut self.tcp).await;
            if let Ok(stream) = self.acceptor.accept(stream).await {
                return (stream, peer);
            }
        }
    }

    fn local_addr(&self) -> io::Result<Self::Addr> {
        self.tcp.local_addr()
    }
}
