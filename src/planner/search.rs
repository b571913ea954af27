//! `search:`: rows by the words of their texts.
//!
//! Each group of fields is searched by itself: the words have to be in one group. A guarded field is a group of its own and
//! counts only where its guard allows; what it holds neither finds a row nor, by `-word`, keeps one away for anybody else.

use crate::base::{ColumnName, ScalarType, TableName, Value};
use crate::catalog::{Collection, FieldId, SearchConfig, SearchWeight};
use crate::planner::filter::text_value;
use crate::planner::{Filter, GuardedColumn, Order, OrderBy, OrderSource, PlanError, Planner, SelectedField};
use crate::policy::search_view;
use sha2::{Digest, Sha256};

/// What is searched for, and in which texts the caller may look for it.
#[derive(Clone, Debug, PartialEq)]
pub struct Search {
    /// How texts are taken apart.
    pub config: SearchConfig,
    /// The texts; a row is found by any of them.
    pub texts: Vec<SearchText>,
    /// The words, as people write them: `refund "in full" -paid`.
    pub words: Value,
    /// The view that finds rows by their indexes, for whoever reads some rows alone: behind a policy that has something to ask,
    /// PostgreSQL takes no index for words. What is found is then read under the policy.
    pub view: Option<TableName>,
}

/// Columns that are searched as one text.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchText {
    /// The columns with their weights.
    pub columns: Vec<(ColumnName, SearchWeight)>,
    /// The name of its index, and of the view's column.
    pub index: ColumnName,
    /// The fields.
    pub fields: Vec<FieldId>,
    /// The column with its guard, if it has one. Then it is the only one.
    pub guard: Option<GuardedColumn>,
}

/// The longest search. Each word is looked for by itself.
const MAX_CHARACTERS: usize = 500;

impl Planner<'_> {
    /// The `search` argument of a field; `None` if it is not given.
    pub(crate) fn plan_search(&self, collection: &Collection, words: Option<&str>) -> Result<Option<Search>, PlanError> {
        let (Some(settings), Some(words)) = (&collection.search, words) else { return Ok(None) };
        if words.trim().is_empty() {
            return Err(PlanError::argument("search", "has no words; leave it out to find all rows"));
        }
        if words.chars().count() > MAX_CHARACTERS {
            return Err(PlanError::too_many("search", "characters", MAX_CHARACTERS));
        }
        let texts = settings.groups(collection).into_iter().filter_map(|group| {
            let guarded = group.fields.first().filter(|(field, _)| field.access.read.is_some());
            let guard = guarded.and_then(|(field, _)| self.guarded_column(field));
            let is_hidden = guard.as_ref().is_some_and(GuardedColumn::is_hidden);
            let fields = group.fields.iter().map(|(field, _)| field.id).collect();
            (!is_hidden).then(|| SearchText {
                columns: group.columns(),
                index: ColumnName::new(&group.index),
                fields,
                guard: guard.filter(|column| !column.is_open()),
            })
        });
        let is_restricted = !self.readable(collection.id).is_unrestricted();
        Ok(Some(Search {
            config: settings.config,
            texts: texts.collect(),
            words: text_value("search", words)?,
            view: is_restricted.then(|| search_view(&collection.table)),
        }))
    }

    /// The `where` and `search` arguments of a field.
    pub(crate) fn plan_rows(&self, collection: &Collection, selected: &SelectedField) -> Result<Filter, PlanError> {
        let filter = self.plan_where(collection, selected)?;
        Ok(filter.searched(self.plan_search(collection, selected.text_argument("search"))?))
    }

    /// The `orderBy` argument of a field. Without one, what is searched for comes by how well it fits.
    pub(crate) fn plan_list_order(&self, collection: &Collection, selected: &SelectedField) -> Result<Order, PlanError> {
        let given = selected.argument("orderBy").filter(|order| !order.is_null());
        let words = selected.text_argument("search").filter(|_| given.is_none());
        match self.plan_search(collection, words)? {
            Some(search) => self.plan_rank_order(collection, search),
            None => self.plan_order(collection, "orderBy", given),
        }
    }
}

impl OrderBy {
    /// The best first. A cursor stands in the order of one search only.
    pub(crate) fn rank(collection: &Collection, search: Search) -> Self {
        let digest = Sha256::digest(format!("{:?}", search.words));
        Self {
            path: format!("search:{}", digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect::<String>()),
            field: collection.id_field().id,
            source: OrderSource::Row,
            column: GuardedColumn::computed(ColumnName::new("id"), ScalarType::Float),
            search: Some(search),
            is_descending: true,
            is_nulls_first: false,
            is_nullable: false,
            enum_order: None,
        }
    }
}

impl Filter {
    /// The filter for rows that are found by a search, too.
    pub(crate) fn searched(self, search: Option<Search>) -> Self {
        match search {
            Some(search) => Self::All(vec![Self::Search(search), self]),
            None => self,
        }
    }
}
