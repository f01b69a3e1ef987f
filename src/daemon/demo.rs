//! `orloj demo`: a repository, a key and a daemon, made on the spot.

use super::{error::DaemonError, flags::Flags, serve::serve};
use crate::{
    manifest::parse_file,
    model::{Spec, pointer_to},
    secrets::{Binding, Envelope, Opened, Recipient, generate_identity, seal},
    source::create_repository,
};
use include_dir::{Dir, include_dir};
use std::{
    fs,
    io::Write as _,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    time::Duration,
};

static SAMPLE: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/sample-repo");

/// How soon a push is noticed without `orloj sync`.
const POLL: Duration = Duration::from_secs(1);

const SEALED_BEGIN: &str = "-----BEGIN AGE ENCRYPTED FILE-----";
const SEALED_END: &str = "-----END AGE ENCRYPTED FILE-----";

/// What is known once the demonstration listens.
#[derive(Debug, Clone)]
pub struct DemoReady {
    /// What to give to `git clone`.
    pub clone_url: String,
    /// Where it is reached.
    pub base_url: String,
}

/// Makes a bare repository from the built-in sample with its secrets sealed for a fresh key, and serves
/// it until told to stop. Everything is removed at the end unless `data_dir` is given.
///
/// # Errors
///
/// - [`DaemonError::Demo`] if the repository or the key cannot be made.
/// - Those of [`serve`].
pub async fn demo(
    addr: Option<String>,
    data_dir: Option<PathBuf>,
    announce: impl FnOnce(&DemoReady),
) -> Result<(), DaemonError> {
    let temporary = match &data_dir {
        Some(_) => None,
        None => Some(
            tempfile::Builder::new()
                .prefix("orloj-demo-")
                .tempdir()
                .map_err(failed)?,
        ),
    };
    let root = match (&data_dir, &temporary) {
        (Some(path), _) => path.clone(),
        (None, Some(temporary)) => temporary.path().to_owned(),
        (None, None) => return Ok(()),
    };
    fs::create_dir_all(&root).map_err(failed)?;
    let root = root.canonicalize().map_err(failed)?;
    let (repository, key_file) = (root.join("sample.git"), root.join("age.key"));
    if !repository.exists() {
        let public = write_key(&key_file)?;
        let files = sample_files(&public)?;
        create_repository(&repository, &files, "Start from the sample").map_err(failed)?;
    }
    let clone_url = repository.display().to_string();
    let flags = Flags {
        repo: Some(clone_url.clone()),
        addr,
        data_dir: Some(root.join("state")),
        age_key_files: vec![key_file],
        poll: Some(POLL),
        log_level: Some("warn".to_owned()),
        ..Flags::default()
    };
    serve(flags, |ready| {
        announce(&DemoReady {
            clone_url,
            base_url: ready.base_url.clone(),
        });
    })
    .await
}

/// Makes an identity that only its owner can read; returns the public key.
fn write_key(path: &Path) -> Result<Recipient, DaemonError> {
    let (identity, public) = generate_identity();
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(failed)?;
    writeln!(file, "# public key: {public}").map_err(failed)?;
    file.write_all(identity.expose_bytes()).map_err(failed)?;
    writeln!(file).map_err(failed)?;
    Recipient::parse(&public).map_err(failed)
}

/// The sample's files with every sealed value sealed afresh, and the recipients beside them.
fn sample_files(recipient: &Recipient) -> Result<Vec<(String, Vec<u8>)>, DaemonError> {
    let mut files = Vec::new();
    let mut open = vec![&SAMPLE];
    while let Some(directory) = open.pop() {
        open.extend(directory.dirs());
        for file in directory.files() {
            let path = file.path().to_string_lossy().into_owned();
            let content = match file.contents_utf8() {
                Some(text) if text.contains(SEALED_BEGIN) => {
                    reseal(&path, text, recipient)?.into_bytes()
                }
                _ => file.contents().to_vec(),
            };
            files.push((path, content));
        }
    }
    files.push((
        ".orloj/recipients".to_owned(),
        format!("{recipient}\n").into_bytes(),
    ));
    files.sort();
    Ok(files)
}

/// The places of the sealed values of a file, in its order.
fn places(path: &str, text: &str) -> Vec<Binding> {
    let mut places = Vec::new();
    for resource in parse_file(&path.into(), text.as_bytes()).resources {
        let Spec::Secret(spec) = &resource.spec else {
            continue;
        };
        for key in spec.encrypted_data.keys() {
            let line = resource.origin_of_key(&pointer_to("/spec/encryptedData", key));
            let place = Binding::new(&*resource.id.namespace, &*resource.id.name, key);
            places.push((line.span.start.line, place.with_hosts(&spec.allowed_hosts)));
        }
    }
    places.sort_by_key(|(line, _)| *line);
    places.into_iter().map(|(_, place)| place).collect()
}

/// Replaces each armored block by a fresh one with the same indentation.
fn reseal(path: &str, text: &str, recipient: &Recipient) -> Result<String, DaemonError> {
    let mut places = places(path, text).into_iter();
    let mut out = String::new();
    let mut inside = false;
    for line in text.lines() {
        let indent = &line[..line.len() - line.trim_start().len()];
        if line.trim() == SEALED_BEGIN {
            inside = true;
            let value = Opened::new(b"demo-value-that-opens-nothing".to_vec());
            let value = match places.next() {
                Some(place) => Envelope::seal(&place, &value),
                None => value,
            };
            let armored = seal(&value, std::slice::from_ref(recipient)).map_err(failed)?;
            for sealed_line in armored.lines() {
                out.push_str(indent);
                out.push_str(sealed_line);
                out.push('\n');
            }
        }
        if !inside {
            out.push_str(line);
            out.push('\n');
        }
        if line.trim() == SEALED_END {
            inside = false;
        }
    }
    Ok(out)
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> DaemonError {
    DaemonError::Demo(error.into())
}
