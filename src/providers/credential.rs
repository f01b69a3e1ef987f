//! Keys, put into headers and nowhere else.

use super::UpstreamBuildError;
use crate::model::spec::ModelEndpointSpec;
use crate::secrets::Opened;
use hyper::header::HeaderValue;
use zeroize::Zeroizing;

/// An endpoint's key, safe to be a header's value.
pub(super) struct Key(Zeroizing<String>);

impl Key {
    /// Reads an opened secret; `Bearer ` in front of the key is left out.
    pub(super) fn read(
        spec: &ModelEndpointSpec,
        credential: Option<&Opened>,
    ) -> Result<Option<Self>, UpstreamBuildError> {
        let name = || spec.auth.secret_ref.clone().unwrap_or_default();
        let Some(opened) = credential else {
            return match &spec.auth.secret_ref {
                Some(name) => Err(UpstreamBuildError::SecretMissing(name.clone())),
                None => Ok(None),
            };
        };
        let text = opened.expose_text();
        let key = text
            .map(without_scheme)
            .filter(|key| !key.is_empty() && key.bytes().all(|b| b.is_ascii_graphic()));
        match key {
            Some(key) => Ok(Some(Self(Zeroizing::new(key.to_owned())))),
            None => Err(UpstreamBuildError::SecretForm(name())),
        }
    }

    /// The key behind `prefix`, marked so that nothing prints it.
    pub(super) fn header(&self, prefix: &str) -> Result<HeaderValue, UpstreamBuildError> {
        let text = Zeroizing::new(format!("{prefix}{}", *self.0));
        let mut value = HeaderValue::from_str(&text)
            .map_err(|_| UpstreamBuildError::SecretForm(String::new()))?;
        value.set_sensitive(true);
        Ok(value)
    }

    /// Whether it starts like this.
    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        self.0.starts_with(prefix)
    }

    /// `text` without the key, should a provider echo it.
    pub(super) fn redact(&self, text: &str) -> String {
        text.replace(self.0.as_str(), "[key]")
    }
}

fn without_scheme(text: &str) -> &str {
    match text.get(..7) {
        Some(scheme) if scheme.eq_ignore_ascii_case("bearer ") => text[7..].trim_start(),
        _ => text,
    }
}
