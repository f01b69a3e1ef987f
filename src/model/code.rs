//! The stable identifiers of findings, and what each means.

use super::Severity;
use std::fmt;

/// A finding's stable identifier, such as `E-REF-MISSING`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(&'static str);

impl Code {
    /// The text users see and tools match.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// `E-…` is an error, everything else a warning; what is only worth knowing is a note.
    pub fn severity(self) -> Severity {
        if self == KIND_NOT_SERVED || self == SECRET_MOUNTED {
            Severity::Note
        } else if self.0.starts_with("E-") {
            Severity::Error
        } else {
            Severity::Warning
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.0)
    }
}

/// Declares each code once, with the sentence that explains it.
macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $text:literal;)+) => {
        $($(#[doc = $doc])+ pub const $name: Code = Code($text);)+

        /// Every code with its explanation, in the order of this file.
        pub const ALL: &[(Code, &str)] = &[$(($name, concat!($($doc),+))),+];
    };
}

codes! {
    /// The text is not YAML.
    YAML_SYNTAX = "E-YAML-SYNTAX";
    /// The file is not UTF-8 or holds a NUL.
    YAML_ENCODING = "E-YAML-ENCODING";
    /// Anchors and aliases are not read; write the value out.
    YAML_ALIAS = "E-YAML-ALIAS";
    /// Tags such as `!include` are not read.
    YAML_TAG = "E-YAML-TAG";
    /// Merge keys (`<<`) are not read; write the fields out.
    YAML_MERGE = "E-YAML-MERGE";
    /// A key stands twice in one mapping.
    YAML_DUPLICATE_KEY = "E-YAML-DUPLICATE-KEY";
    /// A mapping key is not text.
    YAML_KEY = "E-YAML-KEY";
    /// A number is not finite or too large to be exact.
    YAML_NUMBER = "E-YAML-NUMBER";
    /// A field that the kind does not have.
    FIELD_UNKNOWN = "E-FIELD-UNKNOWN";
    /// A field that the kind needs is missing.
    FIELD_REQUIRED = "E-FIELD-REQUIRED";
    /// A field holds a value of another type.
    FIELD_TYPE = "E-FIELD-TYPE";
    /// A field holds a value outside its list.
    FIELD_ENUM = "E-FIELD-ENUM";
    /// A text field does not have its form.
    FIELD_FORMAT = "E-FIELD-FORMAT";
    /// A number is outside its range.
    FIELD_RANGE = "E-FIELD-RANGE";
    /// A number below 0 counts as if it were not set.
    FIELD_NEGATIVE = "W-FIELD-NEGATIVE";
    /// A field that the server sets does not have its form; it is ignored.
    FIELD_SERVER = "W-FIELD-SERVER";
    /// The kind is not known.
    FIELD_KIND = "E-FIELD-KIND";
    /// The `apiVersion` does not fit the kind.
    FIELD_API_VERSION = "E-FIELD-API-VERSION";
    /// The name or namespace is not allowed.
    FIELD_NAME = "E-FIELD-NAME";
    /// The name is a path of the server's own.
    FIELD_RESERVED = "E-FIELD-RESERVED";
    /// The field was removed from the format.
    FIELD_REMOVED = "E-FIELD-REMOVED";
    /// Two fields cannot stand together, or one needs another.
    FIELD_CONFLICT = "E-FIELD-CONFLICT";
    /// The document passes its schema and still cannot be read.
    SCHEMA_DECODE = "E-SCHEMA-DECODE";
    /// A reference names a resource that does not exist.
    REF_MISSING = "E-REF-MISSING";
    /// A reference names a secret that no file defines; it must come from elsewhere.
    REF_SECRET = "W-REF-SECRET";
    /// A reference names a value that its secret does not hold.
    REF_SECRET_KEY = "W-REF-SECRET-KEY";
    /// References run in a circle.
    GRAPH_CYCLE = "E-GRAPH-CYCLE";
    /// Two resources claim the same name with equal right.
    GRAPH_AMBIGUOUS = "E-GRAPH-AMBIGUOUS";
    /// The same resource is defined twice.
    GRAPH_DUPLICATE = "E-GRAPH-DUPLICATE";
    /// An alias points at another alias as plain text.
    GRAPH_ALIAS_CHAIN = "E-GRAPH-ALIAS-CHAIN";
    /// A system's graph does not hold together.
    GRAPH_SYSTEM = "E-GRAPH-SYSTEM";
    /// A secret in clear text in Git.
    SECRET_PLAINTEXT = "E-SECRET-PLAINTEXT";
    /// A secret in clear text, allowed by the operator.
    SECRET_PLAINTEXT_ALLOWED = "W-SECRET-PLAINTEXT";
    /// A sealed value is not armored age text, or a sealed file is not in the form of SOPS or age.
    SECRET_SEALED = "E-SECRET-SEALED";
    /// No identity at hand opens a sealed value.
    SECRET_OPEN = "E-SECRET-OPEN";
    /// A sealed value stands elsewhere than where it was sealed for.
    SECRET_BINDING = "E-SECRET-BINDING";
    /// A sealed value does not say where it may be used: it opens anywhere it is copied to.
    SECRET_UNBOUND = "W-SECRET-UNBOUND";
    /// A file in which even kinds and names are sealed: what it holds is only known where a key is at hand.
    SECRET_OPAQUE = "W-SECRET-OPAQUE";
    /// An endpoint would send a secret to a host that the secret is not for.
    SECRET_EGRESS = "E-SECRET-EGRESS";
    /// What was sent by hand sends a secret to a host that it was not sent to before.
    SECRET_SENT = "W-SECRET-EGRESS";
    /// A secret is defined by a manifest and by a variable of the daemon's environment, with different values.
    SECRET_TWICE = "W-SECRET-TWICE";
    /// The file of the daemon's that gives a secret's value gives none.
    SECRET_FILE = "W-SECRET-FILE";
    /// A secret's value is in a file of the daemon's machine: only there can it be seen whether it is there.
    SECRET_MOUNTED = "W-SECRET-MOUNTED";
    /// The secret's environment variable belongs to a flag or to another secret.
    SECRET_RESERVED = "E-SECRET-RESERVED";
    /// A value is not padded base64.
    SECRET_BASE64 = "E-SECRET-BASE64";
    /// A secret without values.
    SECRET_EMPTY = "W-SECRET-EMPTY";
    /// The secret key of an age identity stands in the file.
    SECRET_IDENTITY = "E-SECRET-IDENTITY";
    /// Something that looks like a credential stands outside of a Secret.
    SECRET_STRAY = "W-SECRET-STRAY";
    /// A value is sealed for one recipient: if that key is lost, so is the value.
    SECRET_ONE_RECIPIENT = "W-SECRET-ONE-RECIPIENT";
    /// A key file can be read or changed by others than its owner.
    SECRET_KEY_FILE = "W-SECRET-KEY-FILE";
    /// A secret that nothing refers to.
    SECRET_UNUSED = "W-SECRET-UNUSED";
    /// An alias is called like a model, an endpoint or `ENDPOINT/MODEL`, or fits a model, and comes first.
    ALIAS_SHADOWS = "W-ALIAS-SHADOWS";
    /// An alias whose name something else takes first.
    ALIAS_UNREACHABLE = "W-ALIAS-UNREACHABLE";
    /// A target of a policy that does not exist, or a tool that it blocks and no file defines.
    POLICY_TARGET = "W-POLICY-TARGET";
    /// A model that a policy allows and that no endpoint offers.
    POLICY_MODEL = "W-POLICY-MODEL";
    /// A policy that applies to nothing, or limits nothing.
    POLICY_INERT = "W-POLICY-INERT";
    /// A policy denies an agent of the same repository, one of its fallbacks or one of its tools.
    POLICY_DENIES = "W-POLICY-DENIES";
    /// A resource that is protected would be pruned.
    POLICY_PROTECTED = "E-POLICY-PROTECTED";
    /// A commit or tag that must be signed (`verify`) is not.
    POLICY_UNSIGNED = "E-POLICY-UNSIGNED";
    /// A commit or tag is signed, but not as `verify` wants it: by somebody else, or the signature does not fit.
    POLICY_SIGNATURE = "E-POLICY-SIGNATURE";
    /// What has moved, by a `moved:` entry, is still defined.
    MOVED_FROM = "E-REF-MOVED-FROM";
    /// A resource would be pruned that a `moved:` entry says has moved: nothing is where it went.
    MOVED_TO = "E-REF-MOVED-TO";
    /// Nothing is where a `moved:` entry leads.
    MOVED_NOWHERE = "W-REF-MOVED-TO";
    /// Two `moved:` entries say different things of one resource.
    MOVED_TWICE = "E-REF-MOVED-TWICE";
    /// A `moved:` entry makes another kind of a resource.
    MOVED_KIND = "E-REF-MOVED-KIND";
    /// `moved:` entries lead in a circle.
    MOVED_CYCLE = "E-GRAPH-MOVED-CYCLE";
    /// The provider is not one this version can call.
    ENDPOINT_PROVIDER = "W-ENDPOINT-PROVIDER";
    /// The provider needs a key and the endpoint names none.
    ENDPOINT_KEY = "W-ENDPOINT-KEY";
    /// A key travels to another machine over plain http; to a public host it would, and is not sent.
    ENDPOINT_PLAIN_KEY = "W-ENDPOINT-PLAIN-KEY";
    /// The kind is known upstream or planned, and this version does not read it.
    KIND_UNSERVED = "E-FIELD-KIND-UNSERVED";
    /// Kinds that are validated and not served by this version.
    KIND_NOT_SERVED = "W-KIND-UNSERVED";
    /// A field or value that upstream has since a version that is newer than supported.
    FIELD_NEWER = "E-FIELD-NEWER";
    /// A text in a list ends in a colon and is not quoted.
    YAML_COLON = "W-YAML-COLON";
    /// A schedule or webhook names a task that is not a template.
    REF_TEMPLATE = "E-REF-TEMPLATE";
    /// An embedding model that is no endpoint of the repository.
    REF_EMBEDDING = "W-REF-EMBEDDING";
    /// A file is larger than what is read.
    LIMIT_FILE_SIZE = "E-LIMIT-FILE-SIZE";
    /// A document nests deeper than what is read.
    LIMIT_DEPTH = "E-LIMIT-DEPTH";
    /// A file holds more nodes than what is read.
    LIMIT_NODES = "E-LIMIT-NODES";
    /// A file has more problems than what is listed.
    LIMIT_FINDINGS = "E-LIMIT-FINDINGS";
    /// The tree holds more files than what is read.
    LIMIT_FILES = "E-LIMIT-FILES";
    /// The tree holds more bytes than what is read.
    LIMIT_TOTAL_SIZE = "E-LIMIT-TOTAL-SIZE";
    /// The manifests hold more values together than what is read.
    LIMIT_VALUES = "E-LIMIT-VALUES";
    /// The manifests describe more resources together than what is read.
    LIMIT_OBJECTS = "E-LIMIT-OBJECTS";
    /// The tree nests deeper than what is read.
    LIMIT_TREE_DEPTH = "E-LIMIT-TREE-DEPTH";
    /// Symlinks are not read.
    LIMIT_SYMLINK = "E-LIMIT-SYMLINK";
    /// Submodules are not read.
    LIMIT_SUBMODULE = "E-LIMIT-SUBMODULE";
    /// A file name that cannot be shown safely.
    LIMIT_FILE_NAME = "E-LIMIT-FILE-NAME";
    /// A line of `.orlojignore` is not a pattern, or the file cannot be read.
    LIMIT_IGNORE = "E-LIMIT-IGNORE";
    /// The tree holds no manifest at all.
    SOURCE_EMPTY = "E-LIMIT-EMPTY";
    /// A resource sent by hand that Git manages, or the other way round.
    REF_MANAGED = "E-REF-MANAGED";
}
