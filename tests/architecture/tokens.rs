//! Rust source as tokens: just enough to find paths and attributes.

/// One token and the line it starts on, counted from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) line: usize,
    pub(crate) text: String,
}

/// One path: of a `use` (one for each leaf of its tree; a glob ends in `*`), or written inline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Written {
    pub(crate) line: usize,
    pub(crate) segments: Vec<String>,
    pub(crate) imported: bool,
}

/// Splits `text` into names, `::` and single characters; comments, texts, lifetimes and blanks fall away.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let chars: Vec<char> = text.chars().collect();
    let mut out = Vec::new();
    let (mut at, mut line) = (0, 1);
    while at < chars.len() {
        let end = end_of_token(&chars, at).min(chars.len());
        let piece: String = chars[at..end].iter().collect();
        let first = chars[at];
        let is_name = first.is_alphabetic() || first == '_';
        let is_text = piece.contains('"') && piece.len() > 1;
        let is_mark = piece == "::" || (end - at == 1 && !first.is_whitespace() && first != '\'');
        if (is_name && !is_text) || (is_mark && !first.is_ascii_digit()) {
            let text = piece.strip_prefix("r#").unwrap_or(&piece).to_owned();
            out.push(Token { line, text });
        }
        line += piece.matches('\n').count();
        at = end;
    }
    out
}

fn end_of_token(chars: &[char], at: usize) -> usize {
    let rest = &chars[at..];
    match rest {
        ['/', '/', ..] => at + find(rest, |c| c == '\n'),
        ['/', '*', ..] => at + block_comment(rest),
        [':', ':', ..] => at + 2,
        ['"', ..] => at + plain_text(rest),
        ['\'', '\\', _, tail @ ..] => at + 3 + find(tail, |c| c == '\'') + 1,
        ['\'', _, '\'', ..] => at + 3,
        ['\'', ..] => at + 1 + find(&rest[1..], |c| !is_name_part(c)),
        [first, ..] if is_name_part(*first) => {
            raw_text(rest).map_or_else(|| at + name(rest), |len| at + len)
        }
        _ => at + 1,
    }
}

fn is_name_part(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn find(chars: &[char], stop: impl Fn(char) -> bool) -> usize {
    chars.iter().position(|c| stop(*c)).unwrap_or(chars.len())
}

fn name(rest: &[char]) -> usize {
    let start = match rest {
        ['r', '#', c, ..] if is_name_part(*c) => 2,
        _ => 0,
    };
    rest[start..]
        .iter()
        .position(|c| !is_name_part(*c))
        .map_or(rest.len(), |len| start + len)
}

fn block_comment(rest: &[char]) -> usize {
    let (mut at, mut depth) = (2, 1);
    while at < rest.len() && depth > 0 {
        match rest[at..] {
            ['/', '*', ..] => (at, depth) = (at + 2, depth + 1),
            ['*', '/', ..] => (at, depth) = (at + 2, depth - 1),
            _ => at += 1,
        }
    }
    at
}

fn plain_text(rest: &[char]) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Length of `b"…"`, `c"…"`, `r"…"`, `r#"…"#`, `br"…"` or `cr"…"`, if that stands here.
fn raw_text(rest: &[char]) -> Option<usize> {
    let prefix = rest.iter().take_while(|c| "bcr".contains(**c)).count();
    let hashes = rest[prefix..].iter().take_while(|c| **c == '#').count();
    let open = prefix + hashes;
    if prefix == 0 || prefix > 2 || rest.get(open) != Some(&'"') {
        return None;
    }
    if !rest[..prefix].contains(&'r') {
        return (hashes == 0).then(|| prefix + plain_text(&rest[prefix..]));
    }
    let mut close = vec!['"'];
    close.extend(std::iter::repeat_n('#', hashes));
    let body = &rest[open + 1..];
    let len = body.windows(close.len()).position(|window| window == close);
    // A text that never ends takes the rest.
    Some(len.map_or(rest.len(), |len| open + 1 + len + close.len()))
}

/// Every path in `tokens`.
pub(crate) fn paths(tokens: &[Token]) -> Vec<Written> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        // `use<…>` names what a returned type captures; it imports nothing.
        if tokens[at].text == "use" && text(tokens, at + 1) != "<" {
            at = use_tree(tokens, at + 1, &[], &mut out);
        } else if is_name(&tokens[at]) && text(tokens, at + 1) == "::" {
            at = inline_path(tokens, at, &mut out);
        } else {
            at += 1;
        }
    }
    out
}

fn is_name(token: &Token) -> bool {
    token
        .text
        .starts_with(|c: char| c.is_alphabetic() || c == '_')
}

fn text(tokens: &[Token], at: usize) -> &str {
    tokens.get(at).map_or("", |token| token.text.as_str())
}

fn inline_path(tokens: &[Token], start: usize, out: &mut Vec<Written>) -> usize {
    let mut segments = vec![tokens[start].text.clone()];
    let mut at = start + 1;
    while text(tokens, at) == "::" && tokens.get(at + 1).is_some_and(is_name) {
        segments.push(tokens[at + 1].text.clone());
        at += 2;
    }
    out.push(Written {
        line: tokens[start].line,
        segments,
        imported: false,
    });
    at
}

/// Reads one branch of a `use` tree from `at`; returns the place of the mark that ends it.
fn use_tree(tokens: &[Token], at: usize, prefix: &[String], out: &mut Vec<Written>) -> usize {
    let mut segments = prefix.to_vec();
    let mut at = at;
    let mut line = tokens.get(at).map_or(0, |token| token.line);
    while at < tokens.len() {
        match text(tokens, at) {
            "::" => at += 1,
            "{" => {
                at += 1;
                while at < tokens.len() && text(tokens, at) != "}" {
                    at = use_tree(tokens, at, &segments, out);
                    // What ends a branch is passed, whatever it is, or source that is no Rust would hold us up.
                    if text(tokens, at) != "}" {
                        at += 1;
                    }
                }
                return at + 1;
            }
            "as" => at += 2,
            "," | ";" | "}" => break,
            segment => {
                line = tokens[at].line;
                segments.push(segment.to_owned());
                at += 1;
            }
        }
    }
    if segments.len() > prefix.len() {
        out.push(Written {
            line,
            segments,
            imported: true,
        });
    }
    at
}
