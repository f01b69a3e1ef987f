//! A source that is followed.

use super::{
    gather::{FileCache, SourceFiles, gather},
    patience::Patience,
};
use crate::{
    model::{Finding, Origin, code},
    source::{CommitId, Mirror, Move, SourceError, Unverified, VerifyPolicy},
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// A source that is followed: its mirror, and what was read of it last.
#[derive(Debug)]
pub struct Followed {
    name: Arc<str>,
    label: Arc<str>,
    mirror: Mirror,
    cache: Mutex<FileCache>,
    /// Held while its remote is asked: what is learnt of the answer must not be mixed with that of another.
    asking: Mutex<()>,
    /// Where the last fetch found it, if there was one that succeeded.
    tip: Mutex<Option<CommitId>>,
    patience: Patience,
    /// Whether a reference that moves by force waits for somebody's yes.
    protected: bool,
    moved: Mutex<Option<Moved>>,
    /// Who must have signed what, if anybody.
    verify: Option<VerifyPolicy>,
}

/// How a source came from what is served to where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moved {
    pub(super) from: CommitId,
    pub(super) to: CommitId,
    pub(super) how: Move,
}

impl Moved {
    /// What happened, unless it moved forward.
    pub(super) fn told(&self, reference: &str) -> Option<String> {
        let (from, to) = (self.from.short(), self.to.short());
        match self.how {
            Move::Forward => None,
            Move::Forced => Some(format!(
                "`{reference}` was moved by force from {from} to {to}, which does not have {from} in its history"
            )),
            Move::Tag => Some(format!(
                "the tag `{reference}` was moved from {from} to {to}"
            )),
            Move::Unknown => Some(format!(
                "`{reference}` came from {from} to {to}, and the remote does not show whether that was by force"
            )),
        }
    }
}

impl Followed {
    /// The only source: its paths are shown as they are.
    pub fn alone(mirror: Mirror) -> Self {
        Self::new(mirror, "".into())
    }

    /// One of several: its paths are shown as `NAME:PATH`.
    pub fn named(mirror: Mirror) -> Self {
        let label = format!("{}:", mirror.config().name);
        Self::new(mirror, label.into())
    }

    fn new(mirror: Mirror, label: Arc<str>) -> Self {
        Self {
            name: mirror.config().name.as_str().into(),
            cache: Mutex::new(FileCache::labelled(label.clone())),
            label,
            mirror,
            asking: Mutex::default(),
            tip: Mutex::default(),
            patience: Patience::default(),
            protected: true,
            moved: Mutex::default(),
            verify: None,
        }
    }

    /// Whether its reference, moved by force, waits for somebody's yes.
    #[must_use]
    pub fn protected(mut self, protected: bool) -> Self {
        self.protected = protected;
        self
    }

    /// Wants signatures, if there is a policy.
    #[must_use]
    pub fn verified(mut self, policy: Option<VerifyPolicy>) -> Self {
        self.verify = policy;
        self
    }

    pub(super) fn is_protected(&self) -> bool {
        self.protected
    }

    /// What it is called.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Where it is, without credentials.
    pub fn location(&self) -> String {
        self.mirror.config().location.to_string()
    }

    /// The branch, tag or commit that is followed.
    pub fn reference(&self) -> &str {
        &self.mirror.config().reference
    }

    /// Whether it is one of several.
    pub fn is_named(&self) -> bool {
        !self.label.is_empty()
    }

    /// How a message about it begins.
    pub(super) fn prefix(&self) -> String {
        if self.is_named() {
            format!("source `{}`: ", self.name)
        } else {
            String::new()
        }
    }

    /// Asks the remote. What it says is where the source stands from now on. Learns how it came there from
    /// `served` too, and says so if that is new.
    pub(super) fn fetch(&self, served: Option<&CommitId>) -> Result<Option<Moved>, SourceError> {
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        match self.ask(served) {
            // What the remote said cannot be read here: the mirror is made anew at once.
            Err(error) if error.is_damage() && self.mirror.is_damaged() => self.ask(served),
            asked => asked,
        }
    }

    fn ask(&self, served: Option<&CommitId>) -> Result<Option<Moved>, SourceError> {
        let source = &*self.name;
        tracing::debug!(source, "fetch begins");
        let fetched = self.mirror.fetch();
        tracing::debug!(source, "fetch ends");
        let commit = fetched.inspect_err(|error| self.patience.note(error))?;
        let moved = match served {
            Some(served) if *served != commit => {
                let known = *self.held_move();
                let moved = self.moved(served, &commit)?;
                Some(moved).filter(|moved| known != Some(*moved))
            }
            _ => None,
        };
        *self.held_tip() = Some(commit);
        Ok(moved)
    }

    /// How it came from one commit to another. May ask the remote, unless that was asked for last.
    pub(super) fn moved(&self, from: &CommitId, to: &CommitId) -> Result<Moved, SourceError> {
        let known = *self.held_move();
        if let Some(known) = known.filter(|known| known.from == *from && known.to == *to) {
            return Ok(known);
        }
        let moved = Moved {
            from: *from,
            to: *to,
            how: self.mirror.heed(self.mirror.moved(from, to))?,
        };
        *self.held_move() = Some(moved);
        Ok(moved)
    }

    /// How long its server asked to be left alone, if the last fetch was refused so; told once.
    pub(super) fn asked_to_wait(&self) -> Option<Duration> {
        self.patience.take()
    }

    /// Where it stands: where the last fetch found it, else the mirror that an earlier process left. Asks
    /// nobody.
    pub(super) fn tip(&self) -> Option<CommitId> {
        let fetched = *self.held_tip();
        fetched.or_else(|| self.mirror.tip())
    }

    /// Whether a commit is known to be where it stands or before that.
    pub(super) fn contains(&self, commit: &CommitId) -> bool {
        self.mirror.contains(commit)
    }

    /// What it says at a commit that was fetched, when `served` is what is served of it. A signature that is
    /// missing is among the findings.
    pub(super) fn read(
        &self,
        commit: &CommitId,
        served: Option<&CommitId>,
    ) -> Result<SourceFiles, SourceError> {
        let verify = |policy| self.mirror.verify(policy, served, commit);
        let verdict = self.verify.as_ref().map(verify).transpose();
        let verdict = self.mirror.heed(verdict)?;
        let checkout = self.mirror.checkout(commit)?;
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let mut files = gather(&checkout, &mut cache)?;
        match verdict {
            None => {}
            Some(Ok(signer)) => files.signer = signer,
            Some(Err(unverified)) => files.findings.push(self.refusal(&unverified)),
        }
        Ok(files)
    }

    fn refusal(&self, unverified: &Unverified) -> Finding {
        let (code, hint) = if unverified.is_unsigned {
            let hint = "sign it (`git commit --amend -S`, or `git rebase --exec` for older ones) and push again";
            (code::POLICY_UNSIGNED, hint)
        } else {
            let hint =
                "have it signed by somebody whom `verify.signers` names, or add the key there";
            (code::POLICY_SIGNATURE, hint)
        };
        let origin = Origin::file(&format!("{}.", self.label));
        Finding::new(code, origin, unverified.message.as_str()).with_hint(hint)
    }

    fn held_move(&self) -> std::sync::MutexGuard<'_, Option<Moved>> {
        self.moved.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn held_tip(&self) -> std::sync::MutexGuard<'_, Option<CommitId>> {
        self.tip.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
