//! The id by which `node` finds a row of any collection.

use crate::base::{TypeName, Value};
use crate::planner::{PlanError, Planner, ReadPlan, SelectedField, Selection};
use crate::sql::{Alias, CompareOp, Expr};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

/// A collection and an id in it: `base64("Ticket:<uuid>")`. No secret, and signed by nobody: whoever makes one up finds what
/// the read rule gives, as with the id itself.
#[derive(Clone, Debug, PartialEq)]
pub struct NodeId {
    /// The collection's GraphQL type.
    pub type_name: TypeName,
    /// The row.
    pub id: Uuid,
}

impl NodeId {
    /// Reads one; `None` for a text that is none.
    pub fn parse(text: &str) -> Option<Self> {
        let decoded = String::from_utf8(STANDARD.decode(text).ok()?).ok()?;
        let (type_name, id) = decoded.split_once(':')?;
        Some(Self { type_name: TypeName::new(type_name), id: id.parse().ok()? })
    }

    /// Its text for the row that `alias` names.
    pub(crate) fn sql(type_name: &TypeName, alias: Alias) -> Expr {
        let prefix = Expr::Value(Value::Text(format!("{type_name}:")));
        let id = Expr::Cast(Box::new(Expr::labelled(alias, "id")), "text");
        let text = Expr::compare(CompareOp::Concat, prefix, id);
        let bytes = Expr::Call("convert_to", vec![text, Expr::Fixed("'UTF8'")]);
        let encoded = Expr::Call("encode", vec![bytes, Expr::Fixed("'base64'")]);
        // PostgreSQL breaks the lines of a long one.
        Expr::Call("translate", vec![encoded, Expr::Fixed("E'\\n'"), Expr::Fixed("''")])
    }
}

impl Planner<'_> {
    /// Plans `node(nodeId:)`. A text that names no row of a collection finds nothing, like an id that no row has.
    ///
    /// # Errors
    /// [`PlanError`] of an argument below.
    pub fn plan_read_node(&self, selected: &SelectedField) -> Result<ReadPlan, PlanError> {
        let node_id = selected.text_argument("nodeId").and_then(NodeId::parse);
        let found = node_id.and_then(|node| Some((self.catalog.find_collection(node.type_name.as_str())?.id, node.id)));
        match found {
            Some((collection, id)) => self.plan_read_row(collection, Some(id), selected),
            None => {
                let nothing = SelectedField { selection: Selection::default(), ..selected.clone() };
                self.plan_read_row(self.catalog.collections[0].id, None, &nothing)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_type_and_an_id_are_read() {
        let id = "00000000-0000-7000-8000-000000000401";
        let read = NodeId::parse(&STANDARD.encode(format!("Ticket:{id}")));
        assert_eq!(read, Some(NodeId { type_name: TypeName::new("Ticket"), id: id.parse().unwrap() }));
        for text in ["", "Ticket", "Ticket:", "Ticket:7", ":", id] {
            assert_eq!(NodeId::parse(&STANDARD.encode(text)), None, "{text}");
            assert_eq!(NodeId::parse(text), None, "{text}");
        }
    }
}
