//! Commits that wait for the time that is theirs.

use super::{
    orders::{Held, HeldBy, HeldSchedule, Reason},
    reconciler::Reconciler,
    step::Ready,
};
use crate::store::StoreError;

impl Reconciler {
    /// What holds a candidate from Git until a window opens, unless somebody said yes to its going live
    /// now. Where no commit is live yet, nothing is worth waiting for.
    pub(super) async fn held_by_window(
        &self,
        ready: &mut Ready,
    ) -> Result<Option<Held>, StoreError> {
        let now = self.settings.clock.now();
        if !self.live.pin().inputs.parts.are_of_git() {
            return Ok(None);
        }
        let Some(closed) = self.settings.windows.closed(&ready.scopes, now) else {
            return Ok(None);
        };
        let reason = Reason {
            by: HeldBy::Window,
            message: closed.sentence(),
            about: closed.window.to_string(),
        };
        let reasons = [reason];
        let question = ready.question(&reasons);
        let yes = self.store().await?.confirmation(&question).await?;
        if yes.is_some() {
            ready.confirmation = yes;
            return Ok(None);
        }
        let mut held = ready.held(&reasons, question);
        held.schedule = Some(HeldSchedule {
            window: closed.window.to_string(),
            at_us: now.as_microsecond(),
            opens_us: closed.opens.map(jiff::Timestamp::as_microsecond),
        });
        Ok(Some(held))
    }
}
