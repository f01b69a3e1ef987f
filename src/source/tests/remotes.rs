use super::super::{
    Checkout, CommitId, Credentials, Mirror, Move, SourceConfig, SourceError, fetch::TIP,
};
use super::http_remote::{Behaviour, HttpRemote, basic};
use super::{Mirrored, chain, config, content, mirrored, paths, repository::Repository};
use crate::{secrets::Opened, stopwatch::Stopwatch};
use std::{
    collections::BTreeMap,
    fs,
    net::TcpListener,
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

pub(super) fn remote(repository: &Repository, behaviour: Behaviour) -> (HttpRemote, SourceConfig) {
    let remote = HttpRemote::start(repository.home(), behaviour);
    let config = config(&format!("{}/bare.git", remote.address));
    (remote, config)
}

fn local(repository: &Repository) -> SourceConfig {
    config(repository.bare().to_str().unwrap())
}

fn refusal(config: SourceConfig) -> SourceError {
    mirrored(config).mirror.fetch().unwrap_err()
}

/// Every file below a directory with its time and size, and every directory with its time.
fn listing(directory: &Path) -> BTreeMap<String, (SystemTime, u64)> {
    let mut all = BTreeMap::new();
    let mut left = vec![directory.to_owned()];
    while let Some(next) = left.pop() {
        let meta = fs::metadata(&next).unwrap();
        let size = if meta.is_file() { meta.len() } else { 0 };
        let name = next.to_str().unwrap().to_owned();
        all.insert(name, (meta.modified().unwrap(), size));
        if meta.is_dir() {
            left.extend(
                fs::read_dir(&next)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
        }
    }
    all
}

/// Fetches, pushes, fetches again and reads: the same for every transport.
pub(super) fn follows_pushes(repository: &Repository, config: SourceConfig) -> Mirrored {
    let mirrored = mirrored(config);
    let mirror = &mirrored.mirror;
    let first = mirror.fetch().unwrap();
    assert_eq!(first.to_string(), repository.git(&["rev-parse", "HEAD"]));
    let before = mirror.checkout(&first).unwrap();
    assert_eq!(content(&before, "a.yaml"), "one");

    let second = repository.commit(&[("a.yaml", "two"), ("b/c.yaml", "new")], "second");
    repository.push();
    let fetched = mirror.fetch().unwrap();
    assert_eq!(fetched.to_string(), second);
    let after = mirror.checkout(&fetched).unwrap();
    assert_eq!(paths(&after), ["a.yaml", "b/c.yaml"]);
    assert_eq!(content(&after, "a.yaml"), "two");
    assert_eq!(content(&before, "a.yaml"), "one");

    repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let forced = repository.commit(&[("a.yaml", "three")], "rewritten");
    repository.push();
    let fetched = mirror.fetch().unwrap();
    assert_eq!(fetched.to_string(), forced);
    assert_eq!(
        content(&mirror.checkout(&fetched).unwrap(), "a.yaml"),
        "three"
    );
    mirrored
}

#[test]
fn fetch_over_http_follows_pushes_and_force_pushes() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (_remote, config) = remote(&repository, Behaviour::Open);
    let mirrored = follows_pushes(&repository, config);
    let shallow = mirrored.directory.path().join("prod.git/shallow");
    assert!(shallow.exists());
}

#[test]
fn fetch_from_a_directory_follows_pushes_and_force_pushes() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    follows_pushes(&repository, local(&repository));
}

#[test]
fn fetch_from_a_directory_brings_what_is_new_and_no_history_until_asked() {
    let repository = Repository::with(&[("a.yaml", "0"), ("deep/er/b.yaml", "one")]);
    let root = CommitId::parse(&repository.git(&["rev-parse", "HEAD"])).unwrap();
    for number in 1..20 {
        repository.commit(&[("a.yaml", &number.to_string())], "more");
    }
    repository.push();
    let mirrored = mirrored(local(&repository));
    let git = mirrored.directory.path().join("prod.git");
    let in_mirror = |arguments: &[&str]| {
        let mut command = Command::new("git");
        let ran = command.arg("-C").arg(&git).args(arguments).output();
        let ran = ran.unwrap();
        assert!(ran.status.success(), "{ran:?}");
        String::from_utf8(ran.stdout).unwrap()
    };
    let commits = || in_mirror(&["rev-list", "--count", TIP]).trim().to_owned();
    let objects = || in_mirror(&["rev-list", "--objects", TIP]).lines().count();

    let first = mirrored.mirror.fetch().unwrap();
    assert_eq!(commits(), "1");
    // The commit, three trees and two files.
    assert_eq!(objects(), 6);

    let pushed = repository.commit(&[("a.yaml", "next")], "next");
    repository.push();
    let second = mirrored.mirror.fetch().unwrap();
    assert_eq!(second.to_string(), pushed);
    // The commit, the top and the file.
    assert_eq!(objects(), 6 + 3);
    assert_eq!(
        mirrored.mirror.moved(&first, &second).unwrap(),
        Move::Forward
    );
    assert_eq!(commits(), "2");

    assert_eq!(
        mirrored.mirror.moved(&root, &second).unwrap(),
        Move::Forward
    );
    assert_eq!(commits(), "21");
    assert!(!git.join("shallow").exists());
}

#[test]
fn fetch_from_a_work_tree_reads_its_commits() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    repository.write("a.yaml", "not committed");
    let mirrored = mirrored(config(&format!("file://{}", repository.work().display())));
    let commit = mirrored.mirror.fetch().unwrap();
    let checkout = mirrored.mirror.checkout(&commit).unwrap();
    assert_eq!(content(&checkout, "a.yaml"), "one");
}

#[test]
fn fetch_with_nothing_new_asks_once_and_writes_nothing() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, config) = remote(&repository, Behaviour::Open);
    for config in [config, local(&repository)] {
        let mirrored = mirrored(config);
        let first = mirrored.mirror.fetch().unwrap();
        let before = listing(mirrored.directory.path());
        let requests = remote.requests();
        assert_eq!(mirrored.mirror.fetch().unwrap(), first);
        assert!(remote.requests() - requests <= 1);
        assert_eq!(listing(mirrored.directory.path()), before);
    }
}

#[test]
fn tags_full_references_head_and_commits_are_fetched() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let first = repository.git(&["rev-parse", "HEAD"]);
    repository.git(&["tag", "-a", "v1", "-m", "marked"]);
    repository.git(&["tag", "light"]);
    let second = repository.commit(&[("a.yaml", "two")], "second");
    repository.push();
    let bare = repository.bare();
    repository.git(&[
        "--git-dir",
        bare.to_str().unwrap(),
        "config",
        "uploadpack.allowAnySHA1InWant",
        "true",
    ]);
    let (_remote, http) = remote(&repository, Behaviour::Open);
    let address = http.location.to_string();
    for (reference, expected) in [
        ("v1", &first),
        ("light", &first),
        ("refs/tags/v1", &first),
        ("refs/heads/main", &second),
        ("HEAD", &second),
        (&*first, &first),
        (&*second, &second),
    ] {
        for location in [&*address, bare.to_str().unwrap()] {
            let mut config = config(location);
            reference.clone_into(&mut config.reference);
            let mirrored = mirrored(config);
            for _ in 0..2 {
                let commit = mirrored.mirror.fetch().unwrap();
                assert_eq!(commit.to_string(), **expected, "{reference} of {location}");
                assert_eq!(mirrored.mirror.checkout(&commit).unwrap().files.len(), 1);
            }
        }
    }
}

#[test]
fn fetch_of_unknown_branch_names_the_branches_that_exist() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    repository.git(&["push", "-q", "origin", "HEAD:release"]);
    let (_remote, http) = remote(&repository, Behaviour::Open);
    for mut config in [http, local(&repository)] {
        config.reference = "mian".to_owned();
        let error = refusal(config);
        let text = error.to_string();
        assert!(
            text.contains("`mian`") && text.contains("`main`, `release`"),
            "{text}"
        );
        assert!(!error.transient());
    }
}

#[test]
fn fetch_of_an_empty_repository_says_so() {
    let repository = Repository::new();
    let (_remote, http) = remote(&repository, Behaviour::Open);
    for config in [http, local(&repository)] {
        let text = refusal(config).to_string();
        assert!(text.contains("it has no branch yet"), "{text}");
    }
}

#[test]
fn fetch_of_nothing_is_repository_not_found() {
    let repository = Repository::new();
    let (remote, _) = remote(&repository, Behaviour::Open);
    let home = repository.home().display();
    for location in [
        format!("{}/absent.git", remote.address),
        format!("{home}/absent"),
        format!("{home}"),
    ] {
        let error = refusal(config(&location));
        assert!(
            matches!(error, SourceError::RepositoryNotFound { .. }),
            "{error:?}"
        );
        let text = error.to_string();
        assert!(!error.transient() && text.contains(&location));
        assert_eq!(
            text.contains("credentials"),
            location.starts_with("http"),
            "{text}"
        );
    }
}

#[test]
fn password_and_token_are_sent_and_the_location_may_carry_them() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let secret = || Opened::new(b"c4nary\n".to_vec());
    let guard = basic("bot", "c4nary");
    let (remote, mut with_basic) = remote(&repository, Behaviour::Guarded(guard.clone()));
    with_basic.credentials = Credentials::basic("bot", secret());
    mirrored(with_basic).mirror.fetch().unwrap();
    let host = remote.address.strip_prefix("http://").unwrap();
    let in_address = config(&format!("http://bot:c4nary@{host}/bare.git"));
    mirrored(in_address).mirror.fetch().unwrap();
    remote.behave(Behaviour::Guarded("Bearer c4nary".to_owned()));
    let mut with_token = config(&format!("{}/bare.git", remote.address));
    with_token.credentials = Credentials::bearer(secret());
    mirrored(with_token).mirror.fetch().unwrap();
}

#[test]
fn refused_credentials_are_terminal_and_appear_nowhere() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, open) = remote(&repository, Behaviour::Guarded("Basic other".to_owned()));
    let anonymous = refusal(open);
    let host = remote.address.strip_prefix("http://").unwrap();
    let wrong = refusal(config(&format!("http://bot:c4nary@{host}/bare.git")));
    for error in [anonymous, wrong] {
        assert!(matches!(error, SourceError::Auth { .. }), "{error:?}");
        assert!(!error.transient());
        let text = chain(&error);
        assert!(text.contains("401") && text.contains("auth"), "{text}");
        for canary in ["c4nary", "bot:", &basic("bot", "c4nary")[6..]] {
            assert!(!text.contains(canary), "{text}");
        }
    }
}

#[test]
fn redirect_to_another_host_is_refused_and_gets_no_credentials() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (elsewhere, _) = remote(&repository, Behaviour::Open);
    let (_remote, mut config) = remote(&repository, Behaviour::Redirect(elsewhere.address.clone()));
    config.credentials = Credentials::basic("bot", Opened::new(b"c4nary".to_vec()));
    let error = refusal(config);
    let text = chain(&error);
    assert!(matches!(error, SourceError::Protocol { .. }), "{text}");
    assert!(text.contains("redirects to `127.0.0.1`"), "{text}");
    assert_eq!(elsewhere.requests(), 0);
    assert_eq!(elsewhere.authorizations(), Vec::<String>::new());
}

#[test]
fn redirect_on_the_same_host_is_followed_with_credentials() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Moved);
    let mut config = config(&format!("{}/old.git", remote.address));
    config.credentials = Credentials::basic("bot", Opened::new(b"c4nary".to_vec()));
    let mirrored = mirrored(config);
    let commit = mirrored.mirror.fetch().unwrap();
    assert_eq!(mirrored.mirror.checkout(&commit).unwrap().files.len(), 1);
    let requested = remote.requested();
    let old = requested.iter().filter(|path| path.starts_with("/old.git"));
    assert_eq!(old.count(), 1, "{requested:?}");
    let guard = basic("bot", "c4nary");
    assert_eq!(remote.authorizations(), vec![guard; requested.len()]);
}

#[test]
fn busy_and_broken_servers_are_transient_and_pages_are_not() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, _) = remote(&repository, Behaviour::Open);
    let location = format!("{}/bare.git", remote.address);
    for (behaviour, transient) in [
        (Behaviour::Status(500), true),
        (Behaviour::Status(503), true),
        (Behaviour::Status(429), true),
        (Behaviour::Status(403), false),
        (Behaviour::Status(404), false),
        (Behaviour::Status(418), false),
        (Behaviour::Page, false),
    ] {
        remote.behave(behaviour);
        let error = refusal(config(&location));
        assert_eq!(error.transient(), transient, "{error:?}");
        assert!(!chain(&error).contains("orlojhttp"), "{error:?}");
    }
    let mirrored = mirrored(config(&location));
    mirrored.mirror.fetch().unwrap_err();
    remote.behave(Behaviour::Open);
    mirrored.mirror.fetch().unwrap();
}

#[test]
fn closed_port_is_a_transient_network_error() {
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = refusal(config(&format!("http://127.0.0.1:{port}/a.git")));
    assert!(matches!(error, SourceError::Network { .. }), "{error:?}");
    assert!(error.transient());
}

#[test]
fn silent_and_slow_servers_end_at_the_deadline() {
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let repository = Repository::new();
    let (_dripping, drip) = remote(&repository, Behaviour::Drip);
    let quiet = config(&format!("http://{}/a.git", silent.local_addr().unwrap()));
    for mut config in [quiet, drip] {
        config.limits.fetch_timeout = Duration::from_millis(700);
        let started = Stopwatch::start();
        let error = refusal(config);
        assert!(
            started.elapsed() < Duration::from_secs(5),
            "{:?}",
            started.elapsed()
        );
        assert!(matches!(error, SourceError::Timeout { .. }), "{error:?}");
        assert!(error.transient());
    }
}

#[test]
fn transfer_larger_than_the_limit_is_refused() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let noise: String = (0..20_000u32)
        .map(|n| n.wrapping_mul(2_654_435_761).to_string())
        .collect();
    repository.commit(&[("big.yaml", &noise)], "big");
    repository.push();
    let (_remote, mut config) = remote(&repository, Behaviour::Open);
    config.limits.fetch_bytes = 20_000;
    let error = refusal(config);
    assert!(
        matches!(error, SourceError::TransferTooLarge { limit: 20_000, .. }),
        "{error:?}"
    );
}

#[test]
fn replace_references_of_the_remote_are_ignored() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let honest = repository.git(&["rev-parse", "HEAD"]);
    let other = repository.commit(&[("a.yaml", "forged")], "other");
    repository.git(&["reset", "-q", "--hard", &honest]);
    repository.git(&["replace", &honest, &other]);
    repository.git(&[
        "push",
        "-q",
        "--force",
        "origin",
        "refs/replace/*:refs/replace/*",
        &format!("{honest}:refs/heads/main"),
    ]);
    let (_remote, http) = remote(&repository, Behaviour::Open);
    for config in [http, local(&repository)] {
        let mirrored = mirrored(config);
        let commit = mirrored.mirror.fetch().unwrap();
        assert_eq!(commit.to_string(), honest);
        let checkout = mirrored.mirror.checkout(&commit).unwrap();
        assert_eq!(content(&checkout, "a.yaml"), "one");
    }
}

#[test]
fn damaged_mirror_is_made_anew() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("prod.git");
    fs::write(&path, "not a repository").unwrap();
    let open = || Mirror::open(directory.path(), local(&repository)).unwrap();
    let commit = open().fetch().unwrap();
    fs::write(path.join("HEAD"), "garbage").unwrap();
    assert_eq!(open().fetch().unwrap(), commit);
    // While it is in use: the objects go away, a read notices, the next fetch heals.
    let mirror = open();
    fs::remove_dir_all(path.join("objects/pack")).unwrap();
    let lost = mirror.checkout(&commit).unwrap_err();
    assert!(lost.transient(), "{lost:?}");
    assert_eq!(mirror.fetch().unwrap(), commit);
    assert_eq!(mirror.checkout(&commit).unwrap().files.len(), 1);
}

#[test]
fn many_fetches_do_not_pile_up_packs() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let mirrored = mirrored(local(&repository));
    let packs = mirrored.directory.path().join("prod.git/objects/pack");
    for n in 0..120 {
        fs::create_dir_all(&packs).unwrap();
        fs::write(packs.join(format!("old-{n}.pack")), "").unwrap();
    }
    let commit = mirrored.mirror.fetch().unwrap();
    assert_eq!(mirrored.mirror.checkout(&commit).unwrap().files.len(), 1);
    assert!(!packs.join("old-0.pack").exists());
    assert!(fs::read_dir(&packs).unwrap().count() < 10);
}

#[test]
fn configuration_that_cannot_be_right_is_refused_at_once() {
    let directory = tempfile::TempDir::new().unwrap();
    let open = |change: fn(&mut SourceConfig)| {
        let mut config = config("https://example.com/a.git");
        change(&mut config);
        Mirror::open(directory.path(), config)
    };
    let bad = open(|config| config.reference = "HEAD^{/.}".to_owned());
    assert!(matches!(bad, Err(SourceError::Reference(_))));
    let bad = open(|config| config.paths = vec!["../x".to_owned()]);
    assert!(matches!(bad, Err(SourceError::Path { .. })));
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
    open(|config| config.name = "../up/prod env".to_owned()).unwrap();
    let name = fs::read_dir(directory.path())
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .file_name();
    assert!(name.to_str().unwrap().starts_with("x-"), "{name:?}");
}

#[test]
fn credentials_are_not_in_the_debug_text_of_a_mirror() {
    let repository = Repository::new();
    let mut config = config("https://bot:c4nary@example.com/a.git");
    config.credentials = Credentials::basic("bot", Opened::new(b"c4nary".to_vec()));
    let mirrored = mirrored(config);
    let text = format!("{:?}", mirrored.mirror);
    assert!(!text.contains("c4nary"), "{text}");
    drop(repository);
}

#[test]
fn mirror_is_used_on_a_blocking_thread_and_dropped_inside_a_runtime() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (_remote, config) = remote(&repository, Behaviour::Open);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let fetching = tokio::task::spawn_blocking(move || {
            let mirrored = mirrored(config);
            mirrored.mirror.fetch().unwrap();
            mirrored
        });
        drop(fetching.await.unwrap());
    });
}

#[test]
fn mirror_is_replaced_only_by_a_complete_one() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let mirrored = mirrored(local(&repository));
    let commit = mirrored.mirror.fetch().unwrap();
    let packs = mirrored.directory.path().join("prod.git/objects/pack");
    for n in 0..60 {
        fs::write(packs.join(format!("old-{n}.pack")), "").unwrap();
    }
    let away = repository.home().join("away.git");
    fs::rename(repository.bare(), &away).unwrap();
    mirrored.mirror.fetch().unwrap_err();
    assert_eq!(mirrored.mirror.checkout(&commit).unwrap().files.len(), 1);
    fs::rename(&away, repository.bare()).unwrap();
    assert_eq!(mirrored.mirror.fetch().unwrap(), commit);
    assert_eq!(mirrored.mirror.checkout(&commit).unwrap().files.len(), 1);
    let left = fs::read_dir(mirrored.directory.path()).unwrap().count();
    assert_eq!((left, packs.join("old-0.pack").exists()), (1, false));
}

#[test]
fn blob_that_rots_on_disk_is_an_error_and_the_next_fetch_heals_it() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let mirrored = mirrored(local(&repository));
    let commit = mirrored.mirror.fetch().unwrap();
    let directory = mirrored.directory.path().join("prod.git/objects/pack");
    let pack = fs::read_dir(&directory)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| {
            path.extension()
                .is_some_and(|extension| extension == "pack")
        })
        .unwrap();
    let whole = fs::read(&pack).unwrap();
    // Nobody holds the sound pack open.
    let listed = mirrored.mirror.checkout(&commit).unwrap().files;
    let file = listed.get("a.yaml").unwrap();
    let mut noticed = false;
    // Wherever the one changed byte is, the content is right or there is an error.
    for at in 12..whole.len() - 20 {
        let mut rotten = whole.clone();
        rotten[at] ^= 0x5a;
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, &whole).unwrap();
        // One that walks the tree, and one that did so when it was sound.
        let fresh = Mirror::open(mirrored.directory.path(), local(&repository)).unwrap();
        fs::remove_file(&pack).unwrap();
        fs::write(&pack, rotten).unwrap();
        for mirror in [&fresh, &mirrored.mirror] {
            let checkout = mirror.checkout(&commit);
            // A rotten length may be above the limit: then the revision is refused for it.
            let refused = |checkout: &Checkout| !checkout.findings.is_empty();
            if checkout.as_ref().is_ok_and(refused) {
                continue;
            }
            match checkout.and_then(|checkout| checkout.read(file)) {
                Ok(bytes) => assert_eq!(&*bytes, b"one", "byte {at}"),
                Err(error) => {
                    noticed = true;
                    assert!(error.transient(), "{error:?}");
                }
            }
        }
    }
    assert!(noticed);
    assert_eq!(mirrored.mirror.fetch().unwrap(), commit);
    let healed = mirrored.mirror.checkout(&commit).unwrap();
    assert_eq!(content(&healed, "a.yaml"), "one");
}

#[test]
fn locks_of_a_killed_process_do_not_stop_fetching() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (_remote, http) = remote(&repository, Behaviour::Open);
    for config in [http, local(&repository)] {
        let mirrored = mirrored(config);
        mirrored.mirror.fetch().unwrap();
        let git = mirrored.directory.path().join("prod.git");
        for lock in ["refs/orloj/tip.lock", "shallow.lock", "HEAD.lock"] {
            fs::write(git.join(lock), "").unwrap();
        }
        let pushed = repository.commit(&[("a.yaml", "two")], "next");
        repository.push();
        assert_eq!(mirrored.mirror.fetch().unwrap().to_string(), pushed);
    }
}

#[test]
fn server_that_refuses_is_asked_once() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let (remote, config) = remote(&repository, Behaviour::Status(503));
    let mirrored = mirrored(config);
    mirrored.mirror.fetch().unwrap_err();
    assert_eq!(remote.requested(), ["/bare.git/info/refs"]);
}

#[test]
fn endless_list_of_references_ends_at_a_limit_of_its_own() {
    let repository = Repository::new();
    let (_remote, config) = remote(&repository, Behaviour::Endless);
    let error = refusal(config);
    let limit = 32 << 20;
    assert!(
        matches!(error, SourceError::TransferTooLarge { limit: it, .. } if it == limit),
        "{error:?}"
    );
}
