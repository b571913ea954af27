//! Plurals, and names with and without humps.

/// The GraphQL name of one row: `TicketEvent` gives `ticketEvent`, `URLPath` gives `urlPath`.
pub(in crate::catalog) fn singular(type_name: &str) -> String {
    let capitals = type_name.chars().take_while(char::is_ascii_uppercase).count();
    // The last capital of a run begins the next word, unless nothing follows it.
    let lowered = if capitals > 1 && capitals < type_name.len() { capitals - 1 } else { capitals };
    type_name[..lowered].to_ascii_lowercase() + &type_name[lowered..]
}

/// The regular English plural; `@collection(plural:)` is for the others.
pub(in crate::catalog) fn plural(singular: &str) -> String {
    let word = singular.to_ascii_lowercase();
    if let Some(stem) = word.strip_suffix('y')
        && !stem.ends_with(['a', 'e', 'i', 'o', 'u'])
    {
        return format!("{}ies", &singular[..singular.len() - 1]);
    }
    let is_hissing = ["s", "x", "z", "ch", "sh"].iter().any(|ending| word.ends_with(ending));
    format!("{singular}{}", if is_hissing { "es" } else { "s" })
}

/// `assignedTo` as `assigned_to`, `htmlURL` as `html_url`, `URLPath` as `url_path`.
pub(in crate::catalog) fn snake_case(name: &str) -> String {
    let characters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len() + 4);
    for (index, character) in characters.iter().enumerate() {
        let previous = index.checked_sub(1).map(|index| characters[index]);
        let next = characters.get(index + 1);
        let follows_word = previous.is_some_and(|previous| previous.is_ascii_lowercase() || previous.is_ascii_digit());
        let ends_capitals =
            previous.is_some_and(|previous| previous.is_ascii_uppercase()) && next.is_some_and(char::is_ascii_lowercase);
        if character.is_ascii_uppercase() && (follows_word || ends_capitals) {
            snake.push('_');
        }
        snake.push(character.to_ascii_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plurals_are_regular_english() {
        for (one, many) in [
            ("ticket", "tickets"),
            ("company", "companies"),
            ("survey", "surveys"),
            ("ticketReply", "ticketReplies"),
            ("address", "addresses"),
            ("box", "boxes"),
            ("quiz", "quizes"),
            ("branch", "branches"),
            ("wish", "wishes"),
            ("faq", "faqs"),
            ("dataY", "dataies"),
        ] {
            assert_eq!(plural(one), many);
        }
    }

    #[test]
    fn singulars_begin_small() {
        for (ty, one) in
            [("Ticket", "ticket"), ("TicketEvent", "ticketEvent"), ("URLPath", "urlPath"), ("FAQ", "faq"), ("X", "x"), ("XRay", "xRay")]
        {
            assert_eq!(singular(ty), one);
        }
    }

    #[test]
    fn humps_become_underscores() {
        for (name, snake) in [
            ("assignedTo", "assigned_to"),
            ("htmlURL", "html_url"),
            ("URLPath", "url_path"),
            ("line2Text", "line2_text"),
            ("already_snake", "already_snake"),
            ("TicketEvents", "ticket_events"),
            ("id", "id"),
        ] {
            assert_eq!(snake_case(name), snake);
        }
    }
}
