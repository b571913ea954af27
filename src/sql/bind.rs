//! Binding a [`Value`]: each scalar to the one PostgreSQL type that stores it.

use crate::base::{ScalarType, Value};
use diesel::QueryResult;
use diesel::pg::Pg;
use diesel::query_builder::AstPass;
use diesel::serialize::{IsNull, Output, Result as SerializeResult, ToSql};
use diesel::sql_types::{Array, BigInt, Bool, Date, Double, Integer, Jsonb, Nullable, Numeric, Text, Timestamptz, Uuid};

/// Serializes the variants of [`Value`] that fit an SQL type; nulls fit every type.
macro_rules! bind_as {
    ($sql_type:ty, $($variant:ident)|+) => {
        impl ToSql<$sql_type, Pg> for Value {
            fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> SerializeResult {
                match self {
                    Self::Null(_) => Ok(IsNull::Yes),
                    $(Self::$variant(value) => ToSql::<$sql_type, Pg>::to_sql(value, out),)+
                    other => Err(format!("a {:?} cannot be bound as {}", other.scalar_type(), stringify!($sql_type)).into()),
                }
            }
        }
    };
}

bind_as!(Uuid, Id);
bind_as!(Text, Text);
bind_as!(Integer, Int);
bind_as!(BigInt, BigInt);
bind_as!(Double, Float);
bind_as!(Bool, Boolean);
bind_as!(Timestamptz, DateTime);
bind_as!(Date, Date);
bind_as!(Numeric, Decimal);
bind_as!(Jsonb, Json);

/// Pushes a value as a bind parameter.
pub(super) fn push_value<'b>(value: &'b Value, out: &mut AstPass<'_, 'b, Pg>) -> QueryResult<()> {
    macro_rules! push {
        ($sql_type:ty) => {
            match value {
                Value::List(_, elements) => out.push_bind_param::<Array<$sql_type>, _>(elements),
                Value::NullList(_) => out.push_bind_param::<Nullable<Array<$sql_type>>, Option<Vec<Value>>>(&None),
                single => out.push_bind_param::<$sql_type, Value>(single),
            }
        };
    }
    match value.scalar_type() {
        ScalarType::Id => push!(Uuid),
        ScalarType::String | ScalarType::Url | ScalarType::Email => push!(Text),
        ScalarType::Int => push!(Integer),
        ScalarType::Float => push!(Double),
        ScalarType::Boolean => push!(Bool),
        ScalarType::DateTime => push!(Timestamptz),
        ScalarType::Date => push!(Date),
        ScalarType::Decimal => push!(Numeric),
        ScalarType::BigInt => push!(BigInt),
        ScalarType::Json => push!(Jsonb),
    }
}
