use crate::chat::{FrameTooLarge, LineSplitter};

/// The lines of a stream that comes in these pieces, and what is left behind the last.
fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut splitter = LineSplitter::new(64);
    let mut lines = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        while let Some(line) = splitter.next_line().unwrap() {
            lines.push(line.to_vec());
        }
    }
    lines.extend(splitter.take_rest().map(|rest| rest.to_vec()));
    lines
}

#[test]
fn lines_are_the_same_wherever_the_stream_is_cut() {
    let stream = "{\"a\":1}\n\n  \r\n{\"b\":\"słowo\"}\r\n{\"c\":3}".as_bytes();
    let whole = cut(std::iter::once(stream));
    let expected = ["{\"a\":1}\n", "{\"b\":\"słowo\"}\r\n", "{\"c\":3}"];
    assert_eq!(whole, expected.map(|line| line.as_bytes().to_vec()));
    for size in 1..stream.len() {
        assert_eq!(cut(stream.chunks(size)), whole, "pieces of {size}");
    }
}

#[test]
fn line_that_grows_over_the_limit_is_an_error_before_it_ends() {
    let mut splitter = LineSplitter::new(8);
    splitter.push(b"1234567\n1234567");
    assert_eq!(splitter.next_line().unwrap().unwrap(), "1234567\n");
    assert_eq!(splitter.next_line(), Ok(None));
    splitter.push(b"89");
    assert_eq!(splitter.next_line(), Err(FrameTooLarge(8)));
    assert_eq!(splitter.take_rest().unwrap(), "123456789");
    assert_eq!(splitter.take_rest(), None);
}
