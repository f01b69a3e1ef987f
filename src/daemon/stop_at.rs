//! Stops a debug build at a named step, so that a test can end it there.

use std::{
    fmt,
    io::Write as _,
    sync::atomic::{AtomicU32, Ordering},
    thread,
};
use tracing::{
    Event, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::{
    Layer,
    filter::{LevelFilter, Targets},
    layer::Context,
};

/// Where to stop: the name of a step, and how often it is passed first.
struct StopAt {
    step: String,
    left: AtomicU32,
}

/// What `ORLOJ_STOP_AT=STEP[:PASSES]` asks for.
#[expect(
    clippy::disallowed_methods,
    reason = "a switch for tests, not there in release builds"
)]
pub(super) fn layer<S>() -> Option<impl Layer<S>>
where
    S: Subscriber + for<'a> tracing_subscriber::registry::LookupSpan<'a>,
{
    let asked = std::env::var("ORLOJ_STOP_AT").ok()?;
    let (step, passes) = asked.split_once(':').unwrap_or((&asked, "0"));
    let asked_for = StopAt {
        step: step.to_owned(),
        left: AtomicU32::new(passes.parse().unwrap_or_default()),
    };
    Some(asked_for.with_filter(Targets::new().with_target("orloj::step", LevelFilter::TRACE)))
}

impl<S: Subscriber> Layer<S> for StopAt {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut name = Name(String::new());
        event.record(&mut name);
        if name.0 != self.step {
            return;
        }
        let passed = |left: u32| left.checked_sub(1);
        let order = Ordering::Relaxed;
        if self.left.fetch_update(order, order, passed).is_ok() {
            return;
        }
        let _ = writeln!(std::io::stderr().lock(), "stopped at {}", self.step);
        // The rest of the process goes on; this thread waits for its end.
        tokio::task::block_in_place(|| {
            loop {
                thread::park();
            }
        });
    }
}

/// The field `step`.
struct Name(String);

impl Visit for Name {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "step" {
            self.0 = format!("{value:?}");
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "step" {
            value.clone_into(&mut self.0);
        }
    }
}
