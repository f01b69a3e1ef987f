//! Git's smart HTTP protocol over reqwest and rustls.
//!
//! Protocol: <https://git-scm.com/docs/gitprotocol-http>.

use super::{
    Form, HttpCredentials, SourceError, Transfer, github_app::Given, lock, patience::retry_after,
};
use git2::{
    Error,
    transport::{Service, SmartSubtransport, SmartSubtransportStream},
};
use reqwest::{
    StatusCode,
    blocking::{RequestBuilder, Response},
    header::{ACCEPT, CONTENT_TYPE, LOCATION},
};
use std::{
    io::{self, Read, Write},
    sync::Arc,
};

/// Largest list of references in bytes: some 400,000 of them.
const MAX_ADVERTISEMENT_BYTES: u64 = 32 << 20;

const INFO_REFS: &str = "/info/refs";
const SERVICE: &str = "git-upload-pack";

/// Whose password a GitHub App's token is.
const APP_USER: &str = "x-access-token";

/// The HTTP side of one transfer.
pub(super) struct Http(pub(super) Arc<Transfer>);

impl SmartSubtransport for Http {
    fn action(
        &self,
        _url: &str,
        action: Service,
    ) -> Result<Box<dyn SmartSubtransportStream>, Error> {
        let listing = match action {
            Service::UploadPackLs => true,
            Service::UploadPack => false,
            Service::ReceivePackLs | Service::ReceivePack => {
                return Err(Error::from_str("a source is never pushed to"));
            }
        };
        Ok(Box::new(Exchange {
            transfer: Arc::clone(&self.0),
            listing,
            request: Vec::new(),
            response: None,
            received: 0,
        }))
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

/// One request and its answer; sent when libgit2 starts to read.
struct Exchange {
    transfer: Arc<Transfer>,
    listing: bool,
    request: Vec<u8>,
    response: Option<Response>,
    received: u64,
}

impl Exchange {
    fn send(&mut self) -> Result<Response, SourceError> {
        let transfer = Arc::clone(&self.transfer);
        let (mut response, token) = self.ask()?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let (HttpCredentials::App(app), Some(token)) = (&transfer.http, token)
        {
            // It may have been revoked; what was made for this request is refused for another reason.
            app.discard(&token.text);
            if self.listing && !token.is_new {
                (response, _) = self.ask()?;
            }
        }
        judge(&transfer, &response, self.listing)?;
        if self.listing {
            let base = response.url().as_str().split(INFO_REFS).next();
            *lock(&transfer.base) = base.map(str::to_owned);
        }
        Ok(response)
    }

    /// Sends the request; also returns the token of an App that went with it.
    fn ask(&mut self) -> Result<(Response, Option<Given>), SourceError> {
        let transfer = &*self.transfer;
        let (Form::Http(location), Some(client)) = (&transfer.form, &transfer.client) else {
            return Err(protocol(transfer, "the address is not an HTTP one"));
        };
        let token = match &transfer.http {
            HttpCredentials::App(app) => Some(app.token(client, transfer)?),
            _ => None,
        };
        let configured = || location.url.as_str().trim_end_matches('/').to_owned();
        let request = if self.listing {
            client.get(format!("{}{INFO_REFS}?service={SERVICE}", configured()))
        } else {
            let base = lock(&transfer.base).clone().unwrap_or_else(configured);
            client
                .post(format!("{base}/{SERVICE}"))
                .header(CONTENT_TYPE, format!("application/x-{SERVICE}-request"))
                .header(ACCEPT, format!("application/x-{SERVICE}-result"))
                .body(std::mem::take(&mut self.request))
        };
        let request = match &token {
            Some(token) => request.basic_auth(APP_USER, token.text.expose_text()),
            None => authorise(transfer, request)?,
        };
        let left = transfer.left();
        if left.is_zero() {
            return Err(transfer.timed_out());
        }
        let sent = request.timeout(left).send();
        let response = sent.map_err(|error| network(transfer, &transfer.location, error))?;
        Ok((response, token))
    }

    fn receive(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.response.is_none() {
            let sent = self.send();
            self.response = Some(sent.map_err(|error| self.transfer.fail(error))?);
        }
        let Some(response) = &mut self.response else {
            return Ok(0);
        };
        let transfer = &self.transfer;
        if transfer.left().is_zero() {
            return Err(transfer.fail(transfer.timed_out()));
        }
        let count = match response.read(buffer) {
            Ok(count) => count,
            Err(error) => {
                let timed_out = error
                    .get_ref()
                    .and_then(|inner| inner.downcast_ref::<reqwest::Error>())
                    .is_some_and(reqwest::Error::is_timeout);
                return Err(transfer.fail(if timed_out || transfer.left().is_zero() {
                    transfer.timed_out()
                } else {
                    SourceError::Network {
                        location: transfer.location.clone(),
                        source: "the connection broke off in the middle of an answer".into(),
                    }
                }));
            }
        };
        transfer.count(count)?;
        self.received += count as u64;
        if self.listing && self.received > MAX_ADVERTISEMENT_BYTES {
            return Err(transfer.fail(SourceError::TransferTooLarge {
                location: transfer.location.clone(),
                limit: MAX_ADVERTISEMENT_BYTES,
            }));
        }
        Ok(count)
    }
}

impl Read for Exchange {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.receive(buffer)
    }
}

impl Write for Exchange {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.request.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn authorise(transfer: &Transfer, request: RequestBuilder) -> Result<RequestBuilder, SourceError> {
    let text = |secret: &crate::secrets::Opened| {
        secret
            .expose_text()
            .map(str::to_owned)
            .ok_or_else(|| SourceError::Auth {
                location: transfer.location.clone(),
                detail: "the configured credential is blank or not UTF-8".to_owned(),
            })
    };
    Ok(match &transfer.http {
        HttpCredentials::None | HttpCredentials::App(_) => request,
        HttpCredentials::Basic { username, password } => {
            // A token may stand as the user name alone.
            request.basic_auth(username, password.expose_text())
        }
        HttpCredentials::Bearer(token) => request.bearer_auth(text(token)?),
    })
}

/// Whether an answer is Git's.
fn judge(transfer: &Transfer, response: &Response, listing: bool) -> Result<(), SourceError> {
    let location = transfer.location.clone();
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let server = || SourceError::Server {
        location: transfer.location.clone(),
        status: status.as_u16(),
        retry_after,
    };
    match status {
        StatusCode::FORBIDDEN if retry_after.is_some() => {
            return Err(server());
        }
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            return Err(SourceError::Auth {
                location,
                detail: format!("status {}", status.as_u16()),
            });
        }
        StatusCode::PROXY_AUTHENTICATION_REQUIRED => {
            return Err(SourceError::Network {
                location,
                source: match &transfer.proxy {
                    Some(proxy) => format!("the proxy `{proxy}` wants other credentials").into(),
                    None => "a proxy on the way wants credentials".into(),
                },
            });
        }
        StatusCode::NOT_FOUND | StatusCode::GONE => {
            return Err(SourceError::RepositoryNotFound {
                location,
                remote: true,
            });
        }
        StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT => return Err(server()),
        status if status.is_server_error() => return Err(server()),
        status if status.is_redirection() => {
            return Err(protocol(transfer, redirected(response)));
        }
        status if !status.is_success() => {
            let detail = format!("it answered with status {}", status.as_u16());
            return Err(protocol(transfer, detail));
        }
        _ => {}
    }
    let sort = if listing { "advertisement" } else { "result" };
    let wanted = format!("application/x-{SERVICE}-{sort}");
    let given = response.headers().get(CONTENT_TYPE);
    if given.is_some_and(|given| given.as_bytes() == wanted.as_bytes()) {
        return Ok(());
    }
    Err(protocol(
        transfer,
        "its answer is not Git's; is the address that of a repository?",
    ))
}

fn redirected(response: &Response) -> String {
    let target = response
        .headers()
        .get(LOCATION)
        .and_then(|value| response.url().join(value.to_str().ok()?).ok());
    match target.as_ref().and_then(url::Url::host_str) {
        Some(host) => format!(
            "it redirects to `{host}` in a way that is not followed; if that is right, configure the new address"
        ),
        None => "it redirects to nowhere".to_owned(),
    }
}

fn protocol(transfer: &Transfer, detail: impl Into<String>) -> SourceError {
    SourceError::Protocol {
        location: transfer.location.clone(),
        detail: detail.into(),
    }
}

/// A request that `location` did not answer.
pub(super) fn network(transfer: &Transfer, location: &str, error: reqwest::Error) -> SourceError {
    if error.is_timeout() && transfer.left().is_zero() {
        return transfer.timed_out();
    }
    let error = error.without_url();
    SourceError::Network {
        location: location.to_owned(),
        source: match &transfer.proxy {
            Some(proxy) => Box::new(ThroughProxy {
                proxy: proxy.to_string(),
                source: error,
            }),
            None => Box::new(error),
        },
    }
}

/// Which way the request took that failed.
#[derive(Debug, thiserror::Error)]
#[error("the way was through the proxy `{proxy}`")]
struct ThroughProxy {
    proxy: String,
    source: reqwest::Error,
}
