//! The field that values stand in: called otherwise, or joined with another.

use super::{
    Field,
    lines::Lines,
    rewrite::{Direction, RewriteError, Splice, Values, apply, place_error},
};
use std::ops::Range;
use zeroize::Zeroizing;

/// Calls the field by its new name; where there are several, their lines go below those of the first.
pub(super) fn rename<E>(
    fields: &[Values<'_, '_>],
    direction: Direction,
    lines: &Lines<'_>,
    splices: &mut Vec<Splice>,
) -> Result<(), RewriteError<E>> {
    if direction == Direction::Reseal {
        return Ok(());
    }
    let target = direction.target();
    for empty in fields.iter().filter(|it| it.places.is_empty()) {
        // An empty field of the new name is in the way of the one that gets it.
        if empty.field == target {
            splices.push(remove(whole_lines(empty, lines)?));
        }
    }
    let filled = || fields.iter().filter(|it| !it.places.is_empty());
    let Some(host) = filled()
        .find(|it| it.field == target)
        .or_else(|| filled().next())
    else {
        return Ok(());
    };
    refuse_repeats(&filled().collect::<Vec<_>>())?;
    if host.field != target {
        splices.push(renamed(host, target, lines));
    }
    for guest in filled().filter(|it| !std::ptr::eq(*it, host)) {
        move_lines(guest, host, lines, splices)?;
    }
    Ok(())
}

fn refuse_repeats<E>(fields: &[&Values<'_, '_>]) -> Result<(), RewriteError<E>> {
    let mut seen = Vec::new();
    for values in fields {
        for entry in values.entry.value.entries().unwrap_or_default() {
            let key = entry.key.trim();
            if seen.contains(&key) {
                let problem = format!("gives the value `{key}` a second time; keep one of them");
                return Err(place_error(entry.key_span.start.line, &problem));
            }
            seen.push(key);
        }
    }
    Ok(())
}

fn renamed(values: &Values<'_, '_>, target: Field, lines: &Lines<'_>) -> Splice {
    let span = values.entry.key_span;
    let range = lines.offset(span.start)..lines.offset(span.end);
    let quote = match lines.slice(range.start..range.start + 1) {
        quote @ ("\"" | "'") => quote,
        _ => "",
    };
    Splice {
        range,
        text: Zeroizing::new(format!("{quote}{}{quote}", target.as_str())),
    }
}

fn remove(range: Range<usize>) -> Splice {
    Splice {
        range,
        text: Zeroizing::default(),
    }
}

/// The lines of a field, if it has them for itself.
fn whole_lines<E>(
    values: &Values<'_, '_>,
    lines: &Lines<'_>,
) -> Result<Range<usize>, RewriteError<E>> {
    let span = values.entry.key_span;
    let key = lines.offset(span.start);
    let start = lines.line_start(key);
    let end = match values.places.last() {
        Some(last) => last.last_line_end(lines),
        None if values.entry.value.is_null() => lines.line_end(key),
        None => lines.line_end(lines.offset(values.entry.value.span.end).max(key)),
    };
    if values.in_flow && !values.places.is_empty() || !lines.slice(start..key).trim().is_empty() {
        let problem = "cannot be joined with the other values of its secret; write them under one key, \
                       `stringData`, a line each";
        return Err(place_error(span.start.line, problem));
    }
    Ok(start..lines.next_line(end))
}

/// Moves the lines of `guest`, with what replaces its values, below those of `host`.
fn move_lines<E>(
    guest: &Values<'_, '_>,
    host: &Values<'_, '_>,
    lines: &Lines<'_>,
    splices: &mut Vec<Splice>,
) -> Result<(), RewriteError<E>> {
    let line = guest.entry.key_span.start.line;
    let refused = || place_error(line, "cannot be joined with the other values of its secret");
    let range = whole_lines(guest, lines)?;
    let (Some(first), Some(last)) = (guest.places.first(), guest.places.last()) else {
        return Ok(());
    };
    let body = lines.next_line(range.start)..last.last_line_end(lines);
    let begins_below = lines.offset(guest.entry.value.span.start).ge(&body.start);
    if host.in_flow || !begins_below {
        return Err(refused());
    }
    let (inside, outside): (Vec<_>, Vec<_>) = std::mem::take(splices)
        .into_iter()
        .partition(|it| it.range.start >= body.start && it.range.end <= body.end);
    *splices = outside;
    let moved = apply(lines.slice(body.clone()), body.start, inside);
    let column = host.places.first().map_or(first.column, |it| it.column);
    let moved = shifted(&moved, first.column, column).ok_or_else(refused)?;
    let below = host.places.last().map(|it| it.last_line_end(lines));
    let below = below.ok_or_else(refused)?;
    let mut text = Zeroizing::new(String::with_capacity(moved.len() + 2));
    text.push_str(lines.line_break());
    text.push_str(&moved);
    splices.push(Splice {
        range: below..below,
        text,
    });
    splices.push(remove(range));
    Ok(())
}

/// The lines moved from one column to another; `None` if one of them does not stand so deep.
fn shifted(text: &str, from: u32, to: u32) -> Option<Zeroizing<String>> {
    let deeper = usize::try_from(to.saturating_sub(from)).ok()?;
    let less = usize::try_from(from.saturating_sub(to)).ok()?;
    let lines = text.split('\n').count();
    let mut out = Zeroizing::new(String::with_capacity(text.len() + lines * deeper));
    for (number, line) in text.split('\n').enumerate() {
        if number > 0 {
            out.push('\n');
        }
        if line.trim().is_empty() {
            out.push_str(line);
            continue;
        }
        out.extend(std::iter::repeat_n(' ', deeper));
        let (gone, rest) = line.split_at_checked(less)?;
        if !gone.bytes().all(|byte| byte == b' ') {
            return None;
        }
        out.push_str(rest);
    }
    Some(out)
}
