//! A repository whose every commit can be told from the answers, and what must hold after a crash.

use crate::support::{
    client,
    daemon::{Daemon, DaemonBuilder},
    eventually,
    manifests::{alias, mock_endpoint},
    stopwatch::Stopwatch,
};
use git2::{Repository, Signature};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    fs,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::Duration,
};
use tempfile::TempDir;

/// Names that every commit defines anew, and that must all answer from one commit.
const NAMES: [&str; 4] = ["e0", "e1", "e2", "fast"];

/// How soon a daemon serves after its start, with Git and network down.
const SERVES_WITHIN: Duration = Duration::from_secs(1);

/// A bare repository of many commits, one of which is the tip of `main`.
pub(super) struct Scene {
    folder: TempDir,
    pub(super) commits: Vec<String>,
    /// The tip lacks most endpoints of the others: it is held.
    pub(super) pruning: String,
    /// The digest of each thing that was served: a commit and what was sent by hand.
    digests: Mutex<HashMap<(String, String), String>>,
}

/// What a daemon serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Served {
    /// The number of the commit.
    pub(super) commit: usize,
    /// What was sent by hand, by its number; 0 if nothing was.
    pub(super) by_hand: usize,
    /// How many records of the history are newer: a record comes before what it is of goes live, so each
    /// crash can leave one.
    pub(super) ahead: usize,
    pub(super) status: Value,
}

impl Scene {
    /// A repository with `commits` commits; the first is the tip.
    pub(super) fn new(commits: usize) -> Self {
        let folder = TempDir::new().unwrap();
        let repository = Repository::init_bare(folder.path().join("routing.git")).unwrap();
        let all: Vec<_> = (0..commits)
            .map(|number| commit(&repository, number, &files(number)))
            .collect();
        let mut few = files(commits);
        few.retain(|(path, _)| !path.starts_with('x'));
        let scene = Self {
            pruning: commit(&repository, commits, &few),
            commits: all,
            digests: Mutex::default(),
            folder,
        };
        scene.push(0);
        scene
    }

    fn bare(&self) -> PathBuf {
        self.folder.path().join("routing.git")
    }

    /// Makes a commit the tip.
    pub(super) fn push(&self, number: usize) {
        self.push_id(&self.commits[number]);
    }

    pub(super) fn push_id(&self, commit: &str) {
        let tip = self.bare().join("refs/heads/main");
        let next = tip.with_extension("next");
        fs::write(&next, format!("{commit}\n")).unwrap();
        fs::rename(next, tip).unwrap();
    }

    /// Takes the remote away, or puts it back.
    pub(super) fn set_remote(&self, is_there: bool) {
        let (there, away) = (self.bare(), self.folder.path().join("away.git"));
        let (from, to) = if is_there {
            (away, there)
        } else {
            (there, away)
        };
        fs::rename(from, to).unwrap();
    }

    /// A daemon on the repository with a data directory in `home`. The scene's commits do not follow one another,
    /// so its branch moves by force.
    pub(super) fn daemon(&self, home: &Arc<TempDir>) -> DaemonBuilder {
        DaemonBuilder::new()
            .repo(&self.bare().to_string_lossy())
            .config("protected: false\n")
            .data_of(home)
    }

    /// Starts a daemon without its remote, and checks that it serves something whole within a second.
    #[track_caller]
    pub(super) fn serves_alone(&self, home: &Arc<TempDir>) -> (Daemon, Served) {
        self.set_remote(false);
        let start = Stopwatch::start();
        let daemon = self.daemon(home).start();
        daemon.chat("e0").status(200);
        let took = start.elapsed();
        assert!(took < SERVES_WITHIN, "it took {took:?} to serve again");
        // What the crash cut off is finished without the remote too.
        eventually("it has looked at the source", || {
            let status = daemon.get("/api/v1/status").body;
            (status["phase"] != "Starting").then_some(())
        });
        let served = self.served(&daemon);
        self.set_remote(true);
        (daemon, served)
    }

    /// What a daemon serves; nothing may change meanwhile. Every name answers from the same commit, and
    /// status, history and journal say the same.
    #[track_caller]
    pub(super) fn served(&self, daemon: &Daemon) -> Served {
        let status = daemon.get("/api/v1/status").status(200).body;
        let id = status["commit"]["id"].as_str().unwrap().to_owned();
        let commit = self.commits.iter().position(|one| *one == id);
        let commit = commit.unwrap_or_else(|| {
            assert_eq!(id, self.pruning);
            self.commits.len()
        });
        let revision = status["revision"].as_str().unwrap();
        for name in NAMES {
            let answer = daemon.chat(name).status(200);
            assert!(answer.content().contains(&model(commit)), "{}", answer.text);
            assert_eq!(answer.revision.as_deref(), Some(revision));
        }
        let by_hand = daemon.chat("hand");
        let by_hand = match by_hand.status {
            404 => 0,
            _ => number_behind(by_hand.status(200).content(), "model h"),
        };
        let digest = status["config_digest"].as_str().unwrap().to_owned();
        self.check_digest((id, by_hand.to_string()), &digest);
        let ahead = records_ahead(daemon, revision, &digest);
        Served {
            commit,
            by_hand,
            ahead,
            status,
        }
    }

    fn check_digest(&self, of: (String, String), digest: &str) {
        let mut digests = self.digests.lock().unwrap();
        let known = digests.entry(of).or_insert_with(|| digest.to_owned());
        assert_eq!(known, digest, "one revision has two digests");
    }
}

/// How many records of the chain are newer than that of the served revision, which must be there.
#[track_caller]
fn records_ahead(daemon: &Daemon, revision: &str, digest: &str) -> usize {
    let history = daemon.get("/api/v1/revisions?limit=50").status(200).body;
    let records = history["items"].as_array().unwrap().iter();
    let mut chain = records.filter(|record| record["outcome"] != "rejected");
    let is_served =
        |record: &Value| record["revision"] == revision && record["config_digest"] == digest;
    let found = chain.position(is_served);
    found.unwrap_or_else(|| panic!("{revision} is not in the history\n{history:#}"))
}

/// Sends an endpoint by hand; whether the daemon said that it is live.
pub(super) fn apply(url: &str, number: usize) -> bool {
    let manifest = mock_endpoint("hand", &format!("h{number:04}"));
    let document = json!({"name": "hand.yaml", "content": manifest});
    post(url, "/api/v1/apply", &json!({ "documents": [document] })).is_some()
}

/// Asks a daemon that may be killed meanwhile; its answer, if it came and says success.
pub(super) fn post(url: &str, path: &str, body: &Value) -> Option<Value> {
    let sent = client::client().post(format!("{url}{path}")).json(body);
    let answer = sent.send().ok()?;
    let good = answer.status().is_success();
    answer.json().ok().filter(|_| good)
}

/// The files of a commit: all names say its number, and one file comes and goes.
fn files(number: usize) -> Vec<(String, String)> {
    let model = model(number);
    let mut files = vec![("fast.yaml".to_owned(), alias("fast", "e0", &model))];
    for name in ["e0", "e1", "e2"] {
        files.push((format!("{name}.yaml"), mock_endpoint(name, &model)));
    }
    let comes_and_goes = format!("only-{}", number % 2);
    files.push((
        format!("{comes_and_goes}.yaml"),
        mock_endpoint(&comes_and_goes, "m"),
    ));
    for extra in 0..8 {
        let name = format!("x{extra}");
        files.push((format!("{name}.yaml"), mock_endpoint(&name, "m")));
    }
    files
}

fn model(commit: usize) -> String {
    format!("v{commit:04}")
}

fn number_behind(text: &str, mark: &str) -> usize {
    let (_, rest) = text.split_once(mark).unwrap();
    rest[..4].parse().unwrap()
}

fn commit(repository: &Repository, number: usize, files: &[(String, String)]) -> String {
    let mut tree = repository.treebuilder(None).unwrap();
    for (path, content) in files {
        let blob = repository.blob(content.as_bytes()).unwrap();
        tree.insert(path, blob, 0o100_644).unwrap();
    }
    let tree = repository.find_tree(tree.write().unwrap()).unwrap();
    let author = Signature::now("Test", "test@example.com").unwrap();
    let message = format!("commit {number}");
    let commit = repository.commit(None, &author, &author, &message, &tree, &[]);
    commit.unwrap().to_string()
}
