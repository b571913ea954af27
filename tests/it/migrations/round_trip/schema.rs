//! A generated schema, as data and as SDL.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use std::fmt::Write;

/// The scalars that fields have.
pub const SCALARS: [&str; 12] =
    ["String", "Int", "Float", "Boolean", "DateTime", "Date", "Decimal", "BigInt", "JSON", "URL", "Email", "ID"];

/// A schema.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub enums: Vec<Enum>,
    pub types: Vec<Type>,
    /// Counts names, so that none comes twice.
    pub next: u32,
}

/// An enum.
#[derive(Clone, Debug)]
pub struct Enum {
    pub name: String,
    pub values: Vec<Named>,
}

/// A name with those of before.
#[derive(Clone, Debug)]
pub struct Named {
    pub name: String,
    pub was: Vec<String>,
}

/// A collection.
#[derive(Clone, Debug)]
pub struct Type {
    pub named: Named,
    pub fields: Vec<Field>,
    /// `@search(config:)`.
    pub config: &'static str,
}

/// A field.
#[derive(Clone, Debug)]
pub struct Field {
    pub named: Named,
    pub kind: Kind,
    pub is_list: bool,
    pub is_required: bool,
    pub is_unique: bool,
    pub is_indexed: bool,
    /// Whether `@search` names it.
    pub is_searched: bool,
    /// Whether not everybody reads it.
    pub is_guarded: bool,
    pub length: Option<u32>,
    /// `@default(value:)`.
    pub default: Option<String>,
    /// `@backfill`'s argument.
    pub backfill: Option<String>,
    /// `@sequence(format:)`.
    pub sequence: Option<String>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    Scalar(&'static str),
    /// By index in [`Schema::enums`].
    Enum(usize),
    /// By name.
    ToOne(String),
}

impl Named {
    pub fn new(name: String) -> Self {
        Self { name, was: Vec::new() }
    }

    fn directive(&self) -> String {
        if self.was.is_empty() { String::new() } else { format!(" @was(name: {:?})", self.was) }
    }
}

impl Field {
    pub fn is_text(&self) -> bool {
        matches!(self.kind, Kind::Scalar("String" | "URL" | "Email")) && !self.is_list
    }

    /// Whether `@unique` and `@index` fit.
    pub fn is_key_like(&self) -> bool {
        !self.is_list && self.kind != Kind::Scalar("JSON")
    }

    /// Whether generated rows never share a value of it.
    pub fn is_distinct(&self) -> bool {
        self.is_key_like() && matches!(self.kind, Kind::Scalar(scalar) if scalar != "Boolean") && self.backfill.is_none()
    }
}

impl Schema {
    /// A schema of two to four types.
    pub fn generate(random: &mut StdRng) -> Self {
        let mut schema = Self::default();
        for _ in 0..random.random_range(1..=2) {
            let name = schema.name("Kind");
            let values = (0..random.random_range(2..=4)).map(|_| Named::new(schema.name("VALUE_"))).collect();
            schema.enums.push(Enum { name, values });
        }
        for _ in 0..random.random_range(2..=4) {
            schema.add_type(random);
        }
        schema
    }

    /// A name that was never there.
    pub fn name(&mut self, stem: &str) -> String {
        self.next += 1;
        format!("{stem}{}", self.next)
    }

    pub fn add_type(&mut self, random: &mut StdRng) {
        let name = self.name("Thing");
        self.types.push(Type { named: Named::new(name), fields: Vec::new(), config: "simple" });
        let last = self.types.len() - 1;
        for _ in 0..random.random_range(1..=5) {
            let field = self.field(random, last);
            self.types[last].fields.push(field);
        }
    }

    /// A new field of a type. Relations point to types before it, so that rows can be made in the order of the types.
    pub fn field(&mut self, random: &mut StdRng, owner: usize) -> Field {
        let kind = match random.random_range(0..10) {
            0 | 1 => Kind::Enum(random.random_range(0..self.enums.len())),
            2 | 3 if owner > 0 => Kind::ToOne(self.types[random.random_range(0..owner)].named.name.clone()),
            4 => Kind::ToOne("User".to_owned()),
            5 => Kind::Scalar("String"),
            _ => Kind::Scalar(SCALARS.choose(random).unwrap()),
        };
        let is_relation = matches!(kind, Kind::ToOne(_));
        let mut field = Field {
            named: Named::new(self.name("field")),
            is_list: !is_relation && kind != Kind::Scalar("JSON") && random.random_bool(0.15),
            is_required: kind != Kind::ToOne("User".to_owned()) && random.random_bool(0.5),
            is_unique: false,
            is_indexed: false,
            is_searched: false,
            is_guarded: random.random_bool(0.2),
            length: None,
            default: None,
            backfill: None,
            sequence: None,
            kind,
        };
        field.is_unique = field.is_distinct() && random.random_bool(0.25);
        field.is_indexed = field.is_key_like() && random.random_bool(0.3);
        field.is_searched = field.is_text() && random.random_bool(0.5);
        field.length = (field.is_text() && random.random_bool(0.5)).then(|| random.random_range(30..60));
        if field.kind == Kind::Scalar("String") && !field.is_list && random.random_bool(0.25) {
            field.sequence = Some("N-{:03}".to_owned());
        } else if !is_relation && !field.is_unique && random.random_bool(0.3) {
            field.default = self.literal(random, &field);
        }
        field
    }

    /// A literal of a field's type; `None` for relations.
    pub fn literal(&self, random: &mut StdRng, field: &Field) -> Option<String> {
        let number = random.random_range(1..9);
        let one = match &field.kind {
            Kind::Enum(index) => self.enums[*index].values.choose(random).unwrap().name.clone(),
            Kind::ToOne(_) => return None,
            Kind::Scalar(scalar) => match *scalar {
                "String" => format!("\"it's {number}\""),
                "Int" | "BigInt" => format!("-{number}"),
                "Float" => format!("{number}.5"),
                "Decimal" => format!("{number}.50"),
                "Boolean" => "true".to_owned(),
                "DateTime" => format!("\"2026-01-0{number}T09:30:00Z\""),
                "Date" => format!("\"2026-01-0{number}\""),
                "JSON" => format!("{{ n: {number} }}"),
                "URL" => format!("\"https://e.test/{number}\""),
                "Email" => format!("\"a{number}@e.test\""),
                _ => format!("\"00000000-0000-4000-8000-00000000000{number}\""),
            },
        };
        Some(if field.is_list { format!("[{one}]") } else { one })
    }

    pub fn to_sdl(&self) -> String {
        let mut text = String::new();
        for Enum { name, values } in &self.enums {
            let values: Vec<String> = values.iter().map(|value| format!("{}{}", value.name, value.directive())).collect();
            writeln!(text, "enum {name} {{ {} }}", values.join("\n")).unwrap();
        }
        for Type { named, fields, config } in &self.types {
            let was = named.directive();
            let searched: Vec<&str> =
                fields.iter().filter(|field| field.is_searched).map(|field| field.named.name.as_str()).collect();
            let search = match searched.as_slice() {
                [] => String::new(),
                searched => format!(" @search(fields: {searched:?}, config: {config:?})"),
            };
            writeln!(text, "type {} @collection @access(read: \"true\", write: \"true\"){was}{search} {{", named.name).unwrap();
            for field in fields {
                writeln!(text, "  {}", self.field_to_sdl(field)).unwrap();
            }
            // A type needs a field.
            writeln!(text, "  note: String\n}}").unwrap();
        }
        text
    }

    fn field_to_sdl(&self, field: &Field) -> String {
        let base = match &field.kind {
            Kind::Scalar(scalar) => (*scalar).to_owned(),
            Kind::Enum(index) => self.enums[*index].name.clone(),
            Kind::ToOne(target) => target.clone(),
        };
        let ty = if field.is_list { format!("[{base}!]") } else { base };
        let required = if field.is_required { "!" } else { "" };
        let mut text = format!("{}: {ty}{required}{}", field.named.name, field.named.directive());
        let directives = [
            field.is_unique.then(|| " @unique".to_owned()),
            field.is_indexed.then(|| " @index".to_owned()),
            field.is_guarded.then(|| " @access(read: \"user.role == 'admin'\")".to_owned()),
            field.length.map(|length| format!(" @length(max: {length})")),
            field.default.as_ref().map(|value| format!(" @default(value: {value})")),
            field.backfill.as_ref().map(|value| format!(" @backfill({value})")),
            field.sequence.as_ref().map(|format| format!(" @sequence(format: {format:?})")),
        ];
        text.extend(directives.into_iter().flatten());
        text
    }
}
