//! Settings and files: what can be said without a database.

use crate::config::{FILE_NAME, LogSettings, Settings, SlowQueryPlan, TelemetrySettings};
use crate::doctor::Finding;
use nix::sys::statvfs::statvfs;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Less free space than this, and the next export or write may fail.
const TOO_LITTLE_SPACE: u64 = 200 << 20;

/// Less than this is little for files that grow.
const LITTLE_SPACE: u64 = 2 << 30;

pub(super) fn examine(settings: &Settings) -> Vec<Finding> {
    let mut findings = unused(settings);
    if findings.is_empty() {
        findings.push(Finding::ok("settings", "every setting has an effect"));
    }
    findings.extend(exposure(settings));
    findings.extend(secrets_in_file(&settings.directory.join(FILE_NAME)));
    findings.push(data_directory(&settings.server.data_dir));
    findings
}

/// Settings that do nothing because another one is missing.
fn unused(settings: &Settings) -> Vec<Finding> {
    let Settings { database, log, telemetry, demo, .. } = settings;
    let mut unused = Vec::new();
    let mut note = |is_unused: bool, message: &str, advice: &str| {
        if is_unused {
            unused.push(Finding::warn("settings", message, advice));
        }
    };
    note(
        database.server_url.is_some() && database.url.is_none(),
        "`database.server_url` is set, and without `database.url` a private PostgreSQL is used",
        "set `database.url`, or remove `database.server_url`",
    );
    let LogSettings { slow_query, slow_query_plan, .. } = log;
    note(
        *slow_query_plan == SlowQueryPlan::Logged && slow_query.is_none(),
        "`log.slow_query_plan` is set, and no statement is slow without `log.slow_query`",
        "set `log.slow_query`, or remove `log.slow_query_plan`",
    );
    let TelemetrySettings { otlp_endpoint, otlp_headers, service_name, environment, sample_percent, sentry_dsn, ca_file } =
        telemetry;
    note(
        otlp_endpoint.is_none() && (*sample_percent != 100 || !otlp_headers.is_empty()),
        "`telemetry` names no `otlp_endpoint`, so there are no traces",
        "set `telemetry.otlp_endpoint`, or remove what is about traces",
    );
    let is_told = otlp_endpoint.is_some() || sentry_dsn.is_some();
    note(
        !is_told && (service_name != "toolcrib" || environment.is_some() || ca_file.is_some()),
        "`telemetry` names neither an `otlp_endpoint` nor a `sentry_dsn`, so nothing is told to anybody",
        "set one of them, or remove the section",
    );
    let missing_seed = demo.seed.as_ref().filter(|seed| !seed.is_file());
    if let Some(seed) = missing_seed {
        note(
            true,
            &format!("`demo.seed` names `{}`, which is not there", seed.display()),
            "write the file, or remove `demo.seed`",
        );
    }
    unused
}

/// Who reaches the server.
fn exposure(settings: &Settings) -> Option<Finding> {
    let listen = settings.server.listen;
    if !listen.ip().is_loopback() {
        let advice = "put a proxy with TLS in front, and let only the proxy reach the port";
        return Some(Finding::warn("network", format!("the API listens on {listen}, without TLS"), advice));
    }
    let metrics = settings.metrics.listen.filter(|address| !address.ip().is_loopback() && settings.metrics.token.is_none());
    metrics.map(|address| {
        let advice = "set `metrics.token`, or let only the monitoring reach the port";
        Finding::warn("network", format!("metrics are for whoever reaches {address}"), advice)
    })
}

/// A file with passwords is nobody else's to read.
fn secrets_in_file(path: &Path) -> Option<Finding> {
    let text = fs::read_to_string(path).ok()?;
    let mode = fs::metadata(path).ok()?.permissions().mode();
    let mut set = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let has_secret = set.any(|line| {
        line.starts_with("token")
            || line.starts_with("client_secret =")
            || line.starts_with("sentry_dsn")
            || line.starts_with("otlp_headers")
            || (line.contains("url") && line.contains("://") && line.contains('@'))
    });
    (has_secret && mode & 0o044 != 0).then(|| {
        let message = format!("`{}` holds secrets, and other accounts can read it", path.display());
        Finding::warn("files", message, format!("run `chmod 600 {}`, or put secrets into variables", path.display()))
    })
}

fn data_directory(directory: &Path) -> Finding {
    // Not made before the first start: then its place is what counts.
    let place = directory.ancestors().find(|place| place.is_dir()).unwrap_or(directory);
    let path = place.display();
    let free = match statvfs(place) {
        Ok(system) => system.blocks_available().saturating_mul(system.fragment_size()),
        Err(error) => return Finding::unknown("disk", &error),
    };
    let message = format!("{} MiB free in `{path}`", free >> 20);
    let advice = "make room: exports and a private PostgreSQL are kept there; `data_dir` names another place";
    if nix::unistd::access(place, nix::unistd::AccessFlags::W_OK).is_err() {
        return Finding::fail(
            "disk",
            format!("`{path}` is not ours to write to"),
            "let the server's account own it, or set `data_dir`",
        );
    }
    match free {
        0..TOO_LITTLE_SPACE => Finding::fail("disk", message, advice),
        TOO_LITTLE_SPACE..LITTLE_SPACE => Finding::warn("disk", message, advice),
        _ => Finding::ok("disk", message),
    }
}
