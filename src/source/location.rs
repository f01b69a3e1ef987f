//! Where a repository is: the forms of address that are read, and how they are shown.

use crate::secrets::Opened;
use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};
use url::{Host, Url};

/// Longest address in bytes.
const MAX_LOCATION_BYTES: usize = 4096;

/// Why a text is not the location of a repository.
#[derive(Debug, thiserror::Error)]
#[error(
    "the repository location is not read: {why}; give a path, `https://…`, `ssh://…`, `user@host:path` or `http://…`"
)]
pub struct LocationError {
    why: String,
}

impl LocationError {
    fn new(why: impl Into<String>) -> Self {
        Self { why: why.into() }
    }
}

/// Where a repository is.
///
/// Shown without the user information that an `https` address may carry.
#[derive(Clone)]
pub struct Location(Form);

#[derive(Clone)]
pub(super) enum Form {
    Path(PathBuf),
    Http(HttpLocation),
    Ssh(SshLocation),
}

#[derive(Clone)]
pub(super) struct HttpLocation {
    /// Without user information, query and fragment.
    pub(super) url: Url,
    /// What stood before the `@`.
    pub(super) user: Option<(String, Arc<Opened>)>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SshLocation {
    pub(super) user: Option<String>,
    pub(super) host: String,
    pub(super) port: Option<u16>,
    /// As the remote's shell is to see it; relative to the home directory without a leading `/`.
    pub(super) path: String,
}

impl Location {
    /// Reads a path (bare or with a work tree), `file://`, `https://`, `http://`, `ssh://` or the
    /// short form `user@host:path`.
    ///
    /// # Errors
    ///
    /// - [`LocationError`] for other schemes, `transport::address` helpers, a leading `-`, control
    ///   characters. The text itself is not repeated: it may hold a password.
    pub fn parse(text: &str) -> Result<Self, LocationError> {
        if text.is_empty() {
            return Err(LocationError::new("it is empty"));
        }
        if text.len() > MAX_LOCATION_BYTES {
            return Err(LocationError::new("it is longer than 4096 bytes"));
        }
        if text.starts_with('-') {
            return Err(LocationError::new("it starts with `-`"));
        }
        if text.contains(char::is_control) {
            return Err(LocationError::new("it holds a control character"));
        }
        if let Some((scheme, _)) = text.split_once("://") {
            return Self::parse_url(scheme, text);
        }
        let colon = text.find(':');
        let slash = text.find('/').unwrap_or(text.len());
        match colon {
            Some(at) if text[at..].starts_with("::") && at < slash => Err(LocationError::new(
                "remote helpers (`name::address`) are never run",
            )),
            Some(at) if at < slash => {
                let (host, path) = (&text[..at], &text[at + 1..]);
                let (user, host) = match host.rsplit_once('@') {
                    Some((user, host)) => (Some(user), host),
                    None => (None, host),
                };
                SshLocation::new(user, host, None, path).map(|ssh| Self(Form::Ssh(ssh)))
            }
            _ => Ok(Self(Form::Path(PathBuf::from(text)))),
        }
    }

    /// A directory of this machine.
    pub fn directory(path: &Path) -> Self {
        Self(Form::Path(path.to_owned()))
    }

    /// The directory, if it is one of this machine.
    pub fn as_directory(&self) -> Option<&Path> {
        match &self.0 {
            Form::Path(path) => Some(path),
            Form::Http(_) | Form::Ssh(_) => None,
        }
    }

    pub(super) fn form(&self) -> &Form {
        &self.0
    }

    fn parse_url(scheme: &str, text: &str) -> Result<Self, LocationError> {
        let known = ["https", "http", "ssh", "file"];
        let scheme = scheme.to_ascii_lowercase();
        if !known.contains(&scheme.as_str()) {
            let shown: String = scheme.chars().take(20).collect();
            return Err(LocationError::new(format!(
                "the scheme `{shown}` is not read"
            )));
        }
        let url = Url::parse(text).map_err(|error| LocationError::new(error.to_string()))?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(LocationError::new("it holds `?` or `#`"));
        }
        match scheme.as_str() {
            "file" => url
                .to_file_path()
                .map(|path| Self(Form::Path(path)))
                .map_err(|()| LocationError::new("a `file://` address names another host")),
            "ssh" => SshLocation::of_url(&url).map(|ssh| Self(Form::Ssh(ssh))),
            _ => HttpLocation::of_url(url).map(|http| Self(Form::Http(http))),
        }
    }
}

impl HttpLocation {
    fn of_url(mut url: Url) -> Result<Self, LocationError> {
        let user = if url.username().is_empty() && url.password().is_none() {
            None
        } else {
            let name = decoded(url.username())?;
            let password = decoded(url.password().unwrap_or_default())?;
            Some((name, Arc::new(Opened::new(password.into_bytes()))))
        };
        let cleared = url.set_username("").and_then(|()| url.set_password(None));
        cleared.map_err(|()| LocationError::new("it names no host"))?;
        let path = url.path().trim_end_matches('/').to_owned();
        url.set_path(&path);
        Ok(Self { url, user })
    }
}

impl SshLocation {
    fn of_url(url: &Url) -> Result<Self, LocationError> {
        if url.password().is_some() {
            return Err(LocationError::new(
                "ssh takes no password in the address; use a key",
            ));
        }
        let user = decoded(url.username())?;
        let host = match url.host() {
            Some(Host::Domain(name)) => decoded(name)?,
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => return Err(LocationError::new("it names no host")),
        };
        let path = decoded(url.path())?;
        let path = path
            .strip_prefix('/')
            .filter(|rest| rest.starts_with('~'))
            .unwrap_or(&path);
        let user = (!user.is_empty()).then_some(user.as_str());
        Self::new(user, &host, url.port(), path)
    }

    fn new(
        user: Option<&str>,
        host: &str,
        port: Option<u16>,
        path: &str,
    ) -> Result<Self, LocationError> {
        let word = |text: &str, more: &str| {
            !text.is_empty()
                && !text.starts_with('-')
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || more.contains(c))
        };
        // A one-letter host would be a drive letter elsewhere; ssh's own expansion of `%` stays out.
        if !word(host, ".-_:") {
            return Err(LocationError::new("its host is not a host name"));
        }
        if user.is_some_and(|user| !word(user, ".-_+")) {
            return Err(LocationError::new("its user name is not one"));
        }
        if path.is_empty()
            || path == "/"
            || path.starts_with('-')
            || path.contains(char::is_control)
        {
            return Err(LocationError::new("its path is empty or starts with `-`"));
        }
        Ok(Self {
            user: user.map(str::to_owned),
            host: host.to_owned(),
            port,
            path: path.to_owned(),
        })
    }
}

pub(super) fn decoded(text: &str) -> Result<String, LocationError> {
    // `form_urlencoded` is the decoder that `url` brings; a `+` is a plus sign here.
    let query = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let decoded: String = url::form_urlencoded::parse(query.as_bytes())
        .map(|(name, _)| name)
        .collect();
    if decoded.contains(char::is_control) || decoded.contains('\u{FFFD}') {
        return Err(LocationError::new(
            "an escape in it stands for a control character or invalid UTF-8",
        ));
    }
    Ok(decoded)
}

/// Without user information.
impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Form::Path(path) => write!(f, "{}", path.display()),
            Form::Http(http) => f.write_str(http.url.as_str()),
            Form::Ssh(ssh) => {
                let user = ssh.user.iter().map(|user| format!("{user}@"));
                let user: String = user.collect();
                let host = if ssh.host.contains(':') {
                    format!("[{}]", ssh.host)
                } else {
                    ssh.host.clone()
                };
                let slash = if ssh.path.starts_with('/') { "" } else { "/" };
                match ssh.port {
                    None if slash == "/" => write!(f, "{user}{host}:{}", ssh.path),
                    None => write!(f, "ssh://{user}{host}{}", ssh.path),
                    Some(port) => write!(f, "ssh://{user}{host}:{port}{slash}{}", ssh.path),
                }
            }
        }
    }
}

/// As it is shown.
impl fmt::Debug for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Location({self})")
    }
}
