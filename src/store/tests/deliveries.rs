use super::{open, store};
use crate::store::ReceivedDelivery;

fn received(provider: &str, id: &str, received_us: i64) -> ReceivedDelivery {
    ReceivedDelivery {
        provider: provider.to_owned(),
        delivery_id: id.to_owned(),
        source: "default".to_owned(),
        received_us,
    }
}

#[tokio::test]
async fn delivery_is_kept_once_and_until_it_is_old() {
    let (dir, store) = store().await;
    let (first, other) = (received("github", "a", 10), received("gitea", "a", 20));
    let both = [first.clone(), other.clone()];
    store.keep_deliveries(&both, 0).await.unwrap();
    let again = [received("github", "a", 30)];
    store.keep_deliveries(&again, 0).await.unwrap();
    store.close().await;

    let store = open(dir.path()).await;
    assert_eq!(store.deliveries(0).await.unwrap(), both);
    assert_eq!(store.deliveries(11).await.unwrap(), both[1..]);
    store.keep_deliveries(&[], 15).await.unwrap();
    assert_eq!(store.deliveries(0).await.unwrap(), [other]);
}

#[tokio::test]
async fn table_is_bounded_and_the_oldest_go_first() {
    let (_dir, store) = store().await;
    let many: Vec<_> = (0..110)
        .map(|n| received("github", &n.to_string(), n))
        .collect();
    let kept = store.keep_deliveries_within(&many, 0, 100).await;
    kept.unwrap();
    let kept = store.deliveries(0).await.unwrap();
    assert_eq!((kept.len(), kept[0].received_us), (100, 10));
}
