//! What a revision says, whether it holds together, and what it would change. Pure, and without a key.

use super::snapshot::Snapshot;
use crate::{
    manifest::{AssembleOptions, ClearTextPolicy, FileEdit},
    model::{Changed, Finding, Findings, Origin, ResourceId, code},
    plan::{Plan, Side},
};
use std::collections::BTreeMap;

/// What is wanted.
#[derive(Debug)]
pub struct Desired<'a> {
    /// How the revision is called.
    pub revision: &'a str,
    /// The files that came, changed or went since the snapshot that is reviewed against.
    pub edits: Vec<FileEdit>,
    /// Whether the source has any file at all.
    pub is_empty: bool,
    /// What the source room refused of the tree.
    pub source_findings: &'a [Finding],
}

/// How strictly to look.
#[derive(Debug, Clone, Copy, Default)]
pub struct ReviewOptions {
    /// What secrets in clear text mean in the source's files.
    pub clear_text: ClearTextPolicy,
    /// Whether a source without manifests is refused.
    pub refuse_empty: bool,
}

impl ReviewOptions {
    /// How files are joined.
    pub fn assemble(self) -> AssembleOptions {
        AssembleOptions {
            clear_text: self.clear_text,
        }
    }
}

/// Everything known of a revision before anything is opened.
#[derive(Debug)]
pub struct Review {
    /// What its files say.
    pub snapshot: Snapshot,
    /// What may differ from what it was reviewed against.
    pub changed: Changed,
    /// What would change.
    pub plan: Plan,
    /// Everything found, errors and warnings.
    pub findings: Findings,
}

/// What is known of files that are not held against anything else.
#[derive(Debug)]
pub(super) struct Checked {
    /// What they say.
    pub(super) snapshot: Snapshot,
    /// What may differ from what was there.
    pub(super) changed: Changed,
    /// What moved resources were called before.
    pub(super) former: BTreeMap<ResourceId, ResourceId>,
    /// Everything found, errors and warnings.
    pub(super) findings: Findings,
}

impl From<Review> for Checked {
    fn from(review: Review) -> Self {
        let changes = review.plan.changes.into_iter();
        let former = changes.filter_map(|change| Some((change.id, change.moved?.from)));
        Self {
            former: former.collect(),
            snapshot: review.snapshot,
            changed: review.changed,
            findings: review.findings,
        }
    }
}

/// Makes the edits and says what is wrong then; costs what they touch.
pub fn check(
    snapshot: &mut Snapshot,
    desired: Desired<'_>,
    options: ReviewOptions,
) -> (Changed, Findings) {
    let mut findings: Findings = desired.source_findings.iter().cloned().collect();
    // What was refused of a tree is no sign that it is empty.
    if options.refuse_empty && desired.is_empty && desired.source_findings.is_empty() {
        findings.push(empty_source(""));
    }
    let changed = snapshot.advance(desired.edits);
    let findings = findings.join(snapshot.findings());
    (changed, findings)
}

/// Reviews files from the start; the plan leads from `base`.
pub fn review(desired: Desired<'_>, base: Side<'_>, options: ReviewOptions) -> Review {
    let mut snapshot = Snapshot::new(options.assemble());
    let revision = desired.revision;
    let (mut changed, findings) = check(&mut snapshot, desired, options);
    let there = base.catalog.iter().map(|resource| resource.id.clone());
    changed.resources.extend(there);
    let plan = Plan::between(base, snapshot.side(revision));
    planned(base, snapshot, changed, plan, findings)
}

/// Reviews edits of what is there already, under `base_revision`: costs what they touch.
pub fn review_edits(
    before: &Snapshot,
    base_revision: &str,
    desired: Desired<'_>,
    options: ReviewOptions,
) -> Review {
    let base = before.side(base_revision);
    let mut snapshot = before.clone();
    let revision = desired.revision;
    let (changed, findings) = check(&mut snapshot, desired, options);
    let plan = Plan::of(base, snapshot.side(revision), &changed);
    planned(base, snapshot, changed, plan, findings)
}

/// The review, with what the plan itself is not allowed to do.
fn planned(
    base: Side<'_>,
    snapshot: Snapshot,
    changed: Changed,
    plan: Plan,
    mut findings: Findings,
) -> Review {
    findings.extend(plan.protected(base.catalog));
    findings.extend(plan.led_nowhere(snapshot.catalog()));
    Review {
        snapshot,
        changed,
        plan,
        findings,
    }
}

/// That a source is empty; `label` says which of several.
pub(super) fn empty_source(label: &str) -> Finding {
    let message = "the source holds no manifest (*.yaml, *.yml, *.json)";
    let origin = Origin::file(&format!("{label}."));
    Finding::new(code::SOURCE_EMPTY, origin, message).with_hint(
        "check `--ref` and `--path`; an empty set is never taken to mean \"delete everything\"",
    )
}
