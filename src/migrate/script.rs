//! The text of a migration: steps of SQL between marks that say how each is run.
//!
//! A mark is a comment, so that the file is plain SQL for everybody else:
//!
//! ```sql
//! -- toolcrib:step builds=public.tickets_due_at_id_idx
//! create index concurrently tickets_due_at_id_idx on public.tickets (due_at, id);
//! ```
//!
//! Without a word behind it a step is a transaction of its own. `outside-transaction` says that it is none, because its one
//! statement commits by itself or cannot be in one; `builds=INDEX` says the same of the concurrent build of an index.
//! `destructive=TABLE` and `long-lock=TABLE` say what it costs where the table holds rows; the comment below says it to people.
//! Comments before the first mark belong to its step; SQL before it is a step of its own, so that a text without marks is one.

use crate::base::TableName;
use crate::migrate::names;
use crate::migrate::step::{Risk, Room, Step, Warning};
use std::collections::BTreeMap;

/// What a mark begins with.
const MARK: &str = "-- toolcrib:step";

/// A step of a migration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Section {
    /// Its SQL, with the comments.
    pub text: String,
    /// How it is run.
    pub manner: Manner,
    /// What it costs, by table; a table that is renamed stands there under both names.
    pub risks: Vec<(Risk, Vec<TableName>)>,
    /// The comment below the mark.
    pub explanation: Vec<String>,
}

/// How a step is run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Manner {
    /// In a transaction, with the record that it is applied.
    Transaction,
    /// Outside; running it again does no harm.
    Outside,
    /// Outside, to build this index; an unusable one of its name is what an interrupted build left.
    Build(TableName),
}

/// Steps that are run together.
#[derive(Debug, Default)]
struct Group<'p> {
    steps: Vec<&'p Step>,
}

/// The text of `up.sql`.
pub(super) fn up(steps: &[Step]) -> String {
    let groups = group(steps);
    let former = former_names(steps);
    let sections: Vec<(String, String)> = groups
        .iter()
        .map(|group| {
            let warnings: Vec<Warning> = group.steps.iter().filter_map(|step| step.warning()).collect();
            (mark(group, &warnings, &former), statements(group.steps.iter().map(|step| step.up())))
        })
        .collect();
    assemble(&sections)
}

/// The text of `down.sql`: every step back, the last one first, under as many marks as `up.sql` has, so that a migration of which
/// only the first steps were applied can be taken back, too.
pub(super) fn down(steps: &[Step]) -> String {
    let groups = group(steps);
    let former = former_names(steps);
    let sections: Vec<(String, String)> = groups
        .iter()
        .rev()
        .map(|group| {
            let warnings: Vec<Warning> = group.steps.iter().filter_map(|step| step.warning_back()).collect();
            let statements = statements(group.steps.iter().rev().filter_map(|step| step.down()));
            let statements = if statements.is_empty() { "-- Nothing has to be taken back.\n".to_owned() } else { statements };
            (MARK.to_owned() + &risk_words(&warnings, &former) + "\n" + &explain(&warnings), statements)
        })
        .collect();
    assemble(&sections)
}

/// One step without anything to say needs no mark.
fn assemble(sections: &[(String, String)]) -> String {
    match sections {
        [(mark, statements)] if mark.trim_end() == MARK => statements.clone(),
        _ => sections.iter().map(|(mark, statements)| format!("{mark}{statements}")).collect::<Vec<_>>().join("\n"),
    }
}

fn group(steps: &[Step]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut last = None;
    for step in steps {
        let room = step.room();
        let is_shared = !matches!(room, Room::Own | Room::Outside) && last.as_ref() == Some(&room);
        match groups.last_mut().filter(|_| is_shared) {
            Some(group) => group.steps.push(step),
            None => groups.push(Group { steps: vec![step] }),
        }
        last = Some(room);
    }
    groups
}

/// The names of renamed tables before, by their names of now and the other way round.
fn former_names(steps: &[Step]) -> BTreeMap<TableName, TableName> {
    let mut renamed: Vec<(TableName, TableName)> = Vec::new();
    for step in steps {
        let Step::RenameTable { from, to } = step else { continue };
        // Where names change places, one goes by way of a third.
        match renamed.iter_mut().find(|(_, now)| now == from) {
            Some((_, now)) => *now = to.clone(),
            None => renamed.push((from.clone(), to.clone())),
        }
    }
    renamed.into_iter().flat_map(|(before, now)| [(before.clone(), now.clone()), (now, before)]).collect()
}

fn mark(group: &Group<'_>, warnings: &[Warning], former: &BTreeMap<TableName, TableName>) -> String {
    let manner = match group.steps.as_slice() {
        [Step::BuildIndex { table, index, .. }] if group.is_outside() => format!(" builds={}.{}", table.schema, index.name),
        [Step::BuildUniqueIndex { table, column }] => {
            format!(" builds={}.{}", table.schema, names::unique(table, column))
        }
        _ if group.is_outside() => " outside-transaction".to_owned(),
        _ => String::new(),
    };
    let (explanation, note) = (explain(warnings), group.note());
    // The explanation of what it costs ends where the comment does.
    let border = if explanation.is_empty() || note.is_empty() { "" } else { "--\n" };
    format!("{MARK}{manner}{}\n{explanation}{border}{note}", risk_words(warnings, former))
}

impl Group<'_> {
    fn is_outside(&self) -> bool {
        self.steps.iter().any(|step| step.room() == Room::Outside)
    }

    /// Why the step is run as it is.
    fn note(&self) -> &'static str {
        match self.steps.as_slice() {
            [Step::BuildUniqueIndex { .. }] => {
                "-- Writes go on meanwhile. Rows that share a value make it fail, and nothing is left of it.\n"
            }
            [Step::BuildIndex { .. }] if self.is_outside() => "-- Writes go on meanwhile.\n",
            [Step::Rewrite { .. }] => "-- In batches, each committed: begun again it only finds what is left.\n",
            [Step::Validate { .. }, ..] => "-- Reads every row while others write.\n",
            [Step::SetNotNull { .. }, ..] => "-- The check says it of every row already, so none has to be read.\n",
            _ => "",
        }
    }
}

fn risk_words(warnings: &[Warning], former: &BTreeMap<TableName, TableName>) -> String {
    let mut words: Vec<String> = Vec::new();
    for Warning { risk, table, .. } in warnings {
        let other = former.get(table).map(|other| format!(",{other}")).unwrap_or_default();
        let word = format!(" {}={table}{other}", risk.word());
        if !words.contains(&word) {
            words.push(word);
        }
    }
    words.concat()
}

fn explain(warnings: &[Warning]) -> String {
    let mut lines: Vec<String> = warnings.iter().map(|warning| format!("-- {}\n", warning.text)).collect();
    lines.dedup();
    lines.concat()
}

impl Risk {
    fn word(self) -> &'static str {
        match self {
            Self::Destructive => "destructive",
            Self::LongLock => "long-lock",
        }
    }
}

/// A blank line between statements that take several lines; one-liners stand together.
fn statements(statements: impl Iterator<Item = String>) -> String {
    let mut text = String::new();
    let mut is_after_long = false;
    for statement in statements {
        let is_long = statement.contains('\n');
        if !text.is_empty() && (is_long || is_after_long) {
            text.push('\n');
        }
        text.push_str(&statement);
        text.push('\n');
        is_after_long = is_long;
    }
    text
}

/// The steps of a text.
pub(super) fn parse(text: &str) -> Result<Vec<Section>, &'static str> {
    let mut starts: Vec<usize> = Vec::new();
    let mut offset = 0;
    for line in text.split_inclusive('\n') {
        if is_mark(line) {
            starts.push(offset);
        }
        offset += line.len();
    }
    let is_comment = |line: &str| line.trim().is_empty() || line.starts_with("--");
    match starts.first_mut() {
        Some(first) if text[..*first].lines().all(is_comment) => *first = 0,
        _ => starts.insert(0, 0),
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    starts.iter().zip(ends).map(|(start, end)| parse_section(&text[*start..end])).collect()
}

fn is_mark(line: &str) -> bool {
    line.strip_prefix(MARK).is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace))
}

fn parse_section(text: &str) -> Result<Section, &'static str> {
    let mut section = Section { text: text.to_owned(), manner: Manner::Transaction, risks: Vec::new(), explanation: Vec::new() };
    let mut lines = text.lines().skip_while(|line| !is_mark(line));
    let Some(mark) = lines.next() else { return Ok(section) };
    for word in mark[MARK.len()..].split_whitespace() {
        match word.split_once('=') {
            None if word == "outside-transaction" => section.manner = Manner::Outside,
            Some(("builds", index)) => section.manner = Manner::Build(parse_table(index)?),
            Some(("destructive", tables)) => section.risks.push((Risk::Destructive, parse_tables(tables)?)),
            Some(("long-lock", tables)) => section.risks.push((Risk::LongLock, parse_tables(tables)?)),
            _ => return Err("a `-- toolcrib:step` says what no step can be"),
        }
    }
    let comments = lines.map_while(|line| line.strip_prefix("-- "));
    section.explanation = comments.map(str::to_owned).collect();
    Ok(section)
}

fn parse_tables(text: &str) -> Result<Vec<TableName>, &'static str> {
    text.split(',').map(parse_table).collect()
}

fn parse_table(text: &str) -> Result<TableName, &'static str> {
    let (schema, name) = text.split_once('.').ok_or("a `-- toolcrib:step` names a table or index without its schema")?;
    Ok(TableName::new(schema, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_without_marks_is_one_step_in_a_transaction() {
        let sections = parse("-- A comment.\nselect 1;\nselect 2;\n").unwrap();
        assert_eq!(sections.len(), 1);
        assert_eq!((&sections[0].manner, sections[0].risks.len()), (&Manner::Transaction, 0));
    }

    #[test]
    fn marks_say_how_steps_are_run_and_what_they_cost() {
        let text = "-- Head.\n\n-- toolcrib:step\nselect 1;\n\n-- toolcrib:step builds=public.a_idx long-lock=a.b,c.d\n-- Why.\nselect 2;\n\
                    -- toolcrib:step outside-transaction\nselect 3;\n";
        let sections = parse(text).unwrap();
        assert_eq!(sections.iter().map(|section| section.text.as_str()).collect::<String>(), text);
        let manners: Vec<&Manner> = sections.iter().map(|section| &section.manner).collect();
        assert_eq!(manners, [&Manner::Transaction, &Manner::Build(TableName::new("public", "a_idx")), &Manner::Outside]);
        assert_eq!(sections[1].risks, [(Risk::LongLock, vec![TableName::new("a", "b"), TableName::new("c", "d")])]);
        assert_eq!(sections[1].explanation, ["Why."]);
    }

    #[test]
    fn what_runs_before_the_first_mark_is_a_step_too() {
        let sections = parse("select 1;\n-- toolcrib:step outside-transaction\nselect 2;\n").unwrap();
        let texts: Vec<&str> = sections.iter().map(|section| section.text.as_str()).collect();
        assert_eq!(texts, ["select 1;\n", "-- toolcrib:step outside-transaction\nselect 2;\n"]);
        assert_eq!(sections[0].manner, Manner::Transaction);
    }

    #[test]
    fn a_mark_that_nobody_understands_is_refused() {
        for mark in ["maybe", "destructive", "destructive=boxes", "outside-transaction=now"] {
            assert!(parse(&format!("-- toolcrib:step {mark}\nselect 1;\n")).is_err(), "{mark}");
        }
        assert_eq!(parse("-- toolcrib:stepwise\nselect 1;\n").unwrap().len(), 1);
    }
}
