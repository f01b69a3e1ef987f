//! What real payloads say.

use super::{PAYLOADS, opened, payload, watched};
use crate::{
    forge::{Concern, Delivery, MovedTo, Provider},
    source::CommitId,
};

fn moved(before: &str, after: &str) -> Concern {
    Concern::Moved(MovedTo {
        before: CommitId::parse(before),
        after: CommitId::parse(after),
        is_named: true,
    })
}

#[track_caller]
fn concern(provider: Provider, event: &str, location: &str, reference: &str) -> Concern {
    let body = payload(provider, event).as_bytes();
    opened(provider, event, body, &[]).concern(&watched(location, reference))
}

#[test]
fn push_names_the_source_and_its_commits() {
    for (provider, event, location, reference, before, after) in [
        (
            Provider::Github,
            "push",
            "https://github.com/binkkatal/sample_app.git",
            "master",
            "737d38c599c1b2991664dfc6155d6bf516fcce36",
            "fd489864e7642b48eaad6e3f155c10e46810ec72",
        ),
        (
            Provider::Gitlab,
            "Push Hook",
            "git@example.com:mike/diaspora.git",
            "refs/heads/master",
            "95790bf891e76fee5e1747ab589903a6a1f80f22",
            "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
        ),
        (
            Provider::Gitlab,
            "System Hook",
            "http://example.com/mike/diaspora.git",
            "master",
            "95790bf891e76fee5e1747ab589903a6a1f80f22",
            "da1560886d4f094c3e6c9ef40349f7d38b5d27d7",
        ),
        (
            Provider::Gitea,
            "push",
            "http://localhost:3000/example/example.git",
            "master",
            "",
            "67b56589a45103f891bdee7c0546e5d40bc02001",
        ),
        (
            Provider::Bitbucket,
            "repo:push",
            "https://bitbucket.org/team_name/repo_name.git",
            "name-of-branch",
            "1e65c05c1d5171631d92438a13901ca7dae9618c",
            "709d658dc5b6d6afcd46049c2f332ee3f515a67d",
        ),
        (
            Provider::Bitbucket,
            "repo:refs_changed",
            "ssh://git@server.bitbucket.local:7999/~gopher/webhook-test.git",
            "feature/wip",
            "32a0b8a740c2963c6f56bd8baf3dc05683d299e0",
            "",
        ),
        (
            Provider::AzureDevops,
            "git.push",
            "https://dev.azure.com/fabrikam-fiber-inc/DefaultCollection/_git/Fabrikam-Fiber-Git",
            "main",
            "aad331d8d3b131fa9ae03cf5e53965b51942618a",
            "33b55f7cb7e7e245323987634f960cf4a6e6bc74",
        ),
    ] {
        // The cloud's sample names its own API's host in place of the web site's.
        let location = match event {
            "repo:push" => "https://api.bitbucket.org/bitbucket/bitbucket",
            _ => location,
        };
        let said = concern(provider, event, location, reference);
        assert_eq!(said, moved(before, after), "{provider} {event}");
        let other = concern(provider, event, location, "other");
        assert_eq!(other, Concern::OtherReference, "{provider} {event}");
        let elsewhere = "https://git.example.org/team/routing.git";
        let other = concern(provider, event, elsewhere, reference);
        assert_eq!(other, Concern::OtherRepository, "{provider} {event}");
    }
}

#[test]
fn tag_names_no_commit_and_is_followed_by_its_short_name() {
    let location = "git@example.com:jsmith/example.git";
    let said = concern(Provider::Gitlab, "Tag Push Hook", location, "v1.0.0");
    let named = MovedTo {
        is_named: true,
        ..MovedTo::default()
    };
    assert_eq!(said, Concern::Moved(named.clone()));
    let in_range = concern(Provider::Gitlab, "Tag Push Hook", location, "semver:1.x");
    assert_eq!(in_range, Concern::Moved(named));
    let other = concern(Provider::Gitlab, "Tag Push Hook", location, "semver:^2");
    assert_eq!(other, Concern::OtherReference);
    let branch = concern(Provider::Gitlab, "Tag Push Hook", location, "main");
    assert_eq!(branch, Concern::OtherReference);
}

#[test]
fn other_events_are_no_push() {
    let source = watched("https://github.com/binkkatal/sample_app", "master");
    for (provider, event) in [
        (Provider::Github, "ping"),
        (Provider::Github, "issues"),
        (Provider::Gitea, "create"),
        (Provider::Bitbucket, "diagnostics:ping"),
    ] {
        let said = opened(provider, event, b"{}", &[]).concern(&source);
        assert_eq!(said, Concern::NotAPush, "{provider} {event}");
    }
    for (provider, body) in [
        (Provider::Gitlab, r#"{"object_kind": "issue"}"#),
        (Provider::Gitlab, r#"{"event_name": "user_create"}"#),
        (Provider::AzureDevops, r#"{"eventType": "build.complete"}"#),
    ] {
        let said = opened(provider, "", body.as_bytes(), &[]).concern(&source);
        assert_eq!(said, Concern::NotAPush, "{provider} {body}");
    }
}

#[test]
fn what_cannot_be_read_may_be_about_any_source() {
    let source = watched("https://git.example.com/team/routing.git", "main");
    let unknown = Concern::Moved(MovedTo::default());
    for provider in Provider::ALL {
        let event = match provider {
            Provider::Bitbucket => "repo:push",
            _ => "push",
        };
        for body in [
            "",
            "not JSON",
            "{",
            "[]",
            "{}",
            "null",
            r#"{"ref": 7}"#,
            "payload=%7B",
        ] {
            let said = opened(provider, event, body.as_bytes(), &[]).concern(&source);
            assert_eq!(said, unknown, "{provider} {body}");
        }
    }
    let folder = watched("/srv/git/routing.git", "master");
    let (provider, event) = (Provider::Github, "push");
    let body = payload(provider, event).as_bytes();
    let said = opened(provider, event, body, &[]).concern(&folder);
    assert!(
        matches!(
            said,
            Concern::Moved(MovedTo {
                is_named: false,
                after: Some(_),
                ..
            })
        ),
        "no webhook can name a directory: {said:?}"
    );
    for reference in ["HEAD", "737d38c599c1b2991664dfc6155d6bf516fcce36"] {
        let own = watched("https://github.com/binkkatal/sample_app", reference);
        let said = opened(provider, event, body, &[]).concern(&own);
        assert_eq!(said, unknown, "{reference}");
    }
}

#[test]
fn payload_in_a_form_is_read_too() {
    let json = payload(Provider::Github, "push");
    let mut form = url::form_urlencoded::Serializer::new(String::new());
    let body = form.append_pair("payload", json).finish();
    let delivery = opened(Provider::Github, "push", body.as_bytes(), &[]);
    let source = watched("https://github.com/binkkatal/sample_app", "other");
    assert_eq!(delivery.concern(&source), Concern::OtherReference);
}

#[test]
fn anybody_can_say_where_a_source_stands() {
    let commit = "fd489864e7642b48eaad6e3f155c10e46810ec72";
    let body = format!(
        r#"{{"repository": "git@git.example.com:team/routing", "ref": "refs/heads/main", "after": "{commit}"}}"#
    );
    let delivery = opened(Provider::Generic, "", body.as_bytes(), &[]);
    let source = watched("https://git.example.com/team/routing.git", "main");
    assert_eq!(delivery.concern(&source), moved("", commit));
}

#[test]
fn delivery_is_known_by_its_id_when_it_is_sent_again() {
    let id = |provider, body: &str, more: &[(&str, &str)]| {
        let delivery: Delivery = opened(provider, "push", body.as_bytes(), more);
        delivery.id().map(str::to_owned)
    };
    for (provider, header) in [
        (Provider::Github, "x-github-delivery"),
        (Provider::Gitea, "x-gitea-delivery"),
        (Provider::Gitea, "x-forgejo-delivery"),
        (Provider::Gitlab, "idempotency-key"),
        (Provider::Bitbucket, "x-request-uuid"),
        (Provider::Bitbucket, "x-request-id"),
        (Provider::Generic, "x-orloj-delivery"),
    ] {
        assert_eq!(id(provider, "{}", &[]), None, "{provider}");
        let given = id(provider, "{}", &[(header, "f6266f16")]);
        assert_eq!(given.as_deref(), Some("f6266f16"), "{header}");
    }
    let azure = payload(Provider::AzureDevops, "git.push");
    let own = "03c164c2-8912-4d5e-8009-3707d5f83734";
    assert_eq!(id(Provider::AzureDevops, azure, &[]).as_deref(), Some(own));

    let event = [("x-gitlab-event-uuid", "e")];
    let first = id(Provider::Gitlab, "{}", &event);
    assert_eq!(id(Provider::Gitlab, "{}", &event), first);
    assert_ne!(id(Provider::Gitlab, "{ }", &event), first);
    let long = "x".repeat(5000);
    let long = id(Provider::Github, "{}", &[("x-github-delivery", &long)]);
    assert!(long.unwrap().starts_with("sha256:"));
}

#[test]
fn every_real_payload_is_read() {
    for (provider, event, text) in PAYLOADS {
        let said = crate::forge::payload::read(provider, text.as_bytes());
        let said = said.unwrap_or_else(|| unreachable!("{provider} {event} is not read"));
        assert_eq!(said.moves.is_empty(), event == "ping", "{event}: {said:?}");
    }
}

#[test]
fn push_under_another_name_of_the_host_is_about_the_source_too() {
    let body = payload(Provider::Github, "push").as_bytes();
    let delivery = opened(Provider::Github, "push", body, &[]);
    let name = body_name(body);
    let internal = watched(&format!("https://git.internal/{name}.git"), "master");
    assert_eq!(delivery.concern(&internal), Concern::OtherRepository);
    let known = internal
        .clone()
        .also_at(&["ghe.example", "github.com"])
        .unwrap();
    assert!(matches!(delivery.concern(&known), Concern::Moved(to) if to.is_named));
    let elsewhere = watched("https://git.internal/somebody/else.git", "master");
    let elsewhere = elsewhere.also_at(&["github.com"]).unwrap();
    assert_eq!(delivery.concern(&elsewhere), Concern::OtherRepository);
    for wrong in [
        "no host",
        "https://git.internal",
        "git.internal/team",
        "git@git.internal",
    ] {
        let hosts = [wrong];
        let refused = internal.clone().also_at(&hosts);
        assert_eq!(refused.unwrap_err(), wrong);
    }
}

/// The full name of the repository that a payload of GitHub is about.
fn body_name(body: &[u8]) -> String {
    let payload: serde_json::Value = serde_json::from_slice(body).unwrap();
    payload["repository"]["full_name"]
        .as_str()
        .unwrap()
        .to_owned()
}
