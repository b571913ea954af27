//! What can go wrong before the console is served.

use crate::base::{Fault, FaultCode};
use std::path::PathBuf;

/// Why the console's examples could not be loaded. Whoever starts the server reads it; no caller does.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The folder or a file in it cannot be read.
    #[error("cannot read GraphiQL examples from `{}`", path.display())]
    ReadExamples {
        /// What was read.
        path: PathBuf,
        /// Why it failed.
        #[source]
        source: std::io::Error,
    },
    /// An example is no example but something large that was put there by mistake.
    #[error("the GraphiQL example `{}` is larger than {limit} bytes", path.display())]
    ExampleTooLarge {
        /// The file.
        path: PathBuf,
        /// The limit.
        limit: u64,
    },
}

impl Fault for ConsoleError {
    fn code(&self) -> FaultCode {
        FaultCode::InternalServerError
    }
}
