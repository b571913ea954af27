//! What another process left behind: a running server, or the lock file of one that was killed.

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

/// Removes `postmaster.pid` if nothing works in the data directory any more. PostgreSQL does so itself unless a process has
/// got the number of the dead server, which in a container is the rule. It keeps its file for as long as a process of the
/// dead server may still touch shared memory, hence the look at every process.
pub(super) fn remove_stale_lock(data: &Path) {
    let is_stale =
        named_in_lock_file(data).is_some() && has_process_list() && processes().all(|pid| works_in(pid, data) != Some(true));
    if is_stale {
        let _ = fs::remove_file(data.join("postmaster.pid"));
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

fn has_process_list() -> bool {
    Path::new("/proc/self/cwd").exists()
}

fn processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok().map(Pid::from_raw))
}
