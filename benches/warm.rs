//! One changed file in one process: what `--watch` and the daemon do between the save, or the end of a
//! fetch, and the findings and the plan. `bench/validate --warm` runs it.
//!
//! `cargo bench --bench warm -- FOLDER [ROUNDS]`: FOLDER holds the manifests of `bench/generate`.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measurement")]

use orloj::{
    manifest::AssembleOptions,
    model::Changed as Names,
    plan::Plan,
    reconcile::{FileCache, Snapshot, SourceFiles, gather},
    source::{Changed, CommitId, Credentials, Limits, Location, Mirror, SourceConfig, WorkTree},
};
use std::{
    collections::{BTreeMap, BTreeSet},
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

/// A line of every generated manifest whose value is free.
const FREE: &str = "    example.com/stage: ";

fn main() {
    let mut arguments = env::args().skip(1).filter(|argument| argument != "--bench");
    let folder = PathBuf::from(arguments.next().unwrap());
    let rounds: usize = arguments.next().map_or(9, |text| text.parse().unwrap());
    let files = one_of_each_kind(&folder);
    saves(&folder, &files, rounds);
    commits(&folder, &files, rounds);
}

/// A file of each kind, from the middle of the folder.
fn one_of_each_kind(folder: &Path) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    let mut folders: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    folders.sort();
    let middle = folders.len() / 2;
    let folders: Vec<_> = folders
        .iter()
        .skip(middle)
        .filter(|path| path.is_dir())
        .collect();
    for file in folders.iter().take(3).flat_map(|folder| walk(folder)) {
        let text = fs::read_to_string(&file).unwrap();
        if let Some(kind) = text.lines().find_map(|line| line.strip_prefix("kind: "))
            && text.contains(FREE)
        {
            found.entry(kind.to_owned()).or_insert(file);
        }
    }
    found
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let mut files = Vec::new();
    for path in entries {
        if path.is_dir() {
            files.extend(walk(&path));
        } else {
            files.push(path);
        }
    }
    files.sort();
    files
}

fn edit(file: &Path, round: usize) {
    let text = fs::read_to_string(file).unwrap();
    let lines = text.lines().map(|line| match line.strip_prefix(FREE) {
        Some(_) => format!("{FREE}round-{round}\n"),
        None => format!("{line}\n"),
    });
    fs::write(file, lines.collect::<String>()).unwrap();
}

/// `validate --watch`: look at the saved file, read it, and find everything that is wrong.
fn saves(folder: &Path, files: &BTreeMap<String, PathBuf>, rounds: usize) {
    let limits = Limits::default();
    let mut tree = WorkTree::new(folder.to_owned());
    let mut cache = FileCache::default();
    let mut snapshot = Snapshot::new(AssembleOptions::default());
    let begun = Instant::now();
    let checkout = tree.read(&Changed::Everything, &limits).unwrap();
    let source = gather(&checkout, &mut cache).unwrap();
    let read = begun.elapsed();
    snapshot.advance(source.changed.iter().map(|path| source.edit(path.clone())));
    let findings = snapshot.findings();
    println!(
        "{} manifests from nothing: read and parsed {}, joined and checked {}",
        snapshot.catalog().len(),
        ms(read),
        ms(begun.elapsed() - read)
    );
    assert!(!findings.has_errors());
    let mut table = Table::new("saved and seen by --watch");
    for (kind, file) in files {
        for round in 0..rounds {
            edit(file, round);
            let changed = Changed::Paths(BTreeSet::from([file.clone()]).into_iter().collect());
            let begun = Instant::now();
            let checkout = tree.read(&changed, &limits).unwrap();
            let source = gather(&checkout, &mut cache).unwrap();
            let seen = begun.elapsed();
            let names =
                snapshot.advance(source.changed.iter().map(|path| source.edit(path.clone())));
            let findings = snapshot.findings();
            let whole = begun.elapsed();
            assert!(!findings.has_errors());
            assert_eq!(source.changed.len(), 1);
            table.add(kind, seen, whole, &names);
        }
    }
    table.print();
}

/// The daemon: list the commit that was fetched, read it, find everything that is wrong, and plan.
fn commits(folder: &Path, files: &BTreeMap<String, PathBuf>, rounds: usize) {
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    git(folder, &["add", "."]);
    git(folder, &["commit", "--quiet", "--message=all"]);
    let home = folder.with_extension("mirror");
    fs::create_dir_all(&home).unwrap();
    let config = SourceConfig {
        name: "bench".to_owned(),
        location: Location::parse(folder.to_str().unwrap()).unwrap(),
        reference: "main".to_owned(),
        paths: Vec::new(),
        limits: Limits::default(),
        credentials: Credentials::none(),
    };
    let mirror = Mirror::open(&home, config).unwrap();
    let mut cache = FileCache::default();
    let mut live = Snapshot::new(AssembleOptions::default());
    let mut before = read(&mirror, mirror.fetch().unwrap(), &mut cache);
    live.advance(before.changed.iter().map(|path| before.edit(path.clone())));
    let mut table = Table::new("committed, fetched, and planned by the daemon");
    for (kind, file) in files {
        for round in 0..rounds {
            edit(file, rounds + round);
            git(folder, &["commit", "--quiet", "--all", "--message=one"]);
            let commit = mirror.fetch().unwrap();
            let begun = Instant::now();
            let source = read(&mirror, commit, &mut cache);
            let seen = begun.elapsed();
            let mut next = live.clone();
            let changed = source.changed_since(&before);
            let names = next.advance(changed.into_iter().map(|path| source.edit(path)));
            let findings = next.findings();
            let plan = Plan::of(live.side("base"), next.side("head"), &names);
            let whole = begun.elapsed();
            assert!(!findings.has_errors());
            assert_eq!(plan.totals().change, 1);
            table.add(kind, seen, whole, &names);
            (live, before) = (next, source);
        }
    }
    table.print();
}

fn read(mirror: &Mirror, commit: CommitId, cache: &mut FileCache) -> SourceFiles {
    gather(&mirror.checkout(&commit).unwrap(), cache).unwrap()
}

fn git(folder: &Path, arguments: &[&str]) {
    let who = [
        "-c",
        "user.name=Bench",
        "-c",
        "user.email=bench@example.com",
        "-c",
        "gc.auto=0",
    ];
    let status = Command::new("git")
        .args(who)
        .args(arguments)
        .current_dir(folder)
        .status();
    assert!(status.unwrap().success());
}

/// Times by kind.
struct Table {
    title: &'static str,
    rows: BTreeMap<String, Vec<(Duration, Duration, usize)>>,
}

impl Table {
    fn new(title: &'static str) -> Self {
        let rows = BTreeMap::new();
        Self { title, rows }
    }

    fn add(&mut self, kind: &str, seen: Duration, whole: Duration, names: &Names) {
        let row = self.rows.entry(kind.to_owned()).or_default();
        row.push((seen, whole, names.resources.len()));
    }

    fn print(&self) {
        println!("one file {}, milliseconds", self.title);
        println!(
            "  {:<20}{:>14}{:>14}{:>14}",
            "kind", "read, median", "all, median", "all, worst"
        );
        for (kind, times) in &self.rows {
            let median = |of: fn(&(Duration, Duration, usize)) -> Duration| {
                let mut values: Vec<_> = times.iter().map(of).collect();
                values.sort();
                values[values.len() / 2]
            };
            let worst = times.iter().map(|time| time.1).max().unwrap();
            println!(
                "  {kind:<20}{:>14}{:>14}{:>14}",
                ms(median(|time| time.0)),
                ms(median(|time| time.1)),
                ms(worst)
            );
        }
    }
}

fn ms(time: Duration) -> String {
    format!("{:.2}", time.as_secs_f64() * 1000.0)
}
