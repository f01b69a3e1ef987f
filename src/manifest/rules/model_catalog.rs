//! Rules of `ModelCatalog`.

use super::{at, check_reference};
use crate::model::{Finding, Resource, code, spec::ModelCatalogSpec};

pub(super) fn check(resource: &Resource, spec: &ModelCatalogSpec, findings: &mut Vec<Finding>) {
    for (index, model) in spec.models.iter().enumerate() {
        if model.model.is_empty() {
            let message = "`model` of an entry must not be empty";
            let pointer = format!("/spec/models/{index}/model");
            findings.push(at(resource, code::FIELD_FORMAT, &pointer, message));
        }
        let Some(endpoint) = &model.endpoint else {
            continue;
        };
        let pointer = format!("/spec/models/{index}/endpoint");
        check_reference(resource, &pointer, endpoint, findings);
        if model.provider.is_some() {
            let pointer = format!("/spec/models/{index}/provider");
            let message = "an entry for an endpoint has the endpoint's provider";
            let finding = at(resource, code::FIELD_CONFLICT, &pointer, message);
            findings.push(finding.with_hint("remove `provider`, or `endpoint`"));
        }
    }
}
