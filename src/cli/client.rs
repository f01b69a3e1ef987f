//! The daemon's API, as the client commands use it.

use super::{
    environment::Environment, error::CliError, exit::Exit, report::Reported, session::Session,
};
use clap::Args;
use reqwest::{
    Method, StatusCode, Url,
    blocking::{Client as Http, RequestBuilder, Response},
    header::{AUTHORIZATION, HeaderValue},
    redirect,
};
use serde_json::Value;
use std::{
    error::Error,
    io::{BufReader, Read as _},
    time::Duration,
};

/// Where a daemon listens that was told nothing.
const DEFAULT_SERVER: &str = "http://127.0.0.1:8080";

/// A daemon on the other side of the world answers a connection sooner.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// `sync` waits for a fetch, which the daemon bounds to a minute, and for what follows it.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(150);

/// A stream of events is opened again at the latest after a day.
const WATCH_TIMEOUT: Duration = Duration::from_hours(24);

/// Largest answer that is read, in bytes; the catalog of a very large repository is below it.
const MAX_ANSWER_BYTES: u64 = 256 << 20;

/// Where the daemon is, and how it knows who asks.
#[derive(Debug, Args)]
pub(crate) struct ServerArgs {
    /// The daemon's address [default: `http://127.0.0.1:8080`]
    #[arg(
        long,
        env = "ORLOJ_SERVER",
        value_name = "URL",
        hide_env_values = true,
        help_heading = "Daemon"
    )]
    server: Option<String>,
    /// The token for the daemon's API
    #[arg(
        long,
        env = "ORLOJ_API_TOKEN",
        value_name = "TOKEN",
        hide_env_values = true,
        help_heading = "Daemon"
    )]
    api_token: Option<Token>,
}

/// A token that cannot be printed.
#[derive(Clone)]
pub(crate) struct Token(String);

impl Token {
    /// The token itself, for handing on.
    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl std::str::FromStr for Token {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(Self(text.trim().to_owned()))
    }
}

impl std::fmt::Debug for Token {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Token(***)")
    }
}

impl ServerArgs {
    /// A client for the daemon that flags and variables name.
    pub(crate) fn client(&self, session: &Session) -> Result<Client, CliError> {
        let Environment {
            ctl_server,
            ctl_token,
            ..
        } = session.environment();
        let named = self.server.as_deref().map(str::trim);
        let server = named.filter(|text| !text.is_empty());
        let server = server.or(ctl_server.as_deref()).unwrap_or(DEFAULT_SERVER);
        let token = self.api_token.as_ref().map(Token::expose);
        let token = token.filter(|text| !text.is_empty());
        Client::new(server, token.or(ctl_token.as_deref()))
    }
}

/// Talks to one daemon.
pub(crate) struct Client {
    http: Http,
    server: Url,
    token: Option<HeaderValue>,
}

impl Client {
    /// Nothing is sent yet.
    pub(crate) fn new(server: &str, token: Option<&str>) -> Result<Self, CliError> {
        let hint = "name it as `--server http://HOST:PORT`";
        let url = if server.contains("://") {
            Url::parse(server)
        } else {
            Url::parse(&format!("http://{server}"))
        };
        let server = url.map_err(|error| {
            CliError::usage("the daemon's address is not a URL")
                .because(&error)
                .with_hint(hint)
        })?;
        if !matches!(server.scheme(), "http" | "https") || server.host().is_none() {
            let message = format!(
                "the daemon's address is not an HTTP URL: `{}`",
                shown(&server)
            );
            return Err(CliError::usage(message).with_hint(hint));
        }
        let token = token.map(|token| {
            let mut value = HeaderValue::try_from(format!("Bearer {token}"))
                .map_err(|_| CliError::usage("the API token holds characters that no token has"))?;
            value.set_sensitive(true);
            Ok::<_, CliError>(value)
        });
        Ok(Self {
            http: http(&server)?,
            server,
            token: token.transpose()?,
        })
    }

    /// Asks for `path` (its segments), with query parameters.
    pub(crate) fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, CliError> {
        self.send(Method::GET, path, query, None)
    }

    /// Sends a body, or none.
    pub(crate) fn post(&self, path: &[&str], body: Option<&Value>) -> Result<Value, CliError> {
        self.send(Method::POST, path, &[], body)
    }

    /// Asks for a removal.
    pub(crate) fn delete(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Value, CliError> {
        self.send(Method::DELETE, path, query, None)
    }

    /// Opens the stream of events behind the one with this number, or from now on.
    pub(crate) fn events(&self, after: Option<u64>) -> Result<BufReader<Response>, CliError> {
        let mut request = self.request(Method::GET, &["api", "v1", "events"], &[]);
        request = request.timeout(WATCH_TIMEOUT);
        if let Some(after) = after {
            request = request.header("last-event-id", after);
        }
        let answer = request.send().map_err(|error| self.unreachable(error))?;
        if answer.status().is_success() {
            return Ok(BufReader::new(answer));
        }
        let failed = || CliError::new("the daemon tells of no events");
        Err(self.read(answer).err().unwrap_or_else(failed))
    }

    fn request(&self, method: Method, path: &[&str], query: &[(&str, &str)]) -> RequestBuilder {
        let mut url = self.server.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        let request = self.http.request(method, url);
        match &self.token {
            Some(token) => request.header(AUTHORIZATION, token.clone()),
            None => request,
        }
    }

    fn send(
        &self,
        method: Method,
        path: &[&str],
        query: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Value, CliError> {
        let mut request = self.request(method, path, query);
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().map_err(|error| self.unreachable(error))?;
        self.read(answer)
    }

    fn read(&self, answer: Response) -> Result<Value, CliError> {
        let status = answer.status();
        let mut bytes = Vec::new();
        answer
            .take(MAX_ANSWER_BYTES)
            .read_to_end(&mut bytes)
            .map_err(|error| {
                let message = format!("failed to read the answer of `{}`", shown(&self.server));
                CliError::new(message).because(&error)
            })?;
        if status == StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let body: Option<Value> = serde_json::from_slice(&bytes).ok();
        match (status.is_success(), body) {
            (true, Some(body)) => Ok(body),
            (false, body) => Err(problem(status, &body.unwrap_or_default())),
            (true, None) => Err(CliError::new(format!(
                "`{}` does not answer like an orloj daemon",
                shown(&self.server)
            ))
            .with_hint("check `--server`")),
        }
    }

    fn unreachable(&self, error: reqwest::Error) -> CliError {
        let server = shown(&self.server);
        // The URL may hold a password.
        let error = error.without_url();
        if error.is_timeout() && !error.is_connect() {
            return CliError::new(format!("`{server}` did not answer in time")).because(&error);
        }
        let failed =
            CliError::new(format!("no daemon answers at `{server}`")).because(innermost(&error));
        if error.is_connect() {
            return failed.with_hint(
                "is the daemon running? start `orloj demo` or `orloj serve`, or name it with `--server`",
            );
        }
        failed
    }
}

/// What the layers of the HTTP client wrap; they say nothing that a user could act on.
fn innermost<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(deeper) = cause.source() {
        cause = deeper;
    }
    cause
}

/// A refusal of the daemon as an error.
fn problem(status: StatusCode, body: &Value) -> CliError {
    let text = |key: &str| body.get(key).and_then(Value::as_str).map(str::to_owned);
    let said = text("detail").or_else(|| text("title"));
    let message = said.unwrap_or_else(|| format!("the daemon answered with status {status}"));
    let error = CliError::new(message).with_findings(Reported::of_json(body));
    match status {
        StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
            error.with_hint("give the daemon's token with `--api-token` or `ORLOJ_API_TOKEN`")
        }
        StatusCode::PRECONDITION_FAILED => error.with_exit(Exit::Stale),
        StatusCode::UNPROCESSABLE_ENTITY | StatusCode::CONFLICT => error.with_exit(Exit::Invalid),
        _ => error,
    }
}

/// The address without a password.
fn shown(server: &Url) -> String {
    let mut server = server.clone();
    let _ = server.set_username("");
    let _ = server.set_password(None);
    server.as_str().trim_end_matches('/').to_owned()
}

#[expect(
    clippy::disallowed_methods,
    reason = "the command line's own client, with its time and redirects bounded here"
)]
fn http(server: &Url) -> Result<Http, CliError> {
    // An error says that another part of the process was first, with the same provider.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let builder = Http::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .timeout(ANSWER_TIMEOUT)
        .redirect(redirect::Policy::none())
        .user_agent(concat!("orloj/", env!("CARGO_PKG_VERSION")));
    let is_local = matches!(server.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    let builder = if is_local {
        builder.no_proxy()
    } else {
        builder
    };
    builder
        .build()
        .map_err(|error| CliError::new("failed to set up HTTP").because(&error))
}
