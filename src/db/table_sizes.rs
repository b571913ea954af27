//! How many rows tables have, as PostgreSQL itself estimates it.

use crate::base::TableName;
use crate::db::{Database, DbError};
use diesel::QueryableByName;
use diesel::sql_types::{Double, Text};
use diesel_async::RunQueryDsl;
use std::collections::HashMap;

/// Rows of tables, estimated. They are as old as the last ANALYZE, which autovacuum does by itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TableSizes {
    rows: HashMap<TableName, f64>,
}

/// What a table counts as that nobody measured.
const UNKNOWN: f64 = 1000.0;

/// A table that was never analyzed is judged by its bytes; a partitioned one by its partitions.
const SIZES: &str = "
    select n.nspname::text as schema, c.relname::text as name,
        sum(case when l.reltuples >= 0 then l.reltuples else pg_relation_size(l.oid) / 100.0 end)::float8 as rows
    from pg_catalog.pg_class c
    join pg_catalog.pg_namespace n on n.oid = c.relnamespace
    join pg_catalog.pg_class l on l.oid = c.oid or (c.relkind = 'p' and l.oid in (select relid from pg_partition_tree(c.oid) where isleaf))
    where c.relkind in ('r', 'p') and l.relkind = 'r' and not c.relispartition
        and n.nspname !~ '^pg_' and n.nspname <> 'information_schema'
    group by 1, 2";

#[derive(QueryableByName)]
struct SizeRow {
    #[diesel(sql_type = Text)]
    schema: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Double)]
    rows: f64,
}

impl TableSizes {
    /// Asks PostgreSQL.
    ///
    /// # Errors
    /// [`DbError`].
    pub async fn read(database: &Database) -> Result<Self, DbError> {
        let transaction = database.begin_system().await?;
        let rows: Vec<SizeRow> = diesel::sql_query(SIZES).load(&mut transaction.pg()).await?;
        transaction.commit().await?;
        Ok(Self { rows: rows.into_iter().map(|row| (TableName::new(row.schema, row.name), row.rows)).collect() })
    }

    /// Rows of a table; at least one, so that nobody divides by nothing.
    pub fn rows(&self, table: &TableName) -> f64 {
        self.rows.get(table).copied().unwrap_or(UNKNOWN).max(1.0)
    }
}
