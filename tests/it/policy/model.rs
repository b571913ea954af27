//! The small world that generated rules speak of: its collections as one table of data, from which the SDL, the tables and the
//! rows are made. The oracle finds its way by this table too, and not by the catalog.

use std::fmt::Write;

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    Text,
    Enum(&'static str, &'static [&'static str]),
    Int,
    BigInt,
    Decimal,
    Float,
    Boolean,
    Time,
    Date,
    Texts,
    Ints,
    /// The row's own id.
    Id,
    /// A foreign key to a collection.
    One(&'static str),
    /// The rows of a collection whose field points here.
    Many(&'static str, &'static str),
}

/// A field: its name, what it holds, whether it is required.
#[derive(Clone, Copy, Debug)]
pub struct Field {
    pub name: &'static str,
    pub kind: Kind,
    pub is_required: bool,
}

/// A collection: its name, its table, its fields.
#[derive(Clone, Copy, Debug)]
pub struct Collection {
    pub name: &'static str,
    pub table: &'static str,
    pub fields: &'static [Field],
}

const fn required(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: true }
}

const fn optional(name: &'static str, kind: Kind) -> Field {
    Field { name, kind, is_required: false }
}

const ROLES: &[&str] = &["admin", "manager", "agent", "viewer"];
const COLORS: &[&str] = &["RED", "GREEN", "BLUE"];

/// Every collection; the first two are the platform's.
pub const COLLECTIONS: &[Collection] = &[
    Collection {
        name: "Team",
        table: "toolcrib.teams",
        fields: &[
            required("id", Kind::Id),
            required("name", Kind::Text),
            optional("parent", Kind::One("Team")),
            optional("children", Kind::Many("Team", "parent")),
            optional("members", Kind::Many("User", "team")),
        ],
    },
    Collection {
        name: "User",
        table: "toolcrib.users",
        fields: &[
            required("id", Kind::Id),
            required("name", Kind::Text),
            required("role", Kind::Enum("Role", ROLES)),
            optional("team", Kind::One("Team")),
            required("isActive", Kind::Boolean),
        ],
    },
    Collection {
        name: "Case",
        table: "public.cases",
        fields: &[
            required("id", Kind::Id),
            required("owner", Kind::One("User")),
            optional("assignee", Kind::One("User")),
            required("home", Kind::One("Team")),
            optional("team", Kind::One("Team")),
            optional("parent", Kind::One("Case")),
            optional("parts", Kind::Many("Case", "parent")),
            required("title", Kind::Text),
            optional("note", Kind::Text),
            required("color", Kind::Enum("Color", COLORS)),
            optional("mood", Kind::Enum("Color", COLORS)),
            required("weight", Kind::Int),
            optional("count", Kind::Int),
            optional("total", Kind::BigInt),
            optional("amount", Kind::Decimal),
            optional("ratio", Kind::Float),
            required("isOpen", Kind::Boolean),
            optional("isUrgent", Kind::Boolean),
            required("openedAt", Kind::Time),
            optional("dueAt", Kind::Time),
            optional("day", Kind::Date),
            required("labels", Kind::Texts),
            optional("tags", Kind::Texts),
            optional("scores", Kind::Ints),
            optional("watchers", Kind::Many("Watcher", "watched")),
        ],
    },
    Collection {
        name: "Watcher",
        table: "public.watchers",
        fields: &[
            required("id", Kind::Id),
            required("watched", Kind::One("Case")),
            optional("user", Kind::One("User")),
            optional("level", Kind::Int),
            optional("color", Kind::Enum("Color", COLORS)),
            optional("remark", Kind::Text),
            optional("isLoud", Kind::Boolean),
            optional("replies", Kind::Many("Reply", "watcher")),
        ],
    },
    Collection {
        name: "Reply",
        table: "public.replies",
        fields: &[
            required("id", Kind::Id),
            optional("watcher", Kind::One("Watcher")),
            optional("author", Kind::One("User")),
            optional("about", Kind::One("Case")),
            required("body", Kind::Text),
            optional("sentAt", Kind::Time),
            optional("score", Kind::Int),
            optional("isHidden", Kind::Boolean),
        ],
    },
];

/// The collections whose rows are shared.
pub const SHAREABLE: &[&str] = &["Case", "Watcher"];

/// The collection with this name.
pub fn collection(name: &str) -> &'static Collection {
    COLLECTIONS.iter().find(|collection| collection.name == name).expect("a collection of this world")
}

impl Collection {
    /// The field with this name.
    pub fn field(&self, name: &str) -> &'static Field {
        self.fields.iter().find(|field| field.name == name).unwrap_or_else(|| panic!("{}.{name} is no field", self.name))
    }

    /// The fields that have a column.
    pub fn stored(&self) -> impl Iterator<Item = &'static Field> {
        self.fields.iter().filter(|field| !matches!(field.kind, Kind::Many(..)))
    }
}

impl Field {
    /// The column's name and type.
    pub fn column(&self) -> (String, &'static str) {
        let mut name = String::new();
        for character in self.name.chars() {
            if character.is_uppercase() {
                name.push('_');
            }
            name.extend(character.to_lowercase());
        }
        let sql_type = match self.kind {
            Kind::Text | Kind::Enum(..) => "text",
            Kind::Int => "integer",
            Kind::BigInt => "bigint",
            Kind::Decimal => "numeric",
            Kind::Float => "double precision",
            Kind::Boolean => "boolean",
            Kind::Time => "timestamptz",
            Kind::Date => "date",
            Kind::Texts => "text[]",
            Kind::Ints => "integer[]",
            Kind::Id => "uuid",
            Kind::One(_) => {
                name.push_str("_id");
                "uuid"
            }
            Kind::Many(..) => unreachable!("the other end of a relation has no column"),
        };
        (name, sql_type)
    }

    fn sdl_type(&self) -> String {
        let name = match self.kind {
            Kind::Text => "String",
            Kind::Enum(name, _) | Kind::One(name) => name,
            Kind::Int => "Int",
            Kind::BigInt => "BigInt",
            Kind::Decimal => "Decimal",
            Kind::Float => "Float",
            Kind::Boolean => "Boolean",
            Kind::Time => "DateTime",
            Kind::Date => "Date",
            Kind::Texts => "[String!]",
            Kind::Ints => "[Int!]",
            Kind::Id => "ID",
            Kind::Many(target, field) => return format!("[{target}!]! @inverse(field: \"{field}\")"),
        };
        format!("{name}{}", if self.is_required { "!" } else { "" })
    }
}

/// The SDL of the world's own collections. `rules` gives the four rules of a collection: read, create, update, delete.
pub fn to_sdl(named_rules: &[(String, String)], rules: impl Fn(&Collection) -> [String; 4]) -> String {
    let mut sdl = String::new();
    if !named_rules.is_empty() {
        sdl.push_str("extend schema\n");
        for (name, rule) in named_rules {
            writeln!(sdl, "  @rule(name: \"{name}\", is: {})", block(rule)).unwrap();
        }
    }
    sdl.push_str("enum Color { RED GREEN BLUE }\n");
    for collection in &COLLECTIONS[2..] {
        let [read, create, update, delete] = rules(collection).map(|rule| block(&rule));
        writeln!(
            sdl,
            "type {} @collection {} @access(read: {read}, create: {create}, update: {update}, delete: {delete}) {{",
            collection.name,
            if SHAREABLE.contains(&collection.name) { "@shareable(by: \"true\")" } else { "" },
        )
        .unwrap();
        if SHAREABLE.contains(&collection.name) {
            // Something that a share gives, whatever the four rules say.
            sdl.push_str("  sharedNote: String @access(read: \"shared('read')\")\n");
        }
        for field in collection.fields.iter().filter(|field| field.kind != Kind::Id) {
            writeln!(sdl, "  {}: {}", field.name, field.sdl_type()).unwrap();
        }
        sdl.push_str("}\n");
    }
    sdl
}

/// A rule as a block string, in which only `"""` has a meaning.
fn block(rule: &str) -> String {
    assert!(!rule.contains("\"\"\""), "a generated rule never has three quotes in a row");
    format!("\"\"\"\n{rule}\n\"\"\"")
}
