//! The known name that a mistyped one probably means.

/// The candidate closest to `name`, if one is close enough to be worth naming.
pub(crate) fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let written = name.to_lowercase();
    let measured = candidates.into_iter().map(|candidate| {
        let distance = strsim::damerau_levenshtein(&written, &candidate.to_lowercase());
        (distance, candidate)
    });
    let close = measured.filter(|(distance, candidate)| *distance <= (name.len().max(candidate.len()) / 3).max(1));
    close.min().map(|(_, candidate)| candidate)
}

/// `a`, `b`, `c` in backticks, for messages.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    names.into_iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// "a, b and c", for sentences.
pub(super) fn spoken(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [only] => (*only).to_owned(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// "did you mean `x`?", or all that there is.
pub(super) fn suggestion<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str> + Clone) -> String {
    match nearest(name, candidates.clone()) {
        Some(candidate) => format!("did you mean `{candidate}`?"),
        None if candidates.clone().into_iter().nth(1).is_none() => format!("there is only {}", listed(candidates)),
        None => format!("there are {}", listed(candidates)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_are_found_and_far_ones_are_not() {
        let names = ["Ticket", "TicketEvent", "Customer"];
        assert_eq!(spoken(&["a", "b", "c"]), "a, b and c");
        assert_eq!(nearest("Tickte", names), Some("Ticket"));
        assert_eq!(nearest("customer", names), Some("Customer"));
        assert_eq!(nearest("Invoice", names), None);
        assert_eq!(suggestion("Invoice", ["A", "B"]), "there are `A`, `B`");
        assert_eq!(suggestion("Invoice", ["A"]), "there is only `A`");
    }
}
