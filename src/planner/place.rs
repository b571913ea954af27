//! Where in a response something stands.

use std::fmt::{self, Display, Formatter};

/// A path of response keys, `tickets.nodes.customer`. Only written out for what has to be named by it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<'a> {
    above: Option<&'a Place<'a>>,
    key: &'a str,
}

impl<'a> Place<'a> {
    /// A root field.
    pub(crate) fn root(key: &'a str) -> Self {
        Self { above: None, key }
    }

    /// A field of what stands here.
    pub(crate) fn below(&'a self, key: &'a str) -> Self {
        Self { above: Some(self), key }
    }
}

impl Display for Place<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        if let Some(above) = self.above {
            write!(out, "{above}.")?;
        }
        out.write_str(self.key)
    }
}
