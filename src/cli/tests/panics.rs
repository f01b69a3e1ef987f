//! What a panic prints: where it was, and nothing of what it was about.
#![expect(clippy::unwrap_used, reason = "tests")]

use crate::{cli::main::report_bug, secrets::Opened};
use base64::{Engine as _, engine::general_purpose::STANDARD_NO_PAD};
use std::process::Command;

const CANARY: &str = "Qz8wN3xT-in-a-panic";

/// Says to this very test that it is the process which is looked at.
const IN_CHILD: &str = "ORLOJ_TEST_PANICS";

/// Panics twice, in a process of its own, whose hook it takes.
#[expect(clippy::panic, reason = "it is what is tested")]
fn panic_about_an_open_secret() {
    std::panic::set_hook(Box::new(report_bug));
    let panicked = std::thread::spawn(|| {
        let value = Opened::new(CANARY.into());
        let text = value.expose_text().unwrap();
        // Worse than anything that the types allow elsewhere: the value itself, in each form.
        panic!("{text} {:?} {}", text.as_bytes(), hex::encode(text));
    });
    assert!(panicked.join().is_err());
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let task = async {
        let value = Opened::new(CANARY.into());
        assert_eq!(value.expose_text(), Some("something else"), "{CANARY}");
    };
    let joined = runtime.unwrap().block_on(async {
        tokio::task::LocalSet::new()
            .run_until(async { tokio::task::spawn_local(task).await })
            .await
    });
    assert!(joined.unwrap_err().is_panic());
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "how this test tells its child from itself"
)]
fn s1_a_panic_says_where_it_was_and_nothing_of_what_it_was_about() {
    if std::env::var_os(IN_CHILD).is_some() {
        return panic_about_an_open_secret();
    }
    let this = "cli::tests::panics::s1_a_panic_says_where_it_was_and_nothing_of_what_it_was_about";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", this, "--nocapture"]);
    child.env(IN_CHILD, "1").env("RUST_BACKTRACE", "full");
    let output = child.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(output.status.success(), "{said}");
    assert_eq!(said.matches("this is a bug").count(), 2, "{said}");
    assert_eq!(said.matches("panics.rs:").count(), 2, "{said}");
    let mut forms = vec![
        CANARY[..8].to_owned(),
        hex::encode(&CANARY[..8]),
        "81, 122, 56, 119".to_owned(),
    ];
    for before in 0..3 {
        let text = STANDARD_NO_PAD.encode([&vec![b'x'; before], CANARY.as_bytes()].concat());
        forms.push(text[4..12].to_owned());
    }
    for form in forms {
        assert!(!said.contains(&form), "{form} in {said}");
    }
}
