//! Schedules and webhooks run templates only.

use crate::model::{Catalog, Finding, Kind, Resource, ResourceId, Spec, code, spec::TaskMode};

/// Reports a schedule or webhook whose task is not a template.
pub(super) fn check(catalog: &Catalog, resource: &Resource) -> Option<Finding> {
    let task_ref = match &resource.spec {
        Spec::TaskSchedule(spec) => &spec.task_ref,
        Spec::TaskWebhook(spec) => &spec.task_ref,
        _ => return None,
    };
    let id = ResourceId::from_reference(Kind::Task, &resource.id.namespace, task_ref);
    let task = catalog.get(&id)?;
    match &task.spec {
        Spec::Task(spec) if spec.mode != TaskMode::Template => {}
        _ => return None,
    }
    let message = format!("{} runs itself; a template is needed here", task.id);
    let hint = format!("write `mode: template` at {}", task.origin);
    let origin = resource.origin_of("/spec/task_ref");
    let finding = Finding::new(code::REF_TEMPLATE, origin, message);
    Some(finding.with_hint(hint).on(&resource.id))
}
