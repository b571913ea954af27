//! What tables the database really has: fixed queries on PostgreSQL's own catalogs.

use crate::base::{ColumnName, TableName};
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Integer, Nullable, Text};
use diesel_async::{AsyncPgConnection, RunQueryDsl};
use std::collections::{BTreeMap, BTreeSet};

/// The tables, sequences and schemas that are no part of PostgreSQL itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredSchema {
    /// Tables by name; a partitioned table counts once.
    pub tables: BTreeMap<TableName, StoredTable>,
    /// Sequences.
    pub sequences: BTreeSet<TableName>,
    /// Schemas.
    pub schemas: BTreeSet<String>,
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct StoredTable {
    /// Columns, in order.
    pub columns: Vec<StoredColumn>,
    /// Constraints by name; those of NOT NULL are in the columns.
    pub constraints: BTreeMap<String, StoredConstraint>,
    /// The indexes by name, those of constraints too.
    pub indexes: BTreeMap<String, StoredIndex>,
    /// Its comment.
    pub comment: Option<String>,
    /// Whether it has partitions.
    pub is_partitioned: bool,
}

impl StoredTable {
    /// The column with this name.
    pub fn find_column(&self, name: &ColumnName) -> Option<&StoredColumn> {
        self.columns.iter().find(|column| column.name == *name)
    }
}

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredColumn {
    /// Its name.
    pub name: ColumnName,
    /// Its type as `format_type` prints it, `timestamp with time zone`.
    pub sql_type: String,
    /// Whether it is NOT NULL.
    pub is_required: bool,
    /// The text of its default.
    pub default: Option<String>,
}

/// A constraint.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredConstraint {
    /// Its text as `pg_get_constraintdef` prints it.
    pub definition: String,
    /// The columns that it is about.
    pub columns: Vec<ColumnName>,
    /// The table that a foreign key points to.
    pub target: Option<TableName>,
    /// Whether it is known to hold for every row, not only for those that were written since it is there.
    pub is_validated: bool,
}

/// An index.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredIndex {
    /// Its text as `pg_get_indexdef` prints it.
    pub definition: String,
    /// The columns that it is about, those within expressions too.
    pub columns: Vec<ColumnName>,
    /// Whether it belongs to a constraint of its name.
    pub is_of_constraint: bool,
    /// Whether it can be used; a concurrent build that was interrupted leaves one that cannot.
    pub is_valid: bool,
}

/// Reads everything that is no part of PostgreSQL itself.
///
/// # Errors
/// What the database says.
pub async fn read_schema(connection: &mut AsyncPgConnection) -> QueryResult<StoredSchema> {
    let mut schema = StoredSchema::default();
    for row in diesel::sql_query(TABLES).load::<TableRow>(connection).await? {
        let table = StoredTable { comment: row.comment, is_partitioned: row.is_partitioned, ..StoredTable::default() };
        schema.tables.insert(TableName::new(row.schema, row.name), table);
    }
    for row in diesel::sql_query(COLUMNS).load::<ColumnRow>(connection).await? {
        let ColumnRow { schema: schema_name, table_name, name, sql_type, is_required, default_expression } = row;
        let column = StoredColumn { name: ColumnName::new(name), sql_type, is_required, default: default_expression };
        schema.tables.entry(TableName::new(schema_name, table_name)).or_default().columns.push(column);
    }
    for row in diesel::sql_query(CONSTRAINTS).load::<ConstraintRow>(connection).await? {
        let target = row.target_schema.zip(row.target_name).map(|(schema, name)| TableName::new(schema, name));
        let (definition, columns, is_validated) = (row.definition, to_columns(row.columns), row.is_validated);
        let constraint = StoredConstraint { definition, columns, target, is_validated };
        let table = schema.tables.entry(TableName::new(row.schema, row.table_name)).or_default();
        table.constraints.insert(row.name, constraint);
    }
    for row in diesel::sql_query(INDEXES).load::<IndexRow>(connection).await? {
        let table = schema.tables.entry(TableName::new(row.schema, row.table_name)).or_default();
        let (definition, columns) = (row.definition, to_columns(row.columns));
        let index = StoredIndex { definition, columns, is_of_constraint: row.is_of_constraint, is_valid: row.is_valid };
        table.indexes.insert(row.name, index);
    }
    let sequences = diesel::sql_query(SEQUENCES).load::<NameRow>(connection).await?;
    schema.sequences = sequences.into_iter().map(|row| TableName::new(row.schema, row.name)).collect();
    let schemas = diesel::sql_query(SCHEMAS).load::<NameRow>(connection).await?;
    schema.schemas = schemas.into_iter().map(|row| row.name).collect();
    Ok(schema)
}

fn to_columns(names: Vec<String>) -> Vec<ColumnName> {
    names.into_iter().map(ColumnName::new).collect()
}

/// The major version of the server.
///
/// # Errors
/// What the database says.
pub async fn read_server_version(connection: &mut AsyncPgConnection) -> QueryResult<i32> {
    #[derive(QueryableByName)]
    struct Version {
        #[diesel(sql_type = Integer)]
        version: i32,
    }
    let query = diesel::sql_query("select current_setting('server_version_num')::integer / 10000 as version");
    query.get_result::<Version>(connection).await.map(|row| row.version)
}

const TABLES: &str = "
    select n.nspname::text as schema, c.relname::text as name, obj_description(c.oid, 'pg_class') as comment,
        c.relkind = 'p' as is_partitioned
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, 2";

const COLUMNS: &str = "
    select n.nspname::text as schema, c.relname::text as table_name, a.attname::text as name,
        format_type(a.atttypid, a.atttypmod) as sql_type, a.attnotnull as is_required,
        pg_get_expr(d.adbin, d.adrelid) as default_expression
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, 2, a.attnum";

/// PostgreSQL 18 lists NOT NULL here too, as type `n`.
const CONSTRAINTS: &str = "
    select n.nspname::text as schema, c.relname::text as table_name, k.conname::text as name,
        pg_get_constraintdef(k.oid) as definition, k.convalidated as is_validated,
        array(select a.attname::text from pg_catalog.pg_attribute a
            where a.attrelid = c.oid and a.attnum = any (k.conkey) order by 1) as columns,
        tn.nspname::text as target_schema, t.relname::text as target_name
    from pg_catalog.pg_constraint k
    join pg_catalog.pg_class c on c.oid = k.conrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    left join pg_catalog.pg_class t on t.oid = k.confrelid
    left join pg_catalog.pg_namespace tn on tn.oid = t.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and k.contype in ('c', 'u', 'p', 'f')
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, 2, 3";

const INDEXES: &str = "
    select n.nspname::text as schema, c.relname::text as table_name, i.relname::text as name,
        pg_get_indexdef(i.oid) as definition, x.indisvalid as is_valid,
        exists (select from pg_catalog.pg_constraint k where k.conindid = i.oid and k.contype in ('p', 'u', 'x')) as is_of_constraint,
        array(select distinct a.attname::text from pg_catalog.pg_depend d
            join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
            where d.classid = 'pg_catalog.pg_class'::regclass and d.objid = i.oid and d.refobjid = c.oid order by 1) as columns
    from pg_catalog.pg_index x
    join pg_catalog.pg_class c on c.oid = x.indrelid
    join pg_catalog.pg_class i on i.oid = x.indexrelid
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind in ('r', 'p') and not c.relispartition and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, 2, 3";

const SEQUENCES: &str = "
    select n.nspname::text as schema, c.relname::text as name
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'S' and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    order by 1, 2";

const SCHEMAS: &str = "
    select ''::text as schema, n.nspname::text as name
    from pg_catalog.pg_namespace n
    where n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
        -- The views of rules come and go with the rules.
        and n.nspname not like 'toolcrib\\_rules\\_%'
    order by 2";

#[derive(QueryableByName)]
struct TableRow {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Nullable<Text>)]
    comment: Option<String>,
    #[diesel(sql_type = Bool)]
    is_partitioned: bool,
}

#[derive(QueryableByName)]
struct ColumnRow {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    sql_type: String,
    #[diesel(sql_type = Bool)]
    is_required: bool,
    #[diesel(sql_type = Nullable<Text>)]
    default_expression: Option<String>,
}

#[derive(QueryableByName)]
struct ConstraintRow {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
    #[diesel(sql_type = Bool)]
    is_validated: bool,
    #[diesel(sql_type = Array<Text>)]
    columns: Vec<String>,
    #[diesel(sql_type = Nullable<Text>)]
    target_schema: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    target_name: Option<String>,
}

#[derive(QueryableByName)]
struct IndexRow {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    table_name: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    definition: String,
    #[diesel(sql_type = Bool)]
    is_valid: bool,
    #[diesel(sql_type = Bool)]
    is_of_constraint: bool,
    #[diesel(sql_type = Array<Text>)]
    columns: Vec<String>,
}

#[derive(QueryableByName)]
struct NameRow {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    name: String,
}
