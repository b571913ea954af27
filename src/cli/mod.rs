//! The command line: one file for each command.
//!
//! Purpose: read arguments, call `app`, print for people (or JSON for scripts), turn errors into an exit code.
//! Flow: [`Arguments`] → settings → one file's `run` → exit code.
//! Invariants: results go to standard output, everything else to standard error; 0 is success, 1 a failure that is explained,
//! 2 wrong arguments, 3 what a command says of itself.
//! Deliberately unknown: how anything is done.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line prints")]

mod admin;
mod arguments;
mod backup;
mod check;
mod completions;
mod config;
mod db;
mod doctor;
mod explain;
mod export;
mod login;
mod migrate;
mod new;
mod policy;
mod schema;
mod serve;
mod session;
mod snapshot;
mod token;

pub use arguments::{Arguments, Command};

use crate::app::AppError;
use crate::catalog::RenderStyle;
use clap::Parser;
use std::io::IsTerminal;
use std::process::ExitCode;

/// The stack of each worker. What a request nests is limited, and then walked by functions that call themselves; tokio's usual 2 MiB
/// are close to what the deepest of them needs without optimization.
const STACK_BYTES: usize = 8 * 1024 * 1024;

/// Runs the command that the process was started with.
pub fn run() -> ExitCode {
    let arguments = Arguments::parse();
    if !matches!(arguments.command, Command::Serve(_)) {
        // `| head` ends a command that prints; a server outlives whoever read its log.
        sigpipe::reset();
    }
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().thread_stack_size(STACK_BYTES).build() {
        Ok(runtime) => runtime,
        Err(error) => return fail(&anyhow::Error::from(error)),
    };
    match runtime.block_on(dispatch(&arguments)) {
        Ok(code) => code,
        Err(error) => fail(&error),
    }
}

async fn dispatch(arguments: &Arguments) -> anyhow::Result<ExitCode> {
    match &arguments.command {
        Command::New(new) => new::run(new),
        Command::Serve(serve) => serve::run(arguments, serve).await,
        Command::Check(check) => check::run(arguments, check),
        Command::Migrate(migrate) => migrate::run(arguments, migrate).await,
        Command::Token(token) => token::run(arguments, token).await,
        Command::Login(login) => login::log_in(login).await,
        Command::Whoami(whoami) => login::whoami(whoami).await,
        Command::Logout(logout) => login::log_out(logout).await,
        Command::Admin(admin) => admin::run(arguments, admin).await,
        Command::Db(db) => db::run(arguments, db).await,
        Command::Schema(schema) => schema::run(arguments, schema),
        Command::Export(export) => export::run(arguments, export).await,
        Command::Explain(explain) => explain::run(arguments, explain).await,
        Command::Backup(backup) => backup::save(arguments, backup).await,
        Command::Restore(restore) => backup::restore(arguments, restore).await,
        Command::Doctor(doctor) => Ok(doctor::run(arguments, doctor).await),
        Command::Snapshot(snapshot) => snapshot::run(arguments, snapshot),
        Command::Policy(policy) => policy::run(arguments, policy).await,
        Command::Config(config) => config::run(arguments, config),
        Command::Completions(completions) => Ok(completions::run(completions)),
    }
}

/// Prints an error with its causes; mistakes in the schema with their places.
fn fail(error: &anyhow::Error) -> ExitCode {
    if let Some(AppError::Schema(diagnostics)) = error.downcast_ref::<AppError>() {
        eprint!("{}", diagnostics.render(render_style()));
    }
    eprintln!("error: {error}");
    let mut said = error.to_string();
    for cause in error.chain().skip(1) {
        let text = cause.to_string();
        if !said.ends_with(&text) {
            eprintln!("  because: {text}");
        }
        said = text;
    }
    ExitCode::FAILURE
}

/// Colours for people at a terminal.
fn render_style() -> RenderStyle {
    if std::io::stderr().is_terminal() { RenderStyle::Color } else { RenderStyle::Plain }
}
