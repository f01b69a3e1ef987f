//! The HTTP proxy between this machine and a Git server.

use super::{Location, location::Form};
use crate::secrets::Opened;
use reqwest::NoProxy;
use std::{fmt, net::IpAddr, sync::Arc};
use url::{Host, Url};

/// Why a text is not the address of a proxy. The text itself is not repeated: it may hold a password.
#[derive(Debug, thiserror::Error)]
#[error("is not the address of a proxy ({0}); write `http://HOST:PORT`")]
pub struct ProxyError(&'static str);

/// A variable that does not name a proxy.
#[derive(Debug, thiserror::Error)]
#[error("`{variable}` {error}, or `auth.proxy: none` in the configuration")]
pub struct ProxyVariableError {
    variable: &'static str,
    error: ProxyError,
}

/// A variable of the environment, by its name.
pub type Variable = (&'static str, String);

/// A forward proxy: `https` goes through it by `CONNECT`, `http` by whole addresses.
#[derive(Clone)]
pub struct GitProxy {
    /// Without user information.
    url: Url,
    user: Option<(String, Arc<Opened>)>,
    /// Hosts that are reached without it, as `NO_PROXY` names them.
    except: Option<String>,
}

/// What the environment says of proxies, as curl and Git read it.
#[derive(Default)]
pub struct ProxyVariables {
    /// `https_proxy` or `HTTPS_PROXY`.
    pub https: Option<Variable>,
    /// `http_proxy`; in capitals it may come from a request's header.
    pub http: Option<Variable>,
    /// `all_proxy` or `ALL_PROXY`.
    pub all: Option<Variable>,
    /// `no_proxy` or `NO_PROXY`.
    pub no: Option<Variable>,
}

impl GitProxy {
    /// Reads `http://HOST:PORT`, `https://HOST:PORT` or `HOST:PORT`; `USER:PASSWORD@` may stand before the
    /// host.
    ///
    /// # Errors
    ///
    /// - [`ProxyError`] for anything else, such as `socks5://…`.
    pub fn parse(text: &str) -> Result<Self, ProxyError> {
        let text = text.trim();
        let url = if text.contains("://") {
            Url::parse(text)
        } else {
            Url::parse(&format!("http://{text}"))
        };
        let mut url = url.map_err(|_| ProxyError("it cannot be read"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(ProxyError("its scheme is neither `http` nor `https`"));
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(ProxyError("something follows its port"));
        }
        let name = super::location::decoded(url.username());
        let password = super::location::decoded(url.password().unwrap_or_default());
        let (Ok(name), Ok(password)) = (name, password) else {
            return Err(ProxyError("an escape in it stands for no text"));
        };
        if name.is_empty() && !password.is_empty() {
            return Err(ProxyError("a password stands in it without a user"));
        }
        let user = (!name.is_empty()).then(|| (name, Arc::new(Opened::new(password.into_bytes()))));
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| ProxyError("it names no host"))?;
        Ok(Self {
            url,
            user,
            except: None,
        })
    }

    /// The proxy that the environment names for a location. This machine itself is reached without one, and
    /// so are directories and ssh.
    ///
    /// # Errors
    ///
    /// - [`ProxyVariableError`] if what it names is none.
    pub fn of_variables(
        variables: &ProxyVariables,
        location: &Location,
    ) -> Result<Option<Self>, ProxyVariableError> {
        let Form::Http(http) = location.form() else {
            return Ok(None);
        };
        let own = match http.url.scheme() {
            "https" => &variables.https,
            _ => &variables.http,
        };
        let Some((variable, text)) = own.as_ref().or(variables.all.as_ref()) else {
            return Ok(None);
        };
        if is_here(&http.url) {
            return Ok(None);
        }
        let proxy = Self::parse(text).map_err(|error| ProxyVariableError { variable, error })?;
        Ok(Some(Self {
            except: variables.no.as_ref().map(|(_, hosts)| hosts.clone()),
            ..proxy
        }))
    }

    /// With this password for the user that its address names.
    #[must_use]
    pub fn with_password(mut self, password: Opened) -> Self {
        let name = self.user.map(|(name, _)| name).unwrap_or_default();
        self.user = Some((name, Arc::new(password)));
        self
    }

    /// Whether its address names a user.
    pub fn has_user(&self) -> bool {
        self.user.is_some()
    }

    /// Whether it is reached over TLS, with what this machine shows of itself.
    pub(super) fn is_tls(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(super) fn to_reqwest(&self) -> Result<reqwest::Proxy, reqwest::Error> {
        let mut proxy = reqwest::Proxy::all(self.url.clone())?;
        if let Some((name, password)) = &self.user {
            proxy = proxy.basic_auth(name, password.expose_text().unwrap_or_default());
        }
        let except = self.except.as_deref().and_then(NoProxy::from_string);
        Ok(proxy.no_proxy(except))
    }
}

/// Whether a URL names this machine by loopback.
pub(super) fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        Some(Host::Ipv4(address)) => IpAddr::from(address).is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::from(address).is_loopback(),
        None => false,
    }
}

/// Without user information.
impl fmt::Display for GitProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.url.as_str().trim_end_matches('/'))
    }
}

/// As it is shown.
impl fmt::Debug for GitProxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "GitProxy({self})")
    }
}
