//! Every difference between two versions of the rules.

use super::difference::{AccessDifference, ComparedAction, Direction};
use super::entail::entails;
use super::formula::Formula;
use super::pairs::{Pair, Pairs, RolePair, former_field};
use super::read::{FormerNames, Reader};
use crate::base::{RoleName, Value};
use crate::catalog::{Catalog, Collection, Field, Mask};
use crate::policy::syntax::{KnownValue, Operand, Order, Rule};
use crate::policy::{Action, CallerValue, FieldOperation, Operation, Residue, RowImage, RuleBook, UpdateForm};

/// One version of a tool's rules.
#[derive(Clone, Copy, Debug)]
pub struct ComparedRules<'a> {
    /// Its schema.
    pub catalog: &'a Catalog,
    /// Its rules.
    pub rules: &'a RuleBook,
}

/// Compares who may do what, collection by collection, those of the tool before the platform's.
pub fn differences(old: ComparedRules<'_>, new: ComparedRules<'_>) -> Vec<AccessDifference> {
    let pairs = Pairs::find(old.catalog, new.catalog);
    let roles = RolePair::find(old.catalog, new.catalog);
    let mut found = Vec::new();
    for pair in pairs.in_order() {
        for role in &roles {
            found.extend(Comparison { old, new, pair, role, former: &pairs.former }.differences());
        }
    }
    found
}

/// One collection for one role.
struct Comparison<'a> {
    old: ComparedRules<'a>,
    new: ComparedRules<'a>,
    pair: Pair<'a>,
    role: &'a RolePair,
    former: &'a FormerNames,
}

/// One of both versions.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Version {
    Old,
    New,
}

impl<'a> Comparison<'a> {
    fn differences(&self) -> Vec<AccessDifference> {
        let row = |operation| Action::Row(operation);
        let actions =
            [row(Operation::Read), row(Operation::Create), row(Operation::Update), row(Operation::Delete), Action::Export];
        let mut found: Vec<AccessDifference> =
            actions.into_iter().filter_map(|action| self.difference(action, (None, None))).collect();
        // Of a role that is new, or gone, the operations say everything.
        let (Some(_), Some(_), Some(new)) = (&self.role.old, &self.role.new, self.pair.new) else { return found };
        if let Some(old) = self.pair.old {
            found.extend(self.difference(Action::Aggregate, (None, None)));
            found.extend(self.floor_difference(old, new));
        }
        for field in &new.fields {
            let before = self.pair.old.and_then(|old| former_field(old, field));
            for operation in [FieldOperation::Read, FieldOperation::Write] {
                found.extend(self.difference(Action::Field(operation), (before, Some(field))));
            }
            found.extend(before.and_then(|before| self.mask_difference(before, field)));
        }
        found
    }

    fn difference(&self, action: Action, fields: (Option<&Field>, Option<&Field>)) -> Option<AccessDifference> {
        let image = if action == Action::Row(Operation::Update) { self.mixed_image() } else { RowImage::Row };
        let before = self.given(Version::Old, action, fields.0, image);
        let after = self.given(Version::New, action, fields.1, image);
        let is_new = self.pair.old.is_none() || (matches!(action, Action::Field(_)) && fields.0.is_none());
        if is_new {
            let is_said = match action {
                Action::Field(_) => after != Formula::Always && self.pair.old.is_some(),
                _ => after != Formula::Never,
            };
            return is_said.then(|| {
                let nothing = Formula::Never;
                self.describe(action, fields.1, Direction::New, (&nothing, &after))
            });
        }
        let (is_kept, is_within) = (entails(&before, &after), entails(&after, &before));
        let direction = match (is_kept, is_within) {
            (true, true) => return None,
            (true, false) => Direction::Wider,
            (false, true) => Direction::Narrower,
            (false, false) => Direction::Unclear,
        };
        Some(self.describe(action, fields.1, direction, (&before, &after)))
    }

    /// The image that `row` is read as where one version of an update rule says `row` and the other `old` and `new`.
    fn mixed_image(&self) -> RowImage {
        let form = |version| {
            let (side, collection, _) = self.side(version)?;
            Some(side.rules.update_form(collection.id))
        };
        match (form(Version::Old), form(Version::New)) {
            (Some(old), Some(new)) if old != new => RowImage::Old,
            _ => RowImage::Row,
        }
    }

    /// `None` where the collection or the role is not there.
    fn side(&self, version: Version) -> Option<(ComparedRules<'a>, &'a Collection, &'a RoleName)> {
        let Self { old, new, pair, role, former: _ } = self;
        match version {
            Version::Old => Some((*old, pair.old?, role.old.as_ref()?)),
            Version::New => Some((*new, pair.new?, role.new.as_ref()?)),
        }
    }

    /// What a version gives the role.
    fn given(&self, version: Version, action: Action, field: Option<&Field>, image: RowImage) -> Formula {
        let Some((side, collection, _)) = self.side(version) else { return Formula::Never };
        let rules = side.rules;
        match action {
            Action::Export => rules.export_rule(collection.id).map_or(Formula::Never, |rule| self.read(version, rule, image)),
            Action::Aggregate => {
                rules.aggregate_rule(collection.id).map_or(Formula::Always, |rule| self.read(version, rule, image))
            }
            Action::Field(operation) => {
                let rule = field.and_then(|field| rules.field_rule(field.id, operation));
                rule.map_or(Formula::Always, |rule| self.read(version, rule, image))
            }
            Action::Row(Operation::Update | Operation::Delete) if collection.is_append_only => Formula::Never,
            Action::Row(Operation::Read) => self.read(version, rules.row_rule(collection.id, Operation::Read), image),
            Action::Row(operation) => {
                let rule = rules.row_rule(collection.id, operation);
                let mut parts = vec![self.read(version, rule, image)];
                if image == RowImage::Old && rules.update_form(collection.id) == UpdateForm::Row {
                    // `row` is asked of the stored row and of the changed one.
                    parts.push(self.read(version, rule, RowImage::New));
                }
                parts.extend(step_up(collection).map(|rule| self.read(version, &rule, image)));
                Formula::all(parts)
            }
        }
    }

    fn read(&self, version: Version, rule: &Rule, row: RowImage) -> Formula {
        let none = FormerNames::default();
        let Some((side, _, role)) = self.side(version) else { return Formula::Never };
        let former = if version == Version::New { self.former } else { &none };
        Reader { catalog: side.catalog, role, former, row }.formula(rule, true)
    }

    /// Who may not read a field sees its mask: any other mask may show more.
    fn mask_difference(&self, before: &Field, field: &Field) -> Option<AccessDifference> {
        let word = |field: &Field| field.access.mask.as_ref().map(mask_word);
        let (old, new) = (word(before), word(field));
        let action = Action::Field(FieldOperation::Read);
        let reads = self.given(Version::New, action, Some(field), RowImage::Row);
        if old == new || entails(&Formula::Always, &reads) {
            return None;
        }
        let direction = match (&old, &new) {
            (None, _) => Direction::Wider,
            (_, None) => Direction::Narrower,
            _ => Direction::Unclear,
        };
        let shown = |word: &Option<String>| word.as_ref().map_or(Residue::Never, |word| Residue::If(word.clone()));
        let words = |word: &Option<String>| word.iter().map(|word| format!("the mask {word}")).collect();
        Some(AccessDifference {
            action: ComparedAction::Mask,
            before: shown(&old),
            after: shown(&new),
            gained: words(&new),
            lost: words(&old),
            ..self.describe(action, Some(field), direction, (&Formula::Never, &Formula::Never))
        })
    }

    /// Smaller groups tell more of single rows.
    fn floor_difference(&self, old: &Collection, new: &Collection) -> Option<AccessDifference> {
        let rows = |collection: &Collection| collection.group_floor().rows().unwrap_or(1);
        let (before, after) = (rows(old), rows(new));
        let allowed = self.given(Version::New, Action::Aggregate, None, RowImage::Row);
        if before == after || allowed == Formula::Never {
            return None;
        }
        let direction = if after < before { Direction::Wider } else { Direction::Narrower };
        let shown = |rows: u32| Residue::If(format!("groups of {rows} rows"));
        let words = |rows: u32| vec![format!("groups of {rows} rows")];
        let (gained, lost) = if after < before { (words(after), Vec::new()) } else { (Vec::new(), words(before)) };
        Some(AccessDifference {
            action: ComparedAction::MinGroup,
            before: shown(before),
            after: shown(after),
            gained,
            lost,
            ..self.describe(Action::Aggregate, None, direction, (&Formula::Never, &Formula::Never))
        })
    }

    fn describe(
        &self,
        action: Action,
        field: Option<&Field>,
        direction: Direction,
        (before, after): (&Formula, &Formula),
    ) -> AccessDifference {
        let collection = self.pair.new.or(self.pair.old);
        let beyond = |formula: &Formula, other: &Formula| -> Vec<String> {
            let parts = formula.disjuncts().iter().filter(|part| !entails(part, other));
            parts.map(Formula::show).collect()
        };
        AccessDifference {
            collection: collection.map(|collection| collection.name.to_string()).unwrap_or_default(),
            field: field.map(|field| field.name.to_string()),
            action: ComparedAction::Access(action),
            role: self.role.name().clone(),
            direction,
            before: residue(before),
            after: residue(after),
            gained: beyond(after, before),
            lost: beyond(before, after),
        }
    }
}

fn residue(formula: &Formula) -> Residue {
    match formula {
        Formula::Always => Residue::Always,
        Formula::Never => Residue::Never,
        other => Residue::If(other.show()),
    }
}

/// A mask as the schema writes it, wherever in the file that stands.
fn mask_word(mask: &Mask) -> String {
    match mask {
        Mask::Email => "EMAIL".to_owned(),
        Mask::Last4 => "LAST4".to_owned(),
        Mask::Hash => "HASH".to_owned(),
        Mask::Redact => "REDACT".to_owned(),
        Mask::Computed(text) => text.text.clone(),
    }
}

/// `stepUp:` as the condition that it is: whoever writes proved who they are so many seconds ago at most.
fn step_up(collection: &Collection) -> Option<Rule> {
    let seconds = i64::try_from(collection.access.step_up?.as_secs()).ok()?;
    let age = Operand::Known(KnownValue::Caller(CallerValue::RequestAuthAge));
    Some(Rule::Order(Order::LessOrEqual, age, Operand::Known(KnownValue::Literal(Value::BigInt(seconds)))))
}
