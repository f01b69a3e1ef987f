//! The HTTP client of a mirror: trust, identity, way, redirects.

use crate::secrets::Opened;
use crate::source::{Credentials, SourceConfig, SourceError, config::HttpCredentials};
use reqwest::{
    Certificate, Identity,
    blocking::Client,
    redirect::{Attempt, Policy},
};
use std::{fs, path::Path, time::Duration};

/// Time for the connection alone; a host that is down should not cost a whole fetch's time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Most redirects followed, as `git` has it for the first request.
const MAX_REDIRECTS: usize = 5;

/// Makes the client of a mirror. It goes straight to the host, or by the configured proxy.
///
/// # Errors
///
/// - [`SourceError::Io`] if the file of certificate authorities, of the certificate or of its key cannot be
///   read.
/// - [`SourceError::Tls`] if one of them, or what the system has, cannot be used.
/// - [`SourceError::CertificateForOthers`] if the certificate would be shown to somebody else.
pub(in crate::source) fn client(config: &SourceConfig) -> Result<Client, SourceError> {
    let unusable = |check| {
        move |source| SourceError::Tls {
            location: config.location.to_string(),
            check,
            source,
        }
    };
    let credentials = &config.credentials;
    let authorities = match &credentials.ca_file {
        None => Vec::new(),
        Some(file) => Certificate::from_pem_bundle(&read(file)?).map_err(unusable("`ca_file`"))?,
    };
    // An error says that another part of the process was first, with the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the client of `source`: bounded in time, redirects and addresses"
    )]
    let mut builder = Client::builder()
        .user_agent(concat!("git/2 (orloj ", env!("CARGO_PKG_VERSION"), ")"))
        .connect_timeout(CONNECT_TIMEOUT)
        .redirect(Policy::custom(redirect))
        .referer(false)
        .no_proxy()
        .tls_certs_merge(authorities);
    if let Some(identity) = identity(credentials)? {
        builder = builder
            .identity(identity.map_err(unusable("`client_cert_file` and `client_key_file`"))?);
    }
    if let Some(other) = other_seer(config) {
        return Err(SourceError::CertificateForOthers {
            location: config.location.to_string(),
            other,
        });
    }
    if let Some(proxy) = &credentials.proxy {
        builder = builder.proxy(proxy.to_reqwest().map_err(unusable("`proxy`"))?);
    }
    let check = match credentials.client_certificate {
        Some(_) => "`ca_file`, `client_cert_file` and `client_key_file`",
        None => "`ca_file`",
    };
    builder.build().map_err(unusable(check))
}

/// Who else would be shown the client certificate: one client makes all connections.
fn other_seer(config: &SourceConfig) -> Option<String> {
    let credentials = &config.credentials;
    credentials.client_certificate.as_ref()?;
    let proxy = credentials.proxy.as_ref().filter(|proxy| proxy.is_tls());
    let app = match &credentials.http {
        HttpCredentials::App(app) => Some(app).filter(|app| app.is_elsewhere(&config.location)),
        _ => None,
    };
    let proxy = proxy.map(ToString::to_string);
    proxy.or_else(|| app.map(|app| app.api().to_string()))
}

/// The certificate and its key, if they are configured and can be read.
fn identity(
    credentials: &Credentials,
) -> Result<Option<Result<Identity, reqwest::Error>>, SourceError> {
    let Some(files) = &credentials.client_certificate else {
        return Ok(None);
    };
    let mut pem = read(&files.key_file)?;
    pem.push(b'\n');
    pem.extend(read(&files.certificate_file)?);
    let pem = Opened::new(pem);
    Ok(Some(Identity::from_pem(pem.expose_bytes())))
}

fn read(file: &Path) -> Result<Vec<u8>, SourceError> {
    fs::read(file).map_err(|error| SourceError::io("read", file, error))
}

/// Follows a redirect on the same host only, and never from `https` to `http`.
fn redirect(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let allowed = attempt.previous().last().is_some_and(|from| {
        let to = attempt.url();
        let same = from.scheme() == to.scheme()
            && from.port_or_known_default() == to.port_or_known_default();
        let upgrade = from.scheme() == "http" && to.scheme() == "https";
        from.host_str() == to.host_str() && (same || upgrade)
    });
    if allowed && attempt.previous().len() <= MAX_REDIRECTS {
        attempt.follow()
    } else {
        attempt.stop()
    }
}
