//! Lists of resources: filter, pages.

use crate::scim::ScimError;
use crate::scim::filter::{Equal, parse};
use serde_json::{Value as Json, json};

/// Resources of a page if nobody says.
const COUNT: usize = 100;

/// What a list is asked with.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ListRequest {
    /// `filter`
    pub filter: Option<String>,
    /// `startIndex`, from 1.
    pub start_index: Option<i64>,
    /// `count`
    pub count: Option<i64>,
    /// `excludedAttributes`
    pub excluded: Option<String>,
}

impl ListRequest {
    /// Whether an attribute is not wanted.
    pub(crate) fn excludes(&self, attribute: &str) -> bool {
        let mut excluded = self.excluded.iter().flat_map(|names| names.split(','));
        excluded.any(|name| name.trim().eq_ignore_ascii_case(attribute))
    }

    /// How many resources come before the page. Less than 1 counts as 1, as the RFC has it.
    pub(crate) fn offset(&self) -> usize {
        usize::try_from(self.start_index.unwrap_or(1).max(1) - 1).unwrap_or(usize::MAX)
    }

    /// How many resources the page has at most.
    pub(crate) fn count(&self, most: usize) -> usize {
        self.count.map_or(COUNT, |count| usize::try_from(count.max(0)).unwrap_or(usize::MAX)).min(most)
    }

    /// What has to hold of the resources.
    ///
    /// # Errors
    /// [`ScimError::Filter`].
    pub(crate) fn conditions(&self) -> Result<Vec<Equal>, ScimError> {
        match self.filter.as_deref().map(str::trim).filter(|filter| !filter.is_empty()) {
            Some(filter) => parse(filter),
            None => Ok(Vec::new()),
        }
    }

    /// The body of a page.
    pub(crate) fn response(&self, resources: Vec<Json>, total: i64) -> Json {
        json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
            "totalResults": total,
            "startIndex": self.offset() + 1,
            "itemsPerPage": resources.len(),
            "Resources": resources,
        })
    }
}
