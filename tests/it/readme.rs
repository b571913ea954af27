//! The commands of the READMEs, run in order in a copy of the tool, against the real binary.

use crate::examples::example_tools;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

/// A block of commands, with the output that the README shows below it.
struct Block {
    commands: String,
    needs_restart: bool,
    expected: Option<String>,
}

/// Between the outputs of two blocks.
const MARK: &str = "@@@ end of block";

/// Starts and stops the server; `serve` returns when it is ready.
const PRELUDE: &str = r#"
set -euo pipefail
serve() {
  toolcrib serve --demo --listen "127.0.0.1:$PORT" >server.out 2>>server.log &
  SERVER=$!
  until curl -fsS "http://127.0.0.1:$PORT/readyz" >/dev/null 2>&1; do
    kill -0 "$SERVER" || { cat server.log >&2; exit 1; }
    sleep 0.05
  done
}
stop() { kill "$SERVER"; wait "$SERVER"; }
trap 'kill "$SERVER" 2>/dev/null && wait "$SERVER" || true' EXIT
serve
"#;

#[test]
fn the_walk_through_works_as_written() {
    let blocks = check_walk(Path::new("."));
    assert!(blocks.len() > 8, "the README has lost its walk");
    assert_eq!(blocks.iter().filter(|block| block.needs_restart).count(), 1);
}

#[test]
fn the_walks_through_the_examples_work_as_written() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for tool in example_tools() {
        let blocks = check_walk(tool.strip_prefix(root).unwrap());
        assert!(blocks.len() > 4, "the README of `{}` has lost its walk", tool.display());
    }
}

/// Runs the walk of the tool in this directory of the repository, from the repository's root.
fn check_walk(tool: &Path) -> Vec<Block> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join(tool).join("README.md")).unwrap();
    let blocks = blocks(&readme);

    let directory = tempfile::tempdir().unwrap();
    copy_tool(root, directory.path());
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let script = script(&blocks).replace("127.0.0.1:4000", &format!("127.0.0.1:{port}"));
    let output = Command::new("bash")
        .args(["-c", &script])
        .current_dir(directory.path())
        .env("PORT", port.to_string())
        .env("TOOLCRIB_DIR", tool)
        .env("PATH", path_with(&directory.path().join("target/release")))
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the README's commands fail:\n{text}\n{errors}");
    let outputs: Vec<&str> = text.split(MARK).collect();
    for (block, output) in blocks.iter().zip(outputs) {
        if let Some(expected) = &block.expected {
            assert_shows(output, expected, &block.commands);
        }
    }
    blocks
}

fn script(blocks: &[Block]) -> String {
    let mut script = PRELUDE.to_owned();
    for block in blocks {
        if block.needs_restart {
            script.push_str("stop\nserve\n");
        }
        script.push_str(&block.commands);
        script.push_str(&format!("\nprintf '\\n{MARK}\\n'\n"));
    }
    script
}

/// The ```sh blocks, each with the ```text block that follows it before the next.
fn blocks(readme: &str) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        let Some(language) = line.strip_prefix("```").filter(|language| !language.is_empty()) else { continue };
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
        let body = body.join("\n");
        match language {
            "sh" | "sh restart" => {
                blocks.push(Block { commands: body, needs_restart: language.ends_with("restart"), expected: None });
            }
            "text" => blocks.last_mut().unwrap().expected = Some(body),
            _ => {}
        }
    }
    blocks
}

/// Every expected line is there, in order; `…` stands for any text.
fn assert_shows(output: &str, expected: &str, commands: &str) {
    let mut lines = output.lines();
    for wanted in expected.lines() {
        let is_found = lines.any(|line| is_like(line, wanted));
        assert!(is_found, "`{wanted}` is not in the output of\n{commands}\nwhich is\n{output}");
    }
}

fn is_like(line: &str, pattern: &str) -> bool {
    let parts: Vec<&str> = pattern.split('…').collect();
    let (first, last) = (parts[0], parts[parts.len() - 1]);
    if parts.len() == 1 {
        return line == pattern;
    }
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    for part in &parts[1..parts.len() - 1] {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

fn path_with(first: &Path) -> String {
    format!("{}:{}", first.display(), std::env::var("PATH").unwrap_or_default())
}

/// The tool's files, and the binary where the README says it is.
fn copy_tool(root: &Path, to: &Path) {
    for file in ["schema.graphql", "toolcrib.toml"] {
        fs::copy(root.join(file), to.join(file)).unwrap();
    }
    for directory in ["migrations", "examples"] {
        copy_directory(&root.join(directory), &to.join(directory));
    }
    fs::create_dir_all(to.join("target/release")).unwrap();
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_toolcrib"), to.join("target/release/toolcrib")).unwrap();
}

fn copy_directory(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        // What a server of the developer keeps there, and what npm does.
        if entry.file_name() == ".toolcrib" || entry.file_name() == "node_modules" {
            continue;
        }
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_directory(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
}
