//! One look at the sources and the store, and what is new goes live.

use super::{
    followed::{Followed, Moved},
    gather::SourceFiles,
    hold::Looked,
    offered::Offered,
    parts::{Part, Parts, Stand},
    reconciler::{Reconciler, StepError, Turn, chain, now_us},
    served::{Served, UnmanagedFile},
    status::Outcome,
    step::{Forced, Judged, Ready},
};
use crate::{
    model::ResourceId,
    source::{CommitId, SourceError},
    store::{StoreError, UnmanagedChange, UnmanagedOutcome, UnmanagedRow},
};
use futures_util::future::join_all;
use std::sync::Arc;

/// Where the sources stand.
type Tips = Vec<(Arc<Followed>, Option<CommitId>)>;

/// What is wanted now.
struct Wanted {
    tips: Tips,
    /// Whether every source stands where its remote was seen last.
    all_seen: bool,
    stand: Stand,
    generation: i64,
    rows: Vec<UnmanagedRow>,
}

/// What the sources say where they stand.
struct Said {
    parts: Parts,
    /// The references that were moved by force.
    forced: Vec<Forced>,
    /// Whether all of it is known to be as configured today.
    all_read: bool,
}

/// What asking remotes came to.
#[derive(Default)]
struct Asked {
    fetched: Vec<Arc<str>>,
    /// The first failure.
    failed: Option<SourceError>,
}

impl Reconciler {
    /// Looks at every source now and brings what is new live.
    pub async fn sync(&self) -> Outcome {
        self.look_at(&self.sources).await
    }

    /// Looks at some sources, all at once. Nobody waits for the network but who asked: the turn is taken
    /// before and after it.
    pub(super) async fn look_at(&self, sources: &[Arc<Followed>]) -> Outcome {
        let looked = self.look(sources).await;
        let outcome = looked.unwrap_or_else(|error| {
            let cause = chain(&error);
            tracing::warn!(error = cause, "reconcile failed; it is tried again");
            if !matches!(error, StepError::Fetch(_)) {
                self.fails("", "", &cause);
            }
            Outcome::Retry(cause)
        });
        self.note(&outcome);
        outcome
    }

    async fn look(&self, sources: &[Arc<Followed>]) -> Result<Outcome, StepError> {
        match self.look_once(sources).await {
            // Fetching again makes the mirror anew: that is not to wait for the next look.
            Err(StepError::Source(error)) if error.is_damage() => self.look_once(sources).await,
            looked => looked,
        }
    }

    async fn look_once(&self, sources: &[Arc<Followed>]) -> Result<Outcome, StepError> {
        if self.decoded.is_behind() {
            self.decoded.catch_up(&self.live, &self.key);
        }
        let begun = self.begin(&mut *self.take_turn().await).await?;
        if let Some(outcome) = begun {
            return Ok(outcome);
        }
        let asked = self.fetch(sources).await?;
        let mut turn = self.take_turn().await;
        // Somebody may have been told something meanwhile.
        if let Some(outcome) = self.begin(&mut turn).await? {
            return Ok(outcome);
        }
        let outcome = self.settle_after(&mut turn, asked).await;
        self.remove_leftover_mirrors(&mut turn);
        outcome
    }

    /// Brings live what is known already, for whoever has the turn; asks no remote.
    pub(super) async fn walk(&self, turn: &mut Turn) -> Result<Outcome, StepError> {
        match self.begin(turn).await? {
            Some(outcome) => Ok(outcome),
            None => self.settle(turn, &[]).await,
        }
    }

    /// What comes before any look: what an earlier process left, and orders not to look.
    async fn begin(&self, turn: &mut Turn) -> Result<Option<Outcome>, StepError> {
        self.know_head(turn).await?;
        self.know_orders(turn).await?;
        if let Some(outcome) = self.finish_rollback(turn).await? {
            return Ok(Some(outcome));
        }
        let suspended = self.is_suspended(turn).await?;
        Ok(suspended.then_some(Outcome::Suspended))
    }

    /// Asks the remotes, all at once.
    async fn fetch(&self, sources: &[Arc<Followed>]) -> Result<Asked, StepError> {
        let served = self.live.pin();
        let fetches = sources.iter().map(|source| {
            let stood = served.inputs.parts.get(source.name());
            let stood = stood.and_then(Part::commit).map(|commit| commit.id);
            let source = source.clone();
            tokio::task::spawn_blocking(move || source.fetch(stood.as_ref()))
        });
        let mut asked = Asked::default();
        for (source, fetched) in sources.iter().zip(join_all(fetches).await) {
            match fetched? {
                Ok(moved) => {
                    self.works_again(source.name());
                    self.tell_of_move(source, moved);
                    asked.fetched.push(source.name().clone());
                }
                Err(error) => {
                    let error = StepError::Fetch(error);
                    self.fails(source.name(), &source.prefix(), &chain(&error));
                    if let StepError::Fetch(error) = error {
                        asked.failed = asked.failed.or(Some(error));
                    }
                }
            }
        }
        Ok(asked)
    }

    /// Brings live what is new, unless all that was asked for failed: the others' last commits stay.
    async fn settle_after(&self, turn: &mut Turn, asked: Asked) -> Result<Outcome, StepError> {
        let Asked { fetched, failed } = asked;
        let Some(error) = failed else {
            return self.settle(turn, &fetched).await;
        };
        if !fetched.is_empty() {
            let outcome = self.settle(turn, &fetched).await?;
            if !matches!(outcome, Outcome::Unchanged | Outcome::Waiting(_)) {
                return Ok(outcome);
            }
        }
        Err(StepError::Fetch(error))
    }

    /// Brings what is new of where the sources stand live.
    async fn settle(&self, turn: &mut Turn, fetched: &[Arc<str>]) -> Result<Outcome, StepError> {
        let started_us = now_us();
        let served = self.live.pin();
        let wanted = self.wanted(&served).await?;
        let unread = names(&wanted.tips);
        if !unread.is_empty() && !served.inputs.parts.are_of_git() {
            return Ok(Outcome::Waiting(format!("not read yet: {unread}")));
        }
        // What a source that was not seen really says may be what was rolled back.
        if turn.pin.is_some() && !wanted.all_seen {
            return Ok(Outcome::Unchanged);
        }
        if self.stays_pinned(turn, &wanted.stand, &served).await? {
            self.hold_nothing(turn);
            return Ok(Outcome::Unchanged);
        }
        let same_commits = served.inputs.parts.stand() == wanted.stand;
        let same = same_commits
            && served.inputs.unmanaged_generation == wanted.generation
            && (served.is_something() || wanted.stand.is_nowhere() && wanted.generation == 0);
        if same && turn.current {
            if turn.refused.take().is_some() {
                self.status.send_modify(|status| status.attempt = None);
                self.none_refused();
            }
            self.hold_nothing(turn);
            return Ok(Outcome::Unchanged);
        }
        let looked = (wanted.stand.clone(), wanted.generation);
        if turn.refused.as_ref() == Some(&looked) {
            return Ok(Outcome::Unchanged);
        }
        let held = turn.held.as_ref().filter(|(of, _)| *of == looked);
        let clock_us = self.settings.clock.now().as_microsecond();
        if let Some((_, held)) = held.filter(|(_, held)| !held.is_over(clock_us)) {
            return Ok(Outcome::Held(held.clone()));
        }
        self.hold_nothing(turn);
        let read = self.read_parts(turn, fetched, &served, wanted.tips);
        let Said {
            parts,
            forced,
            all_read,
        } = read.await?;
        let same_files = same_commits && parts.same_files(&served.inputs.parts);
        if same && same_files {
            turn.current = all_read;
            return Ok(Outcome::Unchanged);
        }
        let rows = wanted.rows.into_iter();
        let offered = Offered {
            parts,
            unmanaged: rows
                .map(|row| UnmanagedFile::new(row.id, row.document))
                .collect(),
            generation: wanted.generation,
            forced,
            by_hand: (same_files && served.is_something())
                .then(|| "resources sent by hand".to_owned()),
            started_us,
        };
        // Whether what goes live now, if anything does, was read with today's configuration.
        let before = std::mem::replace(&mut turn.current, all_read);
        let outcome = self.decide(turn, &offered, looked, &served).await;
        if !matches!(outcome, Ok(Outcome::Applied(_))) {
            turn.current = before;
        }
        outcome
    }

    /// Judges what the sources offer, and makes live what is not refused or held.
    async fn decide(
        &self,
        turn: &mut Turn,
        offered: &Offered,
        looked: Looked,
        served: &Served,
    ) -> Result<Outcome, StepError> {
        let (candidate, adopted) = offered.whole();
        match self.judge(candidate) {
            Judged::Ready(ready) => {
                self.none_refused();
                self.bring(turn, *ready, adopted, looked).await
            }
            Judged::Refused(whole) => {
                let divided = tokio::task::block_in_place(|| self.divide(offered, served, &whole));
                self.advance(turn, *whole, divided, looked).await
            }
        }
    }

    /// Makes a judged candidate live unless it is held.
    pub(super) async fn bring(
        &self,
        turn: &mut Turn,
        mut ready: Ready,
        adopted: Vec<ResourceId>,
        looked: Looked,
    ) -> Result<Outcome, StepError> {
        if ready.is_of_git()
            && let Some(held) = self.held_by(turn, &mut ready).await?
        {
            return Ok(self.hold(turn, looked, held));
        }
        if !self.forget(adopted, looked.1).await? {
            let cause = "somebody else changed what was sent by hand";
            return Ok(Outcome::Retry(cause.to_owned()));
        }
        let is_of_git = ready.is_of_git();
        let outcome = self.go_live(turn, ready).await?;
        if is_of_git {
            self.set_pin(turn, None).await?;
        }
        Ok(outcome)
    }

    /// Where the sources stand and what was sent by hand. A source whose mirror is gone stands where it is
    /// served from.
    async fn wanted(&self, served: &Served) -> Result<Wanted, StepError> {
        let tips: Tips = tokio::task::block_in_place(|| {
            let sources = self.sources.iter();
            sources.map(|it| (it.clone(), it.tip())).collect()
        });
        let all_seen = tips.iter().all(|(_, tip)| tip.is_some());
        let tips: Tips = tips
            .into_iter()
            .map(|(source, tip)| {
                let part = served.inputs.parts.get(source.name());
                let kept = part.and_then(Part::commit).map(|commit| commit.id);
                (source, tip.or(kept))
            })
            .collect();
        let (generation, rows) = self.store().await?.unmanaged(&self.key).await?;
        let stands = tips
            .iter()
            .map(|(source, tip)| (source.name().clone(), *tip));
        Ok(Wanted {
            stand: Stand::of(stands),
            all_seen,
            tips,
            generation,
            rows,
        })
    }

    /// What each source says where it stands.
    /// What was not fetched just now and cannot be read stays as it is served.
    async fn read_parts(
        &self,
        turn: &Turn,
        fetched: &[Arc<str>],
        served: &Served,
        tips: Tips,
    ) -> Result<Said, StepError> {
        let mut parts = Vec::with_capacity(tips.len());
        let (mut forced, mut all_read) = (Vec::new(), true);
        for (source, tip) in tips {
            let Some(tip) = tip else { continue };
            let kept = served.inputs.parts.get(source.name());
            let same = kept.filter(|part| part.commit().is_some_and(|commit| commit.id == tip));
            if let Some(part) = same.filter(|part| turn.current || part.files.listed.is_some()) {
                parts.push(part.clone());
                continue;
            }
            let name = source.name().clone();
            let is_fetched = fetched.contains(source.name());
            match read(source.clone(), tip, kept).await {
                Ok((files, moved)) => {
                    forced.extend(moved.and_then(|moved| Forced::of(&source, moved)));
                    parts.push(Part {
                        name,
                        files: Arc::new(files),
                    });
                }
                Err(error) => match kept.filter(|_| !is_fetched) {
                    Some(part) => {
                        tracing::warn!(
                            source = &*name,
                            error = chain(&error),
                            "the mirror of a source cannot be read"
                        );
                        all_read = false;
                        parts.push(part.clone());
                    }
                    None => return Err(error),
                },
            }
        }
        Ok(Said {
            parts: parts.into_iter().collect(),
            forced,
            all_read,
        })
    }

    /// Takes what Git has adopted out of the store, or it would come back when Git lets go of it; false
    /// if the set has not this generation any more.
    async fn forget(&self, adopted: Vec<ResourceId>, generation: i64) -> Result<bool, StoreError> {
        if adopted.is_empty() {
            return Ok(true);
        }
        let changes: Vec<_> = adopted.into_iter().map(UnmanagedChange::Delete).collect();
        let store = self.store().await?;
        let outcome = store
            .change_unmanaged(&self.key, Some(generation), &changes, now_us())
            .await?;
        Ok(matches!(outcome, UnmanagedOutcome::Changed(_)))
    }
}

async fn read(
    source: Arc<Followed>,
    tip: CommitId,
    kept: Option<&Part>,
) -> Result<(SourceFiles, Option<Moved>), StepError> {
    let before = kept.and_then(Part::commit).map(|commit| commit.id);
    let read = tokio::task::spawn_blocking(move || {
        let moved = before.map(|before| source.moved(&before, &tip));
        Ok::<_, SourceError>((source.read(&tip, before.as_ref())?, moved.transpose()?))
    });
    Ok(read.await??)
}

/// The sources that were never read.
fn names(tips: &Tips) -> String {
    let unread = tips.iter().filter(|(_, tip)| tip.is_none());
    let names: Vec<_> = unread
        .map(|(source, _)| format!("`{}`", source.name()))
        .collect();
    names.join(", ")
}
