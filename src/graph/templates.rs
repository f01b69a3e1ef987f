//! Schedules and webhooks run templates only.

use crate::model::{Catalog, Finding, Kind, ResourceId, Spec, code, spec::TaskMode};

/// Reports every schedule and webhook whose task is not a template.
pub(super) fn check(catalog: &Catalog) -> Vec<Finding> {
    let schedules = catalog.of_kind(Kind::TaskSchedule);
    let webhooks = catalog.of_kind(Kind::TaskWebhook);
    let mut findings = Vec::new();
    for resource in schedules.chain(webhooks) {
        let task_ref = match &resource.spec {
            Spec::TaskSchedule(spec) => &spec.task_ref,
            Spec::TaskWebhook(spec) => &spec.task_ref,
            _ => continue,
        };
        let id = ResourceId::from_reference(Kind::Task, &resource.id.namespace, task_ref);
        let Some(task) = catalog.get(&id) else {
            continue;
        };
        if let Spec::Task(spec) = &task.spec
            && spec.mode != TaskMode::Template
        {
            let message = format!("{} runs itself; a template is needed here", task.id);
            let hint = format!("write `mode: template` at {}", task.origin);
            let origin = resource.origin_of("/spec/task_ref");
            let finding = Finding::new(code::REF_TEMPLATE, origin, message);
            findings.push(finding.with_hint(hint).on(&resource.id));
        }
    }
    findings
}
