//! Every way to learn of a guarded cell, asked about every cell.

use super::table::Cells;
use super::{Desk, Findings, ids};
use serde_json::{Value as Json, json};
use toolcrib::base::ScalarType;
use toolcrib::catalog::FieldKind;

/// Every caller asks about every guarded cell.
pub async fn check(desk: &Desk, findings: &mut Findings) {
    for cells in &desk.table.cells {
        for (caller, letters) in &cells.callers {
            check_output(desk, cells, caller, letters, findings).await;
            check_conditions(desk, cells, caller, letters, findings).await;
            for row in &cells.rows {
                check_write(desk, cells, caller, row, findings).await;
            }
        }
    }
}

/// The stored value as the API writes it.
fn stored(desk: &Desk, cells: &Cells, row: &str) -> String {
    let value = desk.value(row, &cells.ty, &cells.field);
    let is_decimal = matches!(
        desk.collection(&cells.ty).find_field(&cells.field).unwrap().kind,
        FieldKind::Scalar { scalar: ScalarType::Decimal, .. }
    );
    // `to_json` drops no digit that the API shows, but a zero at the end.
    if is_decimal {
        format!("{:.2}", value.as_f64().unwrap()).trim_end_matches(".00").to_owned()
    } else {
        value.as_str().unwrap().to_owned()
    }
}

/// Selected of the row, in a list, and what is said of masked cells.
async fn check_output(desk: &Desk, cells: &Cells, caller: &str, letters: &[String], findings: &mut Findings) {
    let collection = desk.collection(&cells.ty);
    let query = format!("{{ all: {}(first: 500) {{ nodes {{ id {} }} }} }}", collection.plural, cells.field);
    let answer = desk.caller(caller).graphql(&query, json!({})).await;
    let data = answer.data();
    for (row, letters) in cells.rows.iter().zip(letters) {
        let node = data["all"]["nodes"].as_array().unwrap().iter().find(|node| node["id"] == **row);
        let shown = node.map_or(&Json::Null, |node| &node[&cells.field]);
        let value = stored(desk, cells, row);
        let is_value = shown.as_str().is_some_and(|shown| is_same(shown, &value));
        findings.note(("cell", caller), row, letters.contains('v'), is_value);
        let is_mask =
            shown.as_str().is_some_and(|shown| cells.mask.as_ref().is_some_and(|mask| is_like(shown, mask)) && !is_value);
        findings.note(("mask", caller), row, letters.contains('m'), is_mask);
    }
    let masked = &answer.json()["extensions"]["masked"];
    let is_masked = masked.as_array().is_some_and(|paths| paths.iter().any(|path| path.to_string().contains(&cells.field)));
    let is_hidden = letters.iter().any(|letters| letters.contains(['m', 'n']));
    if is_hidden || letters.iter().all(|letters| letters.contains('v')) {
        findings.note(("extensions.masked", caller), &cells.field, is_hidden, is_masked);
    }
}

/// A numeric column does not remember how many zeros were written.
fn is_same(shown: &str, value: &str) -> bool {
    let trimmed = |text: &str| {
        if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text.to_owned() }
    };
    trimmed(shown) == trimmed(value)
}

/// Whether the text is like the pattern, in which `*` stands for any text, and hides something.
fn is_like(text: &str, pattern: &str) -> bool {
    text.contains("***") && pattern.split('*').filter(|part| !part.is_empty()).all(|part| text.contains(part))
}

/// What a filter, an order, a group and an aggregate know of the cell: nothing, where it is hidden.
async fn check_conditions(desk: &Desk, cells: &Cells, caller: &str, letters: &[String], findings: &mut Findings) {
    let Cells { ty, field, .. } = cells;
    let plural = &desk.collection(ty).plural;
    let mut fields = Vec::new();
    for (index, row) in cells.rows.iter().enumerate() {
        let (own, value) = (format!("id: {{eq: \"{row}\"}}"), stored(desk, cells, row));
        fields.push(format!("equal{index}: {plural}(where: {{{own}, {field}: {{eq: \"{value}\"}}}}) {{ nodes {{ id }} }}"));
        fields.push(format!("null{index}: {plural}(where: {{{own}, {field}: {{isNull: true}}}}) {{ nodes {{ id }} }}"));
        fields.push(format!("sum{index}: {plural}Aggregate(where: {{{own}}}, groupBy: [{{field: {field}}}]) {{ keys {{ {field} }} max {{ {field} }} countDistinct {{ {field} }} }}"));
    }
    fields.push(format!("sorted: {plural}(orderBy: [{{{field}: ASC}}]) {{ nodes {{ id }} }}"));
    let data = desk.data(caller, &format!("{{ {} }}", fields.join(" "))).await;
    for (index, (row, letters)) in cells.rows.iter().zip(letters).enumerate() {
        let (is_seen, is_there) = (letters.contains('v'), letters != ".");
        findings.note(("cell in a filter", caller), row, is_seen, !ids(&data[format!("equal{index}")]).is_empty());
        findings.note(("null in a filter", caller), row, is_there && !is_seen, !ids(&data[format!("null{index}")]).is_empty());
        let sum = &data[format!("sum{index}")];
        let is_key = !sum[0]["keys"][field].is_null();
        findings.note(("cell in a group", caller), row, is_seen, is_key);
        let is_value = !sum[0]["max"][field].is_null() || sum[0]["countDistinct"][field] == 1;
        findings.note(("cell in an aggregate", caller), row, is_seen, is_value);
    }
    // What is hidden sorts with what is null, by id, behind everything else.
    let sorted: Vec<&str> = data["sorted"]["nodes"].as_array().unwrap().iter().map(|node| node["id"].as_str().unwrap()).collect();
    let place = |row: &String| sorted.iter().position(|other| other == row);
    let last_seen =
        cells.rows.iter().zip(letters).filter(|(_, letters)| letters.contains('v')).filter_map(|(row, _)| place(row)).max();
    for (row, letters) in cells.rows.iter().zip(letters).filter(|(_, letters)| *letters != ".") {
        let is_sorted = place(row) <= last_seen;
        findings.note(("cell in an order", caller), row, letters.contains('v'), is_sorted);
    }
}

/// Setting the field: refused by its name, where the row itself may be updated.
async fn check_write(desk: &Desk, cells: &Cells, caller: &str, row: &str, findings: &mut Findings) {
    let Cells { ty, field, value, .. } = cells;
    let letters = cells.letters(caller, row);
    let may_update = desk.table.grid(ty).unwrap().letters(caller, row).contains('u');
    if !may_update {
        return;
    }
    let update =
        format!("mutation {{ done: update{ty}(id: \"{row}\", set: {{{field}: {value}}}, dryRun: true) {{ auditEventId }} }}");
    let answer = desk.caller(caller).graphql(&update, json!({})).await;
    findings.code(("cell set", caller), field, if letters.contains('w') { "ok" } else { "FORBIDDEN" }, &answer);
    if !letters.contains('w') && !answer.messages().iter().any(|message| message.contains(field.as_str())) {
        findings.wrong.push(format!("cell set: the refusal does not name {field}: {:?}", answer.messages()));
    }
}
