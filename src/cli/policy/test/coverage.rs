//! Which clauses of the rules the cases have seen both ways.

use crate::catalog::{Catalog, SourceId, SourceSpan};
use crate::cli::policy::site::place;
use crate::policy::{Clause, ClauseKind, FieldOperation, Judged, Operation, RuleSite, Truth, clauses};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;

/// Every condition that the tool's own files write, once for each place: a named rule is one, wherever it is used.
#[derive(Debug, Default)]
pub(super) struct Coverage {
    seen: BTreeMap<SourceSpan, Seen>,
}

/// A condition, and how it was seen.
#[derive(Debug)]
struct Seen {
    text: String,
    place: String,
    is_true: bool,
    is_not_true: bool,
}

impl Coverage {
    /// Every condition, not seen yet.
    pub(super) fn of(catalog: &Catalog) -> Self {
        let mut coverage = Self::default();
        for collection in &catalog.collections {
            let row = |operation| RuleSite::Row(collection.id, operation);
            let mut sites = vec![row(Operation::Read), row(Operation::Create), RuleSite::Export(collection.id)];
            if !collection.is_append_only {
                sites.extend([row(Operation::Update), row(Operation::Delete)]);
            }
            for field in &collection.fields {
                sites.extend([FieldOperation::Read, FieldOperation::Write].map(|operation| RuleSite::Field(field.id, operation)));
            }
            for root in sites.into_iter().filter_map(|site| clauses(catalog, site)) {
                root.leaves().into_iter().for_each(|leaf| coverage.expect(catalog, leaf));
            }
        }
        coverage
    }

    fn expect(&mut self, catalog: &Catalog, leaf: &Clause) {
        if leaf.span.source == SourceId::PLATFORM || leaf.is_constant() {
            return;
        }
        let text = leaf.text.split_whitespace().collect::<Vec<_>>().join(" ");
        let place = place(catalog, leaf);
        self.seen.entry(leaf.span).or_insert(Seen { text, place, is_true: false, is_not_true: false });
    }

    /// Notes what the conditions of a rule were.
    pub(super) fn add(&mut self, judged: &Judged<'_>) {
        if matches!(judged.clause.kind, ClauseKind::Leaf(_))
            && let Some(seen) = self.seen.get_mut(&judged.clause.span)
        {
            match judged.truth {
                Truth::True => seen.is_true = true,
                Truth::False | Truth::Unknown => seen.is_not_true = true,
            }
        }
        judged.parts.iter().for_each(|part| self.add(part));
    }

    /// How many conditions there are, and how many were seen both ways.
    pub(super) fn counts(&self) -> (usize, usize) {
        (self.seen.len(), self.seen.values().filter(|seen| seen.is_covered()).count())
    }

    /// Those that were not, in words.
    pub(super) fn uncovered(&self) -> Vec<String> {
        let open = self.seen.values().filter(|seen| !seen.is_covered());
        open.map(|seen| format!("{}  {}  ({})", seen.missing(), seen.text, seen.place)).collect()
    }

    pub(super) fn to_json(&self) -> Json {
        let (clauses, covered) = self.counts();
        let open = self.seen.values().filter(|seen| !seen.is_covered());
        let open = open.map(|seen| json!({ "text": seen.text, "place": seen.place, "missing": seen.missing() }));
        json!({ "clauses": clauses, "covered": covered, "uncovered": open.collect::<Json>() })
    }
}

impl Seen {
    fn is_covered(&self) -> bool {
        self.is_true && self.is_not_true
    }

    fn missing(&self) -> &'static str {
        match (self.is_true, self.is_not_true) {
            (false, false) => "never asked",
            (false, true) => "never true",
            (true, _) => "always true",
        }
    }
}
