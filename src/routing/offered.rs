//! Models that a policy allows and nothing offers: misspelt, or gone.

use crate::{
    manifest::did_you_mean,
    model::{Catalog, Finding, Kind, Resource, Spec, code, spec::AliasTarget},
};
use std::collections::BTreeMap;

/// Entries that get a suggestion; nobody mends more at once.
const MAX_SUGGESTIONS: usize = 100;

/// The models that the endpoints and aliases of a catalog lead to.
pub(super) struct Offered<'a> {
    /// As they are written, by their spelling in lower case.
    models: BTreeMap<String, &'a str>,
    suggested: usize,
}

impl<'a> Offered<'a> {
    /// `None` if it cannot be told: there is no endpoint, or one cannot be read.
    pub(super) fn of(catalog: &'a Catalog) -> Option<Self> {
        let sources = [Kind::ModelEndpoint, Kind::ModelAlias];
        let mut endpoints = catalog.of_kind(Kind::ModelEndpoint).peekable();
        let mut unreadable = catalog.unreadable();
        if endpoints.peek().is_none() || unreadable.any(|id| sources.contains(&id.kind)) {
            return None;
        }
        let mut models: Vec<&str> = Vec::new();
        for resource in endpoints.chain(catalog.of_kind(Kind::ModelAlias)) {
            match &resource.spec {
                Spec::ModelEndpoint(spec) => {
                    models.extend(spec.default_model.as_deref());
                    models.extend(spec.models.iter().map(String::as_str));
                    models.extend(spec.model_aliases.values().map(String::as_str));
                }
                Spec::ModelAlias(spec) => {
                    let targets = spec.targets.iter().chain(&spec.fallbacks);
                    models.extend(targets.filter_map(|AliasTarget { model, .. }| model.as_deref()));
                }
                _ => {}
            }
        }
        let models = models.into_iter().map(|one| (one.to_lowercase(), one));
        Some(Self {
            models: models.collect(),
            suggested: 0,
        })
    }

    /// Warns of each model that a policy allows and nothing offers.
    pub(super) fn check(&mut self, policy: &Resource) -> Vec<Finding> {
        let Spec::AgentPolicy(spec) = &policy.spec else {
            return Vec::new();
        };
        let mut findings = Vec::new();
        for (index, model) in spec.allowed_models.iter().enumerate() {
            if self.models.contains_key(&model.to_lowercase()) {
                continue;
            }
            let message = format!("{} allows `{model}`, which no endpoint offers", policy.id);
            let origin = policy.origin_of(&format!("/spec/allowed_models/{index}"));
            let finding = Finding::new(code::POLICY_MODEL, origin, message);
            findings.push(finding.with_hint(self.hint(model)).on(&policy.id));
        }
        findings
    }

    fn hint(&mut self, model: &str) -> String {
        self.suggested += 1;
        let names = self.models.values().copied();
        let few = self.suggested <= MAX_SUGGESTIONS;
        match few.then(|| did_you_mean(model, names)).flatten() {
            Some(near) => format!("did you mean `{near}`?"),
            None => "list it in an endpoint's `models`, or take it off; aliases and endpoints are no models".to_owned(),
        }
    }
}
