//! The table of codes in the README is the list in the sources.

use std::collections::BTreeSet;

/// The codes of the sources, as clients see them.
fn of_the_sources() -> Vec<&'static str> {
    let source = include_str!("../../../src/base/fault.rs");
    let arms = source.lines().filter_map(|line| line.trim().strip_prefix("Self::")?.split_once(" => \""));
    arms.map(|(_, code)| code.trim_end_matches("\",")).collect()
}

#[test]
fn the_readme_tells_every_code_and_no_other() {
    let rows = include_str!("../../../README.md").lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows: Vec<(&str, &str)> =
        rows.filter(|(code, _)| code.chars().all(|letter| letter.is_ascii_uppercase() || letter == '_')).collect();
    let codes: Vec<&str> = rows.iter().map(|(code, _)| *code).collect();
    assert!(codes.len() >= 14, "{codes:?}");
    assert_eq!(codes, of_the_sources(), "in the order of the sources");
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    for (code, rest) in rows {
        let cells: Vec<&str> = rest.trim_end_matches('|').split('|').map(str::trim).collect();
        assert!(matches!(cells.as_slice(), [meaning, advice] if !meaning.is_empty() && !advice.is_empty()), "{code}: {cells:?}");
    }
}
