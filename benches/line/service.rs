//! A start on an existing database: how long until it answers, how much memory it holds.

use crate::load::{self, Target};
use crate::process::{Server, memory_mib};
use crate::rounds::median;
use crate::stage::Stage;
use anyhow::Result;
use std::time::Duration;

/// How often each start is measured.
const STARTS: usize = 5;

/// What came out.
#[derive(Debug)]
pub(crate) struct Service {
    /// Milliseconds from the start of the process until it listens, its private PostgreSQL included.
    pub(crate) cold_ms: f64,
    /// The same with PostgreSQL running already.
    pub(crate) warm_ms: f64,
    /// MiB of resident memory after the start.
    pub(crate) resident_mib: f64,
}

/// What is good enough.
pub(crate) const READY_MS: f64 = 300.0;
pub(crate) const RESIDENT_MIB: f64 = 60.0;

/// Measures starts. PostgreSQL must be held, and is held again afterwards.
pub(crate) async fn measure(stage: &mut Stage) -> Result<Service> {
    let token = stage.token("manager@demo.test")?;
    stage.release_postgres().await;
    let (mut cold, mut warm, mut resident) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..STARTS {
        let server = stage.serve(&[], "start").await?;
        cold.push(server.ready_after.as_secs_f64() * 1000.0);
        server.stop()?;
    }
    stage.hold_postgres().await?;
    for _ in 0..STARTS {
        let server = stage.serve(&[], "start").await?;
        warm.push(server.ready_after.as_secs_f64() * 1000.0);
        resident.push(settled_memory(&server, &token).await?);
        server.stop()?;
    }
    Ok(Service { cold_ms: median(&cold), warm_ms: median(&warm), resident_mib: median(&resident) })
}

/// The memory after a first answer and a moment for the rest of the start.
async fn settled_memory(server: &Server, token: &str) -> Result<f64> {
    let target = Target { address: server.address.clone(), path: "/graphql".to_owned(), token: token.to_owned() };
    load::ask_once(&target, "{\"query\":\"{ viewer: tickets(first: 1) { nodes { id } } }\"}").await?;
    tokio::time::sleep(Duration::from_millis(500)).await;
    memory_mib(server.id(), "VmRSS")
}
