//! Tools that no manifest defines because their server offers them.

use crate::model::{Catalog, Kind, ResourceId};

/// What stands between the server's name and the tool's.
const SEPARATOR: &str = "--";

/// The `McpServer` of the same namespace that offers a tool called `SERVER--TOOL`.
///
/// A server that cannot be read counts: the tool may well be one of its own.
pub(super) fn server(catalog: &Catalog, tool: &ResourceId) -> Option<ResourceId> {
    let exists = |server: &ResourceId| catalog.get(server).is_some();
    servers(tool).find(|server| exists(server) || catalog.is_unreadable(server))
}

/// The servers that would offer the tool if they existed, in the order in which they are asked.
pub(super) fn servers(tool: &ResourceId) -> impl Iterator<Item = ResourceId> {
    let name = if tool.kind == Kind::Tool {
        &*tool.name
    } else {
        ""
    };
    name.match_indices(SEPARATOR)
        .map(|(at, _)| ResourceId::new(Kind::McpServer, &tool.namespace, &name[..at]))
}
