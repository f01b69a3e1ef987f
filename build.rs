//! Fingerprints what reads manifests, so that no build takes over what another one read (`manifest/packed.rs`).

use std::{
    fs,
    hash::{DefaultHasher, Hash as _, Hasher as _},
    io::{self, Write as _},
    path::Path,
};

/// What the outcome of reading a manifest depends on.
const READER: [&str; 3] = ["src/model", "src/manifest", "Cargo.lock"];

fn main() -> io::Result<()> {
    let mut hasher = DefaultHasher::new();
    let mut out = io::stdout().lock();
    for part in READER {
        writeln!(out, "cargo::rerun-if-changed={part}")?;
        // Cargo runs this in the package's directory.
        add(Path::new(part), &mut hasher)?;
    }
    let fingerprint = hasher.finish();
    writeln!(out, "cargo::rustc-env=ORLOJ_READER={fingerprint:016x}")
}

/// Adds a file, or all files of a directory by name; what is not there counts as empty.
fn add(path: &Path, hasher: &mut DefaultHasher) -> io::Result<()> {
    if path.is_dir() {
        let entries: io::Result<Vec<_>> = fs::read_dir(path)?.collect();
        let mut paths: Vec<_> = entries?.into_iter().map(|entry| entry.path()).collect();
        paths.sort();
        return paths.iter().try_for_each(|path| add(path, hasher));
    }
    let content = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        read => read?,
    };
    path.file_name().hash(hasher);
    content.hash(hasher);
    Ok(())
}
