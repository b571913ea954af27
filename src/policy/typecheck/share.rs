//! `shared('read')` and `mayShare()`.

use super::{Checker, Slot};
use crate::catalog::{Collection, CollectionId};
use crate::policy::RowImage;
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{Literal, Node, NodeKind, Word};
use crate::policy::share::{ShareAct, ShareLevel, Shared, may_share};
use crate::policy::syntax::{Path, Rule};
use std::sync::Arc;

/// What to write.
const EXAMPLE: &str = "write `shared('read')` or `shared('write')`, of another row `shared(row.folder, 'read')`";

/// The row of which shares are looked for.
struct Owner {
    path: Path,
    collection: CollectionId,
    is_path_named: bool,
}

impl Checker<'_, '_> {
    /// `shared('read')`, `shared(row.folder, 'write')`.
    pub(super) fn shared(&mut self, node: &Node, arguments: &[Node]) -> Option<Rule> {
        let (row, level) = match arguments {
            [level] => (None, level),
            [row, level] => (Some(row), level),
            _ => return self.wrong_arguments(node, "`shared` takes a level", EXAMPLE),
        };
        let named = match &level.kind {
            NodeKind::Literal(Literal::Text(text)) => ShareLevel::named(text),
            _ => None,
        };
        let Some(named) = named else {
            let message = format!("`{}` is no level at which rows are shared", self.quote(level));
            return self.wrong_arguments(level, message, EXAMPLE);
        };
        let Owner { path, collection, is_path_named } = match row {
            Some(row) => self.named_owner(row)?,
            None => self.own_row(node)?,
        };
        let collection = self.catalog().collection(collection);
        let table = self.environment.shares.filter(|_| collection.shareable.is_some());
        let Some(table) = table else { return self.not_shareable(node, collection) };
        let depth = self.depth + u16::try_from(path.steps.len()).ok()?;
        let (record_type, table) = (collection.name.clone(), Arc::clone(table));
        Some(Rule::Shared(Box::new(Shared { owner: path, is_path_named, record_type, level: named, depth, table })))
    }

    fn not_shareable<T>(&mut self, node: &Node, collection: &Collection) -> Option<T> {
        let name = &collection.name;
        let mistake = Mistake::new(diagnostics::NOT_SHAREABLE, format!("rows of `{name}` are not shared"), "never true");
        let help = format!("say on `{name}` who may share a row: `@shareable(by: \"...\")`");
        self.refuse(node.range.clone(), mistake.help(help))
    }

    /// The rule's own row; whichever image, it has the same id.
    fn own_row(&mut self, node: &Node) -> Option<Owner> {
        let (Slot::Row(home) | Slot::Update(home)) = self.slot else {
            let mistake = Mistake::new(
                diagnostics::NO_SUCH_IMAGE,
                "there is no row here that is shared",
                "decided before any row is known",
            );
            return self.refuse(node.range.clone(), mistake.help("only `user` and `request` are known here"));
        };
        let path = Path::of_own_id(RowImage::Row, self.catalog().collection(home))?;
        Some(Owner { path, collection: home, is_path_named: false })
    }

    /// A row that the rule names: `row`, the row of an `exists`, or one that a path leads to.
    fn named_owner(&mut self, row: &Node) -> Option<Owner> {
        let (root, words) = self.take_apart(row)?;
        let name = match &root.kind {
            NodeKind::Name(name) if name != "user" && name != "request" => name,
            _ => {
                let message = format!("`{}` is no row", self.quote(row));
                return self.refuse(row.range.clone(), Mistake::new(diagnostics::NOT_A_PATH, message, "no row").help(EXAMPLE));
            }
        };
        let (image, start) = self.root_row(root, name)?;
        // Its id is read from the foreign key, so the row itself is not looked at.
        let id = Word { range: row.range.clone(), text: "id".to_owned() };
        let words: Vec<&Word> = words.into_iter().chain([&id]).collect();
        let (steps, field) = self.follow(start, &words)?;
        let path = self.path(row, image, steps, field)?;
        Some(Owner { path, collection: field.id.collection, is_path_named: true })
    }

    /// `mayShare()`, in the rules of the shares themselves.
    pub(super) fn may_share(&mut self, node: &Node, arguments: &[Node]) -> Option<Rule> {
        if !arguments.is_empty() {
            return self.wrong_arguments(node, "`mayShare` takes no arguments", "write `mayShare()`");
        }
        let shares = self.catalog().record_shares().map(|shares| shares.id);
        let is_share = matches!(self.slot, Slot::Row(home) | Slot::Update(home) if Some(home) == shares);
        if !is_share {
            let message = format!("only rows of `{}` are shares", Collection::RECORD_SHARE);
            let mistake = Mistake::new(diagnostics::NOT_SHAREABLE, message, "this row is none");
            return self.refuse(node.range.clone(), mistake.help("to ask whether a row is shared, write `shared('read')`"));
        }
        self.images.push((RowImage::Row, self.text.span_of(node.range.start, node.range.len())));
        Some(may_share(self.catalog(), self.environment.share_rights, ShareAct::See))
    }
}
