//! The checked model: collections, fields, enums and the text of their rules.

use crate::base::{ColumnName, EnumValueName, FieldName, RoleName, ScalarType, TableName, TypeName, Value};
use crate::catalog::{SearchSettings, SourceFile, SourceId, SourceSpan};
use std::time::Duration;

/// Index of a collection in [`Catalog::collections`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CollectionId(pub u16);

/// A field of a collection: the collection's index and the index in [`Collection::fields`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId {
    /// The collection that has the field.
    pub collection: CollectionId,
    /// Index in its `fields`.
    pub index: u16,
}

/// Index of an enum in [`Catalog::enums`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EnumId(pub u16);

/// Everything that `schema.graphql` and the platform's own SDL say, checked.
#[derive(Clone, Debug)]
pub struct Catalog {
    /// The platform's collections first, then the tool's in the order of the file.
    pub collections: Vec<Collection>,
    /// Every enum, the `Role` enum among them.
    pub enums: Vec<EnumType>,
    /// `@rule(name:, is:)`, in order.
    pub named_rules: Vec<NamedRule>,
    /// `@base(read:, write:)`.
    pub base: BaseRules,
    /// The files that the catalog came from; a [`SourceSpan`] points into them.
    pub sources: Vec<SourceFile>,
}

impl Catalog {
    /// The collection with this id.
    pub fn collection(&self, id: CollectionId) -> &Collection {
        &self.collections[usize::from(id.0)]
    }

    /// The field with this id.
    pub fn field(&self, id: FieldId) -> &Field {
        &self.collection(id.collection).fields[usize::from(id.index)]
    }

    /// The enum with this id.
    pub fn enum_type(&self, id: EnumId) -> &EnumType {
        &self.enums[usize::from(id.0)]
    }

    /// The collection with this GraphQL type name.
    pub fn find_collection(&self, name: &str) -> Option<&Collection> {
        self.collections.iter().find(|collection| collection.name == name)
    }

    /// The collection of what was shared with whom.
    pub fn record_shares(&self) -> Option<&Collection> {
        self.find_collection(Collection::RECORD_SHARE).filter(|collection| collection.is_platform)
    }

    /// The collection whose shares a relation to many leads to; `None` for every other relation.
    pub fn shares_of(&self, relation: &Field) -> Option<&Collection> {
        let FieldKind::ToMany { inverse, .. } = relation.kind else { return None };
        let is_foreign_key = matches!(self.field(inverse).kind, FieldKind::ToOne { .. });
        (!is_foreign_key).then(|| self.collection(relation.id.collection))
    }

    /// Every role: the values of the `Role` enum.
    pub fn roles(&self) -> Vec<RoleName> {
        let roles = self.enums.iter().find(|enum_type| enum_type.name == "Role");
        roles.map(|roles| roles.values.iter().map(|value| RoleName::new(value.name.as_str())).collect()).unwrap_or_default()
    }
}

/// The text of a CEL rule with its way back to the place in the file.
#[derive(Clone, Debug)]
pub struct RuleText {
    /// The rule as CEL reads it (GraphQL string escapes and block indentation removed).
    pub text: String,
    /// The whole string literal in the file.
    pub span: SourceSpan,
    /// For pieces of `text` that stand unbroken in the file: (offset in `text`, offset in the file), ascending, first at 0.
    pub offsets: Vec<(usize, usize)>,
    /// Where in `text` begins what the platform's own services may, and where that stands in the platform's file.
    pub services: Option<(usize, SourceSpan)>,
}

impl RuleText {
    /// The place in the file of a range of bytes of the rule text; a range over several pieces reaches from the first into
    /// the last.
    pub fn span_of(&self, offset: usize, length: usize) -> SourceSpan {
        if let Some((_, span)) = self.services.filter(|(start, _)| *start <= offset) {
            return span;
        }
        let start = self.place_of(offset);
        let end = match self.offsets.iter().find(|(in_text, _)| *in_text == offset + length) {
            // Where the next piece begins, so that an escape at the end is marked whole.
            Some((_, in_file)) if length > 0 => *in_file,
            _ => self.place_of((offset + length).saturating_sub(1)) + 1,
        };
        SourceSpan::new(self.span.source, start..end.max(start))
    }

    /// The byte of the file at which a byte of the rule text stands.
    fn place_of(&self, offset: usize) -> usize {
        let piece = self.offsets.iter().rev().find(|(in_text, _)| *in_text <= offset);
        piece.map_or(self.span.offset, |(in_text, in_file)| in_file + (offset - in_text))
    }
}

/// A reusable condition, `@rule(name: "staff", is: "...")`.
#[derive(Clone, Debug)]
pub struct NamedRule {
    /// The name by which rules call it, without parentheses.
    pub name: String,
    /// Its condition.
    pub rule: RuleText,
}

/// What has to hold of every caller besides the rules of each collection, `@base(read: "...", write: "...")`.
#[derive(Clone, Debug, Default)]
pub struct BaseRules {
    /// Of whoever reads or exports.
    pub read: Option<RuleText>,
    /// Of whoever creates, updates or deletes.
    pub write: Option<RuleText>,
}

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

/// A collection: one GraphQL object type, one table.
#[derive(Clone, Debug)]
pub struct Collection {
    /// Its own id.
    pub id: CollectionId,
    /// The GraphQL type name, `Ticket`.
    pub name: TypeName,
    /// The GraphQL name of one row, `ticket`.
    pub singular: FieldName,
    /// The GraphQL name of many rows, `tickets`.
    pub plural: FieldName,
    /// Its description.
    pub description: Option<String>,
    /// Its table.
    pub table: TableName,
    /// `@was(name:)`: the names that it had before, none of them a type any more.
    pub former_names: Vec<TypeName>,
    /// Whether the platform's own migrations create the table.
    pub is_platform: bool,
    /// Whether rows are only ever added: then it has no `updatedAt` and no `version`.
    pub is_append_only: bool,
    /// The mutations that the API offers; the rules decide who may use them.
    pub mutations: Vec<MutationKind>,
    /// Fields: `id` first, then those of the file, then `createdAt`, `updatedAt`, `version`.
    pub fields: Vec<Field>,
    /// `@unique(fields:)`: the fields that are unique together.
    pub uniques: Vec<CompoundUnique>,
    /// Who may read and write rows.
    pub access: AccessRules,
    /// `@search`: what `search:` looks into, if anything.
    pub search: Option<SearchSettings>,
    /// What is recorded beyond every change.
    pub audit: AuditSettings,
    /// Who may export it, if anyone.
    pub export: Option<ExportSettings>,
    /// Who may compute over its rows, if not everybody, and over how few.
    pub aggregate: Option<AggregateSettings>,
    /// Who may share a row of it; `None` where rows are not shared.
    pub shareable: Option<RuleText>,
    /// Where it is defined.
    pub span: SourceSpan,
}

impl Collection {
    /// The platform's collection of what was shared with whom.
    pub const RECORD_SHARE: &'static str = "RecordShare";

    /// The field of a shareable collection that lists the shares of a row.
    pub const RECORD_SHARES: &'static str = "recordShares";

    /// The field with this GraphQL name.
    pub fn find_field(&self, name: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.name == name)
    }

    /// The `id` field.
    pub fn id_field(&self) -> &Field {
        self.find_field("id").expect("the compiler gives every collection an `id`")
    }

    /// The fewest rows that an aggregate over it tells anything of.
    pub fn group_floor(&self) -> GroupFloor {
        self.aggregate.as_ref().map_or(GroupFloor::NONE, |aggregate| aggregate.min_group)
    }

    /// The fields that have a column.
    pub fn stored_fields(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| field.column().is_some())
    }
}

/// Fields of which no two rows have the same values together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CompoundUnique {
    /// The fields, in the order of the directive; at least two.
    pub fields: Vec<FieldId>,
    /// Where the directive stands.
    pub span: SourceSpan,
}

impl CompoundUnique {
    /// The fields themselves.
    pub fn of<'c>(&'c self, collection: &'c Collection) -> impl Iterator<Item = &'c Field> {
        self.fields.iter().map(|id| &collection.fields[usize::from(id.index)])
    }

    /// The columns, in the same order.
    pub fn columns<'c>(&'c self, collection: &'c Collection) -> impl Iterator<Item = &'c ColumnName> {
        self.of(collection).filter_map(Field::column)
    }

    /// The name by which the API asks for such a row: `teamAndName`.
    pub fn graphql_name(&self, collection: &Collection) -> String {
        let mut name = String::new();
        for field in self.of(collection) {
            let field = field.name.as_str();
            if name.is_empty() {
                name.push_str(field);
            } else {
                name.push_str("And");
                name.extend(field.chars().take(1).flat_map(char::to_uppercase));
                name.extend(field.chars().skip(1));
            }
        }
        name
    }

    /// The input type of that name: `TicketByTeamAndName`.
    pub fn graphql_type(&self, collection: &Collection) -> String {
        let name = self.graphql_name(collection);
        let first = name.chars().take(1).flat_map(char::to_uppercase);
        format!("{}By{}", collection.name, first.chain(name.chars().skip(1)).collect::<String>())
    }
}

/// A mutation that the API offers for a collection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MutationKind {
    /// `createTicket`.
    Create,
    /// `updateTicket`.
    Update,
    /// `deleteTicket`.
    Delete,
}

/// The row rules of a collection; all four are always there.
#[derive(Clone, Debug)]
pub struct AccessRules {
    /// Filters every read.
    pub read: RuleText,
    /// Guards a new row.
    pub create: RuleText,
    /// Guards a change.
    pub update: RuleText,
    /// Guards a deletion.
    pub delete: RuleText,
    /// The most time since whoever writes proved who they are.
    pub step_up: Option<Duration>,
}

/// `@audit`.
#[derive(Clone, Debug, Default)]
pub struct AuditSettings {
    /// Whether reads record a VIEW event.
    pub is_read_audited: bool,
    /// The mutations that need a reason.
    pub reasons: Vec<MutationKind>,
}

/// `@export`.
#[derive(Clone, Debug)]
pub struct ExportSettings {
    /// Who may export at all; a right of its own beside read.
    pub allow: RuleText,
    /// The most rows in one export.
    pub max_rows: u32,
}

/// `@aggregate`.
#[derive(Clone, Debug)]
pub struct AggregateSettings {
    /// Who may count and compute over rows; everybody if absent.
    pub allow: Option<RuleText>,
    /// The fewest rows, or values, that anything is told of.
    pub min_group: GroupFloor,
}

/// The fewest rows that an aggregate tells anything of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupFloor(u32);

impl GroupFloor {
    /// Every group tells, one of no rows too.
    pub const NONE: Self = Self(0);

    /// At least this many; `None` for a number that protects no row.
    pub fn new(rows: u32) -> Option<Self> {
        (rows > 1).then_some(Self(rows))
    }

    /// The number of rows, where there is a floor.
    pub fn rows(self) -> Option<u32> {
        (self.0 > 0).then_some(self.0)
    }

    /// Whether something is kept back.
    pub fn is_set(self) -> bool {
        self.0 > 0
    }
}

/// A field of a collection.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its own id.
    pub id: FieldId,
    /// Its GraphQL name.
    pub name: FieldName,
    /// Its description.
    pub description: Option<String>,
    /// What it holds.
    pub kind: FieldKind,
    /// Whether it is NOT NULL in storage and required as input; never for a relation to many, which has no storage.
    pub is_required: bool,
    /// `@unique`.
    pub is_unique: bool,
    /// `@index`.
    pub is_indexed: bool,
    /// `@readOnly`, and the fields the platform writes itself (`id`, `createdAt`, `updatedAt`, `version`, sequences).
    pub is_read_only: bool,
    /// Whether the compiler added it (`id`, `createdAt`, `updatedAt`, `version`).
    pub is_implicit: bool,
    /// Whether no row may stand below itself along this relation to the own collection.
    pub is_acyclic: bool,
    /// `@default`.
    pub default: Option<DefaultValue>,
    /// `@sequence(format:)`: text such as `CASE-{:06}`, filled from a PostgreSQL sequence.
    pub sequence: Option<String>,
    /// `@length(max:)`, in characters.
    pub max_length: Option<u32>,
    /// What else its values have to keep to.
    pub limits: ValueLimits,
    /// The columns that it may have in a database of before: those of `@was(name:)`, and the one that `@column` replaces.
    pub former_columns: Vec<ColumnName>,
    /// `@backfill`.
    pub backfill: Option<Backfill>,
    /// `@access` on the field.
    pub access: FieldAccess,
    /// `@deprecated(reason:)`.
    pub deprecation: Option<String>,
    /// Where it is defined.
    pub span: SourceSpan,
}

impl Field {
    /// The column that stores it; `None` for the other end of a relation.
    pub fn column(&self) -> Option<&ColumnName> {
        match &self.kind {
            FieldKind::Scalar { column, .. } | FieldKind::Enum { column, .. } | FieldKind::ToOne { column, .. } => Some(column),
            FieldKind::ToMany { .. } => None,
        }
    }

    /// The scalar as which its column is bound: enums as `String`, a to-one relation as `ID`.
    pub fn stored_scalar(&self) -> Option<ScalarType> {
        match &self.kind {
            FieldKind::Scalar { scalar, .. } => Some(*scalar),
            FieldKind::Enum { .. } => Some(ScalarType::String),
            FieldKind::ToOne { .. } => Some(ScalarType::Id),
            FieldKind::ToMany { .. } => None,
        }
    }

    /// Whether the platform's own migrations create its column; `false` also for what a tool adds to a platform collection.
    pub fn is_platform(&self) -> bool {
        self.span.source == SourceId::PLATFORM
    }

    /// Whether the column holds an array.
    pub fn is_list(&self) -> bool {
        matches!(self.kind, FieldKind::Scalar { is_list: true, .. } | FieldKind::Enum { is_list: true, .. })
    }
}

/// What the values of a field have to keep to, beside `@length(max:)`.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ValueLimits {
    /// `@length(min:)`, in characters.
    pub min_length: Option<u32>,
    /// `@range(min:)`.
    pub min: Option<Value>,
    /// `@range(max:)`.
    pub max: Option<Value>,
    /// `@pattern(regex:)`: the whole text is like this.
    pub pattern: Option<String>,
}

/// What a field holds.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A scalar or a list of them.
    Scalar {
        /// The (element's) type.
        scalar: ScalarType,
        /// Whether it is a list.
        is_list: bool,
        /// Its column.
        column: ColumnName,
    },
    /// An enum or a list of them, stored as text.
    Enum {
        /// The (element's) enum.
        enum_id: EnumId,
        /// Whether it is a list.
        is_list: bool,
        /// Its column.
        column: ColumnName,
    },
    /// A foreign key.
    ToOne {
        /// The collection it points to.
        target: CollectionId,
        /// The column with the target's id, `customer_id`.
        column: ColumnName,
        /// What happens to this row when the target is deleted.
        on_delete: OnDelete,
    },
    /// The other end of a foreign key.
    ToMany {
        /// The collection that holds the foreign key.
        target: CollectionId,
        /// Its to-one field that points here.
        ///
        /// The shares of a row are the one exception: `RecordShare.recordId` is the id of a row of any collection, and
        /// [`Catalog::shares_of`] says which rows are meant.
        inverse: FieldId,
    },
}

/// `@onDelete`: what happens to a row whose to-one target is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OnDelete {
    /// The target cannot be deleted while the row is there.
    Restrict,
    /// The row is deleted too, under its own delete rule and with its own audit event.
    Cascade,
    /// The reference becomes null, under the row's update rule and with its own audit event.
    SetNull,
}

/// `@default`.
#[derive(Clone, Debug)]
pub enum DefaultValue {
    /// `@default(value:)`: a literal that fits the field, in the text form that [`crate::base::Value::parse`] reads for its
    /// scalar (an enum: the value's name); for a list, a JSON array of such texts.
    Literal(String),
    /// `@default(expr:)`: a CEL value over `user`, `request` and `now()`.
    Expression(RuleText),
}

/// `@backfill`: what the rows that are there get when the field is added or becomes required.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backfill {
    /// `value:`, a literal in the text form of [`DefaultValue::Literal`].
    Literal(String),
    /// `sql:`, an expression over the columns of the row. Only `migrate` writes it down, for people to review.
    Sql(String),
}

/// `@access` on a field.
#[derive(Clone, Debug, Default)]
pub struct FieldAccess {
    /// Who sees the value; others get null or the mask.
    pub read: Option<RuleText>,
    /// Who may set the value.
    pub write: Option<RuleText>,
    /// What those who may not read see instead of null.
    pub mask: Option<Mask>,
}

/// `mask:` or `maskAs:` of a field's `@access`.
#[derive(Clone, Debug)]
pub enum Mask {
    /// `a***@acme.test`.
    Email,
    /// `****1234`.
    Last4,
    /// A keyed hash.
    Hash,
    /// `****`.
    Redact,
    /// The value of a CEL expression.
    Computed(RuleText),
}
