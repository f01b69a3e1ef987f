//! Systems, tasks and tools that a policy names and no file defines.

use super::{
    offered::MAX_SUGGESTIONS,
    policies::{Policies, Target, target, tool_sources},
};
use crate::{
    manifest::{Suggestions, did_you_mean},
    model::{
        Catalog, Finding, Kind, Resource, code,
        spec::{AgentPolicySpec, ApplyMode},
    },
};
use std::{collections::HashSet, sync::Arc};

/// What a policy that is looked at is compared with.
#[derive(Clone, Copy)]
pub(super) struct Known<'a> {
    pub(super) policies: &'a Policies,
    pub(super) catalog: &'a Catalog,
}

/// A name of a list that leads nowhere: where it stands, and what may have been meant.
type Missing<'a> = (usize, &'a str, Option<String>);

/// Targets that do not exist, of a policy that holds for something all the same.
pub(super) fn missing_targets(
    known: Known<'_>,
    resource: &Resource,
    spec: &AgentPolicySpec,
) -> Vec<Finding> {
    if spec.apply_mode == Some(ApplyMode::Global) {
        return Vec::new();
    }
    let mut findings = Vec::new();
    for (kind, list, names) in [
        (Kind::AgentSystem, "target_systems", &spec.target_systems),
        (Kind::Task, "target_tasks", &spec.target_tasks),
    ] {
        let sources = |name: &str| vec![target(kind, name)];
        let nearest = |name: &str| near(name, known.catalog.of_kind(kind));
        let missing = known.missing(names, sources, nearest).into_iter();
        findings.extend(missing.map(|(index, name, near)| {
            let message = format!(
                "{} targets the {kind} `{name}`, which does not exist",
                resource.id
            );
            let origin = resource.origin_of(&format!("/spec/{list}/{index}"));
            let finding = Finding::new(code::POLICY_TARGET, origin, message);
            finding.with_hint_if(near).on(&resource.id)
        }));
    }
    findings
}

/// Tools that a policy blocks and nothing defines, where tools are defined at all.
pub(super) fn unknown_tools(
    known: Known<'_>,
    resource: &Resource,
    spec: &AgentPolicySpec,
) -> Vec<Finding> {
    if !known.policies.has_tools {
        return Vec::new();
    }
    let sources = |name: &str| tool_sources(name).collect();
    let nearest = |name: &str| {
        let beside = known.catalog.of_kind_in(Kind::Tool, &resource.id.namespace);
        near(name, beside)
    };
    let missing = known.missing(&spec.blocked_tools, sources, nearest);
    // The operations of a memory are tools that no manifest defines.
    let missing = missing
        .into_iter()
        .filter(|(_, name, _)| !name.to_lowercase().starts_with("memory."));
    let finding = |(index, name, near): Missing<'_>| {
        let message = format!(
            "{} blocks the tool `{name}`, which no file defines",
            resource.id
        );
        let origin = resource.origin_of(&format!("/spec/blocked_tools/{index}"));
        let finding = Finding::new(code::POLICY_TARGET, origin, message);
        let hint = near
            .unwrap_or_else(|| "correct the name, or leave it to keep such a tool out".to_owned());
        finding.with_hint(hint).on(&resource.id)
    };
    missing.map(finding).collect()
}

fn near<'a>(name: &str, known: impl Iterator<Item = &'a Arc<Resource>>) -> Option<String> {
    let near = did_you_mean(name, known.map(|one| &*one.id.name))?;
    Some(format!("did you mean `{near}`?"))
}

impl Known<'_> {
    /// The names of a list that lead nowhere; `sources` are what a name may lead to.
    fn missing(
        self,
        names: &[String],
        sources: impl Fn(&str) -> Vec<Target>,
        nearest: impl Fn(&str) -> Option<String>,
    ) -> Vec<Missing<'_>> {
        let leads_nowhere = |(_, name): &(usize, &String)| {
            let mut sources = sources(name).into_iter();
            !sources.any(|source| self.policies.defines(&source))
        };
        let mut missing = names.iter().enumerate().filter(leads_nowhere).peekable();
        if missing.peek().is_none() {
            return Vec::new();
        }
        let unreadable = self.catalog.unreadable();
        let unreadable: HashSet<_> = unreadable.map(|id| target(id.kind, &id.name)).collect();
        let mut suggestions = Suggestions::at_most(MAX_SUGGESTIONS);
        let readable = missing.filter(|(_, name)| {
            let mut sources = sources(name).into_iter();
            !sources.any(|source| unreadable.contains(&source))
        });
        let found = readable.map(|(index, name)| {
            let near = suggestions.find(name, || nearest(name));
            (index, name.as_str(), near)
        });
        found.collect()
    }
}
