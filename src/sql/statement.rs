//! A rendered statement, and how Diesel runs it.

use crate::base::{TableName, Value};
use crate::sql::Query;
use crate::sql::bind::push_value;
use crate::sql::render::{Rendered, render};
use diesel::pg::{Pg, PgMetadataLookup, PgQueryBuilder, PgTypeMetadata};
use diesel::query_builder::bind_collector::RawBytesBindCollector;
use diesel::query_builder::{AstPass, Query as DieselQuery, QueryBuilder, QueryFragment, QueryId};
use diesel::{QueryResult, debug_query};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::marker::PhantomData;
use std::sync::Arc;

/// The text of a [`Query`] with the values of its bind parameters: what a plan comes down to. The text is the same for every
/// request of the same shape, and shared where it is kept.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    text: Arc<str>,
    shape_hash: u64,
    binds: Vec<Value>,
    tables: Arc<[TableName]>,
}

impl Statement {
    /// Renders a query.
    ///
    /// # Errors
    /// None that a plan can cause; Diesel's signature has one.
    pub fn of(query: &Query) -> QueryResult<Self> {
        let Rendered { text, binds, tables } = render(query)?;
        Ok(Self { shape_hash: shape_hash(&text, &binds), text: Arc::from(text), binds, tables: Arc::from(tables) })
    }

    /// The text alone, which holds no value.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text, for whoever keeps it.
    pub fn shared_text(&self) -> &Arc<str> {
        &self.text
    }

    /// The hash of the text and of the SQL types of the binds: what Diesel tells prepared statements apart by. Whoever took two
    /// statements for one would send the second, which is yet to be prepared, behind the COMMIT of its transaction.
    pub fn shape_hash(&self) -> u64 {
        self.shape_hash
    }

    /// The values of `$1`, `$2`, ...
    pub fn binds(&self) -> &[Value] {
        &self.binds
    }

    /// The tables and views that the text names, each once: no policy of another table has a say in it.
    pub fn tables(&self) -> &[TableName] {
        &self.tables
    }

    /// The same text with other values; each has to be of the type of the one whose place it takes.
    pub fn with_binds(&self, binds: Vec<Value>) -> Self {
        let Self { text, shape_hash, binds: _, tables } = self;
        Self { text: Arc::clone(text), shape_hash: *shape_hash, binds, tables: Arc::clone(tables) }
    }

    /// The values as PostgreSQL's protocol takes them.
    ///
    /// # Errors
    /// None that a plan can cause: a value that its type does not fit.
    pub fn encoded_binds(&self) -> QueryResult<EncodedBinds> {
        let fetch: Fetch<'_, diesel::sql_types::Text> = Fetch::new(self, StatementKind::Cold);
        let mut binds = RawBytesBindCollector::<Pg>::new();
        fetch.collect_binds(&mut binds, &mut NoLookup as &mut dyn PgMetadataLookup, &Pg)?;
        let types = binds.metadata.iter().map(|metadata| metadata.oid().unwrap_or_default()).collect();
        Ok(EncodedBinds { types, values: binds.binds })
    }

    /// About how many bytes it takes.
    pub fn weight(&self) -> usize {
        self.text.len() + self.binds.len() * size_of::<Value>()
    }

    /// The text, then ` -- binds: [...]`, as Diesel prints them. Never for logs: binds are people's data.
    pub fn show(&self) -> String {
        let fetch: Fetch<'_, diesel::sql_types::Text> = Fetch::new(self, StatementKind::Cold);
        debug_query::<Pg, _>(&fetch).to_string()
    }
}

/// The binds of a statement in PostgreSQL's binary form.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodedBinds {
    /// The number of each one's type.
    pub types: Vec<u32>,
    /// Each one's bytes; `None` is null.
    pub values: Vec<Option<Vec<u8>>>,
}

/// Values are of PostgreSQL's own types alone, whose numbers are fixed.
struct NoLookup;

impl PgMetadataLookup for NoLookup {
    fn lookup_type(&mut self, _type_name: &str, _schema: Option<&str>) -> PgTypeMetadata {
        PgTypeMetadata::new(0, 0)
    }
}

/// The same text may come with binds of other types: an order by a hidden field is one by a null of that field's type.
fn shape_hash(text: &str, binds: &[Value]) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    for bind in binds {
        let is_list = matches!(bind, Value::List(..) | Value::NullList(_));
        (bind.scalar_type().sql_type(), is_list).hash(&mut hasher);
    }
    hasher.finish()
}

/// Whether a statement's text is worth a prepared statement on the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// A shape that comes again: prepared once for each connection.
    Hot,
    /// A shape seen for the first time: GraphQL shapes are unbounded, a cache of them must not be.
    Cold,
}

/// A [`Statement`] as a Diesel query whose rows have the SQL type `ST`.
#[derive(Debug)]
pub struct Fetch<'s, ST> {
    statement: &'s Statement,
    kind: StatementKind,
    role: Option<&'s str>,
    sql_type: PhantomData<ST>,
}

impl<'s, ST> Fetch<'s, ST> {
    /// Prepares to run `statement`.
    pub fn new(statement: &'s Statement, kind: StatementKind) -> Self {
        Self { statement, kind, role: None, sql_type: PhantomData }
    }

    /// The same under a database role, which the text begins with as a comment: PostgreSQL plans a prepared statement anew whenever
    /// another role runs it than the last time, because of their policies, so each role has one of its own.
    ///
    /// Injection safety: roles are made of letters, digits and underscores, which cannot end a comment; whatever else came here
    /// would be left out.
    pub fn under(self, role: Option<&'s str>) -> Self {
        let is_name = |role: &&str| role.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        Self { role: role.filter(is_name), ..self }
    }
}

impl<ST: 'static> QueryId for Fetch<'_, ST> {
    type QueryId = ();
    // The text is built at run time, so the cache has to look at the text.
    const HAS_STATIC_QUERY_ID: bool = false;
}

impl<ST> DieselQuery for Fetch<'_, ST> {
    type SqlType = ST;
}

impl<ST> QueryFragment<Pg> for Fetch<'_, ST> {
    /// The values alone: the text is rendered already.
    fn walk_ast<'b>(&'b self, mut out: AstPass<'_, 'b, Pg>) -> QueryResult<()> {
        self.statement.binds.iter().try_for_each(|value| push_value(value, &mut out))
    }

    fn to_sql(&self, out: &mut PgQueryBuilder, _backend: &Pg) -> QueryResult<()> {
        if let Some(role) = self.role {
            out.push_sql("/* ");
            out.push_sql(role);
            out.push_sql(" */ ");
        }
        out.push_sql(&self.statement.text);
        Ok(())
    }

    fn is_safe_to_cache_prepared(&self, _backend: &Pg) -> QueryResult<bool> {
        Ok(self.kind == StatementKind::Hot)
    }
}
