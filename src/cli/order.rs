//! What an operator tells the loop: why, who says so, and which daemon.

use super::{
    client::{Client, ServerArgs},
    error::CliError,
    session::Session,
};
use clap::Args;
use serde_json::{Value, json};

/// The flags of every order.
#[derive(Debug, Args)]
pub(crate) struct OrderArgs {
    /// Why; the status and the history keep it
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    reason: String,
    /// Who says so [default: the user's name]
    #[arg(
        long,
        env = "USER",
        value_name = "NAME",
        hide_env = true,
        default_value = "",
        hide_default_value = true
    )]
    by: String,
    #[command(flatten)]
    server: ServerArgs,
}

impl OrderArgs {
    /// Sends the order with the fields of its own; returns the daemon and what it answers.
    pub(crate) fn send(
        &self,
        order: &str,
        mut fields: Value,
        session: &Session,
    ) -> Result<(Client, Value), CliError> {
        fields["reason"] = json!(self.reason);
        fields["by"] = json!(self.by);
        let client = self.server.client(session)?;
        let answer = client.post(&["api", "v1", order], Some(&fields))?;
        Ok((client, answer))
    }
}
