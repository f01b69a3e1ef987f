//! The first minutes of a new user: `orloj demo` and its sample repository.

use crate::support::{
    PATIENCE,
    cli::{Cli, Findings, binary, hermetic},
    client::{self, chat_body, post},
    daemon::printed_addresses,
    eventually,
    git::git,
    package_root,
};
use std::{
    io::{BufRead as _, BufReader},
    process::{Child, Stdio},
    sync::{Arc, Mutex},
    thread,
};
use tempfile::TempDir;

/// A running `orloj demo`.
struct Demo {
    child: Child,
    home: TempDir,
    printed: Arc<Mutex<String>>,
}

impl Demo {
    fn start() -> Self {
        let home = TempDir::new().unwrap();
        let mut child = hermetic(binary(), home.path())
            .args(["demo", "--addr", "127.0.0.1:0"])
            .env("TMPDIR", home.path())
            .current_dir(home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let printed = Arc::new(Mutex::new(String::new()));
        let (pipe, text) = (child.stdout.take().unwrap(), Arc::clone(&printed));
        thread::spawn(move || {
            for line in BufReader::new(pipe).lines().map_while(Result::ok) {
                let mut text = text.lock().unwrap();
                text.push_str(&line);
                text.push('\n');
            }
        });
        Self {
            child,
            home,
            printed,
        }
    }

    /// The clone URL and the base URL, once both are printed and the gateway answers.
    fn addresses(&self) -> (String, String) {
        eventually("the demo prints its addresses", || {
            let text = self.printed.lock().unwrap().clone();
            let clone = text
                .lines()
                .find_map(|line| line.trim().strip_prefix("git clone "))?
                .split_whitespace()
                .next()?
                .to_owned();
            let base = printed_addresses(&text).into_iter().find(|url| {
                client::client()
                    .get(format!("{url}/readyz"))
                    .send()
                    .is_ok_and(|answer| answer.status() == 200)
            })?;
            Some((clone, base))
        })
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn demo_answers_and_a_push_to_it_goes_live() {
    let demo = Demo::start();
    let (clone, base) = demo.addresses();
    let status = format!("{} status --server {base}", binary().display());
    let printed = || demo.printed.lock().unwrap().clone();
    eventually("the last thing to try is printed", || {
        printed().contains(&status).then_some(())
    });
    let chat = format!("{base}/v1/chat/completions");
    let before = post(&chat, &chat_body("fast")).status(200);
    assert!(before.content().contains("small-v1"), "{}", before.text);
    let streamed = client::open_stream(&chat, chat_body("smart")).finish();
    assert!(streamed.done && streamed.content().contains("large-v1"));
    let agent = post(&chat, &chat_body("agent/writer-agent")).status(200);
    assert!(agent.content().contains("writer-agent"), "{}", agent.text);
    let wildcard = post(&chat, &chat_body("claude-anything")).status(200);
    assert!(wildcard.content().contains("large-v2"), "{}", wildcard.text);

    let home = demo.home.path();
    git(home, home, &["clone", "--quiet", &clone, "routing"]);
    let work = home.join("routing");
    let file = work.join("aliases/fast.yaml");
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("small-v1", "small-v2")).unwrap();
    Cli::new().in_directory(&work).run(&["validate"]).success();
    git(
        home,
        &work,
        &["commit", "--quiet", "--all", "-m", "fast: small-v2"],
    );
    git(home, &work, &["push", "--quiet"]);
    let commit = git(home, &work, &["rev-parse", "HEAD"]).stdout;
    eventually("the demo's poll finds the push", || {
        let answer = post(&chat, &chat_body("fast")).status(200);
        (answer.revision.as_deref() == Some(commit.trim())).then_some(())
    });
    let after = post(&chat, &chat_body("fast")).status(200);
    assert!(after.content().contains("small-v2"), "{}", after.text);
}

#[test]
fn demo_leaves_nothing_behind() {
    let mut demo = Demo::start();
    demo.addresses();
    let pid = demo.child.id().to_string();
    let kill = hermetic("sh".as_ref(), demo.home.path())
        .args(["-c", &format!("kill -INT {pid}")])
        .status()
        .unwrap();
    assert!(kill.success());
    eventually("the demo ends", || demo.child.try_wait().unwrap());
    let left: Vec<_> = std::fs::read_dir(demo.home.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert!(left.is_empty(), "{left:?} after at most {PATIENCE:?}");
}

#[test]
fn sample_repository_has_no_finding() {
    let sample = package_root().join("sample-repo");
    let output = Cli::new()
        .run(&["validate", sample.to_str().unwrap(), "-o", "json"])
        .success();
    let findings = Findings::of(&output.json());
    assert!(findings.0.is_empty(), "{findings:#?}");
}
