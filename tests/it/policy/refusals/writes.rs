//! Every way to write rows, tried on every row and undone.

use super::table::Grid;
use super::{Desk, Findings};
use serde_json::{Value as Json, json};

/// Every caller tries every write.
pub async fn check(desk: &Desk, findings: &mut Findings) {
    for caller in desk.table.callers() {
        for grid in desk.table.grids.iter().filter(|grid| grid.set.is_some()) {
            for row in &grid.rows {
                check_row(desk, grid, caller, row, findings).await;
            }
            if grid.ty == "Customer" {
                check_upserts(desk, grid, caller, findings).await;
            }
            check_what_one_may(desk, grid, caller, findings).await;
        }
    }
    for attempt in &desk.table.attempts {
        let Some(input) = &attempt.input else { continue };
        let singular = &desk.collection(&attempt.ty).singular;
        for (caller, code) in &attempt.callers {
            let create =
                format!("mutation {{ done: create{}(input: {input}, dryRun: true) {{ {singular} {{ version }} }} }}", attempt.ty);
            let answer = desk.caller(caller).graphql(&create, json!({})).await;
            findings.code(("create", caller), input, code, &answer);
            if code == "ok" && answer.data()["done"][singular.as_str()]["version"] != 1 {
                findings.wrong.push(format!("create: {caller} does not get what it made: {input}"));
            }
        }
    }
}

/// The code that a write of the row ends with: a row that is not read is not there.
fn expected(letters: &str, operation: char) -> &'static str {
    match (letters.contains('r'), letters.contains(operation)) {
        (false, _) => "NOT_FOUND",
        (true, false) => "FORBIDDEN",
        (true, true) => "ok",
    }
}

async fn check_row(desk: &Desk, grid: &Grid, caller: &str, row: &str, findings: &mut Findings) {
    let Grid { ty, set: Some(set), .. } = grid else { return };
    let collection = desk.collection(ty);
    let (singular, plural) = (&collection.singular, collection.plural.to_string());
    let plural = format!("{}{}", plural[..1].to_uppercase(), &plural[1..]);
    let letters = grid.letters(caller, row);
    let run = async |arguments: &str| desk.caller(caller).graphql(&format!("mutation {{ done: {arguments} }}"), json!({})).await;
    let what = format!("{ty} {}", &row[row.len() - 3..]);
    let tried = "dryRun: true, reason: \"trial\"";

    let (update, delete) = (expected(letters, 'u'), expected(letters, 'd'));
    // A rule that refuses whoever asks, whatever the row, does not look whether it is there.
    let is_never = |operation| grid.rows.iter().all(|row| !grid.letters(caller, row).contains(operation));
    let or_never =
        |code, operation| if code == "NOT_FOUND" && is_never(operation) { ["NOT_FOUND", "FORBIDDEN"] } else { [code, code] };

    let answer = run(&format!("update{ty}(id: \"{row}\", set: {set}, {tried}) {{ {singular} {{ id }} }}")).await;
    let code = either(&or_never(update, 'u'), &answer.codes());
    findings.code(("update", caller), &what, code, &answer);
    if code == "ok" && update == "ok" {
        findings.note(("payload", caller), row, true, answer.data()["done"][singular.as_str()]["id"] == *row);
    } else if !answer.codes().is_empty() {
        findings.note(("payload", caller), row, false, !answer.json()["data"].is_null());
    }

    let answer = run(&format!("update{plural}ById(updates: [{{id: \"{row}\", set: {set}}}], {tried}) {{ count }}")).await;
    findings.code(("update of several", caller), &what, either(&or_never(update, 'u'), &answer.codes()), &answer);

    let answer = run(&format!("delete{ty}(id: \"{row}\", {tried}) {{ {singular} {{ id }} }}")).await;
    findings.code(("delete", caller), &what, either(&or_never(delete, 'd'), &answer.codes()), &answer);

    let answer = run(&format!("delete{plural}ById(ids: [\"{row}\"], {tried}) {{ count }}")).await;
    findings.code(("delete of several", caller), &what, either(&or_never(delete, 'd'), &answer.codes()), &answer);

    // By a filter a row that is not read is not found, and nothing is refused.
    for (name, set, code, operation) in [("update", format!(", set: {set}"), update, 'u'), ("delete", String::new(), delete, 'd')]
    {
        let answer = run(&format!("{name}{plural}(where: {{id: {{eq: \"{row}\"}}}}{set}, {tried}) {{ count }}")).await;
        let code = if code == "NOT_FOUND" { "ok" } else { code };
        let code = if is_never(operation) { either(&[code, "FORBIDDEN"], &answer.codes()) } else { code };
        findings.code(("write by a filter", caller), &what, code, &answer);
        if code == "ok" && answer.codes().is_empty() {
            let is_counted = answer.data()["done"]["count"] == 1;
            findings.note(("count of what was written", caller), row, letters.contains(operation), is_counted);
        }
    }
}

/// An upsert changes the row that the caller finds by its address. Who may not see the address finds none, and creates one, to
/// which the stored row is in the way.
async fn check_upserts(desk: &Desk, grid: &Grid, caller: &str, findings: &mut Findings) {
    let addresses = desk.table.cells.iter().find(|cells| cells.ty == "Customer" && cells.field == "email").unwrap();
    let create = desk.table.attempts.iter().find(|attempt| attempt.input.as_deref() == Some("{name: \"New\"}")).unwrap();
    let may_create = create.callers[caller].as_str();
    let values = "create: {name: \"New\"}, update: {name: \"Other\"}";
    let stored =
        addresses.rows.iter().filter(|row| addresses.callers.contains_key(caller) && addresses.letters(caller, row) != "m");
    let stored = stored.map(|row| {
        let code = if grid.letters(caller, row).contains('u') { "ok" } else { "FORBIDDEN" };
        (desk.value(row, "Customer", "email").as_str().unwrap(), code)
    });
    let hidden =
        addresses.rows.iter().filter(|row| addresses.callers.get(caller).is_some_and(|_| addresses.letters(caller, row) == "m"));
    let hidden = hidden.map(|row| (desk.value(row, "Customer", "email").as_str().unwrap(), may_create));
    for (address, code) in stored.chain(hidden).chain([("nobody@new.test", may_create)]) {
        let by = format!("by: {{email: \"{address}\"}}, {values}");
        let one = format!("mutation {{ upsertCustomer({by}, dryRun: true) {{ created }} }}");
        findings.code(("upsert", caller), address, code, &desk.caller(caller).graphql(&one, json!({})).await);
        let new = format!("{{by: {{email: \"other@new.test\"}}, {values}}}");
        let several = format!("mutation {{ upsertCustomers(upserts: [{new}, {{{by}}}], dryRun: true) {{ created }} }}");
        // A list is refused for any of its rows.
        let code = if may_create == "ok" { code } else { may_create };
        findings.code(("upsert of several", caller), address, code, &desk.caller(caller).graphql(&several, json!({})).await);
    }
}

/// The one of the two that was answered, if it was; either says nothing of the row.
fn either<'c>(codes: &[&'c str; 2], answered: &[String]) -> &'c str {
    codes.iter().find(|code| answered.first().is_some_and(|answered| answered == *code)).unwrap_or(&codes[0])
}

/// What the API says beforehand is what happens.
async fn check_what_one_may(desk: &Desk, grid: &Grid, caller: &str, findings: &mut Findings) {
    let collection = desk.collection(&grid.ty);
    let query = format!("{{ all: {}(first: 500) {{ nodes {{ id viewerCan {{ update delete }} }} }} }}", collection.plural);
    let data = desk.data(caller, &query).await;
    for node in data["all"]["nodes"].as_array().unwrap() {
        let row = node["id"].as_str().unwrap();
        let letters = grid.letters(caller, row);
        findings.note(("viewerCan", caller), row, letters.contains('d'), node["viewerCan"]["delete"] == true);
        // Another change than the one that is tried may be allowed.
        if letters.contains('u') || node["viewerCan"]["update"] == Json::Bool(false) {
            findings.note(("viewerCan", caller), row, letters.contains('u'), node["viewerCan"]["update"] == true);
        }
    }
}
