//! `auth` of the configuration: as whom a Git server is asked, and by which way.

use super::{
    config::read,
    error::DaemonError,
    file::{GitAuth, GithubAppAuth},
};
use crate::{
    secrets::Opened,
    source::{Credentials, GitProxy, GithubApp, Location, ProxyVariables},
};

/// What `proxy` says if none is to be used.
const NO_PROXY: &str = "none";

/// What a Git server at `location` is asked with.
///
/// # Errors
///
/// [`DaemonError::Setting`] and [`DaemonError::Read`] for what cannot be used.
pub(super) fn credentials(auth: &GitAuth, location: &Location) -> Result<Credentials, DaemonError> {
    let mut credentials = identity(auth, location)?;
    if let Some(file) = &auth.ssh_key_file {
        credentials = credentials.with_ssh_key_file(file);
    }
    if let Some(file) = &auth.known_hosts_file {
        credentials = credentials.with_known_hosts_file(file);
    }
    if let Some(file) = &auth.ca_file {
        credentials = credentials.with_ca_file(file);
    }
    credentials = match (&auth.client_cert_file, &auth.client_key_file) {
        (None, None) => credentials,
        (Some(certificate), Some(key)) => credentials.with_client_certificate(certificate, key),
        _ => {
            return Err(setting(
                "`auth`",
                "must say both `client_cert_file` and `client_key_file`, or neither",
            ));
        }
    };
    Ok(match proxy(auth, location)? {
        Some(proxy) => credentials.with_proxy(proxy),
        None => credentials,
    })
}

/// Who is to be seen in HTTP.
fn identity(auth: &GitAuth, location: &Location) -> Result<Credentials, DaemonError> {
    let secret = match &auth.secret_file {
        Some(path) => Some(secret(path, "`auth.secret_file`")?),
        None => None,
    };
    match (secret, &auth.username, &auth.github_app) {
        (None, None, Some(app)) => github_app(app, location),
        (_, _, Some(_)) => Err(setting(
            "`auth.github_app`",
            "goes without `username` and `secret_file`",
        )),
        (Some(secret), Some(username), None) => Ok(Credentials::basic(username.clone(), secret)),
        (Some(secret), None, None) => Ok(Credentials::bearer(secret)),
        (None, Some(_), None) => Err(setting(
            "`auth.username`",
            "goes with `secret_file`, the password or token of that user",
        )),
        (None, None, None) => Ok(Credentials::none()),
    }
}

fn github_app(app: &GithubAppAuth, location: &Location) -> Result<Credentials, DaemonError> {
    let key = Opened::new(read(
        &app.private_key_file,
        "`auth.github_app.private_key_file`",
    )?);
    let api = app.api_url.as_deref();
    let made = GithubApp::new(&app.app_id, app.installation_id, &key, api, location);
    made.map(Credentials::github_app)
        .map_err(|error| setting("`auth.github_app`", &error.to_string()))
}

/// The configured proxy, else the one that the environment names.
fn proxy(auth: &GitAuth, location: &Location) -> Result<Option<GitProxy>, DaemonError> {
    let text = auth.proxy.as_deref();
    let Some(text) = text.filter(|text| *text != NO_PROXY) else {
        if auth.proxy_password_file.is_some() {
            let problem = "goes with `proxy`, whose user's password it holds";
            return Err(setting("`auth.proxy_password_file`", problem));
        }
        if text.is_some() {
            return Ok(None);
        }
        let of_environment = GitProxy::of_variables(&variables(), location);
        return of_environment.map_err(|error| setting("the environment's", &error.to_string()));
    };
    let proxy = GitProxy::parse(text);
    let proxy = proxy.map_err(|error| setting("`auth.proxy`", &error.to_string()))?;
    match &auth.proxy_password_file {
        Some(_) if !proxy.has_user() => Err(setting(
            "`auth.proxy`",
            "must name the user of `proxy_password_file`: `http://USER@HOST:PORT`",
        )),
        Some(file) => {
            let password = secret(file, "`auth.proxy_password_file`")?;
            Ok(Some(proxy.with_password(password)))
        }
        None => Ok(Some(proxy)),
    }
}

fn secret(path: &std::path::Path, flag: &'static str) -> Result<Opened, DaemonError> {
    Ok(Opened::new(read(path, flag)?.trim_ascii().to_vec()))
}

fn setting(setting: &'static str, problem: &str) -> DaemonError {
    DaemonError::Setting {
        setting,
        problem: problem.to_owned(),
    }
}

/// The variables of proxies. In small letters they go first, as with curl.
#[expect(
    clippy::disallowed_methods,
    reason = "these variables have one meaning to every program and carry no secret of orloj"
)]
fn variables() -> ProxyVariables {
    let first = |names: &[&'static str]| {
        let values = names
            .iter()
            .filter_map(|name| Some((*name, std::env::var(name).ok()?.trim().to_owned())));
        let mut values = values.filter(|(_, value)| !value.is_empty());
        values.next()
    };
    ProxyVariables {
        https: first(&["https_proxy", "HTTPS_PROXY"]),
        http: first(&["http_proxy"]),
        all: first(&["all_proxy", "ALL_PROXY"]),
        no: first(&["no_proxy", "NO_PROXY"]),
    }
}
