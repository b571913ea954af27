//! How long something took, as it is told.

use std::time::Duration;

/// Milliseconds for people and for `duration_ms` in logs: microseconds are as fine as a clock of requests is worth, and more digits
/// of a fraction are none that it has.
pub fn milliseconds(took: Duration) -> f64 {
    (took.as_secs_f64() * 1e6).round() / 1e3
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_more_than_microseconds_are_told() {
        let told = |nanoseconds| milliseconds(Duration::from_nanos(nanoseconds)).to_string();
        assert_eq!(told(400_925_281), "400.925");
        assert_eq!([told(0), told(499), told(500), told(1_000)], ["0", "0", "0.001", "0.001"]);
        assert_eq!(told(86_400_000_000_999), "86400000.001");
        for step in 0..10_000_u64 {
            let text = told(step * step * 7_919);
            assert!(text.split_once('.').is_none_or(|(_, fraction)| fraction.len() <= 3), "{text}");
        }
    }
}
