//! Newtypes for names, cheap to clone, so that no bare `String` crosses a module border.

use std::fmt;
use std::sync::Arc;

macro_rules! name_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Wraps a name that was already checked by whoever read it.
            pub fn new(name: impl AsRef<str>) -> Self {
                Self(Arc::from(name.as_ref()))
            }

            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, formatter)
            }
        }

        impl PartialEq<str> for $name {
            fn eq(&self, other: &str) -> bool {
                self.as_str() == other
            }
        }

        impl PartialEq<&str> for $name {
            fn eq(&self, other: &&str) -> bool {
                self.as_str() == *other
            }
        }
    };
}

name_type!(
    /// The name of a GraphQL type, `Ticket`.
    TypeName
);
name_type!(
    /// The name of a GraphQL field, `assignedTo`.
    FieldName
);
name_type!(
    /// The name of a GraphQL enum value, `OPEN`.
    EnumValueName
);
name_type!(
    /// The name of a PostgreSQL column, `assigned_to_id`.
    ColumnName
);
name_type!(
    /// The name of a Toolcrib role, `agent`: a value of the `Role` enum, or `platform` for the platform's own work.
    RoleName
);

impl RoleName {
    /// The role of work that the platform does on nobody's behalf. It is no value of the `Role` enum, so no user has it,
    /// and rules must name it (or `request.service`) to give it anything.
    pub fn platform() -> Self {
        Self::new("platform")
    }
}

/// A PostgreSQL table, always with its schema, so that no statement depends on `search_path`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TableName {
    /// The PostgreSQL schema, `public` or `toolcrib`.
    pub schema: Arc<str>,
    /// The table's own name, `tickets`.
    pub name: Arc<str>,
}

impl TableName {
    /// Names a table in a schema.
    pub fn new(schema: impl AsRef<str>, name: impl AsRef<str>) -> Self {
        Self { schema: Arc::from(schema.as_ref()), name: Arc::from(name.as_ref()) }
    }
}

impl fmt::Display for TableName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}.{}", self.schema, self.name)
    }
}
