//! The files of a revision to one catalog, file by file.

use super::{
    ParsedFile,
    claims::{Claims, Layer, Place},
    clear_text::{ClearTextPolicy, clear_text_finding},
    variables::Variables,
};
use crate::model::{
    Catalog, Finding, Findings, FindingsBy, Kind, ResourceId, SortedMap, SortedSet,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// How files are joined.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AssembleOptions {
    /// What secrets in clear text mean.
    pub clear_text: ClearTextPolicy,
}

/// One file that came, changed or went.
#[derive(Debug, Clone)]
pub struct FileEdit {
    /// Where it comes from.
    pub layer: Layer,
    /// Its path, unique in its layer.
    pub path: Arc<str>,
    /// What it says now; `None` if it is gone.
    pub parsed: Option<Arc<ParsedFile>>,
}

/// Parsed files joined into a catalog; every finding of every file is kept.
///
/// Clones share their structure, and [`Assembly::update`] costs what the edits touch. The catalog holds what
/// could be read and is only meant to be served when no finding is an error.
#[derive(Debug, Clone)]
pub struct Assembly {
    options: AssembleOptions,
    pub(super) files: SortedMap<(Layer, Arc<str>), Arc<ParsedFile>>,
    /// Who defines what, by identity with the letter case taken out.
    pub(super) claims: SortedMap<ResourceId, Claims>,
    /// How many unreadable documents define a resource.
    pub(super) unreadable: SortedMap<ResourceId, usize>,
    pub(super) variables: Variables,
    pub(super) by_hand: SortedSet<ResourceId>,
    /// The files that say what moved.
    pub(super) moving: SortedSet<(Layer, Arc<str>)>,
    pub(super) catalog: Catalog,
    pub(super) findings: FindingsBy<Topic>,
}

/// What a finding is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Topic {
    File(Layer, Arc<str>),
    /// An identity in lower case.
    Identity(ResourceId),
    /// A secret and the variables that it may be read from.
    Variables(ResourceId),
    /// What moved.
    Moves,
}

impl Default for Assembly {
    fn default() -> Self {
        Self::new(AssembleOptions::default())
    }
}

impl Assembly {
    /// Nothing yet.
    pub fn new(options: AssembleOptions) -> Self {
        Self {
            options,
            files: SortedMap::default(),
            claims: SortedMap::default(),
            unreadable: SortedMap::default(),
            variables: Variables::default(),
            by_hand: SortedSet::default(),
            moving: SortedSet::default(),
            catalog: Catalog::default(),
            findings: FindingsBy::default(),
        }
    }

    /// How its files are joined.
    pub fn options(&self) -> AssembleOptions {
        self.options
    }

    /// Every resource that could be read.
    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    /// Identities that were sent by hand and that the source does not define.
    pub fn by_hand(&self) -> &SortedSet<ResourceId> {
        &self.by_hand
    }

    /// The paths of a layer's files, sorted.
    pub fn files_of(&self, layer: Layer) -> impl Iterator<Item = &Arc<str>> {
        let keys = self.files.range((layer, "".into())..).map(|(key, _)| key);
        keys.take_while(move |(of, _)| *of == layer)
            .map(|(_, path)| path)
    }

    /// What a file says, if there is such a file.
    pub fn file(&self, layer: Layer, path: &Arc<str>) -> Option<&Arc<ParsedFile>> {
        self.files.get(&(layer, path.clone()))
    }

    /// Everything found in the files and between them.
    pub fn findings(&self) -> &Findings {
        self.findings.all()
    }

    /// Makes edits; returns the resources that came, went, became unreadable or were read anew.
    pub fn update(&mut self, edits: impl IntoIterator<Item = FileEdit>) -> BTreeSet<ResourceId> {
        if self.files.is_empty() {
            return self.fill(edits);
        }
        let mut touched = Touched::default();
        for edit in edits {
            self.edit(edit, &mut touched);
        }
        let mut changed = BTreeSet::new();
        for id in touched.unreadable {
            if self.settle_unreadable(&id) {
                changed.insert(id);
            }
        }
        for (folded, before) in touched.claims {
            self.settle_claims(folded, &before, &mut changed);
        }
        self.settle_variables(&changed);
        self.settle_moves(touched.moves, &changed);
        changed
    }

    fn edit(&mut self, edit: FileEdit, touched: &mut Touched) {
        let key = (edit.layer, edit.path.clone());
        if let Some(before) = self.files.get(&key).cloned() {
            if edit
                .parsed
                .as_ref()
                .is_some_and(|now| Arc::ptr_eq(now, &before))
            {
                return;
            }
            self.files.remove_mut(&key);
            touched.moves |= self.moving.remove_mut(&key);
            for (place, resource) in placed(&edit, &before) {
                self.claim(&resource.id, touched, |claims| claims.remove(&place));
            }
            for id in &before.unreadable {
                self.count_unreadable(id, touched, |count| count.saturating_sub(1));
            }
        }
        let mut findings = Vec::new();
        if let Some(parsed) = &edit.parsed {
            for (place, resource) in placed(&edit, parsed) {
                self.claim(&resource.id, touched, |claims| {
                    claims.insert(place, resource.clone());
                });
            }
            for id in &parsed.unreadable {
                self.count_unreadable(id, touched, |count| count + 1);
            }
            findings = self.findings_in(edit.layer, parsed);
            if !parsed.moves.is_empty() {
                touched.moves = true;
                self.moving.insert_mut(key.clone());
            }
            self.files.insert_mut(key, parsed.clone());
        }
        self.findings
            .set(Topic::File(edit.layer, edit.path), findings);
    }

    /// What is wrong with a file by itself.
    pub(super) fn findings_in(&self, layer: Layer, parsed: &ParsedFile) -> Vec<Finding> {
        let mut findings = parsed.findings.clone();
        if layer == Layer::Source {
            let policy = self.options.clear_text;
            let secrets = parsed.resources.iter();
            findings.extend(secrets.filter_map(|one| clear_text_finding(one, policy)));
        }
        findings
    }

    fn claim(&mut self, id: &ResourceId, touched: &mut Touched, change: impl FnOnce(&mut Claims)) {
        let folded = id.folded();
        let mut claims = self.claims.get(&folded).cloned().unwrap_or_default();
        let before = touched.claims.entry(folded.clone());
        before.or_insert_with(|| claims.clone());
        change(&mut claims);
        self.claims.insert_mut(folded, claims);
    }

    fn count_unreadable(
        &mut self,
        id: &ResourceId,
        touched: &mut Touched,
        change: impl FnOnce(usize) -> usize,
    ) {
        let count = self.unreadable.get(id).copied().unwrap_or_default();
        self.unreadable.insert_mut(id.clone(), change(count));
        touched.unreadable.insert(id.clone());
    }

    /// Whether it became unreadable or ceased to be.
    fn settle_unreadable(&mut self, id: &ResourceId) -> bool {
        let is = self.unreadable.get(id).is_some_and(|count| *count > 0);
        let was = self.catalog.is_unreadable(id);
        if is {
            self.catalog.insert_unreadable(id.clone());
        } else {
            self.unreadable.remove_mut(id);
            self.catalog.remove_unreadable(id);
        }
        is != was
    }

    /// Brings the catalog in line with the claims on one identity.
    fn settle_claims(
        &mut self,
        folded: ResourceId,
        before: &Claims,
        changed: &mut BTreeSet<ResourceId>,
    ) {
        let claims = self.claims.get(&folded).cloned().unwrap_or_default();
        if claims.is_empty() {
            self.claims.remove_mut(&folded);
        }
        let (was, now) = (before.winner(), claims.winner());
        if let Some((_, was)) = was
            && now.is_none_or(|(_, now)| now.id != was.id)
        {
            self.catalog.remove(&was.id);
            changed.insert(was.id.clone());
        }
        if let Some((_, now)) = now
            && was.is_none_or(|(_, was)| !Arc::ptr_eq(was, now))
        {
            self.catalog.insert(now.clone());
            changed.insert(now.id.clone());
        }
        if let Some((_, was)) = was {
            self.by_hand.remove_mut(&was.id);
        }
        if let Some((Layer::ByHand, now)) = now {
            self.by_hand.insert_mut(now.id.clone());
        }
        let findings = claims.findings();
        self.findings.set(Topic::Identity(folded), findings);
    }

    /// Two secrets must not be read from the same variable.
    fn settle_variables(&mut self, changed: &BTreeSet<ResourceId>) {
        let secrets = changed.iter().filter(|id| id.kind == Kind::Secret);
        let secrets: Vec<_> = secrets.collect();
        let mut neighbours = BTreeSet::new();
        for id in &secrets {
            neighbours.extend(self.variables.neighbours(id));
        }
        for id in &secrets {
            if self.catalog.get(id).is_some() {
                self.variables.insert(id);
            } else {
                self.variables.remove(id);
            }
        }
        for id in &secrets {
            neighbours.extend(self.variables.neighbours(id));
            neighbours.insert((*id).clone());
        }
        for id in neighbours {
            let secret = self.catalog.get(&id);
            let clash = secret.and_then(|secret| self.variables.clash(secret, &self.catalog));
            self.findings
                .set(Topic::Variables(id), clash.into_iter().collect());
        }
    }
}

/// What the edits of an update touched.
#[derive(Default)]
struct Touched {
    /// The claims as they were.
    claims: BTreeMap<ResourceId, Claims>,
    unreadable: BTreeSet<ResourceId>,
    /// Whether any file that says what moved.
    moves: bool,
}

fn placed<'a>(
    edit: &FileEdit,
    parsed: &'a ParsedFile,
) -> impl Iterator<Item = (Place, &'a Arc<crate::model::Resource>)> {
    let (layer, path) = (edit.layer, edit.path.clone());
    let resources = parsed.resources.iter().enumerate();
    resources.map(move |(index, resource)| {
        let path = path.clone();
        (Place { layer, path, index }, resource)
    })
}

/// Joins files in the order given, as one step.
pub fn assemble<'a>(
    files: impl IntoIterator<Item = &'a Arc<ParsedFile>>,
    options: AssembleOptions,
) -> (Catalog, Findings) {
    let mut assembly = Assembly::new(options);
    let edits = files
        .into_iter()
        .enumerate()
        .map(|(index, parsed)| FileEdit {
            layer: Layer::Source,
            path: format!("{index:010}").into(),
            parsed: Some(parsed.clone()),
        });
    assembly.update(edits);
    let findings = assembly.findings().clone();
    (assembly.catalog, findings)
}
