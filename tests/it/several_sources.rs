//! Several repositories make one catalog; each is asked, told of and fails by itself.

use crate::support::{
    client::client,
    daemon::{Daemon, DaemonBuilder},
    eventually,
    git::TestRepo,
    http_remote::HttpRemote,
    manifests::{alias, mock_endpoint},
};
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use tempfile::TempDir;

const SECRET: &str = "hook-secret";

fn status(daemon: &Daemon) -> Value {
    daemon.get("/api/v1/status").status(200).body
}

/// Where a source stands, as the status says.
fn commit_of(daemon: &Daemon, name: &str) -> Value {
    let status = status(daemon);
    let sources = status["sources"].as_array().unwrap();
    let found = sources.iter().find(|source| source["name"] == name);
    found.unwrap()["commit"]["id"].clone()
}

fn proof(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

/// Sends the webhook of a push.
fn ring(daemon: &Daemon, remote: &HttpRemote, commit: &str) {
    let body = json!({
        "ref": "refs/heads/main", "after": commit, "repository": {"clone_url": remote.url()},
    });
    let body = body.to_string();
    let request = client()
        .post(format!("{}/webhooks/github", daemon.url()))
        .header("x-github-event", "push")
        .header("x-github-delivery", "1")
        .header("x-hub-signature-256", proof(&body));
    assert_eq!(request.body(body).send().unwrap().status(), 202);
}

#[test]
fn each_source_is_rung_for_and_fails_by_itself() {
    let apps = TestRepo::with(&[("fast.yaml", &alias("fast", "small", "small-v1"))]);
    let base = TestRepo::with(&[
        ("live/small.yaml", &mock_endpoint("small", "small-v1")),
        ("live/draft.yaml", &mock_endpoint("draft", "draft-v1")),
        ("other/large.yaml", &mock_endpoint("large", "large-v1")),
    ]);
    let (apps_remote, base_remote) = (HttpRemote::of(&apps), HttpRemote::of(&base));
    let folder = TempDir::new().unwrap();
    let secret = folder.path().join("secret");
    std::fs::write(&secret, SECRET).unwrap();
    let config = format!(
        "sources:\n- {{name: apps, url: '{}'}}\n- {{name: base, url: '{}', paths: [live], exclude: ['draft*']}}\n\
         webhooks: {{github: {{secret_file: {}}}}}\n",
        apps_remote.url(),
        base_remote.url(),
        secret.display()
    );
    let builder = DaemonBuilder::new().arguments(&["--poll", "1h"]);
    let daemon = builder.config(&config).start();
    let route = daemon.chat("fast").status(200).route.unwrap();
    assert!(route.contains("apps:fast.yaml"), "{route}");
    daemon.chat("draft").status(404); // excluded
    daemon.chat("large").status(404); // not in `paths`

    // A webhook is about its own source: the other one is not asked.
    let before = (apps_remote.requests(), base_remote.requests());
    base.replace("live/small.yaml", "small-v1", "small-v2");
    apps.replace("fast.yaml", "small-v1", "small-v2");
    let at = apps.commit_and_push("second");
    let in_base = base.commit_and_push("second");
    ring(&daemon, &base_remote, &in_base);
    eventually("the commit is live", || {
        (commit_of(&daemon, "base") == in_base).then_some(())
    });
    assert!(base_remote.requests() > before.1);
    assert_eq!(apps_remote.requests(), before.0);
    assert_ne!(commit_of(&daemon, "apps"), at);

    // A source that is away keeps what it said, over a restart too.
    let root = base.bare();
    let away = root.with_extension("away");
    std::fs::rename(&root, &away).unwrap();
    let synced = daemon.cli().run(&["sync"]).success();
    assert!(synced.stdout.contains("applied"), "{}", synced.stdout);
    assert_eq!(commit_of(&daemon, "apps"), at);
    let shown = daemon.cli().run(&["status"]).success().stdout;
    assert!(
        shown.contains("base http://") && shown.contains("(fails)"),
        "{shown}"
    );
    let history = daemon
        .cli()
        .run(&["history", "show", &in_base[..10]])
        .success()
        .stdout;
    assert!(
        history.contains(&at) && history.contains(&in_base),
        "{history}"
    );
    let home = daemon.kill();
    let builder = DaemonBuilder::new().arguments(&["--poll", "1h"]);
    let daemon = builder.data_of(&home).config(&config).start();
    daemon.chat("fast").status(200);
    assert_eq!(commit_of(&daemon, "base"), in_base);

    std::fs::rename(&away, &root).unwrap();
    apps.write("small.yaml", &mock_endpoint("small", "small-v3"));
    apps.commit_and_push("a second small");
    let refused = daemon.cli().run(&["sync"]).code(3);
    let text = &refused.stderr;
    assert!(
        text.contains("base:live/small.yaml") && text.contains("apps:small.yaml"),
        "{text}"
    );

    // It stays where it was, and the other one goes on.
    base.replace("live/small.yaml", "small-v2", "small-v4");
    let in_base = base.commit_and_push("fourth");
    let divided = daemon.cli().run(&["sync"]).code(3);
    assert!(divided.stdout.contains("applied"), "{}", divided.stdout);
    assert!(
        divided.stderr.contains("source `apps` is refused at"),
        "{}",
        divided.stderr
    );
    assert_eq!(commit_of(&daemon, "base"), in_base);
    assert_eq!(commit_of(&daemon, "apps"), at);
    let shown = daemon.cli().run(&["status"]).success().stdout;
    assert!(
        shown.contains("is refused: \"apps: a second small\""),
        "{shown}"
    );
    let same = daemon.cli().run(&["sync"]).code(3);
    assert!(
        same.stderr.contains("source `apps` is refused at"),
        "{}",
        same.stderr
    );
    apps.write("small.yaml", &mock_endpoint("other", "other-v1"));
    apps.commit_and_push("no second small");
    daemon.cli().run(&["sync"]).success();
    daemon.chat("other").status(200);
}

#[test]
fn sources_that_cannot_be_told_apart_stop_the_start() {
    let start = |yaml: &str| {
        let output = DaemonBuilder::new().config(yaml).run_to_end();
        assert_ne!(output.code, Some(0));
        output
    };
    start("sources: [{name: a, url: /x}, {name: a, url: /y}]\n")
        .complains("two sources with the name `a`");
    start("sources: [{name: 'a:b', url: /x}]\n").complains("a:b");
    start("repo: /x\nsources: [{name: a, url: /y}]\n").complains("cannot stand beside `--repo`");
    start("sources: [{name: unmanaged, url: /x}]\n").complains("sent by hand");
    start("sources: [{name: a, url: /x, include: ['[z-a]x']}]\n").complains("[z-a]x");
}
