//! Models of an endpoint that its own aliases hide, and aliases that a pinned model hides.

use super::{pattern::Pattern, table::EndpointRoute};
use crate::model::{Finding, Origin, Resource, Spec, code, pointer_to};

/// Comparisons of one endpoint's models with its wildcards; more than any hand-written file needs, and far less
/// than a second.
const MAX_COMPARISONS: usize = 1_000_000;

/// Its default model under an exact alias of the same name, and the models that fit one of its wildcards: aliases
/// come first in requests to the endpoint (`/ENDPOINT/…`, `ENDPOINT/MODEL`).
///
/// An exact alias called like a listed model is found where all names of the namespace are looked at.
pub(super) fn hidden(resource: &Resource, endpoint: &EndpointRoute) -> Vec<Finding> {
    if endpoint.pins_model {
        return pinned_away(resource);
    }
    let mut findings = Vec::new();
    let default = endpoint.default_model.as_deref();
    let default = default.filter(|model| !endpoint.models.contains(*model));
    let models = endpoint.models.iter().map(String::as_str);
    let mut comparisons = 0;
    for model in models.chain(default) {
        if let Some((to, at)) = endpoint.aliases.get(model) {
            if default == Some(model) && **to != *model {
                findings.push(finding(resource, model, model, to, at));
            }
            continue;
        }
        let left = MAX_COMPARISONS.saturating_sub(comparisons);
        let mut wildcards = endpoint.wildcards.iter().take(left);
        let fits = |(pattern, ..): &&(Pattern, _, _)| {
            comparisons += 1;
            pattern.matches(model)
        };
        if let Some((pattern, to, at)) = wildcards.find(fits)
            && **to != *model
        {
            findings.push(finding(resource, pattern.as_str(), model, to, at));
        }
    }
    findings
}

/// The aliases that no request reaches, as the endpoint puts its model in the place of every name.
fn pinned_away(resource: &Resource) -> Vec<Finding> {
    let Spec::ModelEndpoint(spec) = &resource.spec else {
        return Vec::new();
    };
    let Some(model) = &spec.default_model else {
        return Vec::new();
    };
    let fits = |alias: &str| Pattern::parse(alias).is_some_and(|pattern| pattern.matches(model));
    let dead = spec.model_aliases.keys();
    let dead = dead.filter(|alias| *alias != model && !fits(alias));
    let at = resource.origin_of("/spec/default_model");
    dead.map(|alias| {
        let message = format!(
            "the alias `{alias}` is unreachable: {} pins the model `{model}`",
            resource.id
        );
        let hint = format!(
            "every request to it is for `{model}`; take the model away ({at}) so that requests choose, or the alias"
        );
        let origin = resource.origin_of_key(&pointer_to("/spec/model_aliases", alias));
        let finding = Finding::new(code::ALIAS_UNREACHABLE, origin, message);
        finding.with_hint(hint).on(&resource.id)
    })
    .collect()
}

fn finding(resource: &Resource, alias: &str, model: &str, to: &str, at: &Origin) -> Finding {
    let place = place_of(resource, model);
    let message = format!(
        "the alias `{alias}` hides the model `{model}` of {}",
        resource.id
    );
    let hint = format!(
        "requests to the endpoint for `{model}` ask for `{to}`; rename the alias, or take the model off ({place})"
    );
    let finding = Finding::new(code::ALIAS_SHADOWS, at.clone(), message);
    finding.with_hint(hint).on(&resource.id)
}

/// Where the endpoint says that it has a model.
fn place_of(resource: &Resource, model: &str) -> Origin {
    let crate::model::Spec::ModelEndpoint(spec) = &resource.spec else {
        return resource.origin.clone();
    };
    match spec.models.iter().position(|listed| listed == model) {
        Some(index) => resource.origin_of(&format!("/spec/models/{index}")),
        None => resource.origin_of("/spec/default_model"),
    }
}
