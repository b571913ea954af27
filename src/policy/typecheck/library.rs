//! The named rules, `@rule(name:, is:)`.

use crate::catalog::{Catalog, Diagnostic, RuleText};
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{self, Node, NodeKind};
use std::collections::HashMap;

/// Every named rule, read once.
#[derive(Debug)]
pub(in crate::policy) struct Library<'c> {
    entries: Vec<Entry<'c>>,
    by_name: HashMap<&'c str, usize>,
}

/// One named rule.
#[derive(Debug)]
pub(super) struct Entry<'c> {
    pub(super) name: &'c str,
    pub(super) rule: &'c RuleText,
    pub(super) node: Node,
    /// Whether it needs itself; then it was reported, and is not expanded.
    pub(super) is_cyclic: bool,
}

impl<'c> Library<'c> {
    /// Reads the named rules of a catalog, which has seen to it that each name is new and no word of the language.
    pub(in crate::policy) fn read(catalog: &'c Catalog, diagnostics: &mut Vec<Diagnostic>) -> Self {
        let mut library = Self { entries: Vec::new(), by_name: HashMap::new() };
        for named in &catalog.named_rules {
            let name = named.name.as_str();
            let node = parse::parse(&named.rule, diagnostics);
            library.by_name.insert(name, library.entries.len());
            library.entries.push(Entry { name, rule: &named.rule, node, is_cyclic: false });
        }
        library.report_cycles(diagnostics);
        library
    }

    /// The index of the rule with this name.
    pub(super) fn find(&self, name: &str) -> Option<usize> {
        self.by_name.get(name).copied()
    }

    /// The rule with this index.
    pub(super) fn entry(&self, index: usize) -> &Entry<'c> {
        &self.entries[index]
    }

    /// The names, in the order of the file.
    pub(super) fn names(&self) -> impl Iterator<Item = &'c str> {
        self.entries.iter().map(|entry| entry.name)
    }

    /// The rules that can be checked without knowing whose they are: those that name no row.
    pub(in crate::policy) fn free_rules(&self) -> impl Iterator<Item = (&'c RuleText, &Node)> {
        let is_free = |entry: &&Entry<'_>| {
            let mut is_free = true;
            entry.node.walk(&mut |node| {
                is_free &= match &node.kind {
                    NodeKind::Name(name) => !self.leads_to_row(name),
                    NodeKind::Call(function, _) => !matches!(function.text.as_str(), "shared" | "mayShare"),
                    _ => true,
                };
            });
            is_free
        };
        self.entries.iter().filter(is_free).map(|entry| (entry.rule, &entry.node))
    }

    /// Whether a name is a row image, or a rule (which is then checked where it is used).
    fn leads_to_row(&self, name: &str) -> bool {
        matches!(name, "row" | "old" | "new") || self.by_name.contains_key(name)
    }

    /// Reports each rule that needs itself, at the name that closes the circle.
    fn report_cycles(&mut self, diagnostics: &mut Vec<Diagnostic>) {
        for start in 0..self.entries.len() {
            let mut seen = vec![false; self.entries.len()];
            if !self.reaches(start, start, &mut seen) {
                continue;
            }
            let Entry { name, rule, node, is_cyclic } = &mut self.entries[start];
            *is_cyclic = true;
            let mut range = 0..rule.text.len();
            let mut names = Vec::new();
            node.walk(&mut |part| {
                if let NodeKind::Name(other) = &part.kind {
                    names.push((other.clone(), part.range.clone()));
                }
            });
            let mistake = Mistake::new(diagnostics::CYCLE, format!("the rule `{name}` needs itself"), "leads back to the rule")
                .help("write the shared condition as a rule of its own, which both use");
            let rule = *rule;
            for (other, place) in names {
                let Some(index) = self.find(&other) else { continue };
                if index == start || self.reaches(index, start, &mut vec![false; self.entries.len()]) {
                    range = place;
                    break;
                }
            }
            diagnostics.push(mistake.at(rule, range));
        }
    }

    /// Whether expanding `from` meets `wanted`.
    fn reaches(&self, from: usize, wanted: usize, seen: &mut [bool]) -> bool {
        let mut next = Vec::new();
        self.entries[from].node.walk(&mut |node| {
            if let NodeKind::Name(name) = &node.kind {
                next.extend(self.find(name));
            }
        });
        next.into_iter()
            .any(|index| index == wanted || (!std::mem::replace(&mut seen[index], true) && self.reaches(index, wanted, seen)))
    }
}
