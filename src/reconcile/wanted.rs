//! What is wanted, held against what is served, or against nothing.

use super::{
    parts::Parts,
    review::{Checked, Desired, Review, ReviewOptions, check, review, review_edits},
    served::{Inputs, Served},
    snapshot::Snapshot,
};
use crate::{
    manifest::Layer,
    model::{Digest, Finding},
};
use std::collections::BTreeMap;

/// Bytes of a revision's id that is no commit's: as many as a commit's has.
const ID_BYTES: usize = 20;

impl Inputs {
    /// What the revision is called: the commit if there is nothing else, else a digest of all commits and
    /// of what was sent by hand.
    pub(super) fn revision_id(&self) -> String {
        let is_of_git_alone = self.unmanaged.is_empty();
        match self.parts.only_commit() {
            Some(commit) if is_of_git_alone => commit.id.to_string(),
            only => {
                let commits = self.parts.stand().text().unwrap_or_default();
                let is_of_sources = is_of_git_alone && only.is_none() && !commits.is_empty();
                // What was sent and taken away again makes no difference.
                let generation = if is_of_sources {
                    0
                } else {
                    self.unmanaged_generation
                };
                let digest = Digest::of_parts([commits.as_bytes(), &generation.to_be_bytes()]);
                hex::encode(&digest.as_bytes()[..ID_BYTES])
            }
        }
    }

    /// Reviews what is wanted against what is served.
    pub(super) fn review(&self, base: &Served, options: ReviewOptions) -> Review {
        let same_options = base.snapshot.options() == options.assemble();
        let is_edit = same_options && base.is_something();
        let (nothing, none) = (Snapshot::default(), Parts::default());
        let (before, parts) = if is_edit {
            (&base.snapshot, &base.inputs.parts)
        } else {
            (&nothing, &none)
        };
        let revision = self.revision_id();
        let findings = self.told(options);
        let desired = self.desired(&revision, before, parts, &findings);
        if is_edit {
            review_edits(before, base.base_name(), desired, options)
        } else {
            review(desired, base.side(), options)
        }
    }

    /// What is wanted, held against nothing: without a plan, for what was planned once.
    pub(super) fn check(&self, options: ReviewOptions) -> Checked {
        let mut snapshot = Snapshot::new(options.assemble());
        let revision = self.revision_id();
        let findings = self.told(options);
        let desired = self.desired(&revision, &snapshot, &Parts::default(), &findings);
        let (changed, findings) = check(&mut snapshot, desired, options);
        Checked {
            snapshot,
            changed,
            former: BTreeMap::new(),
            findings,
        }
    }

    /// What is wrong with the sources themselves.
    fn told(&self, options: ReviewOptions) -> Vec<Finding> {
        let mut findings = self.parts.findings(options.refuse_empty);
        findings.extend(self.unread.iter().cloned());
        findings
    }

    /// The way from what there is to what is wanted.
    fn desired<'a>(
        &self,
        revision: &'a str,
        before: &Snapshot,
        parts: &Parts,
        source_findings: &'a [Finding],
    ) -> Desired<'a> {
        let mut edits = self.parts.edits_since(parts);
        let unmanaged = self.unmanaged.iter();
        edits.extend(before.edits_to(
            Layer::ByHand,
            unmanaged.map(|file| (&file.path, &file.parsed)),
        ));
        Desired {
            revision,
            edits,
            is_empty: self.parts.are_empty(),
            source_findings,
        }
    }
}
