//! Good manifests with places of their trees exchanged: what a schema lets through is decoded, joined,
//! linked, compiled, planned and shown without a panic, and what edits lead to is what the files say.

use super::{idempotence, positions::point_into};
use orloj::{
    manifest::{FileEdit, Layer, parse_file, schema},
    plan::{Plan, TextOptions, to_json, to_markdown, to_text},
    reconcile::Snapshot,
    routing::{Facts, list_models, resolve},
};
use serde_json::{Value, json};
use std::sync::{Arc, LazyLock};

/// The example of every form, as the schemas publish it.
static EXAMPLES: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let example = |name| {
        let schema: Value = serde_json::from_str(schema::published(name).unwrap_or_default())
            .expect("a schema is JSON");
        schema["examples"][0].clone()
    };
    schema::names().map(example).collect()
});

/// Values that are right somewhere, and wrong in many places.
static ODD: LazyLock<Vec<Value>> = LazyLock::new(|| {
    let deep = (0..70).fold(json!(1), |below, _| json!([below]));
    let mut odd = vec![
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(-1),
        json!(1),
        json!(1.5),
        json!(9_007_199_254_740_993_u64),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(1e300),
        json!([]),
        json!([null]),
        json!([[]]),
        json!({}),
        json!({"": null}),
        json!({"a/b~": 1}),
        json!({"<<": {}}),
        json!({"x": {"x": []}}),
        deep,
        json!("x".repeat(300)),
    ];
    let texts = [
        "",
        " ",
        "\0",
        "\n",
        "a\nb",
        "é",
        "\u{feff}",
        "\u{85}",
        "\u{202e}",
        "\u{1f600}",
        "~",
        "no",
        "0x1F",
        "1e3",
        ".nan",
        "1h",
        "-1h",
        "1h1h",
        "99999999999999999999h",
        "0.1ns",
        "*/0 * * * *",
        "60 24 32 13 8",
        "0 3 * * *",
        "@hourly",
        "TZ=x 0 0 * * *",
        "http://",
        "http://[",
        "http://[::1]:99999/",
        "https://user:pw@h/",
        "https://h/%zz?a#b",
        "file:///etc/passwd",
        "../x",
        "a/b",
        "default/a",
        "/",
        "a/",
        "agent/a",
        "*",
        "a*",
        "*a*",
        "a**b",
        "g?*",
        "$",
        "${X}",
        "{{x}}",
        "{{",
        "-----BEGIN AGE ENCRYPTED FILE-----",
        "tool:t:invoke",
        "tool::",
        ":",
        "sha256=",
        "openai",
        "mock",
        "azure",
        "default",
        "template",
        "scoped",
    ];
    odd.extend(texts.map(Value::from));
    odd
});

/// Reads `bytes` as an order to make files of mended examples: two versions of each, and what comes of them.
pub fn check(bytes: &[u8]) {
    let mut bytes = bytes.iter().copied();
    let mut snapshot = Snapshot::default();
    let mut files = [None, None, None];
    for _ in 0..4 {
        let Some(order) = bytes.next() else { break };
        let text = documents(usize::from(order / 3 % 4), &mut bytes);
        let parsed = Arc::new(parse_file(&"f.yaml".into(), text.as_bytes()));
        point_into(text.as_bytes(), &parsed.findings);
        idempotence::hold(&parsed);
        let place = usize::from(order % 3);
        files[place] = (order < 240).then_some(parsed);
        let before = snapshot.clone();
        let changed = snapshot.advance([edit(place, &files)]);
        let mut fresh = Snapshot::default();
        fresh.advance(
            (0..3)
                .filter(|at| files[*at].is_some())
                .map(|at| edit(at, &files)),
        );
        assert_eq!(snapshot.findings(), fresh.findings(), "{text}");
        assert_eq!(
            snapshot.catalog().digest(),
            fresh.catalog().digest(),
            "{text}"
        );
        let plan = Plan::of(before.side("a"), snapshot.side("b"), &changed);
        let whole = Plan::between(before.side("a"), snapshot.side("b"));
        assert_eq!(to_json(&plan), to_json(&whole), "{text}");
        let (full, color) = (true, true);
        to_text(&plan, TextOptions { full, color });
        to_markdown(&plan);
        ask(&snapshot);
    }
}

fn edit(place: usize, files: &[Option<Arc<orloj::manifest::ParsedFile>>; 3]) -> FileEdit {
    FileEdit {
        layer: Layer::Source,
        path: format!("f{place}.yaml").into(),
        parsed: files[place].clone(),
    }
}

/// Resolves every name that is offered.
fn ask(snapshot: &Snapshot) {
    for listing in list_models(snapshot.table()).iter().take(50) {
        let facts = Facts {
            namespace: "default",
            scope: None,
            model: Some(&listing.id),
            draw: 0x6000_0000,
        };
        let _ = resolve(snapshot.table(), &facts);
    }
    snapshot.graph().order();
}

/// Some documents, each an example with some places exchanged.
fn documents(count: usize, bytes: &mut impl Iterator<Item = u8>) -> String {
    let mut text = String::new();
    for _ in 0..=count {
        let Some(which) = bytes.next() else { break };
        let mut document = EXAMPLES[usize::from(which) % EXAMPLES.len()].clone();
        for _ in 0..bytes.next().unwrap_or_default() % 6 {
            exchange(&mut document, bytes);
        }
        text += "---\n";
        text += &document.to_string();
        text.push('\n');
    }
    text
}

/// Does one thing to one place.
fn exchange(document: &mut Value, bytes: &mut impl Iterator<Item = u8>) {
    let mut next = || usize::from(bytes.next().unwrap_or_default());
    let (place, deed, what) = (next() * 256 + next(), next(), next());
    let total = size(document);
    let odd = if what < 200 {
        ODD[what % ODD.len()].clone()
    } else {
        // Something of the document itself, somewhere else.
        at(document, &mut (next() % total))
            .cloned()
            .unwrap_or_default()
    };
    let Some(node) = at(document, &mut (place % total)) else {
        return;
    };
    match (deed % 4, node) {
        (1, Value::Object(fields)) => {
            let key = odd.as_str().map_or_else(|| "x".to_owned(), str::to_owned);
            let _ = fields.insert(key, ODD[place % ODD.len()].clone());
        }
        (1, Value::Array(items)) => items.push(odd),
        (2, Value::Object(fields)) if !fields.is_empty() => {
            let key = fields.keys().nth(what % fields.len()).cloned();
            let _ = key.and_then(|key| fields.shift_remove(&key));
        }
        (3, Value::Array(items)) if !items.is_empty() => {
            let copy = items[what % items.len()].clone();
            items.push(copy);
        }
        (_, node) => *node = odd,
    }
}

fn size(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(size).sum(),
        Value::Object(fields) => fields.values().map(size).sum(),
        _ => 0,
    }
}

/// The `index`th node, counted from the top.
fn at<'v>(value: &'v mut Value, index: &mut usize) -> Option<&'v mut Value> {
    if *index == 0 {
        return Some(value);
    }
    *index -= 1;
    match value {
        Value::Array(items) => items.iter_mut().find_map(|item| at(item, index)),
        Value::Object(fields) => fields.values_mut().find_map(|field| at(field, index)),
        _ => None,
    }
}
