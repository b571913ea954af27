//! `policyExplain`.

use crate::graphql::api::{RootField, Types, field};
use crate::graphql::policy_explain::FIELD;
use async_graphql::Value;
use async_graphql::dynamic::{Enum, EnumItem, Field, InputValue, Object, TypeRef};

/// The field, and the types of its answer.
pub(super) fn explain_field(types: &mut Types) -> Field {
    types.root_fields.insert(FIELD.to_owned(), RootField::PolicyExplain);
    let named = |name: &str, ty: &str| field(name, TypeRef::named_nn(ty));
    let hidden = "null where that hangs on what you may not read";
    let truths = [
        ("TRUE", "It holds."),
        ("FALSE", "It does not hold."),
        ("UNKNOWN", "Neither it nor its opposite holds: something that it compares is not there."),
    ];
    let truths = truths.map(|(name, description)| EnumItem::new(name).description(description));
    types.enums.push(Enum::new("PolicyTruth").description("What a condition of a rule is.").items(truths));
    types.objects.extend([
        Object::new("PolicyExplanation")
            .description("Why a user may do something to a row, or may not.")
            .field(field("allowed", TypeRef::named(TypeRef::BOOLEAN)).description(format!("Whether the user may; {hidden}.")))
            .field(field("rules", TypeRef::named_nn_list_nn("PolicyRule")).description("The rules that have to hold together.")),
        Object::new("PolicyRule")
            .description("A rule that was asked.")
            .field(named("rule", TypeRef::STRING).description("What it is for: the operation and the collection or field."))
            .field(field("allows", TypeRef::named(TypeRef::BOOLEAN)).description(format!("Whether it allows; {hidden}.")))
            .field(
                field("clauses", TypeRef::named_nn_list_nn("PolicyClause")).description("Its clauses, each before its parts."),
            ),
        Object::new("PolicyClause")
            .description("A part of a rule, with its place in the schema's file.")
            .field(named("depth", TypeRef::INT).description("How deep it stands in the rule; its parts are one deeper."))
            .field(named("text", TypeRef::STRING).description("What it says."))
            .field(named("path", TypeRef::STRING).description("The file."))
            .field(named("line", TypeRef::INT).description("The line, from 1."))
            .field(named("column", TypeRef::INT).description("The column, from 1."))
            .field(field("truth", TypeRef::named("PolicyTruth")).description(format!("What it is; {hidden}.")))
            .field(field("values", TypeRef::named_nn_list_nn("PolicyValue")).description("What it looked at.")),
        Object::new("PolicyValue")
            .description("A value that a condition looked at.")
            .field(named("name", TypeRef::STRING).description("Its name in the rule, or the rows that an `exists` goes through."))
            .field(field("value", TypeRef::named("JSON")).description("It; of rows, how many there are.")),
    ]);
    let argument = |name: &str, ty: TypeRef, description: &str| InputValue::new(name, ty).description(description);
    let operation = argument("operation", TypeRef::named_nn("AccessOperation"), "What the user would do.");
    field(FIELD, TypeRef::named_nn("PolicyExplanation"))
        .argument(argument("as", TypeRef::named_nn(TypeRef::ID), "The user's id."))
        .argument(argument("nodeId", TypeRef::named_nn(TypeRef::ID), "The row's `nodeId`."))
        .argument(operation.default_value(Value::Enum(async_graphql::Name::new("READ"))))
        .argument(argument("field", TypeRef::named(TypeRef::STRING), "Also the rule of a field."))
        .description("For admins: why a user may do something to a row, or may not. Of `UPDATE` the row stands for itself before and after, of `CREATE` for a new one.")
}
