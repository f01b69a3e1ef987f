//! The JSON Schemas (draft 2020-12): one per form, made from the Rust types, committed in `schemas/`.
//!
//! The binary checks with the committed files, so what `orloj schema` publishes is what is used. A test
//! fails when they differ from the types.

use super::{coerce::Shape, kinds::Form};
use crate::model::{
    Kind, Metadata,
    spec::{
        APPROVAL_PHASES, AgentPolicySpec, AgentRoleSpec, AgentSpec, AgentSystemSpec,
        AgentgatewayBackendSpec, McpServerSpec, MemorySpec, ModelAliasSpec, ModelEndpointSpec,
        SecretSpec, TaskScheduleSpec, TaskSpec, TaskWebhookSpec, ToolApprovalSpec,
        ToolPermissionSpec, ToolSpec, WorkerSpec,
    },
};
use jsonschema::{PatternOptions, Validator};
use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Value, json};
use std::sync::LazyLock;

/// A compiled form.
pub(super) struct Compiled {
    pub(super) schema: Value,
    pub(super) validator: Option<Validator>,
    pub(super) shape: Shape,
}

/// The schema of a kind as it is published, found by any word for the kind.
pub fn published(word: &str) -> Option<&'static str> {
    let squash = |text: &str| text.replace(['-', '_'], "").to_ascii_lowercase();
    let form = Kind::from_word(word)
        .map(Form::Native)
        .or_else(|| Form::all().find(|form| squash(form.name()) == squash(word)))?;
    Some(text(form))
}

/// The names that [`published`] knows, as manifests write them.
pub fn names() -> impl Iterator<Item = &'static str> {
    Form::all().map(Form::name)
}

/// Makes every schema from the types: file name and text. For the test that compares, and for writing.
pub fn generate_all() -> impl Iterator<Item = (String, String)> {
    Form::all().map(|form| {
        let mut text = serde_json::to_string_pretty(&generate(form)).unwrap_or_default();
        text.push('\n');
        (format!("{}.schema.json", slug(form)), text)
    })
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
        validator: None,
        shape: Shape::Any,
    });
    COMPILED
        .iter()
        .find(|(each, _)| *each == form)
        .map_or(&NONE, |(_, compiled)| compiled)
}

fn compile(form: Form) -> Compiled {
    let schema: Value = serde_json::from_str(text(form)).unwrap_or_default();
    let validator = jsonschema::options()
        // Linear time whatever the pattern; the schemas are ours, the texts are not.
        .with_pattern_options(PatternOptions::regex())
        .build(&schema)
        .ok();
    let shape = Shape::of(&schema, &schema);
    Compiled {
        schema,
        validator,
        shape,
    }
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
        Form::Native(Kind::Agent) => committed!("agent"),
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

fn generate(form: Form) -> Value {
    match form {
        Form::Native(Kind::Secret) => document::<SecretSpec>(form),
        Form::Native(Kind::ModelEndpoint) => document::<ModelEndpointSpec>(form),
        Form::Native(Kind::McpServer) => document::<McpServerSpec>(form),
        Form::Native(Kind::Tool) => document::<ToolSpec>(form),
        Form::Native(Kind::Memory) => document::<MemorySpec>(form),
        Form::Native(Kind::AgentRole) => document::<AgentRoleSpec>(form),
        Form::Native(Kind::ModelAlias) => document::<ModelAliasSpec>(form),
        Form::Native(Kind::Agent) => document::<AgentSpec>(form),
        Form::Native(Kind::ToolPermission) => document::<ToolPermissionSpec>(form),
        Form::Native(Kind::AgentPolicy) => document::<AgentPolicySpec>(form),
        Form::Native(Kind::AgentSystem) => document::<AgentSystemSpec>(form),
        Form::Native(Kind::Task) => document::<TaskSpec>(form),
        Form::Native(Kind::TaskSchedule) => document::<TaskScheduleSpec>(form),
        Form::Native(Kind::TaskWebhook) => document::<TaskWebhookSpec>(form),
        Form::Native(Kind::Worker) => document::<WorkerSpec>(form),
        Form::Native(Kind::ToolApproval) => document::<ToolApprovalSpec>(form),
        Form::AgentgatewayBackend => document::<AgentgatewayBackendSpec>(form),
    }
}

/// The schema of a whole manifest whose `spec` is a `T`.
fn document<T: JsonSchema>(form: Form) -> Value {
    let mut generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let spec = generator.subschema_for::<T>();
    let metadata = generator.subschema_for::<Metadata>();
    let definitions = generator.take_definitions(true);
    let description = definitions
        .get(T::schema_name().as_ref())
        .and_then(|spec| spec.get("description"));
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": format!("https://orloj.dev/schemas/{}.schema.json", slug(form)),
        "title": form.name(),
        "description": description.cloned().unwrap_or_default(),
        "type": "object",
        "properties": {
            "apiVersion": { "type": "string", "const": form.api_version() },
            "kind": { "type": "string", "const": form.name() },
            "metadata": metadata,
            "spec": spec,
            "status": status(form),
        },
        "required": ["kind", "metadata", "spec"],
        "additionalProperties": false,
        "$defs": definitions,
    })
}

/// What a server wrote is ignored; a phase that cannot be is an error all the same.
fn status(form: Form) -> Value {
    let mut schema = json!({ "description": "Set by the server; ignored.", "type": "object" });
    if form == Form::Native(Kind::ToolApproval) {
        schema["properties"] = json!({ "phase": { "type": "string", "enum": APPROVAL_PHASES } });
    }
    schema
}
