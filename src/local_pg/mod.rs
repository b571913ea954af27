//! A private PostgreSQL: made once under the data directory, reached by a Unix socket alone, gone when nobody needs it.
//!
//! Purpose: one command serves a tool on a machine that has PostgreSQL's programs and nothing else; tests get a server too.
//! Flow: `account` (as whom) → `layout` (where) → `program` (which programs) → `cluster` (initdb, once) → `postmaster` (run,
//! restart after a crash, stop) → [`LocalPostgres`] with the URLs.
//! Invariants: no TCP; the socket lies in a directory that only the database's account and root can enter, which is why
//! connections need no password; several processes may use one directory, the last one out stops the server; a process that
//! was killed leaves nothing that the next one cannot take over.
//! Deliberately unknown: what is in the database, beyond that it exists.

mod account;
mod cluster;
mod error;
mod layout;
mod leftover;
mod postmaster;
mod program;
mod turn;

pub use error::LocalPostgresError;
pub use program::find_client_program;

use crate::config::DatabaseUrl;
use account::Account;
use layout::Layout;
use postmaster::{Launch, Postmaster};
use program::Programs;
use std::path::PathBuf;
use turn::{Turn, Users};

/// The database that the private server holds.
const DATABASE: &str = "toolcrib";

/// The superuser that `initdb` makes.
const OWNER: &str = "postgres";

/// The login of the server, which the migrations create.
const SERVER: &str = "toolcrib_server";

/// Whether commits survive a crash of the machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// They do: for everything that is kept.
    Durable,
    /// They need not: several times faster, for tests.
    Disposable,
}

/// When the server is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lifetime {
    /// With the last process that uses it.
    LastUser,
    /// Never by us: the next test run finds it ready.
    KeptRunning,
}

/// How to run a private server.
#[derive(Clone, Debug)]
pub struct LocalPostgresOptions {
    /// Its directory, made if it is not there.
    pub directory: PathBuf,
    /// Whether commits survive a crash of the machine.
    pub durability: Durability,
    /// When it is stopped.
    pub lifetime: Lifetime,
}

/// A running private server, used by this process. Stopped by [`LocalPostgres::stop`] or on drop, unless another process uses
/// it too.
#[derive(Debug)]
pub struct LocalPostgres {
    layout: Layout,
    lifetime: Lifetime,
    /// What this process started itself; `None` if it found the server running.
    postmaster: Option<Postmaster>,
    users: Users,
}

impl LocalPostgres {
    /// Starts the server, or joins the one that another process runs on the same directory, and waits until it answers.
    ///
    /// # Errors
    /// [`LocalPostgresError`] if PostgreSQL is not installed, the directory cannot be used, or the server does not come up.
    pub async fn start(options: LocalPostgresOptions) -> Result<Self, LocalPostgresError> {
        let started = tokio::task::spawn_blocking(move || Self::start_blocking(&options)).await;
        let local = started.map_err(|_| LocalPostgresError::Interrupted)??;
        cluster::ensure_database(&local.url(OWNER, DATABASE), &local.url(OWNER, "postgres"), DATABASE).await?;
        Ok(local)
    }

    fn start_blocking(options: &LocalPostgresOptions) -> Result<Self, LocalPostgresError> {
        let account = Account::choose()?;
        let layout = Layout::prepare(&options.directory, &account)?;
        // Held until the server answers, so that two processes never start or stop it at once.
        let _turn = Turn::take(&layout)?;
        let mut users = Users::open(&layout)?;
        let is_running = leftover::find_running(&layout.data).is_some();
        let is_orphan = is_running && options.lifetime == Lifetime::LastUser && users.is_nobody_else();
        if is_orphan {
            // Whoever started it was killed. A server of our own is restarted when it crashes; an orphan would not be.
            leftover::stop_running(&layout.data);
        }
        let postmaster = if is_running && !is_orphan {
            postmaster::wait_until_ready(&layout)?;
            None
        } else {
            let programs = Programs::find(cluster::version_of(&layout.data))?;
            cluster::initialize(&programs, &layout, &account, options.durability)?;
            Some(Postmaster::start(Launch { programs, layout: layout.clone(), account, durability: options.durability })?)
        };
        users.join()?;
        Ok(Self { layout, lifetime: options.lifetime, postmaster, users })
    }

    /// The URL of the owner: migrations, the command line.
    pub fn owner_url(&self) -> DatabaseUrl {
        self.url(OWNER, DATABASE)
    }

    /// The URL of the server's own login, which exists once migrations were applied.
    pub fn server_url(&self) -> DatabaseUrl {
        self.url(SERVER, DATABASE)
    }

    /// The URL of any database on this server for any login.
    pub fn url(&self, login: &str, database: &str) -> DatabaseUrl {
        self.layout.url(login, database)
    }

    /// Stops the server unless another process uses it. Open transactions are rolled back.
    pub async fn stop(self) {
        // Waiting for a process to end blocks, which an async worker must not.
        let _ = tokio::task::spawn_blocking(move || drop(self)).await;
    }
}

impl Drop for LocalPostgres {
    fn drop(&mut self) {
        let Ok(_turn) = Turn::take(&self.layout) else { return };
        let is_last = self.lifetime == Lifetime::LastUser && self.users.is_nobody_else();
        match (&self.postmaster, is_last) {
            (Some(postmaster), true) => postmaster.stop(),
            (None, true) => leftover::stop_running(&self.layout.data),
            (Some(postmaster), false) => postmaster.release(),
            (None, false) => {}
        }
    }
}
