//! Roles and privileges: too few, and the server refuses what the rules allow; too many, and the second wall is open.

use crate::app::Storage;
use crate::db::health::{self, LoginFacts};
use crate::doctor::Finding;
use crate::doctor::finding::{causes, first_few};
use crate::migrate::{self, GrantChanges, WallChanges};
use diesel_async::AsyncPgConnection;

const APPLY: &str = "run `toolcrib migrate apply`, which makes roles, privileges and policies what the rules say";

pub(super) async fn examine(connection: &mut AsyncPgConnection, tool: migrate::Tool<'_>, storage: &Storage) -> Vec<Finding> {
    let mut findings = vec![roles(connection, tool).await, server_login(storage).await];
    findings.extend(grants(connection, tool).await);
    findings.push(row_security(connection, tool).await);
    findings.extend(strangers(connection).await);
    findings
}

async fn roles(connection: &mut AsyncPgConnection, tool: migrate::Tool<'_>) -> Finding {
    match migrate::inspect_roles(connection, tool).await {
        Ok(problems) if problems.is_empty() => Finding::ok("roles", "every role is there, and none can go around the rules"),
        Ok(problems) => {
            let advice = format!("take the right away with `alter role` or `revoke`; for what is missing, {APPLY}");
            Finding::fail("roles", first_few(&problems), advice)
        }
        Err(error) => Finding::unknown("roles", &error),
    }
}

/// The login that answers requests, as it really logs in.
async fn server_login(storage: &Storage) -> Finding {
    let mut connection = match migrate::connect(storage.server_url.expose()).await {
        Ok(connection) => connection,
        Err(error) => {
            let advice = "run `toolcrib migrate apply`, or give the login of `database.server_url` its password";
            return Finding::fail("server login", causes(&error), advice);
        }
    };
    match health::read_login(&mut connection).await {
        Ok(login) => judge_login(&login),
        Err(error) => Finding::unknown("server login", &error),
    }
}

fn judge_login(login: &LoginFacts) -> Finding {
    let LoginFacts { name, is_privileged, is_inheriting, can_become_owner, owned } = login;
    let problem = if *is_privileged {
        "is a superuser or has rights of one, so no rule of the database holds for it"
    } else if *can_become_owner {
        "may act as the owner of the tables"
    } else if *is_inheriting {
        "has the rights of every role at once, because it is not NOINHERIT"
    } else if *owned > 0 {
        "owns something in this server's databases"
    } else {
        return Finding::ok("server login", format!("`{name}` owns nothing and has no right of its own"));
    };
    let advice = "let `database.server_url` log in as `toolcrib_server`, which `toolcrib migrate apply` makes";
    Finding::fail("server login", format!("`{name}` {problem}"), advice)
}

async fn grants(connection: &mut AsyncPgConnection, tool: migrate::Tool<'_>) -> Vec<Finding> {
    let changes = match migrate::inspect_grants(connection, tool).await {
        Ok(changes) => changes,
        Err(error) => return vec![Finding::unknown("privileges", &error)],
    };
    let GrantChanges { granted, revoked } = &changes;
    let mut findings = Vec::new();
    if !granted.is_empty() {
        let message = format!("missing: {}", first_few(&GrantChanges::lines(granted)));
        findings.push(Finding::fail("privileges", message, APPLY));
    }
    if !revoked.is_empty() {
        let message = format!("more than any rule gives: {}", first_few(&GrantChanges::lines(revoked)));
        findings.push(Finding::fail("privileges", message, APPLY));
    }
    if findings.is_empty() {
        findings.push(Finding::ok("privileges", "every role has what the rules give it, and nothing else"));
    }
    findings
}

/// The rules once more, in PostgreSQL itself.
async fn row_security(connection: &mut AsyncPgConnection, tool: migrate::Tool<'_>) -> Finding {
    let WallChanges { made, dropped } = match migrate::inspect_wall(connection, tool).await {
        Ok(changes) => changes,
        Err(error) => return Finding::unknown("row-level security", &error),
    };
    if !made.is_empty() {
        let message = format!("missing, or not what the rules say: {}", first_few(&made));
        return Finding::fail("row-level security", message, APPLY);
    }
    if !dropped.is_empty() {
        return Finding::fail("row-level security", format!("asked for by no rule: {}", first_few(&dropped)), APPLY);
    }
    Finding::ok("row-level security", "every table keeps every role to the rules by itself")
}

/// Others who can change our tables without a rule and without an audit event.
async fn strangers(connection: &mut AsyncPgConnection) -> Vec<Finding> {
    let mut findings = Vec::new();
    match health::list_foreign_writers(connection).await {
        Ok(writers) if writers.is_empty() => {}
        Ok(writers) => {
            let message = format!("may change data past rules and audit log: {}", first_few(&writers));
            findings.push(Finding::warn("privileges", message, "revoke it, unless you gave it on purpose"));
        }
        Err(error) => findings.push(Finding::unknown("privileges", &error)),
    }
    match health::list_tables_of_others(connection).await {
        Ok(tables) if tables.is_empty() => {}
        Ok(tables) => {
            let message = format!("tables of the platform with another owner: {}", first_few(&tables));
            findings.push(Finding::fail("privileges", message, "run `alter table NAME owner to toolcrib_owner` for each"));
        }
        Err(error) => findings.push(Finding::unknown("privileges", &error)),
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::State;

    #[test]
    fn a_login_with_any_right_of_its_own_fails() {
        let sound = LoginFacts {
            name: "toolcrib_server".to_owned(),
            is_privileged: false,
            is_inheriting: false,
            can_become_owner: false,
            owned: 0,
        };
        assert_eq!(judge_login(&sound).state, State::Ok);
        for weak in [
            LoginFacts { is_privileged: true, ..sound.clone() },
            LoginFacts { is_inheriting: true, ..sound.clone() },
            LoginFacts { can_become_owner: true, ..sound.clone() },
            LoginFacts { owned: 1, ..sound.clone() },
        ] {
            assert_eq!(judge_login(&weak).state, State::Fail, "{weak:?}");
        }
    }
}
