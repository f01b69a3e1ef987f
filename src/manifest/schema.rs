//! The JSON Schemas (draft 2020-12): one per form and one for any of them, made from the Rust types,
//! committed in `schemas/`.
//!
//! The binary checks with the committed files, so what `orloj schema` publishes is what is used. A test
//! fails when they differ from the types.

mod generate;
mod page;
mod polish;

pub use generate::generate_all;
pub use page::reference_page;

use super::{as_json::Nodes, coerce::Shape, kinds::Form};
use crate::model::Kind;
use jsonschema::{PatternOptions, Validator};
use serde_json::Value;
use std::sync::{LazyLock, OnceLock};

/// The name of the schema that fits a manifest of any kind, beside the kinds' own.
pub const MANIFEST: &str = "manifest";

/// A compiled form.
pub(super) struct Compiled {
    pub(super) schema: Value,
    pub(super) shape: Shape,
    /// Says whether a document is valid; absent if the schema cannot be compiled.
    pub(super) judge: Option<Validator<Nodes>>,
    /// Says what is wrong; made when something first is.
    critic: OnceLock<Option<Validator>>,
}

impl Compiled {
    /// Compiles a schema.
    pub(super) fn of(schema: Value) -> Self {
        let judge = jsonschema::options_for::<Nodes>()
            // Linear time whatever the pattern; the schemas are ours, the texts are not.
            .with_pattern_options(PatternOptions::regex())
            .build(&schema)
            .ok();
        Self {
            shape: Shape::of(&schema, &schema),
            schema,
            judge,
            critic: OnceLock::new(),
        }
    }

    /// The same schema for JSON values.
    pub(super) fn critic(&self) -> Option<&Validator> {
        let compile = || {
            let options = jsonschema::options();
            let options = options.with_pattern_options(PatternOptions::regex());
            options.build(&self.schema).ok()
        };
        self.critic.get_or_init(compile).as_ref()
    }
}

/// The schema of a kind as it is published, found by any word for the kind; [`MANIFEST`] finds that of all.
pub fn published(word: &str) -> Option<&'static str> {
    if word.eq_ignore_ascii_case(MANIFEST) {
        return Some(include_str!("../../schemas/manifest.schema.json"));
    }
    let squash = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
    let form = Kind::from_word(word)
        .map(Form::Native)
        .or_else(|| Form::all().find(|form| squash(form.name()) == squash(word)))?;
    Some(text(form))
}

/// The kinds that have a schema, as manifests write them.
pub fn names() -> impl Iterator<Item = &'static str> {
    Form::all().map(Form::name)
}

/// The compiled schema of a form; compiled once per process.
pub(super) fn compiled(form: Form) -> &'static Compiled {
    type Lazy = LazyLock<Compiled, Box<dyn FnOnce() -> Compiled + Send>>;
    static COMPILED: LazyLock<Vec<(Form, Lazy)>> = LazyLock::new(|| {
        let lazily =
            |form| -> (Form, Lazy) { (form, LazyLock::new(Box::new(move || compile(form)))) };
        Form::all().map(lazily).collect()
    });
    static NONE: LazyLock<Compiled> = LazyLock::new(|| Compiled {
        schema: Value::Null,
        shape: Shape::Any,
        judge: None,
        critic: OnceLock::new(),
    });
    COMPILED
        .iter()
        .find(|(each, _)| *each == form)
        .map_or(&NONE, |(_, compiled)| compiled)
}

fn compile(form: Form) -> Compiled {
    Compiled::of(serde_json::from_str(text(form)).unwrap_or_default())
}

fn slug(form: Form) -> &'static str {
    match form {
        Form::Native(kind) => kind.singular(),
        Form::AgentgatewayBackend => "agentgateway-backend",
    }
}

fn text(form: Form) -> &'static str {
    macro_rules! committed {
        ($slug:literal) => {
            include_str!(concat!("../../schemas/", $slug, ".schema.json"))
        };
    }
    match form {
        Form::Native(Kind::Secret) => committed!("secret"),
        Form::Native(Kind::ModelEndpoint) => committed!("model-endpoint"),
        Form::Native(Kind::McpServer) => committed!("mcp-server"),
        Form::Native(Kind::Tool) => committed!("tool"),
        Form::Native(Kind::Memory) => committed!("memory"),
        Form::Native(Kind::AgentRole) => committed!("agent-role"),
        Form::Native(Kind::ModelAlias) => committed!("model-alias"),
        Form::Native(Kind::ModelCatalog) => committed!("model-catalog"),
        Form::Native(Kind::Agent) => committed!("agent"),
        Form::Native(Kind::ApiKey) => committed!("api-key"),
        Form::Native(Kind::ToolPermission) => committed!("tool-permission"),
        Form::Native(Kind::AgentPolicy) => committed!("agent-policy"),
        Form::Native(Kind::AgentSystem) => committed!("agent-system"),
        Form::Native(Kind::Task) => committed!("task"),
        Form::Native(Kind::TaskSchedule) => committed!("task-schedule"),
        Form::Native(Kind::TaskWebhook) => committed!("task-webhook"),
        Form::Native(Kind::Worker) => committed!("worker"),
        Form::Native(Kind::ToolApproval) => committed!("tool-approval"),
        Form::AgentgatewayBackend => committed!("agentgateway-backend"),
    }
}
