//! Durations such as `500ms`, `30s`, `5m`.

use std::time::Duration;

/// What a duration has to look like, for messages.
pub(super) const EXPECTED: &str = "a duration above zero such as `500ms`, `30s` or `5m`";

/// Reads a whole number with its unit.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let digits = text.find(|character: char| !character.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let milliseconds: u64 = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number.checked_mul(milliseconds).map(Duration::from_millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        assert_eq!(parse("30s"), Some(Duration::from_secs(30)));
        assert_eq!(parse("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(parse("2h"), Some(Duration::from_secs(7200)));
        for refused in ["30", "0s", "s", "-1s", "1.5s", "3 s", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(parse(refused), None, "{refused}");
        }
    }
}
