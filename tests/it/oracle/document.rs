//! A selection scattered over a document: fields split and repeated, wrapped into fragments of both kinds, included and skipped.

use crate::oracle::arguments::ArgumentSource;
use crate::oracle::literal::Variables;
use crate::oracle::selection::{NODE, Selected, SelectionSource};
use crate::oracle::world::{Table, World};
use apollo_compiler::Schema;
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use serde_json::{Map, Value as Json};
use std::collections::BTreeMap;

/// Introspection, whose answer is that of any executor.
const INTROSPECTION: &[&str] = &[
    "about: __schema { queryType { name } mutationType { name kind } subscriptionType { name } }",
    "type: __type(name: \"Issue\") { name kind ...on __Type { fields { name type { kind name ofType { kind name ofType { name } } } } } }",
    "stage: __type(name: \"Stage\") { kind enumValues { name isDeprecated } possibleTypes { name } __typename }",
    "none: __type(name: \"Nothing\") { name }",
    "filter: __type(name: \"NoteFilter\") { inputFields { name type { name kind } } }",
];

/// A generated operation.
#[derive(Clone, Debug)]
pub struct Operation {
    pub text: String,
    pub name: Option<String>,
    pub variables: Map<String, Json>,
    /// The defaults of the variables that are not given.
    pub defaults: Map<String, Json>,
    /// Fields that stand more than once in one place.
    pub merges: usize,
    /// Whether a root list asks for a page of an impossible size.
    pub is_refused: bool,
}

impl Operation {
    /// Makes an operation.
    pub fn generate(schema: &Schema, world: &World, random: &mut StdRng) -> Self {
        let mut source = SelectionSource::new(ArgumentSource { schema, world, variables: Variables::default() });
        let roots = source.roots(random);
        let mut scatter = Scatter { arguments: source.arguments, fragments: Vec::new(), leaves: BTreeMap::new(), merges: 0 };
        let mut pieces = scatter.pieces(random, &roots);
        if random.random_bool(0.15) {
            pieces.insert(random.random_range(0..=pieces.len()), Piece::kept(INTROSPECTION.choose(random).unwrap().to_string()));
        }
        let mut set = scatter.wrap(random, "Query", pieces);
        let is_refused = random.random_ratio(1, 25);
        if is_refused {
            let first = ["-1", "501"].choose(random).unwrap();
            set.insert_str(1, &format!(" refused: notes(first: {first}) {{ nodes {{ id }} }}"));
        }
        scatter.finish(random, &set, is_refused)
    }
}

/// Something in a selection set.
struct Piece {
    text: String,
    /// Whether it adds a key. Where nothing does, 7.2.1's executor answers null in the place of an empty object.
    is_kept: bool,
}

impl Piece {
    fn kept(text: String) -> Self {
        Self { text, is_kept: true }
    }
}

struct Scatter<'s> {
    arguments: ArgumentSource<'s>,
    fragments: Vec<String>,
    /// Fragments of plain leaves by their type, which fit wherever the type is.
    leaves: BTreeMap<String, String>,
    merges: usize,
}

impl Scatter<'_> {
    fn finish(self, random: &mut StdRng, set: &str, is_refused: bool) -> Operation {
        let is_named = random.random_bool(0.3);
        let mut parts = vec![String::new()];
        parts.extend(self.fragments);
        let is_used = |name: &str, text: &str| {
            let uses = text.match_indices(name);
            uses.map(|(at, _)| &text[at + name.len()..]).any(|rest| !rest.starts_with(|next: char| next.is_ascii_digit()))
        };
        let text = format!("{set}{}", parts.join("\n"));
        let Variables { definitions, given: mut variables, mut defaults } = self.arguments.variables;
        let definitions: Vec<String> =
            definitions.into_iter().filter(|definition| is_used(definition.split(':').next().unwrap(), &text)).collect();
        let head = match (is_named, definitions.is_empty()) {
            (false, true) => String::new(),
            (false, false) => format!("query ({}) ", definitions.join(", ")),
            (true, true) => "query Asked ".to_owned(),
            (true, false) => format!("query Asked({}) ", definitions.join(", ")),
        };
        let other = if is_named { "query Other { __typename }\n" } else { "" };
        variables.retain(|name, _| is_used(&format!("${name}"), &text));
        defaults.retain(|name, _| is_used(&format!("${name}"), &text));
        let name = is_named.then(|| "Asked".to_owned());
        Operation { text: format!("{other}{head}{text}"), name, variables, defaults, merges: self.merges, is_refused }
    }

    /// A selection set with some of the fields below `parent`.
    fn set(&mut self, random: &mut StdRng, parent: &Selected, fields: &[Selected]) -> String {
        if let Some(ty) = parent.ty.strip_prefix(NODE) {
            // What is selected of another type is not there.
            let own = self.set(random, &Selected { ty: ty.to_owned(), ..parent.clone() }, fields);
            let other = if ty == "Note" { "Site" } else { "Note" };
            return match random.random_range(0..3) {
                0 => format!("{{ ... on {ty} {own} }}"),
                1 => format!("{{ ... on {other} {{ other: version }} nodeId ... on {ty} {own} ... on Node {{ __typename }} }}"),
                _ => format!("{{ ... on Node {{ ... on {ty} {own} ... on {other} {{ other: version }} }} __typename }}"),
            };
        }
        let mut pieces = self.pieces(random, fields);
        let ty = parent.ty.as_str();
        let keeps_names =
            parent.children.iter().all(|field| field.key == field.field || !matches!(field.key.as_str(), "id" | "title"));
        if keeps_names && random.random_bool(0.15) && Table::named(ty).is_some() {
            let spread = self.leaf_fragment(ty);
            pieces.insert(random.random_range(0..=pieces.len()), Piece::kept(spread));
        }
        self.wrap(random, ty, pieces)
    }

    /// The fields, some of them in two parts, in no particular order.
    fn pieces(&mut self, random: &mut StdRng, fields: &[Selected]) -> Vec<Piece> {
        let mut pieces = Vec::new();
        for field in fields {
            let count = field.children.len();
            match random.random_range(0..20) {
                is_included @ (0 | 1) => {
                    let condition = self.condition(random, is_included == 1);
                    let text = self.field(random, field, &field.children, &condition);
                    pieces.push(Piece { text, is_kept: is_included == 1 });
                }
                2..6 if count >= 1 => {
                    let at = random.random_range(1..=count);
                    let from = random.random_range(0..=at.min(count - 1));
                    self.merges += 1;
                    pieces.push(Piece::kept(self.field(random, field, &field.children[..at], "")));
                    let rest = self.field(random, field, &field.children[from..], "");
                    pieces.insert(random.random_range(0..=pieces.len()), Piece::kept(rest));
                }
                2..4 => {
                    self.merges += 1;
                    let again = self.field(random, field, &[], "");
                    pieces.extend([Piece::kept(again.clone()), Piece::kept(again)]);
                }
                _ => pieces.push(Piece::kept(self.field(random, field, &field.children, ""))),
            }
        }
        pieces
    }

    fn field(&mut self, random: &mut StdRng, field: &Selected, children: &[Selected], directive: &str) -> String {
        let Selected { key, field: name, arguments, .. } = field;
        let mut text = if key == name { name.clone() } else { format!("{key}: {name}") };
        if !arguments.is_empty() {
            let arguments: Vec<String> = arguments.iter().map(|(name, value)| format!("{name}: {value}")).collect();
            text += &format!("({})", arguments.join(", "));
        }
        text += directive;
        if !children.is_empty() {
            text += &format!(" {}", self.set(random, field, children));
        }
        text
    }

    /// A selection set, some of its pieces inside fragments, and fragments inside fragments.
    fn wrap(&mut self, random: &mut StdRng, ty: &str, mut pieces: Vec<Piece>) -> String {
        while random.random_bool(0.3) {
            let from = random.random_range(0..pieces.len());
            let to = random.random_range(from + 1..=pieces.len());
            let inner: Vec<Piece> = pieces.drain(from..to).collect();
            let is_included = random.random_range(0..8) > 0;
            let condition =
                if is_included && random.random_bool(0.8) { String::new() } else { self.condition(random, is_included) };
            let is_kept = is_included && inner.iter().any(|piece| piece.is_kept);
            let inner = inner.into_iter().map(|piece| piece.text).collect::<Vec<_>>().join(" ");
            let text = match random.random_range(0..3) {
                0 => format!("...{condition} {{ {inner} }}"),
                1 => format!("... on {ty}{condition} {{ {inner} }}"),
                _ => {
                    let name = format!("F{}", self.fragments.len());
                    self.fragments.push(format!("fragment {name} on {ty} {{ {inner} }}"));
                    format!("...{name}{condition}")
                }
            };
            // A fragment may be spread twice.
            if text.starts_with("...F") && random.random_bool(0.2) {
                pieces.push(Piece { text: text.clone(), is_kept });
            }
            pieces.insert(from, Piece { text, is_kept });
        }
        if !pieces.iter().any(|piece| piece.is_kept) {
            pieces.push(Piece::kept("__typename".to_owned()));
        }
        let pieces: Vec<String> = pieces.into_iter().map(|piece| piece.text).collect();
        format!("{{ {} }}", pieces.join(" "))
    }

    fn leaf_fragment(&mut self, ty: &str) -> String {
        if let Some(name) = self.leaves.get(ty) {
            return format!("...{name}");
        }
        let name = format!("F{}", self.fragments.len());
        let more = if ty == "Issue" { "title contact stage" } else { "version" };
        self.fragments.push(format!("fragment {name} on {ty} {{ {more} id __typename }}"));
        self.leaves.insert(ty.to_owned(), name.clone());
        format!("...{name}")
    }

    /// Directives that together include or leave out.
    fn condition(&mut self, random: &mut StdRng, is_included: bool) -> String {
        let (include, skip) = match (is_included, random.random_range(0..3)) {
            (true, 0) => (Some(true), None),
            (true, 1) => (None, Some(false)),
            (true, _) => (Some(true), Some(false)),
            (false, 0) => (Some(false), None),
            (false, 1) => (None, Some(true)),
            (false, _) => (Some(true), Some(true)),
        };
        let mut text = String::new();
        for (name, value) in [("include", include), ("skip", skip)] {
            if let Some(value) = value {
                text += &format!(" @{name}(if: {})", self.arguments.condition(random, value));
            }
        }
        text
    }
}
