//! Frames that are there at once go out at once, and none is waited for.

use crate::{chat::Frame, http::pieces::pieces};
use bytes::Bytes;
use futures_util::{FutureExt as _, StreamExt as _, stream};
use tokio::sync::mpsc;

fn frame(text: &str) -> Frame {
    Bytes::from(text.to_owned()).into()
}

#[test]
fn what_is_there_goes_out_and_what_is_not_is_not_waited_for() {
    let (send, mut receive) = mpsc::unbounded_channel();
    let frames = stream::poll_fn(move |context| receive.poll_recv(context));
    let mut pieces = std::pin::pin!(pieces(frames));
    let mut next = move || pieces.next().now_or_never();
    assert_eq!(next(), None);
    send.send(frame("a")).unwrap();
    assert_eq!(next(), Some(Some("a".into())));
    for text in ["b", "", "c", "d"] {
        send.send(frame(text)).unwrap();
    }
    assert_eq!(next(), Some(Some("bcd".into())));
    // What has nothing to send is no piece.
    send.send(frame("")).unwrap();
    assert_eq!(next(), None);
    send.send(frame("e")).unwrap();
    drop(send);
    assert_eq!(next(), Some(Some("e".into())));
    assert_eq!(next(), Some(None));
}

#[test]
fn a_piece_is_bounded_whatever_is_there() {
    let text = "x".repeat(1000);
    let frames = stream::iter((0..100).map(|_| frame(&text)));
    let pieces = pieces(frames).collect::<Vec<_>>().now_or_never().unwrap();
    let lengths: Vec<_> = pieces.iter().map(Bytes::len).collect();
    assert_eq!(lengths.iter().sum::<usize>(), 100_000);
    assert!(
        lengths.iter().all(|length| *length <= 17_000),
        "{lengths:?}"
    );
    assert!(lengths.len() < 8, "{lengths:?}");
}

#[test]
fn a_frame_alone_is_not_copied() {
    let bytes = Bytes::from_static(b"data: {}\n\n");
    let frames = stream::iter([Frame::from(bytes.clone())]);
    let sent = pieces(frames).collect::<Vec<_>>().now_or_never().unwrap();
    assert_eq!(sent[0].as_ptr(), bytes.as_ptr());
}
