//! Which hosts a credential is sent to, and which it may be.

use super::spec::ModelEndpointSpec;
use url::Url;

/// The URL that an endpoint's credential is sent to; `None` if it calls nobody, or names no URL.
pub fn called_url(spec: &ModelEndpointSpec) -> Option<Url> {
    if spec.provider == "mock" {
        return None;
    }
    let of_ollama = spec.options.get("base_url");
    let text = of_ollama.filter(|_| spec.provider == "ollama");
    let url = Url::parse(text.unwrap_or(&spec.base_url)).ok()?;
    url.has_host().then_some(url)
}

/// The host of a URL, with its port if that is not the scheme's.
pub fn host_of(url: &Url) -> String {
    url[url::Position::BeforeHost..url::Position::AfterPort].to_ascii_lowercase()
}

/// Where a URL leads, as what is compared with other places: the host, its port if that is not the scheme's, and the
/// scheme too where it is not `https`, since everybody on the way reads what is sent over another one.
pub fn destination_of(url: &Url) -> String {
    let host = host_of(url);
    match url.scheme() {
        "https" => host,
        scheme => format!("{scheme}://{host}"),
    }
}

/// Whether a credential for `allowed` hosts may be sent to `url`; without any it may be sent anywhere.
///
/// `api.openai.com` allows every port of it, `api.openai.com:8443` that port alone.
pub fn may_be_sent(allowed: &[String], url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let with_port = format!("{host}:{}", url.port_or_known_default().unwrap_or_default());
    let is_it = |allowed: &String| {
        let allowed = allowed.trim().trim_end_matches('.');
        allowed.eq_ignore_ascii_case(host) || allowed.eq_ignore_ascii_case(&with_port)
    };
    allowed.is_empty() || allowed.iter().any(is_it)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{destination_of, host_of, may_be_sent};
    use url::Url;

    #[test]
    fn a_host_is_allowed_with_every_port_or_with_the_one_it_names() {
        for (allowed, url, expected) in [
            (vec![], "https://anywhere.example", true),
            (vec!["api.openai.com"], "https://api.openai.com/v1", true),
            (
                vec!["API.OpenAI.com"],
                "https://api.openai.com:8443/v1",
                true,
            ),
            (
                vec!["api.openai.com:443"],
                "https://api.openai.com/v1",
                true,
            ),
            (
                vec!["api.openai.com:443"],
                "https://api.openai.com:8443",
                false,
            ),
            (vec!["openai.com"], "https://api.openai.com", false),
            (
                vec!["api.openai.com"],
                "https://api.openai.com.evil.example",
                false,
            ),
            (
                vec!["api.openai.com"],
                "https://api.openai.com@evil.example",
                false,
            ),
            (vec!["a.example", "[::1]:8080"], "http://[::1]:8080", true),
        ] {
            let allowed: Vec<_> = allowed.into_iter().map(str::to_owned).collect();
            let url = Url::parse(url).unwrap();
            assert_eq!(may_be_sent(&allowed, &url), expected, "{allowed:?} {url}");
        }
        let url = Url::parse("https://API.openai.com:8443/v1").unwrap();
        assert_eq!(host_of(&url), "api.openai.com:8443");
    }
    #[test]
    fn another_scheme_port_or_host_is_another_place() {
        for (url, expected) in [
            ("https://API.openai.com/v1", "api.openai.com"),
            ("https://api.openai.com:443/v2", "api.openai.com"),
            ("https://api.openai.com:80/v1", "api.openai.com:80"),
            ("http://api.openai.com/v1", "http://api.openai.com"),
            ("http://api.openai.com:443/v1", "http://api.openai.com:443"),
        ] {
            assert_eq!(destination_of(&Url::parse(url).unwrap()), expected);
        }
    }
}
