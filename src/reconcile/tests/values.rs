//! A revision holds a bounded number of values, however small its files are.

use crate::{
    model::Finding,
    reconcile::{FileCache, SourceFiles, gather},
    source::{Changed, Limits, WorkTree},
};
use std::{fs, sync::Arc};
use tempfile::TempDir;

/// A directory of files with twelve values each, read within a limit.
struct Read {
    home: TempDir,
    tree: WorkTree,
    cache: FileCache,
}

impl Read {
    fn new(count: usize) -> Self {
        let home = TempDir::new().unwrap();
        let read = Self {
            tree: WorkTree::new(home.path().to_owned()),
            cache: FileCache::default(),
            home,
        };
        (0..count).for_each(|number| read.write(number, 1));
        read
    }

    /// Writes a file with eleven values and those of its list.
    fn write(&self, number: usize, items: usize) {
        let list = vec!["x"; items].join(", ");
        let text = format!(
            "kind: AgentRole\nmetadata: {{name: a{number}}}\nspec: {{permissions: [{list}]}}\n"
        );
        fs::write(self.home.path().join(format!("{number:03}.yaml")), text).unwrap();
    }

    fn gather(&mut self, max_values: u64) -> SourceFiles {
        self.gather_within(&Limits {
            max_values,
            ..Limits::default()
        })
    }

    fn gather_within(&mut self, limits: &Limits) -> SourceFiles {
        let checkout = self.tree.read(&Changed::Everything, limits).unwrap();
        gather(&checkout, &mut self.cache).unwrap()
    }
}

fn told(files: &SourceFiles) -> Vec<String> {
    let name = |finding: &Finding| {
        let file = finding.origin.file.rsplit('/').next().unwrap();
        format!("{} {file}: {}", finding.code, finding.message)
    };
    files.findings.iter().map(name).collect()
}

#[test]
fn values_are_keys_scalars_lists_and_mappings() {
    let files = Read::new(1).gather(100);
    let file = files.files.values().next().unwrap();
    // Five keys, three scalars, three mappings and a list.
    assert_eq!(file.parsed.values, 5 + 3 + 3 + 1);
}

#[test]
fn revision_up_to_the_limit_is_read_and_one_value_more_names_the_file() {
    // Enough files for every core, so that the file that is named is not that of whoever was first.
    for _ in 0..3 {
        let mut read = Read::new(400);
        let all = read.gather(400 * 12);
        assert_eq!((all.files.size(), told(&all)), (400, Vec::new()));
        let refused = Read::new(400).gather(200 * 12 - 1);
        assert_eq!(
            told(&refused),
            ["E-LIMIT-VALUES 199.yaml: the manifests hold more than 2399 values together"]
        );
        assert!(refused.files.is_empty());
    }
}

#[test]
fn what_is_wrong_with_the_files_counts_too() {
    let mut read = Read::new(1);
    let typos: Vec<_> = (0..10).map(|number| format!("x{number}: 1\n")).collect();
    let typos = typos.concat();
    fs::write(
        read.home.path().join("000.yaml"),
        format!("kind: AgentRole\n{typos}"),
    )
    .unwrap();
    let found = read.gather(1_000);
    let file = found.files.values().next().unwrap();
    // Ten fields that are unknown and two that are missing, in a mapping of eleven.
    assert_eq!((file.parsed.values, file.parsed.findings.len()), (23, 12));
    let all = 23 + 4 * 12;
    assert_eq!(told(&read.gather(all)), Vec::<String>::new());
    let refused = Read {
        cache: FileCache::default(),
        ..read
    }
    .gather(all - 1);
    assert_eq!(
        told(&refused),
        ["E-LIMIT-VALUES 000.yaml: the manifests hold more than 70 values together"]
    );
}

#[test]
fn what_was_parsed_before_does_not_hide_what_passes_the_limit() {
    let mut read = Read::new(3);
    assert_eq!(told(&read.gather(40)), Vec::<String>::new());
    let files = |numbers: std::ops::Range<usize>| numbers.map(|number| format!("{number:03}.yaml"));
    for file in files(0..3) {
        fs::rename(
            read.home.path().join(&file),
            read.home.path().join(file + ".away"),
        )
        .unwrap();
    }
    (3..6).for_each(|number| read.write(number, 1));
    assert_eq!(told(&read.gather(40)), Vec::<String>::new());
    for file in files(0..3) {
        let away = format!("{file}.away");
        fs::rename(read.home.path().join(away), read.home.path().join(&file)).unwrap();
    }
    // All six are known from one of the two revisions before, and nothing is left to be read of the seventh.
    read.write(6, 1);
    let refused = read.gather(40);
    assert_eq!(
        told(&refused),
        ["E-LIMIT-VALUES .: the manifests hold more than 40 values together"]
    );
    assert!(refused.files.is_empty());
}

#[test]
fn change_that_passes_the_limit_is_refused_and_its_mending_costs_what_changed() {
    let mut read = Read::new(3);
    let good = read.gather(40);
    read.write(1, 6);
    let refused = read.gather(40);
    assert_eq!(
        told(&refused),
        ["E-LIMIT-VALUES 001.yaml: the manifests hold more than 40 values together"]
    );
    // Whoever keeps up by the changed paths is told that all are gone, and then that all are there.
    assert_eq!(refused.changed, good.changed);
    assert_eq!(refused.changed_since(&good), good.changed);
    read.write(1, 4);
    let mended = read.gather(40);
    assert_eq!(told(&mended), Vec::<String>::new());
    assert_eq!(mended.changed, good.changed);
    let (old, new): (Vec<_>, Vec<_>) = (
        good.files.values().collect(),
        mended.files.values().collect(),
    );
    for (at, same) in [(0, true), (1, false), (2, true)] {
        assert_eq!(Arc::ptr_eq(&old[at].parsed, &new[at].parsed), same, "{at}");
    }
    // The count went down with what was taken out, and is what the files hold.
    read.write(1, 1);
    read.write(2, 4);
    assert_eq!(told(&read.gather(40)), Vec::<String>::new());
    read.write(2, 6);
    assert_eq!(told(&read.gather(40)).len(), 1);
}

#[test]
fn revision_of_too_many_resources_is_refused_and_the_last_one_stays_at_hand() {
    let mut read = Read::new(5);
    let objects = |max_objects| Limits {
        max_objects,
        ..Limits::default()
    };
    assert_eq!(read.gather_within(&objects(5)).files.size(), 5);
    let refused = read.gather_within(&objects(4));
    let files: Vec<String> = told(&refused);
    // Nothing is new, so nothing passed the limit: a limit is for what comes.
    assert_eq!(files, Vec::<String>::new());
    read.write(5, 1);
    let refused = read.gather_within(&objects(5));
    assert_eq!(
        told(&refused),
        ["E-LIMIT-OBJECTS 005.yaml: the manifests describe more than 5 resources together"]
    );
    assert_eq!(refused.files.size(), 0);
    fs::remove_file(read.home.path().join("000.yaml")).unwrap();
    let again = read.gather_within(&objects(5));
    assert_eq!((again.files.size(), told(&again).len()), (5, 0));
}
