//! What a revision says, whether it holds together, and what it would change. Pure, and without a key.

use super::snapshot::Snapshot;
use crate::{
    manifest::{AssembleOptions, ClearTextPolicy, FileEdit},
    model::{Changed, Finding, Findings, Origin, code},
    plan::{Plan, Side},
};

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
    /// What would change; nothing if it was reviewed against nothing.
    pub plan: Plan,
    /// Everything found, errors and warnings.
    pub findings: Findings,
}

/// Reviews files from the start; the plan leads from `base`.
pub fn review(desired: Desired<'_>, base: Option<Side<'_>>, options: ReviewOptions) -> Review {
    let mut snapshot = Snapshot::new(options.assemble());
    let revision = desired.revision;
    let mut findings = beside(&desired, options);
    let mut changed = snapshot.advance(desired.edits);
    let plan = match base {
        Some(base) => {
            let gone = base.catalog.iter().map(|resource| resource.id.clone());
            changed.resources.extend(gone);
            let plan = Plan::between(base, snapshot.side(revision));
            findings.extend(plan.protected(base.catalog));
            plan
        }
        None => Plan::between(snapshot.side(revision), snapshot.side(revision)),
    };
    findings.extend(snapshot.findings());
    Review {
        snapshot,
        changed,
        plan,
        findings,
    }
}

/// Reviews edits of what is there already, under `base_revision`: costs what they touch.
///
/// A snapshot that was joined under other options is joined anew; then `desired` names every file.
pub fn review_edits(
    before: &Snapshot,
    base_revision: &str,
    desired: Desired<'_>,
    options: ReviewOptions,
) -> Review {
    let base = before.side(base_revision);
    let mut snapshot = before.clone();
    let revision = desired.revision;
    let mut findings = beside(&desired, options);
    let changed = snapshot.advance(desired.edits);
    let plan = Plan::of(base, snapshot.side(revision), &changed);
    findings.extend(plan.protected(base.catalog));
    findings.extend(snapshot.findings());
    Review {
        snapshot,
        changed,
        plan,
        findings,
    }
}

/// What is wrong beside the files.
fn beside(desired: &Desired<'_>, options: ReviewOptions) -> Findings {
    let mut findings: Findings = desired.source_findings.iter().cloned().collect();
    if options.refuse_empty && desired.is_empty {
        findings.push(empty_source());
    }
    findings
}

fn empty_source() -> Finding {
    let message = "the source holds no manifest (*.yaml, *.yml, *.json)";
    Finding::new(code::SOURCE_EMPTY, Origin::file("."), message).with_hint(
        "check `--ref` and `--path`; an empty set is never taken to mean \"delete everything\"",
    )
}
