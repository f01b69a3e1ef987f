//! One endpoint, ready to be called.

use super::anthropic::Anthropic;
use super::build::Builder;
use super::credential::Key;
use super::fitting::fit;
use super::health::{Health, Standing, Watch};
use super::mock::Mock;
use super::network::Network;
use super::observed::{Observation, Observed};
use super::ollama::Ollama;
use super::openai::OpenAi;
use super::site::Site;
use super::{ChatAnswer, ChatCall, ChatContent};
use crate::chat::{ApiError, ChatForm, Dialect, EarlierReasoning, estimated_count};
use crate::model::ResourceId;
use crate::model::spec::ModelEndpointSpec;
use crate::secrets::Opened;
use std::{net::IpAddr, sync::Arc, time::Instant};

/// One endpoint, ready to be called.
pub struct Upstream {
    adapter: Adapter,
    observed: Observed,
    health: Arc<Health>,
}

/// The endpoint in its provider's dialect.
pub(super) enum Adapter {
    OpenAi(OpenAi),
    Anthropic(Anthropic),
    Ollama(Ollama),
    Mock(Mock),
}

/// Why an endpoint is not ready.
#[derive(Debug, thiserror::Error)]
pub enum UpstreamBuildError {
    /// A provider nobody here knows.
    #[error(
        "provider `{0}` is not supported; use openai, openai-compatible, azure-openai, anthropic, ollama or mock"
    )]
    Provider(String),
    /// The provider has no usual base URL.
    #[error("provider `{0}` needs spec.base_url")]
    NoBaseUrl(String),
    /// The base URL is no absolute http or https URL, or holds more than it should.
    #[error("spec.base_url `{url}` {problem}")]
    BaseUrl {
        /// As written, unless it holds a password.
        url: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The provider wants a key and the endpoint names no secret.
    #[error("provider `{0}` needs a key; name its secret in spec.auth.secretRef")]
    NoKey(String),
    /// Nothing provides the secret.
    #[error("nothing provides the secret `{0}`")]
    SecretMissing(String),
    /// The secret is no text that fits into a header.
    #[error("the value of the secret `{0}` is no key: it must be printable ASCII without blanks")]
    SecretForm(String),
    /// The key would travel unencrypted.
    #[error("the key would go to `{0}` over plain http; use https")]
    PlainKey(String),
    /// The key is not for the host.
    #[error("the key is sealed for other hosts than `{0}`")]
    Egress(String),
    /// The base URL names an address that may not be called.
    #[error("spec.base_url: `{ip}` {refusal}")]
    Address {
        /// The address.
        ip: IpAddr,
        /// Why not.
        refusal: &'static str,
    },
    /// A time is no duration.
    #[error("spec.{field} `{text}` is no duration such as `30s`")]
    Duration {
        /// The field below `spec`.
        field: &'static str,
        /// As written.
        text: String,
    },
    /// An option has a value the provider cannot use.
    #[error("spec.options.{name} `{value}` {problem}")]
    Option {
        /// The option.
        name: &'static str,
        /// As written.
        value: String,
        /// What is wrong.
        problem: &'static str,
    },
    /// The system has no usable certificates, say.
    #[error("failed to make an HTTP client")]
    Client(#[source] rustls::Error),
}

impl Upstream {
    /// Judges an endpoint's spec and prepares its calls. Calls nobody.
    ///
    /// # Errors
    ///
    /// [`UpstreamBuildError`], one case per reason an endpoint is not ready.
    pub fn new(
        id: &ResourceId,
        spec: &ModelEndpointSpec,
        credential: Option<&Opened>,
        network: &Network,
    ) -> Result<Self, UpstreamBuildError> {
        Self::sending(id, spec, credential, network, &[])
    }

    /// As [`Self::new`], with a credential that may be sent to hosts alone that each of `allowed` has; an empty
    /// list has them all. What is checked is the URL that is called, and no redirect is followed.
    ///
    /// # Errors
    ///
    /// As [`Self::new`]; [`UpstreamBuildError::Egress`] if the host is another one.
    pub fn sending(
        id: &ResourceId,
        spec: &ModelEndpointSpec,
        credential: Option<&Opened>,
        network: &Network,
        allowed: &[&[String]],
    ) -> Result<Self, UpstreamBuildError> {
        let endpoint = format!("{}/{}", id.namespace, id.name);
        let builder = Builder {
            spec,
            network,
            endpoint,
            key: Key::read(spec, credential)?,
            allowed,
        };
        Ok(Self {
            health: Arc::new(Health::read(spec)?),
            adapter: builder.build()?,
            observed: Observed::default(),
        })
    }

    /// Makes one call. How it ended is noted when a streamed answer has; a client that leaves before says nothing.
    ///
    /// # Errors
    ///
    /// [`ApiError`] as the client is to see it; nothing of an answer has gone out then.
    pub async fn chat(&self, mut call: ChatCall) -> Result<ChatAnswer, ApiError> {
        let mut watch = Watch::begin(&self.health, &call.model);
        let limit = self.adapter.chat_form().max_tokens;
        let asked = call.dialect;
        let fitted = fit(&mut call, limit, asked);
        let fitted = fitted.map_err(|error| self.adapter.site().refused(error))?;
        let answer = self.adapter.answer(call).await;
        self.observed.note(answer.as_ref().err());
        let mut answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                watch.end(Some(&error));
                return Err(error);
            }
        };
        answer.adjusted.splice(0..0, fitted);
        answer.content = match answer.content {
            ChatContent::Stream(frames) => ChatContent::Stream(watch.over(frames)),
            full @ ChatContent::Full { .. } => {
                watch.end(None);
                full
            }
        };
        Ok(answer)
    }

    /// Whether a model of the endpoint is worth calling. Who is told [`Standing::Probed`] has to call it, or [`Self::pass_by`].
    pub fn standing(&self, model: &str) -> Standing {
        self.health.standing(model, Instant::now())
    }

    /// Notes that a model is not called after all, so that the next request may try it.
    pub fn pass_by(&self, model: &str) {
        self.health.give_back(model, Instant::now());
    }

    /// Takes one repetition out of the endpoint's budget; false if it is spent.
    pub fn may_repeat(&self) -> bool {
        self.health.may_repeat(Instant::now())
    }

    /// Counts a request that calls the endpoint for the first time; repetitions are measured by these.
    pub fn count_first_call(&self) {
        self.health.count_first_call();
    }

    /// The provider, as the manifest says it.
    pub fn provider(&self) -> &str {
        &self.adapter.site().provider
    }

    /// The host and port that are called; `None` where nothing is.
    pub fn server(&self) -> Option<(&str, u16)> {
        let site = self.adapter.site();
        let port = site.port?;
        let host = site.host.as_str();
        let without_port = host.rsplit_once(':');
        let without_port = without_port.filter(|(_, end)| end.parse() == Ok(port));
        Some((without_port.map_or(host, |(host, _)| host), port))
    }

    /// Whether the last call reached the provider; `None` before the first.
    pub fn observation(&self) -> Option<Observation> {
        self.observed.newest()
    }
}

impl Adapter {
    async fn answer(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        match call.dialect {
            Dialect::Chat => self.chat(call).await,
            Dialect::Embeddings => self.embed(call).await,
            Dialect::Messages => match self {
                Self::Anthropic(anthropic) => anthropic.native(call).await,
                _ => self.messages(call).await,
            },
            Dialect::Responses => match self {
                Self::OpenAi(openai) if openai.is_openais() => openai.call(call).await,
                _ => self.responses(call).await,
            },
            Dialect::CountTokens => match self {
                Self::Anthropic(anthropic) => anthropic.native(call).await,
                _ => {
                    let count = estimated_count(&call.body);
                    let body = count.map_err(|error| self.site().refused(error))?;
                    Ok(ChatContent::Full { body, usage: None }.into())
                }
            },
        }
    }

    /// Chat Completions, which every provider answers.
    pub(super) async fn chat(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        match self {
            Self::OpenAi(openai) => openai.call(call).await,
            Self::Anthropic(anthropic) => anthropic.chat(call).await,
            Self::Ollama(ollama) => ollama.chat(call).await,
            Self::Mock(mock) => mock.chat(call).await,
        }
    }

    async fn embed(&self, call: ChatCall) -> Result<ChatAnswer, ApiError> {
        match self {
            Self::OpenAi(openai) => openai.call(call).await,
            Self::Anthropic(anthropic) => Err(anthropic.no_embeddings()),
            Self::Ollama(ollama) => ollama.embed(call).await,
            Self::Mock(mock) => mock.embed(call).await.map(ChatAnswer::from),
        }
    }

    /// Who is called.
    pub(super) fn site(&self) -> &Arc<Site> {
        match self {
            Self::OpenAi(openai) => &openai.transport.site,
            Self::Anthropic(anthropic) => anthropic.site(),
            Self::Ollama(ollama) => ollama.site(),
            Self::Mock(mock) => &mock.site,
        }
    }

    /// What its chat takes.
    pub(super) fn chat_form(&self) -> ChatForm {
        match self {
            Self::OpenAi(openai) => openai.chat_form(),
            Self::Anthropic(_) | Self::Ollama(_) | Self::Mock(_) => ChatForm {
                max_tokens: "max_tokens",
                top_k: true,
                effort_none: true,
                reasoning: match self {
                    Self::Anthropic(_) => EarlierReasoning::Signed,
                    _ => EarlierReasoning::Shown,
                },
            },
        }
    }
}
