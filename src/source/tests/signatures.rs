//! Signatures that `git` and `ssh-keygen` made, and those that somebody tampered with.

use super::super::{
    CommitId, Patterns, Signers, SourceConfig, Unverified, VerifyMode, VerifyPolicy,
};
use super::http_remote::Behaviour;
use super::{Mirrored, config, mirrored, remotes::remote, repository::Repository};
use std::{fs, path::PathBuf, process::Command, sync::Arc};

/// A repository, and keys of people.
struct Signing {
    repository: Repository,
}

impl Signing {
    fn new() -> Self {
        let repository = Repository::with(&[("a.yaml", "0")]);
        Self { repository }
    }

    /// A key of this sort; returns the line that allows it.
    fn key(&self, name: &str, sort: &[&str]) -> String {
        let file = self.file(name);
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-N", "", "-C", name, "-f"]).arg(&file);
        assert!(command.args(sort).status().unwrap().success());
        let public = fs::read_to_string(file.with_extension("pub")).unwrap();
        format!("{name}@example.com {public}")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.repository.home().join(name)
    }

    /// Runs `git` as somebody who signs with a key.
    fn git(&self, key: &str, arguments: &[&str]) -> String {
        let key = format!("user.signingkey={}", self.file(key).display());
        let mut all = vec!["-c", "gpg.format=ssh", "-c", &key];
        all.extend(arguments);
        self.repository.git(&all)
    }

    fn commit(&self, key: Option<&str>, path: &str, content: &str) -> String {
        self.repository.write(path, content);
        self.repository.git(&["add", "-A"]);
        match key {
            Some(key) => self.git(key, &["commit", "-q", "-S", "-m", content]),
            None => self.repository.git(&["commit", "-q", "-m", content]),
        };
        self.repository.git(&["rev-parse", "HEAD"])
    }

    /// Mirrors of it: over a directory, and over HTTP where history is cut.
    fn mirrors(&self, reference: &str) -> [Mirrored; 2] {
        let (http, over_http) = remote(&self.repository, Behaviour::Open);
        std::mem::forget(http);
        let local = config(self.repository.bare().to_str().unwrap());
        [local, over_http].map(|config| {
            mirrored(SourceConfig {
                reference: reference.to_owned(),
                ..config
            })
        })
    }
}

fn policy(mode: VerifyMode, allowed: &str) -> VerifyPolicy {
    let mut signers = Signers::default();
    signers.parse(allowed).unwrap();
    VerifyPolicy {
        mode,
        signers,
        paths: None,
    }
}

fn id(text: &str) -> CommitId {
    CommitId::parse(text).unwrap()
}

/// What both mirrors say about what is pushed now.
fn verdict(
    mirrors: &[Mirrored; 2],
    policy: &VerifyPolicy,
    from: Option<&str>,
) -> Result<Option<String>, Unverified> {
    let from = from.map(id);
    let [one, other] = mirrors.each_ref().map(|mirrored| {
        let tip = mirrored.mirror.fetch().unwrap();
        mirrored.mirror.verify(policy, from.as_ref(), &tip).unwrap()
    });
    assert_eq!(one, other);
    one
}

fn refused(verdict: Result<Option<String>, Unverified>, unsigned: bool, part: &str) {
    let refusal = verdict.unwrap_err();
    assert_eq!(refusal.is_unsigned, unsigned, "{}", refusal.message);
    assert!(refusal.message.contains(part), "{}", refusal.message);
}

#[test]
fn every_supported_sort_of_key_signs_a_commit() {
    let signing = Signing::new();
    let sorts: [(&str, &[&str]); 4] = [
        ("ada", &["-t", "ed25519"]),
        ("bob", &["-t", "ecdsa", "-b", "256"]),
        ("cyd", &["-t", "ecdsa", "-b", "384"]),
        ("dan", &["-t", "rsa", "-b", "2048"]),
    ];
    let mirrors = signing.mirrors("main");
    for (name, sort) in sorts {
        let allowed = signing.key(name, sort);
        // Numbers of ECDSA have a byte less now and then.
        for round in 0..8 {
            signing.commit(Some(name), "a.yaml", &format!("{name} {round}"));
            signing.repository.push();
            let policy = policy(VerifyMode::Head, &allowed);
            let expected = format!("{name}@example.com");
            assert_eq!(verdict(&mirrors, &policy, None), Ok(Some(expected)));
        }
    }
}

#[test]
fn unsigned_unknown_and_odd_signatures_say_which_commit_and_why() {
    let signing = Signing::new();
    let mirrors = signing.mirrors("main");
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let eve = signing.key("eve", &["-t", "ed25519"]);
    let head = |allowed: &str| policy(VerifyMode::Head, allowed);
    let commit = signing.commit(None, "a.yaml", "unsigned");
    signing.repository.push();
    refused(verdict(&mirrors, &head(&ada), None), true, &commit[..12]);

    signing.commit(Some("eve"), "a.yaml", "by eve");
    signing.repository.push();
    let unknown = verdict(&mirrors, &head(&ada), None);
    refused(unknown, false, "which is no allowed signer's");
    let now = |option: &str| head(&eve.replacen(' ', &format!(" {option} "), 1));
    assert!(verdict(&mirrors, &now("namespaces=\"git,file\""), None).is_ok());
    refused(
        verdict(&mirrors, &now("namespaces=\"file\""), None),
        false,
        "is not for `git`",
    );
    assert!(verdict(&mirrors, &now("valid-after=\"20200101\""), None).is_ok());
    let late = now("valid-after=\"20200101\",valid-before=\"20200102Z\"");
    refused(verdict(&mirrors, &late, None), false, "does not count");
    let early = now("valid-after=\"21000101\"");
    refused(verdict(&mirrors, &early, None), false, "does not count");

    // The same signature on another commit, and another message under it.
    let signed = signing.repository.git(&["cat-file", "commit", "HEAD"]) + "\n";
    for tampered in [
        signed.replacen("by eve", "by ada", 1),
        signed.replacen("author ", "author x", 1),
    ] {
        assert_ne!(tampered, signed);
        let forged = signing.repository.object(
            &["hash-object", "-t", "commit", "-w", "--stdin"],
            tampered.as_bytes(),
        );
        let forged = forged.trim();
        signing
            .repository
            .git(&["push", "-q", "--force", "origin", &format!("{forged}:main")]);
        refused(verdict(&mirrors, &head(&eve), None), false, "does not fit");
    }
    let twice = signed.replacen("gpgsig ", "gpgsig x\ngpgsig ", 1);
    let twice = signing.repository.object(
        &[
            "hash-object",
            "--literally",
            "-t",
            "commit",
            "-w",
            "--stdin",
        ],
        twice.as_bytes(),
    );
    signing.repository.git(&[
        "push",
        "-q",
        "--force",
        "origin",
        &format!("{}:main", twice.trim()),
    ]);
    refused(verdict(&mirrors, &head(&eve), None), false, "more than one");
}

#[test]
fn signature_for_something_else_than_git_does_not_count() {
    let signing = Signing::new();
    let mirrors = signing.mirrors("main");
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let plain = signing.repository.git(&["cat-file", "commit", "HEAD"]) + "\n";
    let payload = signing.file("payload");
    fs::write(&payload, &plain).unwrap();
    for (namespace, counts) in [("git", true), ("file", false)] {
        let mut command = Command::new("ssh-keygen");
        command.args(["-q", "-Y", "sign", "-n", namespace, "-f"]);
        command.arg(signing.file("ada")).arg(&payload);
        assert!(command.status().unwrap().success());
        let made = payload.with_extension("sig");
        let signature = fs::read_to_string(&made).unwrap();
        fs::remove_file(made).unwrap();
        let folded = signature.trim_end().replace('\n', "\n ");
        let signed = plain.replacen("\n\n", &format!("\ngpgsig {folded}\n\n"), 1);
        let signed = signing.repository.object(
            &["hash-object", "-t", "commit", "-w", "--stdin"],
            signed.as_bytes(),
        );
        signing.repository.git(&[
            "push",
            "-q",
            "--force",
            "origin",
            &format!("{}:main", signed.trim()),
        ]);
        let found = verdict(&mirrors, &policy(VerifyMode::Head, &ada), None);
        if counts {
            assert_eq!(found, Ok(Some("ada@example.com".to_owned())));
        } else {
            refused(found, false, "for something else than Git");
        }
    }
}

#[test]
fn every_commit_since_the_served_one_counts_however_few_are_mirrored() {
    let signing = Signing::new();
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let every = policy(VerifyMode::EveryCommit, &ada);
    let mirrors = signing.mirrors("main");
    let served = signing.commit(None, "a.yaml", "served");
    signing.repository.push();
    for mirrored in &mirrors {
        mirrored.mirror.fetch().unwrap();
    }
    for number in 0..3 {
        signing.commit(Some("ada"), "a.yaml", &format!("good {number}"));
    }
    signing.repository.push();
    let good = Ok(Some("ada@example.com".to_owned()));
    assert_eq!(verdict(&mirrors, &every, Some(&served)), good);
    let hidden = signing.commit(None, "a.yaml", "hidden");
    signing.commit(Some("ada"), "a.yaml", "on top");
    signing.repository.push();
    refused(
        verdict(&mirrors, &every, Some(&served)),
        true,
        &hidden[..12],
    );
    assert_eq!(
        verdict(&mirrors, &policy(VerifyMode::Head, &ada), Some(&served)),
        good
    );
    assert_eq!(
        verdict(&mirrors, &every, Some(&hidden)),
        good,
        "what is live is not asked again"
    );
    // At the first start the newest one counts.
    assert_eq!(verdict(&mirrors, &every, None), good);

    // A merge brings commits that are not on its first line.
    let served = signing.repository.git(&["rev-parse", "HEAD"]);
    signing
        .repository
        .git(&["checkout", "-q", "-b", "side", "HEAD~2"]);
    let aside = signing.commit(None, "side.yaml", "aside");
    signing.repository.git(&["checkout", "-q", "main"]);
    signing.git(
        "ada",
        &["merge", "-q", "-S", "--no-ff", "-m", "merge", "side"],
    );
    signing.repository.push();
    refused(verdict(&mirrors, &every, Some(&served)), true, &aside[..12]);
    // And none that was there before.
    let below = signing.repository.git(&["rev-parse", "HEAD^2"]);
    assert_eq!(below, aside);
    signing.repository.git(&["reset", "-q", "--hard", "HEAD^1"]);
    signing
        .repository
        .git(&["checkout", "-q", "-B", "side", "HEAD~2"]);
    signing.commit(Some("ada"), "side.yaml", "signed aside");
    signing.repository.git(&["checkout", "-q", "main"]);
    signing.git(
        "ada",
        &["merge", "-q", "-S", "--no-ff", "-m", "merge", "side"],
    );
    signing
        .repository
        .git(&["push", "-q", "--force", "origin", "HEAD:main"]);
    assert_eq!(verdict(&mirrors, &every, Some(&served)), good);
}

#[test]
fn only_changes_of_the_named_paths_need_a_signature() {
    let signing = Signing::new();
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let limited = |mode| of_secrets(mode, &ada);
    let mirrors = signing.mirrors("main");
    let served = signing.commit(None, "a.yaml", "served");
    signing.repository.push();
    for mirrored in &mirrors {
        mirrored.mirror.fetch().unwrap();
    }
    signing.commit(None, "a.yaml", "elsewhere");
    signing.repository.push();
    for mode in [VerifyMode::Head, VerifyMode::EveryCommit] {
        assert_eq!(verdict(&mirrors, &limited(mode), Some(&served)), Ok(None));
    }
    let within = signing.commit(None, "secrets/key.yaml", "within");
    signing.repository.push();
    signing.commit(None, "a.yaml", "elsewhere again");
    signing.repository.push();
    // What changed since the served commit counts, not what the newest one alone changed.
    assert!(verdict(&mirrors, &limited(VerifyMode::Head), Some(&served)).is_err());
    let every = verdict(&mirrors, &limited(VerifyMode::EveryCommit), Some(&served));
    refused(every, true, &within[..12]);
}

/// A policy by which only `secrets/` needs signatures.
fn of_secrets(mode: VerifyMode, allowed: &str) -> VerifyPolicy {
    let secrets = Patterns::parse(["secrets/"]).unwrap();
    VerifyPolicy {
        paths: Some(Arc::new(secrets)),
        ..policy(mode, allowed)
    }
}

#[test]
fn what_was_refused_at_the_first_start_is_refused_one_push_later() {
    let signing = Signing::new();
    let ada = signing.key("ada", &["-t", "ed25519"]);
    signing.commit(None, "secrets/key.yaml", "evil");
    signing.repository.push();
    let mirrors = signing.mirrors("main");
    for mode in [VerifyMode::Head, VerifyMode::EveryCommit] {
        assert!(verdict(&mirrors, &of_secrets(mode, &ada), None).is_err());
    }
    signing.commit(None, "a.yaml", "innocent");
    signing.repository.push();
    for mode in [VerifyMode::Head, VerifyMode::EveryCommit] {
        assert!(verdict(&mirrors, &of_secrets(mode, &ada), None).is_err());
    }
}

#[test]
fn unsigned_merge_does_not_bring_back_what_was_protected() {
    let signing = Signing::new();
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let every = of_secrets(VerifyMode::EveryCommit, &ada);
    signing.commit(Some("ada"), "secrets/key.yaml", "old");
    let served = signing.commit(Some("ada"), "secrets/key.yaml", "new");
    signing.repository.push();
    let mirrors = signing.mirrors("main");
    let tree = signing.repository.git(&["rev-parse", "HEAD~1^{tree}"]);
    let merge = [
        "commit-tree",
        &tree,
        "-p",
        "HEAD~1",
        "-p",
        "HEAD",
        "-m",
        "m",
    ];
    let merge = signing.repository.git(&merge);
    let target = format!("{merge}:refs/heads/main");
    signing.repository.git(&["push", "-q", "origin", &target]);
    refused(verdict(&mirrors, &every, Some(&served)), true, &merge[..12]);
}

#[test]
fn what_is_not_read_needs_a_signature_wherever_signatures_are_needed() {
    let signing = Signing::new();
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let served = signing.commit(Some("ada"), "secrets/key.yaml", "key");
    signing.repository.push();
    let mirrors = signing.mirrors("main");
    signing.commit(None, ".orlojignore", "secrets/\n");
    signing.repository.push();
    for mode in [VerifyMode::Head, VerifyMode::EveryCommit] {
        assert!(verdict(&mirrors, &of_secrets(mode, &ada), Some(&served)).is_err());
    }
}

#[test]
fn commit_that_a_reference_is_moved_back_to_needs_its_signature() {
    let signing = Signing::new();
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let unsigned = signing.commit(None, "a.yaml", "unsigned");
    let served = signing.commit(Some("ada"), "a.yaml", "signed");
    signing.repository.push();
    let mirrors = signing.mirrors("main");
    for mirrored in &mirrors {
        mirrored.mirror.fetch().unwrap();
    }
    let target = format!("+{unsigned}:refs/heads/main");
    signing.repository.git(&["push", "-q", "origin", &target]);
    for mode in [VerifyMode::Head, VerifyMode::EveryCommit] {
        let found = verdict(&mirrors, &policy(mode, &ada), Some(&served));
        refused(found, true, &unsigned[..12]);
    }
}

#[test]
fn remote_that_fails_while_history_is_asked_for_leaves_nobody_unsigned() {
    let signing = Signing::new();
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let every = policy(VerifyMode::EveryCommit, &ada);
    let served = signing.commit(Some("ada"), "a.yaml", "served");
    signing.repository.push();
    let (http, config) = remote(&signing.repository, Behaviour::Open);
    let mirrored = mirrored(config);
    mirrored.mirror.fetch().unwrap();
    for number in 0..3 {
        signing.commit(Some("ada"), "a.yaml", &format!("good {number}"));
    }
    signing.repository.push();
    let tip = mirrored.mirror.fetch().unwrap();
    let verify = || mirrored.mirror.verify(&every, Some(&id(&served)), &tip);
    http.behave(Behaviour::Status(403));
    assert!(
        verify().is_err(),
        "a token that was taken back says nothing of signatures"
    );
    http.behave(Behaviour::Open);
    assert_eq!(verify().unwrap(), Ok(Some("ada@example.com".to_owned())));
}

#[test]
fn tag_is_to_be_signed_under_its_own_name() {
    let signing = Signing::new();
    let ada = signing.key("ada", &["-t", "ed25519"]);
    let tag = policy(VerifyMode::Tag, &ada);
    signing.git("ada", &["tag", "-s", "-m", "one", "v1"]);
    signing.repository.git(&["tag", "-a", "-m", "two", "v2"]);
    signing.repository.git(&["tag", "v3"]);
    // The signed object of `v1` under another name.
    signing
        .repository
        .git(&["update-ref", "refs/tags/v4", "refs/tags/v1"]);
    signing.repository.push();
    signing.repository.git(&["push", "-q", "origin", "--tags"]);
    let of = |reference: &str| verdict(&signing.mirrors(reference), &tag, None);
    assert_eq!(of("v1"), Ok(Some("ada@example.com".to_owned())));
    refused(of("v2"), true, "the tag `v2`");
    refused(of("v3"), true, "the tag `v3`");
    refused(of("v4"), false, "under another name");
    refused(of("main"), true, "is no tag");
}

#[test]
fn lists_of_signers_say_what_is_wrong_with_them() {
    let parse = |text: &str| {
        Signers::default()
            .parse(text)
            .map_err(|error| error.to_string())
    };
    let key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl";
    assert_eq!(
        parse(&format!("# people\n\na@x,b@x {key} a comment\n")),
        Ok(())
    );
    assert_eq!(
        parse(&format!(
            "\"a b\" namespaces=\"git\",valid-before=\"20300101\" {key}"
        )),
        Ok(())
    );
    for (line, problem) in [
        (format!("a@x cert-authority {key}"), "certificate authority"),
        (format!("a@x no-such-option {key}"), "no-such-option"),
        (format!("a@x valid-after=\"soon\" {key}"), "soon"),
        (
            format!("a@x {}", key.replace("ssh-ed25519", "ssh-rsa")),
            "ssh-rsa",
        ),
        (
            key.replace("ssh-ed25519", "a@x sk-ssh-ed25519@openssh.com"),
            "sk-ssh",
        ),
        ("a@x ssh-ed25519 ???".to_owned(), "base64"),
        ("a@x".to_owned(), "no key"),
        (format!("\"a@x {key}"), "quote"),
    ] {
        let text = format!("a@x {key}\n{line}\n");
        let error = parse(&text).unwrap_err();
        assert!(
            error.starts_with("line 2 ") && error.contains(problem),
            "{line}: {error}"
        );
    }
}
