use crate::chat::{FrameSplitter, FrameTooLarge, frame_data};

const STREAM: &str =
    ": hello\r\n\r\ndata: {\"a\":\"é\"}\n\nevent: x\rdata: 1\rdata:2\r\rdata: [DONE]\r\n\r\n";

fn frames(pieces: &[&[u8]]) -> (Vec<Vec<u8>>, Option<bytes::Bytes>) {
    let mut splitter = FrameSplitter::new(1024);
    let mut frames = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        while let Some(frame) = splitter.next_frame().unwrap() {
            frames.push(frame.to_vec());
        }
    }
    (frames, splitter.take_rest())
}

#[test]
fn line_41_frames_are_the_same_wherever_the_stream_is_cut_and_however_its_lines_end() {
    let data = |frames: &[Vec<u8>]| -> Vec<String> {
        frames
            .iter()
            .filter_map(|frame| frame_data(frame))
            .map(Into::into)
            .collect()
    };
    let bytes = STREAM.as_bytes();
    for cut in 0..=bytes.len() {
        let (frames, rest) = frames(&[&bytes[..cut], &bytes[cut..]]);
        assert_eq!(
            data(&frames),
            ["{\"a\":\"é\"}", "1\n2", "[DONE]"],
            "cut at {cut}"
        );
        assert_eq!(
            frames.concat().trim_ascii_end(),
            STREAM.trim_end().as_bytes()
        );
        assert_eq!(rest, None);
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(
        data(&frames(&single).0),
        ["{\"a\":\"é\"}", "1\n2", "[DONE]"]
    );
}

#[test]
fn what_follows_the_last_frame_is_the_rest() {
    let (frames, rest) = frames(&[b"data: 1\n\ndata: {\"half"]);
    assert_eq!(frames.len(), 1);
    assert_eq!(rest.unwrap(), "data: {\"half");
}

#[test]
fn frame_over_the_limit_is_refused_before_it_ends() {
    let mut splitter = FrameSplitter::new(10);
    splitter.push(b"data: 0123456789");
    assert_eq!(splitter.next_frame(), Err(FrameTooLarge(10)));
}
