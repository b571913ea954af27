//! What rules look at in the database: columns to index, tables to grant.

use crate::base::{ContextUse, ScalarType};
use crate::catalog::{Catalog, CollectionId, FieldId, FieldKind};
use crate::policy::syntax::{KnownValue, MaskRule, Operand, Rule};
use std::collections::BTreeSet;

/// Adds the collections that a rule's paths and `exists` look into.
pub(super) fn add_sub_reads(rule: &Rule, collections: &mut BTreeSet<CollectionId>) {
    rule.walk(&mut |part| {
        collections.extend(part.paths().into_iter().flat_map(|path| &path.steps).map(|step| step.collection));
        if let Rule::Exists(exists) = part {
            collections.insert(exists.collection);
        }
    });
}

/// Adds what a rule asks of the caller and the request.
pub(super) fn add_context_use(rule: &Rule, used: &mut ContextUse) {
    rule.walk(&mut |part| part.operands().into_iter().for_each(|operand| add_value_use(operand, used)));
}

/// Adds what a mask shows of the caller and the request. Its conditions are rules like others.
pub(super) fn add_mask_use(mask: &MaskRule, used: &mut ContextUse) {
    mask.values(&mut |operand| add_value_use(operand, used));
}

fn add_value_use(operand: &Operand, used: &mut ContextUse) {
    let Operand::Known(known) = operand else { return };
    // Named one by one: a new value has to be judged here before it can be asked for.
    match known {
        KnownValue::RequestIp => used.names_address = true,
        KnownValue::RequestTime(_) => used.names_time = true,
        KnownValue::RequestAuthAge => used.names_age = true,
        KnownValue::UserEmail => used.names_email = true,
        KnownValue::UserTeams => used.names_teams = true,
        KnownValue::UserIsActive => used.names_activity = true,
        KnownValue::RequestAuthMethod => used.names_method = true,
        KnownValue::RequestAuthMfa => used.names_mfa = true,
        KnownValue::Literal(_)
        | KnownValue::UserId
        | KnownValue::UserRole
        | KnownValue::UserTeam
        | KnownValue::RequestService => {}
    }
}

/// Adds the columns by which a rule filters rows: those compared with something, those that lead from one row to another.
/// Booleans and tests for null select too many rows for an index, ids have one.
pub(super) fn add_filter_columns(rule: &Rule, catalog: &Catalog, columns: &mut BTreeSet<FieldId>) {
    rule.walk(&mut |part| {
        if let Rule::Exists(exists) = part {
            columns.insert(exists.join_field);
        }
        for path in part.paths() {
            columns.extend(path.steps.iter().map(|step| step.field));
            let is_compared = matches!(part, Rule::Equal(..) | Rule::Order(..) | Rule::In(..) | Rule::Text(..));
            if is_compared && is_worth_an_index(catalog, path.field) {
                columns.insert(path.field);
            }
        }
    });
}

fn is_worth_an_index(catalog: &Catalog, field: FieldId) -> bool {
    let field = catalog.field(field);
    let is_boolean = matches!(field.kind, FieldKind::Scalar { scalar: ScalarType::Boolean, .. });
    field.name != "id" && !is_boolean && !field.is_list()
}
