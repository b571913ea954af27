//! Requests and what each caller is answered: `cases/requests/<area>/**/<case>/`.
//!
//! What a case is, `support/request_case.rs` says. `schema.graphql` and `rows.sql` are those of the case, or of the nearest
//! directory above that has one; without any they are the support desk's.

use crate::support::app::SUPPORT_DESK_ROWS;
use crate::support::database::SUPPORT_DESK;
use crate::support::expect::case_directories;
use crate::support::request_case::{self, Case, find_cases, read};
use std::collections::BTreeMap;
use std::path::Path;

/// One test for each area, so that they run side by side.
macro_rules! areas {
    ($($area:ident),* $(,)?) => {
        const AREAS: &[&str] = &[$(stringify!($area)),*];
        $(
            #[tokio::test]
            async fn $area() {
                check_area(stringify!($area)).await;
            }
        )*
    };
}

areas!(errors, guards, lists, nodes, operations, rules, search);

#[test]
fn every_area_is_tested() {
    let found = case_directories("requests");
    let found: Vec<&str> = found.iter().map(|path| path.file_name().unwrap().to_str().unwrap()).collect();
    assert_eq!(found, AREAS);
}

/// The schema and rows that a case is about.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Setting {
    schema: String,
    rows: String,
}

impl Setting {
    fn of(case: &Path) -> Self {
        let own = case.ancestors().take_while(|directory| !directory.ends_with("cases/requests"));
        let directory = own.into_iter().find(|directory| directory.join("schema.graphql").exists());
        let nearest_rows = case.ancestors().map(|directory| directory.join("rows.sql")).find(|path| path.exists());
        match directory {
            Some(directory) => {
                let rows = nearest_rows.filter(|path| path.starts_with(directory)).map(|path| read(&path)).unwrap_or_default();
                Self { schema: read(&directory.join("schema.graphql")), rows }
            }
            None => {
                let rows = nearest_rows.map_or_else(|| SUPPORT_DESK_ROWS.to_owned(), |path| read(&path));
                Self { schema: SUPPORT_DESK.to_owned(), rows }
            }
        }
    }
}

async fn check_area(area: &str) {
    let mut groups: BTreeMap<Setting, Vec<Case>> = BTreeMap::new();
    for directory in find_cases(&case_directories("requests").into_iter().find(|path| path.ends_with(area)).unwrap()) {
        groups.entry(Setting::of(&directory)).or_default().push(Case::read(directory));
    }
    let mut differences = Vec::new();
    for (setting, cases) in groups {
        differences.extend(request_case::differences(&setting.schema, &setting.rows, cases).await);
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}
