//! What makes the loop turn: a bell and a timer.

use super::{reconciler::Reconciler, status::Outcome};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Notify, time};
use tokio_util::sync::CancellationToken;

/// The pause after the first failure; doubled for each further one.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// The longest pause between two tries.
const LONGEST_RETRY: Duration = Duration::from_mins(1);

/// Rings for a look at the source. Ringing takes no input, and rings while the loop is busy count once.
#[derive(Debug, Clone, Default)]
pub struct Bell(Arc<Notify>);

impl Bell {
    /// Asks for a look at the source, now or as soon as the present one ends.
    pub fn ring(&self) {
        self.0.notify_one();
    }

    async fn rung(&self) {
        self.0.notified().await;
    }
}

/// Turns the loop until `stop`: at once, then at every ring and every poll; after a failure sooner.
pub async fn run(reconciler: Arc<Reconciler>, bell: Bell, stop: CancellationToken) {
    let mut failures = 0_u32;
    loop {
        let pause = match look(&reconciler).await {
            Outcome::Retry(_) => {
                failures = failures.saturating_add(1);
                retry_pause(failures).min(reconciler.settings.poll.max(FIRST_RETRY))
            }
            Outcome::Unchanged
            | Outcome::Applied(_)
            | Outcome::Rejected(_)
            | Outcome::Held(_)
            | Outcome::Suspended => {
                failures = 0;
                reconciler.settings.poll
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = bell.rung() => {}
            () = time::sleep(spread(pause)) => {}
        }
    }
}

/// One look in a task of its own: a defect in it must not end the loop.
#[expect(
    clippy::disallowed_methods,
    reason = "it is waited for on the same line"
)]
async fn look(reconciler: &Arc<Reconciler>) -> Outcome {
    let looking = reconciler.clone();
    match tokio::spawn(async move { looking.sync().await }).await {
        Ok(outcome) => outcome,
        Err(error) => {
            let cause = format!("a defect of orloj ended the look at the source: {error}");
            tracing::error!(error = cause, "reconcile failed; it is tried again");
            let outcome = Outcome::Retry(cause);
            reconciler.note(&outcome);
            outcome
        }
    }
}

fn retry_pause(failures: u32) -> Duration {
    FIRST_RETRY
        .saturating_mul(1 << failures.saturating_sub(1).min(6))
        .min(LONGEST_RETRY)
}

/// Up to a tenth more, so that many daemons do not ask at the same moment.
fn spread(pause: Duration) -> Duration {
    let mut byte = [0];
    // Without randomness the pause is merely even.
    let _ = getrandom::fill(&mut byte);
    pause + pause.mul_f64(f64::from(byte[0]) / 2560.0)
}
