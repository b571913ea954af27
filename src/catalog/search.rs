//! `@search`: the texts of a collection that are found by their words.

use crate::base::ColumnName;
use crate::catalog::{Collection, Field, FieldId, SourceSpan};

/// `@search(fields:, config:)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SearchSettings {
    /// The fields, those that weigh most first; at least one.
    pub fields: Vec<FieldId>,
    /// How texts are taken apart.
    pub config: SearchConfig,
    /// Where the directive stands.
    pub span: SourceSpan,
}

/// Fields whose words are looked for together, with an index of their own. Whoever may read one of them may read all.
#[derive(Clone, Debug)]
pub struct SearchGroup<'c> {
    /// The fields with their weights, the heaviest first; a single one if it has a read rule of its own.
    pub fields: Vec<(&'c Field, SearchWeight)>,
    /// The name of its index.
    pub index: String,
}

impl SearchGroup<'_> {
    /// The columns with their weights.
    pub fn columns(&self) -> Vec<(ColumnName, SearchWeight)> {
        self.fields.iter().filter_map(|(field, weight)| Some((field.column()?.clone(), *weight))).collect()
    }
}

impl SearchSettings {
    /// The fields by who may read them: those that everybody may who reads the row are one group, and each that has a read rule
    /// of its own is another. In one vector with the rest, its words would be found by those who may not read it; and what a
    /// search leaves out (`-word`) would tell of it where a match is only cut down afterwards.
    pub fn groups<'c>(&self, collection: &'c Collection) -> Vec<SearchGroup<'c>> {
        let field = |id: &FieldId| &collection.fields[usize::from(id.index)];
        let weighed = self.fields.iter().zip(SearchWeight::falling()).map(|(id, weight)| (field(id), weight));
        let (open, guarded): (Vec<_>, Vec<_>) = weighed.partition(|(field, _)| field.access.read.is_none());
        let table = &collection.table.name;
        let open = SearchGroup { fields: open, index: format!("{table}_{INDEX_ENDING}") };
        let guarded = guarded.into_iter().filter_map(|(field, weight)| {
            let index = format!("{table}_{}_{INDEX_ENDING}", field.column()?);
            Some(SearchGroup { fields: vec![(field, weight)], index })
        });
        std::iter::once(open).chain(guarded).filter(|group| !group.fields.is_empty()).collect()
    }
}

/// How the names of such indexes end.
pub const INDEX_ENDING: &str = "search_idx";

/// How much a word counts where rows are ordered by how well they fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SearchWeight {
    /// The first field.
    A,
    /// The second.
    B,
    /// The third.
    C,
    /// All others.
    D,
}

impl SearchWeight {
    /// The weights of fields in their order.
    fn falling() -> impl Iterator<Item = Self> {
        [Self::A, Self::B, Self::C].into_iter().chain(std::iter::repeat(Self::D))
    }

    /// The weight as PostgreSQL calls it.
    pub fn letter(self) -> &'static str {
        self.sql().trim_matches('\'')
    }

    /// The same as an SQL literal.
    pub fn sql(self) -> &'static str {
        match self {
            Self::A => "'A'",
            Self::B => "'B'",
            Self::C => "'C'",
            Self::D => "'D'",
        }
    }
}

/// A text search configuration of PostgreSQL. The name is part of an index's text, so it is one of those that every PostgreSQL
/// has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SearchConfig {
    name: &'static str,
    sql: &'static str,
}

macro_rules! search_configs {
    ($($name:literal)*) => {
        impl SearchConfig {
            /// Those that PostgreSQL 15 has.
            pub const ALL: &[Self] = &[$(Self { name: $name, sql: concat!("'", $name, "'") }),*];
        }
    };
}

search_configs! {
    "simple" "arabic" "armenian" "basque" "catalan" "danish" "dutch" "english" "finnish" "french" "german" "greek" "hindi"
    "hungarian" "indonesian" "irish" "italian" "lithuanian" "nepali" "norwegian" "portuguese" "romanian" "russian" "serbian"
    "spanish" "swedish" "tamil" "turkish" "yiddish"
}

impl SearchConfig {
    /// Takes every word as it is, whatever the language.
    pub const SIMPLE: Self = Self::ALL[0];

    /// The configuration of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|config| config.name == name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.name
    }

    /// Its name as an SQL literal.
    pub fn sql(self) -> &'static str {
        self.sql
    }
}
