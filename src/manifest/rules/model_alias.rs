//! Rules of `ModelAlias`.

use super::at;
use crate::model::{Finding, Resource, code, spec::ModelAliasSpec};

pub(super) fn check(resource: &Resource, spec: &ModelAliasSpec, findings: &mut Vec<Finding>) {
    let lists = [("targets", &spec.targets), ("fallbacks", &spec.fallbacks)];
    for (list, index, target) in lists.iter().flat_map(|(list, targets)| {
        targets
            .iter()
            .enumerate()
            .map(move |(index, target)| (list, index, target))
    }) {
        let fields = [
            ("endpoint", &target.endpoint),
            ("model", &target.model),
            ("alias", &target.alias),
        ];
        for (field, _) in fields
            .into_iter()
            .filter(|(_, text)| text.as_deref().is_some_and(|text| text.trim().is_empty()))
        {
            let pointer = format!("/spec/{list}/{index}/{field}");
            let message = format!("`{field}` of a target must not be empty");
            findings.push(at(resource, code::FIELD_FORMAT, &pointer, message));
        }
        if target.alias.is_some() && target.model.is_some() {
            let pointer = format!("/spec/{list}/{index}/model");
            let message = "a target that names an alias takes the alias's model";
            let finding = at(resource, code::FIELD_CONFLICT, &pointer, message);
            findings.push(
                finding.with_hint("remove `model`, or name an `endpoint` instead of the alias"),
            );
        }
    }
    if spec.targets.iter().all(|target| target.weight == Some(0)) {
        let message = "every target has weight 0, so no request could go anywhere";
        findings.push(at(resource, code::FIELD_RANGE, "/spec/targets", message));
    }
    if let Some(pattern) = &spec.pattern
        && (pattern.trim() != pattern || pattern.is_empty())
    {
        let message = "`spec.match` must not be empty or begin or end with white space";
        findings.push(at(resource, code::FIELD_FORMAT, "/spec/match", message));
    }
}
