//! Looks for a value in whatever form it may have been written.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD},
};
use std::{collections::BTreeSet, fmt::Write as _};

/// A value that must stand nowhere, and who it is.
pub(crate) struct Canary {
    pub(crate) name: &'static str,
    pub(crate) value: String,
}

/// Something that was seen, and where.
pub(crate) struct Evidence {
    pub(crate) place: String,
    pub(crate) bytes: Vec<u8>,
}

/// The forms of a value: what each is called, and its bytes.
pub(crate) fn forms(value: &str) -> Vec<(String, Vec<u8>)> {
    let mut forms = vec![
        ("raw".to_owned(), value.as_bytes().to_vec()),
        (
            "its first eight letters".to_owned(),
            value.as_bytes()[..8].to_vec(),
        ),
        ("hex".to_owned(), hex::encode(value).into_bytes()),
        (
            "upper-case hex".to_owned(),
            hex::encode_upper(value).into_bytes(),
        ),
        ("JSON".to_owned(), json(value).into_bytes()),
        (
            "JSON, all escaped".to_owned(),
            json_escaped(value).into_bytes(),
        ),
        ("URL".to_owned(), url(value, false).into_bytes()),
        ("URL, lower-case".to_owned(), url(value, true).into_bytes()),
        (
            "debug".to_owned(),
            format!("{:?}", value.as_bytes()).into_bytes(),
        ),
    ];
    for alignment in 0..3 {
        for (name, engine) in [
            ("base64", &STANDARD_NO_PAD),
            ("URL-safe base64", &URL_SAFE_NO_PAD),
        ] {
            let shifted = [&b"\0\0\0"[..alignment], value.as_bytes()].concat();
            let text = engine.encode(&shifted);
            // Letters that hold bits of what stands in front or behind are another's.
            let first = (alignment * 8).div_ceil(6);
            let last = shifted.len() * 8 / 6;
            forms.push((
                format!("{name}, shifted by {alignment}"),
                text.as_bytes()[first..last].to_vec(),
            ));
        }
    }
    forms
}

fn json(value: &str) -> String {
    serde_json::to_string(value)
        .unwrap()
        .trim_matches('"')
        .to_owned()
}

fn json_escaped(value: &str) -> String {
    let mut out = String::new();
    for letter in value.chars() {
        write!(out, "\\u{:04x}", u32::from(letter)).unwrap();
    }
    out
}

fn url(value: &str, lower: bool) -> String {
    let mut out = String::new();
    for byte in value.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            byte if lower => write!(out, "%{byte:02x}").unwrap(),
            byte => write!(out, "%{byte:02X}").unwrap(),
        }
    }
    out
}

/// Every canary that stands somewhere, with its form and the place.
pub(crate) fn hits(canaries: &[Canary], seen: &[Evidence]) -> Vec<String> {
    let mut needles = Vec::new();
    for canary in canaries {
        for (form, bytes) in forms(&canary.value) {
            needles.push((canary.name, form, bytes));
        }
    }
    // By their first two bytes, so that one pass looks for all of them.
    let mut starts = vec![Vec::new(); 1 << 16];
    for (number, (_, _, bytes)) in needles.iter().enumerate() {
        starts[pair(bytes)].push(number);
    }
    let mut hits = Vec::new();
    for evidence in seen {
        let bytes = &evidence.bytes;
        let mut found = BTreeSet::new();
        for at in 0..bytes.len().saturating_sub(1) {
            let likely = &starts[pair(&bytes[at..])];
            if !likely.is_empty() {
                let here = likely
                    .iter()
                    .filter(|it| bytes[at..].starts_with(&needles[**it].2));
                found.extend(here.copied());
            }
        }
        hits.extend(found.into_iter().map(|number| {
            let (name, form, _) = &needles[number];
            format!("{name} ({form}) in {}", evidence.place)
        }));
    }
    hits
}

fn pair(bytes: &[u8]) -> usize {
    (usize::from(bytes[0]) << 8) | usize::from(bytes[1])
}
