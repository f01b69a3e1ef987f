//! Judges an endpoint's spec.

use super::UpstreamBuildError;
use super::address::Reach;
use super::anthropic::Anthropic;
use super::credential::Key;
use super::mock::Mock;
use super::network::{Network, TargetError};
use super::ollama::Ollama;
use super::openai::{OpenAi, Place};
use super::site::Site;
use super::timeouts::Timeouts;
use super::transport::Transport;
use super::upstream::Adapter;
use crate::model::{may_be_sent, parse_go_duration, spec::ModelEndpointSpec};
use hyper::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use std::sync::Arc;
use std::time::Duration;
use url::{Host, Url};

/// Azure's version of the API, if the endpoint names none: the newest stable dated one.
const AZURE_API_VERSION: &str = "2024-10-21";

/// Turns a spec into an adapter that is ready to be called.
pub(super) struct Builder<'a> {
    pub(super) spec: &'a ModelEndpointSpec,
    pub(super) network: &'a Network,
    /// `namespace/name`.
    pub(super) endpoint: String,
    pub(super) key: Option<Key>,
    /// Lists of hosts, each of which must have the one that is called.
    pub(super) allowed: &'a [&'a [String]],
}

impl Builder<'_> {
    pub(super) fn build(self) -> Result<Adapter, UpstreamBuildError> {
        match self.spec.provider.as_str() {
            "mock" => self.mock(),
            "openai" => self.need_key()?.bearer(""),
            "openai-compatible" => self.bearer(""),
            "azure-openai" => self.need_key()?.azure(),
            "anthropic" => self.need_key()?.anthropic(),
            "ollama" => self.ollama(),
            other => Err(UpstreamBuildError::Provider(other.to_owned())),
        }
    }

    fn mock(self) -> Result<Adapter, UpstreamBuildError> {
        let delay = self.number("delay_ms")?.unwrap_or_default();
        let site = Arc::new(Site {
            provider: self.spec.provider.clone(),
            endpoint: self.endpoint,
            host: String::new(),
            port: None,
            key: None,
        });
        Ok(Adapter::Mock(Mock {
            site,
            delay: Duration::from_millis(delay),
        }))
    }

    /// OpenAI's paths at `path` behind the base URL.
    fn bearer(self, path: &str) -> Result<Adapter, UpstreamBuildError> {
        let mut url = self.base_url()?;
        let whole = format!("{}{path}", url.path().trim_end_matches('/'));
        url.set_path(&whole);
        let headers = self.authorization()?;
        let place = Place::below(&url)?;
        let transport = self.transport(&url, headers)?;
        Ok(Adapter::OpenAi(OpenAi::new(transport, place)))
    }

    fn azure(self) -> Result<Adapter, UpstreamBuildError> {
        let mut headers = HeaderMap::new();
        self.put_key(&mut headers, "api-key", "")?;
        let base = self.base_url()?;
        let version = self
            .option("api_version")
            .unwrap_or(AZURE_API_VERSION)
            .to_owned();
        let path = base.path().trim_end_matches('/').to_owned();
        if let Some(root) = path.strip_suffix("/openai/v1") {
            return self.azure_v1(base.clone(), root, headers);
        }
        let root = path.strip_suffix("/openai").unwrap_or(&path);
        if matches!(version.as_str(), "v1" | "preview" | "latest") {
            return self.azure_v1(base.clone(), root, headers);
        }
        let mut root_url = base.clone();
        root_url.set_path(root);
        let transport = self.transport(&root_url, headers)?;
        let place = Place::Deployment {
            root: root_url,
            api_version: version,
        };
        Ok(Adapter::OpenAi(OpenAi::new(transport, place)))
    }

    fn azure_v1(
        self,
        mut base: Url,
        root: &str,
        headers: HeaderMap,
    ) -> Result<Adapter, UpstreamBuildError> {
        base.set_path(&format!("{root}/openai/v1"));
        let place = Place::below(&base)?;
        let transport = self.transport(&base, headers)?;
        Ok(Adapter::OpenAi(OpenAi::new(transport, place)))
    }

    fn anthropic(self) -> Result<Adapter, UpstreamBuildError> {
        let mut headers = HeaderMap::new();
        // Tokens of a subscription are no API keys and go into the other header.
        if self
            .key
            .as_ref()
            .is_some_and(|key| key.starts_with("sk-ant-oat"))
        {
            self.put_key(&mut headers, AUTHORIZATION.as_str(), "Bearer ")?;
        } else {
            self.put_key(&mut headers, "x-api-key", "")?;
        }
        self.put_option(
            &mut headers,
            "anthropic_version",
            "anthropic-version",
            Some("2023-06-01"),
        )?;
        self.put_option(&mut headers, "anthropic_beta", "anthropic-beta", None)?;
        let max_tokens = self.number("max_tokens")?.filter(|most| *most > 0);
        let base = self.base_url()?;
        let transport = self.transport(&base, headers)?;
        Anthropic::new(transport, &base, max_tokens).map(Adapter::Anthropic)
    }

    fn ollama(self) -> Result<Adapter, UpstreamBuildError> {
        match self.option("api") {
            None | Some("native") => {}
            Some("openai") => return self.bearer("/v1"),
            Some(other) => return Err(option_error("api", other, "must be native or openai")),
        }
        let num_ctx = self.number("num_ctx")?;
        let keep_alive = self.option("keep_alive").map(str::to_owned);
        let headers = self.authorization()?;
        let base = self.base_url()?;
        let transport = self.transport(&base, headers)?;
        Ollama::new(transport, &base, num_ctx, keep_alive).map(Adapter::Ollama)
    }

    fn need_key(self) -> Result<Self, UpstreamBuildError> {
        match self.key {
            Some(_) => Ok(self),
            None => Err(UpstreamBuildError::NoKey(self.spec.provider.clone())),
        }
    }

    fn base_url(&self) -> Result<Url, UpstreamBuildError> {
        let of_ollama = (self.spec.provider == "ollama").then(|| self.option("base_url"));
        let text = of_ollama.flatten().unwrap_or(&self.spec.base_url);
        if text.is_empty() {
            return Err(UpstreamBuildError::NoBaseUrl(self.spec.provider.clone()));
        }
        let wrong = |url: &str, problem| UpstreamBuildError::BaseUrl {
            url: url.to_owned(),
            problem,
        };
        let shown = if text.contains('@') { "…" } else { text };
        let url = Url::parse(text).map_err(|_| wrong(shown, "is no absolute URL"))?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong(
                "…",
                "holds a user or password; keys belong into a Secret",
            ));
        }
        if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
            return Err(wrong(
                text,
                "must start with http:// or https:// and a host",
            ));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("…", "must not hold a query or fragment"));
        }
        Ok(url)
    }

    fn transport(self, url: &Url, headers: HeaderMap) -> Result<Transport, UpstreamBuildError> {
        let mut timeouts = Timeouts::read(&self.spec.timeouts)?;
        if let Some(text) = self.option("stream_keep_alive") {
            let pause = parse_go_duration(text).ok_or_else(|| {
                option_error("stream_keep_alive", text, "is no duration such as `15s`")
            })?;
            timeouts = timeouts.with_keep_alive(pause);
        }
        let host = url[url::Position::BeforeHost..url::Position::AfterPort].to_owned();
        let is_for = |hosts: &&[String]| may_be_sent(hosts, url);
        if self.key.is_some() && !self.allowed.iter().all(is_for) {
            return Err(UpstreamBuildError::Egress(host));
        }
        let reach = self.reach(url)?;
        let client = self.network.client(url, reach, timeouts.connect);
        let client = client.map_err(|error| match error {
            TargetError::Refused { .. } if reach == Reach::PrivateOnly => {
                UpstreamBuildError::PlainKey(host.clone())
            }
            TargetError::Refused { ip, refusal } => UpstreamBuildError::Address { ip, refusal },
            TargetError::Client(source) => UpstreamBuildError::Client(source),
        })?;
        let site = Site {
            provider: self.spec.provider.clone(),
            endpoint: self.endpoint,
            host,
            port: url.port_or_known_default(),
            key: self.key,
        };
        Ok(Transport::new(site, client, headers, timeouts))
    }

    /// How far the endpoint's calls may go. A key over plain http stays on private addresses.
    fn reach(&self, url: &Url) -> Result<Reach, UpstreamBuildError> {
        let plain_key = self.key.is_some() && url.scheme() == "http";
        let allows_private = self.spec.allows_private();
        if !plain_key {
            return Ok(if allows_private {
                Reach::Any
            } else {
                Reach::Public
            });
        }
        let is_near = match (self.network.pin(url), url.host()) {
            (Some(pin), _) => Reach::PrivateOnly.refusal(pin.ip()).is_none(),
            (None, Some(Host::Ipv4(ip))) => Reach::PrivateOnly.refusal(ip.into()).is_none(),
            (None, Some(Host::Ipv6(ip))) => Reach::PrivateOnly.refusal(ip.into()).is_none(),
            // Where a name leads is seen only when connecting, and checked there.
            (None, Some(Host::Domain(name))) => {
                allows_private || name == "localhost" || name.ends_with(".localhost")
            }
            (None, None) => false,
        };
        if is_near && allows_private {
            Ok(Reach::PrivateOnly)
        } else if is_near {
            Ok(Reach::Public)
        } else {
            let host = url.host_str().unwrap_or_default().to_owned();
            Err(UpstreamBuildError::PlainKey(host))
        }
    }

    fn authorization(&self) -> Result<HeaderMap, UpstreamBuildError> {
        let mut headers = HeaderMap::new();
        self.put_key(&mut headers, AUTHORIZATION.as_str(), "Bearer ")?;
        Ok(headers)
    }

    fn put_key(
        &self,
        headers: &mut HeaderMap,
        name: &'static str,
        prefix: &str,
    ) -> Result<(), UpstreamBuildError> {
        if let Some(key) = &self.key {
            headers.insert(HeaderName::from_static(name), key.header(prefix)?);
        }
        Ok(())
    }

    fn put_option(
        &self,
        headers: &mut HeaderMap,
        option: &'static str,
        header: &'static str,
        default: Option<&str>,
    ) -> Result<(), UpstreamBuildError> {
        let Some(text) = self.option(option).or(default) else {
            return Ok(());
        };
        let value = HeaderValue::from_str(text)
            .map_err(|_| option_error(option, text, "cannot be a header's value"))?;
        headers.insert(HeaderName::from_static(header), value);
        Ok(())
    }

    fn option(&self, name: &str) -> Option<&str> {
        self.spec
            .options
            .get(name)
            .map(|value| value.trim())
            .filter(|value| !value.is_empty())
    }

    fn number(&self, name: &'static str) -> Result<Option<u64>, UpstreamBuildError> {
        let Some(text) = self.option(name) else {
            return Ok(None);
        };
        let number = text
            .parse()
            .map_err(|_| option_error(name, text, "is no whole number"))?;
        Ok(Some(number))
    }
}

fn option_error(name: &'static str, value: &str, problem: &'static str) -> UpstreamBuildError {
    UpstreamBuildError::Option {
        name,
        value: value.to_owned(),
        problem,
    }
}
