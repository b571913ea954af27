//! The server, what is in the database, and whether it fits the schema.

use crate::config::Settings;
use crate::db::health::{self, AuditRoom, ServerFacts};
use crate::doctor::Finding;
use crate::doctor::finding::{causes, first_few};
use crate::export::{ExportFormat, ExportSettings};
use crate::migrate::{self, MigrateError};
use chrono::{TimeDelta, Utc};
use diesel_async::AsyncPgConnection;

/// Clocks that differ by more make audit events lie about their order.
const CLOCK_WARNS: TimeDelta = TimeDelta::seconds(2);

/// By this much, tokens end at the wrong time.
const CLOCK_FAILS: TimeDelta = TimeDelta::seconds(60);

/// Connections of a server besides those of `database.max_connections`: for callers, and for migrations.
const OTHER_CONNECTIONS: usize = 4;

pub(super) async fn examine_server(connection: &mut AsyncPgConnection, settings: &Settings) -> Vec<Finding> {
    let before = Utc::now();
    let facts = match health::read_server(connection).await {
        Ok(facts) => facts,
        Err(error) => return vec![Finding::unknown("database", &error)],
    };
    let ServerFacts { version, time, is_durable, max_connections, encoding, password_encryption, forgotten_transactions } = facts;
    let mut findings = vec![Finding::ok("database", format!("PostgreSQL {version}"))];
    let mut warn = |is_wrong: bool, message: String, advice: &str| {
        if is_wrong {
            findings.push(Finding::warn("database", message, advice));
        }
    };
    let durability = "set `fsync`, `full_page_writes` and `synchronous_commit` to on";
    warn(!is_durable, "a crash may take back what was answered as done".to_owned(), durability);
    let wanted = settings.database.max_connections + OTHER_CONNECTIONS;
    let too_few = usize::try_from(max_connections).is_ok_and(|all| all < wanted);
    let connections = "lower `database.max_connections`, or raise PostgreSQL's `max_connections`";
    warn(too_few, format!("each server may open {wanted} connections, PostgreSQL allows {max_connections} in all"), connections);
    warn(
        encoding != "UTF8",
        format!("the database's encoding is {encoding}"),
        "move the data to a database with the encoding UTF8",
    );
    let passwords = "set `password_encryption` to scram-sha-256, and each login's password anew";
    warn(password_encryption != "scram-sha-256", format!("passwords are stored as {password_encryption}"), passwords);
    let forgotten = "find them in `pg_stat_activity` by `state` and end them: they hold locks and keep vacuum from its work";
    warn(forgotten_transactions > 0, format!("{forgotten_transactions} transactions have been idle for ten minutes"), forgotten);
    findings.push(clock((time - before).abs(), (time - Utc::now()).abs()));
    findings
}

/// The answer took its time, so the smaller of both differences is what the clocks differ by at least.
fn clock(before: TimeDelta, after: TimeDelta) -> Finding {
    let difference = before.min(after);
    let message = format!("this machine's clock and the database's differ by {} ms", difference.num_milliseconds());
    let advice = "let both machines keep their clocks with NTP";
    if difference > CLOCK_FAILS {
        Finding::fail("clock", message, advice)
    } else if difference > CLOCK_WARNS {
        Finding::warn("clock", message, advice)
    } else {
        Finding::ok("clock", message)
    }
}

/// Whether all migrations are applied, so that the rest can be looked at.
pub(super) async fn examine_migrations(
    connection: &mut AsyncPgConnection,
    settings: &Settings,
    findings: &mut Vec<Finding>,
) -> bool {
    let migrations = match migrate::status(connection, &settings.server.migrations).await {
        Ok(migrations) => migrations,
        Err(error) => {
            findings.push(Finding::fail("migrations", causes(&error), "bring back the migrations as they were applied"));
            return false;
        }
    };
    let pending = migrations.iter().filter(|migration| migration.applied_at.is_none());
    let pending: Vec<String> = pending.map(|migration| migration.name.clone()).collect();
    if pending.is_empty() {
        findings.push(Finding::ok("migrations", format!("{} applied, none waits", migrations.len())));
        return true;
    }
    let message = format!("{} wait: {}", pending.len(), first_few(&pending));
    findings.push(Finding::fail("migrations", message, "review them, then run `toolcrib migrate apply`"));
    false
}

/// Tables, columns, constraints and indexes, those that the rules ask for among them.
pub(super) async fn examine_shape(connection: &mut AsyncPgConnection, tool: migrate::Tool<'_>) -> Vec<Finding> {
    let mut findings = vec![match migrate::verify(connection, tool).await {
        Ok(()) => Finding::ok("tables", "tables and indexes are what schema and rules ask for"),
        Err(error @ MigrateError::Unplanned { .. }) => {
            let advice = "run `toolcrib migrate plan --write NAME`, review it, then `toolcrib migrate apply`";
            Finding::fail("tables", causes(&error).lines().collect::<Vec<_>>().join(" "), advice)
        }
        Err(error @ MigrateError::RulesNotApplied { .. }) => {
            let advice = "run `toolcrib migrate apply`: no server serves rules that were not applied";
            Finding::fail("rules", causes(&error).lines().collect::<Vec<_>>().join(" "), advice)
        }
        Err(error) => Finding::unknown("tables", &error),
    }];
    findings.push(match health::list_invalid_indexes(connection).await {
        Ok(invalid) if invalid.is_empty() => Finding::ok("indexes", "every index is in use"),
        Ok(invalid) => {
            let advice = "run `reindex index concurrently NAME` for each: building it was interrupted, and it is not used";
            Finding::fail("indexes", format!("not valid: {}", first_few(&invalid)), advice)
        }
        Err(error) => Finding::unknown("indexes", &error),
    });
    match health::list_tables_without_statistics(connection).await {
        Ok(tables) if tables.is_empty() => {}
        Ok(tables) => {
            let message = format!("PostgreSQL has no statistics of {}", first_few(&tables));
            findings.push(Finding::warn("indexes", message, "run `analyze`, and see that autovacuum is on"));
        }
        Err(error) => findings.push(Finding::unknown("indexes", &error)),
    }
    findings
}

/// The audit log's room, and the files of exports.
pub(super) async fn examine_contents(connection: &mut AsyncPgConnection, settings: &Settings) -> Vec<Finding> {
    let room = health::read_audit_room(connection).await;
    let audit = room.map_or_else(|error| Finding::unknown("audit log", &error), |room| audit_room(&room));
    vec![audit, export_files(connection, settings).await]
}

fn audit_room(room: &AuditRoom) -> Finding {
    let AuditRoom { months_ahead, has_strays } = room;
    let advice = "run `toolcrib migrate apply`, which makes the next months and moves what strayed";
    if *has_strays {
        return Finding::warn("audit log", "events lie outside of every month's partition", advice);
    }
    match months_ahead {
        0 => Finding::warn("audit log", "the next month has no partition yet", advice),
        ahead => Finding::ok("audit log", format!("partitions for {ahead} months to come")),
    }
}

async fn export_files(connection: &mut AsyncPgConnection, settings: &Settings) -> Finding {
    let completed = match health::list_completed_exports(connection).await {
        Ok(completed) => completed,
        Err(error) => return Finding::unknown("exports", &error),
    };
    let directory = ExportSettings::in_directory(&settings.server.data_dir).directory;
    let is_missing = |id: &uuid::Uuid, format: &str| {
        let format = ExportFormat::parse(format);
        format.is_none_or(|format| !directory.join(format!("{id}.{}", format.extension())).is_file())
    };
    let missing = completed.iter().filter(|(id, format)| is_missing(id, format)).map(|(id, _)| id.to_string());
    let missing: Vec<String> = missing.collect();
    if missing.is_empty() {
        return Finding::ok("exports", format!("{} completed exports have their files", completed.len()));
    }
    let message = format!("no file in `{}` for {} exports: {}", directory.display(), missing.len(), first_few(&missing));
    Finding::warn("exports", message, "bring the files back from the backup, or share the directory between servers")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn clocks_that_differ_are_found() {
        let state = |before: i64, after: i64| clock(TimeDelta::milliseconds(before), TimeDelta::milliseconds(after)).state;
        assert_eq!(state(0, 900), State::Ok);
        assert_eq!(state(2_500, 2_400), State::Warn);
        assert_eq!(state(3_600_000, 3_600_100), State::Fail);
    }

    #[test]
    fn the_audit_log_needs_room() {
        let state = |months_ahead, has_strays| audit_room(&AuditRoom { months_ahead, has_strays }).state;
        assert_eq!(state(3, false), State::Ok);
        assert_eq!(state(0, false), State::Warn);
        assert_eq!(state(3, true), State::Warn);
    }
}
