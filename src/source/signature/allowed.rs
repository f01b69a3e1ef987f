//! Files of allowed signers: OpenPGP keys in armour, or what SSH has for it.
//!
//! Format: `ALLOWED SIGNERS` in <https://man.openbsd.org/ssh-keygen.1#ALLOWED_SIGNERS>. Times without `Z` are
//! UTC here, so that two machines agree.

use super::{
    openpgp::{Certificate, certificates, holds_keys},
    ssh::supported,
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};

/// Who may sign.
#[derive(Debug, Clone, Default)]
pub struct Signers {
    ssh: Vec<Signer>,
    openpgp: Vec<Certificate>,
}

#[derive(Debug, Clone)]
struct Signer {
    principals: String,
    key: Vec<u8>,
    after_us: Option<i64>,
    before_us: Option<i64>,
    /// Whether it may sign for Git.
    is_for_git: bool,
}

/// Why a text is no list of allowed signers.
#[derive(Debug, thiserror::Error)]
#[error("line {line} {problem}")]
pub struct SignersError {
    /// From 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: String,
}

/// Why a key does not count.
pub(super) enum NotAllowed {
    Unknown,
    /// Whose it is, and when it counts.
    NotThen(String),
    /// Whose it is.
    NotForGit(String),
}

impl Signers {
    /// Adds those of a file.
    ///
    /// # Errors
    ///
    /// [`SignersError`] for the first line that cannot be read, or that means something that is not supported.
    pub fn parse(&mut self, text: &str) -> Result<(), SignersError> {
        if holds_keys(text) {
            let read = certificates(text);
            let read = read.map_err(|(line, problem)| SignersError { line, problem })?;
            self.openpgp.extend(read);
            return Ok(());
        }
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let signer = signer(line).map_err(|problem| SignersError {
                line: number,
                problem,
            })?;
            self.ssh.push(signer);
        }
        Ok(())
    }

    /// Whether nobody may.
    pub fn are_none(&self) -> bool {
        self.ssh.is_empty() && self.openpgp.is_empty()
    }

    /// Those who may sign with OpenPGP.
    pub(super) fn openpgp(&self) -> &[Certificate] {
        &self.openpgp
    }

    /// Whose key it is that signed at a time.
    pub(super) fn find(&self, key: &[u8], at_us: i64) -> Result<&str, NotAllowed> {
        let mut why = NotAllowed::Unknown;
        for signer in self.ssh.iter().filter(|signer| signer.key == key) {
            let early = signer.after_us.is_some_and(|after| at_us < after);
            let late = signer.before_us.is_some_and(|before| at_us >= before);
            if !signer.is_for_git {
                why = NotAllowed::NotForGit(signer.principals.clone());
            } else if early || late {
                why = NotAllowed::NotThen(signer.principals.clone());
            } else {
                return Ok(&signer.principals);
            }
        }
        Err(why)
    }
}

fn signer(line: &str) -> Result<Signer, String> {
    let mut words = words(line)?.into_iter();
    let principals = words.next().unwrap_or_default();
    let mut signer = Signer {
        principals: principals.replace('"', ""),
        key: Vec::new(),
        after_us: None,
        before_us: None,
        is_for_git: true,
    };
    let mut word = words.next().ok_or("holds no key")?;
    if !is_sort(&word) {
        for option in split(&word, ',') {
            take_option(&mut signer, option)?;
        }
        word = words.next().ok_or("holds no key")?;
    }
    let blob = words.next().ok_or("holds no key")?;
    let key = BASE64_STANDARD
        .decode(&blob)
        .map_err(|_| "holds a key that is not base64")?;
    if supported(&key) != Some(&word) {
        return Err(format!(
            "holds a key of the sort `{}`, which is not supported or not what its key says; ssh-ed25519, ssh-rsa and ecdsa-sha2-nistp256/384 are",
            word.escape_debug()
        ));
    }
    signer.key = key;
    Ok(signer)
}

fn take_option(signer: &mut Signer, option: &str) -> Result<(), String> {
    let (name, value) = option.split_once('=').unwrap_or((option, ""));
    let value = value.trim_matches('"');
    match name.to_ascii_lowercase().as_str() {
        "namespaces" => signer.is_for_git = value.split(',').any(|one| one == "git"),
        "valid-after" => signer.after_us = Some(time(value)?),
        "valid-before" => signer.before_us = Some(time(value)?),
        "cert-authority" => {
            return Err(
                "is a certificate authority, which is not supported; name the keys themselves"
                    .to_owned(),
            );
        }
        _ => return Err(format!("has the unknown option `{}`", name.escape_debug())),
    }
    Ok(())
}

fn is_sort(word: &str) -> bool {
    ["ssh-", "ecdsa-", "sk-"]
        .iter()
        .any(|start| word.starts_with(start))
}

/// `YYYYMMDD` or `YYYYMMDDHHMM[SS]`, and perhaps a `Z`.
fn time(text: &str) -> Result<i64, String> {
    let digits = text.strip_suffix(['Z', 'z']).unwrap_or(text);
    let filled = match digits.len() {
        8 => format!("{digits}000000"),
        12 => format!("{digits}00"),
        _ => digits.to_owned(),
    };
    let parsed = DateTime::strptime("%Y%m%d%H%M%S", &filled).ok();
    let at: Option<Timestamp> = parsed
        .filter(|_| filled.len() == 14)
        .and_then(|at| Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp()));
    let at = at.ok_or_else(|| format!("has the time `{}`, which is none", text.escape_debug()))?;
    Ok(at.as_microsecond())
}

/// Words apart by blanks, but for those within quotes.
fn words(line: &str) -> Result<Vec<String>, String> {
    if !line.matches('"').count().is_multiple_of(2) {
        return Err("has a quote that does not end".to_owned());
    }
    let words = split(line, ' ')
        .into_iter()
        .flat_map(|word| split(word, '\t'));
    Ok(words
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect())
}

/// Parts between separators that do not stand within quotes.
fn split(text: &str, separator: char) -> Vec<&str> {
    let mut quoted = false;
    text.split(|character| {
        quoted ^= character == '"';
        character == separator && !quoted
    })
    .collect()
}
