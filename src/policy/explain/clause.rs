//! The parts of a rule, each with its place in the file.

use crate::catalog::{Catalog, CollectionId, Diagnostic, FieldId, RuleText, SourceSpan};
use crate::policy::compile::rights_to_share;
use crate::policy::share::ShareTable;
use crate::policy::syntax::{KnownValue, Operand, Rule};
use crate::policy::typecheck::{Environment, Library, Slot};
use crate::policy::{Action, FieldOperation, Operation};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Where a rule stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleSite {
    /// On a collection's rows.
    Row(CollectionId, Operation),
    /// On a collection's exports.
    Export(CollectionId),
    /// On a field.
    Field(FieldId, FieldOperation),
}

impl RuleSite {
    /// The rules that have to hold together for something to be done to a row, in the order in which they are asked. With a field its
    /// guard too; a deletion has none.
    pub fn of(collection: CollectionId, action: Action, field: Option<FieldId>) -> Vec<Self> {
        let row = |operation| Self::Row(collection, operation);
        let read = row(Operation::Read);
        let (mut sites, guard) = match action {
            Action::Row(Operation::Read) => (vec![read], Some(FieldOperation::Read)),
            Action::Row(Operation::Create) => (vec![row(Operation::Create)], Some(FieldOperation::Write)),
            Action::Row(Operation::Update) => (vec![read, row(Operation::Update)], Some(FieldOperation::Write)),
            Action::Row(Operation::Delete) => (vec![read, row(Operation::Delete)], None),
            Action::Export => (vec![read, Self::Export(collection)], Some(FieldOperation::Read)),
            // Which rows an aggregate counts is what reading them says; whether there is one at all, no row decides.
            Action::Aggregate => (vec![read], Some(FieldOperation::Read)),
            Action::Field(operation) => (vec![read], Some(operation)),
        };
        sites.extend(field.zip(guard).map(|(field, operation)| Self::Field(field, operation)));
        sites
    }

    /// The collection that it is about.
    pub fn collection(self) -> CollectionId {
        match self {
            Self::Row(collection, _) | Self::Export(collection) => collection,
            Self::Field(field, _) => field.collection,
        }
    }

    /// `READ Ticket`, `WRITE Ticket.internalNote`
    pub fn name(self, catalog: &Catalog) -> String {
        let collection = &catalog.collection(self.collection()).name;
        match self {
            Self::Row(_, Operation::Read) => format!("READ {collection}"),
            Self::Row(_, Operation::Create) => format!("CREATE {collection}"),
            Self::Row(_, Operation::Update) => format!("UPDATE {collection}"),
            Self::Row(_, Operation::Delete) => format!("DELETE {collection}"),
            Self::Export(_) => format!("EXPORT {collection}"),
            Self::Field(field, FieldOperation::Read) => format!("READ {collection}.{}", catalog.field(field).name),
            Self::Field(field, FieldOperation::Write) => format!("WRITE {collection}.{}", catalog.field(field).name),
        }
    }

    /// The texts that have to hold together, and the rows that they can name.
    fn texts(self, catalog: &Catalog) -> (Vec<&RuleText>, Slot) {
        let collection = catalog.collection(self.collection());
        let (access, base) = (&collection.access, &catalog.base);
        let slot = Slot::Row(collection.id);
        let (base, own, slot) = match self {
            Self::Row(_, Operation::Read) => (&base.read, Some(&access.read), slot),
            Self::Row(_, Operation::Create) => (&base.write, Some(&access.create), slot),
            Self::Row(_, Operation::Update) => (&base.write, Some(&access.update), Slot::Update(collection.id)),
            Self::Row(_, Operation::Delete) => (&base.write, Some(&access.delete), slot),
            Self::Export(_) => (&base.read, collection.export.as_ref().map(|export| &export.allow), Slot::NoRow),
            Self::Field(field, FieldOperation::Read) => (&None, catalog.field(field).access.read.as_ref(), slot),
            Self::Field(field, FieldOperation::Write) => (&None, catalog.field(field).access.write.as_ref(), slot),
        };
        (base.iter().chain(own).collect(), slot)
    }
}

/// A part of a rule.
#[derive(Clone, Debug)]
pub struct Clause {
    /// Where it stands.
    pub span: SourceSpan,
    /// What it says there.
    pub text: String,
    /// What it is.
    pub kind: ClauseKind,
}

/// What a part of a rule is.
#[derive(Clone, Debug)]
pub enum ClauseKind {
    /// `&&`, and a rule beside the base rule.
    All(Vec<Clause>),
    /// `||`
    Any(Vec<Clause>),
    /// `!`
    Not(Box<Clause>),
    /// The name of a rule, with that rule.
    Named(Box<Clause>),
    /// A condition without parts that could be told apart.
    Leaf(Condition),
}

/// A compiled condition.
#[derive(Clone, Debug)]
pub struct Condition(pub(in crate::policy) Rule);

impl Clause {
    /// The conditions, in the order of the text.
    pub fn leaves(&self) -> Vec<&Self> {
        match &self.kind {
            ClauseKind::All(parts) | ClauseKind::Any(parts) => parts.iter().flat_map(Self::leaves).collect(),
            ClauseKind::Not(inner) | ClauseKind::Named(inner) => inner.leaves(),
            ClauseKind::Leaf(_) => vec![self],
        }
    }

    /// The fields that a condition looks at, and the collections whose rows it goes through: whoever may not read them all is not to
    /// be told what it is.
    pub fn looks_at(&self) -> (BTreeSet<FieldId>, BTreeSet<CollectionId>) {
        let (mut fields, mut collections) = (BTreeSet::new(), BTreeSet::new());
        let ClauseKind::Leaf(Condition(rule)) = &self.kind else { return (fields, collections) };
        rule.walk(&mut |part| {
            for path in part.paths() {
                fields.extend(path.steps.iter().map(|step| step.field).chain([path.field]));
                collections.extend(path.steps.iter().map(|step| step.collection));
            }
            if let Rule::Exists(exists) = part {
                fields.insert(exists.join_field);
                collections.insert(exists.collection);
            }
        });
        (fields, collections)
    }

    /// Whether it is a literal `true` or `false`, which nothing can make otherwise.
    pub fn is_constant(&self) -> bool {
        let is_literal = |rule: &Rule| matches!(rule, Rule::Flag(Operand::Known(KnownValue::Literal(_))));
        matches!(&self.kind, ClauseKind::Leaf(Condition(rule)) if is_literal(rule))
    }
}

/// The parts of a rule; `None` where there is none, which for a field allows everything and for an export nothing.
pub fn clauses(catalog: &Catalog, site: RuleSite) -> Option<Clause> {
    // Whoever asks has compiled the catalog's rules, so nothing is found here.
    let mut diagnostics: Vec<Diagnostic> = Vec::new();
    let library = Library::read(catalog, &mut diagnostics);
    let shares = ShareTable::of(catalog).map(Arc::new);
    let environment = Environment { catalog, library: &library, shares: shares.as_ref(), share_rights: &[] };
    // Only the rules of shares say `mayShare()`, which is made of the rules of all others.
    let is_of_shares = catalog.record_shares().is_some_and(|shares| shares.id == site.collection());
    let rights = if is_of_shares { rights_to_share(environment) } else { Vec::new() };
    let environment = Environment { share_rights: &rights, ..environment };
    let (texts, slot) = site.texts(catalog);
    let mut parts: Vec<Clause> = texts.into_iter().filter_map(|text| environment.clauses(text, slot, &mut diagnostics)).collect();
    match parts.len() {
        0 => None,
        1 => parts.pop(),
        _ => {
            let own = parts.last()?;
            Some(Clause { span: own.span, text: own.text.clone(), kind: ClauseKind::All(parts) })
        }
    }
}
