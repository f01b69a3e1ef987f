//! What models cost and can do: the built-in catalogue, and in front of it those of the repository.

use super::{
    pattern::Pattern,
    table::{RoutingTable, Target},
};
use crate::{
    chat::Usage,
    model::{
        Catalog, Finding, Kind, Origin, Resource, ResourceId, Spec, code,
        spec::{CatalogModel, ModelCatalogSpec, ModelPrice},
    },
};
use serde::Deserialize;
use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, LazyLock},
};

/// Since when the built-in catalogue is as it is.
pub static BUILT_IN_VERSION: LazyLock<&'static str> = LazyLock::new(|| &BUILT_IN.version);

/// Tokens that a price is for.
const PRICED_TOKENS: u128 = 1_000_000;

/// What is known of one model on one endpoint. What is not known is absent, never 0.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ModelFacts {
    /// What tokens cost.
    pub price: Option<ModelPrice>,
    /// Tokens that prompt and completion may have together.
    pub context_tokens: Option<u64>,
    /// Tokens that one answer may have.
    pub max_output_tokens: Option<u64>,
    /// Parameters of a request that the model refuses, as OpenAI names them.
    pub refuses: Arc<[String]>,
}

impl ModelFacts {
    /// What a call cost in millionths of a US dollar, rounded up; `None` if the price is not known.
    ///
    /// Tokens in the provider's cache are billed once, at their own price where there is one.
    pub fn cost_microdollars(&self, usage: &Usage) -> Option<u64> {
        let price = self.price?;
        let cached = usage.cached_tokens.min(usage.prompt_tokens);
        let written = usage.cache_write_tokens.min(usage.prompt_tokens - cached);
        let plain = usage.prompt_tokens - cached - written;
        let parts = [
            (plain, price.input),
            (cached, price.cached_input.unwrap_or(price.input)),
            (written, price.cache_write.unwrap_or(price.input)),
            (usage.completion_tokens, price.output),
        ];
        let sum: u128 = parts
            .iter()
            .map(|(tokens, price)| u128::from(*tokens) * u128::from(*price))
            .sum();
        Some(u64::try_from(sum.div_ceil(PRICED_TOKENS)).unwrap_or(u64::MAX))
    }

    /// Whether it is known what the model costs.
    pub const fn is_priced(&self) -> bool {
        self.price.is_some()
    }

    /// The most that so many tokens can cost, whatever the provider has in its cache.
    pub fn worst_cost_microdollars(&self, prompt: u64, completion: u64) -> Option<u64> {
        let price = self.price?;
        let dearest = price.input.max(price.cache_write.unwrap_or_default());
        let sum = u128::from(prompt) * u128::from(dearest)
            + u128::from(completion) * u128::from(price.output);
        Some(u64::try_from(sum.div_ceil(PRICED_TOKENS)).unwrap_or(u64::MAX))
    }
}

/// The entries of the repository's catalogues over the built-in ones. Clones share their structure.
#[derive(Debug, Clone, Default)]
pub(super) struct Catalogue {
    own: Option<Arc<Entries>>,
}

/// Entries found by the models they are for.
#[derive(Debug, Default)]
struct Entries {
    /// The most particular first.
    all: Vec<Entry>,
    /// By the name in lower case.
    exact: HashMap<String, Vec<usize>>,
    patterns: Vec<(Pattern, usize)>,
}

#[derive(Debug)]
struct Entry {
    endpoint: Option<ResourceId>,
    provider: Option<String>,
    model: CatalogModel,
    refuses: Option<Arc<[String]>>,
}

#[derive(Deserialize)]
struct BuiltInFile {
    version: String,
    models: Vec<CatalogModel>,
}

struct BuiltIn {
    version: String,
    entries: Entries,
}

static BUILT_IN: LazyLock<BuiltIn> = LazyLock::new(|| {
    let file: Option<BuiltInFile> =
        serde_json::from_str(include_str!("catalogue/built_in.json")).ok();
    let (version, models) = file
        .map(|file| (file.version, file.models))
        .unwrap_or_default();
    let entries = models.into_iter().map(|model| Entry::of(model, None));
    BuiltIn {
        version,
        entries: Entries::of(entries.collect()),
    }
});

impl RoutingTable {
    /// What is known of a target's model.
    pub fn facts_of(&self, target: &Target) -> ModelFacts {
        let model = target.model.to_lowercase();
        let mut facts = Gathered::default();
        if let Some(own) = &self.catalogue.own {
            own.gather(target, &model, &mut facts);
        }
        BUILT_IN.entries.gather(target, &model, &mut facts);
        facts.finish()
    }

    /// Reads the catalogues anew if one of them changed.
    pub(super) fn update_catalogue(&mut self, after: &Catalog, changed: &BTreeSet<ResourceId>) {
        let mut touched = changed
            .iter()
            .filter(|id| id.kind == Kind::ModelCatalog)
            .peekable();
        if touched.peek().is_none() {
            return;
        }
        for id in touched {
            self.findings.resources.set(id.clone(), Vec::new());
        }
        let mut entries = Vec::new();
        let mut seen: BTreeMap<_, Origin> = BTreeMap::new();
        for resource in after.of_kind(Kind::ModelCatalog) {
            let Spec::ModelCatalog(spec) = &resource.spec else {
                continue;
            };
            let mut findings = Vec::new();
            for (index, entry) in own_entries(resource, spec).enumerate() {
                let origin = resource.origin_of(&format!("/spec/models/{index}"));
                let (endpoint, provider) = (entry.endpoint.clone(), entry.provider.clone());
                let key = (entry.model.model.to_lowercase(), endpoint, provider);
                match seen.get(&key) {
                    Some(first) => findings.push(twice(resource, &entry, origin, first)),
                    None => drop(seen.insert(key, origin)),
                }
                entries.push(entry);
            }
            self.findings.resources.set(resource.id.clone(), findings);
        }
        self.catalogue.own = (!entries.is_empty()).then(|| Arc::new(Entries::of(entries)));
    }
}

impl Entry {
    fn of(mut model: CatalogModel, endpoint: Option<ResourceId>) -> Self {
        Self {
            endpoint,
            provider: model.provider.take(),
            refuses: model.refuses.take().map(Arc::from),
            model,
        }
    }

    /// What goes first is lesser.
    fn rank(&self) -> impl Ord + use<> {
        let literals = match Pattern::parse(&self.model.model) {
            Some(pattern) => pattern.literals(),
            None => usize::MAX,
        };
        (
            self.endpoint.is_none(),
            self.provider.is_none(),
            Reverse(literals),
        )
    }

    fn is_for(&self, target: &Target) -> bool {
        let endpoint = self.endpoint.as_ref();
        let provider = self.provider.as_deref();
        endpoint.is_none_or(|id| *id == target.endpoint.id)
            && provider.is_none_or(|provider| *provider == *target.endpoint.provider)
    }
}

impl Entries {
    fn of(mut all: Vec<Entry>) -> Self {
        all.sort_by_cached_key(Entry::rank);
        let mut entries = Self::default();
        for (index, entry) in all.iter().enumerate() {
            let name = entry.model.model.to_lowercase();
            match Pattern::parse(&name) {
                Some(pattern) => entries.patterns.push((pattern, index)),
                None => entries.exact.entry(name).or_default().push(index),
            }
        }
        entries.all = all;
        entries
    }

    /// Adds what these entries say of a model to what is known already.
    fn gather(&self, target: &Target, model: &str, facts: &mut Gathered) {
        let is_for = |index: usize| self.all.get(index).is_some_and(|it| it.is_for(target));
        // The provider is compared sooner than a pattern.
        let patterns = self.patterns.iter().filter(|(_, index)| is_for(*index));
        let patterns = patterns.filter(|(pattern, _)| pattern.matches(model));
        let mut indexes: Vec<usize> = patterns.map(|(_, index)| *index).collect();
        let exact = self.exact.get(model).into_iter().flatten();
        indexes.extend(exact.filter(|index| is_for(**index)));
        indexes.sort_unstable();
        for entry in indexes.into_iter().filter_map(|index| self.all.get(index)) {
            facts.add(entry);
        }
    }
}

/// What is known so far; what was there first stays.
#[derive(Default)]
struct Gathered {
    facts: ModelFacts,
    refuses: Option<Arc<[String]>>,
}

impl Gathered {
    fn add(&mut self, entry: &Entry) {
        let (facts, model) = (&mut self.facts, &entry.model);
        facts.price = facts.price.or(model.price);
        facts.context_tokens = facts.context_tokens.or(model.context_tokens);
        facts.max_output_tokens = facts.max_output_tokens.or(model.max_output_tokens);
        if self.refuses.is_none() {
            self.refuses.clone_from(&entry.refuses);
        }
    }

    fn finish(self) -> ModelFacts {
        ModelFacts {
            refuses: self.refuses.unwrap_or_default(),
            ..self.facts
        }
    }
}

fn own_entries(resource: &Resource, spec: &ModelCatalogSpec) -> impl Iterator<Item = Entry> {
    let namespace = resource.id.namespace.clone();
    spec.models.iter().map(move |model| {
        let endpoint = model.endpoint.as_deref();
        let endpoint =
            endpoint.map(|name| ResourceId::from_reference(Kind::ModelEndpoint, &namespace, name));
        Entry::of(model.clone(), endpoint)
    })
}

fn twice(resource: &Resource, entry: &Entry, origin: Origin, first: &Origin) -> Finding {
    let message = format!("`{}` stands twice in the catalogues", entry.model.model);
    let finding = Finding::new(code::GRAPH_AMBIGUOUS, origin, message);
    let hint = format!("it also stands at {first}; keep one of them");
    finding.with_hint(hint).on(&resource.id)
}
