//! The daemon's events, read as they come and again after a break.

use super::{client::Client, error::CliError, session::Session};
use serde_json::Value;
use std::{io::BufRead, thread, time::Duration};

/// The pause before a broken stream is opened again.
const PAUSE: Duration = Duration::from_secs(1);

/// Hands on every event until the reader has enough. A stream that breaks is opened again behind the event
/// that came last; that it broke is told once.
pub(crate) fn watch(
    client: &Client,
    session: &mut Session,
    mut take: impl FnMut(&mut Session, &Event) -> Result<(), CliError>,
) -> Result<(), CliError> {
    let mut after: Option<u64> = None;
    let mut stream = client.events(after)?;
    loop {
        while let Some(event) = next(&mut stream) {
            after = event.id.or(after);
            take(session, &event)?;
            if session.terminal.is_closed() {
                return Ok(());
            }
        }
        session
            .terminal
            .note("the connection to the daemon broke; waiting for it ...\n");
        stream = loop {
            thread::sleep(PAUSE);
            if let Ok(stream) = client.events(after) {
                break stream;
            }
        };
    }
}

/// One server-sent event.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Event {
    pub(crate) id: Option<u64>,
    pub(crate) sort: String,
    pub(crate) data: Value,
}

/// The next event of a stream (HTML Living Standard §9.2.6); `None` at its end. Comments, which keep the
/// connection alive, are passed over.
fn next(stream: &mut impl BufRead) -> Option<Event> {
    let mut event = Event::default();
    let mut data = String::new();
    let mut line = String::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let text = line.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            if data.is_empty() {
                continue;
            }
            event.data = serde_json::from_str(&data).unwrap_or_default();
            return Some(event);
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "id" => event.id = value.parse().ok(),
            "event" => value.clone_into(&mut event.sort),
            "data" => data.push_str(value),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Event, next};
    use serde_json::json;

    #[test]
    fn events_are_read_with_comments_between_them_and_an_end() {
        let text = ": alive\n\nid: 7\r\nevent: revision.applied\ndata: {\"a\":1}\n\n:\n\nevent:gap\ndata:{}\n\nid: 8\ndata: {";
        let mut stream = text.as_bytes();
        let first = next(&mut stream);
        let sort = "revision.applied".to_owned();
        let data = json!({ "a": 1 });
        assert_eq!(
            first,
            Some(Event {
                id: Some(7),
                sort,
                data
            })
        );
        assert_eq!(
            next(&mut stream).map(|event| event.sort),
            Some("gap".to_owned())
        );
        assert_eq!(next(&mut stream), None);
    }
}
