//! Every rule of a catalog, checked: collection by collection, the shares' own last.

use crate::base::{ScalarType, Value};
use crate::catalog::{Catalog, Collection, DefaultValue, Diagnostic, Field, Mask, RuleText};
use crate::policy::base::Base;
use crate::policy::collection_rules::{CollectionRules, FieldDefault, FieldRules};
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::share::{ShareAct, ShareRight, may_share};
use crate::policy::syntax::{KnownValue, Rule};
use crate::policy::typecheck::{CheckedRule, Environment, Slot};
use crate::policy::usage;
use std::collections::BTreeSet;

/// Checks and narrows the rules of every collection; those of the shares last, because they name the others'.
pub(super) fn compile_collections(
    environment: Environment<'_>,
    base: &Base,
    diagnostics: &mut Vec<Diagnostic>,
) -> Vec<Option<CollectionRules>> {
    let catalog = environment.catalog;
    let shares = catalog.record_shares().map(|shares| shares.id);
    let mut compile = |environment, collection: &Collection| {
        let mut rules = compile_collection(environment, catalog.collection(collection.id), diagnostics)?;
        rules.narrow(base);
        Some(rules)
    };
    let is_shares = |collection: &Collection| Some(collection.id) == shares;
    let mut compiled: Vec<Option<CollectionRules>> = catalog
        .collections
        .iter()
        .map(|collection| if is_shares(collection) { None } else { compile(environment, collection) })
        .collect();
    let rights = share_rights(catalog, &compiled);
    if let Some(shares) = shares {
        let environment = Environment { share_rights: &rights, ..environment };
        let mut rules = compile(environment, catalog.collection(shares));
        if let Some(rules) = &mut rules {
            // Beside whatever a tool says: nobody gives away what they do not have.
            rules.create = Rule::All(vec![rules.create.clone(), may_share(catalog, &rights, ShareAct::Make)]);
        }
        compiled[usize::from(shares.0)] = rules;
    }
    refuse_unshared(catalog, &compiled, diagnostics);
    compiled
}

/// Who may share the rows of which collections, of a catalog without mistakes.
pub(super) fn rights_to_share(environment: Environment<'_>) -> Vec<ShareRight> {
    let (catalog, mut diagnostics) = (environment.catalog, Vec::new());
    let shares = catalog.record_shares().map(|shares| shares.id);
    let others = catalog.collections.iter().map(|collection| {
        let is_shares = Some(collection.id) == shares;
        if is_shares { None } else { compile_collection(environment, collection, &mut diagnostics) }
    });
    let compiled: Vec<Option<CollectionRules>> = others.collect();
    share_rights(catalog, &compiled)
}

/// Who may share the rows of which collections.
fn share_rights(catalog: &Catalog, compiled: &[Option<CollectionRules>]) -> Vec<ShareRight> {
    let rights = catalog.collections.iter().zip(compiled).filter_map(|(collection, rules)| {
        let CollectionRules { read, update, shareable, .. } = rules.as_ref()?;
        let by = shareable.clone()?;
        Some(ShareRight { collection: collection.id, read: read.clone(), by, update: update.clone() })
    });
    rights.collect()
}

/// Refuses to have rows shared where that gives nobody anything: whoever shares one believes that it does.
fn refuse_unshared(catalog: &Catalog, compiled: &[Option<CollectionRules>], diagnostics: &mut Vec<Diagnostic>) {
    let Some(compiled) = compiled.iter().map(Option::as_ref).collect::<Option<Vec<_>>>() else { return };
    for collection in &catalog.collections {
        let Some(by) = &collection.shareable else { continue };
        let asks = |rule: &Rule| rule.asks_for_shares_of(&collection.name);
        if compiled.iter().any(|rules| rules.all().any(asks)) {
            continue;
        }
        let name = &collection.name;
        let message = format!("rows of `{name}` can be shared, and no rule says what that gives");
        let mistake = Mistake::new(diagnostics::NEVER_SHARED, message, "gives nobody anything")
            .help("say it in the rules: `@access(read: \"... || shared('read')\")`, or leave `@shareable` out");
        diagnostics.push(mistake.at(by, 0..by.text.len()));
    }
}

/// Checks all rules of a collection; `None` once one of them is wrong, after the others were checked too.
fn compile_collection<'c>(
    environment: Environment<'c>,
    collection: &'c Collection,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<CollectionRules> {
    let row = Slot::Row(collection.id);
    let mut check = |text: &'c RuleText, slot: Slot| environment.check(text, slot, diagnostics);
    let read = check(&collection.access.read, row);
    let create = check(&collection.access.create, row);
    let update = check(&collection.access.update, Slot::Update(collection.id));
    let delete = check(&collection.access.delete, row);
    let export = collection.export.as_ref().map(|export| check(&export.allow, Slot::NoRow));
    let allow = collection.aggregate.as_ref().and_then(|aggregate| aggregate.allow.as_ref());
    let aggregate = allow.map(|allow| check(allow, Slot::NoRow));
    let shareable = collection.shareable.as_ref().map(|by| check(by, row));
    let fields: Vec<Option<FieldRules>> =
        collection.fields.iter().map(|field| compile_field(environment, field, diagnostics)).collect();
    let CheckedRule { rule: update, form: update_form } = update?;
    Some(CollectionRules {
        name: collection.name.clone(),
        is_platform: collection.is_platform,
        read: read?.rule,
        create: create?.rule,
        update,
        update_form,
        delete: delete?.rule,
        export: all_or_nothing(export)?.map(|export| export.rule),
        aggregate: all_or_nothing(aggregate)?.map(|aggregate| aggregate.rule),
        shareable: all_or_nothing(shareable)?.map(|shareable| shareable.rule),
        fields: fields.into_iter().collect::<Option<Vec<FieldRules>>>()?,
        filter_columns: Vec::new(),
    })
}

fn compile_field<'c>(environment: Environment<'c>, field: &'c Field, diagnostics: &mut Vec<Diagnostic>) -> Option<FieldRules> {
    let row = Slot::Row(field.id.collection);
    let mut check = |text: &'c Option<RuleText>| text.as_ref().map(|text| environment.check(text, row, diagnostics));
    let (read, write) = (check(&field.access.read), check(&field.access.write));
    let mask = match &field.access.mask {
        Some(Mask::Computed(text)) => Some(environment.check_mask(text, field, diagnostics)),
        _ => None,
    };
    let default = match (&field.default, field.stored_scalar()) {
        (Some(DefaultValue::Expression(text)), Some(scalar)) => {
            let value = environment.check_default(text, field, diagnostics);
            Some(value.map(|value| FieldDefault { value, scalar }))
        }
        (Some(DefaultValue::Literal(text)), Some(scalar)) if field.is_list() => Some(list_default(scalar, text)),
        _ => None,
    };
    Some(FieldRules {
        read: all_or_nothing(read)?.map(|read| read.rule),
        write: all_or_nothing(write)?.map(|write| write.rule),
        mask: all_or_nothing(mask)?,
        default: all_or_nothing(default)?,
    })
}

/// The literal default of a list, which its column does not have: elements are compared as values, not as the text of an array.
fn list_default(scalar: ScalarType, text: &str) -> Option<FieldDefault> {
    let texts: Vec<String> = serde_json::from_str(text).ok()?;
    let elements = texts.iter().map(|text| Value::parse(scalar, text)).collect::<Result<_, _>>().ok()?;
    Some(FieldDefault { value: KnownValue::Literal(Value::List(scalar, elements)), scalar })
}

/// A rule that is not there is fine; one that is there and wrong is not.
fn all_or_nothing<T>(checked: Option<Option<T>>) -> Option<Option<T>> {
    match checked {
        Some(None) => None,
        Some(Some(rule)) => Some(Some(rule)),
        None => Some(None),
    }
}

/// Mistakes by their place; one that several rules share (a named rule, `write:`) is told once.
pub(super) fn in_order(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    diagnostics.sort_by(|left, right| (left.span, left.code, &left.message).cmp(&(right.span, right.code, &right.message)));
    diagnostics.dedup_by(|left, right| (left.span, left.code, &left.message) == (right.span, right.code, &right.message));
    diagnostics
}

/// Notes the columns by which read rules filter rows.
pub(super) fn add_filter_columns(catalog: &Catalog, collections: &mut [CollectionRules]) {
    let mut columns = BTreeSet::new();
    for rules in collections.iter() {
        usage::add_filter_columns(&rules.read, catalog, &mut columns);
    }
    for (rules, collection) in collections.iter_mut().zip(&catalog.collections) {
        rules.filter_columns = columns.iter().copied().filter(|column| column.collection == collection.id).collect();
    }
}
