//! What rules look at in the database: columns to index, tables to grant.

use crate::base::{ContextUse, RoleName, ScalarType};
use crate::catalog::{Catalog, CollectionId, FieldId, FieldKind};
use crate::policy::CallerValue;
use crate::policy::answer::{self, RoleAnswer};
use crate::policy::syntax::{KnownValue, MaskRule, Operand, Rule};
use std::collections::BTreeSet;

/// Adds the collections that a rule's paths and `exists` look into.
pub(super) fn add_sub_reads(rule: &Rule, collections: &mut BTreeSet<CollectionId>) {
    rule.walk(&mut |part| {
        collections.extend(part.paths().into_iter().flat_map(|path| &path.steps).map(|step| step.collection));
        match part {
            Rule::Exists(exists) => collections.extend([exists.collection]),
            Rule::Shared(shared) => collections.extend([shared.table.collection]),
            _ => {}
        }
    });
}

/// Adds the collections that a rule looks into for some actor of a role.
pub(super) fn add_sub_reads_for_role(rule: &Rule, role: &RoleName, collections: &mut BTreeSet<CollectionId>) {
    if *role == RoleName::platform() {
        // A service that works for a user has the platform's database role and the user's role.
        return add_sub_reads(rule, collections);
    }
    if answer::answer(rule, role) == RoleAnswer::Never {
        return;
    }
    match rule {
        Rule::All(parts) | Rule::Any(parts) => {
            parts.iter().for_each(|part| add_sub_reads_for_role(part, role, collections));
        }
        // Of the opposite it is asked what is false, so all of it is looked at.
        other => add_sub_reads(other, collections),
    }
}

/// Adds what a rule asks of the caller and the request.
pub(super) fn add_context_use(rule: &Rule, used: &mut ContextUse) {
    rule.walk(&mut |part| {
        if let Rule::Shared(_) = part {
            used.names_identity = true;
            used.names_teams = true;
            used.names_activity = true;
        }
        part.operands().into_iter().for_each(|operand| add_value_use(operand, used));
    });
}

/// Adds what a mask shows of the caller and the request. Its conditions are rules like others.
pub(super) fn add_mask_use(mask: &MaskRule, used: &mut ContextUse) {
    mask.values(&mut |operand| add_value_use(operand, used));
}

fn add_value_use(operand: &Operand, used: &mut ContextUse) {
    if let Operand::Known(KnownValue::Caller(value)) = operand {
        add_caller_value(*value, used);
    }
}

/// Adds a value of the caller or the request.
pub(super) fn add_caller_value(value: CallerValue, used: &mut ContextUse) {
    // Named one by one: a new value has to be judged here before it can be asked for.
    match value {
        CallerValue::RequestIp => used.names_address = true,
        CallerValue::RequestTime(_) => used.names_time = true,
        CallerValue::RequestAuthAge => used.names_age = true,
        CallerValue::UserEmail => used.names_email = true,
        CallerValue::UserTeams => used.names_teams = true,
        CallerValue::UserIsActive => used.names_activity = true,
        CallerValue::RequestAuthMethod => used.names_method = true,
        CallerValue::RequestAuthMfa => used.names_mfa = true,
        CallerValue::UserId | CallerValue::UserRole | CallerValue::UserTeam | CallerValue::RequestService => {
            used.names_identity = true;
        }
    }
}

/// Adds the columns by which a rule filters rows: those compared with something, those that lead from one row to another.
/// Booleans and tests for null select too many rows for an index, ids have one.
pub(super) fn add_filter_columns(rule: &Rule, catalog: &Catalog, columns: &mut BTreeSet<FieldId>) {
    rule.walk(&mut |part| {
        match part {
            Rule::Exists(exists) if catalog.field(exists.join_field).name != "id" => columns.extend([exists.join_field]),
            Rule::Shared(shared) => columns.extend(&shared.table.lookups),
            _ => {}
        }
        for path in part.paths() {
            columns.extend(path.steps.iter().map(|step| step.field));
            let is_compared = matches!(part, Rule::Equal(..) | Rule::Order(..) | Rule::In(..) | Rule::Text(..) | Rule::Shared(_));
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
