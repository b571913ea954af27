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
