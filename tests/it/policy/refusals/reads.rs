//! Every way to read rows, asked about every row.

use super::table::Grid;
use super::{Desk, Findings, before_the_test, ids};
use base64::Engine as _;
use serde_json::Value as Json;
use std::collections::BTreeSet;
use toolcrib::base::ScalarType;
use toolcrib::catalog::{Collection, FieldKind};

/// Asks one caller about the rows of one type, through every channel but exports.
pub async fn check(desk: &Desk, grid: &Grid, caller: &str, findings: &mut Findings) {
    let reader = Reader { desk, grid, caller, collection: desk.collection(&grid.ty) };
    reader.lists(findings).await;
    reader.lookups(findings).await;
    reader.filters(findings).await;
    reader.pages(findings).await;
    reader.aggregates(findings).await;
    reader.relations(findings).await;
    reader.search(findings).await;
}

struct Reader<'d> {
    desk: &'d Desk,
    grid: &'d Grid,
    caller: &'d str,
    collection: &'d Collection,
}

impl Reader<'_> {
    fn compare(&self, channel: &str, shown: &BTreeSet<String>, findings: &mut Findings) {
        let who = format!("{} of {}", self.caller, self.grid.ty);
        findings.compare((channel, &who), &self.grid.rows, &self.grid.read_by(self.caller), shown);
    }

    async fn data(&self, query: &str) -> Json {
        self.desk.data(self.caller, query).await
    }

    /// As they come, counted, and in every order.
    async fn lists(&self, findings: &mut Findings) {
        let (plural, before) = (&self.collection.plural, before_the_test(self.grid));
        let data = self.data(&format!("{{ all: {plural}({before}first: 500) {{ totalCount nodes {{ id }} }} }}")).await;
        self.compare("list", &ids(&data), findings);
        let expected = self.grid.read_by(self.caller).len();
        let is_counted = data["all"]["totalCount"] == expected;
        findings.note(("count", self.caller), &self.grid.ty, expected > 0, is_counted == (expected > 0));
        let orders = self.collection.fields.iter().filter_map(|field| match &field.kind {
            FieldKind::Scalar { scalar: ScalarType::Json, .. } | FieldKind::Scalar { is_list: true, .. } => None,
            FieldKind::Scalar { .. } | FieldKind::Enum { .. } => Some(format!("{{{}: DESC}}", field.name)),
            FieldKind::ToOne { .. } => Some(format!("{{{}: {{id: ASC}}}}", field.name)),
            FieldKind::ToMany { .. } => None,
        });
        let lists = orders
            .enumerate()
            .map(|(index, order)| format!("o{index}: {plural}({before}first: 500, orderBy: [{order}]) {{ nodes {{ id }} }}"));
        let data = self.data(&format!("{{ {} }}", lists.collect::<Vec<_>>().join(" "))).await;
        for list in data.as_object().unwrap().values() {
            self.compare("order", &ids(list), findings);
        }
    }

    /// One row, by its id, its node's id, and what is unique about it.
    async fn lookups(&self, findings: &mut Findings) {
        let singular = &self.collection.singular;
        let node = |row: &String| base64::engine::general_purpose::STANDARD.encode(format!("{}:{row}", self.grid.ty));
        let by_id = self.for_rows(|row| Some(format!("{singular}(id: \"{row}\") {{ id }}")));
        self.compare("single", &ids(&self.data(&by_id).await), findings);
        let by_node =
            self.for_rows(|row| Some(format!("node(nodeId: \"{}\") {{ ... on {} {{ id }} }}", node(row), self.grid.ty)));
        self.compare("node", &ids(&self.data(&by_node).await), findings);
        for field in self.collection.fields.iter().filter(|field| field.is_unique && field.access.read.is_none()) {
            let rows: Vec<&String> =
                self.grid.rows.iter().filter(|row| !self.desk.value(row, &self.grid.ty, field.name.as_str()).is_null()).collect();
            let query = self.for_rows(|row| {
                let value = self.desk.value(row, &self.grid.ty, field.name.as_str());
                let lookup = format!("{singular}By(by: {{{}: {value}}}) {{ id }}", field.name);
                rows.contains(&row).then_some(lookup)
            });
            if rows.len() == self.grid.rows.len() {
                self.compare("by unique", &ids(&self.data(&query).await), findings);
            }
        }
    }

    /// Found by the id, as a row and from the rows that it is related to.
    async fn filters(&self, findings: &mut Findings) {
        let plural = &self.collection.plural;
        let all: Vec<String> = self.grid.rows.iter().map(|row| format!("\"{row}\"")).collect();
        let data = self.data(&format!("{{ {plural}(where: {{id: {{in: [{}]}}}}) {{ nodes {{ id }} }} }}", all.join(", "))).await;
        self.compare("filter", &ids(&data), findings);
        for (parent, field) in self.pointing(true) {
            let quantified = |row: &String| format!("{field}: {{some: {{id: {{eq: \"{row}\"}}}}}}");
            self.found_from(&parent, quantified, findings).await;
        }
        for (child, field) in self.pointing(false) {
            self.found_from(&child, |row| format!("{field}: {{id: {{eq: \"{row}\"}}}}"), findings).await;
        }
    }

    /// Whether rows of `other` are found by a row of ours, which they may be only if that is read.
    async fn found_from(&self, other: &str, filter: impl Fn(&String) -> String, findings: &mut Findings) {
        let plural = &self.desk.collection(other).plural;
        let query = self.for_rows(|row| Some(format!("{plural}(first: 500, where: {{{}}}) {{ nodes {{ id }} }}", filter(row))));
        let data = self.data(&query).await;
        let reads = self.grid.read_by(self.caller);
        for (index, row) in self.grid.rows.iter().enumerate() {
            let is_found = !ids(&data[format!("a{index}")]).is_empty();
            // A row that is read is found from a row that is, too; there may be none.
            if is_found || !reads.contains(&row.as_str()) {
                findings.note(("filter of a relation", self.caller), row, reads.contains(&row.as_str()), is_found);
            }
        }
    }

    /// Page after page, and from the place of every row that somebody else sees.
    async fn pages(&self, findings: &mut Findings) {
        if self.grid.ty == "AuditEvent" {
            return;
        }
        let plural = &self.collection.plural;
        let mut shown = BTreeSet::new();
        let mut after = "null".to_owned();
        for _ in 0..=self.grid.rows.len() {
            let page = self
                .data(&format!(
                    "{{ page: {plural}(first: 1, after: {after}) {{ nodes {{ id }} pageInfo {{ endCursor hasNextPage }} }} }}"
                ))
                .await;
            shown.extend(ids(&page));
            after = page["page"]["pageInfo"]["endCursor"].to_string();
            if page["page"]["pageInfo"]["hasNextPage"] == false {
                break;
            }
        }
        self.compare("cursor", &shown, findings);

        let places = self.desk.data("ada", &format!("{{ {plural}(first: 500) {{ edges {{ cursor node {{ id }} }} }} }}")).await;
        let edges = places[plural.as_str()]["edges"].as_array().unwrap().clone();
        let lists = edges
            .iter()
            .enumerate()
            .map(|(index, edge)| format!("a{index}: {plural}(first: 500, after: {}) {{ nodes {{ id }} }}", edge["cursor"]));
        let data = self.data(&format!("{{ {} }}", lists.collect::<Vec<_>>().join(" "))).await;
        for (index, edge) in edges.iter().enumerate() {
            let place = edge["node"]["id"].as_str().unwrap();
            let behind: Vec<String> = self.grid.rows.iter().filter(|row| row.as_str() > place).cloned().collect();
            let shown = ids(&data[format!("a{index}")]);
            findings.compare(("cursor of another's page", self.caller), &behind, &self.grid.read_by(self.caller), &shown);
        }
    }

    async fn aggregates(&self, findings: &mut Findings) {
        let name = format!("{}Aggregate", self.collection.plural);
        let data = self
            .data(&format!(
                "{{ {name}({}groupBy: [{{field: id}}], first: 500) {{ keys {{ id }} count }} }}",
                before_the_test(self.grid)
            ))
            .await;
        self.compare("aggregate", &ids(&data), findings);
    }

    /// From every row that points to one of ours, or that ours point to.
    async fn relations(&self, findings: &mut Findings) {
        for (parent, field) in self.pointing(true) {
            let Some(parents) = self.desk.table.grid(&parent) else { continue };
            let inverse = self.inverse(&parent, &field);
            let singular = &self.desk.collection(&parent).singular;
            for row in parents.read_by(self.caller) {
                let selection = format!(
                    "{field} {{ id }} page: {field}Connection {{ nodes {{ id }} totalCount }} sum: {field}Aggregate {{ count }}"
                );
                let data = self.data(&format!("{{ one: {singular}(id: \"{row}\") {{ {selection} }} }}")).await;
                let below: Vec<String> = self
                    .grid
                    .rows
                    .iter()
                    .filter(|child| *self.desk.value(child, &self.grid.ty, &inverse) == *row)
                    .cloned()
                    .collect();
                let reads: Vec<&str> =
                    self.grid.read_by(self.caller).into_iter().filter(|child| below.iter().any(|other| other == child)).collect();
                findings.compare(("relation to many", self.caller), &below, &reads, &ids(&data["one"][&field]));
                findings.compare(("relation to many", self.caller), &below, &reads, &ids(&data["one"]["page"]));
                let counts = [&data["one"]["page"]["totalCount"], &data["one"]["sum"][0]["count"]];
                if counts.iter().any(|count| **count != reads.len()) {
                    findings.wrong.push(format!("{parent}.{field} of {row}: {} counts {counts:?}", self.caller));
                }
            }
        }
        for (child, field) in self.pointing(false) {
            let Some(children) = self.desk.table.grid(&child) else { continue };
            let plural = &self.desk.collection(&child).plural;
            let data = self.data(&format!("{{ {plural}(first: 500) {{ nodes {{ own: id {field} {{ id }} }} }} }}")).await;
            for node in data[plural.as_str()]["nodes"].as_array().unwrap() {
                let row = node["own"].as_str().unwrap();
                let target = children.rows.iter().any(|other| other == row).then(|| self.desk.value(row, &child, &field));
                let Some(target) = target.and_then(Json::as_str) else { continue };
                let is_read = self.desk.reads(self.caller, &self.grid.ty, target).unwrap();
                findings.note(("relation to one", self.caller), target, is_read, !node[&field].is_null());
            }
        }
    }

    /// Each row by the words of its subject.
    async fn search(&self, findings: &mut Findings) {
        if self.collection.search.is_none() {
            return;
        }
        let plural = &self.collection.plural;
        let query = self.for_rows(|row| {
            let words = self.desk.value(row, &self.grid.ty, "subject").as_str().unwrap().replace(['?', '!', ','], "");
            Some(format!("{plural}(search: \"{words}\") {{ nodes {{ id }} }}"))
        });
        self.compare("search", &ids(&self.data(&query).await), findings);
    }

    /// A root field for each row, `a0`, `a1` and so on.
    fn for_rows(&self, field: impl Fn(&String) -> Option<String>) -> String {
        let fields = self.grid.rows.iter().enumerate().filter_map(|(index, row)| Some(format!("a{index}: {}", field(row)?)));
        format!("{{ {} }}", fields.collect::<Vec<_>>().join(" "))
    }

    /// Types of the case file with a relation to ours, and the relation: to many of ours, or to one.
    fn pointing(&self, is_to_many: bool) -> Vec<(String, String)> {
        let own = self.collection.id;
        let types =
            self.desk.catalog.collections.iter().filter(|collection| self.desk.table.grid(collection.name.as_str()).is_some());
        let relations = types.flat_map(|collection| collection.fields.iter().map(move |field| (collection, field)));
        let relations = relations.filter(|(_, field)| match field.kind {
            FieldKind::ToMany { target, .. } => is_to_many && target == own,
            FieldKind::ToOne { target, .. } => !is_to_many && target == own,
            _ => false,
        });
        relations.map(|(collection, field)| (collection.name.to_string(), field.name.to_string())).collect()
    }

    /// The field of ours at the other end of a relation to many.
    fn inverse(&self, parent: &str, field: &str) -> String {
        match self.desk.collection(parent).find_field(field).unwrap().kind {
            FieldKind::ToMany { inverse, .. } => self.desk.catalog.field(inverse).name.to_string(),
            _ => panic!("{parent}.{field} is no relation to many"),
        }
    }
}

/// Whoever may export gets a file of the rows that it reads; others get none.
pub async fn check_exports(desk: &Desk, findings: &mut Findings) {
    for attempt in desk.table.attempts.iter().filter(|attempt| attempt.input.is_none()) {
        let grid = desk.table.grid(&attempt.ty).unwrap();
        let plural = desk.collection(&attempt.ty).plural.to_string();
        let name = format!("export{}{}", plural[..1].to_uppercase(), &plural[1..]);
        for (caller, code) in &attempt.callers {
            let query = format!("mutation {{ done: {name}(format: JSON, reason: \"review\") {{ url }} }}");
            let answer = desk.caller(caller).graphql(&query, serde_json::json!({})).await;
            findings.code(("export", caller), &attempt.ty, code, &answer);
            if code == "ok" {
                let file = desk.caller(caller).get(answer.data()["done"]["url"].as_str().unwrap()).await;
                findings.compare(("export", caller), &grid.rows, &grid.read_by(caller), &ids(&file.json()));
            }
        }
    }
}
