//! `orloj create api-key`: a key for clients of the gateway, and its manifest.

use crate::{
    cli::{
        client::ServerArgs,
        comparison::note_findings,
        error::CliError,
        exit::Exit,
        report::{Reported, Sources},
        session::Session,
    },
    model::{ClientKey, DEFAULT_NAMESPACE, Kind, check_name, parse_go_duration},
};
use clap::Args;
use jiff::{SignedDuration, Timestamp, civil::Date, tz::TimeZone};
use serde_json::{Map, Value, json};

/// Micro-dollars of a dollar.
const DOLLAR: u64 = 1_000_000;

/// Make a key for clients of the gateway
///
/// Prints the manifest, ready to be committed, on standard output, and the key once on standard error: the manifest
/// holds its hash alone, and nobody can tell the key from that. As soon as one key is served, every model call needs
/// one.
///
/// With `--apply` the manifest is sent to the daemon, which keeps it outside Git, and not printed.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  orloj create api-key ci-bot > keys/ci-bot.yaml
  orloj create api-key desk --agent helpdesk --limit requests=60/minute --limit cost=5/day
  orloj create api-key trial --allow 'gpt-4o*' --expires 30d --apply")]
pub(super) struct ApiKeyArgs {
    /// The key's name
    #[arg(value_name = "NAME")]
    name: String,
    /// An agent that may be called (can be repeated); without `--allow`, nothing else may be
    #[arg(long = "agent", value_name = "AGENT")]
    agents: Vec<String>,
    /// A model that may be called, `*` for any run of characters (can be repeated)
    #[arg(long = "allow", value_name = "MODEL")]
    models: Vec<String>,
    /// What may be used: `requests=60/minute`, `tokens=1000000/day`, `cost=25.50/month` in dollars (can be repeated)
    #[arg(long = "limit", value_name = "LIMIT")]
    limits: Vec<String>,
    /// When the key ends: after a time span (`90d`, `12h`), on a date, or at a moment
    #[arg(long, value_name = "WHEN")]
    expires: Option<String>,
    /// The namespace [default: default]
    #[arg(short, long, value_name = "NS")]
    namespace: Option<String>,
    /// Send it to the daemon instead of printing its manifest
    #[arg(long)]
    apply: bool,
    #[command(flatten)]
    server: ServerArgs,
}

/// Makes the key, and prints or sends its manifest.
pub(super) fn run(args: &ApiKeyArgs, session: &mut Session) -> Result<Exit, CliError> {
    let namespace = args.namespace.as_deref().unwrap_or(DEFAULT_NAMESPACE);
    check_name(&args.name)
        .and_then(|()| check_name(namespace))
        .map_err(|error| {
            CliError::usage("the key's name or namespace cannot be one").because(&error)
        })?;
    let mut secret = [0; 32];
    getrandom::fill(&mut secret).map_err(|error| {
        CliError::new("the system has no randomness to make a key of").because(&error)
    })?;
    let key = ClientKey::text_of(secret);
    let manifest = manifest(args, namespace, &key)?;
    let ends = manifest["spec"]["expires_at"].as_str();
    if let Some(ends) = ends.filter(|text| is_past(text)) {
        let warning =
            format!("warning: the key ended at {ends}: every request with it is refused\n");
        session.terminal.note(&warning);
    }
    if args.apply {
        send(args, &manifest, session)?;
        session
            .terminal
            .data(&format!("created api-key/{}\n", args.name))?;
    } else {
        let text = serde_yaml::to_string(&manifest)
            .map_err(|error| CliError::new("the manifest cannot be written").because(&error))?;
        session.terminal.data(&text)?;
    }
    session.terminal.note(&format!(
        "the key, shown this once:\n\n  {key}\n\nclients send it as `Authorization: Bearer KEY`\n"
    ));
    Ok(Exit::Done)
}

fn manifest(args: &ApiKeyArgs, namespace: &str, key: &str) -> Result<Value, CliError> {
    let mut spec = Map::new();
    spec.insert("hash".into(), ClientKey::written_hash_of(key).into());
    let limits = args.limits.iter().map(|text| limit(text));
    let limits = limits.collect::<Result<Vec<_>, _>>()?;
    let lists = [
        ("agents", args.agents.iter().map(|it| json!(it)).collect()),
        (
            "allowed_models",
            args.models.iter().map(|it| json!(it)).collect(),
        ),
        ("limits", limits),
    ];
    for (name, list) in lists {
        if !list.is_empty() {
            spec.insert(name.into(), Value::Array(list));
        }
    }
    if let Some(text) = &args.expires {
        let moment = expiry(text, Timestamp::now()).ok_or_else(|| {
            CliError::usage(format!(
                "`--expires {text}` is no time span, date or moment"
            ))
            .with_hint("write `90d`, `12h`, `2027-01-31` or `2027-01-31T12:00:00Z`")
        })?;
        spec.insert("expires_at".into(), moment.to_string().into());
    }
    let mut metadata = Map::new();
    metadata.insert("name".into(), args.name.as_str().into());
    if namespace != DEFAULT_NAMESPACE {
        metadata.insert("namespace".into(), namespace.into());
    }
    Ok(json!({
        "apiVersion": Kind::ApiKey.api_version(),
        "kind": Kind::ApiKey.as_str(),
        "metadata": metadata,
        "spec": spec,
    }))
}

fn send(args: &ApiKeyArgs, manifest: &Value, session: &mut Session) -> Result<(), CliError> {
    let document = json!({ "name": "create api-key", "content": manifest.to_string() });
    let body = json!({ "documents": [document] });
    let client = args.server.client(session)?;
    let answer = client.post(&["api", "v1", "apply"], Some(&body))?;
    note_findings(&Reported::of_json(&answer), &Sources::default(), session);
    Ok(())
}

/// `requests=60/minute` as an entry of the manifest's list.
fn limit(text: &str) -> Result<Value, CliError> {
    let parts = || {
        let (measure, rest) = text.split_once('=')?;
        let (amount, window) = rest.split_once('/')?;
        let windows = ["minute", "hour", "day", "month"];
        let window = windows.into_iter().find(|known| *known == window)?;
        let (field, amount) = match measure {
            "requests" | "tokens" => (measure, amount.parse::<u64>().ok()?),
            "cost" => ("cost_microdollars", microdollars(amount)?),
            _ => return None,
        };
        Some(json!({ "per": window, field: amount }))
    };
    parts().ok_or_else(|| {
        CliError::usage(format!("`--limit {text}` is no limit"))
            .with_hint("write `requests=60/minute`, `tokens=1000000/day` or `cost=25.50/month`; windows are minute, hour, day and month")
    })
}

/// Dollars with at most six decimals as micro-dollars.
fn microdollars(text: &str) -> Option<u64> {
    let (whole, decimals) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || decimals.len() > 6 || !digits(whole) || !digits(decimals) {
        return None;
    }
    let decimals: u64 = format!("{decimals:0<6}").parse().ok()?;
    let whole = whole.parse::<u64>().ok()?.checked_mul(DOLLAR)?;
    whole.checked_add(decimals)
}

/// Whether a moment is over.
fn is_past(moment: &str) -> bool {
    moment
        .parse()
        .is_ok_and(|it: Timestamp| it <= Timestamp::now())
}

/// The moment that a text means.
fn expiry(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(moment) = text.parse::<Timestamp>() {
        return Some(moment);
    }
    if let Ok(date) = text.parse::<Date>() {
        return Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    let span = match text.strip_suffix('d') {
        Some(days) => SignedDuration::from_hours(24 * i64::from(days.parse::<u16>().ok()?)),
        None => SignedDuration::try_from(parse_go_duration(text)?).ok()?,
    };
    let seconds = SignedDuration::from_secs(now.as_second().checked_add(span.as_secs())?);
    Timestamp::from_second(seconds.as_secs()).ok()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::{expiry, limit, microdollars};
    use jiff::Timestamp;

    #[test]
    fn limits_are_read_as_people_write_them() {
        let read = |text| limit(text).ok().map(|it| it.to_string());
        for (text, expected) in [
            (
                "requests=60/minute",
                Some(r#"{"per":"minute","requests":60}"#),
            ),
            (
                "tokens=1000000/day",
                Some(r#"{"per":"day","tokens":1000000}"#),
            ),
            (
                "cost=25.5/month",
                Some(r#"{"per":"month","cost_microdollars":25500000}"#),
            ),
            ("requests=60", None),
            ("requests=60/week", None),
            ("requests=-1/day", None),
            ("calls=1/day", None),
            ("cost=1e3/day", None),
        ] {
            assert_eq!(read(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn dollars_become_micro_dollars_without_rounding() {
        for (text, expected) in [
            ("0", Some(0)),
            ("5", Some(5_000_000)),
            ("0.000001", Some(1)),
            ("1.10", Some(1_100_000)),
            ("0.0000001", None),
            (".5", None),
            ("-1", None),
            ("99999999999999", None),
        ] {
            assert_eq!(microdollars(text), expected, "{text}");
        }
    }

    #[test]
    fn a_key_ends_after_a_span_on_a_date_or_at_a_moment() {
        let now: Timestamp = "2026-11-23T09:00:00.5Z".parse().unwrap();
        for (text, expected) in [
            ("90d", Some("2027-02-21T09:00:00Z")),
            ("12h", Some("2026-11-23T21:00:00Z")),
            ("2027-01-31", Some("2027-01-31T00:00:00Z")),
            ("2027-01-31T12:00:00+02:00", Some("2027-01-31T10:00:00Z")),
            ("soon", None),
        ] {
            let moment = expiry(text, now).map(|moment| moment.to_string());
            assert_eq!(moment.as_deref(), expected, "{text}");
        }
    }
}
