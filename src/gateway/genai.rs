//! What was used, as OpenTelemetry names it.
//!
//! Source: <https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-metrics/>, with `_` for `.` and the units
//! that Prometheus wants.

use crate::store::UsageRecord;
use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{
        family::{Family, MetricConstructor},
        histogram::Histogram,
    },
    registry::{Registry, Unit},
};
use std::collections::HashSet;
use std::sync::{Mutex, PoisonError};

/// Bounds that the conventions advise, in tokens.
const TOKENS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1024.0,
    4096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

/// Bounds that the conventions advise for whole requests, in seconds.
const DURATIONS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// Bounds that the conventions advise for first tokens, in seconds.
const FIRST_TOKENS: [f64; 16] = [
    0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// Bounds that the conventions advise for each further token, in seconds.
const PER_TOKEN: [f64; 12] = [
    0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0,
];

/// Models that are told apart, with their endpoints: clients may make names up.
const MOST_MODELS: usize = 500;

/// What stands for any further model.
const OTHER: &str = "_OTHER";

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Call {
    gen_ai_operation_name: &'static str,
    orloj_endpoint: String,
    gen_ai_request_model: String,
    /// `finished`, `failed` or `cancelled`.
    orloj_outcome: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Tokens {
    gen_ai_operation_name: &'static str,
    orloj_endpoint: String,
    gen_ai_request_model: String,
    gen_ai_token_type: &'static str,
}

#[derive(Debug, Clone, Copy)]
struct Bounds(&'static [f64]);

impl MetricConstructor<Histogram> for Bounds {
    fn new_metric(&self) -> Histogram {
        Histogram::new(self.0.iter().copied())
    }
}

/// Histograms of what calls took.
pub struct GenAi {
    registry: Registry,
    tokens: Family<Tokens, Histogram, Bounds>,
    durations: Family<Call, Histogram, Bounds>,
    first_tokens: Family<Call, Histogram, Bounds>,
    per_token: Family<Call, Histogram, Bounds>,
    /// Endpoints and models that have labels of their own.
    known: Mutex<HashSet<(String, String)>>,
}

impl Default for GenAi {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("gen_ai");
        let tokens = Family::new_with_constructor(Bounds(&TOKENS));
        let durations = Family::new_with_constructor(Bounds(&DURATIONS));
        let first_tokens = Family::new_with_constructor(Bounds(&FIRST_TOKENS));
        let per_token = Family::new_with_constructor(Bounds(&PER_TOKEN));
        registry.register(
            "client_token_usage",
            "Tokens read and written by a call",
            tokens.clone(),
        );
        for (name, help, family) in [
            (
                "server_request_duration",
                "Time of a call to its end",
                &durations,
            ),
            (
                "server_time_to_first_token",
                "Time until the first piece of an answer",
                &first_tokens,
            ),
            (
                "server_time_per_output_token",
                "Time for each token after the first",
                &per_token,
            ),
        ] {
            registry.register_with_unit(name, help, Unit::Seconds, family.clone());
        }
        Self {
            registry,
            tokens,
            durations,
            first_tokens,
            per_token,
            known: Mutex::default(),
        }
    }
}

impl GenAi {
    /// Everything that is counted here.
    pub fn registry(&self) -> &Registry {
        &self.registry
    }

    /// Counts a call.
    pub(super) fn observe(&self, record: &UsageRecord) {
        let operation = operation(&record.dialect);
        let (endpoint, model) = self.labels(record);
        for (token_type, count) in [
            ("input", record.prompt_tokens),
            ("output", record.completion_tokens),
        ] {
            if count > 0 {
                let labels = Tokens {
                    gen_ai_operation_name: operation,
                    orloj_endpoint: endpoint.clone(),
                    gen_ai_request_model: model.clone(),
                    gen_ai_token_type: token_type,
                };
                self.tokens.get_or_create(&labels).observe(float(count));
            }
        }
        let labels = Call {
            gen_ai_operation_name: operation,
            orloj_endpoint: endpoint,
            gen_ai_request_model: model,
            orloj_outcome: record.outcome.clone(),
        };
        let whole = seconds(record.duration_us);
        self.durations.get_or_create(&labels).observe(whole);
        let Some(first) = record.first_token_us.map(seconds) else {
            return;
        };
        self.first_tokens.get_or_create(&labels).observe(first);
        // Whole answers come at once; their tokens have no times of their own.
        if record.streamed == 1 && record.completion_tokens > 1 {
            let each = (whole - first) / float(record.completion_tokens - 1);
            self.per_token.get_or_create(&labels).observe(each.max(0.0));
        }
    }

    fn labels(&self, record: &UsageRecord) -> (String, String) {
        let labels = (record.endpoint.clone(), record.model.clone());
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.contains(&labels) {
            return labels;
        }
        if known.len() >= MOST_MODELS {
            return (OTHER.to_owned(), OTHER.to_owned());
        }
        known.insert(labels.clone());
        labels
    }
}

/// The conventions' word for a path's operation.
pub(super) fn operation(path: &str) -> &'static str {
    if path.contains("embeddings") {
        "embeddings"
    } else {
        "chat"
    }
}

/// Neither tokens nor microseconds reach what a double cannot hold.
#[expect(clippy::cast_precision_loss, reason = "see above")]
fn float(count: i64) -> f64 {
    count as f64
}

fn seconds(microseconds: i64) -> f64 {
    float(microseconds) / 1e6
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::{GenAi, MOST_MODELS, OTHER};
    use crate::store::UsageRecord;
    use prometheus_client::encoding::text::encode;

    fn call(model: &str) -> UsageRecord {
        UsageRecord {
            dialect: "/v1/chat/completions".into(),
            endpoint: "main".into(),
            model: model.into(),
            outcome: "finished".into(),
            streamed: 1,
            prompt_tokens: 10,
            completion_tokens: 5,
            first_token_us: Some(500_000),
            duration_us: 1_500_000,
            ..UsageRecord::default()
        }
    }

    fn text(genai: &GenAi) -> String {
        let mut text = String::new();
        encode(&mut text, genai.registry()).unwrap();
        text
    }

    #[test]
    fn a_streamed_call_is_counted_under_the_conventions_names() {
        let genai = GenAi::default();
        genai.observe(&call("m-1"));
        let text = text(&genai);
        let call = r#"{gen_ai_operation_name="chat",orloj_endpoint="main",gen_ai_request_model="m-1",orloj_outcome="finished"}"#;
        for line in [
            format!("gen_ai_server_request_duration_seconds_sum{call} 1.5"),
            format!("gen_ai_server_time_to_first_token_seconds_sum{call} 0.5"),
            format!("gen_ai_server_time_per_output_token_seconds_sum{call} 0.25"),
        ] {
            assert!(text.contains(&line), "{line}\n{text}");
        }
        for (token_type, sum) in [("input", "10.0"), ("output", "5.0")] {
            let line = format!(
                r#"gen_ai_client_token_usage_sum{{gen_ai_operation_name="chat",orloj_endpoint="main",gen_ai_request_model="m-1",gen_ai_token_type="{token_type}"}} {sum}"#
            );
            assert!(text.contains(&line), "{line}\n{text}");
        }
    }

    #[test]
    fn names_that_clients_make_up_share_one_label() {
        let genai = GenAi::default();
        for number in 0..2 * MOST_MODELS {
            genai.observe(&call(&format!("m-{number}")));
        }
        let text = text(&genai);
        let models = text
            .lines()
            .filter(|line| line.starts_with("gen_ai_server_request_duration_seconds_sum"))
            .count();
        assert_eq!(models, MOST_MODELS + 1);
        assert!(text.contains(OTHER));
    }
}
