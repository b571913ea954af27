//! What is written after `policy`: questions about the rules.

use clap::{Args, Subcommand};
use std::path::PathBuf;

/// `policy`
#[derive(Debug, Args)]
pub struct PolicyArguments {
    /// Which part.
    #[command(subcommand)]
    pub command: PolicyCommand,
}

/// The parts of `policy`.
#[derive(Debug, Subcommand)]
pub enum PolicyCommand {
    /// Every collection, operation and guarded field for every role: everything, nothing, or under which condition.
    Matrix(PolicyMatrixArguments),
    /// Say which role gains or loses what by other rules. Exit code 0 if nobody gains anything, 3 if somebody does or it cannot be
    /// decided, 1 if the rules cannot be compared.
    Diff(PolicyDiffArguments),
    /// Say why a user may do something to a row, or may not: which clause decides, and what it saw. Values of the row are shown,
    /// whatever the user may see.
    Explain(PolicyExplainArguments),
    /// Run the cases of the tool's `rules/`: who may do what to which rows, and what never holds. Nothing that they do stays. Exit code
    /// 1 if a case fails.
    Test(PolicyTestArguments),
}

/// `policy test`
#[derive(Debug, Args)]
pub struct PolicyTestArguments {
    /// Only these files [default: every `rules/*.toml` of the tool's directory].
    pub files: Vec<PathBuf>,
    /// Also fail if a clause of the rules was not seen both true and not true.
    #[arg(long)]
    pub full_coverage: bool,
    /// Print a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// `policy explain`
#[derive(Debug, Args)]
pub struct PolicyExplainArguments {
    /// For whom: the mail address of an active user.
    #[arg(long = "as", value_name = "EMAIL")]
    pub user: String,
    /// The row: a type with an id, or a unique text: `Ticket:CASE-000017`.
    #[arg(long, value_name = "TYPE:ROW")]
    pub on: String,
    /// Also the rule of a field.
    #[arg(long)]
    pub field: Option<String>,
    /// What the user would do. Of `create` the row stands for a new one, of `update` for itself before and after.
    #[arg(long, value_enum, default_value_t = PolicyOperation::Read)]
    pub operation: PolicyOperation,
    /// Print a JSON object.
    #[arg(long)]
    pub json: bool,
}

/// What somebody would do to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum, serde::Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum PolicyOperation {
    /// See it.
    Read,
    /// Add it.
    Create,
    /// Change it.
    Update,
    /// Delete it.
    Delete,
    /// Take it out as a file.
    Export,
}

/// `policy matrix`
#[derive(Debug, Args)]
pub struct PolicyMatrixArguments {
    /// Print a JSON array, one object for each cell.
    #[arg(long, conflicts_with = "html")]
    pub json: bool,
    /// Print a page that stands alone.
    #[arg(long)]
    pub html: bool,
    /// Only this collection.
    #[arg(long, value_name = "TYPE")]
    pub collection: Option<String>,
    /// Only this role.
    #[arg(long)]
    pub role: Option<String>,
}

/// `policy diff`
#[derive(Debug, Args)]
pub struct PolicyDiffArguments {
    /// The rules before: a schema file, a tool's directory, or `-` for standard input, as in
    /// `git show main:schema.graphql | toolcrib policy diff -` [default: those that were applied to the database].
    pub old: Option<PathBuf>,
    /// The rules after, in the same forms [default: those of this tool].
    pub new: Option<PathBuf>,
    /// Ask the database how many rows each active user of the role gains and loses.
    #[arg(long)]
    pub counts: bool,
    /// Print a JSON array.
    #[arg(long)]
    pub json: bool,
}
