//! The scalar types of the SDL.

/// A scalar of `schema.graphql`. Enums are not here: they are stored as text with a CHECK.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarType {
    /// `ID`: a UUID, always a key.
    Id,
    /// `String`: text.
    String,
    /// `Int`: 32 bits, as the GraphQL specification says.
    Int,
    /// `Float`: double precision.
    Float,
    /// `Boolean`.
    Boolean,
    /// `DateTime`: an instant, RFC 3339 on the wire, `timestamptz` in storage.
    DateTime,
    /// `Date`: a calendar date, ISO 8601.
    Date,
    /// `Decimal`: an exact number, a string on the wire so that no client rounds it.
    Decimal,
    /// `BigInt`: 64 bits, a string on the wire for the same reason.
    BigInt,
    /// `JSON`: any JSON value, `jsonb` in storage.
    Json,
    /// `URL`: text that parses as an absolute URL.
    Url,
    /// `Email`: text of the form `local@domain`.
    Email,
}

impl ScalarType {
    /// Every scalar, in the order in which the documentation lists them.
    pub const ALL: [Self; 12] = [
        Self::Id,
        Self::String,
        Self::Int,
        Self::Float,
        Self::Boolean,
        Self::DateTime,
        Self::Date,
        Self::Decimal,
        Self::BigInt,
        Self::Json,
        Self::Url,
        Self::Email,
    ];

    /// The name in SDL, `DateTime`.
    pub fn graphql_name(self) -> &'static str {
        match self {
            Self::Id => "ID",
            Self::String => "String",
            Self::Int => "Int",
            Self::Float => "Float",
            Self::Boolean => "Boolean",
            Self::DateTime => "DateTime",
            Self::Date => "Date",
            Self::Decimal => "Decimal",
            Self::BigInt => "BigInt",
            Self::Json => "JSON",
            Self::Url => "URL",
            Self::Email => "Email",
        }
    }

    /// The scalar with this SDL name, if it is one of ours.
    pub fn from_graphql_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scalar| scalar.graphql_name() == name)
    }

    /// The PostgreSQL type that stores it, as `pg_catalog.format_type` prints it.
    pub fn sql_type(self) -> &'static str {
        match self {
            Self::Id => "uuid",
            Self::String | Self::Url | Self::Email => "text",
            Self::Int => "integer",
            Self::Float => "double precision",
            Self::Boolean => "boolean",
            Self::DateTime => "timestamp with time zone",
            Self::Date => "date",
            Self::Decimal => "numeric",
            Self::BigInt => "bigint",
            Self::Json => "jsonb",
        }
    }

    /// Whether values of this type are stored as text.
    pub fn is_text(self) -> bool {
        matches!(self, Self::String | Self::Url | Self::Email)
    }

    /// Whether `<` and `>` mean something for it.
    pub fn is_ordered(self) -> bool {
        !matches!(self, Self::Json | Self::Boolean)
    }
}
