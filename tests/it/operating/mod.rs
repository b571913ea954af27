//! What an operator needs: metrics, traces, the slow-query log, `explain`, `doctor`, backup, the configuration's reference.

mod backup;
mod command_line;
mod database_logins;
mod deploy;
mod doctor;
mod explain;
mod metrics;
mod reports;
mod slow_queries;
#[cfg(feature = "otlp")]
mod traces;

use crate::support::app::SUPPORT_DESK_ROWS;
use crate::support::database::{SUPPORT_DESK, TestDatabase};
use crate::support::http::{self, Reply};
use crate::support::process::{Crib, Server};
use std::net::SocketAddr;

/// The support desk with its people on a database that is given, for the real binary. Variables are settings.
struct Desk {
    database: TestDatabase,
    crib: Crib,
}

impl Desk {
    async fn with(variables: &[(&str, &str)]) -> Self {
        let database = TestDatabase::empty(SUPPORT_DESK).await;
        let crib = Crib::support_desk().on(&database.owner_url(), &database.server_url());
        crib.run_well(&["migrate", "apply"]);
        database.execute(SUPPORT_DESK_ROWS).await;
        let crib = variables.iter().fold(crib, |crib, (name, value)| crib.with(name, value));
        Self { database, crib }
    }

    async fn serve(&self) -> Server {
        let server = self.crib.serve(&[]).await;
        server.is_ready().await;
        server
    }
}

/// A GET request with a bearer token.
async fn get(address: SocketAddr, path: &str, token: Option<&str>) -> Reply {
    let authorization = token.map_or(String::new(), |token| format!("Authorization: Bearer {token}\r\n"));
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n{authorization}Connection: close\r\n\r\n");
    http::send(address, request.as_bytes()).await.unwrap()
}
