//! Lines of JSON, as Ollama streams them: the same wherever the stream is cut, none blank, none lost, none over the limit.

use orloj::chat::LineSplitter;

/// The longest line that is taken, as small as to be met.
const MAX_LINE: usize = 4 << 10;

/// Takes `bytes` as a stream of lines.
pub fn check(bytes: &[u8]) {
    let whole = cut(std::iter::once(bytes));
    assert_eq!(cut(bytes.chunks(1)), whole);
    let (first, second) = bytes.split_at(bytes.len() / 3);
    assert_eq!(cut([first, second].into_iter()), whole);
    let says = |line: &&[u8]| !line.iter().all(u8::is_ascii_whitespace);
    let lines: Vec<&[u8]> = bytes
        .split_inclusive(|byte| *byte == b'\n')
        .take_while(|line| line.len() <= MAX_LINE)
        .filter(says)
        .collect();
    assert_eq!(whole, lines);
}

/// The lines of a stream that comes in these pieces, up to one that is too large.
fn cut<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> Vec<Vec<u8>> {
    let mut splitter = LineSplitter::new(MAX_LINE);
    let mut lines = Vec::new();
    for piece in pieces {
        splitter.push(piece);
        loop {
            match splitter.next_line() {
                Ok(Some(line)) => lines.push(line.to_vec()),
                Ok(None) => break,
                Err(_) => return lines,
            }
        }
    }
    lines.extend(splitter.take_rest().map(|rest| rest.to_vec()));
    lines
}
