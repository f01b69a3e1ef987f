//! The schemas as the types say them.

use super::{MANIFEST, polish::polish, slug};
use crate::{
    manifest::{kinds::Form, loader::load, node::Node},
    model::{
        Kind, Metadata,
        spec::{
            APPROVAL_PHASES, AgentPolicySpec, AgentRoleSpec, AgentSpec, AgentSystemSpec,
            AgentgatewayBackendSpec, ApiKeySpec, McpServerSpec, MemorySpec, ModelAliasSpec,
            ModelCatalogSpec, ModelEndpointSpec, SecretSpec, TaskScheduleSpec, TaskSpec,
            TaskWebhookSpec, ToolApprovalSpec, ToolPermissionSpec, ToolSpec, WorkerSpec,
        },
    },
};
use schemars::{Schema, SchemaGenerator, generate::SchemaSettings};
use serde_json::{Map, Value, json};

/// One good manifest of each form; they become the schemas' examples.
const EXAMPLES: &str = include_str!("examples.yaml");

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";

/// A resource (`KIND/NAME`, `KIND/NAMESPACE/NAME`) or a directory with `/` at its end.
const MOVE_PLACE: &str = "^(?:[^/]+/){1,2}[^/]+$|^(?:[^/]+/)+$";

/// What `metadata` of any kind is.
const METADATA: &str = "Who the resource is, and what people noted on it.";

/// What `spec` of any kind is.
const SPEC: &str = "The wanted state; its fields depend on the kind.";

/// Makes every schema from the types: file name and text. For the test that compares, and for writing.
pub fn generate_all() -> impl Iterator<Item = (String, String)> {
    let of_forms = Form::all().map(|form| (slug(form), document(form)));
    of_forms
        .chain([(MANIFEST, dispatching())])
        .map(|(slug, schema)| {
            let mut text = serde_json::to_string_pretty(&schema).unwrap_or_default();
            text.push('\n');
            (format!("{slug}.schema.json"), text)
        })
}

/// The schema of a whole manifest of one form.
fn document(form: Form) -> Value {
    let mut generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let spec = spec_of(form, &mut generator);
    let metadata = generator.subschema_for::<Metadata>();
    let definitions = generator.take_definitions(true);
    let mut schema = json!({
        "$schema": DRAFT,
        "$id": id(slug(form)),
        "title": form.name(),
        "description": description(&spec, &definitions),
        "type": "object",
        "properties": {
            "apiVersion": api_version(form),
            "kind": {
                "type": "string",
                "const": form.name(),
                "description": "What the manifest describes.",
            },
            "metadata": described(&metadata, METADATA),
            "spec": described(&spec, SPEC),
            "status": status(form),
        },
        "required": ["kind", "metadata", "spec"],
        "additionalProperties": false,
        "examples": example(form).into_iter().collect::<Vec<_>>(),
        "$defs": definitions,
    });
    polish(&mut schema);
    schema
}

/// The schema of a manifest of any form: `kind` decides what else must hold.
fn dispatching() -> Value {
    let mut generator: SchemaGenerator = SchemaSettings::draft2020_12().into_generator();
    let specs: Vec<_> = Form::all()
        .map(|form| (form, spec_of(form, &mut generator)))
        .collect();
    let metadata = generator.subschema_for::<Metadata>();
    let definitions = generator.take_definitions(true);
    let branches = specs.iter().map(|(form, spec)| {
        json!({
            "if": { "properties": { "kind": { "const": form.name() } }, "required": ["kind"] },
            "then": {
                "title": form.name(),
                "description": description(spec, &definitions),
                "properties": {
                    "apiVersion": api_version(*form),
                    "spec": described(spec, SPEC),
                    "status": status(*form),
                },
            },
        })
    });
    let branches: Vec<_> = branches.collect();
    let kinds: Vec<_> = Form::all().map(Form::name).collect();
    let mut versions: Vec<_> = Form::all().map(Form::api_version).collect();
    versions.sort_unstable();
    versions.dedup();
    let mut schema = json!({
        "$schema": DRAFT,
        "$id": id(MANIFEST),
        "title": "Manifest",
        "description": "One resource of any kind, where `kind` decides which fields `spec` has; or a list of what is called otherwise now (`moved`).",
        "type": "object",
        "properties": {
            "moved": moved_field(),
            "apiVersion": {
                "type": "string",
                "enum": versions,
                "description": "The format; each kind has one.",
            },
            "kind": {
                "type": "string",
                "enum": kinds,
                "description": "What the manifest describes.",
            },
            "metadata": described(&metadata, METADATA),
            "spec": { "type": "object", "description": SPEC },
            "status": { "type": "object", "description": "Set by the server; ignored." },
        },
        // What moved stands in a document of its own.
        "if": { "required": ["moved"], "not": { "required": ["kind"] } },
        "then": { "maxProperties": 1 },
        "else": { "required": ["kind", "metadata", "spec"], "properties": { "moved": false } },
        "additionalProperties": false,
        "allOf": branches,
        "examples": Form::all().filter_map(example).chain([moved_example()]).collect::<Vec<_>>(),
        "$defs": definitions,
    });
    polish(&mut schema);
    schema
}

fn spec_of(form: Form, generator: &mut SchemaGenerator) -> Schema {
    match form {
        Form::Native(Kind::Secret) => generator.subschema_for::<SecretSpec>(),
        Form::Native(Kind::ModelEndpoint) => generator.subschema_for::<ModelEndpointSpec>(),
        Form::Native(Kind::McpServer) => generator.subschema_for::<McpServerSpec>(),
        Form::Native(Kind::Tool) => generator.subschema_for::<ToolSpec>(),
        Form::Native(Kind::Memory) => generator.subschema_for::<MemorySpec>(),
        Form::Native(Kind::AgentRole) => generator.subschema_for::<AgentRoleSpec>(),
        Form::Native(Kind::ModelAlias) => generator.subschema_for::<ModelAliasSpec>(),
        Form::Native(Kind::ModelCatalog) => generator.subschema_for::<ModelCatalogSpec>(),
        Form::Native(Kind::Agent) => generator.subschema_for::<AgentSpec>(),
        Form::Native(Kind::ApiKey) => generator.subschema_for::<ApiKeySpec>(),
        Form::Native(Kind::ToolPermission) => generator.subschema_for::<ToolPermissionSpec>(),
        Form::Native(Kind::AgentPolicy) => generator.subschema_for::<AgentPolicySpec>(),
        Form::Native(Kind::AgentSystem) => generator.subschema_for::<AgentSystemSpec>(),
        Form::Native(Kind::Task) => generator.subschema_for::<TaskSpec>(),
        Form::Native(Kind::TaskSchedule) => generator.subschema_for::<TaskScheduleSpec>(),
        Form::Native(Kind::TaskWebhook) => generator.subschema_for::<TaskWebhookSpec>(),
        Form::Native(Kind::Worker) => generator.subschema_for::<WorkerSpec>(),
        Form::Native(Kind::ToolApproval) => generator.subschema_for::<ToolApprovalSpec>(),
        Form::AgentgatewayBackend => generator.subschema_for::<AgentgatewayBackendSpec>(),
    }
}

/// What a document without `kind` says; the reader of such documents is `manifest/moved.rs`.
fn moved_field() -> Value {
    let place = |description: &str, example: &str| {
        json!({
            "type": "string",
            "pattern": MOVE_PLACE,
            "description": description,
            "examples": [example],
        })
    };
    let entry = json!({
        "type": "object",
        "description": "One resource, or all resources of a directory.",
        "properties": {
            "from": place(
                "What it was called: `KIND/NAMESPACE/NAME`, or a directory with `/` at its end.",
                "Agent/default/desk",
            ),
            "to": place("What it is called now, in the same form.", "Agent/default/helpdesk"),
        },
        "required": ["from", "to"],
        "additionalProperties": false,
    });
    json!({
        "description": "Resources that are called otherwise, or stand elsewhere, since an earlier commit: a move, not a deletion and a creation. Stands in a document of its own.",
        "anyOf": [{ "type": "array", "items": entry }, entry, { "type": "null" }],
        "examples": [moved_example()["moved"]],
    })
}

fn moved_example() -> Value {
    json!({ "moved": [
        { "from": "Agent/default/desk", "to": "Agent/default/helpdesk" },
        { "from": "teams/eu/", "to": "teams/emea/" },
    ] })
}

/// A reference with a description of its own beside it.
fn described(reference: &Schema, description: &str) -> Value {
    let mut schema = json!(reference);
    schema["description"] = description.into();
    schema
}

fn id(slug: &str) -> String {
    format!("https://orloj.dev/schemas/{slug}.schema.json")
}

fn api_version(form: Form) -> Value {
    json!({
        "type": "string",
        "const": form.api_version(),
        "default": form.api_version(),
        "description": "The format of the kind; may be left out.",
    })
}

/// What the type of a spec says about itself.
fn description(spec: &Schema, definitions: &Map<String, Value>) -> Value {
    let name = spec.get("$ref").and_then(Value::as_str);
    let name = name.and_then(|reference| reference.rsplit('/').next());
    let description = name.and_then(|name| definitions.get(name)?.get("description"));
    description.cloned().unwrap_or_default()
}

/// What a server wrote is ignored; a phase that cannot be is an error all the same.
fn status(form: Form) -> Value {
    let mut schema = json!({ "description": "Set by the server; ignored.", "type": "object" });
    if form == Form::Native(Kind::ToolApproval) {
        schema["properties"] = json!({
            "phase": {
                "type": "string",
                "enum": APPROVAL_PHASES,
                "description": "Whether somebody decided.",
            },
        });
    }
    schema
}

/// The good manifest of a form.
fn example(form: Form) -> Option<Value> {
    let documents = load(&"examples.yaml".into(), EXAMPLES).documents;
    let manifests = documents.iter().map(Node::to_json);
    manifests
        .into_iter()
        .find(|manifest| manifest["kind"] == form.name())
}
