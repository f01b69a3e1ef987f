//! Which of several sources go live where all of them together cannot.
//!
//! The rule: first those in whose files no error was found, all at once; then the others one by one, in the
//! order of the configuration, and again as long as that helps. Whoever leaves the whole valid goes live;
//! everybody else stays at the last good commit. So a source that only another's new commit makes valid goes with
//! it, and the same commits always come to the same.

use super::{
    facts::Came,
    hold::Looked,
    offered::Offered,
    parts::{Parts, Stand},
    reconciler::{Reconciler, StepError, Turn},
    served::Served,
    status::Outcome,
    step::{Judged, Ready, Refused},
};
use crate::model::{Finding, ResourceId, Severity};
use std::{collections::BTreeMap, sync::Arc};

/// Most reviews for one look. What was not tried then stays where it is until somebody pushes.
const MOST_REVIEWS: usize = 32;

/// What becomes of sources that are not valid together.
#[derive(Default)]
pub(super) struct Divided {
    /// What goes live.
    ahead: Option<Ahead>,
    /// What does not, by source.
    refused: BTreeMap<Arc<str>, Refused>,
    /// Whether one of these would stand at the commit that is served of it.
    is_of_old_commit: bool,
}

/// Sources that go ahead of the others.
struct Ahead {
    ready: Box<Ready>,
    adopted: Vec<ResourceId>,
    stand: Stand,
}

impl Reconciler {
    /// Finds out who goes ahead when all together are refused.
    pub(super) fn divide(&self, offered: &Offered, served: &Served, whole: &Refused) -> Divided {
        let before = &served.inputs.parts;
        let moved = offered.parts.unlike(before);
        let id = |parts: &Parts, name| Some(parts.get(name)?.commit()?.id);
        let mut search = Search {
            reconciler: self,
            offered,
            before,
            moved: &moved,
            taken: Vec::new(),
            ahead: None,
            refused: BTreeMap::new(),
            left: if served.is_something() {
                MOST_REVIEWS
            } else {
                0
            },
        };
        if moved.len() > 1 {
            search.run(whole);
        }
        let Search {
            taken,
            ahead,
            mut refused,
            ..
        } = search;
        let mut divided = Divided {
            ahead,
            ..Divided::default()
        };
        for name in moved.iter().filter(|name| !taken.contains(name)) {
            let parts = &offered.parts;
            divided.is_of_old_commit |= id(parts, name) == id(before, name);
            let refusal = refused.remove(name).unwrap_or_else(|| whole.clone());
            let refusal = refusal.of_source(Came::of(name, parts));
            divided.refused.insert(name.clone(), refusal);
        }
        divided
    }

    /// Brings live who goes ahead, and notes who stays where they are.
    pub(super) async fn advance(
        &self,
        turn: &mut Turn,
        whole: Refused,
        divided: Divided,
        looked: Looked,
    ) -> Result<Outcome, StepError> {
        let Divided {
            ahead,
            refused,
            is_of_old_commit,
        } = divided;
        let Some(ahead) = ahead else {
            let outcome = self.reject(whole).await?;
            self.status.send_modify(|status| {
                let attempts = refused.iter();
                let attempts = attempts.map(|(name, one)| (name.clone(), one.attempt()));
                status.refused = attempts.collect();
            });
            turn.refused = Some(looked);
            return Ok(outcome);
        };
        self.note_refused(&refused).await?;
        // What was rolled back is not brought again.
        let left = turn.pin.as_ref().and_then(|pin| pin.left.clone());
        if left.is_some() && left == ahead.stand.text() {
            turn.refused = Some(looked);
            return Ok(Outcome::Unchanged);
        }
        let bringing = self.bring(turn, *ahead.ready, ahead.adopted, looked.clone());
        let outcome = bringing.await?;
        if matches!(outcome, Outcome::Applied(_)) {
            turn.refused = Some(looked);
            turn.current &= !is_of_old_commit;
        }
        Ok(outcome)
    }

    /// Notes what is refused of each source in the history and the status: what is noted already, not again.
    async fn note_refused(&self, refused: &BTreeMap<Arc<str>, Refused>) -> Result<(), StepError> {
        let known = self.status().refused;
        let mut noted = BTreeMap::new();
        for (name, refused) in refused {
            let attempt = refused.attempt();
            let same = known.get(name).filter(|known| known.is_like(&attempt));
            if same.is_none() {
                self.record_refusal(refused).await?;
            }
            noted.insert(name.clone(), same.cloned().unwrap_or(attempt));
        }
        self.status.send_modify(|status| status.refused = noted);
        Ok(())
    }

    /// Notes that nothing is refused of any source.
    pub(super) fn none_refused(&self) {
        self.status.send_if_modified(|status| {
            let was = !status.refused.is_empty();
            status.refused.clear();
            was
        });
    }
}

/// The way to those who go ahead.
struct Search<'a> {
    reconciler: &'a Reconciler,
    offered: &'a Offered,
    before: &'a Parts,
    /// Who says something new.
    moved: &'a [Arc<str>],
    /// Who goes ahead.
    taken: Vec<Arc<str>>,
    ahead: Option<Ahead>,
    /// Why the others cannot join them, as far as that was tried.
    refused: BTreeMap<Arc<str>, Refused>,
    /// How many reviews may still be made.
    left: usize,
}

impl Search<'_> {
    fn run(&mut self, whole: &Refused) {
        let names = self.moved.iter().cloned();
        let (blamed, clean): (Vec<_>, Vec<_>) =
            names.partition(|name| whole.findings.iter().any(|it| is_error_in(it, name)));
        let all_at_once = !blamed.is_empty() && clean.len() > 1 && self.takes(&clean);
        let mut waiting = if all_at_once { Vec::new() } else { clean };
        waiting.extend(blamed);
        loop {
            let before = waiting.len();
            waiting.retain(|name| !self.takes(std::slice::from_ref(name)));
            if waiting.len() == before || waiting.is_empty() || self.left == 0 {
                return;
            }
        }
    }

    /// Tries to let some go ahead with those who do already.
    fn takes(&mut self, names: &[Arc<str>]) -> bool {
        let is_all = self.taken.len() + names.len() == self.moved.len();
        if is_all || self.left == 0 {
            if let [name] = names {
                self.refused.remove(name);
            }
            return false;
        }
        let goes = |name: &str| {
            let mut all = self.taken.iter().chain(names);
            all.any(|taken| **taken == *name)
        };
        let is_moved = |name: &str| self.moved.iter().any(|moved| **moved == *name);
        let stays = |name: &str| is_moved(name) && !goes(name);
        let Some(parts) = self.offered.parts.staying(self.before, stays) else {
            return false;
        };
        self.left -= 1;
        let stand = parts.stand();
        let (candidate, adopted) = self.offered.with(parts);
        match self.reconciler.judge(candidate) {
            Judged::Ready(ready) => {
                self.taken.extend_from_slice(names);
                self.ahead = Some(Ahead {
                    ready,
                    adopted,
                    stand,
                });
                true
            }
            Judged::Refused(refused) => {
                if let [name] = names {
                    self.refused.insert(name.clone(), *refused);
                }
                false
            }
        }
    }
}

/// Whether it is an error in a file of a source with this name.
fn is_error_in(finding: &Finding, name: &str) -> bool {
    let behind = finding.origin.file.strip_prefix(name);
    finding.severity == Severity::Error && behind.is_some_and(|path| path.starts_with(':'))
}
