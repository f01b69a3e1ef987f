//! Log lines on standard error.

use super::flags::LogFormat;
use tracing_subscriber::{
    EnvFilter, Layer as _, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

/// Starts logging; a second call in the same process changes nothing.
pub(super) fn init(format: LogFormat, level: &str) {
    let filter = EnvFilter::try_new(level).unwrap_or_else(|_| EnvFilter::new("info"));
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_target(false);
    let lines = match format {
        LogFormat::Text => lines.with_ansi(false).boxed(),
        LogFormat::Json => lines.json().boxed(),
    };
    let subscriber = tracing_subscriber::registry().with(lines.with_filter(filter));
    #[cfg(debug_assertions)]
    let subscriber = subscriber.with(super::stop_at::layer());
    // An error means that logging was started before, as in tests.
    let _ = subscriber.try_init();
}
