//! The case file, read.

use std::collections::BTreeMap;

/// What the case file says.
#[derive(Debug, Default)]
pub struct Table {
    /// Rows and what callers may do with them, by type.
    pub grids: Vec<Grid>,
    /// Guarded cells.
    pub cells: Vec<Cells>,
    /// New rows and exports: what is tried, and the code that each caller gets, `ok` among them.
    pub attempts: Vec<Attempt>,
}

/// Rows of a type, and what each caller may do with each.
#[derive(Debug)]
pub struct Grid {
    pub ty: String,
    /// What an update sets; `None` where the API offers none.
    pub set: Option<String>,
    pub rows: Vec<String>,
    pub callers: BTreeMap<String, Vec<String>>,
}

/// Guarded cells of rows of a type.
#[derive(Debug)]
pub struct Cells {
    pub ty: String,
    pub field: String,
    /// What the masked value looks like: `*` stands for any text.
    pub mask: Option<String>,
    /// What whoever may write sets.
    pub value: String,
    pub rows: Vec<String>,
    pub callers: BTreeMap<String, Vec<String>>,
}

/// Something that does not concern a row that is there.
#[derive(Debug)]
pub struct Attempt {
    pub ty: String,
    /// The input of a new row; `None` for an export.
    pub input: Option<String>,
    /// The code of each caller.
    pub callers: BTreeMap<String, String>,
}

impl Grid {
    /// The letters of a caller and a row; empty for a row that it does not know.
    pub fn letters(&self, caller: &str, row: &str) -> &str {
        let index = self.rows.iter().position(|other| other == row).unwrap_or_else(|| panic!("{} has no row {row}", self.ty));
        self.callers[caller][index].trim_matches('.')
    }

    /// The rows that a caller reads, in order.
    pub fn read_by(&self, caller: &str) -> Vec<&str> {
        self.rows.iter().filter(|row| self.letters(caller, row).contains('r')).map(String::as_str).collect()
    }
}

impl Cells {
    /// The letters of a caller and a row.
    pub fn letters(&self, caller: &str, row: &str) -> &str {
        let index = self.rows.iter().position(|other| other == row).unwrap();
        &self.callers[caller][index]
    }
}

impl Table {
    /// Reads the case file.
    pub fn parse(text: &str) -> Self {
        let mut table = Self::default();
        let lines: Vec<&str> = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()).collect();
        for block in lines.chunk_by(|_, next| next.starts_with(' ')) {
            table.add(block[0], &block[1..]);
        }
        table
    }

    /// The grid of a type, if there is one.
    pub fn grid(&self, ty: &str) -> Option<&Grid> {
        self.grids.iter().find(|grid| grid.ty == ty)
    }

    /// Everybody, in the order of the alphabet.
    pub fn callers(&self) -> Vec<&str> {
        self.grids[0].callers.keys().map(String::as_str).collect()
    }

    fn add(&mut self, head: &str, lines: &[&str]) {
        let (first, rest) = head.split_once(' ').unwrap_or((head, ""));
        let rest = rest.trim();
        if let "create" | "export" = first {
            let (ty, input) = rest.split_once(' ').unwrap_or((rest, ""));
            let by_code = lines.iter().flat_map(|line| {
                let mut words = line.split_whitespace();
                let code = words.next().unwrap();
                words.map(move |caller| (caller.to_owned(), code.to_owned()))
            });
            let input = (first == "create").then(|| whole_ids(input));
            self.attempts.push(Attempt { ty: ty.to_owned(), input, callers: by_code.collect() });
            return;
        }
        let rows: Vec<String> = lines[0].split_whitespace().map(whole_id).collect();
        let callers = lines[1..].iter().map(|line| {
            let mut words = line.split_whitespace().map(str::to_owned);
            let caller = words.next().unwrap();
            let letters: Vec<String> = words.collect();
            assert_eq!(letters.len(), rows.len(), "{head}, {caller}");
            (caller, letters)
        });
        let callers = callers.collect();
        match first.split_once('.') {
            None => {
                let set = rest.strip_prefix("update ").map(str::to_owned);
                self.grids.push(Grid { ty: first.to_owned(), set, rows, callers });
            }
            Some((ty, field)) => {
                let (mask, value) = rest.split_once("write ").unwrap();
                let mask = mask.strip_prefix("mask ").map(|mask| mask.trim().to_owned());
                let (ty, field, value) = (ty.to_owned(), field.to_owned(), value.to_owned());
                self.cells.push(Cells { ty, field, mask, value, rows, callers });
            }
        }
    }
}

/// `401` is the end of an id.
fn whole_id(digits: &str) -> String {
    format!("00000000-0000-7000-8000-000000000{digits}")
}

/// The same for every `"401"` in an input.
fn whole_ids(input: &str) -> String {
    let parts = input.split('"').enumerate().map(|(index, part)| {
        let is_id = index % 2 == 1 && part.len() == 3 && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_id { whole_id(part) } else { part.to_owned() }
    });
    parts.collect::<Vec<_>>().join("\"")
}
