//! Tokens of a GitHub App: for one repository, for reading, short-lived, renewed ahead of their end.
//!
//! API: <https://docs.github.com/rest/apps/apps#create-an-installation-access-token-for-an-app>.

use super::{
    SourceError, Transfer,
    http::network,
    lock,
    patience::{retry_after, server_time},
};
use crate::{
    secrets::Opened,
    source::{Location, location::Form, proxy::is_here, text::safe},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use reqwest::{
    StatusCode,
    blocking::{Client, Response},
    header::ACCEPT,
};
use ring::{rand::SystemRandom, rsa::KeyPair, signature::RSA_PKCS1_SHA256};
use rustls::pki_types::{PrivateKeyDer, pem::PemObject as _};
use serde::Deserialize;
use serde_json::json;
use std::{
    fmt,
    io::Read as _,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};
use url::Url;

/// A token is renewed this long before its end, or when half of its life is over.
const AHEAD: Duration = Duration::from_mins(5);

/// GitHub refuses a proof that is valid for more than ten minutes, and one from its future.
const PROOF_BEGINS: SignedDuration = SignedDuration::from_secs(-60);
const PROOF_ENDS: SignedDuration = SignedDuration::from_secs(9 * 60);

/// Clocks that differ by less are not the reason of a refusal.
const SAME_TIME: SignedDuration = SignedDuration::from_secs(30);

/// Largest answer that is read, in bytes; real ones have some thousand.
const MAX_ANSWER_BYTES: u64 = 256 << 10;

/// Why an App cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum GithubAppError {
    /// Tokens would travel in clear text, or there is nothing to send them to.
    #[error("is for repositories over `https://`, and `api_url` begins so too")]
    NotHttps,
    /// The API's address is none.
    #[error(
        "has an `api_url` that is not the address of GitHub's API, such as `https://HOST/api/v3`"
    )]
    Api,
    /// The key is not one.
    #[error("has a `private_key_file` that holds no RSA key in PEM as GitHub gives it")]
    Key,
}

/// A GitHub App that is installed where a repository is.
///
/// Its key signs a proof for GitHub's API alone, and the tokens that come back go to the repository's host
/// alone.
pub struct GithubApp {
    app: String,
    installation: u64,
    key: KeyPair,
    api: Url,
    repository: String,
    state: Mutex<State>,
}

/// What is kept between two fetches.
#[derive(Default)]
struct State {
    token: Option<Token>,
    /// How much GitHub's clock is ahead of this machine's.
    ahead: SignedDuration,
}

#[derive(Clone)]
struct Token {
    text: Arc<Opened>,
    renew: Instant,
    end: Instant,
}

/// A token to be sent.
pub(super) struct Given {
    pub(super) text: Arc<Opened>,
    /// Whether it was made just now.
    pub(super) is_new: bool,
}

/// What GitHub answers; the rest is not read.
#[derive(Deserialize)]
struct Answer {
    token: String,
    expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Refusal {
    message: String,
}

impl GithubApp {
    /// The App `app` (its id or client id), installed as `installation`, which may read `location`.
    /// `key` is its private key in PEM; `api` is where its API is, if not where it usually is.
    ///
    /// # Errors
    ///
    /// - [`GithubAppError`] if one of them cannot be right.
    pub fn new(
        app: &str,
        installation: u64,
        key: &Opened,
        api: Option<&str>,
        location: &Location,
    ) -> Result<Self, GithubAppError> {
        let Form::Http(http) = location.form() else {
            return Err(GithubAppError::NotHttps);
        };
        let api = match api {
            Some(text) => Url::parse(text).map_err(|_| GithubAppError::Api)?,
            None => usual_api(&http.url).ok_or(GithubAppError::Api)?,
        };
        if ![&http.url, &api].iter().all(|url| is_private(url)) {
            return Err(GithubAppError::NotHttps);
        }
        let plain = api.query().is_none() && api.fragment().is_none();
        if !plain || !api.username().is_empty() || api.password().is_some() {
            return Err(GithubAppError::Api);
        }
        let name = http.url.path().rsplit('/').next().unwrap_or_default();
        Ok(Self {
            app: app.to_owned(),
            installation,
            key: read_key(key).ok_or(GithubAppError::Key)?,
            api,
            repository: name.strip_suffix(".git").unwrap_or(name).to_owned(),
            state: Mutex::default(),
        })
    }

    /// Whether the API is at another host than the repository's.
    pub(super) fn is_elsewhere(&self, location: &Location) -> bool {
        !matches!(location.form(), Form::Http(http) if http.url.host() == self.api.host())
    }

    /// Where the API is.
    pub(super) fn api(&self) -> &Url {
        &self.api
    }

    /// The token that is there, unless it ends soon; then a new one.
    ///
    /// # Errors
    ///
    /// - [`SourceError::App`] if GitHub refuses; others if it cannot be asked.
    pub(super) fn token(&self, client: &Client, transfer: &Transfer) -> Result<Given, SourceError> {
        let given = |text, is_new| Given { text, is_new };
        // Held while GitHub is asked: who comes meanwhile waits for the same token.
        let mut state = lock(&self.state);
        let now = Instant::now();
        let held = state.token.clone().filter(|token| now < token.end);
        if let Some(token) = held.as_ref().filter(|token| now < token.renew) {
            return Ok(given(Arc::clone(&token.text), false));
        }
        match (self.renew(&mut state, client, transfer), held) {
            (Ok(token), _) => Ok(given(token, true)),
            (Err(error), Some(token)) if error.transient() => {
                tracing::warn!(%error, "the token of the GitHub App was not renewed; it is still valid");
                Ok(given(token.text, false))
            }
            (Err(error), _) => Err(error),
        }
    }

    /// Forgets a token that was refused.
    pub(super) fn discard(&self, refused: &Arc<Opened>) {
        let mut state = lock(&self.state);
        let is_it = |token: &Token| Arc::ptr_eq(&token.text, refused);
        if state.token.as_ref().is_some_and(is_it) {
            state.token = None;
        }
    }

    fn renew(
        &self,
        state: &mut State,
        client: &Client,
        transfer: &Transfer,
    ) -> Result<Arc<Opened>, SourceError> {
        let (mut response, mut proof) = self.ask(state.ahead, client, transfer)?;
        if response.status() == StatusCode::UNAUTHORIZED
            && let Some(theirs) = server_time(response.headers())
        {
            let ahead = theirs.duration_since(Timestamp::now());
            if (ahead - state.ahead).abs() > SAME_TIME {
                state.ahead = ahead;
                (response, proof) = self.ask(ahead, client, transfer)?;
            }
        }
        if response.status() != StatusCode::CREATED {
            return Err(self.refused(response, &proof, transfer));
        }
        let asked = Instant::now();
        let now = server_time(response.headers()).unwrap_or_else(|| Timestamp::now() + state.ahead);
        let answer: Answer =
            read(response).ok_or_else(|| self.error(transfer, "an answer that is none"))?;
        let life = Duration::try_from(answer.expires_at.duration_since(now)).unwrap_or_default();
        let text = Arc::new(Opened::new(answer.token.into_bytes()));
        state.token = Some(Token {
            text: Arc::clone(&text),
            renew: asked + life.saturating_sub(AHEAD.min(life / 2)),
            end: asked + life,
        });
        Ok(text)
    }

    /// Asks for a token that reads this repository and no other; also returns the proof that was sent.
    fn ask(
        &self,
        ahead: SignedDuration,
        client: &Client,
        transfer: &Transfer,
    ) -> Result<(Response, String), SourceError> {
        let proof = self
            .proof(Timestamp::now() + ahead)
            .ok_or_else(|| self.error(transfer, "a key that signs nothing"))?;
        let left = transfer.left();
        if left.is_zero() {
            return Err(transfer.timed_out());
        }
        let base = self.api.as_str().trim_end_matches('/');
        let sent = client
            .post(format!(
                "{base}/app/installations/{}/access_tokens",
                self.installation
            ))
            .header(ACCEPT, "application/vnd.github+json")
            .header("x-github-api-version", "2022-11-28")
            .bearer_auth(&proof)
            .json(&json!({"repositories": [self.repository], "permissions": {"contents": "read"}}))
            .timeout(left)
            .send();
        let response = sent.map_err(|error| network(transfer, self.api.as_str(), error))?;
        Ok((response, proof))
    }

    /// Says who the App is, for nine minutes (RFC 7519, RS256).
    fn proof(&self, now: Timestamp) -> Option<String> {
        let claims = json!({
            "iat": (now + PROOF_BEGINS).as_second(),
            "exp": (now + PROOF_ENDS).as_second(),
            "iss": self.app,
        });
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let head = encode(br#"{"alg":"RS256","typ":"JWT"}"#);
        let signed = format!("{head}.{}", encode(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.key.public().modulus_len()];
        let random = SystemRandom::new();
        let message = signed.as_bytes();
        self.key
            .sign(&RSA_PKCS1_SHA256, &random, message, &mut signature)
            .ok()?;
        Some(format!("{signed}.{}", encode(&signature)))
    }

    fn refused(&self, response: Response, proof: &str, transfer: &Transfer) -> SourceError {
        let status = response.status();
        let retry_after = retry_after(response.headers());
        let busy = status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS;
        if busy || (status == StatusCode::FORBIDDEN && retry_after.is_some()) {
            return SourceError::Server {
                location: self.api.to_string(),
                status: status.as_u16(),
                retry_after,
            };
        }
        let advice = match status {
            StatusCode::UNAUTHORIZED => "; check `app_id`, `private_key_file` and the clock",
            StatusCode::FORBIDDEN => "; is the installation suspended?",
            StatusCode::NOT_FOUND => "; check `installation_id` and `api_url`",
            StatusCode::UNPROCESSABLE_ENTITY => {
                "; may the App read the contents of this repository?"
            }
            _ => "",
        };
        let said = read::<Refusal>(response).map(|refusal| {
            // Whoever repeats the proof does not get it into a log.
            let message = refusal.message.replace(proof, "…");
            let message: String = message.chars().take(200).collect();
            format!(" ({})", safe(&message))
        });
        let said = said.unwrap_or_default();
        self.error(
            transfer,
            &format!("status {}{said}{advice}", status.as_u16()),
        )
    }

    fn error(&self, transfer: &Transfer, detail: &str) -> SourceError {
        SourceError::App {
            location: transfer.location.clone(),
            api: self.api.to_string(),
            detail: detail.to_owned(),
        }
    }
}

/// Says which App it is.
impl fmt::Debug for GithubApp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GithubApp({} at {})", self.app, self.api)
    }
}

/// GitHub's own API, or that of a GitHub Enterprise host.
fn usual_api(repository: &Url) -> Option<Url> {
    let host = repository.host_str()?;
    let text = match host {
        "github.com" | "www.github.com" => "https://api.github.com".to_owned(),
        host if host.ends_with(".ghe.com") => format!("https://api.{host}"),
        _ => format!("{}/api/v3", repository.origin().ascii_serialization()),
    };
    Url::parse(&text).ok()
}

/// Whether nobody on the way reads what is sent.
fn is_private(url: &Url) -> bool {
    url.scheme() == "https" || (url.scheme() == "http" && is_here(url))
}

/// Reads an RSA key: PKCS #1, as GitHub gives it, or PKCS #8.
fn read_key(pem: &Opened) -> Option<KeyPair> {
    match PrivateKeyDer::from_pem_slice(pem.expose_bytes()).ok()? {
        PrivateKeyDer::Pkcs1(key) => KeyPair::from_der(key.secret_pkcs1_der()).ok(),
        PrivateKeyDer::Pkcs8(key) => KeyPair::from_pkcs8(key.secret_pkcs8_der()).ok(),
        _ => None,
    }
}

fn read<T: for<'a> Deserialize<'a>>(response: Response) -> Option<T> {
    let mut body = Vec::new();
    response
        .take(MAX_ANSWER_BYTES)
        .read_to_end(&mut body)
        .ok()?;
    let body = Opened::new(body);
    serde_json::from_slice(body.expose_bytes()).ok()
}
