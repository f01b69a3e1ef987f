//! Secrets that would be sent where they are not sent yet, and whether somebody is asked first.

use super::{
    orders::{HeldBy, Reason},
    prepare::keys_of,
    served::Served,
    settings::EgressPolicy,
};
use crate::{
    model::{Finding, Findings, SecretRef, Spec, called_url, code, may_be_sent},
    plan::Egress,
};

/// What a plan says of secrets that would be sent to another host, beside what their opened values say.
pub(super) struct Departures(Vec<Departure>);

struct Departure {
    egress: Egress,
    /// Whether the host was sealed with the value: whoever sealed it knew it, and says that it may go there. Its
    /// manifest could say that too, but that is written by whoever writes the endpoint.
    is_sealed_for: bool,
    /// Whether the secret was sent by hand too.
    is_by_hand: bool,
}

impl Departures {
    /// Holds a plan against the secrets of the revision that it leads to.
    pub(super) fn of(egress: &[Egress], next: &Served) -> Self {
        let departure = |egress: &Egress| Departure {
            egress: egress.clone(),
            is_sealed_for: is_sealed_for(egress, next).unwrap_or_default(),
            is_by_hand: next.snapshot.unmanaged().contains(&egress.secret),
        };
        Self(egress.iter().map(departure).collect())
    }

    /// Why a commit waits for somebody's yes.
    pub(super) fn hold(&self, policy: EgressPolicy) -> Option<Reason> {
        let unasked = self.0.iter().filter(|one| !one.is_sealed_for);
        let sentences: Vec<_> = unasked.map(|one| one.egress.sentence()).collect();
        let is_held = policy == EgressPolicy::Confirm && !sentences.is_empty();
        is_held.then(|| Reason {
            by: HeldBy::Egress,
            message: sentences.join("; "),
            // The plan and the commits say it all.
            about: String::new(),
        })
    }

    /// What is to be said to whoever sends an endpoint by hand: nobody is asked there.
    ///
    /// # Errors
    ///
    /// What refuses it, if a commit with the same would be held. A secret that came by hand too may be used by
    /// hand.
    pub(super) fn by_hand(&self, policy: EgressPolicy) -> Result<Vec<Finding>, Findings> {
        let is_refused = |one: &&Departure| {
            policy == EgressPolicy::Confirm && !one.is_sealed_for && !one.is_by_hand
        };
        let refused: Findings = self.0.iter().filter(is_refused).map(refusal).collect();
        if refused.is_empty() {
            return Ok(self.0.iter().map(warning).collect());
        }
        Err(refused)
    }
}

/// Whether the value that an endpoint sends was sealed with the host that it is sent to.
fn is_sealed_for(egress: &Egress, next: &Served) -> Option<bool> {
    let Spec::ModelEndpoint(spec) = &next.snapshot.catalog().get(&egress.endpoint)?.spec else {
        return None;
    };
    let reference = SecretRef::parse(spec.auth.secret_ref.as_deref()?)?;
    let mut keys = keys_of(&reference, spec).into_iter();
    let key = keys.find(|key| next.opened.value(&egress.secret, key).is_some())?;
    let [_, sealed] = next.opened.hosts(&egress.secret, key);
    Some(!sealed.is_empty() && may_be_sent(sealed, &called_url(spec)?))
}

fn refusal(one: &Departure) -> Finding {
    let egress = &one.egress;
    let hint = "commit the endpoint and say yes to its plan (`orloj confirm`), or seal the value with the host: `orloj secret encrypt --allowed-host`";
    Finding::new(
        code::SECRET_EGRESS,
        egress.origin.clone(),
        egress.sentence(),
    )
    .with_hint(hint)
    .on(&egress.endpoint)
}

fn warning(one: &Departure) -> Finding {
    let egress = &one.egress;
    let message = egress.sentence().replacen(" would send ", " sends ", 1);
    let hint = "`egress: confirm` in `orloj.yaml` has commits wait for a yes to this";
    Finding::new(code::SECRET_SENT, egress.origin.clone(), message)
        .with_hint(hint)
        .on(&egress.endpoint)
}
