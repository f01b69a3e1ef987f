#![expect(clippy::unwrap_used, reason = "tests")]

use super::{Telemetry, TelemetryConfig, telemetry};
use crate::daemon::DaemonError;
use std::fs;

fn no_variable(_: &str) -> Option<String> {
    None
}

fn file(endpoint: &str) -> TelemetryConfig {
    TelemetryConfig {
        otlp_endpoint: Some(endpoint.to_owned()),
        ..TelemetryConfig::default()
    }
}

fn url(telemetry: &Telemetry) -> &str {
    telemetry.shown().0
}

#[test]
fn nothing_is_traced_without_a_collector() {
    let config = TelemetryConfig::default();
    assert!(telemetry(None, &config, no_variable).unwrap().is_none());
    assert!(
        telemetry(Some(" ".into()), &config, no_variable)
            .unwrap()
            .is_none()
    );
}

#[test]
fn flag_goes_before_variables_and_they_before_the_file() {
    let otel = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://any:4318/base/".to_owned()),
        _ => None,
    };
    let both = |name: &str| match name {
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT" => Some("https://spans/here".to_owned()),
        other => otel(other),
    };
    let file = file("http://file:4318");
    let found = telemetry(Some("http://flag:4318".into()), &file, both).unwrap();
    assert_eq!(url(&found.unwrap()), "http://flag:4318/v1/traces");
    let found = telemetry(None, &file, both).unwrap();
    assert_eq!(url(&found.unwrap()), "https://spans/here");
    let found = telemetry(None, &file, otel).unwrap();
    assert_eq!(url(&found.unwrap()), "http://any:4318/base/v1/traces");
    let found = telemetry(None, &file, no_variable).unwrap();
    assert_eq!(url(&found.unwrap()), "http://file:4318/v1/traces");
}

#[test]
fn opentelemetrys_own_switches_turn_its_variables_off() {
    for (switch, word) in [
        ("OTEL_SDK_DISABLED", "true"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ] {
        let variables = |name: &str| match name {
            "OTEL_EXPORTER_OTLP_ENDPOINT" => Some("http://any:4318".to_owned()),
            name if name == switch => Some(word.to_owned()),
            _ => None,
        };
        let found = telemetry(None, &TelemetryConfig::default(), variables).unwrap();
        assert!(found.is_none(), "{switch}");
    }
}

#[test]
fn address_that_is_none_is_refused_with_the_setting() {
    for (endpoint, part) in [
        ("127.0.0.1:4318", "http"),
        ("grpc://host:4317", "gRPC"),
        ("http://user:hunter2@host", "otlp_headers_file"),
    ] {
        let refused = telemetry(None, &file(endpoint), no_variable).err().unwrap();
        let text = refused.to_string();
        assert!(text.starts_with("`telemetry.otlp_endpoint`"), "{text}");
        assert!(text.contains(part), "{text}");
        assert!(!text.contains("hunter2"), "{text}");
    }
    let config = TelemetryConfig {
        sample_ratio: Some(1.5),
        ..TelemetryConfig::default()
    };
    let refused = telemetry(None, &config, no_variable).err().unwrap();
    assert!(refused.to_string().contains("from 0 to 1"), "{refused}");
}

#[test]
fn headers_of_the_collector_come_from_a_file_and_are_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("headers");
    let with = |text: &str| {
        fs::write(&path, text).unwrap();
        let config = TelemetryConfig {
            otlp_headers_file: Some(path.clone()),
            ..file("http://host:4318")
        };
        telemetry(None, &config, no_variable)
    };
    let found = with("# of the team\n\nAuthorization: Bearer abc:d%20\nx-team: a\n").unwrap();
    let found = found.unwrap();
    let headers = found.shown().1;
    assert_eq!(headers.len(), 2);
    assert_eq!(headers["authorization"], "Bearer abc:d%20");
    assert!(!format!("{headers:?}").contains("abc"), "{headers:?}");
    let refused = with("x-team: a\nBearer abc\n").err().unwrap();
    assert!(matches!(refused, DaemonError::Setting { .. }));
    let text = refused.to_string();
    assert!(text.contains("line 2") && !text.contains("abc"), "{text}");
}
