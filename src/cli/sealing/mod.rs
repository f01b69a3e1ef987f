//! What the commands around sealed values share: whom they are sealed for, who opens them, files, editors.

pub(crate) mod editor;
pub(crate) mod files;
pub(crate) mod found;
pub(crate) mod identities;
pub(crate) mod private;
pub(crate) mod recipients;
pub(crate) mod rounds;
mod sops_rules;
pub(crate) mod value_args;
pub(crate) mod values;
pub(crate) mod whole;
