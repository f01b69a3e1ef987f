//! Findings with their source lines, for the terminal.

use super::{
    line::{Lines, byte_range},
    reported::{Level, Reported},
};
use crate::{
    cli::text::{printable, wrap},
    reconcile::SourceFileMap,
};
use annotate_snippets::{
    AnnotationKind, Group, Level as Mark, Origin, Renderer, Snippet, renderer::DecorStyle,
};

/// Columns that `= help: ` and the gutter before it take with three-digit line numbers.
const HELP_INDENT: usize = 14;

/// The texts of files, by path.
#[derive(Debug, Default)]
pub(crate) struct Sources(SourceFileMap);

impl Sources {
    /// The texts of files that were gathered.
    pub(crate) fn of(files: SourceFileMap) -> Self {
        Self(files)
    }

    fn find(&self, file: &str) -> Option<&str> {
        std::str::from_utf8(&self.0.get(file)?.content).ok()
    }
}

/// The findings one after the other, each with its line if its file is at hand.
pub(crate) fn to_text(
    findings: &[Reported],
    sources: &Sources,
    width: usize,
    color: bool,
) -> String {
    let renderer = if color {
        Renderer::styled()
    } else {
        Renderer::plain()
    };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(width);
    let mut out = String::new();
    // Findings come sorted by file.
    for findings in findings.chunk_by(|one, next| one.file == next.file) {
        let file = findings.first().and_then(|one| sources.find(&one.file));
        let lines = file.map(Lines::of);
        for finding in findings {
            out.push_str(&renderer.render(&[group(finding, lines.as_ref(), width)]));
            out.push_str("\n\n");
        }
    }
    out
}

fn group<'a>(finding: &'a Reported, lines: Option<&Lines<'a>>, width: usize) -> Group<'a> {
    let (mark, word) = match finding.severity {
        Level::Error => (Mark::ERROR, "error"),
        Level::Warning => (Mark::WARNING, "warning"),
        Level::Note => (Mark::NOTE, "note"),
    };
    // `error[E-REF-MISSING]: `; the following lines are aligned behind it.
    let before = word.len() + finding.code.len() + "[]: ".len();
    let room = width.saturating_sub(before).max(20);
    let message = wrap(&printable(&finding.message), room, room);
    let group = mark.primary_title(message).id(finding.code.as_str());
    let group = match snippet(finding, lines) {
        Some(snippet) => group.element(snippet),
        None => group.element(origin(finding)),
    };
    match &finding.hint {
        Some(hint) => {
            let room = width.saturating_sub(HELP_INDENT).max(20);
            let hint = wrap(&printable(hint), room, room);
            group.element(Mark::HELP.message(hint))
        }
        None => group,
    }
}

fn snippet<'a>(
    finding: &'a Reported,
    lines: Option<&Lines<'a>>,
) -> Option<Snippet<'a, annotate_snippets::Annotation<'a>>> {
    if finding.is_about_file() {
        return None;
    }
    let line = lines?.shown(finding.line, &finding.code)?;
    let end = if finding.end_line > finding.line {
        usize::MAX - 1
    } else {
        finding.end_column
    };
    let marked = byte_range(&line, finding.column, end);
    let snippet = Snippet::source(line)
        .line_start(finding.line)
        .path(finding.file.as_str())
        .annotation(AnnotationKind::Primary.span(marked));
    Some(snippet)
}

fn origin(finding: &Reported) -> Origin<'_> {
    let origin = Origin::path(finding.file.as_str());
    if finding.is_about_file() {
        return origin;
    }
    origin.line(finding.line).char_column(finding.column)
}
