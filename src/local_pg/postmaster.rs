//! The server process: started, watched, started again when it is killed, stopped.

use crate::local_pg::account::Account;
use crate::local_pg::layout::Layout;
use crate::local_pg::program::Programs;
use crate::local_pg::{Durability, LocalPostgresError, leftover};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{Id, WaitPidFlag, waitid};
use nix::unistd::Pid;
use parking_lot::{Condvar, Mutex};
use std::fs::{self, File};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

/// How long crash recovery may take.
const READY_WITHIN: Duration = Duration::from_secs(300);

/// How long the processes of a killed server may hold on to its shared memory.
const RELEASED_WITHIN: Duration = Duration::from_secs(10);

/// How long they may take to end by themselves; a killed session may have held what the others wait for.
const ORPHANS_END_WITHIN: Duration = Duration::from_secs(1);

/// How long to wait before a server that cannot be started is tried again.
const BETWEEN_STARTS: Duration = Duration::from_secs(2);

/// How often readiness is asked for: a start takes some 50 ms, so this is felt.
const PAUSE: Duration = Duration::from_millis(3);

/// How long a fast shutdown may take before the server is told to drop everything.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

/// A log above this size is begun anew.
const MAX_LOG_BYTES: u64 = 8 * 1024 * 1024;

/// Everything that a start needs.
#[derive(Clone, Debug)]
pub(super) struct Launch {
    pub(super) programs: Programs,
    pub(super) layout: Layout,
    pub(super) account: Account,
    pub(super) durability: Durability,
}

/// A server process that this process started.
#[derive(Debug)]
pub(super) struct Postmaster {
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    /// Its end is wanted, or it has ended.
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// The process; `None` between a crash and the restart, and after the end.
    pid: Option<Pid>,
    /// Whether its end is wanted, or none of our business any more.
    is_released: bool,
    is_ended: bool,
}

impl Postmaster {
    /// Starts the server, waits until it accepts connections, and watches it from then on.
    pub(super) fn start(launch: Launch) -> Result<Self, LocalPostgresError> {
        let child = launch.run_patiently()?;
        let shared = Arc::new(Shared::default());
        shared.state.lock().pid = Some(pid_of(&child));
        let watched = Arc::clone(&shared);
        let watch = move || watch(child, &launch, &watched);
        // A thread, not a task: the watch must outlive any runtime, and it costs nothing while it waits.
        thread::Builder::new()
            .name("local-pg".to_owned())
            .spawn(watch)
            .map_err(LocalPostgresError::directory("thread".as_ref()))?;
        Ok(Self { shared })
    }

    /// Rolls back what is open, stops the server and waits for its end.
    pub(super) fn stop(&self) {
        for signal in [Signal::SIGINT, Signal::SIGQUIT] {
            let mut state = self.shared.state.lock();
            state.is_released = true;
            self.shared.changed.notify_all();
            if let Some(pid) = state.pid {
                let _ = kill(pid, signal);
            }
            let is_ended = |state: &mut State| !state.is_ended;
            if !self.shared.changed.wait_while_for(&mut state, is_ended, STOPPED_WITHIN).timed_out() {
                return;
            }
        }
    }

    /// Leaves the server to the other processes that use it.
    pub(super) fn release(&self) {
        self.shared.state.lock().is_released = true;
        self.shared.changed.notify_all();
    }
}

/// Waits for the end of the server; starts it again unless its end is wanted.
fn watch(mut child: Child, launch: &Launch, shared: &Shared) {
    loop {
        let status = wait_for_end(&mut child, shared);
        if shared.state.lock().is_released {
            break;
        }
        let status = status.map_or_else(|error| error.to_string(), |status| status.to_string());
        tracing::error!(postgres.status = status, "the private PostgreSQL ended by itself; starting it again");
        let Some(again) = start_again(launch, shared) else { break };
        child = again;
        let mut state = shared.state.lock();
        state.pid = Some(pid_of(&child));
        if state.is_released {
            let _ = kill(pid_of(&child), Signal::SIGINT);
        }
    }
    shared.state.lock().is_ended = true;
    shared.changed.notify_all();
}

/// Tries until the server runs or nobody wants it any more: whatever is in the way (a full disk, no memory) may pass, and
/// until then every request is told that the database is away.
fn start_again(launch: &Launch, shared: &Shared) -> Option<Child> {
    loop {
        match launch.run_patiently() {
            Ok(child) => return Some(child),
            Err(error) => tracing::error!(error = %error, "the private PostgreSQL cannot be started again"),
        }
        let mut state = shared.state.lock();
        shared.changed.wait_while_for(&mut state, |state| !state.is_released, BETWEEN_STARTS);
        if state.is_released {
            return None;
        }
    }
}

/// Sees the end before the process is reaped, so that [`Postmaster::stop`] never signals a number that is somebody else's.
fn wait_for_end(child: &mut Child, shared: &Shared) -> std::io::Result<std::process::ExitStatus> {
    let _ = waitid(Id::Pid(pid_of(child)), WaitPidFlag::WEXITED | WaitPidFlag::WNOWAIT);
    let mut state = shared.state.lock();
    state.pid = None;
    child.wait()
}

fn pid_of(child: &Child) -> Pid {
    Pid::from_raw(child.id().cast_signed())
}

/// Waits until the server of another process accepts connections.
pub(super) fn wait_until_ready(layout: &Layout) -> Result<(), LocalPostgresError> {
    let deadline = Instant::now() + READY_WITHIN;
    while !is_ready(layout) {
        if Instant::now() > deadline {
            return Err(not_ready(layout));
        }
        sleep(PAUSE);
    }
    Ok(())
}

/// The last line of `postmaster.pid` is the server's own word on its state.
fn is_ready(layout: &Layout) -> bool {
    let lock_file = fs::read_to_string(layout.data.join("postmaster.pid")).unwrap_or_default();
    lock_file.lines().nth(7).is_some_and(|state| state.trim() == "ready") && UnixStream::connect(layout.socket_file()).is_ok()
}

fn not_ready(layout: &Layout) -> LocalPostgresError {
    LocalPostgresError::NotReady { path: layout.log.clone(), seconds: READY_WITHIN.as_secs() }
}

impl Launch {
    /// Starts the server. After a `kill -9` its children need a moment to notice and to let go of the shared memory.
    fn run_patiently(&self) -> Result<Child, LocalPostgresError> {
        let begun = Instant::now();
        loop {
            leftover::remove_stale_locks(&self.layout);
            match self.run() {
                Err(LocalPostgresError::Start { log, .. }) if is_still_held(&log) && begun.elapsed() < RELEASED_WITHIN => {
                    if begun.elapsed() > ORPHANS_END_WITHIN {
                        leftover::end_orphans(&self.layout.data);
                    }
                    sleep(Duration::from_millis(50));
                }
                other => return other,
            }
        }
    }

    fn run(&self) -> Result<Child, LocalPostgresError> {
        let log = self.open_log()?;
        let log_start = log.metadata().map(|metadata| metadata.len()).unwrap_or_default();
        let path = self.programs.path("postgres");
        let mut command = Command::new(&path);
        command.arg("-D").arg(&self.layout.data);
        for (name, value) in self.settings() {
            command.arg("-c").arg(format!("{name}={value}"));
        }
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("PG")) {
            command.env_remove(name);
        }
        // A process group of its own: Ctrl-C in a terminal is for us, who then stop the server in order.
        command.current_dir(&self.layout.socket).stdin(Stdio::null()).process_group(0);
        let other = log.try_clone().map_err(LocalPostgresError::directory(&self.layout.log))?;
        command.stdout(log).stderr(other);
        self.account.apply(&mut command);
        let child = command.spawn().map_err(|source| LocalPostgresError::Program { path, source })?;
        self.wait_for(child, log_start)
    }

    fn wait_for(&self, mut child: Child, log_start: u64) -> Result<Child, LocalPostgresError> {
        let deadline = Instant::now() + READY_WITHIN;
        while !(leftover::find_running(&self.layout.data) == Some(pid_of(&child)) && is_ready(&self.layout)) {
            if let Ok(Some(_)) = child.try_wait() {
                return Err(LocalPostgresError::Start { path: self.layout.log.clone(), log: self.log_since(log_start) });
            }
            if Instant::now() > deadline {
                let _ = kill(pid_of(&child), Signal::SIGQUIT);
                let _ = child.wait();
                return Err(not_ready(&self.layout));
            }
            sleep(PAUSE);
        }
        Ok(child)
    }

    fn settings(&self) -> Vec<(&'static str, String)> {
        let socket = self.layout.socket.to_string_lossy().replace('"', "\"\"");
        let mut settings: Vec<(&'static str, String)> = vec![
            ("listen_addresses", String::new()),
            ("unix_socket_directories", format!("\"{socket}\"")),
            ("unix_socket_permissions", "0700".to_owned()),
            ("port", "5432".to_owned()),
        ];
        let fixed = [
            ("max_connections", "200"),
            // Statements are short; compiling them takes longer than running them.
            ("jit", "off"),
            ("timezone", "UTC"),
            ("lc_messages", "C"),
            ("logging_collector", "off"),
            ("log_destination", "stderr"),
            // Statements and details hold people's data, which a log must not.
            ("log_error_verbosity", "terse"),
            ("log_min_error_statement", "panic"),
            ("log_parameter_max_length_on_error", "0"),
        ];
        let disposable = [("fsync", "off"), ("synchronous_commit", "off"), ("full_page_writes", "off"), ("max_wal_size", "4GB")];
        let extra: &[_] = if self.durability == Durability::Disposable { &disposable } else { &[] };
        settings.extend(fixed.iter().chain(extra).map(|(name, value)| (*name, (*value).to_owned())));
        settings
    }

    fn open_log(&self) -> Result<File, LocalPostgresError> {
        let path = &self.layout.log;
        let file = File::options().create(true).append(true).open(path).map_err(LocalPostgresError::directory(path))?;
        if file.metadata().is_ok_and(|metadata| metadata.len() > MAX_LOG_BYTES) {
            file.set_len(0).map_err(LocalPostgresError::directory(path))?;
        }
        Ok(file)
    }

    fn log_since(&self, start: u64) -> String {
        let bytes = fs::read(&self.layout.log).unwrap_or_default();
        let new = bytes.get(usize::try_from(start).unwrap_or(0)..).unwrap_or_default();
        String::from_utf8_lossy(new).trim().to_owned()
    }
}

/// PostgreSQL's words for the shared memory or a lock file of a server that is just going away.
fn is_still_held(log: &str) -> bool {
    ["pre-existing shared memory block", "postmaster.pid\" already exists", ".lock\" already exists"]
        .iter()
        .any(|words| log.contains(words))
}
