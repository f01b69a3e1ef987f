//! The addresses of a provider's operations.

use super::UpstreamBuildError;
use hyper::Uri;
use url::Url;

/// A URL as it is called.
pub(super) fn uri(url: &Url) -> Result<Uri, UpstreamBuildError> {
    url.as_str()
        .parse()
        .map_err(|_| UpstreamBuildError::BaseUrl {
            url: url.as_str().to_owned(),
            problem: "cannot be written in a request (RFC 9112)",
        })
}

/// `base` with a path behind its own.
pub(super) fn under(base: &Url, path: &str) -> Result<Uri, UpstreamBuildError> {
    let mut url = base.clone();
    url.set_path(&format!("{}/{path}", base.path().trim_end_matches('/')));
    uri(&url)
}
