//! Files to a catalog where nothing was: sorted once, instead of each finding its place.

use super::{
    ParsedFile,
    assemble::{Assembly, FileEdit, Topic},
    claims::{Claims, Layer, Place},
};
use crate::model::{Kind, Resource, ResourceId};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A document by the identity that it claims, in lower case.
type Document = (ResourceId, Place, Arc<Resource>);

impl Assembly {
    /// Takes the first files; comes to what editing them in one by one does.
    pub(super) fn fill(
        &mut self,
        edits: impl IntoIterator<Item = FileEdit>,
    ) -> BTreeSet<ResourceId> {
        // Of several edits of one file the last counts.
        let files: BTreeMap<_, _> = edits
            .into_iter()
            .map(|edit| ((edit.layer, edit.path), edit.parsed))
            .collect();
        let mut documents = Vec::with_capacity(files.len());
        let mut unreadable: BTreeMap<_, usize> = BTreeMap::new();
        for ((layer, path), parsed) in files {
            let Some(parsed) = parsed else {
                continue;
            };
            documents.extend(documents_of(layer, &path, &parsed));
            for id in &parsed.unreadable {
                *unreadable.entry(id.clone()).or_default() += 1;
            }
            let findings = self.findings_in(layer, &parsed);
            if !findings.is_empty() {
                self.findings
                    .set(Topic::File(layer, path.clone()), findings);
            }
            if !parsed.moves.is_empty() {
                self.moving.insert_mut((layer, path.clone()));
            }
            self.files.insert_mut((layer, path), parsed);
        }
        let mut changed: Vec<_> = unreadable.keys().cloned().collect();
        for (id, count) in unreadable {
            self.catalog.insert_unreadable(id.clone());
            self.unreadable.insert_mut(id, count);
        }
        // Places ascend already, and a stable sort leaves them so within an identity.
        documents.sort_by(|(one, ..), (other, ..)| one.cmp(other));
        let mut documents = documents.into_iter().peekable();
        while let Some((folded, place, resource)) = documents.next() {
            let mut claims = Claims::One(place, resource);
            while let Some((_, place, resource)) = documents.next_if(|(id, ..)| *id == folded) {
                claims.insert(place, resource);
            }
            changed.extend(self.settle_new(&folded, &claims));
            self.claims.insert_mut(folded, claims);
        }
        self.fill_variables();
        let changed = changed.into_iter().collect();
        self.settle_moves(!self.moving.is_empty(), &changed);
        changed
    }

    /// Puts the winner of new claims into the catalog.
    fn settle_new(&mut self, folded: &ResourceId, claims: &Claims) -> Option<ResourceId> {
        let (layer, winner) = claims.winner()?;
        self.catalog.insert(winner.clone());
        if layer == Layer::ByHand {
            self.by_hand.insert_mut(winner.id.clone());
        }
        let findings = claims.findings();
        if !findings.is_empty() {
            self.findings.set(Topic::Identity(folded.clone()), findings);
        }
        Some(winner.id.clone())
    }

    fn fill_variables(&mut self) {
        let secrets = self.catalog.of_kind(Kind::Secret);
        for secret in secrets {
            self.variables.insert(&secret.id);
        }
        for secret in self.catalog.of_kind(Kind::Secret) {
            if let Some(clash) = self.variables.clash(secret, &self.catalog) {
                let topic = Topic::Variables(secret.id.clone());
                self.findings.set(topic, vec![clash]);
            }
        }
    }
}

fn documents_of<'a>(
    layer: Layer,
    path: &'a Arc<str>,
    parsed: &'a ParsedFile,
) -> impl Iterator<Item = Document> + 'a {
    let resources = parsed.resources.iter().enumerate();
    resources.map(move |(index, resource)| {
        let path = path.clone();
        let place = Place { layer, path, index };
        (resource.id.folded(), place, resource.clone())
    })
}
