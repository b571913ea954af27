//! Enums and their values.

use crate::base::{EnumValueName, TypeName};
use crate::catalog::SourceSpan;

/// An enum of the SDL; stored as text with a CHECK constraint.
#[derive(Clone, Debug)]
pub struct EnumType {
    /// Its GraphQL name.
    pub name: TypeName,
    /// Its description.
    pub description: Option<String>,
    /// Its values in the order of the file, which is also their sort order.
    pub values: Vec<EnumValue>,
    /// Where it is defined.
    pub span: SourceSpan,
}

/// A value of an enum.
#[derive(Clone, Debug)]
pub struct EnumValue {
    /// The name.
    pub name: EnumValueName,
    /// Its description.
    pub description: Option<String>,
    /// `@deprecated(reason:)`.
    pub deprecation: Option<String>,
    /// `@was(name:)`: the names under which rows may still hold it, none of them a value of the enum any more.
    pub former_names: Vec<EnumValueName>,
}
