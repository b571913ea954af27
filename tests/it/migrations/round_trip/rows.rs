//! Rows of a generated schema.

use super::schema::{Field, Kind, Schema, Type};
use toolcrib::catalog::Catalog;

/// How many rows each type has.
const ROWS: u32 = 3;

/// The statements that fill the tables. Where a field may be null, the first row holds none.
pub fn inserts(schema: &Schema, catalog: &Catalog) -> String {
    let mut text = String::new();
    for (number, ty) in schema.types.iter().enumerate() {
        let collection = catalog.find_collection(&ty.named.name).unwrap();
        let stored: Vec<&Field> = ty.fields.iter().filter(|field| field.sequence.is_none()).collect();
        let columns: Vec<&str> =
            stored.iter().map(|field| collection.find_field(&field.named.name).unwrap().column().unwrap().as_str()).collect();
        for row in 0..ROWS {
            let values: Vec<String> = stored.iter().map(|field| value(schema, field, row)).collect();
            let all = |parts: Vec<String>| parts.join(", ");
            let names = all(["id".to_owned()].into_iter().chain(columns.iter().map(|name| format!("\"{name}\""))).collect());
            let values = all([format!("'{}'", id(number, row))].into_iter().chain(values).collect());
            text += &format!("insert into {} ({names}) values ({values});\n", collection.table);
        }
    }
    text
}

fn id(ty: usize, row: u32) -> String {
    format!("00000000-0000-4000-8{ty:03}-{row:012}")
}

fn value(schema: &Schema, field: &Field, row: u32) -> String {
    if row == 0 && !field.is_required {
        return "null".to_owned();
    }
    let one = match &field.kind {
        Kind::Enum(index) => {
            let values = &schema.enums[*index].values;
            format!("'{}'", values[row as usize % values.len()].name)
        }
        Kind::ToOne(target) => match schema.types.iter().position(|ty: &Type| ty.named.name == *target) {
            Some(target) => format!("'{}'", id(target, row)),
            None => "null".to_owned(),
        },
        Kind::Scalar(scalar) => match *scalar {
            "String" => format!("'text {row}'"),
            "Int" | "BigInt" => format!("{row}"),
            "Float" => format!("{row}.25"),
            "Decimal" => format!("{row}.10"),
            "Boolean" => row.is_multiple_of(2).to_string(),
            "DateTime" => format!("'2026-02-0{} 10:00:00.5+00'", row + 1),
            "Date" => format!("'2026-02-0{}'", row + 1),
            "JSON" => format!("'{{\"row\": {row}}}'"),
            "URL" => format!("'https://e.test/row/{row}'"),
            "Email" => format!("'row{row}@e.test'"),
            _ => format!("'{}'", id(999, row)),
        },
    };
    let sql_type = match &field.kind {
        Kind::Scalar("ID") => "uuid[]",
        Kind::Scalar("Int") => "integer[]",
        Kind::Scalar("BigInt") => "bigint[]",
        Kind::Scalar("Float") => "double precision[]",
        Kind::Scalar("Decimal") => "numeric[]",
        Kind::Scalar("Boolean") => "boolean[]",
        Kind::Scalar("DateTime") => "timestamptz[]",
        Kind::Scalar("Date") => "date[]",
        _ => "text[]",
    };
    if field.is_list { format!("array[{one}]::{sql_type}") } else { one }
}
