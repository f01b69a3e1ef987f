//! Commits that wait for the time that is theirs.

use super::{
    orders::{Held, HeldBy, HeldSchedule},
    reconciler::Reconciler,
    step::Ready,
};
use crate::store::StoreError;

impl HeldBy {
    /// Under which text a yes to a plan is kept: one to what it prunes is none to its hour.
    pub(super) fn confirmed_as(self, plan_digest: &str) -> String {
        match self {
            Self::Prune | Self::Pin | Self::Force | Self::Egress => plan_digest.to_owned(),
            Self::Window => format!("window:{plan_digest}"),
        }
    }
}

impl Reconciler {
    /// What holds a candidate from Git until a window opens, unless somebody said yes to its going live
    /// now. Where nothing is live yet, nothing is worth waiting for.
    pub(super) async fn held_by_window(
        &self,
        ready: &mut Ready,
    ) -> Result<Option<Held>, StoreError> {
        let now = self.settings.clock.now();
        if !self.live.pin().is_something() {
            return Ok(None);
        }
        let Some(closed) = self.settings.windows.closed(&ready.scopes, now) else {
            return Ok(None);
        };
        let key = HeldBy::Window.confirmed_as(ready.plan_digest());
        let yes = self.store().await?.confirmation(&key).await?;
        if yes.is_some() {
            ready.confirmation = yes;
            return Ok(None);
        }
        let mut held = ready.held(HeldBy::Window, closed.sentence());
        held.schedule = Some(HeldSchedule {
            window: closed.window.to_string(),
            at_us: now.as_microsecond(),
            opens_us: closed.opens.map(jiff::Timestamp::as_microsecond),
        });
        Ok(Some(held))
    }
}
