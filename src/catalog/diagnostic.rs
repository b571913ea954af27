//! A mistake in `schema.graphql`: what is wrong, where, and what to write instead.

use crate::catalog::SourceSpan;
use std::fmt;

/// The stable name of a kind of mistake, `missing-access`. Those of the SDL are listed here, and every one has a case under
/// `tests/cases/catalog/failing/`; those inside a rule are `policy`'s.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DiagnosticCode(pub &'static str);

impl fmt::Display for DiagnosticCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.0)
    }
}

macro_rules! diagnostic_codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        impl DiagnosticCode {
            $($(#[$doc])* pub const $name: Self = Self($text);)*

            /// Every code of the SDL compiler, so that a test can ask for a case of each.
            pub const ALL: &[Self] = &[$(Self::$name),*];
        }
    };
}

diagnostic_codes! {
    // What GraphQL itself says.
    /// The text is not GraphQL.
    INVALID_GRAPHQL = "invalid-graphql";
    /// A type that is defined nowhere.
    UNKNOWN_TYPE = "unknown-type";
    /// A directive that does not exist.
    UNKNOWN_DIRECTIVE = "unknown-directive";
    /// An argument that the directive does not have.
    UNKNOWN_ARGUMENT = "unknown-argument";
    /// A directive without an argument that it needs.
    MISSING_ARGUMENT = "missing-argument";
    /// An argument given twice.
    DUPLICATE_ARGUMENT = "duplicate-argument";
    /// A directive given twice at one place.
    DUPLICATE_DIRECTIVE = "duplicate-directive";
    /// A directive where it means nothing.
    MISPLACED_DIRECTIVE = "misplaced-directive";
    /// An argument's value that does not fit.
    WRONG_VALUE = "wrong-value";
    /// A type defined twice.
    DUPLICATE_TYPE = "duplicate-type";
    /// A field defined twice.
    DUPLICATE_FIELD = "duplicate-field";
    /// An enum value defined twice.
    DUPLICATE_ENUM_VALUE = "duplicate-enum-value";
    /// A type or enum with nothing in it.
    EMPTY_TYPE = "empty-type";
    /// `extend` of something that is not there.
    UNKNOWN_EXTENSION = "unknown-extension";

    // What of GraphQL is no part of a tool's schema.
    /// Interfaces, unions, input types, scalars, directives, operations.
    UNSUPPORTED_DEFINITION = "unsupported-definition";
    /// `Query`, `Mutation` or `Subscription` written by hand.
    ROOT_TYPE = "root-type";
    /// A field with arguments.
    FIELD_ARGUMENTS = "field-arguments";
    /// A list type that has no storage or could hold null.
    LIST_TYPE = "list-type";
    /// A platform enum, other than `Role`, extended.
    PLATFORM_ENUM = "platform-enum";

    // Names.
    /// A name that the platform or PostgreSQL keeps for itself.
    RESERVED_NAME = "reserved-name";
    /// A name that is not written as names are.
    INVALID_NAME = "invalid-name";
    /// A field that every collection has without writing it.
    IMPLICIT_FIELD = "implicit-field";
    /// Two things with one name in the GraphQL API.
    API_COLLISION = "api-collision";
    /// Two things with one name in the database.
    STORAGE_COLLISION = "storage-collision";
    /// A name that PostgreSQL would cut.
    IDENTIFIER_TOO_LONG = "identifier-too-long";

    // Collections.
    /// A type without `@collection`.
    MISSING_COLLECTION = "missing-collection";
    /// A collection without `@access`.
    MISSING_ACCESS = "missing-access";
    /// An `@access` that leaves an operation open.
    INCOMPLETE_ACCESS = "incomplete-access";
    /// Two named rules of one name.
    DUPLICATE_RULE = "duplicate-rule";
    /// An `@base` that says nothing.
    EMPTY_BASE = "empty-base";
    /// An append-only collection that offers changes.
    APPEND_ONLY = "append-only";
    /// A `@shareable` where rows cannot be shared.
    WRONG_SHAREABLE = "wrong-shareable";

    // Fields.
    /// A field's `@access` that cannot guard it.
    FIELD_ACCESS = "field-access";
    /// A mask that does not fit the field.
    WRONG_MASK = "wrong-mask";
    /// A directive that only the platform's own schema may use.
    PLATFORM_ONLY = "platform-only";
    /// A directive that does not fit the field's type.
    WRONG_FIELD_TYPE = "wrong-field-type";
    /// A `@unique(fields:)` that names no fields which can be unique together.
    WRONG_UNIQUE = "wrong-unique";
    /// A `@search(fields:)` that names what has no words, or a language that PostgreSQL does not know.
    WRONG_SEARCH = "wrong-search";
    /// A `@default` that does not fit the field.
    WRONG_DEFAULT = "wrong-default";
    /// A `@sequence(format:)` without exactly one place for the number.
    SEQUENCE_FORMAT = "sequence-format";
    /// A `@was` that names what is still there, or stands on what the platform names.
    WRONG_WAS = "wrong-was";
    /// A `@backfill` that does not fit the field.
    WRONG_BACKFILL = "wrong-backfill";
    /// A required field that nobody can fill.
    UNFILLABLE_FIELD = "unfillable-field";
    /// An `@onDelete` that cannot be carried out.
    WRONG_ON_DELETE = "wrong-on-delete";
    /// A relation to many whose other end does not exist.
    MISSING_INVERSE = "missing-inverse";
    /// A relation to many with several possible other ends.
    AMBIGUOUS_INVERSE = "ambiguous-inverse";
    /// An `@inverse(field:)` that names no other end.
    WRONG_INVERSE = "wrong-inverse";
}

/// One mistake.
#[derive(Clone, Debug, PartialEq)]
pub struct Diagnostic {
    /// The kind of mistake.
    pub code: DiagnosticCode,
    /// What is wrong, naming the thing in backticks.
    pub message: String,
    /// The words under the marked place.
    pub label: String,
    /// The place.
    pub span: SourceSpan,
    /// What to write instead.
    pub help: Option<String>,
}

impl Diagnostic {
    /// A mistake at a place, as yet without words under it and without help.
    pub fn new(code: DiagnosticCode, span: SourceSpan, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), label: String::new(), span, help: None }
    }

    /// The same with words under the marked place.
    pub fn with_label(self, label: impl Into<String>) -> Self {
        Self { label: label.into(), ..self }
    }

    /// The same with what to write instead.
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }
}
