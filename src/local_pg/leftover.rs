//! What another process left behind: a running server, or the lock file of one that was killed.

use crate::local_pg::layout::Layout;
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs;
use std::path::Path;
use std::thread::sleep;
use std::time::{Duration, Instant};

/// How long a fast shutdown may take before the server is told to drop everything; it then recovers on the next start.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often a process is asked whether it is still there.
const PAUSE: Duration = Duration::from_millis(3);

/// The server that runs on these data, if any.
pub(super) fn find_running(data: &Path) -> Option<Pid> {
    let pid = named_in_lock_file(data)?;
    let is_there = match works_in(pid, data) {
        Some(is_there) => is_there,
        // Without /proc the lock file's word is all there is.
        None => kill(pid, None) != Err(Errno::ESRCH),
    };
    is_there.then_some(pid)
}

/// Removes `postmaster.pid` and the socket's lock file if nothing works in the data directory any more. PostgreSQL does so
/// itself unless a process has got the number of the dead server, which in a container is the rule, or the dead server is still
/// listed because nobody has waited for it. It keeps its files for as long as a process of the dead server may still touch
/// shared memory, hence the look at every process.
pub(super) fn remove_stale_locks(layout: &Layout) {
    if !has_process_list() || processes().any(|pid| works_in(pid, &layout.data) == Some(true)) {
        return;
    }
    for file in [layout.data.join("postmaster.pid"), layout.socket_lock_file()] {
        let _ = fs::remove_file(file);
    }
}

/// Ends the sessions of a server that was killed. They end by themselves when they notice, except those that wait for
/// something (a lock in shared memory) that a killed session will never give back.
pub(super) fn end_orphans(data: &Path) {
    if find_running(data).is_some() {
        return;
    }
    for pid in processes().filter(|pid| works_in(*pid, data) == Some(true) && is_postgres(*pid)) {
        let _ = kill(pid, Signal::SIGQUIT);
    }
}

/// Stops the server that runs on these data, whoever started it, and waits for its end.
pub(super) fn stop_running(data: &Path) {
    for signal in [Signal::SIGINT, Signal::SIGQUIT] {
        let Some(pid) = find_running(data) else { return };
        let _ = kill(pid, signal);
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if find_running(data) != Some(pid) {
                return;
            }
            sleep(PAUSE);
        }
    }
}

fn named_in_lock_file(data: &Path) -> Option<Pid> {
    let text = fs::read_to_string(data.join("postmaster.pid")).ok()?;
    text.lines().next()?.trim().parse().ok().map(Pid::from_raw)
}

/// Whether a process has the data directory as its working directory, as every process of a server does. `None` where the
/// system does not tell.
fn works_in(pid: Pid, data: &Path) -> Option<bool> {
    if !has_process_list() {
        return None;
    }
    Some(fs::read_link(format!("/proc/{pid}/cwd")).is_ok_and(|directory| directory == data))
}

/// Not the shell of somebody who looks around in the data directory.
fn is_postgres(pid: Pid) -> bool {
    fs::read_link(format!("/proc/{pid}/exe"))
        .is_ok_and(|program| program.file_name().is_some_and(|name| name.to_string_lossy().starts_with("postgres")))
}

fn has_process_list() -> bool {
    Path::new("/proc/self/cwd").exists()
}

fn processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
}
