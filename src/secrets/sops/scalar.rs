//! How SOPS reads a clear scalar, which is what its MAC is computed over.
//!
//! `sops` is written in Go: its YAML reader gives a plain scalar a type (`0o17` is 15, `1e+21` a float, a date a time),
//! and the MAC covers the value as Go prints it. See `ToBytes` in `sops.go`, and `resolve.go` of `go-yaml` v3.

use super::{SopsFormat, SopsKind, node::Leaf};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use std::borrow::Cow;

/// Whether a plain scalar says nothing.
pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The bytes of a scalar that the MAC covers; `None` for null, which it does not cover.
pub(super) fn clear_bytes(leaf: &Leaf, format: SopsFormat) -> Option<Cow<'_, [u8]>> {
    let text = leaf.text.as_str();
    if leaf.is_binary {
        let joined: String = text.split_whitespace().collect();
        let bytes = STANDARD.decode(joined).unwrap_or_else(|_| text.into());
        return Some(bytes.into());
    }
    if !leaf.is_plain {
        return Some(text.as_bytes().into());
    }
    if is_null(text) {
        return None;
    }
    Some(match printed(text, format) {
        Some((_, printed)) => printed.into_bytes().into(),
        None => text.as_bytes().into(),
    })
}

/// A plain scalar that is not null, by its type and as Go prints it; `None` if it is text.
pub(super) fn printed(text: &str, format: SopsFormat) -> Option<(SopsKind, String)> {
    match format {
        SopsFormat::Yaml => yaml(text),
        SopsFormat::Json => json(text),
    }
}

fn yaml(text: &str) -> Option<(SopsKind, String)> {
    let word = match text {
        "true" | "True" | "TRUE" => Some((SopsKind::Boolean, "True")),
        "false" | "False" | "FALSE" => Some((SopsKind::Boolean, "False")),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some((SopsKind::Float, "+Inf")),
        "-.inf" | "-.Inf" | "-.INF" => Some((SopsKind::Float, "-Inf")),
        ".nan" | ".NaN" | ".NAN" => Some((SopsKind::Float, "NaN")),
        _ => None,
    };
    if let Some((kind, word)) = word {
        return Some((kind, word.to_owned()));
    }
    if !text.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-' | '.')) {
        return None;
    }
    if let Some(time) = time(text) {
        return Some((SopsKind::Time, time));
    }
    let digits = text.replace('_', "");
    if let Some(number) = integer(&digits) {
        return Some((SopsKind::Integer, number.to_string()));
    }
    if !is_float(&digits) {
        return None;
    }
    float(&digits)
}

/// A plain scalar of JSON: numbers are floats.
fn json(text: &str) -> Option<(SopsKind, String)> {
    match text {
        "true" => Some((SopsKind::Boolean, "True".to_owned())),
        "false" => Some((SopsKind::Boolean, "False".to_owned())),
        _ => float(text),
    }
}

fn float(digits: &str) -> Option<(SopsKind, String)> {
    let number: f64 = digits.parse().ok()?;
    Some((SopsKind::Float, number.to_string()))
}

/// An integer of 64 bits in any of Go's notations.
fn integer(text: &str) -> Option<i128> {
    let (is_negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if digits.starts_with(['+', '-']) {
        return None;
    }
    let of = |prefixes: [&str; 2]| {
        prefixes
            .iter()
            .find_map(|prefix| digits.strip_prefix(prefix))
    };
    let value = if let Some(hex) = of(["0x", "0X"]) {
        i128::from_str_radix(hex, 16)
    } else if let Some(binary) = of(["0b", "0B"]) {
        i128::from_str_radix(binary, 2)
    } else if let Some(octal) = of(["0o", "0O"]) {
        i128::from_str_radix(octal, 8)
    } else if digits.len() > 1 && digits.starts_with('0') {
        i128::from_str_radix(digits, 8)
    } else {
        digits.parse()
    };
    let value = value
        .ok()
        .map(|value| if is_negative { -value } else { value })?;
    let fits = (i128::from(i64::MIN)..=i128::from(u64::MAX)).contains(&value);
    fits.then_some(value)
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let text = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (number, exponent) = match text.split_once(['e', 'E']) {
        Some((number, exponent)) => (number, Some(exponent)),
        None => (text, None),
    };
    let exponent_fits = exponent.is_none_or(|exponent| {
        let digits = exponent.strip_prefix(['-', '+']).unwrap_or(exponent);
        !digits.is_empty() && is_digits(digits)
    });
    let number_fits = match number.split_once('.') {
        Some(("", fraction)) => !fraction.is_empty() && is_digits(fraction),
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => !number.is_empty() && is_digits(number),
    };
    exponent_fits && number_fits
}

/// A date or time as Go prints it (RFC 3339 with as many digits as there are).
fn time(text: &str) -> Option<String> {
    let is_year = text.len() >= 5 && text.bytes().take(4).all(|byte| byte.is_ascii_digit());
    if !is_year || text.as_bytes().get(4) != Some(&b'-') {
        return None;
    }
    let (date, rest) = match text.find(['T', 't', ' ']) {
        Some(at) => (text.get(..at)?, Some(text.get(at..)?)),
        None => (text, None),
    };
    let mut parts = date.splitn(3, '-');
    let year: i16 = parts.next()?.parse().ok()?;
    let month: i8 = short(parts.next()?)?;
    let day: i8 = short(parts.next()?)?;
    let date = jiff::civil::Date::new(year, month, day).ok()?;
    let Some(rest) = rest else {
        return Some(format!("{date}T00:00:00Z"));
    };
    let has_zone = !rest.starts_with(' ');
    let rest = rest.get(1..)?;
    let (clock, zone) = if has_zone {
        let at = rest.find(['Z', '+', '-'])?;
        (rest.get(..at)?, zone(rest.get(at..)?)?)
    } else {
        (rest, "Z".to_owned())
    };
    Some(format!("{date}T{}{zone}", clock_time(clock)?))
}

/// `15:4:5.999` as `15:04:05.999`.
fn clock_time(text: &str) -> Option<String> {
    let (whole, fraction) = match text.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    let mut parts = whole.splitn(3, ':');
    let hour: i8 = short(parts.next()?)?;
    let minute: i8 = short(parts.next()?)?;
    let second: i8 = short(parts.next()?)?;
    let fits = hour < 24 && minute < 60 && second < 60;
    let fraction = match fraction {
        None => String::new(),
        Some(digits) if (1..=9).contains(&digits.len()) && is_ascii_digits(digits) => {
            match digits.trim_end_matches('0') {
                "" => String::new(),
                digits => format!(".{digits}"),
            }
        }
        Some(_) => return None,
    };
    fits.then(|| format!("{hour:02}:{minute:02}:{second:02}{fraction}"))
}

/// `Z` or `+hh:mm`; nothing away from UTC is `Z` too.
fn zone(text: &str) -> Option<String> {
    if text == "Z" {
        return Some(text.to_owned());
    }
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let is_form = hours.len() == 2 && minutes.len() == 2;
    if !is_form || !is_ascii_digits(hours) || !is_ascii_digits(minutes) {
        return None;
    }
    Some(match (hours, minutes) {
        ("00", "00") => "Z".to_owned(),
        _ => text.to_owned(),
    })
}

/// A number of one or two digits.
fn short(text: &str) -> Option<i8> {
    let is_short = (1..=2).contains(&text.len()) && is_ascii_digits(text);
    text.parse().ok().filter(|_| is_short)
}

fn is_ascii_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::{Leaf, SopsFormat, clear_bytes};

    /// The left are written as `sops` 3.11 leaves them in clear text; the right are what its MAC covers.
    #[test]
    fn plain_scalars_are_printed_as_go_does() {
        for (text, expected) in [
            ("42", "42"),
            ("-7", "-7"),
            ("0o17", "15"),
            ("017", "15"),
            ("0x1F", "31"),
            ("0b11", "3"),
            ("1_000", "1000"),
            ("9007199254740993", "9007199254740993"),
            ("3.14", "3.14"),
            ("1e+21", "1000000000000000000000"),
            ("1e-06", "0.000001"),
            ("2.0", "2"),
            (".5", "0.5"),
            ("true", "True"),
            ("FALSE", "False"),
            (".inf", "+Inf"),
            ("-.INF", "-Inf"),
            ("yes", "yes"),
            ("08", "8"),
            ("1.2.3", "1.2.3"),
            ("-", "-"),
            ("2001-12-14", "2001-12-14T00:00:00Z"),
            ("2001-1-4", "2001-01-04T00:00:00Z"),
            ("2024-05-01T10:00:00Z", "2024-05-01T10:00:00Z"),
            ("2024-05-01 10:00:00.50", "2024-05-01T10:00:00.5Z"),
            ("2024-05-01T10:00:00+02:00", "2024-05-01T10:00:00+02:00"),
            ("2024-13-01", "2024-13-01"),
        ] {
            assert_eq!(printed(text, true, SopsFormat::Yaml), Some(expected.into()));
        }
        assert_eq!(printed("~", true, SopsFormat::Yaml), None);
        assert_eq!(printed("~", false, SopsFormat::Yaml), Some("~".into()));
        assert_eq!(printed("017", false, SopsFormat::Yaml), Some("017".into()));
        assert_eq!(printed("100", true, SopsFormat::Json), Some("100".into()));
        assert_eq!(
            printed("9007199254740993", true, SopsFormat::Json),
            Some("9007199254740992".into())
        );
    }

    fn printed(text: &str, is_plain: bool, format: SopsFormat) -> Option<String> {
        let leaf = Leaf {
            text: text.to_owned(),
            is_plain,
            is_binary: false,
            line: 1,
        };
        clear_bytes(&leaf, format).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }
}
