//! The hand-written SQL without any server: what PostgreSQL itself manages over as many connections as the servers have.

use crate::operation::Operation;
use crate::stage::Stage;
use anyhow::{Context, Result, bail};
use std::fs;
use std::process::Command;
use std::time::Duration;

/// `pgbench` takes no more scripts; each has other ids.
const SCRIPTS: usize = 128;

/// Transactions for each second; not a number for what it cannot do.
pub(crate) fn run(stage: &Stage, operation: &Operation, length: Duration) -> Result<f64> {
    let scripts = operation.scripts();
    if scripts.is_empty() {
        return Ok(f64::NAN);
    }
    let directory = stage.scratch("pgbench")?;
    let seconds = length.as_secs().max(1) * 2;
    let clients = std::thread::available_parallelism().map_or(8, |cores| (2 * cores.get()).max(8));
    let mut command = Command::new("pgbench");
    command.args(["-n", "-M", "prepared", "-j", "2", "-c", &clients.to_string(), "-T", &seconds.to_string()]);
    for (index, script) in scripts.iter().take(SCRIPTS).enumerate() {
        let path = directory.join(format!("{index}.sql"));
        fs::write(&path, script)?;
        command.arg("-f").arg(path);
    }
    let output = command.arg(stage.url()?).output().context("pgbench, of PostgreSQL's own package")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rate = text.lines().find_map(|line| line.strip_prefix("tps = ")?.split_whitespace().next()?.parse().ok());
    match rate {
        Some(rate) if output.status.success() => Ok(rate),
        _ => bail!("pgbench: {}", String::from_utf8_lossy(&output.stderr)),
    }
}
