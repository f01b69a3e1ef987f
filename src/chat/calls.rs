//! The tool calls of a chat's stream, told apart.

use super::chat_wire::{CallDelta, said};
use super::tool_input::says_nothing;
use serde::de::IgnoredAny;

/// The tool calls of one stream. Servers number their pieces as they should, all alike, or not at all; some name the call
/// in a later piece than its first.
#[derive(Debug, Default)]
pub(super) struct Calls {
    list: Vec<Call>,
}

#[derive(Debug)]
struct Call {
    /// The number that the server gives it; others may have it too.
    index: usize,
    id: Option<String>,
    /// Empty until it has come.
    name: String,
    /// All that have come.
    arguments: String,
}

/// What a piece adds to a call.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct CallPiece {
    /// The call's own number: how many began before it.
    pub(super) number: usize,
    /// Where the call begins: its id, if the server gave one, and its name.
    pub(super) begins: Option<(Option<String>, String)>,
    /// More of its arguments.
    pub(super) arguments: String,
}

impl Calls {
    /// Takes a piece. `None` as long as the call has no name: what has come of it is told with the name.
    pub(super) fn take(&mut self, piece: &CallDelta) -> Option<CallPiece> {
        let number = self.place(piece).unwrap_or_else(|| self.begin(piece));
        let call = &mut self.list[number];
        let mut arguments = piece.arguments();
        if call.arguments.is_empty() && says_nothing(arguments) {
            arguments = "";
        }
        call.arguments.push_str(arguments);
        if !call.name.is_empty() {
            return Some(CallPiece {
                number,
                begins: None,
                arguments: arguments.to_owned(),
            });
        }
        let id = said(piece.id.as_ref()).map(str::to_owned);
        call.id = call.id.take().or(id);
        piece.name().clone_into(&mut call.name);
        (!call.name.is_empty()).then(|| call.whole(number))
    }

    /// The calls with arguments whose name never came.
    pub(super) fn nameless(&self) -> Vec<CallPiece> {
        let is_left = |call: &Call| call.name.is_empty() && !call.arguments.is_empty();
        let calls = self.list.iter().enumerate();
        calls
            .filter(|(_, call)| is_left(call))
            .map(|(number, call)| call.whole(number))
            .collect()
    }

    fn begin(&mut self, piece: &CallDelta) -> usize {
        self.list.push(Call {
            index: piece.index.unwrap_or_default(),
            id: said(piece.id.as_ref()).map(str::to_owned),
            name: String::new(),
            arguments: String::new(),
        });
        self.list.len() - 1
    }

    /// The call that a piece belongs to, if it begins none.
    fn place(&self, piece: &CallDelta) -> Option<usize> {
        let index = piece.index.unwrap_or_default();
        let id = said(piece.id.as_ref());
        let same = |call: &Call| call.index == index && id.is_some() && call.id.as_deref() == id;
        if let Some(at) = self.list.iter().rposition(same) {
            return Some(at);
        }
        let at = self.list.iter().rposition(|call| call.index == index)?;
        let call = &self.list[at];
        let is_named = !piece.name().is_empty();
        let begins = if id.is_some() && call.id.is_some() {
            // An id alone is no new call: there are servers that give each piece another one.
            is_named || call.is_whole()
        } else {
            let differs =
                id.is_some() || piece.name() != call.name || !piece.arguments().is_empty();
            is_named && differs && call.is_whole()
        };
        (!begins).then_some(at)
    }
}

impl Call {
    /// Whether its arguments are all there.
    fn is_whole(&self) -> bool {
        serde_json::from_str::<IgnoredAny>(&self.arguments).is_ok()
    }

    fn whole(&self, number: usize) -> CallPiece {
        CallPiece {
            number,
            begins: Some((self.id.clone(), self.name.clone())),
            arguments: self.arguments.clone(),
        }
    }
}
