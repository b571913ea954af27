//! A page of a collection: how many rows it shows, and how many have to be looked at for them.

use super::filter::{Sieve, is_indexed};
use super::{CostModel, weight};
use crate::catalog::Collection;
use crate::planner::SelectedField;
use serde_json::Value as Json;

/// A page, judged by its arguments.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Page {
    /// Rows that it shows.
    pub(super) rows: f64,
    /// What finding them costs.
    pub(super) find: f64,
    /// What counting all that match costs.
    pub(super) count: f64,
}

/// How the rows come that are ordered.
#[derive(Clone, Copy, PartialEq)]
enum Order {
    /// An index gives them one by one.
    Indexed,
    /// All have to be there before the first is known.
    Sorted,
}

impl CostModel<'_> {
    /// Judges a list of `available` rows of a collection.
    pub(super) fn page(&self, collection: &Collection, field: &SelectedField, available: f64) -> Page {
        let sieve = self.list_sieve(collection, field);
        let number = |name| field.argument(name).and_then(Json::as_f64);
        let wanted = number("first").or(number("last")).unwrap_or(f64::from(self.page_size)).max(0.0);
        let skipped = number("offset").unwrap_or(0.0).max(0.0);
        let matching = available * sieve.share;
        let rows = wanted.min(matching).max(1.0);
        let all = sieve.judge(available * sieve.indexed_share);
        let sorted = all + (matching + 1.0) * weight::SORT;
        let is_ranked = field.argument("search").is_some() && field.argument("orderBy").is_none();
        let order = if is_ranked { Order::Sorted } else { self.order(collection, field.argument("orderBy")) };
        let find = match order {
            // Either in order until enough are found, or all that the filter's index leads to, put in order.
            Order::Indexed => {
                let looked_at = ((rows + skipped) / sieve.sure_share.max(1e-9)).min(available);
                (sieve.judge(looked_at) + looked_at * weight::VALUE).min(sorted)
            }
            Order::Sorted => sorted,
        };
        let planned = (sieve.conditions + sieve.searches * 3.0) * weight::PLAN_CONDITION;
        Page { rows, find: find + planned, count: all + planned }
    }

    fn order(&self, collection: &Collection, order: Option<&Json>) -> Order {
        let terms = match order {
            Some(Json::Array(terms)) => terms.as_slice(),
            Some(single @ Json::Object(_)) => std::slice::from_ref(single),
            _ => return Order::Indexed,
        };
        let first = terms.first().and_then(Json::as_object).and_then(|term| term.iter().next());
        let is_led = first.is_none_or(|(name, direction)| {
            // An order through a relation has no index.
            direction.is_string() && collection.find_field(name).is_some_and(is_indexed)
        });
        if is_led && terms.len() <= 1 { Order::Indexed } else { Order::Sorted }
    }

    /// What a sum or count over all matching rows costs.
    pub(super) fn aggregate(&self, collection: &Collection, field: &SelectedField, available: f64) -> f64 {
        let Sieve { share, .. } = self.list_sieve(collection, field);
        let grouped = if field.argument("groupBy").is_some() { weight::SORT } else { 0.0 };
        self.page(collection, field, available).count + available * share * (weight::VALUE + grouped)
    }
}
