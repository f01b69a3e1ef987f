//! What moves under another name.

use super::{Entry, file, situation};
use crate::model::code;

pub(super) const TABLE: &[Entry] = &[
    file(
        code::MOVED_FROM,
        &[(
            "moved.yaml",
            "kind: ModelEndpoint\nmetadata: {name: old}\nspec: {provider: mock, default_model: a}\n---\nkind: ModelEndpoint\nmetadata: {name: new}\nspec: {provider: mock, default_model: a}\n---\nmoved:\n  - {from: ModelEndpoint/default/old, to: ModelEndpoint/default/new}\n",
        )],
        "Take the old manifest away, or the entry if both are wanted.",
    ),
    situation(
        code::MOVED_TO,
        "`moved: [{from: Agent/default/desk, to: Agent/default/helpdesc}]` where the new manifest is called `helpdesk`: the live agent `desk` would be pruned.",
        "Correct the entry's `to`. To prune the resource, take the entry away.",
    ),
    file(
        code::MOVED_NOWHERE,
        &[(
            "moved.yaml",
            "moved:\n  - {from: Agent/default/desk, to: Agent/default/helpdesk}\n",
        )],
        "Take the entry away if its resource is no longer wanted; it does nothing.",
    ),
    file(
        code::MOVED_TWICE,
        &[(
            "moved.yaml",
            "moved:\n  - {from: Agent/default/desk, to: Agent/default/first}\n  - {from: Agent/default/desk, to: Agent/default/second}\n",
        )],
        "Keep one of the entries: a resource moves to one place, and two do not become one.",
    ),
    file(
        code::MOVED_KIND,
        &[(
            "moved.yaml",
            "moved:\n  - {from: Agent/default/desk, to: AgentSystem/default/desk}\n",
        )],
        "Name the same kind on both sides. Of another kind, it is a new resource and the old one is pruned.",
    ),
    file(
        code::MOVED_CYCLE,
        &[(
            "moved.yaml",
            "moved:\n  - {from: Agent/default/a, to: Agent/default/b}\n  - {from: Agent/default/b, to: Agent/default/a}\n",
        )],
        "Take the older entries away: when a name is used again, what once happened to it no longer counts.",
    ),
];
