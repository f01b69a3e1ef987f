//! Good revisions that wait for somebody's yes, and the yes.

use super::{
    events::EventSort,
    noting::settled,
    orders::{Held, HeldBy, Pin, Reason, Suspension},
    parts::Stand,
    reconciler::{Reconciler, StepError, Turn, chain, now_us},
    served::Served,
    status::{Outcome, Phase},
    step::Ready,
};
use crate::store::{Confirmation, StoreError, Told};

/// What was looked at: where the sources stand, and a generation of what was sent by hand.
pub(super) type Looked = (Stand, i64);

/// Why an order was not followed.
#[derive(Debug, thiserror::Error)]
pub enum OrderError {
    /// There is nothing that it could be about.
    #[error("{0}")]
    Nothing(String),
    /// It is about a plan that is no longer the one that waits.
    #[error("{0}")]
    Stale(String),
    /// It is for emergencies, and nobody says what this one is.
    #[error("{0}")]
    Unreasoned(String),
    /// What it would lead to is not valid.
    #[error("the revision is refused")]
    Invalid(crate::model::Findings),
    /// Something failed that may work next time.
    #[error("{0}")]
    Retry(String),
}

impl From<StoreError> for OrderError {
    fn from(error: StoreError) -> Self {
        Self::Retry(chain(&error))
    }
}

impl From<StepError> for OrderError {
    fn from(error: StepError) -> Self {
        Self::Retry(chain(&error))
    }
}

impl Reconciler {
    /// Reads what the loop was told before it was started.
    pub(super) async fn know_orders(&self, turn: &mut Turn) -> Result<(), StoreError> {
        if turn.orders_known {
            return Ok(());
        }
        let store = self.store().await?;
        turn.suspension = store.told(Told::Suspension).await?;
        turn.pin = store.told(Told::Pin).await?;
        turn.orders_known = true;
        self.show_orders(turn);
        Ok(())
    }

    /// Whether nobody is to look at the source; a suspension whose time is over ends here.
    pub(super) async fn is_suspended(&self, turn: &mut Turn) -> Result<bool, StoreError> {
        let Some(suspension) = &turn.suspension else {
            return Ok(false);
        };
        if !suspension.is_over(now_us()) {
            return Ok(true);
        }
        tracing::warn!(
            suspended.reason = suspension.reason,
            "the time of the suspension is over; reconciling again"
        );
        self.set_suspension(turn, None).await?;
        Ok(false)
    }

    /// Stops looking at the source until somebody resumes, or a time.
    ///
    /// # Errors
    ///
    /// [`OrderError::Retry`] if the store fails; nothing is changed then.
    pub async fn suspend(&self, suspension: Suspension) -> Result<(), OrderError> {
        let mut turn = self.take_turn().await;
        self.know_orders(&mut turn).await?;
        tracing::info!(
            suspended.reason = suspension.reason,
            suspended.by = suspension.by,
            "reconciling is suspended"
        );
        self.set_suspension(&mut turn, Some(suspension)).await?;
        self.note(&Outcome::Suspended);
        Ok(())
    }

    /// Ends a suspension and lifts a pin, and looks at the source.
    ///
    /// # Errors
    ///
    /// - [`OrderError::Nothing`] if there is neither.
    /// - [`OrderError::Retry`] if the store fails.
    pub async fn resume(&self) -> Result<Outcome, OrderError> {
        let mut turn = self.take_turn().await;
        self.know_orders(&mut turn).await?;
        if turn.suspension.is_none() && turn.pin.is_none() {
            let nothing = "nothing is suspended and no rollback is pinned";
            return Err(OrderError::Nothing(nothing.to_owned()));
        }
        self.set_suspension(&mut turn, None).await?;
        self.set_pin(&mut turn, None).await?;
        self.hold_nothing(&mut turn);
        tracing::info!("reconciling is resumed");
        drop(turn);
        Ok(self.sync().await)
    }

    /// Says yes to the plan that is held, and makes it live.
    ///
    /// # Errors
    ///
    /// - [`OrderError::Nothing`] if no plan is held, [`OrderError::Stale`] if another one is.
    /// - [`OrderError::Unreasoned`] if a window holds it and no reason is given.
    /// - [`OrderError::Retry`] if the store fails.
    pub async fn confirm(
        &self,
        plan_digest: &str,
        reason: &str,
        by: &str,
    ) -> Result<Outcome, OrderError> {
        let mut turn = self.take_turn().await;
        let held = turn.held.as_ref().map(|(_, held)| held);
        let held = held.ok_or_else(|| OrderError::Nothing("nothing is held".to_owned()))?;
        if held.by == HeldBy::Window && reason.trim().is_empty() {
            let why = "going live outside its window needs a reason: `--reason \"...\"`";
            return Err(OrderError::Unreasoned(why.to_owned()));
        }
        if !is_digest(plan_digest, &held.plan_digest) {
            return Err(OrderError::Stale(format!(
                "no plan `{plan_digest}` is held; the one that is held is {}",
                held.plan_digest
            )));
        }
        let confirmation = Confirmation {
            plan_digest: held.question.clone(),
            confirmed_by: by.to_owned(),
            reason: reason.to_owned(),
            at_us: now_us(),
        };
        self.store().await?.confirm(&confirmation).await?;
        self.hold_nothing(&mut turn);
        let outcome = self.walk(&mut turn).await?;
        self.note(&outcome);
        Ok(outcome)
    }

    /// Whether what is fetched is what somebody rolled back. A pin on something else than what is live is
    /// that of a rollback that did not come about.
    pub(super) async fn stays_pinned(
        &self,
        turn: &mut Turn,
        stand: &Stand,
        served: &Served,
    ) -> Result<bool, StoreError> {
        let Some(pin) = &turn.pin else {
            return Ok(false);
        };
        if pin.commit != served.inputs.parts.stand().text() {
            self.set_pin(turn, None).await?;
            return Ok(false);
        }
        Ok(pin.left.is_some() && pin.left == stand.text())
    }

    /// What holds a candidate from Git, unless somebody said yes to just this or it lifts the pin.
    pub(super) async fn held_by(
        &self,
        turn: &mut Turn,
        ready: &mut Ready,
    ) -> Result<Option<Held>, StoreError> {
        let pinned = turn.pin.as_ref();
        let pinned = pinned.filter(|pin| !pin.is_lifted_by(ready.catalog()));
        let pinned = pinned.map(pinned_reason);
        let reasons = [
            pinned,
            ready.held_for_force(),
            ready.departures.hold(self.settings.egress),
            self.held_for_pruning(ready),
        ];
        let reasons: Vec<_> = reasons.into_iter().flatten().collect();
        if !reasons.is_empty() {
            let question = ready.question(&reasons);
            let store = self.store().await?;
            ready.confirmation = store.confirmation(&question).await?;
            if ready.confirmation.is_none() {
                return Ok(Some(ready.held(&reasons, question)));
            }
        }
        self.held_by_window(ready).await
    }

    fn held_for_pruning(&self, ready: &Ready) -> Option<Reason> {
        let served = self.live.pin();
        let managed = served.snapshot.catalog().len() - served.snapshot.unmanaged().size();
        let mut message = self.settings.prune.holds(ready.pruned(), managed)?;
        if let Some(entry) = &ready.renamed {
            message.push_str("; renamed? then a file says `moved:` with `");
            message.push_str(entry);
            message.push_str("` (`orloj plan` has them all)");
        }
        Some(Reason {
            by: HeldBy::Prune,
            message,
            // The plan and the commits say it all.
            about: String::new(),
        })
    }

    /// Keeps a held revision in mind, so that it is neither reviewed again nor forgotten to be shown.
    pub(super) fn hold(&self, turn: &mut Turn, looked: Looked, held: Held) -> Outcome {
        tracing::warn!(
            plan.digest = held.plan_digest,
            held.by = held.by.as_str(),
            held.reason = held.message,
            "revision held"
        );
        let live = &self.live.pin().revision;
        let commit = held.commit.as_deref();
        self.events.tell(
            EventSort::Held,
            live,
            commit,
            held.message.clone(),
            &held.secrets_json,
        );
        turn.held = Some((looked, held.clone()));
        self.show_orders(turn);
        Outcome::Held(held)
    }

    /// Nothing waits for somebody's yes any more.
    pub(super) fn hold_nothing(&self, turn: &mut Turn) {
        if turn.held.take().is_some() {
            self.show_orders(turn);
        }
    }

    pub(super) async fn set_suspension(
        &self,
        turn: &mut Turn,
        suspension: Option<Suspension>,
    ) -> Result<(), StoreError> {
        let store = self.store().await?;
        store
            .tell(Told::Suspension, suspension.as_ref(), now_us())
            .await?;
        let live = &self.live.pin().revision;
        match (&turn.suspension, &suspension) {
            (_, Some(now)) => {
                self.events
                    .push(EventSort::Suspended, live, None, now.reason.clone());
            }
            (Some(was), None) => {
                self.events
                    .push(EventSort::Resumed, live, None, was.reason.clone());
            }
            (None, None) => {}
        }
        turn.suspension = suspension;
        self.show_orders(turn);
        Ok(())
    }

    pub(super) async fn set_pin(
        &self,
        turn: &mut Turn,
        pin: Option<Pin>,
    ) -> Result<(), StoreError> {
        if pin.is_none() && turn.pin.is_none() {
            return Ok(());
        }
        let store = self.store().await?;
        store.tell(Told::Pin, pin.as_ref(), now_us()).await?;
        if let (Some(was), None) = (&turn.pin, &pin) {
            let live = &self.live.pin().revision;
            self.events
                .push(EventSort::Unpinned, live, None, was.reason.clone());
        }
        turn.pin = pin;
        self.show_orders(turn);
        Ok(())
    }

    /// Puts what the loop was told, and what waits, into the status.
    pub(super) fn show_orders(&self, turn: &Turn) {
        self.status.send_modify(|status| {
            status.suspension.clone_from(&turn.suspension);
            status.pin.clone_from(&turn.pin);
            status.held = turn.held.as_ref().map(|(_, held)| held.clone());
            if status.held.is_none() && status.phase == Phase::Held {
                status.phase = settled(status);
            }
        });
    }
}

fn pinned_reason(pin: &Pin) -> Reason {
    let reason = match pin.reason.as_str() {
        "" => String::new(),
        reason => format!(" (\"{reason}\")"),
    };
    Reason {
        by: HeldBy::Pin,
        message: format!(
            "{} is pinned since a rollback{reason}, and this commit touches nothing that was rolled back",
            short(&pin.revision)
        ),
        about: format!("{} since {}", pin.revision, pin.since_us),
    }
}

fn short(revision: &str) -> &str {
    revision.get(..7).unwrap_or(revision)
}

/// Whether what somebody typed is a digest, or enough of its beginning: with or without `sha256:`.
fn is_digest(typed: &str, digest: &str) -> bool {
    const LEAST: usize = 6;
    let (typed, digest) = (without_sort(typed), without_sort(digest));
    typed.len() >= LEAST && digest.starts_with(typed)
}

fn without_sort(digest: &str) -> &str {
    digest.strip_prefix("sha256:").unwrap_or(digest)
}
