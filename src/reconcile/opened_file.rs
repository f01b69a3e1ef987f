//! Files in which secrets are sealed together, opened once for all of them.

use super::cores;
use crate::{
    manifest::{is_sealed_file, parse_file},
    model::{
        Digest, Resource, Severity, Spec,
        spec::{SealedFile, SealedForm},
    },
    secrets::{AgeFile, Keyring, OpenError, Opened, OpenedSops, SopsError, SopsFile, SopsFormat},
};
use std::{collections::HashMap, sync::Arc};

/// Below this many files, threads cost more than they save.
const FILES_PER_THREAD: usize = 2;

/// What a sealed file holds.
pub(super) enum OpenedFile {
    Sops(OpenedSops),
    Age(Opened),
}

/// The files that were tried, by their content; what is wrong with those that stayed closed.
pub(super) type OpenedFiles = HashMap<Digest, Result<OpenedFile, ClosedFile>>;

/// Why a file stayed closed.
pub(super) struct ClosedFile {
    pub(super) problem: String,
    /// Whether it is only that no key is at hand.
    pub(super) is_locked: bool,
    /// What to do about it.
    pub(super) hint: &'static str,
    /// The line that it is about, from 1, if that is known.
    pub(super) line: Option<u32>,
}

/// What to do about a value that no key opens.
pub(super) const HINT: &str = "start the daemon with the `--age-key-file` of one of its recipients, or seal the value again for a key the daemon holds";

/// What to do about a file that is not as `sops` left it, whatever key there is.
const CHANGED_HINT: &str = "the key fits: undo the change and make it with `orloj secret edit` or `sops edit`, which seal the MAC anew";

impl ClosedFile {
    fn damaged(problem: impl Into<String>) -> Self {
        Self {
            problem: problem.into(),
            is_locked: false,
            hint: "seal the file again, or take it from an earlier commit",
            line: None,
        }
    }
}

impl From<OpenError> for ClosedFile {
    fn from(error: OpenError) -> Self {
        Self {
            is_locked: !matches!(error, OpenError::Damaged { .. }),
            problem: error.to_string(),
            hint: HINT,
            line: None,
        }
    }
}

impl From<SopsError> for ClosedFile {
    fn from(error: SopsError) -> Self {
        Self {
            is_locked: matches!(error, SopsError::NoIdentity { .. }),
            hint: match error {
                SopsError::MacMismatch | SopsError::Mac { .. } | SopsError::NoMac => CHANGED_HINT,
                _ => HINT,
            },
            line: error.line(),
            problem: error.to_string(),
        }
    }
}

/// The line of a SOPS file that holds its MAC; in files of several documents the last.
fn line_of_mac(text: &str) -> Option<u32> {
    let is_mac = |line: &str| {
        let key = line.trim_start().split(':').next().unwrap_or_default();
        key.trim_matches(['"', '\'']) == "mac"
    };
    let lines: Vec<_> = text.lines().collect();
    let index = lines.iter().rposition(|line| is_mac(line))?;
    u32::try_from(index + 1).ok()
}

/// Opens each file once, whoever names it.
pub(super) fn open_files<'f>(
    keyring: &Keyring,
    files: impl Iterator<Item = &'f SealedFile>,
) -> OpenedFiles {
    let distinct: HashMap<_, _> = files.map(|file| (file.digest, file)).collect();
    let files = distinct.into_iter().collect();
    let opened = cores::map(files, FILES_PER_THREAD, |(digest, file)| {
        (digest, OpenedFile::open(keyring, file))
    });
    opened.into_iter().collect()
}

impl OpenedFile {
    fn open(keyring: &Keyring, file: &SealedFile) -> Result<Self, ClosedFile> {
        let format = match file.form {
            SealedForm::SopsYaml => SopsFormat::Yaml,
            SealedForm::SopsJson => SopsFormat::Json,
            SealedForm::Age => {
                let age = AgeFile::parse(&file.content);
                let age = age.map_err(|error| ClosedFile::damaged(format!("the file {error}")))?;
                return Ok(Self::Age(keyring.open_file(&age)?));
            }
        };
        let text = std::str::from_utf8(&file.content)
            .map_err(|_| ClosedFile::damaged("the file is not UTF-8"))?;
        let opened = SopsFile::parse(text, format).and_then(|sops| sops.open(keyring));
        opened.map(Self::Sops).map_err(|error| {
            let mut closed = ClosedFile::from(error);
            if closed.hint == CHANGED_HINT {
                closed.line = line_of_mac(text);
            }
            closed
        })
    }

    /// A value of the secret that is one of the file's documents: that of `stringData`, or else of `data`.
    pub(super) fn value(&self, file: &SealedFile, key: &str) -> Option<&Opened> {
        let Self::Sops(sops) = self else {
            return None;
        };
        let field = if file.base64.contains(key) {
            "data"
        } else {
            "stringData"
        };
        sops.value(file.document, &["spec", field, key])
    }

    /// Whether a change of the clear parts around the values would have been noticed.
    pub(super) fn covers_clear_parts(&self) -> bool {
        match self {
            Self::Sops(sops) => sops.covers_clear_parts(),
            Self::Age(_) => true,
        }
    }

    /// The Secrets that a file holds whose names are sealed too.
    ///
    /// # Errors
    ///
    /// What keeps it from being used, in words that repeat nothing of it.
    pub(super) fn secrets(&self, path: &Arc<str>) -> Result<Vec<Arc<Resource>>, String> {
        let documents;
        let text = match self {
            Self::Sops(sops) => {
                documents = sops.to_documents();
                &documents
            }
            Self::Age(text) => text,
        };
        // What is inside is no age file any more, whatever the file around it is called.
        let inside = path.strip_suffix(".age").unwrap_or("content.yaml").into();
        let inside = if is_sealed_file(path) {
            inside
        } else {
            path.clone()
        };
        let parsed = parse_file(&inside, text.expose_bytes());
        let errors = parsed.findings.iter();
        let mut errors = errors.filter(|finding| finding.severity == Severity::Error);
        if let Some(error) = errors.next() {
            let line = error.origin.span.start.line;
            return Err(format!(
                "line {line} of its content is refused ({})",
                error.code
            ));
        }
        let is_secret = |resource: &Arc<Resource>| match &resource.spec {
            Spec::Secret(spec) => spec.file.is_none(),
            _ => false,
        };
        let names_files = |resource: &Arc<Resource>| match &resource.spec {
            Spec::Secret(spec) => !spec.from_file.is_empty(),
            _ => false,
        };
        if parsed.resources.iter().any(names_files) {
            return Err(
                "a Secret in it says `fromFile`, which only one in the open may".to_owned(),
            );
        }
        if !parsed.resources.iter().all(is_secret) || !parsed.moves.is_empty() {
            return Err("it holds something else than Secrets".to_owned());
        }
        Ok(parsed.resources)
    }
}
