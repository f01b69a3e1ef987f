//! `telemetry` of the configuration: where spans go, and which.

use super::{config::read, error::DaemonError, sources::setting};
use crate::{
    gateway::{Collector, Tracer},
    secrets::Opened,
};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use schemars::JsonSchema;
use serde::Deserialize;
use std::{path::PathBuf, sync::Arc};
use url::Url;

/// Where OTLP over HTTP takes spans, behind the collector's address.
const TRACES_PATH: &str = "/v1/traces";

/// What OpenTelemetry calls the address of a collector, of all sorts of telemetry.
const ANY_VARIABLE: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";

/// The same of spans alone, path included.
const TRACES_VARIABLE: &str = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";

/// Spans of requests and of their attempts for a collector of OpenTelemetry; none without an address.
#[derive(Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TelemetryConfig {
    /// The collector, such as `http://127.0.0.1:4318`: OTLP over HTTP in protobuf, at `/v1/traces` behind it.
    pub otlp_endpoint: Option<String>,
    /// File with headers that the collector asks for, `NAME: VALUE`, one a line.
    pub otlp_headers_file: Option<PathBuf>,
    /// Share of the traces that begin here and are kept, from 0 to 1; 1 if absent. Of others their beginning says
    /// whether they are (`traceparent`).
    #[schemars(range(min = 0.0, max = 1.0))]
    pub sample_ratio: Option<f64>,
}

/// Where spans go, and which.
pub struct Telemetry {
    url: Url,
    headers: HeaderMap,
    ratio: f64,
}

/// What is said of telemetry; `None` if there is no collector. `variable` looks into the environment.
///
/// # Errors
///
/// [`DaemonError::Setting`] and [`DaemonError::Read`] for what cannot be used.
pub(super) fn telemetry(
    flag: Option<String>,
    file: &TelemetryConfig,
    variable: impl Fn(&str) -> Option<String>,
) -> Result<Option<Telemetry>, DaemonError> {
    let ratio = file.sample_ratio.unwrap_or(1.0);
    if !(0.0..=1.0).contains(&ratio) {
        let problem = format!("must be from 0 to 1, not {ratio}");
        return Err(setting("`telemetry.sample_ratio`", problem));
    }
    let said = |text: &String| !text.trim().is_empty();
    let is_off = |name: &str, word: &str| variable(name).as_deref() == Some(word);
    let may_ask = !is_off("OTEL_SDK_DISABLED", "true") && !is_off("OTEL_TRACES_EXPORTER", "none");
    let ask = |name: &str| variable(name).filter(|_| may_ask).filter(said);
    let url = if let Some(flag) = flag.filter(said) {
        below("`--otlp-endpoint`", &flag)?
    } else if let Some(whole) = ask(TRACES_VARIABLE) {
        address(TRACES_VARIABLE, &whole)?
    } else if let Some(base) = ask(ANY_VARIABLE) {
        below(ANY_VARIABLE, &base)?
    } else if let Some(base) = file.otlp_endpoint.as_ref().filter(|it| said(it)) {
        below("`telemetry.otlp_endpoint`", base)?
    } else {
        return Ok(None);
    };
    let headers = match &file.otlp_headers_file {
        None => HeaderMap::new(),
        Some(path) => {
            let content = Opened::new(read(path, "`telemetry.otlp_headers_file`")?);
            headers(content.expose_text().unwrap_or_default())?
        }
    };
    Ok(Some(Telemetry {
        url,
        headers,
        ratio,
    }))
}

/// What OpenTelemetry's variables say.
#[expect(
    clippy::disallowed_methods,
    reason = "OpenTelemetry's own names, of which none holds a secret of manifests"
)]
pub(super) fn otel_variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

impl Telemetry {
    /// Where spans begin and go in. Calls nobody.
    ///
    /// # Errors
    ///
    /// [`DaemonError::Collector`].
    pub(super) fn tracer(self, ca_pem: &[Vec<u8>]) -> Result<Arc<Tracer>, DaemonError> {
        let collector = Collector::new(&self.url, self.headers, ca_pem)?;
        Ok(Arc::new(Tracer::sampling(self.ratio, collector)))
    }

    #[cfg(test)]
    pub(super) fn shown(&self) -> (&str, &HeaderMap) {
        (self.url.as_str(), &self.headers)
    }
}

fn below(name: &'static str, base: &str) -> Result<Url, DaemonError> {
    let mut url = address(name, base)?;
    let path = format!("{}{TRACES_PATH}", url.path().trim_end_matches('/'));
    url.set_path(&path);
    Ok(url)
}

fn address(name: &'static str, text: &str) -> Result<Url, DaemonError> {
    let wrong = |problem: &str| Err(setting(name, problem.to_owned()));
    let Ok(url) = Url::parse(text.trim()) else {
        return wrong("is no URL; write `http://HOST:4318`");
    };
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return wrong(
            "must start with http:// or https:// and a host; OTLP over gRPC is not spoken",
        );
    }
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("holds a user or password; put it into `telemetry.otlp_headers_file`");
    }
    Ok(url)
}

fn headers(text: &str) -> Result<HeaderMap, DaemonError> {
    let mut headers = HeaderMap::new();
    let lines = text.lines().map(str::trim).enumerate();
    for (index, line) in lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')) {
        let header = line.split_once(':').and_then(|(name, value)| {
            let name = HeaderName::from_bytes(name.trim().as_bytes()).ok()?;
            let mut value = HeaderValue::from_str(value.trim()).ok()?;
            value.set_sensitive(true);
            Some((name, value))
        });
        let Some((name, value)) = header else {
            let problem = format!("holds no `NAME: VALUE` in line {}", index + 1);
            return Err(setting("`telemetry.otlp_headers_file`", problem));
        };
        headers.insert(name, value);
    }
    Ok(headers)
}

#[cfg(test)]
mod tests;
