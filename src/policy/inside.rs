//! A rule as it is seen from outside of its row: the rules of a row that a share is of are asked of that row.

use crate::base::TypeName;
use crate::catalog::{Collection, Field};
use crate::policy::RowImage;
use crate::policy::share::Shared;
use crate::policy::syntax::{Exists, Operand as Term, Path, Rule};

impl Path {
    /// The way from a row to a field of its own.
    pub(super) fn of_field(image: RowImage, field: &Field) -> Option<Self> {
        Some(Self {
            image,
            steps: Vec::new(),
            field: field.id,
            column: field.column()?.clone(),
            is_nullable: !field.is_required,
            is_null_a_gap: false,
        })
    }

    /// The way to the id of the rule's own row.
    pub(super) fn of_own_id(image: RowImage, collection: &Collection) -> Option<Self> {
        Self::of_field(image, collection.id_field())
    }

    /// The same path of a rule whose row is looked at from outside, as the row of an `exists` of depth 0.
    pub(super) fn inside(&self) -> Self {
        let mut path = self.clone();
        path.image = match path.image {
            RowImage::Row | RowImage::Old | RowImage::New => RowImage::Member(0),
            RowImage::Member(depth) => RowImage::Member(depth + 1),
        };
        path.steps.iter_mut().for_each(|step| step.depth += 1);
        path
    }
}

impl Rule {
    /// The rule of a row that is looked at from outside, as the row of an `exists` of depth 0; `old` and `new` are that row.
    pub(super) fn inside(&self) -> Self {
        let operand = |term: &Term| match term {
            Term::Known(_) => term.clone(),
            Term::Stored(path) => Term::Stored(path.inside()),
        };
        let parts = |parts: &[Self]| parts.iter().map(Self::inside).collect();
        match self {
            Self::All(all) => Self::All(parts(all)),
            Self::Any(any) => Self::Any(parts(any)),
            Self::Not(inner) => Self::Not(Box::new(inner.inside())),
            Self::Flag(flag) => Self::Flag(operand(flag)),
            Self::IsNull(term) => Self::IsNull(operand(term)),
            Self::Equal(left, right) => Self::Equal(operand(left), operand(right)),
            Self::Order(order, left, right) => Self::Order(*order, operand(left), operand(right)),
            Self::In(term, list) => Self::In(operand(term), operand(list)),
            Self::Text(test, text, part) => Self::Text(*test, operand(text), operand(part)),
            Self::Exists(exists) => Self::Exists(Box::new(Exists {
                owner: exists.owner.inside(),
                depth: exists.depth + 1,
                body: exists.body.inside(),
                ..(**exists).clone()
            })),
            Self::Shared(shared) => Self::Shared(Box::new(Shared {
                owner: shared.owner.inside(),
                is_path_named: true,
                depth: shared.depth + 1,
                ..(**shared).clone()
            })),
        }
    }

    /// Asks for the shares of the stored row, where the rule speaks of `old` and `new` and there is no `row`.
    pub(super) fn ask_for_shares_of(&mut self, image: RowImage) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.ask_for_shares_of(image)),
            Self::Not(inner) => inner.ask_for_shares_of(image),
            Self::Exists(exists) => exists.body.ask_for_shares_of(image),
            Self::Shared(shared) if !shared.is_path_named => shared.owner.image = image,
            Self::Shared(_)
            | Self::Flag(_)
            | Self::IsNull(_)
            | Self::Equal(..)
            | Self::Order(..)
            | Self::In(..)
            | Self::Text(..) => {}
        }
    }

    /// Whether it asks whether rows of a collection are shared.
    pub(super) fn asks_for_shares_of(&self, collection: &TypeName) -> bool {
        let mut is_asked = false;
        self.walk(&mut |part| is_asked |= matches!(part, Self::Shared(shared) if shared.record_type == *collection));
        is_asked
    }
}
