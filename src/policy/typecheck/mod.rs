//! Checks a rule against the catalog and gives it its final form.
//!
//! A part that cannot be checked is reported and gives `None`; its neighbours are still checked, so that one start tells
//! every mistake.

mod call;
mod clause;
mod compare;
mod condition;
mod library;
mod literal;
mod mask;
mod operand;
mod share;
mod types;

pub(super) use library::Library;

use crate::base::Value;
use crate::catalog::{Catalog, CollectionId, Diagnostic, Field, RuleText, SourceSpan};
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{self, Literal, Node, NodeKind};
use crate::policy::share::{ShareRight, ShareTable};
use crate::policy::syntax::{KnownValue, MaskRule, Operand, Rule};
use crate::policy::{RowImage, UpdateForm};
use mask::Wanted;
use operand::Term;
use std::ops::Range;
use std::sync::Arc;
use types::Type;

/// Names that no variable of `exists` can have, beside those of the named rules.
const RESERVED_NAMES: &[&str] =
    &["user", "request", "row", "old", "new", "has", "exists", "inTeam", "shared", "mayShare", "now", "duration"];

/// Where a rule stands, which says what rows it can name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A rule over one row image of a collection, `row`.
    Row(CollectionId),
    /// An update rule: `row`, or `old` and `new`.
    Update(CollectionId),
    /// A rule that is decided before there is a row.
    NoRow,
}

/// A rule with the images that it names.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct CheckedRule {
    /// The rule.
    pub(super) rule: Rule,
    /// `OldNew` if it names `old` or `new`.
    pub(super) form: UpdateForm,
}

/// What every rule of a catalog is checked against.
#[derive(Clone, Copy, Debug)]
pub(super) struct Environment<'c> {
    /// The catalog.
    pub(super) catalog: &'c Catalog,
    /// Its named rules.
    pub(super) library: &'c Library<'c>,
    /// Where it stores shares.
    pub(super) shares: Option<&'c Arc<ShareTable>>,
    /// Who may share rows: known once the rules of all collections but the shares' own are checked.
    pub(super) share_rights: &'c [ShareRight],
}

impl<'c> Environment<'c> {
    /// Reads and checks the text of a condition.
    pub(super) fn check(self, text: &'c RuleText, slot: Slot, diagnostics: &mut Vec<Diagnostic>) -> Option<CheckedRule> {
        let node = parse::parse(text, diagnostics);
        self.check_node(text, &node, slot, diagnostics)
    }

    /// Checks a condition that was read before.
    pub(super) fn check_node(
        self,
        text: &'c RuleText,
        node: &Node,
        slot: Slot,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<CheckedRule> {
        let mut checker = Checker::new(self, text, slot, diagnostics);
        let mut rule = checker.condition(node);
        let form = checker.update_form();
        if let (UpdateForm::OldNew, Some(rule)) = (form, rule.as_mut()) {
            rule.ask_for_shares_of(RowImage::Old);
        }
        rule.map(|rule| CheckedRule { rule, form })
    }

    /// Reads and checks `maskAs:` of a field.
    pub(super) fn check_mask(self, text: &'c RuleText, field: &'c Field, diagnostics: &mut Vec<Diagnostic>) -> Option<MaskRule> {
        if text.text.trim().is_empty() {
            let mistake = Mistake::new(diagnostics::SYNTAX, "the mask is empty", "nothing here");
            diagnostics.push(mistake.help("leave `maskAs` out: a value without a mask is null").at(text, 0..text.text.len()));
            return None;
        }
        let node = parse::parse(text, diagnostics);
        let kind = Type::of_field(field)?.kind();
        Checker::new(self, text, Slot::Row(field.id.collection), diagnostics).mask(&node, Wanted { kind, field })
    }

    /// Reads and checks `@default(expr:)` of a field.
    pub(super) fn check_default(
        self,
        text: &'c RuleText,
        field: &Field,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<KnownValue> {
        let node = parse::parse(text, diagnostics);
        let mut checker = Checker::new(self, text, Slot::NoRow, diagnostics);
        checker.default_value(&node, field)
    }
}

/// The row of an enclosing `exists`.
#[derive(Debug)]
struct Member {
    name: String,
    collection: CollectionId,
    depth: u16,
}

struct Checker<'a, 'c> {
    environment: Environment<'c>,
    text: &'c RuleText,
    slot: Slot,
    /// Rows of the enclosing `exists`.
    members: Vec<Member>,
    /// The nesting depth of the next row that is looked into.
    depth: u16,
    /// The named rules that are being expanded.
    expanding: Vec<usize>,
    /// The images that were named, with their places.
    images: Vec<(RowImage, SourceSpan)>,
    /// The collections looked into, with the places that do.
    looked_into: Vec<(CollectionId, SourceSpan)>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl<'a, 'c> Checker<'a, 'c> {
    fn new(environment: Environment<'c>, text: &'c RuleText, slot: Slot, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        let (members, expanding) = (Vec::new(), Vec::new());
        let (images, looked_into) = (Vec::new(), Vec::new());
        Self { environment, text, slot, members, depth: 0, expanding, images, looked_into, diagnostics }
    }

    fn catalog(&self) -> &'c Catalog {
        self.environment.catalog
    }

    /// Reports a mistake and gives the `None` that stands for what could not be checked.
    fn refuse<T>(&mut self, range: Range<usize>, mistake: Mistake) -> Option<T> {
        let mut diagnostic = mistake.at(self.text, range);
        if let (Some(index), Slot::Row(home) | Slot::Update(home)) = (self.expanding.last(), self.slot) {
            let name = self.environment.library.entry(*index).name;
            let used = format!("`{name}` is used by a rule of `{}`", self.catalog().collection(home).name);
            diagnostic.help = Some(diagnostic.help.map_or(used.clone(), |help| format!("{help} ({used})")));
        }
        self.diagnostics.push(diagnostic);
        None
    }

    /// The source text of a part, for messages.
    fn quote(&self, node: &Node) -> &'c str {
        &self.text.text[node.range.clone()]
    }

    /// Which images the whole rule names; reports the mixtures that have no meaning.
    fn update_form(&mut self) -> UpdateForm {
        let is_row = |image: &RowImage| *image == RowImage::Row;
        let row = self.images.iter().position(|(image, _)| is_row(image));
        let Some(changed) = self.images.iter().position(|(image, _)| !is_row(image)) else { return UpdateForm::Row };
        if let Some(row) = row {
            let (_, span) = self.images[row.max(changed)];
            let help =
                "`row` is checked before and after the change, `old` and `new` once over both: write the whole rule one way";
            let mistake =
                Mistake::new(diagnostics::MIXED_IMAGES, "an update rule names either `row` or `old` and `new`", "mixes them");
            self.diagnostics.push(Diagnostic { span, ..mistake.help(help).at(self.text, 0..0) });
        }
        if let Slot::Update(home) = self.slot {
            let name = &self.catalog().collection(home).name;
            for (_, span) in self.looked_into.iter().filter(|(collection, _)| *collection == home) {
                let message = format!("a rule over `old` and `new` cannot look into other rows of `{name}`");
                let mistake = Mistake::new(diagnostics::STALE_PATH, message, "would see rows as they were before the change")
                    .help("compare ids, or write the rule over `row`");
                self.diagnostics.push(Diagnostic { span: *span, ..mistake.at(self.text, 0..0) });
            }
        }
        UpdateForm::OldNew
    }

    /// A value for a field of a new row.
    fn default_value(&mut self, node: &Node, field: &Field) -> Option<KnownValue> {
        let wanted = Type::of_field(field)?;
        let term = self.operand(node)?;
        match (term, wanted) {
            (Term::Literal(Literal::Null), _) => {
                let help = "leave the default out: a field without a value is null";
                self.refuse(
                    node.range.clone(),
                    Mistake::new(diagnostics::INVALID_LITERAL, "a default of null says nothing", "null").help(help),
                )
            }
            (Term::Literal(literal), Type::One(kind)) => {
                let value = self.coerce(&literal, node, kind, field.name.as_str())?;
                Some(KnownValue::Literal(value))
            }
            (Term::Typed(Operand::Known(known), given), wanted) if self.is_assignable(given, wanted) => Some(known),
            (term, wanted) => {
                let given = self.type_name(&term);
                let wanted = wanted.name(self.catalog());
                let message = format!("`{}` is {wanted}, `{}` is {given}", field.name, self.quote(node));
                let label = format!("{given} where {wanted} is needed");
                self.refuse(node.range.clone(), Mistake::new(diagnostics::TYPE_MISMATCH, message, label))
            }
        }
    }

    fn is_assignable(&self, given: Type, wanted: Type) -> bool {
        let is_same_shape = matches!((given, wanted), (Type::One(_), Type::One(_)) | (Type::ListOf(_), Type::ListOf(_)));
        is_same_shape && given.kind().is_comparable(wanted.kind(), self.catalog())
    }

    /// A term's type in messages.
    fn type_name(&self, term: &Term) -> String {
        match term {
            Term::Typed(_, ty) => ty.name(self.catalog()),
            Term::Literal(literal) => literal::type_name(literal).to_owned(),
        }
    }

    /// A constant condition.
    fn constant(is_true: bool) -> Rule {
        Rule::Flag(Operand::Known(KnownValue::Literal(Value::Boolean(is_true))))
    }

    /// Whether a part was refused before, so that nothing more is to be said.
    fn is_refused(node: &Node) -> bool {
        matches!(node.kind, NodeKind::Refused)
    }
}
