//! What may stand in the list of hosts that a credential may be sent to.

use std::fmt;
use url::{Host, Url};

/// Why a text is no host; names the host that may have been meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHostError {
    /// The host in the text, if there is one.
    pub host: Option<String>,
}

impl std::error::Error for AllowedHostError {}

/// The text is not repeated: people write URLs with passwords.
impl fmt::Display for AllowedHostError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("is no host: neither scheme, path nor wildcard, at most `:port` behind it")?;
        match &self.host {
            Some(host) => write!(f, " (`{host}`)"),
            None => Ok(()),
        }
    }
}

/// Reads an entry of `allowed_hosts`: a name or an address (IPv6 in brackets), with or without `:port`.
///
/// # Errors
///
/// [`AllowedHostError`] for anything else, which no URL would ever fit.
pub fn allowed_host(text: &str) -> Result<String, AllowedHostError> {
    let text = text.trim();
    if is_host(text) {
        return Ok(text.to_owned());
    }
    Err(AllowedHostError { host: meant(text) })
}

fn is_host(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (text, None),
    };
    let is_port = |port: &str| {
        let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
        is_number && port.parse::<u16>().is_ok_and(|port| port > 0)
    };
    port.is_none_or(is_port) && is_bare(host.trim_end_matches('.'))
}

/// Whether URLs write a host just so.
fn is_bare(host: &str) -> bool {
    let is_letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    match Host::parse(host) {
        Ok(Host::Domain(name)) => {
            let mut labels = name.split('.');
            name.eq_ignore_ascii_case(host)
                && name.bytes().all(is_letter)
                && labels.all(|label| !label.is_empty())
        }
        Ok(address) => address.to_string().eq_ignore_ascii_case(host),
        Err(_) => false,
    }
}

/// The host that somebody meant who wrote a URL, a wildcard or a port too large.
fn meant(text: &str) -> Option<String> {
    let url = if text.contains("://") {
        Url::parse(text).ok()
    } else {
        None
    };
    let host = match url {
        Some(url) => super::host_of(&url),
        None => {
            let rest = text.rsplit('@').next().unwrap_or(text);
            let rest = rest.rsplit("://").next().unwrap_or(rest);
            rest.split(['/', '?', '#'])
                .next()
                .unwrap_or(rest)
                .to_owned()
        }
    };
    let host = host.trim_start_matches("*.");
    let without_port = host.rsplit_once(':').map_or(host, |(host, _)| host);
    let named = [host, without_port].into_iter().find(|it| is_host(it));
    let in_ascii = || Some(Host::parse(host).ok()?.to_string()).filter(|host| is_host(host));
    named.map(str::to_owned).or_else(in_ascii)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::allowed_host;

    #[test]
    fn names_and_addresses_are_hosts_with_and_without_a_port() {
        for text in [
            "api.openai.com",
            "API.OpenAI.com",
            "api.openai.com.",
            "localhost",
            "my_service.local:8080",
            "127.0.0.1:9",
            "[::1]",
            "[::1]:8080",
            "xn--bcher-kva.example",
        ] {
            assert_eq!(allowed_host(text).unwrap(), text);
        }
    }

    #[test]
    fn what_no_url_would_fit_is_refused_with_the_host_that_was_meant() {
        for (text, meant) in [
            ("https://foo.com/bar", Some("foo.com")),
            ("https://foo.com:8443", Some("foo.com:8443")),
            ("https://user:hunter2@foo.com/", Some("foo.com")),
            ("user:hunter2@foo.com", Some("foo.com")),
            ("*.foo.com", Some("foo.com")),
            ("foo.com:99999", Some("foo.com")),
            ("foo.com:0", Some("foo.com")),
            ("foo.com:+80", Some("foo.com")),
            ("foo.com:https", Some("foo.com")),
            ("foo.com/v1", Some("foo.com")),
            ("b\u{fc}cher.example", Some("xn--bcher-kva.example")),
            ("*", None),
            ("", None),
            ("foo bar", None),
            ("foo..com", None),
        ] {
            let error = allowed_host(text).unwrap_err();
            assert_eq!(error.host.as_deref(), meant, "{text}");
            assert!(!error.to_string().contains("hunter2"));
        }
    }
}
