//! A rule and a role to a [`Formula`].

use super::formula::{Fact, Formula, Named, Term, Test};
use crate::base::{RoleName, Value};
use crate::catalog::{Catalog, CollectionId, FieldId, FieldKind};
use crate::policy::share::Shared;
use crate::policy::syntax::{Exists, KnownValue, Operand, Path, Rule};
use crate::policy::{CallerValue, RowImage, Truth, known, residue};
use std::collections::BTreeMap;

/// Names that are the same in both versions, where those of this one are others.
#[derive(Clone, Debug, Default)]
pub(super) struct FormerNames {
    /// Of fields, with their collection's.
    pub(super) fields: BTreeMap<FieldId, String>,
    /// Of tables.
    pub(super) tables: BTreeMap<CollectionId, String>,
}

/// Reads the rules of one version for one role.
#[derive(Clone, Copy)]
pub(super) struct Reader<'c> {
    pub(super) catalog: &'c Catalog,
    pub(super) role: &'c RoleName,
    pub(super) former: &'c FormerNames,
    /// The image that `row` stands for, where a rule over `row` is compared with one over `old` and `new`.
    pub(super) row: RowImage,
}

impl Reader<'_> {
    /// What has to be known of a row for the rule to be true, or false.
    pub(super) fn formula(&self, rule: &Rule, is_true: bool) -> Formula {
        match rule {
            Rule::All(parts) if is_true => Formula::all(parts.iter().map(|part| self.formula(part, true))),
            Rule::All(parts) => Formula::any(parts.iter().map(|part| self.formula(part, false))),
            Rule::Any(parts) if is_true => Formula::any(parts.iter().map(|part| self.formula(part, true))),
            Rule::Any(parts) => Formula::all(parts.iter().map(|part| self.formula(part, false))),
            Rule::Not(inner) => self.formula(inner, !is_true),
            Rule::Flag(operand) => {
                let truth = |[value]: [&Value; 1]| known::flag(value);
                self.decided([operand], is_true, truth)
                    .unwrap_or_else(|| self.fact(rule, is_true, Test::Flag(self.term(operand))))
            }
            Rule::IsNull(operand) => match operand {
                Operand::Known(known) if known.for_role(self.role).is_ok() => {
                    let is_null = known.for_role(self.role).is_ok_and(|value| value.is_null());
                    constant(Truth::from(is_null), is_true)
                }
                _ => self.fact(rule, is_true, Test::IsNull(self.term(operand))),
            },
            Rule::Equal(left, right) => self
                .decided([left, right], is_true, |[left, right]| known::equal(left, right))
                .unwrap_or_else(|| self.equal(rule, is_true, left, right)),
            Rule::In(value, list) => self
                .decided([value, list], is_true, |[value, list]| known::contained(value, list))
                .unwrap_or_else(|| match self.term(list) {
                    Term::Literal(Value::List(_, values)) => Formula::Known(Fact::member(self.term(value), values, is_true)),
                    list => self.fact(rule, is_true, Test::In(self.term(value), list)),
                }),
            Rule::Order(order, left, right) => self
                .decided([left, right], is_true, |[left, right]| known::ordered(*order, left, right))
                .unwrap_or_else(|| self.fact(rule, is_true, Test::Order(*order, self.term(left), self.term(right)))),
            Rule::Text(test, text, part) => self
                .decided([text, part], is_true, |[text, part]| known::tested(*test, text, part))
                .unwrap_or_else(|| self.fact(rule, is_true, Test::Text(*test, self.term(text), self.term(part)))),
            Rule::Exists(exists) => self.exists(rule, is_true, exists),
            Rule::Shared(shared) => self.shared(rule, is_true, shared),
        }
    }

    fn equal(&self, rule: &Rule, is_true: bool, left: &Operand, right: &Operand) -> Formula {
        match (self.term(left), self.term(right)) {
            (term @ Term::Named(_), Term::Literal(value)) | (Term::Literal(value), term @ Term::Named(_)) => {
                Formula::Known(Fact::member(term, vec![value], is_true))
            }
            (Term::Named(left), Term::Named(right)) if right.key < left.key => {
                self.fact(rule, is_true, Test::Equal(Term::Named(right), Term::Named(left)))
            }
            (left, right) => self.fact(rule, is_true, Test::Equal(left, right)),
        }
    }

    fn exists(&self, rule: &Rule, is_true: bool, exists: &Exists) -> Formula {
        let Exists { owner, join_field, body, .. } = exists;
        let (holds, fails) = (self.formula(body, true), self.formula(body, false));
        if is_true && holds == Formula::Never {
            return Formula::Never;
        }
        let relation = format!("{} < {}", self.key(owner), self.field_key(*join_field));
        self.fact(rule, is_true, Test::Exists { relation, holds: Box::new(holds), fails: Box::new(fails) })
    }

    /// A share of a row is a fact of its own: it follows from no other, and nothing else from it.
    fn shared(&self, rule: &Rule, is_true: bool, shared: &Shared) -> Formula {
        let is_reached = *self.role != RoleName::platform();
        if !is_reached && !shared.owner.may_lead_nowhere() {
            return constant(Truth::False, is_true);
        }
        let key = format!("shared({}, {})", self.key(&shared.owner), shared.level.name());
        let shown = residue::words(self.catalog, rule, self.role);
        self.fact(rule, is_true, Test::Flag(Term::Named(Named { key, shown })))
    }

    /// What the role decides by itself; a null of the caller decides with whatever stands beside it.
    fn decided<const N: usize>(
        &self,
        operands: [&Operand; N],
        is_true: bool,
        truth: impl FnOnce([&Value; N]) -> Truth,
    ) -> Option<Formula> {
        let values = operands.map(|operand| match operand {
            Operand::Known(known) => known.for_role(self.role).ok(),
            Operand::Stored(_) => None,
        });
        if values.iter().flatten().any(Value::is_null) {
            return Some(Formula::Never);
        }
        let values: Vec<&Value> = values.iter().flatten().collect();
        let values: [&Value; N] = values.try_into().ok()?;
        Some(constant(truth(values), is_true))
    }

    fn fact(&self, rule: &Rule, is_true: bool, test: Test) -> Formula {
        let text = if is_true {
            residue::words(self.catalog, rule, self.role)
        } else {
            residue::words(self.catalog, &Rule::Not(Box::new(rule.clone())), self.role)
        };
        Formula::Known(Fact { test, is_true, text })
    }

    fn term(&self, operand: &Operand) -> Term {
        match operand {
            Operand::Known(KnownValue::Caller(CallerValue::RequestTime(moved))) => Term::Time(*moved),
            Operand::Known(known) => match known.for_role(self.role) {
                Ok(value) => Term::Literal(value),
                Err(_) => {
                    let name = residue::known_name(known);
                    Term::Named(Named { key: name.clone(), shown: name })
                }
            },
            Operand::Stored(path) => Term::Named(Named { key: self.key(path), shown: residue::path_words(self.catalog, path) }),
        }
    }

    /// `row Ticket.customer:Customer > Customer.team:Team`
    fn key(&self, path: &Path) -> String {
        let image = match path.image {
            RowImage::Row => self.row,
            other => other,
        };
        let image = match image {
            RowImage::Row => "row".to_owned(),
            RowImage::Old => "old".to_owned(),
            RowImage::New => "new".to_owned(),
            RowImage::Member(depth) => format!("m{depth}"),
        };
        let fields = path.steps.iter().map(|step| step.field).chain([path.field]);
        let fields = fields.map(|field| self.field_key(field)).collect::<Vec<_>>().join(" > ");
        // `row.team.id` is unknown where there is no team, `row.team` is null.
        let id = if path.is_null_a_gap { ".id" } else { "" };
        format!("{image} {fields}{id}")
    }

    /// A field with its type: one that now holds something else is another one.
    fn field_key(&self, id: FieldId) -> String {
        let field = self.catalog.field(id);
        let name = self.former.fields.get(&id).cloned();
        let name = name.unwrap_or_else(|| format!("{}.{}", self.catalog.collection(id.collection).name, field.name));
        let (ty, is_list) = match &field.kind {
            FieldKind::Scalar { scalar, is_list, .. } => (format!("{scalar:?}"), *is_list),
            FieldKind::Enum { is_list, .. } => ("Enum".to_owned(), *is_list),
            FieldKind::ToOne { target, .. } | FieldKind::ToMany { target, .. } => {
                let former = self.former.tables.get(target).cloned();
                (former.unwrap_or_else(|| self.catalog.collection(*target).table.name.to_string()), false)
            }
        };
        format!("{name}:{ty}{}", if is_list { "[]" } else { "" })
    }
}

fn constant(truth: Truth, is_true: bool) -> Formula {
    let wanted = if is_true { Truth::True } else { Truth::False };
    if truth == wanted { Formula::Always } else { Formula::Never }
}
