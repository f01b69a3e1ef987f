//! `semver:RANGE`, and `semver:PREFIX:RANGE`: tags that are versions, and which of them is followed.

use super::{
    text::safe,
    version_tags::{TAGS, begins_a_tag, tagged},
};
use semver::{Prerelease, Version};
use std::{cmp::Ordering, fmt};

/// What stands before a range where a reference is named. No reference can hold a `:`.
const PREFIX: &str = "semver:";

/// Longest range in bytes.
const MAX_RANGE_BYTES: usize = 255;

/// Why a text is not a range of versions.
#[derive(Debug, thiserror::Error)]
#[error(
    "`{shown}` is not a range of versions: {why}; write one such as `>=1.2 <2`, `~1.4`, `1.x` or `^1 || ^2`"
)]
pub struct VersionRangeError {
    shown: String,
    why: String,
}

/// Which versions may be served: any of some alternatives, each of which bounds from below and above.
///
/// Ranges: `=`, `!=`, `>`, `>=`, `<`, `<=`, `~`, `^`, `x` or `*` for any number, a missing number for any,
/// `A - B`, blanks or commas between bounds that all hold, `||` between alternatives. A version with a
/// pre-release fits only an alternative that names one, such as `>=1.2.0-0`.
///
/// Order: <https://semver.org/#spec-item-11>; build metadata does not count.
#[derive(Debug, Clone)]
pub struct VersionRange {
    text: String,
    /// What stands before the version in a tag, such as `app/`.
    tag_prefix: String,
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone, Default)]
struct Alternative {
    bounds: Vec<Bounds>,
    names_prerelease: bool,
}

/// Versions from `lower` on and below `upper`, or just the others.
#[derive(Debug, Clone)]
struct Bounds {
    lower: Option<Edge>,
    upper: Option<Edge>,
    negated: bool,
}

/// One end of bounds.
#[derive(Debug, Clone)]
struct Edge {
    version: Version,
    /// Whether the version itself is within.
    included: bool,
}

/// A version of which the end may be missing.
struct Partial {
    numbers: Vec<u64>,
    prerelease: Prerelease,
}

impl VersionRange {
    /// Reads what follows `semver:` in the name of a reference; `None` for a reference of another sort.
    ///
    /// # Errors
    ///
    /// - [`VersionRangeError`] with what is wrong.
    pub fn of_reference(reference: &str) -> Option<Result<Self, VersionRangeError>> {
        let named = reference.strip_prefix(PREFIX)?;
        let Some((tag_prefix, range)) = named.rsplit_once(':') else {
            return Some(Self::parse(named));
        };
        let refused = |why: &str| VersionRangeError {
            shown: safe(&named.chars().take(80).collect::<String>()),
            why: why.to_owned(),
        };
        if !begins_a_tag(tag_prefix) {
            return Some(Err(refused("what stands before its `:` begins no tag")));
        }
        Some(Self::parse(range).map(|parsed| Self {
            tag_prefix: tag_prefix.to_owned(),
            ..parsed
        }))
    }

    /// As the name of a reference; `tag_prefix` stands before the version in a tag, such as `app/`.
    pub fn reference(tag_prefix: Option<&str>, range: &str) -> String {
        match tag_prefix {
            None | Some("") => format!("{PREFIX}{range}"),
            Some(tag_prefix) => format!("{PREFIX}{tag_prefix}:{range}"),
        }
    }

    /// Reads a range.
    ///
    /// # Errors
    ///
    /// - [`VersionRangeError`] with what is wrong.
    pub fn parse(text: &str) -> Result<Self, VersionRangeError> {
        let alternatives = if text.len() > MAX_RANGE_BYTES {
            Err("it is longer than 255 bytes".to_owned())
        } else {
            text.split("||").map(Alternative::parse).collect()
        };
        alternatives
            .map(|alternatives| Self {
                text: text.to_owned(),
                tag_prefix: String::new(),
                alternatives,
            })
            .map_err(|why| VersionRangeError {
                shown: safe(&text.chars().take(80).collect::<String>()),
                why,
            })
    }

    /// Whether the full name of a reference is a tag for a version in the range.
    pub fn follows(&self, reference: &str) -> bool {
        let version = tagged(reference, &self.tag_prefix);
        version.is_some_and(|version| self.holds(&version))
    }

    /// The tag with the highest version in the range, by full name.
    pub(super) fn highest<'a>(&self, references: impl Iterator<Item = &'a str>) -> Option<&'a str> {
        let fitting = references
            .filter_map(|name| Some((tagged(name, &self.tag_prefix)?, name)))
            .filter(|(version, _)| self.holds(version));
        // Two spellings of one version: whichever sorts first, every time.
        let order = |(a, first): &(Version, &str), (b, second): &(Version, &str)| {
            a.cmp_precedence(b).then_with(|| second.cmp(first))
        };
        fitting.max_by(order).map(|(_, name)| name)
    }

    fn holds(&self, version: &Version) -> bool {
        self.alternatives.iter().any(|one| one.holds(version))
    }

    /// The names of the newest versions among some references, without folder, newest first.
    pub(super) fn newest_tags<'a>(
        &self,
        references: impl Iterator<Item = &'a str>,
    ) -> Vec<&'a str> {
        let mut all: Vec<_> = references
            .filter_map(|name| Some((tagged(name, &self.tag_prefix)?, name.strip_prefix(TAGS)?)))
            .collect();
        all.sort_by(|(a, _), (b, _)| b.cmp_precedence(a));
        all.into_iter().map(|(_, name)| name).collect()
    }

    /// A tag as it may look, for messages.
    pub(super) fn example_tag(&self) -> String {
        format!("{}v1.2.3", safe(&self.tag_prefix))
    }
}

/// As it was written; of a prefix, what a tag begins with.
impl fmt::Display for VersionRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)?;
        if self.tag_prefix.is_empty() {
            return Ok(());
        }
        write!(f, " behind {}", self.tag_prefix)
    }
}

impl Alternative {
    fn parse(text: &str) -> Result<Self, String> {
        let mut words = text
            .split([' ', '\t', ','])
            .filter(|word| !word.is_empty())
            .peekable();
        let mut made = Self::default();
        while let Some(word) = words.next() {
            let (operator, version) = split_operator(word);
            let version = match (version, words.peek()) {
                ("", Some(_)) => words.next().unwrap_or_default(),
                ("", None) => return Err(format!("`{}` bounds nothing", safe(operator))),
                (version, _) => version,
            };
            let from = Partial::parse(version)?;
            made.names_prerelease |= !from.prerelease.is_empty();
            if operator.is_empty() && words.peek() == Some(&"-") {
                words.next();
                let to = Partial::parse(words.next().unwrap_or_default())?;
                made.names_prerelease |= !to.prerelease.is_empty();
                made.bounds
                    .push(Bounds::between(Some(from.least()), Some(to.up_to())));
            } else {
                made.bounds.push(Bounds::of(operator, &from)?);
            }
        }
        if made.bounds.is_empty() {
            return Err("an alternative of it is empty".to_owned());
        }
        Ok(made)
    }

    fn holds(&self, version: &Version) -> bool {
        (version.pre.is_empty() || self.names_prerelease)
            && self.bounds.iter().all(|bounds| bounds.hold(version))
    }
}

/// What is compared how in `>=1.2`.
fn split_operator(word: &str) -> (&str, &str) {
    let is_sign = |c: char| "<>=!~^".contains(c);
    word.split_at(word.find(|c| !is_sign(c)).unwrap_or(word.len()))
}

impl Bounds {
    fn between(lower: Option<Edge>, upper: Option<Edge>) -> Self {
        Self {
            lower,
            upper,
            negated: false,
        }
    }

    fn of(operator: &str, given: &Partial) -> Result<Self, String> {
        let (least, up_to) = (given.least(), given.up_to());
        Ok(match operator {
            "" | "=" | "==" => Self::between(Some(least), Some(up_to)),
            "!=" => Self {
                negated: true,
                ..Self::between(Some(least), Some(up_to))
            },
            ">" => Self::between(Some(up_to.beyond()), None),
            ">=" | "=>" => Self::between(Some(least), None),
            "<" => Self::between(None, Some(least.below())),
            "<=" | "=<" => Self::between(None, Some(up_to)),
            "~" | "~>" => Self::between(Some(least), Some(given.before_next(1))),
            "^" => Self::between(
                Some(least),
                Some(given.before_next(given.first_that_counts())),
            ),
            other => return Err(format!("`{}` compares nothing", safe(other))),
        })
    }

    fn hold(&self, version: &Version) -> bool {
        let above = self
            .lower
            .as_ref()
            .is_none_or(|edge| edge.admits(version, Ordering::Greater));
        let below = self
            .upper
            .as_ref()
            .is_none_or(|edge| edge.admits(version, Ordering::Less));
        (above && below) != self.negated
    }
}

impl Edge {
    /// Whether a version is on that side of the edge.
    fn admits(&self, version: &Version, side: Ordering) -> bool {
        match version.cmp_precedence(&self.version) {
            Ordering::Equal => self.included,
            other => other == side,
        }
    }

    /// An upper edge, seen as a lower one: what begins where it ends.
    fn beyond(self) -> Self {
        Self {
            included: !self.included,
            ..self
        }
    }

    /// An upper edge below all of a version, its pre-releases too unless it is one itself: `<2` is not
    /// meant to let `2.0.0-rc.1` in.
    fn below(self) -> Self {
        let Version {
            major,
            minor,
            patch,
            ..
        } = self.version;
        let pre = if self.version.pre.is_empty() {
            lowest()
        } else {
            self.version.pre
        };
        Self {
            version: version([major, minor, patch], pre),
            included: false,
        }
    }
}

impl Partial {
    fn parse(text: &str) -> Result<Self, String> {
        let refused = || format!("`{}` is not a version", safe(text));
        let plain = text.strip_prefix('v').unwrap_or(text);
        let plain = plain.split('+').next().unwrap_or_default();
        let (numbers, prerelease) = match plain.split_once('-') {
            Some((numbers, pre)) => (numbers, Prerelease::new(pre).map_err(|_| refused())?),
            None => (plain, Prerelease::EMPTY),
        };
        let parts: Vec<&str> = numbers.split('.').collect();
        let wild = |part: &&str| matches!(*part, "x" | "X" | "*");
        let known = parts.iter().take_while(|part| !wild(part)).count();
        let only_wild_behind = parts[known..].iter().all(wild);
        let whole = known == 3 || prerelease.is_empty();
        if parts.len() > 3 || !only_wild_behind || !whole {
            return Err(refused());
        }
        let number = |part: &&str| {
            let digits = part.bytes().all(|byte| byte.is_ascii_digit());
            let number = digits.then(|| part.parse::<u64>().ok()).flatten();
            number.ok_or_else(refused)
        };
        Ok(Self {
            numbers: parts[..known]
                .iter()
                .map(number)
                .collect::<Result<_, _>>()?,
            prerelease,
        })
    }

    fn number(&self, at: usize) -> u64 {
        self.numbers.get(at).copied().unwrap_or(0)
    }

    /// The lowest version that it stands for.
    fn least(&self) -> Edge {
        let numbers = [self.number(0), self.number(1), self.number(2)];
        Edge {
            version: version(numbers, self.prerelease.clone()),
            included: true,
        }
    }

    /// Where the versions that it stands for end.
    fn up_to(&self) -> Edge {
        match self.numbers.len() {
            3 => self.least(),
            known => self.before_next(known.wrapping_sub(1)),
        }
    }

    /// The end of all versions that agree with it up to the number at `place`, or up to the last known.
    fn before_next(&self, place: usize) -> Edge {
        let mut numbers = [0; 3];
        let place = place.min(self.numbers.len().saturating_sub(1));
        for (at, number) in numbers.iter_mut().enumerate().take(place + 1) {
            *number = self.number(at);
        }
        numbers[place] = if self.numbers.is_empty() {
            u64::MAX
        } else {
            numbers[place].saturating_add(1)
        };
        Edge {
            version: version(numbers, lowest()),
            included: false,
        }
    }

    /// The place of the first number that is not 0: what `^` holds fast.
    fn first_that_counts(&self) -> usize {
        self.numbers
            .iter()
            .position(|number| *number != 0)
            .unwrap_or(2)
    }
}

/// Sorts below every other pre-release.
fn lowest() -> Prerelease {
    Prerelease::new("0").unwrap_or_default()
}

fn version([major, minor, patch]: [u64; 3], pre: Prerelease) -> Version {
    Version {
        pre,
        ..Version::new(major, minor, patch)
    }
}
