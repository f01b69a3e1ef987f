use crate::store::{DataDir, DataDirError};
use std::{
    fs::{self, Permissions},
    os::unix::fs::PermissionsExt as _,
    path::Path,
};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

fn refusal<T>(result: Result<T, DataDirError>) -> DataDirError {
    match result {
        Ok(_) => unreachable!("it was accepted"),
        Err(error) => error,
    }
}

#[test]
fn directory_is_made_private_with_its_parents() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("state/orloj");
    let dir = DataDir::open(&path).unwrap();
    assert_eq!(mode(&path), 0o700);
    assert_eq!(dir.path(), path);
    for inside in [dir.mirror_dir(), dir.database_path(), dir.key_path()] {
        assert_eq!(inside.parent(), Some(path.as_path()));
    }
}

#[test]
fn second_daemon_is_refused_by_the_first_ones_number_until_it_ends() {
    let temp = tempfile::tempdir().unwrap();
    let first = DataDir::open(temp.path()).unwrap();
    let error = refusal(DataDir::open(temp.path()));
    assert_eq!(
        error.to_string(),
        format!(
            "the data directory `{}` is in use by another daemon (process {})",
            temp.path().display(),
            std::process::id()
        )
    );
    drop(first);
    assert!(DataDir::open(temp.path()).is_ok());
}

#[test]
fn file_in_the_place_of_the_directory_is_named() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("file");
    fs::write(&path, "").unwrap();
    let error = refusal(DataDir::open(&path));
    assert!(matches!(error, DataDirError::Open { .. }));
    assert!(error.to_string().contains("file"));
}

#[test]
fn unfinished_files_of_a_crash_are_swept_and_others_left() {
    let temp = tempfile::tempdir().unwrap();
    fs::write(temp.path().join(".unfinished-abc"), "half").unwrap();
    fs::write(temp.path().join("last-good"), "whole").unwrap();
    let _dir = DataDir::open(temp.path()).unwrap();
    assert!(!temp.path().join(".unfinished-abc").exists());
    assert!(temp.path().join("last-good").exists());
}

#[test]
fn key_is_made_once_private_and_found_again() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path()).unwrap();
    let sealed = dir
        .load_or_create_key(None)
        .unwrap()
        .encrypt(b"", b"canary")
        .unwrap();
    assert_eq!(mode(&dir.key_path()), 0o600);
    drop(dir);
    let dir = DataDir::open(temp.path()).unwrap();
    let key = dir.load_or_create_key(None).unwrap();
    assert_eq!(key.decrypt(b"", &sealed).unwrap().expose_bytes(), b"canary");
}

#[test]
fn configured_key_is_used_and_none_is_written() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path()).unwrap();
    let text = "42".repeat(32);
    let key = dir.load_or_create_key(Some(&text)).unwrap();
    assert_eq!(key.to_hex().expose_text(), Some(text.as_str()));
    assert!(!dir.key_path().exists());

    let error = refusal(dir.load_or_create_key(Some("hunter2")));
    assert_eq!(
        error.to_string(),
        "failed to read the key given with `--secret-encryption-key`"
    );
}

#[test]
fn key_file_open_to_others_is_refused_with_its_mode() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path()).unwrap();
    dir.load_or_create_key(None).unwrap();
    for bits in [0o640, 0o604, 0o620, 0o602, 0o610] {
        fs::set_permissions(dir.key_path(), Permissions::from_mode(bits)).unwrap();
        let error = refusal(dir.load_or_create_key(None));
        assert!(matches!(error, DataDirError::KeyExposed { mode, .. } if mode == bits));
        assert!(
            error.to_string().contains(&format!("mode {bits:o}")),
            "{error}"
        );
    }
    fs::set_permissions(dir.key_path(), Permissions::from_mode(0o400)).unwrap();
    assert!(dir.load_or_create_key(None).is_ok());
}

#[test]
fn damaged_key_file_is_never_replaced() {
    let temp = tempfile::tempdir().unwrap();
    let dir = DataDir::open(temp.path()).unwrap();
    dir.load_or_create_key(None).unwrap();
    for damaged in ["", "hunter2", &"a".repeat(100_000)] {
        fs::write(dir.key_path(), damaged).unwrap();
        let error = refusal(dir.load_or_create_key(None));
        assert!(matches!(error, DataDirError::KeyFile { .. }));
        assert_eq!(fs::read_to_string(dir.key_path()).unwrap(), damaged);
    }
}
