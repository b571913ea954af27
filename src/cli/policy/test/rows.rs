//! The rows of a file, made in the transaction that is undone.

use super::file::Rows;
use crate::base::{ColumnName, ScalarType, Value};
use crate::catalog::{Catalog, Collection, DefaultValue, Field, FieldKind};
use crate::db::OwnerTrial;
use crate::sql::{Alias, Column, Cte, CteBody, Expr, From, Insert, Query, Select};
use anyhow::{Context, bail};
use chrono::Utc;
use diesel::sql_types::Uuid as SqlUuid;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// The name of the statement that adds a row.
const ADDED: Alias = Alias::Named("added");

/// The rows of a file by type and name.
#[derive(Debug, Default)]
pub(super) struct World {
    ids: BTreeMap<(String, String), Uuid>,
}

impl World {
    /// Makes the rows of a file.
    pub(super) async fn make(trial: &OwnerTrial, catalog: &Catalog, rows: &Rows) -> anyhow::Result<Self> {
        let mut maker = Maker { trial, catalog, rows, world: Self::default(), done: BTreeSet::new() };
        for (ty, named) in rows {
            for name in named.keys() {
                maker.world.ids.insert((ty.clone(), name.clone()), Uuid::now_v7());
            }
        }
        for (ty, named) in rows {
            for name in named.keys() {
                maker.make(ty, name, &mut Vec::new()).await?;
            }
        }
        Ok(maker.world)
    }

    /// The id of a row.
    pub(super) fn find(&self, ty: &str, name: &str) -> anyhow::Result<Uuid> {
        let found = self.ids.get(&(ty.to_owned(), name.to_owned()));
        found.copied().with_context(|| format!("the file has no `[rows.{ty}.{name}]`"))
    }

    /// A field's value as the file writes it.
    pub(super) fn value(&self, catalog: &Catalog, field: &Field, written: &toml::Value) -> anyhow::Result<Value> {
        let scalar = field.stored_scalar().with_context(|| format!("`{}` is not stored", field.name))?;
        let is_null = matches!(written, toml::Value::String(text) if text == "null") && scalar != ScalarType::String;
        if is_null {
            return Ok(Value::Null(scalar));
        }
        match (&field.kind, written) {
            (FieldKind::ToOne { target, .. }, toml::Value::String(name)) => {
                let target = catalog.collection(*target).name.as_str();
                name.parse().map(Value::Id).or_else(|_| self.find(target, name).map(Value::Id))
            }
            // A row that no relation says the type of: `Ticket:waiting`.
            (FieldKind::Scalar { scalar: ScalarType::Id, .. }, toml::Value::String(text)) if text.contains(':') => {
                let (ty, name) = text.split_once(':').unwrap_or_default();
                self.find(ty, name).map(Value::Id)
            }
            (_, toml::Value::Array(values)) if field.is_list() => {
                let values = values.iter().map(|value| parse(field, scalar, value));
                Ok(Value::List(scalar, values.collect::<anyhow::Result<_>>()?))
            }
            (_, value) => parse(field, scalar, value),
        }
    }
}

fn parse(field: &Field, scalar: ScalarType, written: &toml::Value) -> anyhow::Result<Value> {
    let text = match written {
        toml::Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    Value::parse(scalar, &text).with_context(|| format!("`{}` cannot be {written}", field.name))
}

struct Maker<'a> {
    trial: &'a OwnerTrial,
    catalog: &'a Catalog,
    rows: &'a Rows,
    world: World,
    done: BTreeSet<Uuid>,
}

impl Maker<'_> {
    /// Makes a row after those that it names.
    async fn make(&mut self, ty: &str, name: &str, waiting: &mut Vec<Uuid>) -> anyhow::Result<()> {
        let id = self.world.find(ty, name)?;
        if self.done.contains(&id) {
            return Ok(());
        }
        if waiting.contains(&id) {
            bail!("`[rows.{ty}.{name}]` leads back to itself");
        }
        waiting.push(id);
        let given = self.rows.get(ty).and_then(|named| named.get(name)).cloned().unwrap_or_default();
        self.insert(ty, name, (id, &given), waiting).await.with_context(|| format!("`[rows.{ty}.{name}]` cannot be made"))?;
        waiting.pop();
        self.done.insert(id);
        Ok(())
    }

    async fn insert(
        &mut self,
        ty: &str,
        name: &str,
        (id, given): (Uuid, &toml::Table),
        waiting: &mut Vec<Uuid>,
    ) -> anyhow::Result<()> {
        let collection = self.catalog.find_collection(ty).with_context(|| format!("the schema has no collection `{ty}`"))?;
        if let Some(unknown) = given.keys().find(|key| collection.find_field(key).is_none()) {
            bail!("`{ty}` has no field `{unknown}`");
        }
        let mut columns = Vec::new();
        for field in collection.stored_fields() {
            let Some(column) = field.column() else { continue };
            let value = match given.get(field.name.as_str()) {
                _ if field.name == "id" => Some(Value::Id(id)),
                Some(written) => {
                    if let (FieldKind::ToOne { target, .. }, toml::Value::String(other)) = (&field.kind, written) {
                        let target = self.catalog.collection(*target).name.to_string();
                        if self.rows.get(&target).is_some_and(|named| named.contains_key(other)) {
                            Box::pin(self.make(&target, other, waiting)).await?;
                        }
                    }
                    Some(self.world.value(self.catalog, field, written)?)
                }
                None if field.is_required && !has_default(field) => Some(self.make_up(collection, field, name, waiting).await?),
                None => None,
            };
            columns.extend(value.map(|value| (column.clone(), value)));
        }
        self.trial.rows::<SqlUuid, Uuid>(&insertion(collection, columns)).await?;
        Ok(())
    }

    /// A value that has to be there and that no case is about.
    async fn make_up(
        &mut self,
        collection: &Collection,
        field: &Field,
        name: &str,
        waiting: &mut Vec<Uuid>,
    ) -> anyhow::Result<Value> {
        if field.is_list() {
            return Ok(Value::List(field.stored_scalar().unwrap_or(ScalarType::String), Vec::new()));
        }
        let scalar = match &field.kind {
            FieldKind::ToOne { target, .. } => {
                let target = self.catalog.collection(*target).name.to_string();
                let made_up = format!("{}'s {}", name, field.name);
                self.world.ids.insert((target.clone(), made_up.clone()), Uuid::now_v7());
                Box::pin(self.make(&target, &made_up, waiting)).await?;
                return Ok(Value::Id(self.world.find(&target, &made_up)?));
            }
            FieldKind::Enum { enum_id, .. } => {
                let values = self.catalog.enum_type(*enum_id);
                if values.name == "Role" {
                    bail!("say which `{}` it has: roles are never made up", field.name);
                }
                return Ok(Value::Text(values.values.first().map(|value| value.name.to_string()).unwrap_or_default()));
            }
            FieldKind::Scalar { scalar, .. } => *scalar,
            FieldKind::ToMany { .. } => bail!("`{}.{}` is not stored", collection.name, field.name),
        };
        let unique = Uuid::now_v7().simple().to_string();
        let text = match scalar {
            ScalarType::Id => Uuid::now_v7().to_string(),
            ScalarType::String if field.is_unique => unique,
            ScalarType::String => name.to_owned(),
            ScalarType::Email => format!("{unique}@rules.test"),
            ScalarType::Url => format!("https://rules.test/{unique}"),
            ScalarType::Boolean => "false".to_owned(),
            ScalarType::DateTime => Utc::now().to_rfc3339(),
            ScalarType::Date => Utc::now().date_naive().to_string(),
            ScalarType::Json => "{}".to_owned(),
            ScalarType::Int | ScalarType::BigInt | ScalarType::Float | ScalarType::Decimal => match &field.limits.min {
                Some(least) => return Ok(least.clone()),
                None => "1".to_owned(),
            },
        };
        let most = field.max_length.and_then(|most| usize::try_from(most).ok()).unwrap_or(usize::MAX);
        Ok(Value::parse(scalar, &text.chars().take(most).collect::<String>())?)
    }
}

/// Whether the database fills the column by itself.
fn has_default(field: &Field) -> bool {
    let is_literal = matches!(field.default, Some(DefaultValue::Literal(_))) && !field.is_list();
    field.is_implicit || field.sequence.is_some() || is_literal
}

fn insertion(collection: &Collection, columns: Vec<(ColumnName, Value)>) -> Query {
    let (columns, values): (Vec<ColumnName>, Vec<Value>) = columns.into_iter().unzip();
    let values = values.into_iter().map(|value| Column::bare(Expr::Value(value))).collect();
    let insert = Insert {
        table: collection.table.clone(),
        columns,
        source: Select { columns: values, ..Select::default() },
        on_conflict: Vec::new(),
        returning: vec![Column::fixed(Expr::labelled(Insert::ROW, "id"), "id")],
    };
    let id = Column::bare(Expr::labelled(Alias::Table(0), "id"));
    Query {
        ctes: vec![Cte { name: ADDED, body: CteBody::Insert(insert) }],
        body: Select::new(vec![id], From::Cte(ADDED, Alias::Table(0))),
    }
}
