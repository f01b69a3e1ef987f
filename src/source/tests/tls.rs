//! HTTPS remotes: the same server behind TLS.

use super::super::{Credentials, SourceError};
use super::http_remote::{Behaviour, HttpRemote};
use super::remotes::{follows_pushes, remote};
use super::{chain, config, mirrored, repository::Repository};
use std::{fs, sync::Arc};
use tokio_rustls::{TlsAcceptor, rustls};

/// Ends TLS for `localhost` and passes everything on.
struct TlsFront {
    address: String,
    /// The certificate, in PEM.
    certificate: String,
    _runtime: tokio::runtime::Runtime,
}

impl TlsFront {
    fn before(remote: &HttpRemote) -> Self {
        let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = rustls::pki_types::PrivateKeyDer::try_from(made.signing_key.serialize_der());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = rustls::ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key.unwrap())
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(server));
        let behind = remote.address.strip_prefix("http://").unwrap().to_owned();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        let listener = runtime
            .block_on(tokio::net::TcpListener::bind("127.0.0.1:0"))
            .unwrap();
        let port = listener.local_addr().unwrap().port();
        let handle = runtime.handle().clone();
        runtime.spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let (acceptor, behind) = (acceptor.clone(), behind.clone());
                handle.spawn(async move {
                    let mut near = acceptor.accept(socket).await?;
                    let mut far = tokio::net::TcpStream::connect(behind).await?;
                    tokio::io::copy_bidirectional(&mut near, &mut far).await
                });
            }
        });
        Self {
            address: format!("https://localhost:{port}"),
            certificate: made.cert.pem(),
            _runtime: runtime,
        }
    }
}

#[test]
fn fetch_over_https_follows_pushes_if_the_authority_is_trusted() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let front = TlsFront::before(&remote);
    let authorities = repository.home().join("ca.pem");
    fs::write(&authorities, &front.certificate).unwrap();
    let mut config = config(&format!("{}/bare.git", front.address));
    config.credentials = Credentials::none().with_ca_file(&authorities);
    follows_pushes(&repository, config);
}

#[test]
fn unknown_authority_is_refused_before_anything_is_sent() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let front = TlsFront::before(&remote);
    let config = config(&format!("{}/bare.git", front.address));
    let error = mirrored(config).mirror.fetch().unwrap_err();
    assert!(matches!(error, SourceError::Network { .. }), "{error:?}");
    assert!(chain(&error).contains("certificate"), "{}", chain(&error));
    assert_eq!(remote.requests(), 0);
}

#[test]
fn unusable_authority_file_is_an_error_of_its_own() {
    let repository = Repository::new();
    let file = repository.home().join("ca.pem");
    let refusal = || {
        let mut config = config("https://localhost/a.git");
        config.credentials = Credentials::none().with_ca_file(&file);
        mirrored(config).mirror.fetch().unwrap_err()
    };
    assert!(matches!(refusal(), SourceError::Io { .. }));
    fs::write(
        &file,
        "-----BEGIN CERTIFICATE-----\n!\n-----END CERTIFICATE-----\n",
    )
    .unwrap();
    assert!(matches!(refusal(), SourceError::Tls { .. }));
}
