//! The real binary, as a process of its own.
//!
//! ```ignore
//! let crib = Crib::support_desk();
//! let server = crib.serve(&[]);                       // on a free port, with a private PostgreSQL in a directory of its own
//! let answer = server.graphql(&token, "{ tickets { nodes { id } } }").await.unwrap();
//! server.signal(Signal::SIGTERM);
//! assert!(server.wait().success());
//!
//! let outcome = crib.run(&["serve", "--demo", "--listen", "0.0.0.0:0"]);   // a command that ends by itself
//! assert_eq!(outcome.code, Some(1));
//! ```
//!
//! Whatever a test leaves running is stopped when its [`Crib`] is dropped.

use crate::support::http::{self, Reply};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use parking_lot::Mutex;
use serde_json::{Value as Json, json};
use std::fs;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tempfile::TempDir;
use tokio_postgres::Client;

/// How long anything here may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// How often a state is asked for.
const PAUSE: Duration = Duration::from_millis(5);

/// Waits until something is so, asking again and again.
///
/// # Panics
/// If it is not so after [`PATIENCE`].
pub async fn eventually<T>(what: &str, mut ask: impl AsyncFnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = ask().await {
            return found;
        }
        assert!(Instant::now() < deadline, "{what}: not within {PATIENCE:?}");
        tokio::time::sleep(PAUSE).await;
    }
}

/// A tool's directory and a place for its data.
pub struct Crib {
    directory: TempDir,
    tool: PathBuf,
    variables: Vec<(String, String)>,
}

/// A command that ended.
#[derive(Debug)]
pub struct Outcome {
    pub code: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

impl Crib {
    /// The support desk of the repository, as it is there.
    pub fn support_desk() -> Self {
        Self::of(Path::new(env!("CARGO_MANIFEST_DIR")))
    }

    /// The tool of a directory, as it is there.
    pub fn of(tool: &Path) -> Self {
        Self { directory: directory(), tool: tool.to_owned(), variables: Vec::new() }
    }

    /// A tool with this schema alone, in a directory that the test may change.
    pub fn with_schema(schema: &str) -> Self {
        let directory = directory();
        let tool = directory.path().join("tool");
        fs::create_dir(&tool).unwrap();
        fs::write(tool.join("schema.graphql"), schema).unwrap();
        Self { directory, tool, variables: Vec::new() }
    }

    /// Sets a variable for every process of this crib.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.variables.push((name.to_owned(), value.to_string()));
        self
    }

    /// On a database that somebody else runs, instead of a private PostgreSQL.
    pub fn on(self, owner_url: &str, server_url: &str) -> Self {
        self.with("TOOLCRIB_DATABASE_URL", owner_url).with("TOOLCRIB_DATABASE_SERVER_URL", server_url)
    }

    /// The tool's directory.
    pub fn tool(&self) -> &Path {
        &self.tool
    }

    /// Where the server keeps what it keeps.
    pub fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    /// Writes a file of the tool.
    pub fn write(&self, name: &str, text: &str) {
        assert!(self.tool.starts_with(self.directory.path()), "the repository is not to be written to");
        let path = self.tool.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// The binary on this tool, without settings of the surroundings. Later arguments win over the data directory here.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_toolcrib"));
        let is_setting = |name: &str| name.starts_with("TOOLCRIB_") || name == "DATABASE_URL";
        std::env::vars().filter(|(name, _)| is_setting(name)).for_each(|(name, _)| {
            command.env_remove(name);
        });
        command.arg("--dir").arg(&self.tool);
        if !arguments.contains(&"--data-dir") {
            command.arg("--data-dir").arg(self.data());
        }
        // Most tests call with tokens, and need no provider.
        command.env("TOOLCRIB_AUTH_WITHOUT_PROVIDER", "tokens");
        command.args(arguments).envs(self.variables.iter().cloned()).stdin(Stdio::null());
        command
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Outcome {
        let output = self.command(arguments).output().unwrap();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Outcome { code: output.status.code(), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// Runs a command that has to succeed; its standard output.
    pub fn run_well(&self, arguments: &[&str]) -> String {
        let Outcome { code, stdout, stderr } = self.run(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {stdout}{stderr}");
        stdout
    }

    /// Serves on a free port; further arguments may say more.
    ///
    /// # Panics
    /// If the server does not come up.
    pub async fn serve(&self, arguments: &[&str]) -> Server {
        let mut command = self.command(&["serve", "--listen", "127.0.0.1:0"]);
        command.args(arguments);
        Server::start(command).await
    }

    /// Serves on a port that was chosen before.
    ///
    /// # Panics
    /// If the server does not come up.
    pub async fn serve_on(&self, address: SocketAddr) -> Server {
        Server::start(self.command(&["serve", "--listen", &address.to_string()])).await
    }

    /// A token that `toolcrib token create` makes.
    pub fn token(&self, email: &str) -> String {
        let text = self.run_well(&["token", "create", "--user", email, "--expires-in", "1h", "--json"]);
        serde_json::from_str::<Json>(&text).unwrap()["token"].as_str().unwrap().to_owned()
    }

    /// What the private PostgreSQL says of itself; `None` while it is not there.
    pub fn postmaster(&self) -> Option<Postmaster> {
        let directory = self.data().join("postgres");
        // Data that the database's account could not reach lie elsewhere.
        let storage = fs::read_to_string(directory.join("storage")).map_or(directory, PathBuf::from);
        let text = fs::read_to_string(storage.join("data/postmaster.pid")).ok()?;
        let lines: Vec<&str> = text.lines().collect();
        let pid = Pid::from_raw(lines.first()?.trim().parse().ok()?);
        Some(Postmaster { pid, socket: PathBuf::from(lines.get(4)?.trim()) })
    }

    /// A connection of the owner to the private PostgreSQL, as soon as it accepts one.
    pub async fn connect(&self) -> Client {
        eventually("the private PostgreSQL accepts connections", async || {
            let url = self.postmaster()?.owner_url();
            let (client, connection) = tokio_postgres::connect(&url, tokio_postgres::NoTls).await.ok()?;
            tokio::spawn(connection);
            Some(client)
        })
        .await
    }
}

impl Drop for Crib {
    fn drop(&mut self) {
        let Some(Postmaster { pid, .. }) = self.postmaster() else { return };
        let deadline = Instant::now() + PATIENCE;
        while kill(pid, Signal::SIGQUIT).is_ok() && Instant::now() < deadline {
            std::thread::sleep(PAUSE);
        }
    }
}

/// A private PostgreSQL that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Postmaster {
    pub pid: Pid,
    socket: PathBuf,
}

impl Postmaster {
    /// The owner's URL.
    pub fn owner_url(&self) -> String {
        let socket: String = self.socket.to_str().unwrap().bytes().map(|byte| format!("%{byte:02X}")).collect();
        format!("postgres://postgres@{socket}/toolcrib")
    }
}

/// A running `toolcrib serve`, stopped when it is dropped.
pub struct Server {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<String>>,
}

impl Server {
    pub async fn start(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let log = collect(child.stderr.take().unwrap());
        let address = eventually("the server listens", async || {
            let ended = child.try_wait().unwrap();
            let log = log.lock();
            assert!(ended.is_none(), "the server ended, {ended:?}:\n{log}");
            address_in(&log)
        })
        .await;
        Self { child, address, log }
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What it logged so far.
    pub fn log(&self) -> String {
        self.log.lock().clone()
    }

    /// The process.
    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).unwrap();
    }

    /// Waits for its end.
    pub async fn wait(&mut self) -> ExitStatus {
        eventually("the server ends", async || self.child.try_wait().unwrap()).await
    }

    /// A GraphQL request; an error if the connection fails or ends before the answer does.
    pub async fn graphql(&self, token: &str, query: &str) -> std::io::Result<Json> {
        self.graphql_with(token, query, Json::Null).await
    }

    /// The same with variables.
    pub async fn graphql_with(&self, token: &str, query: &str, variables: Json) -> std::io::Result<Json> {
        let request = graphql_request_of(token, &json!({ "query": query, "variables": variables }));
        let reply = http::send(self.address, request.as_bytes()).await?;
        Ok(serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("no JSON: {reply:?}")))
    }

    /// A GET request without a credential.
    pub async fn get(&self, path: &str) -> std::io::Result<Reply> {
        self.get_with(path, "").await
    }

    /// A GET request of a user.
    pub async fn get_as(&self, token: &str, path: &str) -> std::io::Result<Reply> {
        self.get_with(path, &format!("Authorization: Bearer {token}\r\n")).await
    }

    async fn get_with(&self, path: &str, headers: &str) -> std::io::Result<Reply> {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n{headers}Connection: close\r\n\r\n", self.address);
        http::send(self.address, request.as_bytes()).await
    }

    /// Waits until `/readyz` says so.
    pub async fn is_ready(&self) {
        let deadline = Instant::now() + PATIENCE;
        while !self.get("/readyz").await.is_ok_and(|reply| reply.status == 200) {
            assert!(Instant::now() < deadline, "the server is not ready; its log:\n{}", self.log());
            tokio::time::sleep(PAUSE).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Ok(Some(_)) = self.child.try_wait() {
            return;
        }
        let deadline = Instant::now() + Duration::from_secs(10);
        let _ = kill(self.pid(), Signal::SIGTERM);
        while Instant::now() < deadline {
            if let Ok(Some(_)) = self.child.try_wait() {
                return;
            }
            std::thread::sleep(PAUSE);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The bytes of a GraphQL request.
pub fn graphql_request(token: &str, query: &str) -> String {
    graphql_request_of(token, &json!({ "query": query }))
}

fn graphql_request_of(token: &str, body: &Json) -> String {
    let body = body.to_string();
    format!(
        "POST /graphql HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\n\
         Authorization: Bearer {token}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// A directory that the database's account can enter also when the tests run as root.
fn directory() -> TempDir {
    let permissions = fs::Permissions::from_mode(0o755);
    tempfile::Builder::new().prefix("crib-").permissions(permissions).tempdir_in(reachable_directory()).unwrap()
}

fn collect(stderr: impl std::io::Read + Send + 'static) -> Arc<Mutex<String>> {
    let log = Arc::new(Mutex::new(String::new()));
    let written = Arc::clone(&log);
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            *written.lock() += &(line + "\n");
        }
    });
    log
}

fn address_in(log: &str) -> Option<SocketAddr> {
    let (_, rest) = log.split_once("listening on http://")?;
    rest.split_whitespace().next()?.parse().ok()
}

/// Where the data of private servers lie: PostgreSQL runs as somebody else where root runs the tests, who has to get there. A
/// checkout below a directory that lets nobody pass is none.
pub fn reachable_directory() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let lets_pass = |directory: &Path| fs::metadata(directory).is_ok_and(|data| data.permissions().mode() & 0o001 != 0);
    if target.ancestors().all(lets_pass) { target.to_owned() } else { std::env::temp_dir() }
}
