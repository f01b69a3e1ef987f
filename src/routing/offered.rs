//! Models that a policy allows and nothing offers: misspelt, or gone.

use super::pairs::starting_with;
use crate::{
    manifest::{Suggestions, did_you_mean},
    model::{
        Catalog, Finding, Kind, Resource, ResourceId, SortedMap, SortedSet, Spec, code,
        spec::AgentPolicySpec,
    },
};
use std::collections::BTreeSet;

/// Mistakes of one policy's list that get a suggestion; nobody mends more at once.
pub(super) const MAX_SUGGESTIONS: usize = 5;

/// What offers models or allows them.
const KINDS: [Kind; 3] = [Kind::ModelEndpoint, Kind::ModelAlias, Kind::AgentPolicy];

/// The models that the endpoints and aliases of a catalog lead to, and the policies that allow them, both
/// by their spelling in lower case. Clones share their structure.
#[derive(Debug, Clone, Default)]
pub(super) struct Offered {
    /// As they are written, by who offers them.
    models: SortedMap<(String, ResourceId), String>,
    allowed: SortedSet<(String, ResourceId)>,
    /// Policies with an entry that nothing offers; what to suggest depends on every model there is.
    unoffered: SortedSet<ResourceId>,
    /// Whether it can be told: there is an endpoint, and none is unreadable.
    is_known: bool,
}

impl Offered {
    /// Notes what changed; returns the policies whose models are to be looked at again.
    pub(super) fn update(
        &mut self,
        before: &Catalog,
        after: &Catalog,
        changed: &BTreeSet<ResourceId>,
    ) -> BTreeSet<ResourceId> {
        let mut concerned = BTreeSet::new();
        let mut moved = BTreeSet::new();
        for id in changed.iter().filter(|id| KINDS.contains(&id.kind)) {
            let (was, is) = (before.get(id), after.get(id));
            for model in was.into_iter().flat_map(|was| models_of(was)) {
                let key = (model.to_lowercase(), id.clone());
                self.models.remove_mut(&key);
                moved.insert(key.0);
            }
            for model in is.into_iter().flat_map(|is| models_of(is)) {
                let key = (model.to_lowercase(), id.clone());
                moved.insert(key.0.clone());
                self.models.insert_mut(key, model.to_owned());
            }
            if id.kind == Kind::AgentPolicy {
                for model in was.into_iter().flat_map(|was| allowed_by(was)) {
                    self.allowed.remove_mut(&(model.to_lowercase(), id.clone()));
                }
                for model in is.into_iter().flat_map(|is| allowed_by(is)) {
                    self.allowed.insert_mut((model.to_lowercase(), id.clone()));
                }
                concerned.insert(id.clone());
            }
        }
        if !moved.is_empty() {
            concerned.extend(self.unoffered.iter().cloned());
        }
        for model in moved {
            concerned.extend(starting_with(&self.allowed, model).cloned());
        }
        let is_known = is_known(after);
        if is_known != self.is_known {
            self.is_known = is_known;
            concerned.extend(self.allowed.iter().map(|(_, policy)| policy.clone()));
        }
        concerned
    }

    /// Warns of each model that a policy allows and nothing offers.
    pub(super) fn check(&mut self, policy: &Resource, spec: &AgentPolicySpec) -> Vec<Finding> {
        let mut findings = Vec::new();
        let mut suggestions = Suggestions::at_most(MAX_SUGGESTIONS);
        for (index, model) in spec.allowed_models.iter().enumerate() {
            if !self.is_known || self.offers(model) {
                continue;
            }
            let near = suggestions.find(model, || {
                let offered = self.models.values().map(String::as_str);
                did_you_mean(model, offered).map(str::to_owned)
            });
            let hint = match near {
                Some(near) => format!("did you mean `{near}`?"),
                None => "list it in an endpoint's `models`, or take it off; aliases and endpoints are no models".to_owned(),
            };
            let message = format!("{} allows `{model}`, which no endpoint offers", policy.id);
            let origin = policy.origin_of(&format!("/spec/allowed_models/{index}"));
            let finding = Finding::new(code::POLICY_MODEL, origin, message);
            findings.push(finding.with_hint(hint).on(&policy.id));
        }
        if findings.is_empty() {
            self.unoffered.remove_mut(&policy.id);
        } else {
            self.unoffered.insert_mut(policy.id.clone());
        }
        findings
    }

    /// Forgets a policy that is gone.
    pub(super) fn forget(&mut self, policy: &ResourceId) {
        self.unoffered.remove_mut(policy);
    }

    /// Whether an endpoint or an alias leads to a model of that name.
    pub(super) fn offers(&self, model: &str) -> bool {
        let model = model.to_lowercase();
        let least = ResourceId::new(Kind::ALL[0], "", "");
        let mut found = self.models.range((model.clone(), least)..);
        found.next().is_some_and(|((name, _), _)| *name == model)
    }
}

/// The models that an endpoint or an alias leads to.
fn models_of(resource: &Resource) -> Vec<&str> {
    let mut models: Vec<&str> = Vec::new();
    match &resource.spec {
        Spec::ModelEndpoint(spec) => {
            models.extend(spec.default_model.as_deref());
            if !spec.pin_model {
                models.extend(spec.models.iter().map(String::as_str));
            }
            models.extend(spec.model_aliases.values().map(String::as_str));
        }
        Spec::ModelAlias(spec) => {
            let targets = spec.targets.iter().chain(&spec.fallbacks);
            models.extend(targets.filter_map(|target| target.model.as_deref()));
        }
        _ => {}
    }
    models
}

fn allowed_by(resource: &Resource) -> &[String] {
    match &resource.spec {
        Spec::AgentPolicy(spec) => &spec.allowed_models,
        _ => &[],
    }
}

fn is_known(catalog: &Catalog) -> bool {
    let sources = [Kind::ModelEndpoint, Kind::ModelAlias];
    let mut unreadable = catalog.unreadable();
    catalog.of_kind(Kind::ModelEndpoint).next().is_some()
        && !unreadable.any(|id| sources.contains(&id.kind))
}
