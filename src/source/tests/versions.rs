//! Ranges of versions, and tags that are followed by one.

use super::super::{Mirror, SourceError, VersionRange};
use super::http_remote::Behaviour;
use super::remotes::remote;
use super::{config, content, mirrored, repository::Repository};

fn holds(range: &str, version: &str) -> bool {
    let range = VersionRange::parse(range).unwrap();
    range.follows(&format!("refs/tags/{version}"))
}

#[test]
fn ranges_mean_what_they_mean_to_flux_and_npm() {
    for (range, within, outside) in [
        (
            ">=1.2 <2",
            "1.2.0 v1.9.9 1.10.0+b.1",
            "1.1.9 2.0.0 2.0.0-rc.1 1.3.0-rc.1 v1 1.2",
        ),
        (">=1.2, <2", "1.2.0 1.9.9", "1.1.9 2.0.0"),
        (">= 1.2 < 2", "1.2.0 1.9.9", "1.1.9 2.0.0"),
        ("1.2.3", "1.2.3 v1.2.3 1.2.3+build", "1.2.4 1.2.2 1.2.3-a"),
        ("=v1.2.3", "1.2.3", "1.2.4"),
        ("1.2", "1.2.0 1.2.99", "1.3.0 1.1.0"),
        ("1.2.x", "1.2.0 1.2.99", "1.3.0 1.1.0"),
        ("1.*", "1.0.0 1.99.0", "2.0.0 0.9.0"),
        ("*", "0.0.0 99.0.0", "1.0.0-a"),
        (">=0.0.0-0", "0.0.0-0 1.0.0-a 1.0.0", ""),
        (">1.2", "1.3.0 2.0.0", "1.2.0 1.2.9"),
        (">1.2.3", "1.2.4", "1.2.3 1.2.3+x 1.2.4-a"),
        ("<=1.2", "1.2.9 0.1.0", "1.3.0 1.3.0-a"),
        ("<=1.2.3", "1.2.3", "1.2.4"),
        ("~1.2.3", "1.2.3 1.2.9", "1.3.0 1.2.2"),
        ("~1.2", "1.2.0 1.2.9", "1.3.0"),
        ("~1", "1.0.0 1.9.0", "2.0.0"),
        ("^1.2.3", "1.2.3 1.9.0", "1.2.2 2.0.0 2.0.0-rc.1"),
        ("^0.2.3", "0.2.3 0.2.9", "0.2.2 0.3.0"),
        ("^0.0.3", "0.0.3", "0.0.4 0.0.2"),
        ("^0.0", "0.0.0 0.0.9", "0.1.0"),
        ("^0", "0.0.0 0.9.0", "1.0.0"),
        ("1.2 - 1.4", "1.2.0 1.4.9", "1.1.9 1.5.0"),
        ("1.2.1 - 1.4.2", "1.2.1 1.4.2", "1.2.0 1.4.3"),
        ("^1 || ^3", "1.5.0 3.0.0", "2.0.0"),
        (">=1 !=1.3", "1.2.9 1.4.0", "1.3.0 1.3.7"),
        (
            ">=1.2.0-0 <2",
            "1.2.0-rc.1 1.5.0-a 1.5.0",
            "1.1.0 2.0.0-rc.1 2.0.0",
        ),
        (
            ">=1.2.0-rc.2",
            "1.2.0-rc.2 1.2.0-rc.10 1.2.0",
            "1.2.0-rc.1 1.2.0-beta",
        ),
        ("<=2.0.0-rc.2 >1", "2.0.0-rc.1", "2.0.0-rc.3 2.0.0 1.0.0"),
    ] {
        let words = |text: &'static str| text.split(' ').filter(|word| !word.is_empty());
        for version in words(within) {
            assert!(holds(range, version), "{version} is in `{range}`");
        }
        for version in words(outside) {
            assert!(!holds(range, version), "{version} is not in `{range}`");
        }
    }
    assert!(
        !VersionRange::parse("*")
            .unwrap()
            .follows("refs/heads/1.0.0")
    );
}

#[test]
fn prefix_chooses_among_the_tags_of_one_part_of_a_repository() {
    let of = |reference: &str| VersionRange::of_reference(reference).unwrap();
    let app = of("semver:app/:>=1 <2").unwrap();
    for (tag, follows) in [
        ("app/v1.2.3", true),
        ("app/1.2.3", true),
        ("app/v2.0.0", false),
        ("v1.2.3", false),
        ("web/v1.2.3", false),
        ("app/web/v1.2.3", false),
    ] {
        assert_eq!(app.follows(&format!("refs/tags/{tag}")), follows, "{tag}");
    }
    let tags = [
        "refs/tags/app-1.9.0",
        "refs/tags/app-v1.10.0",
        "refs/tags/v1.99.0",
    ];
    let dashed = of(&VersionRange::reference(Some("app-"), "1.x")).unwrap();
    assert_eq!(dashed.highest(tags.into_iter()), Some(tags[1]));
    let plain = of(&VersionRange::reference(None, "1.x")).unwrap();
    assert_eq!(plain.highest(tags.into_iter()), Some(tags[2]));
    for prefix in ["a b", "", "-a", "/a", "a..b", "a?", "a:b"] {
        let error = of(&format!("semver:{prefix}:>=1")).unwrap_err().to_string();
        assert!(error.contains("begins no tag"), "{prefix}: {error}");
    }
}

#[test]
fn range_that_is_none_is_refused_with_the_part_that_is_wrong() {
    for (range, part) in [
        ("", "empty"),
        ("^1 ||", "empty"),
        ("main", "`main` is not a version"),
        ("1.2.3.4", "`1.2.3.4` is not a version"),
        ("1.x.3", "`1.x.3` is not a version"),
        ("1..2", "`1..2` is not a version"),
        ("+1", "`+1` is not a version"),
        ("1.2-rc", "`1.2-rc` is not a version"),
        ("1.2.3-01", "`1.2.3-01` is not a version"),
        ("99999999999999999999.0.0", "is not a version"),
        (">", "`>` bounds nothing"),
        ("><1", "`><` compares nothing"),
        ("1.2 -", "`` is not a version"),
        ("1\u{1b}[2J", r"`1\u{1b}[2J` is not a version"),
    ] {
        let error = VersionRange::parse(range).unwrap_err().to_string();
        assert!(
            error.contains(part) && error.contains(">=1.2 <2"),
            "{range}: {error}"
        );
    }
    assert!(VersionRange::parse(&"1".repeat(256)).is_err());
}

#[test]
fn the_highest_tag_in_the_range_is_followed_in_one_look() {
    let repository = Repository::new();
    let tag = |name: &str, annotated: bool| {
        let commit = repository.commit(&[("a.yaml", name)], name);
        let arguments: &[&str] = if annotated {
            &["tag", "-a", "-m", "x", name]
        } else {
            &["tag", name]
        };
        repository.git(arguments);
        commit
    };
    let patch = tag("v1.10.0", true);
    let lower = tag("v1.9.0", false);
    tag("v2.0.0", false);
    tag("v1.11.0-rc.1", false);
    tag("v1", false);
    tag("release", false);
    repository.push();
    let (server, http) = remote(&repository, Behaviour::Open);
    for location in [
        http.location.to_string(),
        repository.bare().display().to_string(),
    ] {
        let mut config = config(&location);
        config.reference = "semver:>=1.2 <2".to_owned();
        let mirrored = mirrored(config);
        let mirror = &mirrored.mirror;
        let commit = mirror.fetch().unwrap();
        assert_eq!(commit.to_string(), patch);
        assert_eq!(
            content(&mirror.checkout(&commit).unwrap(), "a.yaml"),
            "v1.10.0"
        );
        let before = server.requests();
        assert_eq!(mirror.fetch().unwrap(), commit);
        assert!(server.requests() - before <= 1);
    }
    let mut config = config(&http.location.to_string());
    config.reference = "semver:1.x".to_owned();
    let mirrored = mirrored(config);
    assert_eq!(mirrored.mirror.fetch().unwrap().to_string(), patch);
    let newer = tag("v1.10.1", true);
    repository.push();
    assert_eq!(mirrored.mirror.fetch().unwrap().to_string(), newer);
    repository.git(&["push", "-q", "origin", ":v1.10.0", ":v1.10.1"]);
    assert_eq!(mirrored.mirror.fetch().unwrap().to_string(), lower);
}

#[test]
fn range_that_no_tag_fits_names_the_newest_versions_and_a_bad_one_stops_the_start() {
    let repository = Repository::with(&[("a.yaml", "one")]);
    let fetch = |range: &str| {
        let mut config = config(repository.bare().to_str().unwrap());
        config.reference = format!("semver:{range}");
        mirrored(config).mirror.fetch().unwrap_err()
    };
    let none = fetch("^3");
    assert!(
        none.to_string().contains("it has no tag that is a version"),
        "{none}"
    );
    for tag in ["v1.2.0", "v1.10.0", "v2.0.0-rc.1"] {
        repository.git(&["tag", tag]);
    }
    repository.push();
    let error = fetch("^3");
    assert!(
        matches!(error, SourceError::VersionNotFound { .. }),
        "{error:?}"
    );
    assert!(!error.transient());
    let text = error.to_string();
    assert!(text.contains("`^3`"), "{text}");
    assert!(
        text.contains("`v2.0.0-rc.1`, `v1.10.0`, `v1.2.0`"),
        "{text}"
    );

    let directory = tempfile::TempDir::new().unwrap();
    let mut config = config(repository.bare().to_str().unwrap());
    config.reference = "semver:latest".to_owned();
    let refused = Mirror::open(directory.path(), config).unwrap_err();
    assert!(
        refused.to_string().contains("`latest` is not a version"),
        "{refused}"
    );
}
