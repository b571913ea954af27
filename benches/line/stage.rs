//! Everything that is measured, set up: a fresh private PostgreSQL with the demo data, durable as it is served, and the servers.

use crate::process::Server;
use anyhow::{Context, Result, bail};
use serde_json::Value as Json;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use toolcrib::local_pg::{Durability, Lifetime, LocalPostgres, LocalPostgresOptions};

/// The tool that is served: the support desk, the repository itself.
pub(crate) const TOOL: &str = env!("CARGO_MANIFEST_DIR");

/// The server.
pub(crate) const TOOLCRIB: &str = env!("CARGO_BIN_EXE_toolcrib");

/// How `Ticket` is audited in `schema.graphql`, and how it is in the variant whose reads write nothing.
const AUDITED_READS: &str = "@audit(reads: true, reason: [DELETE])";
const UNAUDITED_READS: &str = "@audit(reason: [DELETE])";

/// A database with the demo data.
pub(crate) struct Stage {
    directory: PathBuf,
    /// Held by this process, so that servers come and go over a PostgreSQL that runs; `None` while its start is measured.
    postgres: Option<LocalPostgres>,
}

/// The servers that are compared.
pub(crate) struct Servers {
    /// The hand-written one.
    pub(crate) limit: Server,
    /// Toolcrib, with a schema that records no VIEW events.
    pub(crate) plain: Server,
    /// Toolcrib, with the schema as it is.
    pub(crate) viewed: Server,
    /// A manager's token.
    pub(crate) token: String,
}

impl Servers {
    /// Stops them all.
    pub(crate) fn stop(self) -> Result<()> {
        self.limit.stop()?;
        self.plain.stop()?;
        self.viewed.stop()
    }
}

impl Stage {
    /// Makes a database anew under `target/bench/NAME`, with that many tickets of demo data.
    pub(crate) async fn prepare(name: &str, tickets: u32) -> Result<Self> {
        let mut stage = Self { directory: fresh_directory(name)?, postgres: None };
        // Its start migrates the database.
        stage.serve(&[], "migrate").await?.stop()?;
        stage.hold_postgres().await?;
        stage.seed(tickets)?;
        Ok(stage)
    }

    fn seed(&self, tickets: u32) -> Result<()> {
        let owner = format!("set local role toolcrib_owner; set local demo.tickets = '{tickets}'");
        let data = Path::new(TOOL).join("migrations/support_desk/demo.sql");
        let mut psql = self.psql()?;
        psql.args(["-1", "-c", &owner, "-f"]).arg(data);
        run(&mut psql)?;
        self.sql("vacuum analyze")?;
        self.sql("checkpoint")?;
        Ok(())
    }

    /// Starts PostgreSQL, or keeps it running.
    pub(crate) async fn hold_postgres(&mut self) -> Result<()> {
        let directory = self.directory.join("data/postgres");
        let options = LocalPostgresOptions { directory, durability: Durability::Durable, lifetime: Lifetime::LastUser };
        self.postgres = Some(LocalPostgres::start(options).await?);
        Ok(())
    }

    /// Stops PostgreSQL.
    pub(crate) async fn release_postgres(&mut self) {
        if let Some(postgres) = self.postgres.take() {
            postgres.stop().await;
        }
    }

    /// Starts `toolcrib serve` on this database.
    pub(crate) async fn serve(&self, arguments: &[&str], log: &str) -> Result<Server> {
        let mut command = self.toolcrib("serve");
        command.args(["--listen", "127.0.0.1:0"]).args(arguments);
        Server::start(&mut command, &self.directory.join(log).with_extension("log")).await
    }

    /// Starts everything that is compared.
    pub(crate) async fn start_servers(&self) -> Result<Servers> {
        let variant = self.unaudited_schema()?;
        let variant = variant.to_str().context("a path in UTF-8")?;
        let postgres = self.postgres()?;
        let mut limit = Command::new(std::env::current_exe()?);
        limit.args(["--limit-server", postgres.owner_url().expose(), postgres.server_url().expose()]);
        Ok(Servers {
            limit: Server::start(&mut limit, &self.directory.join("limit.log")).await?,
            plain: self.serve(&["--schema", variant], "plain").await?,
            viewed: self.serve(&[], "viewed").await?,
            token: self.token("manager@demo.test")?,
        })
    }

    /// The file of the schema that records no VIEW events.
    pub(crate) fn unaudited_schema(&self) -> Result<PathBuf> {
        let schema = fs::read_to_string(Path::new(TOOL).join("schema.graphql"))?;
        if !schema.contains(AUDITED_READS) {
            bail!("`Ticket` is not audited as `{AUDITED_READS}` any more: adapt the variant");
        }
        let variant = self.directory.join("unaudited-reads.graphql");
        fs::write(&variant, schema.replace(AUDITED_READS, UNAUDITED_READS))?;
        Ok(variant)
    }

    /// Makes a token.
    pub(crate) fn token(&self, email: &str) -> Result<String> {
        let printed = run(self.toolcrib("token").args(["create", "--user", email, "--expires-in", "2h", "--json"]))?;
        let created: Json = serde_json::from_str(&printed).context("`token create` printed no JSON")?;
        Ok(created["token"].as_str().context("a token")?.to_owned())
    }

    /// Runs SQL as the owner; the rows, a line each.
    pub(crate) fn sql(&self, statement: &str) -> Result<Vec<String>> {
        Ok(run(self.psql()?.args(["-c", statement]))?.lines().map(str::to_owned).collect())
    }

    /// Turns row-level security and its triggers off: the predicates in the statements stay.
    pub(crate) fn take_wall_down(&self) -> Result<()> {
        self.turn_wall("disable")
    }

    /// Turns them on again.
    pub(crate) fn put_wall_up(&self) -> Result<()> {
        self.turn_wall("enable")
    }

    fn turn_wall(&self, turn: &str) -> Result<()> {
        let tables = format!(
            "select format('alter table %s {turn} row level security', c.oid::regclass) from pg_class c
             where exists (select from pg_policy p where p.polrelid = c.oid)
             union all
             select format('alter table %s {turn} trigger %I', t.tgrelid::regclass, t.tgname) from pg_trigger t
             where t.tgname like 'toolcrib\\_rule\\_%' and t.tgparentid = 0"
        );
        let statements = self.sql(&tables.split_whitespace().collect::<Vec<_>>().join(" "))?;
        self.sql(&statements.join("; "))?;
        Ok(())
    }

    /// The owner's URL.
    pub(crate) fn url(&self) -> Result<String> {
        Ok(self.postgres()?.owner_url().expose().to_owned())
    }

    /// The URL of the server's login.
    pub(crate) fn server_url(&self) -> Result<String> {
        Ok(self.postgres()?.server_url().expose().to_owned())
    }

    /// The process of PostgreSQL.
    pub(crate) fn postmaster(&self) -> Result<u32> {
        let data = self.sql("show data_directory")?.concat();
        let pid_file = fs::read_to_string(Path::new(&data).join("postmaster.pid"))?;
        Ok(pid_file.lines().next().unwrap_or_default().parse()?)
    }

    /// A directory for files that a measurement needs.
    pub(crate) fn scratch(&self, name: &str) -> Result<PathBuf> {
        let directory = self.directory.join(name);
        fs::create_dir_all(&directory)?;
        Ok(directory)
    }

    /// Stops PostgreSQL.
    pub(crate) async fn close(mut self) {
        self.release_postgres().await;
    }

    fn psql(&self) -> Result<Command> {
        let mut psql = Command::new("psql");
        psql.args(["-XAtq", "-v", "ON_ERROR_STOP=1", "-d", &self.url()?]);
        Ok(psql)
    }

    fn postgres(&self) -> Result<&LocalPostgres> {
        self.postgres.as_ref().context("PostgreSQL is not held")
    }

    fn toolcrib(&self, command: &str) -> Command {
        let mut toolcrib = Command::new(TOOLCRIB);
        toolcrib.args([command, "--dir", TOOL, "--data-dir"]).arg(self.directory.join("data"));
        toolcrib.env("TOOLCRIB_AUTH_WITHOUT_PROVIDER", "tokens");
        toolcrib
    }
}

/// An empty directory under `target/bench`.
pub(crate) fn fresh_directory(name: &str) -> Result<PathBuf> {
    let directory = Path::new(TOOL).join("target/bench").join(name);
    if directory.exists() {
        fs::remove_dir_all(&directory)?;
    }
    fs::create_dir_all(&directory)?;
    Ok(directory)
}

/// Runs a command to its end; what it printed.
fn run(command: &mut Command) -> Result<String> {
    let output = command.output().with_context(|| format!("cannot run {command:?}"))?;
    if !output.status.success() {
        bail!("{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
    Ok(String::from_utf8(output.stdout)?)
}
