//! One file to resources and findings.

use super::{
    coerce::coerce,
    decode::{self, Draft},
    kinds::Form,
    limits::MAX_FINDINGS,
    loader::{Loaded, load},
    mend,
    metadata::read_metadata,
    moved::{is_moved, read_moved},
    negative, newer,
    node::{Data, Node, Scalar},
    quirks, repeats, schema,
    sealed_file::{self, is_sealed_file},
    server_fields,
    sops::{self, Recognised},
    split, stray,
    suggest::did_you_mean,
    text::read_text,
    tidy,
    violations::{self, Checked},
};
use crate::model::{
    DEFAULT_NAMESPACE, Finding, Kind, MoveEntry, Origin, Position, Resource, ResourceId, Severity,
    Span, code, spec::SealedFile,
};
use std::{cell::OnceCell, collections::HashSet, sync::Arc};

/// What one file says. Depends on its path and bytes alone.
#[derive(Debug, Default)]
pub struct ParsedFile {
    /// The resources that could be read whole, in file order.
    pub resources: Vec<Arc<Resource>>,
    /// The resources that could not be read whole: whoever refers to them is not to blame.
    pub unreadable: Vec<ResourceId>,
    /// What it says is called otherwise now, in file order.
    pub moves: Vec<MoveEntry>,
    /// What is wrong, in file order.
    pub findings: Vec<Finding>,
    /// How many keys, values, lists and mappings the file holds, as far as it was read.
    pub values: usize,
}

/// Reads a manifest file: YAML or JSON, one document or many.
///
/// Never fails: what cannot be read is a finding, and the rest of the file is still reported.
pub fn parse_file(file: &Arc<str>, bytes: &[u8]) -> ParsedFile {
    parse(file, bytes, Reading::Strict)
}

/// Reads a manifest file that was live once. A stricter version may refuse what an earlier one accepted:
/// the same findings say so, and a resource that can be made out at all is among the resources.
pub fn parse_kept_file(file: &Arc<str>, bytes: &[u8]) -> ParsedFile {
    parse(file, bytes, Reading::Kept)
}

/// What becomes of a document with an error.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    /// It is no resource.
    Strict,
    /// It is one if it can be decoded.
    Kept,
}

/// How a document is read.
struct How {
    /// Whether its YAML was mended on the way.
    mended: bool,
    reading: Reading,
    /// The file that its values are sealed in.
    sealed: Option<Box<SealedFile>>,
}

fn parse(file: &Arc<str>, bytes: &[u8], reading: Reading) -> ParsedFile {
    if is_sealed_file(file) {
        return sealed_file::parse_age(file, bytes);
    }
    let text = match read_text(file, bytes) {
        Ok(text) => text,
        Err(finding) => {
            return ParsedFile {
                findings: vec![*finding],
                ..ParsedFile::default()
            };
        }
    };
    let loaded = load(file, text);
    let sops = match sops::recognise(file, text, &loaded.documents) {
        Recognised::No => None,
        Recognised::Values(sops) => Some(sops),
        Recognised::Whole(sealed) => return sealed_file::opaque(file, sealed),
        Recognised::Refused(finding) => return refused(loaded, finding),
    };
    let mut parsed = ParsedFile {
        findings: loaded.findings,
        values: loaded.values,
        ..ParsedFile::default()
    };
    let stand_ins = stand_ins(&parsed.findings);
    let is_mended: HashSet<usize> = loaded.mended.into_iter().collect();
    let secrets = loaded.documents.iter().filter_map(secret_values);
    let secrets: Vec<_> = secrets.collect();
    for (number, mut document) in loaded.documents.into_iter().enumerate() {
        let mut found = Vec::new();
        let mended = is_mended.contains(&number);
        if is_moved(&document) && !mended {
            let mut moves = read_moved(file, &document, &mut parsed.findings);
            parsed.moves.append(&mut moves);
            continue;
        }
        let sealed = match &sops {
            None => None,
            Some(sops) => sops.take(number, &mut document, &mut found),
        };
        let is_read = sops.is_none() || sealed.is_some();
        let how = How {
            mended,
            reading,
            sealed,
        };
        let resource = if is_read {
            read_document(file, &mut document, how, &mut found)
        } else {
            None
        };
        let clean = found
            .iter()
            .all(|finding| finding.severity != Severity::Error);
        let usable = clean || reading == Reading::Kept;
        // A document whose YAML was mended on the way is reported, not used.
        if mended {
            // What is only about a stand-in is a consequence.
            found.retain(|finding| !stand_ins.contains(&finding.origin.span.start));
        }
        parsed.findings.append(&mut found);
        match resource.filter(|_| usable && !mended) {
            Some(resource) => parsed.resources.push(Arc::new(resource)),
            None => parsed.unreadable.extend(declared(&document)),
        }
    }
    let lost = loaded.lost.iter().filter_map(|text| split::guess(text));
    parsed.unreadable.extend(lost);
    if reading == Reading::Strict {
        parsed.findings.extend(stray::find(file, text, &secrets));
    }
    parsed.findings.sort();
    shorten(file, &mut parsed.findings);
    parsed
}

/// A file whose documents are not used.
fn refused(loaded: Loaded<'_>, finding: Finding) -> ParsedFile {
    let mut findings = loaded.findings;
    findings.push(finding);
    findings.sort();
    ParsedFile {
        unreadable: loaded.documents.iter().filter_map(declared).collect(),
        findings,
        values: loaded.values,
        ..ParsedFile::default()
    }
}

/// Where something stands in for what YAML's own rules refuse.
fn stand_ins(of_yaml: &[Finding]) -> HashSet<Position> {
    let codes = [
        code::YAML_ALIAS,
        code::YAML_KEY,
        code::YAML_MERGE,
        code::YAML_TAG,
    ];
    let found = of_yaml.iter().filter(|one| codes.contains(&one.code));
    found.map(|one| one.origin.span.start).collect()
}

/// Where a Secret's own values stand: what is wrong with them is said by others.
fn secret_values(document: &Node) -> Option<Span> {
    let kind = document.entry("kind")?.value.as_text()?;
    (kind.trim() == Kind::Secret.as_str()).then_some(document.entry("spec")?.value.span)
}

/// Who a document says it is, however wrong the rest of it may be.
fn declared(document: &Node) -> Option<ResourceId> {
    let form = Form::from_manifest(document.entry("kind")?.value.as_text()?)?;
    let metadata = &document.entry("metadata")?.value;
    let namespace = metadata
        .entry("namespace")
        .and_then(|entry| entry.value.as_text());
    let namespace = namespace
        .map(str::trim)
        .filter(|namespace| !namespace.is_empty());
    let name = metadata.entry("name")?.value.as_text()?.trim();
    Some(ResourceId::new(
        form.kind(),
        namespace.unwrap_or(DEFAULT_NAMESPACE),
        name,
    ))
}

/// Keeps the first [`MAX_FINDINGS`] and says that there are more.
fn shorten(file: &Arc<str>, findings: &mut Vec<Finding>) {
    if findings.len() > MAX_FINDINGS {
        findings.truncate(MAX_FINDINGS);
        let message = format!("the file has more than the {MAX_FINDINGS} problems that are listed");
        findings.push(Finding::new(
            code::LIMIT_FINDINGS,
            Origin::file(file),
            message,
        ));
    }
}

fn read_document(
    file: &Arc<str>,
    node: &mut Node,
    how: How,
    findings: &mut Vec<Finding>,
) -> Option<Resource> {
    if node.is_null() {
        return None;
    }
    let at = |span: Span| Origin {
        file: file.clone(),
        span,
    };
    if node.entries().is_none() {
        let message =
            "this is not a manifest: a manifest is a mapping with `kind`, `metadata` and `spec`";
        findings.push(Finding::new(code::FIELD_TYPE, at(node.span), message));
        return None;
    }
    let form = match read_form(file, node) {
        Ok(form) => form,
        Err(finding) => {
            findings.push(*finding);
            return None;
        }
    };
    findings.extend(check_api_version(file, node, form));
    set_text(node, "kind", form.name());
    set_text(node, "apiVersion", form.api_version());
    quirks::rewrite(form, node);
    let compiled = schema::compiled(form);
    coerce(file, node, &compiled.shape, findings);
    let positions = node.positions();
    let checked = Checked {
        file,
        name: form.name(),
        quotes_values: form.kind() != Kind::Secret,
        node,
        json: OnceCell::new(),
        positions: &positions,
        span: node.span,
    };
    negative::check(file, form, node, findings);
    repeats::check(file, form, node, findings);
    server_fields::check(file, node, findings);
    // A mended document may hold a key twice, of which JSON keeps one.
    let check = if how.mended {
        violations::explain
    } else {
        violations::check
    };
    let violations = check(&checked, compiled);
    let valid = violations.findings.is_empty();
    findings.extend(explain_removed(violations.findings, form));
    let mut unique;
    let node = if how.mended {
        unique = mend::without_repeats(node);
        &mut unique
    } else {
        node
    };
    let metadata = read_metadata(file, node, findings)?;
    let mut draft = Draft {
        file,
        form,
        metadata,
        positions,
        span: node.span,
        sealed: how.sealed,
    };
    if !valid && how.reading == Reading::Kept {
        // The schema has said what is wrong; what the rest of the checks say of it is a consequence.
        let rest = mend::without_wrong(node, &violations.faults);
        return decode::decode(draft, &rest, &mut Vec::new());
    }
    if !valid {
        findings.extend(mend::independent(draft, node, &violations.faults));
        return None;
    }
    // Places of list items are looked up as they are numbered after normalising.
    if tidy::tidy(form, node) {
        draft.positions = node.positions();
    }
    decode::decode(draft, node, findings)
}

/// Finds what kind of document it is.
fn read_form(file: &Arc<str>, node: &Node) -> Result<Form, Box<Finding>> {
    let at = |span: Span| Origin {
        file: file.clone(),
        span,
    };
    let start = Span {
        start: node.span.start,
        end: node.span.start,
    };
    let written = node.entry("kind").filter(|entry| !entry.value.is_null());
    let Some(entry) = written else {
        let finding = Finding::new(
            code::FIELD_KIND,
            at(start),
            "this is not a manifest: `kind` is missing",
        );
        return Err(Box::new(finding.with_hint(
            "keep files that are not manifests out: name them in `.orlojignore`, or sync only `--path`",
        )));
    };
    let Some(kind) = entry.value.as_text() else {
        let origin = at(entry.value.span);
        let finding = Finding::new(code::FIELD_TYPE, origin, "`kind` must be text");
        return Err(Box::new(finding));
    };
    Form::from_manifest(kind).ok_or_else(|| Box::new(no_form(kind, at(entry.value.span))))
}

/// Why a `kind` names no form.
fn no_form(kind: &str, origin: Origin) -> Finding {
    if let Some(message) = newer::kind(kind) {
        return Finding::new(code::KIND_UNSERVED, origin, message)
            .with_hint("keep it outside the paths that are synced");
    }
    let hint = did_you_mean(kind, schema::names()).map_or_else(
        || {
            let names: Vec<_> = schema::names().collect();
            format!("the kinds are: {}", names.join(", "))
        },
        |near| format!("did you mean `{near}`?"),
    );
    let message = format!("`{kind}` is not a known kind");
    Finding::new(code::FIELD_KIND, origin, message).with_hint(hint)
}

fn check_api_version(file: &Arc<str>, node: &Node, form: Form) -> Option<Finding> {
    let entry = node.entry("apiVersion")?;
    let message = match entry.value.as_text().map(str::trim) {
        None if entry.value.is_null() => return None,
        None => "`apiVersion` must be text".to_owned(),
        Some(written) if written.is_empty() || written == form.api_version() => return None,
        Some(written) => format!("`{written}` is not an apiVersion of {}", form.name()),
    };
    let origin = Origin {
        file: file.clone(),
        span: entry.value.span,
    };
    let hint = format!("write `apiVersion: {}`", form.api_version());
    Some(Finding::new(code::FIELD_API_VERSION, origin, message).with_hint(hint))
}

/// Overwrites a top-level text with its canonical spelling; its own check has been made.
fn set_text<'t>(node: &mut Node<'t>, key: &str, text: &'t str) {
    if let Some(value) = node.at_mut(&[key]) {
        value.data = Data::Scalar {
            text: text.into(),
            scalar: Scalar::Text,
        };
    }
}

/// Fields that the format once had say so, instead of "unknown".
fn explain_removed(mut violations: Vec<Finding>, form: Form) -> Vec<Finding> {
    for finding in &mut violations {
        if form == Form::Native(Kind::Agent)
            && finding
                .message
                .starts_with("`model` is not a field of Agent.spec")
        {
            finding.code = code::FIELD_REMOVED;
            "`spec.model` has been removed; use `spec.model_ref`".clone_into(&mut finding.message);
            finding.hint =
                Some("name a ModelEndpoint; its `default_model` is what the agent calls".into());
        }
    }
    violations
}
