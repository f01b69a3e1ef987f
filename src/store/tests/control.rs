use super::{open, store};
use crate::store::{Confirmation, StoreError, Told};
use serde_json::json;

#[tokio::test]
async fn what_was_told_is_there_after_reopening_until_it_is_forgotten() {
    let (dir, store) = store().await;
    assert_eq!(
        store.told::<serde_json::Value>(Told::Pin).await.unwrap(),
        None
    );
    let (first, second) = (json!({"reason": "a"}), json!({"reason": "b"}));
    store.tell(Told::Pin, Some(&first), 1).await.unwrap();
    store.tell(Told::Pin, Some(&second), 2).await.unwrap();
    store.tell(Told::Suspension, Some(&first), 2).await.unwrap();
    store.close().await;

    let store = open(dir.path()).await;
    assert_eq!(store.told(Told::Pin).await.unwrap(), Some(second));
    let nothing = None::<&serde_json::Value>;
    store.tell(Told::Pin, nothing, 3).await.unwrap();
    assert_eq!(
        store.told::<serde_json::Value>(Told::Pin).await.unwrap(),
        None
    );
    assert_eq!(store.told(Told::Suspension).await.unwrap(), Some(first));
}

#[tokio::test]
async fn unknown_form_is_an_error_that_names_it() {
    let (_dir, store) = store().await;
    let text = json!("text");
    store.tell(Told::Pin, Some(&text), 1).await.unwrap();
    let error = store.told::<i64>(Told::Pin).await.unwrap_err();
    assert!(matches!(error, StoreError::Document { name: "pin", .. }));
}

#[tokio::test]
async fn yes_to_one_plan_is_none_to_another() {
    let (_dir, store) = store().await;
    let mut yes = Confirmation {
        plan_digest: "sha256:a".to_owned(),
        confirmed_by: "ada".to_owned(),
        reason: "moved".to_owned(),
        at_us: 7,
    };
    store.confirm(&yes).await.unwrap();
    assert_eq!(store.confirmation("sha256:b").await.unwrap(), None);
    yes.reason = "moved to another team".to_owned();
    store.confirm(&yes).await.unwrap();
    assert_eq!(store.confirmation("sha256:a").await.unwrap(), Some(yes));
}
