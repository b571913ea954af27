//! GraphQL string literals, decoded with the way back: which byte of the value stands where in the file.

use crate::catalog::{RuleText, SourceSpan};

const TRIPLE_QUOTE: &str = r#"""""#;
const ESCAPED_TRIPLE_QUOTE: &str = r#"\""""#;

/// Decodes the literal that stands at `span`, quotes included, as the GraphQL specification says.
/// The parser has already accepted it; an escape that it would not have accepted is kept as it is written.
pub(super) fn decode(literal: &str, span: SourceSpan) -> RuleText {
    let quotes = if literal.starts_with(TRIPLE_QUOTE) { 3 } else { 1 };
    let content_end = literal.len().saturating_sub(quotes).max(quotes).min(literal.len());
    let content = literal.get(quotes..content_end).unwrap_or_default();
    let mut decoded = Decoded { text: String::new(), offsets: vec![(0, span.offset + quotes)] };
    if quotes == 3 {
        decoded.push_block(content, span.offset + quotes);
    } else {
        decoded.push_ordinary(content, span.offset + quotes);
    }
    RuleText { text: decoded.text, span, offsets: decoded.offsets, services: None }
}

/// The value so far, and for its unbroken pieces where they stand.
struct Decoded {
    text: String,
    offsets: Vec<(usize, usize)>,
}

impl Decoded {
    /// Appends text that stands at byte `at` of the file; opens a new piece where it does not continue the last one.
    fn push(&mut self, text: &str, at: usize) {
        if self.text.is_empty() {
            self.offsets = vec![(0, at)];
        }
        let continues = self.offsets.last().is_some_and(|(in_text, in_file)| in_file + (self.text.len() - in_text) == at);
        if !continues {
            self.offsets.push((self.text.len(), at));
        }
        self.text.push_str(text);
    }

    /// `"..."`: every escape is a piece of its own.
    fn push_ordinary(&mut self, content: &str, start: usize) {
        let mut at = 0;
        while let Some(escape) = content[at..].find('\\').map(|found| at + found) {
            if escape > at {
                self.push(&content[at..escape], start + at);
            }
            let (character, length) = read_escape(&content[escape..]);
            self.push(character.encode_utf8(&mut [0; 4]), start + escape);
            at = escape + length;
        }
        if at < content.len() {
            self.push(&content[at..], start + at);
        }
    }

    /// `"""..."""`: the common indentation and the blank lines around go; every line is a piece of its own.
    fn push_block(&mut self, content: &str, start: usize) {
        let lines = split_lines(content);
        let indentation = |line: &str| line.len() - line.trim_start_matches([' ', '\t']).len();
        let is_blank = |line: &str| indentation(line) == line.len();
        let indented = lines.iter().skip(1).filter(|(_, line)| !is_blank(line));
        let common = indented.map(|(_, line)| indentation(line)).min().unwrap_or(0);
        let Some(first) = lines.iter().position(|(_, line)| !is_blank(line)) else { return };
        let last = lines.iter().rposition(|(_, line)| !is_blank(line)).unwrap_or(first);
        for (index, (line_start, line)) in lines.iter().enumerate().take(last + 1).skip(first) {
            if index > first {
                let (previous_start, previous) = lines[index - 1];
                self.push("\n", start + previous_start + previous.len());
            }
            let cut = if index == 0 { 0 } else { common.min(line.len()) };
            self.push_block_line(&line[cut..], start + line_start + cut);
        }
    }

    /// The only escape of a block string is the one for its own quotes.
    fn push_block_line(&mut self, line: &str, start: usize) {
        let mut at = 0;
        while let Some(escape) = line[at..].find(ESCAPED_TRIPLE_QUOTE).map(|found| at + found) {
            if escape > at {
                self.push(&line[at..escape], start + at);
            }
            self.push(TRIPLE_QUOTE, start + escape + 1);
            at = escape + ESCAPED_TRIPLE_QUOTE.len();
        }
        if at < line.len() {
            self.push(&line[at..], start + at);
        }
    }
}

/// The lines with their offsets; a line ends with `\n`, `\r\n` or `\r`.
fn split_lines(content: &str) -> Vec<(usize, &str)> {
    let mut lines = Vec::new();
    let mut start = 0;
    while let Some(end) = content[start..].find(['\n', '\r']).map(|found| start + found) {
        lines.push((start, &content[start..end]));
        start = if content[end..].starts_with("\r\n") { end + 2 } else { end + 1 };
    }
    lines.push((start, &content[start..]));
    lines
}

/// The character of the escape at the start of `text`, and how many bytes it takes in the file.
fn read_escape(text: &str) -> (char, usize) {
    let simple = |character| (character, 2);
    match text.as_bytes().get(1) {
        Some(b'"') => simple('"'),
        Some(b'/') => simple('/'),
        Some(b'b') => simple('\u{8}'),
        Some(b'f') => simple('\u{c}'),
        Some(b'n') => simple('\n'),
        Some(b'r') => simple('\r'),
        Some(b't') => simple('\t'),
        Some(b'\\') => simple('\\'),
        Some(b'u') => read_unicode_escape(text).unwrap_or(('\\', 1)),
        _ => ('\\', 1),
    }
}

/// `\u{1F4A9}`, `\u00e9`, or a surrogate pair `\uD83D\uDCA9`.
fn read_unicode_escape(text: &str) -> Option<(char, usize)> {
    let code_at = |start: usize| u32::from_str_radix(text.get(start..start + 4)?, 16).ok();
    if text[2..].starts_with('{') {
        let end = text.find('}')?;
        let code = u32::from_str_radix(&text[3..end], 16).ok()?;
        return Some((char::from_u32(code)?, end + 1));
    }
    let code = code_at(2)?;
    if !(0xD800..0xDC00).contains(&code) {
        return Some((char::from_u32(code)?, 6));
    }
    let trail = code_at(8)?.checked_sub(0xDC00)?;
    Some((char::from_u32((code - 0xD800) * 0x400 + trail + 0x10000)?, 12))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::SourceId;
    use apollo_compiler::ast;

    /// Decodes the literal inside a field's description-like argument and says where each needle of the value stands.
    fn decode_in(file: &str) -> RuleText {
        let start = file.find('"').unwrap();
        let end = file.rfind('"').unwrap() + 1;
        decode(&file[start..end], SourceSpan::new(SourceId(1), start..end))
    }

    /// The text of the file under a piece of the value.
    fn marked<'a>(file: &'a str, rule: &RuleText, needle: &str) -> &'a str {
        let span = rule.span_of(rule.text.find(needle).unwrap(), needle.len());
        &file[span.offset..span.offset + span.length]
    }

    /// The parser's own decoding is the other opinion.
    fn as_apollo_reads(file: &str) -> String {
        let document = ast::Document::parse(file, "a.graphql").unwrap();
        let ast::Definition::SchemaExtension(extension) = &document.definitions[0] else { panic!("{document}") };
        let value = extension.directives[0].specified_argument_by_name("is").unwrap();
        value.as_str().unwrap().to_owned()
    }

    #[test]
    fn ordinary_strings_point_behind_their_escapes() {
        let file = r#"extend schema @rule(is: "a == \"x\" \u00e9\uD83D\uDCA9\u{41}\\ && täil\n")"#;
        let rule = decode_in(file);
        assert_eq!(rule.text, as_apollo_reads(file));
        assert_eq!(marked(file, &rule, "a =="), "a ==");
        assert_eq!(marked(file, &rule, "x"), "x");
        assert_eq!(marked(file, &rule, "é"), r"\u00e9");
        assert_eq!(marked(file, &rule, "\u{1F4A9}"), r"\uD83D\uDCA9");
        assert_eq!(marked(file, &rule, "&& täil"), "&& täil");
        assert_eq!(marked(file, &rule, "\"x\""), r#"\"x\""#);
    }

    #[test]
    fn block_strings_point_behind_their_indentation() {
        let file = concat!(
            "extend schema @rule(is: \"\"\"\n\n    staff ||\r\n      (row.a == 'ü' && row.b)\n\n",
            "    || \\\"\"\" end  \n  \n  \"\"\")",
        );
        let rule = decode_in(file);
        assert_eq!(rule.text, "staff ||\n  (row.a == 'ü' && row.b)\n\n|| \"\"\" end  ");
        assert_eq!(rule.text, as_apollo_reads(file));
        for needle in ["staff ||", "(row.a == 'ü'", "row.b", "end"] {
            assert_eq!(marked(file, &rule, needle), needle);
        }
        assert_eq!(marked(file, &rule, "|| \"\"\" end"), "|| \\\"\"\" end");
        assert_eq!(marked(file, &rule, "||\n  (row"), "||\r\n      (row");
        assert_eq!(rule.offsets[0], (0, file.find("staff").unwrap()));
    }

    #[test]
    fn block_strings_of_one_line_keep_their_blanks() {
        let file = "extend schema @rule(is: \"\"\"  true \"\"\")";
        let rule = decode_in(file);
        assert_eq!(rule.text, as_apollo_reads(file));
        assert_eq!(marked(file, &rule, "true"), "true");
    }

    /// Every text of at most four pieces.
    fn combinations(pieces: &[&str]) -> Vec<String> {
        let mut all = vec![String::new()];
        let mut longest = all.clone();
        for _ in 0..4 {
            longest = longest.iter().flat_map(|text| pieces.iter().map(move |piece| format!("{text}{piece}"))).collect();
            all.extend(longest.clone());
        }
        all
    }

    /// Both decoders agree, and every letter of the value is found where it stands.
    fn check_all(quotes: &str, pieces: &[&str]) {
        for content in combinations(pieces) {
            let file = format!("extend schema @rule(is: {quotes}{content}{quotes})");
            let rule = decode_in(&file);
            assert_eq!(rule.text, as_apollo_reads(&file), "{file:?}");
            for (at, letter) in rule.text.char_indices().filter(|(_, letter)| letter.is_ascii_lowercase()) {
                let span = rule.span_of(at, 1);
                assert_eq!(file[span.offset..].chars().next(), Some(letter), "{file:?}");
            }
        }
    }

    #[test]
    fn block_strings_are_read_as_the_parser_reads_them() {
        check_all(TRIPLE_QUOTE, &["a", "b", " ", "\t", "\n", "\r\n", "\r", "é", ESCAPED_TRIPLE_QUOTE]);
    }

    #[test]
    fn ordinary_strings_are_read_as_the_parser_reads_them() {
        check_all("\"", &["a", "b", " ", "é", r"\n", r#"\""#, r"\\", r"\u00e9", r"\uD83D\uDCA9", r"\u{41}"]);
    }

    #[test]
    fn empty_strings_point_between_their_quotes() {
        for file in ["extend schema @rule(is: \"\")", "extend schema @rule(is: \"\"\"\n  \n\"\"\")"] {
            let rule = decode_in(file);
            assert_eq!(rule.text, "");
            assert_eq!(rule.text, as_apollo_reads(file));
            assert_eq!(rule.offsets.len(), 1);
            assert!(rule.span_of(0, 0).offset > rule.span.offset);
        }
    }
}
