//! OpenPGP signatures that `git` and `gpg` made, and those that somebody tampered with.

use super::super::{CommitId, Signers, Unverified, VerifyMode, VerifyPolicy};
use super::repository::{Repository, hermetic};
use super::{Mirrored, config, mirrored};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use std::{fs, os::unix::fs::PermissionsExt as _, process::Command};

/// A repository, a key ring, and a mirror.
struct Ring {
    repository: Repository,
    mirrored: Mirrored,
}

impl Ring {
    fn new() -> Self {
        let repository = Repository::with(&[("a.yaml", "0")]);
        let home = repository.home().join(".gnupg");
        fs::create_dir(&home).unwrap();
        fs::set_permissions(&home, fs::Permissions::from_mode(0o700)).unwrap();
        let mirrored = mirrored(config(repository.bare().to_str().unwrap()));
        Self {
            repository,
            mirrored,
        }
    }

    fn program(&self, name: &str) -> Command {
        let mut command = Command::new(name);
        command.envs(hermetic(self.repository.home()));
        command.env_remove("GNUPGHOME");
        command
    }

    fn gpg(&self, arguments: &[&str]) -> String {
        let mut command = self.program("gpg");
        command.args(["--batch", "--yes", "--quiet", "--pinentry-mode", "loopback"]);
        let output = command.args(["--passphrase", ""]).args(arguments).output();
        let output = output.unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "gpg {arguments:?}: {errors}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Makes a key; returns its fingerprint.
    fn key(&self, name: &str, sort: &[&str]) -> String {
        let who = who(name);
        self.gpg(&[&["--quick-generate-key", &who], sort].concat());
        self.fingerprints(name).remove(0)
    }

    /// The fingerprints of a key and its subkeys.
    fn fingerprints(&self, name: &str) -> Vec<String> {
        let listed = self.gpg(&["--with-colons", "--list-keys", &who(name)]);
        let prints = listed.lines().filter_map(|line| line.strip_prefix("fpr:"));
        prints
            .map(|line| line.trim_matches(':').to_owned())
            .collect()
    }

    fn public(&self, name: &str) -> String {
        self.gpg(&["--armor", "--export", &who(name)])
    }

    /// A commit that is signed with a key.
    fn commit(&self, key: &str, content: &str) -> String {
        let signing = format!("user.signingkey={key}!");
        self.repository.write("a.yaml", content);
        self.repository.git(&["add", "-A"]);
        self.repository
            .git(&["-c", &signing, "commit", "-q", "-S", "-m", content]);
        self.repository.push();
        self.repository.git(&["rev-parse", "HEAD"])
    }

    /// Pushes the newest commit with another signature, or another message.
    fn push_as(&self, commit: &str) {
        let made = self.repository.object(
            &["hash-object", "-t", "commit", "-w", "--stdin"],
            commit.as_bytes(),
        );
        let target = format!("{made}:main");
        self.repository
            .git(&["push", "-q", "--force", "origin", &target]);
    }

    /// The newest commit without its signature, and with one that `gpg` makes of it.
    fn resigned(&self, arguments: &[&str]) -> String {
        let plain = self.repository.git(&["cat-file", "commit", "HEAD~1"]) + "\n";
        let payload = self.repository.home().join("payload");
        fs::write(&payload, &plain).unwrap();
        let payload = payload.to_str().unwrap();
        self.gpg(&[&["--armor", "--output", "-"], arguments, &[payload]].concat());
        let made = self.gpg(&[&["--armor", "--output", "-"], arguments, &[payload]].concat());
        let folded = made.trim_end().replace('\n', "\n ");
        plain.replacen("\n\n", &format!("\ngpgsig {folded}\n\n"), 1)
    }

    fn tip(&self) -> CommitId {
        self.mirrored.mirror.fetch().unwrap()
    }

    fn verdict(&self, allowed: &str) -> Result<Option<String>, Unverified> {
        let policy = policy(VerifyMode::Head, allowed);
        let tip = self.tip();
        self.mirrored.mirror.verify(&policy, None, &tip).unwrap()
    }
}

/// The agent that keeps the keys would outlive the test.
impl Drop for Ring {
    fn drop(&mut self) {
        let _ = self.program("gpgconf").args(["--kill", "all"]).status();
    }
}

fn who(name: &str) -> String {
    format!("{name} <{name}@example.com>")
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

fn refused(verdict: Result<Option<String>, Unverified>, part: &str) {
    let refusal = verdict.unwrap_err();
    assert!(!refusal.is_unsigned, "{}", refusal.message);
    assert!(refusal.message.contains(part), "{}", refusal.message);
}

#[test]
fn every_supported_sort_of_key_signs_a_commit_by_itself_or_with_a_subkey() {
    let ring = Ring::new();
    let mut all = String::new();
    for (name, sort) in [
        ("ada", "ed25519"),
        ("bob", "rsa2048"),
        ("cyd", "nistp256"),
        ("dan", "nistp384"),
    ] {
        let key = ring.key(name, &[sort, "cert,sign", "never"]);
        // `gpg` 2.2 adds no subkeys for ECDSA by a short name.
        let subkey = match sort {
            "rsa2048" => "rsa3072",
            _ => "ed25519",
        };
        ring.gpg(&["--quick-add-key", &key, subkey, "sign", "never"]);
        let public = ring.public(name);
        for (round, print) in ring.fingerprints(name).iter().enumerate() {
            // Numbers have a byte less now and then.
            for again in 0..4 {
                ring.commit(print, &format!("{name} {round} {again}"));
                assert_eq!(ring.verdict(&public), Ok(Some(who(name))));
            }
        }
        assert_eq!(ring.fingerprints(name).len(), 2);
        all.push_str(&public);
    }
    assert_eq!(ring.verdict(&all), Ok(Some(who("dan"))));

    let ada = ring.fingerprints("ada").remove(0);
    let signing = format!("user.signingkey={ada}!");
    let tag = ["-c", &signing, "tag", "-s", "-m", "one", "v1"];
    ring.repository.git(&tag);
    ring.repository.push();
    let config = super::SourceConfig {
        reference: "v1".to_owned(),
        ..config(ring.repository.bare().to_str().unwrap())
    };
    let tagged = mirrored(config);
    let tip = tagged.mirror.fetch().unwrap();
    let verify = |allowed: &str| {
        let policy = policy(VerifyMode::Tag, allowed);
        tagged.mirror.verify(&policy, None, &tip).unwrap()
    };
    assert_eq!(verify(&all), Ok(Some(who("ada"))));
    refused(verify(&ring.public("bob")), "no allowed signer's");
}

#[test]
fn signature_that_does_not_count_says_which_commit_and_why() {
    let ring = Ring::new();
    let ada = ring.key("ada", &["ed25519", "cert,sign", "never"]);
    let eve = ring.key("eve", &["ed25519", "cert,sign", "never"]);
    let (by_ada, by_eve) = (ring.public("ada"), ring.public("eve"));
    let commit = ring.commit(&eve, "by eve");
    refused(ring.verdict(&by_ada), "no allowed signer's");
    refused(ring.verdict(&by_ada), &commit[..12]);
    refused(ring.verdict(&by_ada), &eve);
    assert_eq!(ring.verdict(&by_eve), Ok(Some(who("eve"))));

    let signed = ring.repository.git(&["cat-file", "commit", "HEAD"]) + "\n";
    ring.push_as(&signed.replacen("by eve", "by ada", 1));
    refused(ring.verdict(&by_eve), "does not fit");
    let cut = signed.find("-----END PGP").unwrap();
    let cut = [&signed[..cut - 20], &signed[cut..]].concat();
    ring.push_as(&cut);
    assert!(ring.verdict(&by_eve).is_err());

    let with = |arguments: &[&str]| {
        let key = format!("{ada}!");
        ring.push_as(&ring.resigned(&[&["-u", &key], arguments].concat()));
        ring.verdict(&by_ada)
    };
    assert_eq!(with(&["--detach-sign"]), Ok(Some(who("ada"))));
    refused(
        with(&["--detach-sign", "--textmode"]),
        "for something else than Git",
    );
    refused(with(&["--digest-algo", "SHA1", "--detach-sign"]), "SHA-1");
    let until = ["--default-sig-expire", "1y", "--detach-sign"];
    refused(with(&until), "until some time only");
    let condition = ["--sig-notation", "!a@example.com=b", "--detach-sign"];
    refused(with(&condition), "not understood");
    let remark = ["--sig-notation", "a@example.com=b", "--detach-sign"];
    assert_eq!(with(&remark), Ok(Some(who("ada"))));
    // Signed whole, not beside what is signed.
    assert!(with(&["--sign"]).is_err());
}

#[test]
fn key_counts_in_its_time_and_as_long_as_it_is_not_revoked() {
    let ring = Ring::new();
    let clock = "--faked-system-time";
    let made = [clock, "20200101T000000", "--quick-generate-key"];
    ring.gpg(&[&made[..], &[&who("ada"), "ed25519", "cert,sign", "never"]].concat());
    let ada = ring.fingerprints("ada").remove(0);
    ring.commit(&ada, "in time");
    let before = ring.public("ada");
    assert_eq!(ring.verdict(&before), Ok(Some(who("ada"))));
    // Extended and cut again; the newest word counts.
    ring.gpg(&[
        clock,
        "20200102T000000",
        "--quick-set-expire",
        &ada,
        "2020-02-01",
    ]);
    let short = ring.public("ada");
    refused(
        ring.verdict(&short),
        "at a time when that key does not count",
    );
    ring.gpg(&[
        clock,
        "20200103T000000",
        "--quick-set-expire",
        &ada,
        "never",
    ]);
    assert_eq!(ring.verdict(&ring.public("ada")), Ok(Some(who("ada"))));

    // A subkey by itself.
    ring.gpg(&["--quick-add-key", &ada, "ed25519", "sign", "never"]);
    let subkey = ring.fingerprints("ada").remove(1);
    ring.commit(&subkey, "with a subkey");
    assert_eq!(ring.verdict(&ring.public("ada")), Ok(Some(who("ada"))));
    refused(ring.verdict(&before), "no allowed signer's");

    // `gpg` keeps a certificate of revocation for every key, disarmed with a colon.
    let kept = ring.repository.home().join(".gnupg/openpgp-revocs.d");
    let kept = kept.join(format!("{ada}.rev"));
    let revocation = fs::read_to_string(&kept)
        .unwrap()
        .replace(":-----BEGIN", "-----BEGIN");
    let armed = kept.with_extension("asc");
    fs::write(&armed, revocation).unwrap();
    ring.gpg(&["--import", armed.to_str().unwrap()]);
    let revoked = ring.public("ada");
    refused(ring.verdict(&revoked), "is revoked");
    // An older copy of the key does not help.
    refused(ring.verdict(&format!("{before}{revoked}")), "is revoked");
}

#[test]
fn subkey_of_somebody_else_belongs_to_nobody_who_claims_it() {
    let ring = Ring::new();
    let ada = ring.key("ada", &["ed25519", "cert", "never"]);
    ring.key("eve", &["ed25519", "cert,sign", "never"]);
    ring.gpg(&["--quick-add-key", &ada, "ed25519", "sign", "never"]);
    let subkey = ring.fingerprints("ada").remove(1);
    ring.commit(&subkey, "by ada");
    assert_eq!(ring.verdict(&ring.public("ada")), Ok(Some(who("ada"))));
    // Eve's key with Ada's subkey behind it, and Ada's words that it is hers.
    let (ada, eve) = (
        unarmoured(&ring.public("ada")),
        unarmoured(&ring.public("eve")),
    );
    let own = subkey_packet(&ada);
    let claimed = armoured(&[eve, ada[own..].to_vec()].concat());
    refused(ring.verdict(&claimed), "no allowed signer's");

    let encrypts = ring.key("bob", &["ed25519", "cert", "never"]);
    ring.gpg(&["--quick-add-key", &encrypts, "cv25519", "encr", "never"]);
    let problem = Signers::default().parse(&ring.public("bob")).unwrap_err();
    assert!(problem.to_string().contains("cannot sign"), "{problem}");
}

#[test]
fn whatever_is_changed_in_a_key_or_a_signature_lets_nobody_else_sign() {
    let ring = Ring::new();
    let ada = ring.key("ada", &["ed25519", "cert,sign", "never"]);
    ring.gpg(&["--quick-add-key", &ada, "ed25519", "sign", "never"]);
    let subkey = ring.fingerprints("ada").remove(1);
    ring.commit(&subkey, "by ada");
    let key = unarmoured(&ring.public("ada"));
    let good = Ok(Some(who("ada")));
    let tip = ring.tip();
    let mirror = &ring.mirrored.mirror;
    let mut counted = 0;
    for at in 0..key.len() {
        for bit in [0x01, 0x80] {
            let mut changed = key.clone();
            changed[at] ^= bit;
            let mut signers = Signers::default();
            if signers.parse(&armoured(&changed)).is_err() || signers.are_none() {
                continue;
            }
            let policy = VerifyPolicy {
                signers,
                ..policy(VerifyMode::Head, &ring_text())
            };
            let verdict = mirror.verify(&policy, None, &tip).unwrap();
            counted += usize::from(verdict == good);
            assert!(
                verdict.is_err() || verdict == good,
                "byte {at}: {verdict:?}"
            );
        }
        // And cut off there.
        let _ = Signers::default().parse(&armoured(&key[..at]));
    }
    // What is said beside a signature may change.
    assert!(counted < key.len() / 4, "{counted} of {}", key.len());
}

/// Somebody who is allowed; anybody.
fn ring_text() -> String {
    "a@x ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIOMqqnkVzrm0SdG6UOoqKLsabgH5C9okWi0dh2l9GKJl"
        .to_owned()
}

/// Where the packet of the first subkey begins. `gpg` writes the older form of packets.
fn subkey_packet(key: &[u8]) -> usize {
    let mut at = 0;
    while (key[at] >> 2) & 0x0f != 14 {
        let width = 1 << (key[at] & 0x03);
        let length = &key[at + 1..=at + width];
        let length = length
            .iter()
            .fold(0, |sum, byte| (sum << 8) + usize::from(*byte));
        at += 1 + width + length;
    }
    at
}

fn unarmoured(text: &str) -> Vec<u8> {
    let lines = text.lines().skip_while(|line| !line.is_empty()).skip(1);
    let lines = lines.take_while(|line| !line.starts_with(['=', '-']));
    BASE64_STANDARD.decode(lines.collect::<String>()).unwrap()
}

fn armoured(bytes: &[u8]) -> String {
    let encoded = BASE64_STANDARD.encode(bytes);
    format!(
        "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{encoded}\n-----END PGP PUBLIC KEY BLOCK-----\n"
    )
}

#[test]
fn file_of_keys_says_what_is_wrong_with_it() {
    let parse = |text: &str| Signers::default().parse(text).unwrap_err().to_string();
    // Keys of SSH among them would be passed over.
    let ring = Ring::new();
    ring.key("ada", &["ed25519", "cert,sign", "never"]);
    let mixed = format!("# people\n\n{}{}\n", ring.public("ada"), ring_text());
    let problem = parse(&mixed);
    assert!(problem.contains("a file of its own"), "{problem}");
    assert!(
        Signers::default()
            .parse(&mixed.replace("a@x", "# a@x"))
            .is_ok()
    );
    let block = |body: &str| {
        format!(
            "# people\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\n{body}\n-----END PGP PUBLIC KEY BLOCK-----\n"
        )
    };
    for (text, says) in [
        (block("????"), "line 2 begins a block that cannot be read"),
        (block("aGVsbG8="), "cannot be read"),
        // A name without a key.
        (block("zQFh"), "line 2 holds no public key"),
        (
            "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nzQFh\n".to_owned(),
            "cannot be read",
        ),
    ] {
        let problem = parse(&text);
        assert!(problem.contains(says), "{problem}");
    }
}
