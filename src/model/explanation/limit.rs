//! Codes of what is too large, too deep or not read at all.

use super::{Entry, situation};
use crate::model::code;

pub(super) const TABLE: &[Entry] = &[
    situation(
        code::LIMIT_FILE_SIZE,
        "a manifest of 2 MiB; at most 1 MiB is read.",
        "Split the file: one file may hold one resource or many.",
    ),
    situation(
        code::LIMIT_DEPTH,
        "a document with lists or mappings inside one another more than 64 times.",
        "Flatten it; no kind needs a tenth of that.",
    ),
    situation(
        code::LIMIT_NODES,
        "a file with more than 200,000 keys, values and lists.",
        "Split the file.",
    ),
    situation(
        code::LIMIT_FINDINGS,
        "a file with more than 1,000 problems; the first 1,000 are listed.",
        "Correct those that are listed and check again. If the file is no manifest, name it in `.orlojignore`.",
    ),
    situation(
        code::LIMIT_FILES,
        "a repository with more than 200,000 manifests, or with more than a million files of any sort.",
        "Name only the directories that hold manifests (`--path`), or leave the others out in `.orlojignore`.",
    ),
    situation(
        code::LIMIT_TOTAL_SIZE,
        "manifests of more than 256 MiB together.",
        "Name only the directories that hold manifests (`--path`), or leave the others out in `.orlojignore`.",
    ),
    situation(
        code::LIMIT_VALUES,
        "manifests with more than 13 million keys, values and lists together.",
        "Name only the directories that hold manifests (`--path`), or leave the others out in `.orlojignore`.",
    ),
    situation(
        code::LIMIT_OBJECTS,
        "manifests of more than 500,000 resources together.",
        "Name only the directories that hold manifests (`--path`), or raise `limits.objects` in `orloj.yaml`.",
    ),
    situation(
        code::LIMIT_TREE_DEPTH,
        "a directory 33 levels below the top; 32 are read.",
        "Move it up, or leave it out in `.orlojignore`.",
    ),
    situation(
        code::LIMIT_SYMLINK,
        "`agents/writer.yaml` is a symbolic link to another file or directory.",
        "Replace the link by a copy, or leave it out in `.orlojignore`.",
    ),
    situation(
        code::LIMIT_SUBMODULE,
        "`vendor/models` is a Git submodule.",
        "Copy the manifests in, make the submodule a source of its own, or leave it out in `.orlojignore`.",
    ),
    situation(
        code::LIMIT_FILE_NAME,
        "a manifest whose name holds a line break, a backslash or bytes that are not UTF-8.",
        "Rename the file.",
    ),
    situation(
        code::LIMIT_IGNORE,
        "`.orlojignore` holds the line `[z-a]`, is larger than 16 KiB, or is a symbolic link.",
        "Write one pattern a line, as in `.gitignore`; a line that starts with `#` is a comment.",
    ),
    situation(
        code::SOURCE_EMPTY,
        "a repository without any *.yaml, *.yml or *.json file below the configured paths.",
        "Check `--ref`, `--path` and `.orlojignore`. An empty set is never taken to mean \"delete everything\".",
    ),
];
