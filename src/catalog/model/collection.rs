//! A collection: its names, its table, its fields, and what holds of its rows.

use crate::base::{ColumnName, FieldName, TableName, TypeName};
use crate::catalog::{
    AccessRules, AggregateSettings, AuditSettings, CollectionId, ExportSettings, Field, FieldId, GroupFloor, RuleText,
    SearchSettings, SourceSpan,
};

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
