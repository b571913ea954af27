//! What client generators make of `toolcrib schema print`: `examples/clients/typescript`, generated, checked and run.

use crate::support::process::Crib;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const INSTALL: &str = "`./dev test` installs what the client needs: Node and the packages of `examples/clients/typescript`";

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/clients/typescript")
}

/// Runs a script of the project's `package.json`; its standard output.
fn npm_run(script: &str, variables: &[(&str, &str)]) -> String {
    let mut npm = Command::new("npm");
    npm.args(["run", "--silent", script]).current_dir(project()).envs(variables.iter().copied());
    let output = npm.output().unwrap_or_else(|error| panic!("`npm` cannot be run: {error}; {INSTALL}"));
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(output.status.success(), "npm run {script}:\n{}{}\n{INSTALL}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_typescript_client_is_generated_checked_and_run() {
    assert!(project().join("node_modules/typescript").is_dir(), "the packages are missing; {INSTALL}");
    let crib = Crib::support_desk();
    fs::write(project().join("schema.graphql"), crib.run_well(&["schema", "print"])).unwrap();
    // The sources hold mistakes that the types have to refuse (`checks.ts`), so this also fails where types are too wide.
    npm_run("generate", &[]);
    npm_run("build", &[]);

    let server = crib.serve(&["--demo"]).await;
    server.is_ready().await;
    let (api, token) = (format!("http://{}/graphql", server.address()), crib.token("agent@demo.test"));
    let count = "{ tickets(where: { status: { in: [OPEN, PENDING] } }) { totalCount } }";
    let count = server.graphql(&token, count).await.unwrap()["data"]["tickets"]["totalCount"].as_u64().unwrap();
    let run = move || npm_run("start", &[("TOOLCRIB_API", &api), ("TOOLCRIB_TOKEN", &token)]);
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    assert!(count > 100, "one page would do: {count}");
    assert_eq!(output.lines().filter(|line| line.starts_with("CASE-")).count() as u64, count, "{output}");
}
