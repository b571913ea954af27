//! SQL and binds in lines that a reviewer can compare.

/// Words before which a new line begins.
const WORDS: &[&str] = &[
    "from ",
    "left join lateral ",
    "cross join ",
    "where ",
    "order by ",
    "limit ",
    "returning ",
    "set ",
    "using ",
    "for no key ",
];

/// A character with what surrounds it.
struct Place {
    at: usize,
    character: char,
    depth: usize,
    is_quoted: bool,
}

/// The characters of a text with their depth in brackets of any kind; those between quotes count for nothing.
fn places(text: &str) -> impl Iterator<Item = Place> + '_ {
    let (mut depth, mut quote, mut is_escaped) = (0usize, None, false);
    text.char_indices().map(move |(at, character)| {
        let is_quoted = quote.is_some();
        match (quote, character) {
            (Some(open), _) if character == open && !is_escaped => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => quote = Some(character),
            (None, '(' | '[' | '{') => depth += 1,
            (None, ')' | ']' | '}') => depth = depth.saturating_sub(1),
            (None, _) => {}
        }
        is_escaped = character == '\\' && !is_escaped;
        Place { at, character, depth, is_quoted }
    })
}

/// A statement with a line for each clause, indented by its depth.
pub fn statement(text: &str) -> String {
    let mut laid_out = String::new();
    for Place { at, character, depth, is_quoted } in places(text) {
        let rest = text[at..].trim_start();
        // The body of a common table expression ends where the next one, or the statement, begins.
        let is_part = depth == 0 && (text[..at].ends_with("), ") || text[..at].ends_with(") ") && rest.starts_with("select "));
        let is_clause = character == ' ' && WORDS.iter().any(|word| rest.starts_with(word));
        if is_part && !is_quoted {
            laid_out.truncate(laid_out.trim_end().len());
            laid_out.push('\n');
            laid_out.push(character);
        } else if is_clause && !is_quoted {
            laid_out.truncate(laid_out.trim_end().len());
            laid_out.push('\n');
            laid_out.push_str(&"  ".repeat(depth));
        } else {
            laid_out.push(character);
        }
    }
    laid_out
}

/// A list as Rust's `Debug` writes it, `[a, b]`, an element a line.
pub fn list(text: &str) -> String {
    let inner = text.trim();
    let inner = inner.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(inner);
    let (mut lines, mut start) = (Vec::new(), 0);
    for Place { at, character, depth, is_quoted } in places(inner) {
        if character == ',' && depth == 0 && !is_quoted {
            lines.push(inner[start..at].trim());
            start = at + 1;
        }
    }
    lines.push(inner[start..].trim());
    let numbered = lines.iter().enumerate().filter(|(_, line)| !line.is_empty());
    numbered.map(|(index, line)| format!("${} {line}\n", index + 1)).collect()
}
