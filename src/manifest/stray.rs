//! Credentials that stand where none belong: in a prompt, a comment, a reference.
//!
//! Looks at words of the text alone, so that comments are seen too. What is sealed is passed over. No value
//! is ever part of a finding.

use super::text::origin_at;
use crate::model::{Finding, KEY_PREFIX, Span, code};
use std::{borrow::Cow, ops::Range};

/// Nothing shorter is taken for a credential.
const SHORTEST: usize = 20;

/// An age identity has 58 letters behind its prefix; one that lost a few is still one.
const IDENTITY_LETTERS: usize = 50;

/// A word without a known form counts as random from this length on.
const SHORTEST_RANDOM: usize = 32;

/// Bits for each letter: random base64 of 32 letters has about 4.6, joined words have less than 4.2.
const RANDOM_BITS: f64 = 4.3;

/// Most findings of a file: whoever has more mends the first ones first.
const MOST: usize = 20;

/// Forms of keys that their makers begin alike, and whose they are.
const PREFIXES: [(&str, usize, &str); 19] = [
    ("sk-ant-", 40, "an Anthropic key"),
    ("sk-", SHORTEST, "a model provider's key"),
    ("ghp_", 36, "a GitHub token"),
    ("gho_", 36, "a GitHub token"),
    ("ghu_", 36, "a GitHub token"),
    ("ghs_", 36, "a GitHub token"),
    ("ghr_", 36, "a GitHub token"),
    ("github_pat_", 40, "a GitHub token"),
    ("glpat-", 24, "a GitLab token"),
    ("xoxb-", 24, "a Slack token"),
    ("xoxp-", 24, "a Slack token"),
    ("AKIA", 20, "an AWS key"),
    ("ASIA", 20, "an AWS key"),
    ("AIza", 39, "a Google key"),
    ("hf_", 30, "a Hugging Face token"),
    ("gsk_", 40, "a Groq key"),
    ("pplx-", 40, "a Perplexity key"),
    ("xai-", 40, "an xAI key"),
    ("eyJhbGciOi", 30, "a signed token (JWT)"),
];

/// What looks like a credential in a file; `secrets` are the places where a secret's own values stand, which
/// are reported as such.
pub(super) fn find(file: &str, text: &str, secrets: &[Span]) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut sealed = Sealed::default();
    for word in words(text) {
        if found.len() == MOST {
            break;
        }
        let what = text.get(word.clone()).unwrap_or_default();
        if is_identity(what) {
            found.push(identity(file, text, word.start));
            continue;
        }
        let Some(kind) = kind(what) else { continue };
        if sealed.hold(text, word.start) {
            continue;
        }
        let origin = origin_at(file, text.get(..word.start).unwrap_or_default().as_bytes());
        let line = origin.span.start.line;
        if secrets
            .iter()
            .any(|it| (it.start.line..=it.end.line).contains(&line))
        {
            continue;
        }
        let message = format!("{kind} seems to stand here in clear text");
        let hint = "keep it in a Secret (`orloj secret encrypt`) and name that here; if it was ever pushed, replace it";
        found.push(Finding::new(code::SECRET_STRAY, origin, message).with_hint(hint));
    }
    found
}

/// Whether a line holds what looks like a credential, or an identity: it is not shown to anybody.
pub fn holds_credential(line: &str) -> bool {
    words(line).any(|word| {
        line.get(word)
            .is_some_and(|word| is_identity(word) || kind(word).is_some())
    })
}

/// A name as it may be shown: one that looks like a credential was written where a name belongs.
pub fn shown_name(name: &str) -> &str {
    if holds_credential(name) { "***" } else { name }
}

/// A text as it may be shown: `***` in place of each word that looks like a credential, or is an identity.
pub fn without_credentials(text: &str) -> Cow<'_, str> {
    let mut out = String::new();
    let mut at = 0;
    for word in words(text) {
        let Some(found) = text.get(word.clone()) else {
            continue;
        };
        if is_identity(found) || kind(found).is_some() {
            out.push_str(text.get(at..word.start).unwrap_or_default());
            out.push_str("***");
            at = word.end;
        }
    }
    if at == 0 {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(at..).unwrap_or_default());
    Cow::Owned(out)
}

/// Where the first age identity of a file stands that is no manifest.
pub fn identity_in(file: &str, text: &str) -> Option<Finding> {
    let word = words(text).find(|word| text.get(word.clone()).is_some_and(is_identity))?;
    Some(identity(file, text, word.start))
}

fn identity(file: &str, text: &str, start: usize) -> Finding {
    let origin = origin_at(file, text.get(..start).unwrap_or_default().as_bytes());
    let message = "an age identity, the secret key itself, stands in the file";
    let hint = "take it out of Git, make another (`orloj secret keygen`), and seal every value anew for it";
    Finding::new(code::SECRET_IDENTITY, origin, message).with_hint(hint)
}

/// Long enough words of the letters that keys are made of.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    let bytes = text.as_bytes();
    let mut at = 0;
    std::iter::from_fn(move || {
        while at < bytes.len() {
            let rest = bytes.get(at..).unwrap_or_default();
            let length = rest.iter().position(|byte| !is_letter(*byte));
            let start = at;
            let end = at + length.unwrap_or(rest.len());
            at = end + 1;
            if end - start >= SHORTEST {
                return Some(start..end);
            }
        }
        None
    })
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'+')
}

fn is_identity(word: &str) -> bool {
    let at = word.find("AGE-SECRET-KEY-");
    at.is_some_and(|at| {
        let key = word.get(at + "AGE-SECRET-KEY-".len()..).unwrap_or_default();
        let key = key.strip_prefix("PQ-").unwrap_or(key);
        let letters = key.bytes().take_while(u8::is_ascii_alphanumeric);
        key.starts_with('1') && letters.count() > IDENTITY_LETTERS
    })
}

/// What a word is taken for.
fn kind(word: &str) -> Option<&'static str> {
    let word = word.trim_start_matches(['-', '+']);
    if word.starts_with(KEY_PREFIX) && word.len() >= KEY_PREFIX.len() + SHORTEST {
        return Some("a key of this gateway (`orloj create api-key`)");
    }
    let known = PREFIXES.into_iter().find(|(prefix, length, _)| {
        word.starts_with(prefix) && word.len() >= *length && is_mixed(word)
    });
    match known {
        Some((_, _, kind)) => Some(kind),
        None => is_random(word).then_some("a random text, such as a key,"),
    }
}

/// Letters and digits, as in no word of a language.
fn is_mixed(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.bytes().filter(u8::is_ascii_alphabetic).count();
    digits >= 3 && letters >= 3
}

fn is_random(word: &str) -> bool {
    let has = |test: fn(&u8) -> bool| word.bytes().filter(test).count() >= 3;
    // Names are joined of short words.
    let longest = word.split(['-', '_', '+']).map(str::len).max();
    word.len() >= SHORTEST_RANDOM
        && longest >= Some(SHORTEST)
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_lowercase)
        && has(u8::is_ascii_uppercase)
        && bits(word) >= RANDOM_BITS
}

/// Shannon's entropy of the letters.
fn bits(word: &str) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in word.bytes() {
        if let Some(count) = counts.get_mut(usize::from(byte)) {
            *count += 1;
        }
    }
    let length = f64::from(u32::try_from(word.len()).unwrap_or(u32::MAX));
    let shares = counts.iter().filter(|count| **count > 0);
    shares
        .map(|count| {
            let share = f64::from(*count) / length;
            -share * share.log2()
        })
        .sum()
}

/// What is sealed: age armor and SOPS's `ENC[…]`; found as the words come.
#[derive(Default)]
struct Sealed {
    /// Where the last armor that begins before the word ends, and from where the next is looked for.
    end: usize,
    looked_to: usize,
}

impl Sealed {
    /// Whether the word at `start` is part of something sealed. Words come in order.
    fn hold(&mut self, text: &str, start: usize) -> bool {
        const BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
        const END: &str = "-----END AGE ENCRYPTED FILE-----";
        while let Some(at) = text
            .get(self.looked_to..start)
            .and_then(|it| it.find(BEGIN))
        {
            let begin = self.looked_to + at;
            let length = text.get(begin..).and_then(|rest| rest.find(END));
            self.end = length.map_or(text.len(), |length| begin + length);
            self.looked_to = self.end.min(start).max(begin + 1);
        }
        self.looked_to = self.looked_to.max(start.saturating_sub(BEGIN.len()));
        while !text.is_char_boundary(self.looked_to) {
            self.looked_to -= 1;
        }
        start < self.end || is_in_enc(text, start)
    }
}

/// Whether a word stands in `ENC[AES256_GCM,data:…]`, on its own line.
fn is_in_enc(text: &str, start: usize) -> bool {
    let line = text.get(..start).unwrap_or_default();
    let line = line.rsplit(['\n', '\r']).next().unwrap_or_default();
    line.rfind("ENC[")
        .is_some_and(|at| !line.get(at..).unwrap_or_default().contains(']'))
}
