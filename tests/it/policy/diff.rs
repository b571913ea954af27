//! Two versions of the rules: who gains and loses what, and that what is said to be no wider lets nobody see more.

use super::generator::{Generator, Images as Spoken, actors};
use super::model::{COLLECTIONS, Collection, to_sdl};
use super::oracle::{Oracle, Sharing, Verdict};
use super::world::World;
use crate::support::database::compile;
use rand::SeedableRng;
use rand::rngs::StdRng;
use std::collections::HashMap;
use toolcrib::catalog::Catalog;
use toolcrib::policy::{AccessDifference, ComparedRules, Direction, RuleBook, differences};

/// A schema with one collection, whose read rule, fields and further words are given.
fn notes(read: &str, fields: &str, more: &str) -> String {
    format!(
        "type Note @collection @access(read: \"{read}\", create: \"false\", update: \"false\", delete: \"false\") {more} {{
           text: String status: String! kind: String size: Int due: DateTime hidden: Boolean! owner: User other: User team: Team
           parent: Note children: [Note!]! @inverse(field: \"parent\") {fields} }}"
    )
}

fn compared(old: &(Catalog, RuleBook), new: &(Catalog, RuleBook)) -> Vec<AccessDifference> {
    differences(ComparedRules { catalog: &old.0, rules: &old.1 }, ComparedRules { catalog: &new.0, rules: &new.1 })
}

fn compare(old: &str, new: &str) -> Vec<AccessDifference> {
    compared(&compile(old), &compile(new))
}

/// What becomes of `Note READ agent`: a sign, what is gained and what is lost.
fn verdict(old: &str, new: &str) -> String {
    let found = compare(&notes(old, "", ""), &notes(new, "", ""));
    let Some(change) = found.iter().find(|change| change.role.as_str() == "agent") else { return "same".to_owned() };
    let parts = |sign: &str, parts: &[String]| parts.iter().map(|part| format!(" {sign}{part}")).collect::<String>();
    format!("{}{}{}", change.direction.as_str().to_lowercase(), parts("+", &change.gained), parts("-", &change.lost))
}

#[test]
fn rules_are_compared_by_what_they_allow() {
    let cases = [
        ("true", "true", "same"),
        ("false", "true", "wider +true"),
        ("true", "false", "narrower -true"),
        // The order, the grouping and the wording do not matter.
        ("row.hidden || row.size > 3", "row.size > 3 || row.hidden", "same"),
        ("row.status == 'a' || row.status == 'b'", "row.status in ['b', 'a']", "same"),
        ("!(row.hidden && row.size > 3)", "!row.hidden || row.size <= 3", "same"),
        ("row.owner == user.id", "user.id == row.owner", "same"),
        ("user.role == 'agent' && row.hidden", "row.hidden", "same"),
        ("user.role in ['agent', 'admin'] && row.hidden", "user.role != 'viewer' && row.hidden", "same"),
        ("(row.hidden || row.size > 3) && row.hidden", "row.hidden", "same"),
        ("has(row.text) || row.text == null", "true", "same"),
        // More and fewer of them.
        ("row.hidden", "row.hidden || row.owner == user.id", "wider +row.owner == user.id"),
        ("row.hidden && row.size > 3", "row.hidden", "wider +row.hidden"),
        ("row.status in ['a', 'b']", "row.status == 'a'", "narrower -row.status in ['a', 'b']"),
        ("row.status != 'a'", "!(row.status in ['a', 'b'])", "narrower -row.status != 'a'"),
        ("row.status == 'a'", "row.status != 'b'", "wider +row.status != 'b'"),
        ("row.kind == null", "row.kind != 'x'", "wider +row.kind != 'x'"),
        ("row.owner == user.id", "row.owner != null", "wider +row.owner != null"),
        ("row.size > 5", "row.size >= 5", "wider +row.size >= 5"),
        ("row.size > 5", "row.size > 3", "wider +row.size > 3"),
        ("row.size < 5", "!(row.size >= 6)", "wider +!(row.size >= 6)"),
        ("row.due > now() - duration('1h')", "row.due > now() - duration('2h')", "wider +row.due > now() - duration('7200s')"),
        (
            "exists(row.children, m, m.owner == user.id && m.hidden)",
            "exists(row.children, c, c.hidden)",
            "wider +exists(row.children, m0, m0.hidden)",
        ),
        (
            "!exists(row.children, m, m.hidden)",
            "!exists(row.children, m, m.hidden && m.size > 3)",
            "wider +!exists(row.children, m0, m0.hidden && m0.size > 3)",
        ),
        // Two that have nothing to do with each other: some may gain, some may lose.
        ("row.hidden", "row.owner == user.id", "unclear +row.owner == user.id -row.hidden"),
        ("row.owner.team == user.team", "row.team == user.team", "unclear +row.team == user.team -row.owner.team == user.team"),
        // Nulls: a stored one differs from every value, one of the caller and one on the way make everything unknown.
        ("row.owner == row.other", "row.owner == row.other && row.owner != null", "narrower -row.owner == row.other"),
        ("row.owner.team == null", "row.team == null", "unclear +row.team == null -row.owner.team == null"),
        ("user.team == row.team", "user.team != null", "wider +user.team != null"),
        // Nothing is assumed of a column beyond what rules say: `hidden` is never null, so this could be the same.
        ("true", "row.hidden || !row.hidden", "narrower -true"),
        // A condition that can never hold gives nobody anything.
        ("row.status == 'a' && row.status == 'b'", "false", "same"),
        ("row.hidden", "row.hidden || (row.status == 'a' && row.status != 'a')", "same"),
    ];
    let wrong = cases.iter().filter_map(|(old, new, expected)| {
        let found = verdict(old, new);
        (found != *expected).then(|| format!("{old} -> {new}: {found}, not {expected}"))
    });
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn told(old: &str, new: &str) -> Vec<String> {
    let found = compare(old, new);
    found
        .iter()
        .filter(|change| change.role.as_str() == "agent")
        .map(|change| format!("{} {change}", change.direction.as_str()))
        .collect()
}

#[test]
fn fields_masks_and_exports_are_compared_too() {
    let old = notes("row.hidden", "pay: Decimal @access(read: \"user.role == 'admin'\", write: \"false\")", "");
    let with = |field: &str, more: &str| told(&old, &notes("row.hidden", field, more));
    let guarded = "pay: Decimal @access(read: \"user.role == 'admin'\", write: \"false\")";
    assert_eq!(with(guarded, ""), Vec::<String>::new());
    assert_eq!(
        with("pay: Decimal", ""),
        ["WIDER agent READ Note.pay: gains true", "WIDER agent WRITE Note.pay: gains true"],
        "a guard that is gone"
    );
    assert_eq!(with("", ""), Vec::<String>::new(), "a field that is gone is nobody's");
    let masked = "mail: String @access(read: \"user.role == 'admin'\", mask: LAST4)";
    let unmasked = "mail: String @access(read: \"user.role == 'admin'\")";
    let mask = |old: &str, new: &str| told(&notes("true", old, ""), &notes("true", new, ""));
    assert_eq!(mask(unmasked, masked), ["WIDER agent MASK Note.mail: gains the mask LAST4"]);
    assert_eq!(mask(masked, unmasked), ["NARROWER agent MASK Note.mail: loses the mask LAST4"]);
    assert_eq!(
        mask(masked, &masked.replace("LAST4", "REDACT")),
        ["UNCLEAR agent MASK Note.mail: gains the mask REDACT, loses the mask LAST4 (cannot be decided, so it counts as wider)"]
    );
    assert_eq!(with(guarded, "@export(allow: \"user.isActive\")"), ["WIDER agent EXPORT Note: gains user.isActive"]);
    let counted = |old: &str, new: &str| told(&notes("true", "", old), &notes("true", "", new));
    let floor = |rows: u32| format!("@aggregate(allow: \"user.role != 'viewer'\", minGroup: {rows})");
    assert_eq!(counted(&floor(5), &floor(3)), ["WIDER agent MIN_GROUP Note: gains groups of 3 rows"]);
    assert_eq!(counted(&floor(3), &floor(5)), ["NARROWER agent MIN_GROUP Note: loses groups of 3 rows"]);
    assert_eq!(counted("@aggregate(allow: \"user.isActive\")", ""), ["WIDER agent AGGREGATE Note: gains true"]);
}

#[test]
fn what_was_renamed_is_compared_with_what_it_was() {
    let old = notes("row.owner == user.id", "pay: Decimal @access(read: \"user.role == 'admin'\")", "");
    let renamed = old
        .replace("type Note", "type Memo")
        .replace("owner: User", "author: User @was(name: \"owner\")")
        .replace("row.owner", "row.author")
        .replace("@collection", "@collection @was(name: \"Note\")")
        .replace(": Note", ": Memo")
        .replace("[Note", "[Memo");
    assert_eq!(told(&old, &renamed), Vec::<String>::new(), "other names, the same rules");
    let open = renamed.replace("pay: Decimal @access(read: \"user.role == 'admin'\")", "salary: Decimal @was(name: \"pay\")");
    assert_eq!(told(&old, &open), ["WIDER agent READ Memo.salary: gains true"], "a new name hides no guard that is gone");
    let elsewhere = old.replace("owner: User", "owner: Team").replace("row.owner == user.id", "row.owner == user.team");
    assert_eq!(told(&old, &elsewhere).len(), 1, "a field that holds something else is another one");
}

#[test]
fn what_is_new_gives_nobody_what_was_kept_from_them() {
    let old = notes("false", "", "");
    let more = format!("{old} type Plan @collection @access(read: \"true\", write: \"user.role == 'admin'\") {{ name: String }}");
    assert_eq!(told(&old, &more), ["NEW agent READ Plan: gains true"]);
    assert!(compare(&old, &more).iter().all(|change| !change.counts_as_wider()));
    assert_eq!(told(&more, &old), ["NARROWER agent READ Plan: loses true"]);
    // A role that is new reads rows that were there before it.
    let role = |rule: &str| format!("extend enum Role {{ auditor }} {}", notes(rule, "", ""));
    let of_auditor = |rule: &str| {
        let found = compare(&notes(rule, "", ""), &role(rule));
        let own = found.iter().filter(|change| change.role.as_str() == "auditor" && change.collection == "Note");
        own.map(|change| format!("{} {change}", change.direction.as_str())).collect::<Vec<_>>()
    };
    assert_eq!(of_auditor("user.role != 'viewer'"), ["WIDER auditor READ Note: gains true"]);
    assert_eq!(of_auditor("user.role == 'admin'"), Vec::<String>::new());
    // Under another name it is the one that it was.
    let renamed = role("user.role != 'viewer'").replace("auditor }", "controller @was(name: \"auditor\") }");
    let changes = compare(&role("user.role != 'viewer'"), &renamed);
    // Only what shares say of a role is compared by its name.
    assert!(changes.iter().all(|change| change.collection == "RecordShare"), "{changes:?}");
}

#[test]
fn updates_are_compared_across_both_forms_and_step_up() {
    let schema = |update: &str, step: &str| {
        format!(
            "type Note @collection @access(read: \"true\", create: \"false\", update: \"{update}\", delete: \"false\" {step})
             {{ owner: User hidden: Boolean! }}"
        )
    };
    let told = |old: &str, new: &str| {
        let found = told(&schema(old, ""), &schema(new, ""));
        found.into_iter().next().unwrap_or_else(|| "same".to_owned())
    };
    let mine = "row.owner == user.id";
    assert_eq!(told(mine, "old.owner == user.id && new.owner == user.id"), "same");
    assert!(told(mine, "old.owner == user.id").starts_with("WIDER agent UPDATE Note: gains old.owner"));
    assert!(told("old.owner == user.id", mine).starts_with("NARROWER"));
    assert_eq!(told("old.owner == user.id", "new.owner == user.id").split(' ').next(), Some("UNCLEAR"));
    let step = |old: &str, new: &str| super::diff::told(&schema("true", old), &schema("true", new));
    assert_eq!(step(", stepUp: \"5m\"", ""), ["WIDER agent UPDATE Note: gains true"]);
    assert_eq!(step(", stepUp: \"5m\"", ", stepUp: \"1m\"").first().unwrap().split(' ').next(), Some("NARROWER"));
}

/// Every pair of a random rule and one made of it: what is said of the two holds for every actor and row.
#[test]
fn what_is_said_to_be_no_wider_lets_nobody_see_more() {
    let mut random = StdRng::seed_from_u64(20_261_123);
    let world = World::generate(&mut random, 20);
    let home = &COLLECTIONS[2];
    let (mut decided, mut unclear, mut seen) = (0, 0, 0);
    for round in 0..150 {
        let mut generator = Generator::new(&mut random, &world, home, Spoken::Row, &[]);
        let (rule, other) = (generator.rule(), generator.rule());
        let changed = match round % 6 {
            0 => format!("({rule}) && ({other})"),
            1 => format!("({rule}) || ({other})"),
            2 => format!("!(!({rule}) || !({other}))"),
            3 => format!("!({rule})"),
            4 => format!("(({rule}) && ({other})) || (({rule}) && !({other}))"),
            _ => other.clone(),
        };
        let schema = |rule: &str| {
            let closed = |rule: &str| [rule.to_owned(), "false".to_owned(), "false".to_owned(), "false".to_owned()];
            to_sdl(&[], |collection: &Collection| closed(if collection.name == home.name { rule } else { "false" }))
        };
        let (old, new) = (compile(&schema(&rule)), compile(&schema(&changed)));
        let found = compared(&old, &new);
        let (old_rule, new_rule) = (parse(&rule), parse(&changed));
        let direction_of = |role: &str| found.iter().find(|change| change.role.as_str() == role).map(|change| change.direction);
        if round % 6 == 0 || round % 6 == 2 {
            let is_narrower = |change: &AccessDifference| change.direction == Direction::Narrower;
            assert!(found.iter().all(is_narrower), "a further condition only takes away: {rule} -> {changed}: {found:?}");
        }
        if round % 6 == 1 {
            assert!(found.iter().all(|change| change.direction == Direction::Wider), "{rule} -> {changed}: {found:?}");
        }
        for (actor, request) in actors(&mut random, &world, 6) {
            if actor.service.is_some() || actor.role.as_str() == "platform" {
                continue;
            }
            let direction = direction_of(actor.role.as_str());
            let named = HashMap::new();
            let oracle = Oracle { world: &world, actor: &actor, request: &request, named: &named, sharing: &Sharing::new() };
            for row in world.rows_of(home.name) {
                let rows = HashMap::from([("row".to_owned(), row)]);
                let allows = |rule| oracle.judge(rule, &rows) == Verdict::True;
                let (before, after) = (allows(&old_rule), allows(&new_rule));
                seen += usize::from(before != after);
                let is_true = match direction {
                    None => before == after,
                    Some(Direction::Wider) => after || !before,
                    Some(Direction::Narrower) => before || !after,
                    Some(Direction::Unclear | Direction::New) => true,
                };
                assert!(is_true, "{direction:?} is wrong for {actor:?} on {row:?}\nold: {rule}\nnew: {changed}\n{found:#?}");
            }
            match direction {
                Some(Direction::Unclear) => unclear += 1,
                _ => decided += 1,
            }
        }
    }
    assert!(decided > 200 && unclear > 20 && seen > 300, "{decided} decided, {unclear} unclear, {seen} rows differ");
}

pub fn parse(rule: &str) -> cel::IdedExpr {
    cel::parser::Parser::default().parse(rule).unwrap()
}
