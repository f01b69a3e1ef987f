//! The words of a resolution: what goes in, what comes out, and why.

use super::table::{AgentRoute, AliasRoute, Target};
use crate::model::{Origin, ResourceId};
use std::sync::Arc;

/// What is known of a request; nothing else decides.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    /// The caller's namespace.
    pub namespace: &'a str,
    /// The endpoint that the path names, as `name` or `ns/name`.
    pub scope: Option<&'a str>,
    /// The body's `model`.
    pub model: Option<&'a str>,
    /// A number drawn evenly from all of `u32`, for weighted targets.
    pub draw: u32,
}

/// Where a request goes.
#[derive(Debug, Clone)]
pub struct Decision {
    /// The name that was asked for; empty if the path alone decided.
    pub requested: String,
    /// The target, then its fallbacks in order; never empty.
    pub targets: Vec<Target>,
    /// The agent the request is made as.
    pub agent: Option<Arc<AgentRoute>>,
    /// The rule that decided.
    pub rule: Rule,
    /// The manifest line that decided.
    pub origin: Origin,
    /// The name's targets with their weights, if it may have several.
    pub(super) route: Option<Arc<AliasRoute>>,
}

impl Decision {
    /// The targets that the draw chooses among, with their weights; one of weight 1 where there is no choice.
    pub fn shares(&self) -> Vec<(u64, &Target)> {
        match &self.route {
            Some(route) => {
                let targets = route.targets.iter();
                targets.map(|(weight, target)| (*weight, target)).collect()
            }
            None => self
                .targets
                .first()
                .map(|only| (1, only))
                .into_iter()
                .collect(),
        }
    }

    /// Where a request goes when its target fails. Each of several targets has the others that are named as fallbacks too.
    pub fn fallbacks(&self) -> &[Target] {
        match &self.route {
            Some(route) if self.has_choice() => &route.fallbacks,
            _ => self.targets.get(1..).unwrap_or_default(),
        }
    }

    /// Whether the draw decides.
    fn has_choice(&self) -> bool {
        let shares = self.shares();
        shares.iter().filter(|(weight, _)| *weight > 0).count() > 1
    }
}

/// The rules, in the order in which they are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// `agent/NAME`.
    Agent,
    /// A `ModelAlias` of exactly that name.
    Alias,
    /// An endpoint's alias of exactly that name.
    EndpointAlias,
    /// `ENDPOINT/MODEL`, or any model in a request scoped to an endpoint.
    EndpointModel,
    /// An endpoint's name: its default model.
    Endpoint,
    /// A model that an endpoint lists.
    Model,
    /// A wildcard alias.
    Wildcard,
}

impl Rule {
    /// The rule in a word or two.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Alias => "alias",
            Self::EndpointAlias => "endpoint alias",
            Self::EndpointModel => "endpoint and model",
            Self::Endpoint => "endpoint",
            Self::Model => "listed model",
            Self::Wildcard => "wildcard",
        }
    }

    pub(super) const ALL: [Self; 7] = [
        Self::Agent,
        Self::Alias,
        Self::EndpointAlias,
        Self::EndpointModel,
        Self::Endpoint,
        Self::Model,
        Self::Wildcard,
    ];

    /// All but wildcards, the last.
    pub(super) const EXACT: &'static [Self] = Self::ALL.split_at(Self::ALL.len() - 1).0;
}

/// Why a request goes nowhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// The body names no model, or a blank one, and the path no endpoint with a default one.
    MissingModel,
    /// The path names an endpoint that does not exist.
    EndpointNotFound(String),
    /// Nothing is called so.
    ModelNotFound {
        /// The name asked for.
        name: String,
        /// The nearest name that exists.
        near: Option<String>,
    },
    /// Several namespaces use the name.
    Ambiguous {
        /// The name asked for.
        name: String,
        /// What would each decide, written so that it does.
        candidates: Vec<String>,
    },
    /// The endpoint has no default model.
    NoDefaultModel(ResourceId),
}

/// What was tried, in order; formatted only when somebody reads it.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The steps.
    pub steps: Vec<Step>,
}

/// One rule tried in one namespace.
#[derive(Debug, Clone)]
pub struct Step {
    /// The rule.
    pub rule: Rule,
    /// The namespace it was tried in.
    pub namespace: Arc<str>,
    /// What came of it.
    pub outcome: Outcome,
}

/// What came of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It decided, by this line.
    Decided(Origin),
    /// It fits too, with equal right.
    Tied(Origin),
    /// Nothing of that name.
    Passed,
}
