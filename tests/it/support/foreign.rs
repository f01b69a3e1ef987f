//! Upstream servers that nobody here wrote: `@copilotkit/aimock` of npm, and `llmock` of `PyPI`, which breaks answers.

use super::{cli::hermetic, client, daemon::printed_addresses, eventually, package_root, program};
use serde_json::{Value, json};
use std::{
    fs::{self, File},
    process::{Child, Command},
};
use tempfile::TempDir;

/// A server of somebody else; it is killed when dropped.
pub(crate) struct Foreign {
    child: Child,
    base_url: String,
    _home: TempDir,
}

impl Foreign {
    /// aimock with the answers of `tests/sdk/aimock_fixture.json`; what it has none for, it refuses.
    pub(crate) fn aimock() -> Self {
        let home = TempDir::new().unwrap();
        let program = program("ORLOJ_TEST_AIMOCK", ".tools/node_modules/.bin/llmock");
        let mut command = hermetic(&program, home.path());
        command
            .args(["--port", "0", "--strict", "--fixtures"])
            .arg(package_root().join("tests/sdk/aimock_fixture.json"));
        Self::start(command, home)
    }

    /// llmock, which answers everything until [`Self::breaks`] says otherwise.
    pub(crate) fn llmock() -> Self {
        let home = TempDir::new().unwrap();
        let python = program("ORLOJ_TEST_PYTHON", ".venv/bin/python");
        let mut command = hermetic(&python, home.path());
        command
            .args(["-m", "uvicorn", "llmock.main:app", "--port", "0"])
            .env("PYTHONUNBUFFERED", "1");
        Self::start(command, home)
    }

    fn start(mut command: Command, home: TempDir) -> Self {
        let log = home.path().join("log");
        let file = File::create(&log).unwrap();
        let child = command
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        let mut server = Self {
            child,
            base_url: String::new(),
            _home: home,
        };
        server.base_url = eventually("a server of somebody else listens", || {
            printed_addresses(&fs::read_to_string(&log).unwrap()).pop()
        });
        server
    }

    /// `http://127.0.0.1:PORT`.
    pub(crate) fn url(&self) -> &str {
        &self.base_url
    }

    /// Tells llmock how the next answers break, in its own words.
    #[track_caller]
    pub(crate) fn breaks(&self, behaviours: &Value) {
        self.forget();
        let url = format!("{}/_llmock/scenario", self.base_url);
        let told = client::post(&url, &json!({"behaviors": behaviours}));
        told.status(201);
    }

    /// Makes llmock forget what it was told and what it saw.
    #[track_caller]
    pub(crate) fn forget(&self) {
        let url = format!("{}/_llmock/reset", self.base_url);
        client::post(&url, &json!({})).status(200);
    }

    /// The requests that llmock saw: path and the status it gave.
    #[track_caller]
    pub(crate) fn seen(&self) -> Vec<(String, u64)> {
        let seen = client::get(&format!("{}/_llmock/requests", self.base_url)).status(200);
        let requests = seen.body["requests"].as_array().unwrap();
        requests
            .iter()
            .map(|it| {
                (
                    it["path"].as_str().unwrap().to_owned(),
                    it["status"].as_u64().unwrap_or_default(),
                )
            })
            .collect()
    }

    /// What llmock thinks of who called it, as it says it itself.
    #[track_caller]
    pub(crate) fn verdict(&self) -> Value {
        client::get(&format!("{}/_llmock/verdict", self.base_url))
            .status(200)
            .body
    }
}

impl Drop for Foreign {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An endpoint on a server of the test's own, in the dialect of `provider`; `base` is where that dialect lives.
pub(crate) fn endpoint(name: &str, provider: &str, base: &str, model: &str) -> String {
    format!(
        "apiVersion: orloj.dev/v1\nkind: ModelEndpoint\nmetadata:\n  name: {name}\nspec:\n  provider: {provider}\n  base_url: {base}\n  allowPrivate: true\n  default_model: {model}\n  auth:\n    secretRef: key\n"
    )
}
