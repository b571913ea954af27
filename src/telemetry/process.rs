//! What the system says of this process, under the names that every Prometheus client uses.

use metrics::gauge;
use nix::sys::resource::{UsageWho, getrusage};
use std::sync::LazyLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Close enough: telemetry is the first thing that starts.
static STARTED: LazyLock<f64> =
    LazyLock::new(|| SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |since| since.as_secs_f64()));

/// Brings the gauges of the process up to date. What the system does not tell is left out.
pub(super) fn measure() {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(bytes) = bytes_of(&status, "VmRSS:") {
        gauge!("process_resident_memory_bytes").set(bytes);
    }
    if let Some(bytes) = bytes_of(&status, "VmSize:") {
        gauge!("process_virtual_memory_bytes").set(bytes);
    }
    if let Ok(files) = std::fs::read_dir("/proc/self/fd") {
        gauge!("process_open_fds").set(u32::try_from(files.count()).unwrap_or(u32::MAX));
    }
    if let Ok(usage) = getrusage(UsageWho::RUSAGE_SELF) {
        let seconds = |time: nix::sys::time::TimeVal| time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6;
        gauge!("process_cpu_seconds_total").set(seconds(usage.user_time()) + seconds(usage.system_time()));
    }
    gauge!("process_start_time_seconds").set(*STARTED);
}

/// A line such as `VmRSS:     1234 kB`.
fn bytes_of(status: &str, name: &str) -> Option<f64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok().map(|kilobytes| kilobytes * 1024.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_in_bytes() {
        let status = "Name:\ttoolcrib\nVmSize:\t  2048 kB\nVmRSS:\t     3 kB\n";
        assert_eq!(bytes_of(status, "VmRSS:"), Some(3072.0));
        assert_eq!(bytes_of(status, "VmSize:"), Some(2_097_152.0));
        assert_eq!(bytes_of(status, "VmSwap:"), None);
    }
}
