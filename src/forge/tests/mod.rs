//! Webhooks, verified and read.
#![expect(clippy::unwrap_used, reason = "tests")]

mod addresses;
pub(crate) mod mutated;
mod reading;
mod verifying;

use super::{Delivery, Provider, Watched};
use crate::{secrets::Opened, source::Location};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

pub(crate) const SECRET: &str = "s3cret";

/// Every real payload: who sends it, its event's name in a header, its text.
pub(crate) const PAYLOADS: [(Provider, &str, &str); 9] = [
    (
        Provider::Github,
        "push",
        include_str!("../../../tests/fixtures/webhooks/github-push.json"),
    ),
    (
        Provider::Github,
        "ping",
        include_str!("../../../tests/fixtures/webhooks/github-ping.json"),
    ),
    (
        Provider::Gitlab,
        "Push Hook",
        include_str!("../../../tests/fixtures/webhooks/gitlab-push.json"),
    ),
    (
        Provider::Gitlab,
        "Tag Push Hook",
        include_str!("../../../tests/fixtures/webhooks/gitlab-tag-push.json"),
    ),
    (
        Provider::Gitlab,
        "System Hook",
        include_str!("../../../tests/fixtures/webhooks/gitlab-system-push.json"),
    ),
    (
        Provider::Gitea,
        "push",
        include_str!("../../../tests/fixtures/webhooks/gitea-push.json"),
    ),
    (
        Provider::Bitbucket,
        "repo:push",
        include_str!("../../../tests/fixtures/webhooks/bitbucket-cloud-push.json"),
    ),
    (
        Provider::Bitbucket,
        "repo:refs_changed",
        include_str!("../../../tests/fixtures/webhooks/bitbucket-server-refs-changed.json"),
    ),
    (
        Provider::AzureDevops,
        "git.push",
        include_str!("../../../tests/fixtures/webhooks/azure-devops-push.json"),
    ),
];

/// The real payload of an event.
pub(crate) fn payload(provider: Provider, event: &str) -> &'static str {
    let mut all = PAYLOADS.into_iter();
    all.find(|(of, name, _)| (*of, *name) == (provider, event))
        .unwrap()
        .2
}

fn watched(location: &str, reference: &str) -> Watched {
    Watched::new("default", &Location::parse(location).unwrap(), reference)
}

/// A webhook as `provider` sends it, opened.
fn opened(provider: Provider, event: &str, body: &[u8], more: &[(&str, &str)]) -> Delivery {
    let mut headers = signed(provider, body);
    let own = provider.event_headers().iter().map(|name| (*name, event));
    for (name, value) in own.chain(more.iter().copied()) {
        let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
        headers.insert(name, HeaderValue::from_str(value).unwrap());
    }
    let secrets = [Opened::new(SECRET.into())];
    Delivery::open(provider, &secrets, &headers, body).unwrap()
}

pub(crate) fn signed(provider: Provider, body: &[u8]) -> HeaderMap {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body);
    let mac = hex::encode(mac.finalize().into_bytes());
    let value = match provider {
        Provider::Github | Provider::Bitbucket | Provider::Generic => format!("sha256={mac}"),
        Provider::Gitea => mac,
        Provider::Gitlab => SECRET.to_owned(),
        Provider::AzureDevops => format!("Basic {}", STANDARD.encode(format!("orloj:{SECRET}"))),
    };
    let mut headers = HeaderMap::new();
    let name = HeaderName::from_static(provider.proof().header());
    headers.insert(name, HeaderValue::from_str(&value).unwrap());
    headers
}
