//! One change of one resource.

use super::recipients::Recipients;
use crate::model::{MovePlace, Origin, ResourceId};
use serde::Serialize;
use serde_json::Value;

/// What happens to a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Action {
    /// It is new.
    Create,
    /// It is there and differs.
    Update,
    /// It is no longer wanted.
    Delete,
    /// It is called otherwise, and may differ too.
    Move,
}

impl Action {
    /// `+`, `~`, `-` or `→`.
    pub const fn symbol(self) -> char {
        match self {
            Self::Create => '+',
            Self::Update => '~',
            Self::Delete => '-',
            Self::Move => '→',
        }
    }
}

/// One resource that changes.
#[derive(Debug, Clone)]
pub struct Change {
    /// Which.
    pub id: ResourceId,
    /// How.
    pub action: Action,
    /// Where it is written; for a deletion, where it was.
    pub origin: Origin,
    /// What it was, if it is called otherwise now.
    pub moved: Option<Moved>,
    /// What differs, sorted by pointer; for a new resource every field.
    pub fields: Vec<FieldChange>,
    /// What depends on it, directly or through others, sorted.
    pub affects: Vec<ResourceId>,
}

/// What a resource was before it was called otherwise.
#[derive(Debug, Clone)]
pub struct Moved {
    /// Its former identity, of the same kind.
    pub from: ResourceId,
    /// Where it was written.
    pub was: Origin,
    /// The entry that says so.
    pub entry: Origin,
}

/// A resource that is pruned and one that is new, and much alike.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suggestion {
    /// What a `moved:` entry would say it was.
    pub from: MovePlace,
    /// What it would say it is.
    pub to: MovePlace,
}

/// One field that differs.
#[derive(Debug, Clone)]
pub struct FieldChange {
    /// JSON pointer, such as `/spec/model_ref`.
    pub pointer: String,
    /// How it differs.
    pub op: FieldOp,
    /// What may be shown of it.
    pub shown: Shown,
    /// Line in the head's file.
    pub line: Option<u32>,
    /// For whom a sealed value is sealed, where that differs.
    pub recipients: Option<Recipients>,
}

/// How a field differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum FieldOp {
    /// Only the head has it.
    Add,
    /// Only the base has it.
    Remove,
    /// Both have it.
    Replace,
}

/// What may be shown of a field that differs.
#[derive(Debug, Clone, PartialEq)]
pub enum Shown {
    /// Both sides; a side that is absent is `None`.
    Values {
        /// In the base.
        before: Option<Value>,
        /// In the head.
        after: Option<Value>,
    },
    /// A secret's value: only what happened to it, in words.
    Secret(&'static str),
}

/// A name that leads elsewhere than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RouteChange {
    /// What clients write as `model`.
    pub name: String,
    /// `endpoint/model` before; absent if the name is new.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub before: Option<String>,
    /// `endpoint/model` after; absent if the name goes away.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}
