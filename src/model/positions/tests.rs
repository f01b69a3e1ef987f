use super::PositionsBuilder;
use crate::model::{Position, Span, push_token};
use proptest::{
    collection::vec,
    prelude::{Strategy, any},
    prop_assert_eq, proptest,
};

fn span(numbers: [u32; 4]) -> Span {
    let [line, column, end_line, end_column] = numbers;
    Span {
        start: Position { line, column },
        end: Position {
            line: end_line,
            column: end_column,
        },
    }
}

/// What positions say, read off a list.
fn nearest(fields: &[(String, Span, Span)], pointer: &str) -> Option<(usize, (Span, Span))> {
    let mut pointer = pointer;
    loop {
        if let Some((_, key, value)) = fields.iter().find(|(each, ..)| each == pointer) {
            return Some((pointer.len(), (*key, *value)));
        }
        pointer = &pointer[..pointer.rfind('/')?];
    }
}

type Place = [u32; 4];

/// Fields by how deep they stand, and asked pointers.
fn fields() -> impl Strategy<Value = Vec<(usize, String, Place, Place)>> {
    let places = any::<Place>;
    vec((0..4_usize, "[abé~/]{0,2}", places(), places()), 0..80)
}

proptest! {
    #[test]
    fn packed_positions_are_what_was_pushed(fields in fields(), asked in vec("(/[abé~01]{0,2}){0,5}", 1..20)) {
        let mut builder = PositionsBuilder::new(Span::FILE);
        let mut listed = vec![(String::new(), Span::FILE, Span::FILE)];
        let mut open = vec![0];
        for (depth, token, key, value) in fields {
            open.truncate(depth + 1);
            let parent = *open.last().unwrap_or(&0);
            let mut pointer = listed.last().map_or("", |(pointer, ..)| pointer)[..parent].to_owned();
            push_token(&mut pointer, &token);
            open.push(builder.push(parent, &token, span(key), span(value)));
            listed.push((pointer, span(key), span(value)));
        }
        let positions = builder.finish();
        for pointer in listed.iter().map(|(pointer, ..)| pointer).chain(&asked) {
            let expected = nearest(&listed, pointer);
            prop_assert_eq!(positions.nearest(pointer), expected);
            prop_assert_eq!(positions.searched(pointer.as_bytes()), expected);
            prop_assert_eq!(positions.indexed_nearest(pointer), expected);
        }
        let renamed = positions.renamed(&[("/a", "/b/b"), ("/b/a", ""), ("/b", "/a")]);
        for (pointer, ..) in &mut listed {
            let below = |prefix: &str| {
                let rest = pointer.strip_prefix(prefix);
                rest.filter(|rest| rest.is_empty() || rest.starts_with('/'))
            };
            let new = below("/a").map(|rest| format!("/b/b{rest}"))
                .or_else(|| below("/b/a").map(str::to_owned))
                .or_else(|| below("/b").map(|rest| format!("/a{rest}")));
            if let Some(new) = new {
                *pointer = new;
            }
        }
        for pointer in listed.iter().map(|(pointer, ..)| pointer).chain(&asked) {
            prop_assert_eq!(renamed.nearest(pointer), nearest(&listed, pointer));
        }
    }
}

#[test]
fn fields_below_a_long_key_take_little_room() {
    let key = "k".repeat(100_000);
    let mut builder = PositionsBuilder::new(Span::FILE);
    let parent = builder.push(0, &key, Span::FILE, Span::FILE);
    for index in 0..10_000 {
        builder.push(parent, &index.to_string(), Span::FILE, Span::FILE);
    }
    let positions = builder.finish();
    assert!(positions.packed.len() < 500_000);
    let renamed = positions.renamed(&[("/a", "/b")]);
    assert!(renamed.packed.len() < 500_000);
    for positions in [positions, renamed] {
        assert!(positions.contains(&format!("/{key}/9999")));
        assert!(!positions.contains(&format!("/{key}/10000")));
        assert!(positions.index.get().is_none());
    }
}
