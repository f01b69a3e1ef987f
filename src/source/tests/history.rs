//! Whether a reference moved forward is told from the commits, however little of them is there.

use super::super::{CommitId, Move, SourceConfig};
use super::http_remote::Behaviour;
use super::{Mirrored, config, mirrored, remotes::remote, repository::Repository, swapped};

/// The same over a directory and, where history is cut, over HTTP.
fn both(repository: &Repository) -> [SourceConfig; 2] {
    let (http, over_http) = remote(repository, Behaviour::Open);
    // It serves to the end of the test's process.
    std::mem::forget(http);
    [config(repository.bare().to_str().unwrap()), over_http]
}

fn moved(mirrored: &Mirrored, from: &CommitId) -> Move {
    let to = mirrored.mirror.fetch().unwrap();
    let moved = mirrored.mirror.moved(from, &to).unwrap();
    // What is known by now is said again without the remote.
    assert_eq!(mirrored.mirror.moved(from, &to).unwrap(), moved);
    moved
}

#[test]
fn push_is_forward_however_many_commits_it_has() {
    for commits in [1, 3, 100] {
        let repository = Repository::with(&[("a.yaml", "0")]);
        repository.commit(&[("a.yaml", "below")], "below");
        repository.push();
        for config in both(&repository) {
            let mirrored = mirrored(config);
            let before = mirrored.mirror.fetch().unwrap();
            for number in 0..commits {
                let message = format!("{number} after {before}");
                repository.git(&["commit", "-q", "--allow-empty", "-m", &message]);
            }
            repository.push();
            assert_eq!(moved(&mirrored, &before), Move::Forward, "{commits}");
        }
    }
}

#[test]
fn merge_of_what_was_served_is_forward() {
    let repository = Repository::with(&[("a.yaml", "0")]);
    repository.git(&["checkout", "-q", "-b", "side"]);
    repository.commit(&[("b.yaml", "1")], "aside");
    repository.git(&["checkout", "-q", "main"]);
    repository.commit(&[("a.yaml", "2")], "served");
    repository.push();
    let mirrors = both(&repository).map(mirrored);
    let served = mirrors.each_ref().map(|one| one.mirror.fetch().unwrap());
    repository.git(&["checkout", "-q", "side"]);
    repository.git(&["merge", "-q", "--no-ff", "-m", "merge", "main"]);
    repository.git(&["push", "-q", "origin", "HEAD:main"]);
    for (mirrored, served) in mirrors.iter().zip(served) {
        assert_eq!(moved(mirrored, &served), Move::Forward);
    }
}

#[test]
fn branch_that_is_moved_back_or_aside_is_forced() {
    for aside in [false, true] {
        let repository = Repository::with(&[("a.yaml", "0")]);
        repository.commit(&[("a.yaml", "1")], "one");
        repository.commit(&[("a.yaml", "2")], "two");
        repository.push();
        let mirrors = both(&repository).map(mirrored);
        let served = mirrors.each_ref().map(|one| one.mirror.fetch().unwrap());
        repository.git(&["reset", "-q", "--hard", "HEAD~1"]);
        if aside {
            repository.commit(&[("a.yaml", "other")], "other");
        }
        repository.git(&["push", "-q", "--force", "origin", "HEAD:main"]);
        for (mirrored, served) in mirrors.iter().zip(served) {
            assert_eq!(moved(mirrored, &served), Move::Forced);
        }
    }
}

#[test]
fn unrelated_history_is_forced_and_a_tag_that_moves_is_a_tag() {
    let repository = Repository::with(&[("a.yaml", "0")]);
    repository.push();
    for kind in [&["tag", "v1"][..], &["tag", "-a", "-m", "one", "v2"]] {
        repository.git(kind);
    }
    repository.git(&["push", "-q", "origin", "--tags"]);
    let tagged = |reference: &str| {
        both(&repository).map(|config| {
            let reference = reference.to_owned();
            mirrored(SourceConfig {
                reference,
                ..config
            })
        })
    };
    let (light, annotated) = (tagged("v1"), tagged("refs/tags/v2"));
    let branch = both(&repository).map(mirrored);
    let all = || light.iter().chain(&annotated).chain(&branch);
    let served: Vec<_> = all().map(|one| one.mirror.fetch().unwrap()).collect();
    repository.git(&["checkout", "-q", "--orphan", "new"]);
    repository.commit(&[("a.yaml", "new")], "unrelated");
    repository.git(&["tag", "-f", "v1"]);
    repository.git(&["tag", "-f", "-a", "-m", "again", "v2"]);
    repository.git(&["push", "-q", "--force", "origin", "HEAD:main", "v1", "v2"]);
    let found: Vec<_> = all()
        .zip(&served)
        .map(|(one, from)| moved(one, from))
        .collect();
    let expected = [[Move::Tag; 2], [Move::Tag; 2], [Move::Forced; 2]];
    assert_eq!(found, expected.concat());
}

#[test]
fn tag_of_a_range_that_is_moved_is_told_from_a_newer_one() {
    let repository = Repository::with(&[("a.yaml", "0")]);
    repository.push();
    repository.git(&["push", "-q", "origin", "HEAD:refs/tags/v1.0.0"]);
    let mirrors = both(&repository).map(|config| {
        mirrored(SourceConfig {
            reference: "semver:>=1".to_owned(),
            ..config
        })
    });
    let mut served = mirrors.each_ref().map(|one| one.mirror.fetch().unwrap());
    for (content, refspec, expected) in [
        ("newer", "HEAD:refs/tags/v1.1.0", Move::Forward),
        ("moved", "+HEAD:refs/tags/v1.1.0", Move::Tag),
        ("again", "+HEAD:refs/tags/v1.1.0", Move::Tag),
        ("newest", "HEAD:refs/tags/v1.2.0", Move::Forward),
    ] {
        repository.commit(&[("a.yaml", content)], content);
        repository.git(&["push", "-q", "origin", refspec]);
        for (mirrored, served) in mirrors.iter().zip(&mut served) {
            assert_eq!(moved(mirrored, served), expected, "{content}");
            *served = mirrored.mirror.tip().unwrap();
            // A mirror that is made anew knows it too.
            swapped::pile_up(mirrored.directory.path());
            mirrored.mirror.fetch().unwrap();
            assert!(!swapped::is_piled_up(mirrored.directory.path()));
        }
    }
}

#[test]
fn one_commit_is_told_without_asking_for_more() {
    let repository = Repository::with(&[("a.yaml", "0")]);
    repository.push();
    let (http, config) = remote(&repository, Behaviour::Open);
    let mirrored = mirrored(config);
    let before = mirrored.mirror.fetch().unwrap();
    repository.commit(&[("a.yaml", "1")], "one");
    repository.push();
    let to = mirrored.mirror.fetch().unwrap();
    let asked = http.requests();
    assert_eq!(mirrored.mirror.moved(&before, &to).unwrap(), Move::Forward);
    assert_eq!(http.requests(), asked);
}

#[test]
fn remote_that_goes_away_is_an_error_and_no_answer() {
    let repository = Repository::with(&[("a.yaml", "0")]);
    repository.push();
    let (http, config) = remote(&repository, Behaviour::Open);
    let mirrored = mirrored(config);
    let before = mirrored.mirror.fetch().unwrap();
    repository.commit(&[("a.yaml", "1")], "one");
    repository.commit(&[("a.yaml", "2")], "two");
    repository.push();
    let to = mirrored.mirror.fetch().unwrap();
    http.behave(Behaviour::Status(503));
    assert!(mirrored.mirror.moved(&before, &to).unwrap_err().transient());
    http.behave(Behaviour::Open);
    assert_eq!(mirrored.mirror.moved(&before, &to).unwrap(), Move::Forward);
}
