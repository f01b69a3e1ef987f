//! Whom the data key is for, and nothing else.

use super::{
    documents,
    field::{entry, flow_end},
    layout::{FIELD, Layout},
};
use crate::{
    manifest::{
        node::{Data, Entry, Node},
        text::read_text,
        written::{
            lines::Lines,
            rewrite::{RewriteError, Splice, apply, place_error},
            scalars::quoted,
        },
    },
    secrets::{SopsError, SopsFile},
};
use serde_json::Value;
use std::{collections::BTreeSet, ops::Range, sync::Arc};
use zeroize::Zeroizing;

/// The list of age recipients in SOPS' field.
const LIST: &str = "age";

/// Who may open a file from now on.
pub struct NewRecipients<'a> {
    /// Those of the file that stay.
    pub staying: &'a BTreeSet<String>,
    /// Others with the data key, sealed for them.
    pub added: &'a [(String, String)],
}

/// The line of the recipients, counted from 1.
pub fn recipients_line(file: &Arc<str>, bytes: &[u8]) -> Option<u32> {
    let text = read_text(file, bytes).ok()?;
    let documents = documents::<SopsError>(file, text).ok()?;
    let list = documents.iter().find_map(|it| entry(it)?.value.entry(LIST));
    list.map(|list| list.key_span.start.line)
}

/// The text with other recipients. Those that stay keep what stands there for them, byte for byte.
///
/// # Errors
///
/// - [`RewriteError::Text`], [`RewriteError::Place`] if it is written as `sops` never writes.
/// - [`RewriteError::Value`] if the result would be no SOPS file.
pub fn set_recipients(
    file: &Arc<str>,
    bytes: &[u8],
    sops: &SopsFile,
    new: &NewRecipients<'_>,
) -> Result<Vec<u8>, RewriteError<SopsError>> {
    let text = read_text(file, bytes).map_err(|finding| RewriteError::Text(vec![*finding]))?;
    let documents = documents(file, text)?;
    let lines = Lines::of(text);
    let mut splices = Vec::new();
    for field in documents.iter().filter_map(entry) {
        splices.push(replaced(field, new, &lines)?);
    }
    let out = apply(text, 0, splices);
    verify(file, &out, &documents, sops, new)?;
    // A byte order mark stays in front.
    let mark = bytes.get(..bytes.len() - text.len()).unwrap_or_default();
    Ok([mark, out.as_bytes()].concat())
}

fn replaced(
    field: &Entry<'_>,
    new: &NewRecipients<'_>,
    lines: &Lines<'_>,
) -> Result<Splice, RewriteError<SopsError>> {
    let list = field.value.entry(LIST).map(|entry| &entry.value);
    let items = list.and_then(|list| Some((list, items(list)?)));
    let Some((list, items)) = items else {
        let problem = "lists no age recipient";
        return Err(place_error(field.key_span.start.line, problem));
    };
    let stays = |item: &Node<'_>| {
        let name = item.entry("recipient").and_then(|it| it.value.as_text());
        name.is_some_and(|name| new.staying.contains(name))
    };
    let starts = lines.slice(lines.offset(list.span.start)..lines.len());
    let (range, text) = if starts.starts_with('[') {
        flow(list, items, new, &stays, lines)
    } else {
        block(field, list, items, new, &stays, lines)?
    };
    Ok(Splice {
        range,
        text: Zeroizing::new(text),
    })
}

fn items<'n, 't>(list: &'n Node<'t>) -> Option<&'n [Node<'t>]> {
    match &list.data {
        Data::List(items) if !items.is_empty() => Some(items),
        _ => None,
    }
}

/// A list with a dash for each recipient.
fn block(
    field: &Entry<'_>,
    list: &Node<'_>,
    items: &[Node<'_>],
    new: &NewRecipients<'_>,
    stays: &dyn Fn(&Node<'_>) -> bool,
    lines: &Lines<'_>,
) -> Result<(Range<usize>, String), RewriteError<SopsError>> {
    let layout = Layout::of(&field.value, lines);
    let column = list.span.start.column;
    let dashes = layout
        .spots
        .iter()
        .filter(|spot| spot.path == [LIST] && spot.column == column);
    let mut bounds: Vec<_> = dashes.map(|spot| lines.line_start(spot.at)).collect();
    let of_list = layout
        .leaves
        .iter()
        .filter(|leaf| leaf.path.first() == Some(&LIST));
    let end = of_list.map(|leaf| leaf.place.last_line_end(lines)).max();
    bounds.push(lines.next_line(end.unwrap_or_default()));
    let (Some(start), Some(until)) = (bounds.first(), bounds.last()) else {
        return Err(place_error(list.span.start.line, "lists no age recipient"));
    };
    let range = *start..*until;
    if bounds.len() != items.len() + 1 || !bounds.is_sorted() {
        let problem = "list of recipients is not written as `sops` writes it";
        return Err(place_error(list.span.start.line, problem));
    }
    let line_break = lines.line_break();
    let mut text = String::new();
    for (item, bounds) in items.iter().zip(bounds.windows(2)) {
        if let [start, end] = bounds
            && stays(item)
        {
            text.push_str(lines.slice(*start..*end).trim_end_matches(['\n', '\r']));
            text.push_str(line_break);
        }
    }
    let indent = " ".repeat(usize::try_from(column.saturating_sub(1)).unwrap_or(0));
    for (name, armor) in new.added {
        let head = [format!("- recipient: {name}"), "  enc: |".to_owned()];
        let armor = armor.lines().map(|line| format!("    {line}"));
        for line in head.into_iter().chain(armor) {
            text.extend([indent.as_str(), &line, line_break]);
        }
    }
    Ok((range, text))
}

/// A list in `[…]`, as JSON has it.
fn flow(
    list: &Node<'_>,
    items: &[Node<'_>],
    new: &NewRecipients<'_>,
    stays: &dyn Fn(&Node<'_>) -> bool,
    lines: &Lines<'_>,
) -> (Range<usize>, String) {
    let starts: Vec<_> = items.iter().map(|it| lines.offset(it.span.start)).collect();
    let ends: Vec<_> = items.iter().map(|it| flow_end(it, lines)).collect();
    let first = starts.first().copied().unwrap_or_default();
    let until = ends.last().copied().unwrap_or(first);
    let lead = lines.slice(lines.offset(list.span.start) + 1..first);
    // A line for each, if the first one has a line.
    let (step, indent) = match lead.rsplit_once('\n') {
        Some((_, indent)) => (format!("{}{indent}\t", lines.line_break()), Some(indent)),
        None => (" ".to_owned(), None),
    };
    let close = indent.map_or(String::new(), |indent| {
        format!("{}{indent}", lines.line_break())
    });
    let open = if indent.is_some() { step.as_str() } else { "" };
    let mut all = Vec::new();
    for ((item, start), end) in items.iter().zip(&starts).zip(&ends) {
        if stays(item) {
            all.push(lines.slice(*start..*end).to_owned());
        }
    }
    for (name, armor) in new.added {
        let (name, armor) = (quoted(name), quoted(armor));
        all.push(format!(
            "{{{open}\"recipient\": {name},{step}\"enc\": {armor}{close}}}"
        ));
    }
    (first..until, all.join(&format!(",{lead}")))
}

/// Only the recipients are others, and they are whom was asked for.
fn verify(
    file: &Arc<str>,
    text: &str,
    before: &[Node<'_>],
    sops: &SopsFile,
    new: &NewRecipients<'_>,
) -> Result<(), RewriteError<SopsError>> {
    let problem =
        "file is written so that its recipients cannot be replaced; `sops updatekeys FILE` does it";
    let refused = || place_error(1, problem);
    let after = documents(file, text).map_err(|_: RewriteError<SopsError>| refused())?;
    let rest = |documents: &[Node<'_>]| -> Vec<Value> {
        let without_list = |document: &Node<'_>| {
            let mut value = document.to_json();
            let field = value.get_mut(FIELD).and_then(Value::as_object_mut);
            field.map(|field| field.shift_remove(LIST));
            value
        };
        documents.iter().map(without_list).collect()
    };
    let again = SopsFile::parse(text, sops.format()).map_err(RewriteError::Value)?;
    let found = again.recipients().iter().map(|it| it.public_key.as_str());
    let added = new.added.iter().map(|(name, _)| name.as_str());
    let wanted: BTreeSet<&str> = new
        .staying
        .iter()
        .map(String::as_str)
        .chain(added)
        .collect();
    if rest(before) == rest(&after) && found.collect::<BTreeSet<_>>() == wanted {
        Ok(())
    } else {
        Err(refused())
    }
}
