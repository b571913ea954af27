//! The files of `examples/deploy/`, as far as they can be checked without a container engine.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn file(name: &str) -> (PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/deploy").join(name);
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

/// The values of a key of the unit, joined.
fn values(unit: &str, key: &str) -> String {
    let lines = unit.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('='));
    lines.collect::<Vec<_>>().join(" ")
}

#[test]
fn the_unit_is_one_that_systemd_reads() {
    let (_, unit) = file("toolcrib.service");
    assert_eq!(values(&unit, "NoNewPrivileges"), "yes");
    assert_eq!(values(&unit, "ProtectSystem"), "strict");
    assert_eq!(values(&unit, "CapabilityBoundingSet"), "");
    assert!(values(&unit, "ExecStart").ends_with("toolcrib serve"));
    // Exports get ten seconds, and five more for their last words, after the requests' twenty-five.
    assert!(values(&unit, "TimeoutStopSec").parse::<u32>().unwrap() > 25 + 10 + 5);
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("toolcrib.service");
    fs::write(&path, unit.replace("/usr/local/bin/toolcrib serve", "/bin/true")).unwrap();
    // A machine without systemd has nothing that could check it.
    if let Ok(output) = Command::new("systemd-analyze").arg("verify").arg(&path).output() {
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && said.is_empty(), "{said}");
    }
}

#[test]
fn the_image_is_made_of_files_that_are_there() {
    let (_, text) = file("Dockerfile");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let copied = text.lines().filter_map(|line| line.strip_prefix("COPY ")).filter(|line| !line.starts_with("--from"));
    let sources: Vec<&str> = copied.flat_map(|line| line.rsplit_once(' ').unwrap().0.split(' ')).collect();
    assert!(sources.len() >= 3, "{sources:?}");
    for source in sources {
        assert!(root.join(source).exists(), "`{source}` is not there");
    }
    let stages: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("FROM ")?.split(" AS ").nth(1)).collect();
    for used in text.lines().filter_map(|line| line.strip_prefix("COPY --from=")?.split(' ').next()) {
        assert!(stages.contains(&used), "there is no stage `{used}`");
    }
    // What runs is not root, and the variables are settings.
    assert!(text.contains("\nUSER 10001\n"));
    let reference = toolcrib::config::reference();
    for name in text.split_whitespace().filter_map(|word| word.strip_prefix("TOOLCRIB_")?.split_once('=')).map(|(name, _)| name) {
        let key = name.to_ascii_lowercase();
        let last = key.rsplit_once('_').map_or(key.as_str(), |(_, last)| last);
        let is_setting = key == "dir" || [key.as_str(), last].iter().any(|key| reference.contains(&format!("# {key} = ")));
        assert!(is_setting, "`TOOLCRIB_{name}` is no setting");
    }
}

/// What the context of the build leaves out: a path and all below it, or with `**/` a name at any depth.
fn is_left_out(ignored: &str, path: &str) -> bool {
    let patterns = ignored.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    let is_below = |pattern: &str| path == pattern || path.strip_prefix(pattern).is_some_and(|rest| rest.starts_with('/'));
    let mut patterns = patterns.map(|pattern| match pattern.strip_prefix("**/") {
        Some(name) => path.split('/').any(|part| part == name),
        None => is_below(pattern),
    });
    patterns.any(|is_left_out| is_left_out)
}

#[test]
fn what_the_image_is_made_of_comes_into_its_context_and_no_secret_does() {
    let (_, ignored) = file("Dockerfile.dockerignore");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for needed in [
        "Cargo.toml",
        "Cargo.lock",
        "build.rs",
        "benches/rules.rs",
        "migrations/platform",
        "schema.graphql",
        "src/main.rs",
        "src/http/console/graphiql/package-lock.json",
        "src/http/console/graphiql/build.mjs",
        "toolcrib.toml",
    ] {
        assert!(root.join(needed).exists(), "`{needed}` is not where it was");
        assert!(!is_left_out(&ignored, needed), "`{needed}` does not come along");
    }
    for heavy in [
        "target/release/toolcrib",
        ".git/config",
        ".toolcrib/postgres",
        "tests/browser/node_modules/x",
        "src/http/console/dist/a.js",
    ] {
        assert!(is_left_out(&ignored, heavy), "`{heavy}` comes along");
    }
}

#[test]
fn the_image_is_built_as_a_release_is() {
    let (_, text) = file("Dockerfile");
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let dev = fs::read_to_string(root.join("dev")).unwrap();
    let run: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("RUN ")).collect();
    const BUILD: &str = "cargo build --release --locked";
    assert!(dev.lines().any(|line| line.trim() == BUILD), "`./dev build` builds another way");
    assert!(run.iter().any(|command| *command == format!("{BUILD} --bin toolcrib")), "{run:?}");
    assert!(run.contains(&"npm ci") && run.contains(&"npm run build"), "{run:?}");
    let package = fs::read_to_string(root.join("src/http/console/graphiql/package.json")).unwrap();
    let package: serde_json::Value = serde_json::from_str(&package).unwrap();
    assert!(package["scripts"]["build"].is_string());
    let manifest: toml::Table = fs::read_to_string(root.join("Cargo.toml")).unwrap().parse().unwrap();
    let version = manifest["package"]["rust-version"].as_str().unwrap();
    assert!(text.contains(&format!("FROM rust:{version}-")), "the compiler of the image is not {version}");
}

/// On a machine with the release of Debian that the image is made of, whose package lists are there.
#[test]
fn the_packages_of_the_image_are_in_its_debian() {
    let (_, text) = file("Dockerfile");
    let commands =
        text.lines().filter_map(|line| line.split_once("apt-get install -y --no-install-recommends ")?.1.split("&&").next());
    let packages: Vec<&str> = commands.flat_map(str::split_whitespace).collect();
    assert_eq!(packages, ["build-essential", "ca-certificates", "postgresql-client"]);
    let release = fs::read_to_string("/etc/os-release").unwrap_or_default();
    let lists = fs::read_dir("/var/lib/apt/lists").into_iter().flatten().flatten();
    let has_lists = lists.into_iter().any(|entry| entry.file_name().to_string_lossy().ends_with("_Packages"));
    if !has_lists || !release.contains("VERSION_CODENAME=bookworm") {
        return;
    }
    for package in packages {
        let known = Command::new("apt-cache").args(["show", "--no-all-versions", package]).output().unwrap();
        assert!(known.status.success(), "there is no package `{package}`: {}", String::from_utf8_lossy(&known.stderr));
    }
}
