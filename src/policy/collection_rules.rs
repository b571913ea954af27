//! The compiled rules of one collection: those of its rows, and those of its fields.

use crate::base::{ScalarType, TypeName};
use crate::catalog::FieldId;
use crate::policy::UpdateForm;
use crate::policy::base::Base;
use crate::policy::syntax::{KnownValue, MaskRule, Rule};

#[derive(Clone, Debug)]
pub(super) struct CollectionRules {
    pub(super) name: TypeName,
    pub(super) is_platform: bool,
    pub(super) read: Rule,
    pub(super) create: Rule,
    pub(super) update: Rule,
    pub(super) update_form: UpdateForm,
    pub(super) delete: Rule,
    pub(super) export: Option<Rule>,
    pub(super) aggregate: Option<Rule>,
    /// Who may share a row.
    pub(super) shareable: Option<Rule>,
    pub(super) fields: Vec<FieldRules>,
    pub(super) filter_columns: Vec<FieldId>,
}

impl CollectionRules {
    /// Every rule, those of the fields included.
    pub(super) fn all(&self) -> impl Iterator<Item = &Rule> {
        let Self { read, create, update, delete, export, aggregate, shareable, fields, .. } = self;
        let of_fields = fields.iter().flat_map(|field| [&field.read, &field.write]).flatten();
        let of_masks = fields.iter().filter_map(|field| field.mask.as_ref()).flat_map(MaskRule::conditions);
        let of_rows = [read, create, update, delete].into_iter().chain(export).chain(aggregate).chain(shareable);
        of_rows.chain(of_fields).chain(of_masks)
    }

    /// Adds the base rule to every rule of rows. Fields need none: whoever reaches no row reaches no field of it.
    pub(super) fn narrow(&mut self, base: &Base) {
        // Whoever shares a row writes a share of it, which is narrowed as well.
        let Self { name: _, is_platform: _, read, create, update, update_form: _, delete, export, aggregate, .. } = self;
        [read].into_iter().chain(export).chain(aggregate).for_each(|rule| base.narrow_read(rule));
        [create, update, delete].into_iter().for_each(|rule| base.narrow_write(rule));
    }
}

#[derive(Clone, Debug)]
pub(super) struct FieldRules {
    pub(super) read: Option<Rule>,
    pub(super) write: Option<Rule>,
    pub(super) mask: Option<MaskRule>,
    pub(super) default: Option<FieldDefault>,
}

#[derive(Clone, Debug)]
pub(super) struct FieldDefault {
    pub(super) value: KnownValue,
    pub(super) scalar: ScalarType,
}
