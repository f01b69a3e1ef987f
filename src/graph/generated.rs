//! Tools that no manifest defines because their server offers them.

use crate::model::{Catalog, Kind, ResourceId};

/// What stands between the server's name and the tool's.
const SEPARATOR: &str = "--";

/// The `McpServer` of the same namespace that offers a tool called `SERVER--TOOL`.
///
/// A server that cannot be read counts: the tool may well be one of its own.
pub(super) fn server(catalog: &Catalog, tool: &ResourceId) -> Option<ResourceId> {
    if tool.kind != Kind::Tool {
        return None;
    }
    let servers = tool.name.match_indices(SEPARATOR).map(|(at, _)| {
        let name = &tool.name[..at];
        ResourceId::new(Kind::McpServer, &tool.namespace, name)
    });
    let mut servers = servers;
    servers.find(|server| catalog.get(server).is_some() || catalog.is_unreadable(server))
}
