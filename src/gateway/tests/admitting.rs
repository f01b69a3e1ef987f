//! Who is let in (F1, F4, F5, F7, F10), and what is counted.

use crate::{
    chat::ApiError,
    gateway::{Shown, authenticate},
    model::ClientKey,
    reconcile::{
        Pinned,
        tests::{manifests::endpoint, rig::Rig},
    },
};
use proptest::prelude::{ProptestConfig, prop_assert, proptest};

const KEY: &str = "orloj_sk_right";
const NOW_US: i64 = 1_795_424_430_000_000;

/// A key of a text, with further fields of `spec` in flow notation.
fn key(name: &str, text: &str, fields: &str) -> String {
    let hash = ClientKey::written_hash_of(text);
    format!(
        "apiVersion: routing.orloj.dev/v1alpha1\nkind: ApiKey\nmetadata: {{name: {name}}}\nspec: {{hash: '{hash}'{fields}}}\n"
    )
}

async fn serving(manifests: &[String]) -> Pinned {
    let rig = Rig::without_git();
    rig.apply(&manifests.join("---\n")).await.unwrap();
    rig.reconciler().live().pin()
}

fn asked(served: &Pinned, shown: Shown<'_>) -> Result<Option<String>, ApiError> {
    let key = authenticate(served.snapshot.table(), shown, false, NOW_US);
    key.map(|key| key.map(|key| key.id.name.to_string()))
        .map_err(|error| *error)
}

#[tokio::test(flavor = "multi_thread")]
async fn without_keys_everybody_is_let_in_unless_a_key_is_required() {
    let served = serving(&[endpoint("small", "s-1")]).await;
    for shown in [Shown::Nothing, Shown::Unclear, Shown::Key(b"anything")] {
        assert_eq!(asked(&served, shown), Ok(None));
        let required = authenticate(served.snapshot.table(), shown, true, NOW_US);
        assert_eq!(required.unwrap_err().status, 401);
    }
}

// Whatever stands in the header, the answer is one and the same.
#[tokio::test(flavor = "multi_thread")]
async fn f01_whatever_is_no_key_is_refused_alike() {
    let served = serving(&[endpoint("small", "s-1"), key("ci", KEY, "")]).await;
    let refusal = asked(&served, Shown::Nothing).unwrap_err();
    assert_eq!(
        (refusal.status, refusal.code.as_deref()),
        (401, Some("invalid_api_key"))
    );
    let long = vec![b'a'; 64 << 10];
    let hash = ClientKey::written_hash_of(KEY);
    for text in [
        b"".as_slice(),
        b"' OR 1=1 --",
        b"\"",
        b"\0",
        b"orloj_sk_right\0",
        b"\xff\xfe",
        b"orloj_sk_righT",
        b"{{7*7}}",
        hash.as_bytes(),
        &hash.as_bytes()[7..],
        &long,
    ] {
        assert_eq!(
            asked(&served, Shown::Key(text)),
            Err(refusal.clone()),
            "{text:?}"
        );
    }
    assert_eq!(asked(&served, Shown::Unclear), Err(refusal));
    assert_eq!(
        asked(&served, Shown::Key(KEY.as_bytes())),
        Ok(Some("ci".to_owned()))
    );
}

// No prefix of a key's form lets anybody in.
#[tokio::test(flavor = "multi_thread")]
async fn f10_a_well_formed_key_that_nobody_made_is_refused() {
    let served = serving(&[endpoint("small", "s-1"), key("ci", KEY, "")]).await;
    for secret in [[0; 32], [255; 32]] {
        let text = ClientKey::text_of(secret);
        assert!(ClientKey::is_whole(&text));
        assert!(asked(&served, Shown::Key(text.as_bytes())).is_err());
    }
}

// Keys that share the beginning or the end are never taken for one another.
#[tokio::test(flavor = "multi_thread")]
async fn f05_keys_that_are_alike_are_never_taken_for_one_another() {
    let served = serving(&[
        endpoint("small", "s-1"),
        key("one", &format!("{KEY}-one"), ""),
        key("two", &format!("{KEY}-two"), ""),
    ])
    .await;
    let config = ProptestConfig::with_cases(2_000);
    proptest!(config, |(before in "[ -~]{0,40}", after in "[ -~]{0,40}", cut in 0_usize..18)| {
        let whole = format!("{KEY}-one");
        for text in [
            format!("{before}{whole}"),
            format!("{whole}{after}"),
            whole[..cut.min(whole.len())].to_owned(),
            format!("{}{after}", &whole[..cut.min(whole.len())]),
        ] {
            let found = asked(&served, Shown::Key(text.as_bytes()));
            let expected = match text.as_str() {
                _ if text == whole => Some("one"),
                _ if text == format!("{KEY}-two") => Some("two"),
                _ => None,
            };
            let found = found.ok().flatten();
            prop_assert!(found.as_deref() == expected, "{text:?} was taken for {found:?}");
        }
    });
}

// A key ends at its moment, by the clock that is asked.
#[tokio::test(flavor = "multi_thread")]
async fn f07_an_expired_key_is_refused_and_says_so() {
    let fields = ", expires_at: '2026-11-23T09:00:30Z'";
    let served = serving(&[endpoint("small", "s-1"), key("ci", KEY, fields)]).await;
    let at = |now_us| {
        authenticate(
            served.snapshot.table(),
            Shown::Key(KEY.as_bytes()),
            false,
            now_us,
        )
    };
    assert!(at(NOW_US - 1).is_ok());
    let error = at(NOW_US).unwrap_err();
    assert_eq!(
        (error.status, error.code.as_deref()),
        (401, Some("key_expired"))
    );
    // The line that says so, and no other of the manifest.
    let source = error.to_json()["error"]["orloj"]["source"].to_string();
    let hash = served
        .snapshot
        .table()
        .key(&ClientKey::hash_of(KEY.as_bytes()));
    let line = &hash.unwrap().expires_origin;
    assert_eq!(source, format!("\"{line}\""));
    assert!(error.message.contains(&format!("({line})")), "{error}");
}

// A key that is taken out of the manifests is gone with the revision.
#[tokio::test(flavor = "multi_thread")]
async fn f07_a_key_that_was_taken_away_is_refused_by_the_next_revision() {
    let rig = Rig::without_git();
    let both = [
        endpoint("small", "s-1"),
        key("ci", KEY, ""),
        key("kept", "other", ""),
    ];
    rig.apply(&both.join("---\n")).await.unwrap();
    let before = rig.reconciler().live().pin();
    rig.apply(&key("ci", "another", "")).await.unwrap();
    let after = rig.reconciler().live().pin();
    assert!(asked(&before, Shown::Key(KEY.as_bytes())).is_ok());
    assert!(asked(&after, Shown::Key(KEY.as_bytes())).is_err());
    assert_eq!(
        asked(&after, Shown::Key(b"another")),
        Ok(Some("ci".to_owned()))
    );
}
