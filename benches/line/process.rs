//! Processes that are measured: started with a log of their own, looked at through `/proc`, stopped.

use anyhow::{Context, Result, bail};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long a server may take to listen; a first start makes a database and loads the demo data.
const LISTENS_WITHIN: Duration = Duration::from_secs(300);

/// The clock of `/proc`, in ticks for each second; Linux has had no other for decades.
const TICKS: f64 = 100.0;

/// A server process.
pub(crate) struct Server {
    child: Child,
    /// `127.0.0.1:port`
    pub(crate) address: String,
    /// From the start of the process until it answered.
    pub(crate) ready_after: Duration,
}

impl Server {
    /// Starts a server that writes `listening on http://ADDRESS` into its standard error, and waits for that.
    pub(crate) async fn start(command: &mut Command, log: &Path) -> Result<Self> {
        let output = File::create(log).with_context(|| format!("cannot write {}", log.display()))?;
        let started = Instant::now();
        let mut child = command.stdin(Stdio::null()).stdout(output.try_clone()?).stderr(output).spawn()?;
        loop {
            if let Some(address) = listening_address(&fs::read_to_string(log)?) {
                wait_for_answer(&address).await?;
                return Ok(Self { child, address, ready_after: started.elapsed() });
            }
            if let Some(status) = child.try_wait()? {
                bail!("{command:?} ended with {status}; see {}", log.display());
            }
            if started.elapsed() > LISTENS_WITHIN {
                bail!("{command:?} does not listen; see {}", log.display());
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }

    /// Its process id.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to stop and waits for its end.
    pub(crate) fn stop(mut self) -> Result<()> {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM)?;
        let status = self.child.wait()?;
        if status.success() { Ok(()) } else { bail!("a server ended with {status}") }
    }
}

impl Drop for Server {
    /// After an error; a server that was stopped is gone already, and the kill finds nothing.
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Any answer will do: the hand-written server has no such page.
async fn wait_for_answer(address: &str) -> Result<()> {
    let mut stream = TcpStream::connect(address).await?;
    stream.write_all(format!("GET /readyz HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 ") { Ok(()) } else { bail!("{address} does not speak HTTP") }
}

fn listening_address(log: &str) -> Option<String> {
    let (_, rest) = log.split_once("listening on http://")?;
    let end = rest.find(|letter: char| letter != ':' && letter != '.' && !letter.is_ascii_digit())?;
    Some(rest[..end].to_owned())
}

/// A line of `/proc/PID/status` that counts KiB, `VmRSS` or `VmHWM`, in MiB.
pub(crate) fn memory_mib(id: u32, line: &str) -> Result<f64> {
    let status = fs::read_to_string(format!("/proc/{id}/status"))?;
    let value = status.lines().find_map(|text| text.strip_prefix(line)?.strip_prefix(':')?.trim().strip_suffix(" kB"));
    Ok(value.with_context(|| format!("no {line}"))?.parse::<f64>()? / 1024.0)
}

/// The processor time that a process has used.
pub(crate) fn cpu_seconds(id: u32) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name, in parentheses, may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')').context("no name")?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index).and_then(|field| field.parse::<f64>().ok()).context("no times");
    Ok((ticks(11)? + ticks(12)?) / TICKS)
}

/// The processor time that the living children of a process have used.
pub(crate) fn cpu_seconds_of_children(parent: u32) -> Result<f64> {
    let mut seconds = 0.0;
    for task in fs::read_dir(format!("/proc/{parent}/task"))? {
        let children: PathBuf = task?.path().join("children");
        for child in fs::read_to_string(children)?.split_whitespace() {
            // It may have ended since it was listed.
            seconds += cpu_seconds(child.parse()?).unwrap_or(0.0);
        }
    }
    Ok(seconds)
}
