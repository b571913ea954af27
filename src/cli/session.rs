//! What commands share that need the database: the tool, its storage, and the service over it.

use crate::app::{App, Storage, Tool};
use crate::cli::Arguments;
use crate::config::Settings;

/// An open tool. Closing it stops a private PostgreSQL that nobody else uses.
pub(crate) struct CommandSession {
    pub(crate) settings: Settings,
    pub(crate) tool: Tool,
    pub(crate) storage: Storage,
    pub(crate) app: App,
}

impl CommandSession {
    /// Opens the database where it is: given, running already under the data directory, or started for this command.
    pub(crate) async fn open(arguments: &Arguments) -> anyhow::Result<Self> {
        let settings = arguments.settings()?;
        let tool = Tool::load(&settings)?;
        let storage = Storage::open(&settings).await?;
        let app = App::build(&settings, &tool, &storage).await?;
        Ok(Self { settings, tool, storage, app })
    }

    /// Ends the session.
    pub(crate) async fn close(self) {
        drop(self.app);
        self.storage.close().await;
    }
}
