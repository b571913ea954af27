//! The real binary on a port, whose people sign in at the real provider.

use crate::support::process::{Crib, Server};
use crate::support::provider::RealProvider;
use std::net::{SocketAddr, TcpListener};

/// A tool without rows.
const SCHEMA: &str = "type Note @collection @access(read: \"true\", write: \"user.role == 'admin'\") { text: String! }\n";

/// A server with everything that it needs. Ana is its first administrator.
pub struct Served {
    pub crib: Crib,
    pub url: String,
    pub provider: RealProvider,
    pub server: Server,
}

impl Served {
    pub async fn start() -> Self {
        let address: SocketAddr = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let url = format!("http://{address}");
        let provider = RealProvider::start(&url, false);
        let crib = Crib::with_schema(SCHEMA);
        let settings = format!(
            "[auth]\npublic_url = \"{url}\"\n[[auth.providers]]\nid = \"test\"\nname = \"The provider\"\nissuer = \"{}\"\n\
             client_id = \"toolcrib\"\nclient_secret_env = \"THE_SECRET\"\nscopes = [\"email\", \"profile\"]\n\
             device_client_id = \"toolcrib-cli\"\n",
            provider.issuer
        );
        crib.write("toolcrib.toml", &settings);
        let crib = crib.with("THE_SECRET", "a-secret-of-the-tests");
        crib.run_well(&["migrate", "plan", "--write", "create_notes"]);
        crib.run_well(&["migrate", "apply"]);
        crib.run_well(&["admin", "bootstrap", "--email", "ana@desk.test", "--name", "Ana"]);
        let server = crib.serve_on(address).await;
        server.is_ready().await;
        Self { crib, url, provider, server }
    }
}
