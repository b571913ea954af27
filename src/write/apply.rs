//! Applying one change inside an open transaction.

use crate::db::{DbError, Transaction, WrittenRows};
use crate::planner::to_sql::{
    Admission, ChangeStatement, create_statement, delete_statement, delete_verdict_statement, update_statement,
};
use crate::planner::{ChangedRow, CreatePlan, DeletePlan, Planner, ReadPlan, UpdatePlan, UpsertBranches, UpsertPlan};
use crate::read::{self, ReadAnswer};
use crate::sql::Statement;
use crate::write::WriteError;
use crate::write::cascade::{Visited, cascade};
use crate::write::circle::refuse_circles;
use crate::write::constraint::explain;
use crate::write::shares::end_shares;
use crate::write::verdict::{Subject, VerdictRow, VerdictSql};
use futures_util::stream::FuturesOrdered;
use futures_util::{FutureExt, TryStreamExt};
use uuid::Uuid;

/// A planned change.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// New rows.
    Create(CreatePlan),
    /// A change of rows.
    Update(UpdatePlan),
    /// A deletion of rows.
    Delete(DeletePlan),
    /// Changes or new rows; [`choose`](crate::write::choose()) says which.
    Upsert(Box<UpsertPlan>),
    /// The same, once it is known which.
    Branches(Box<UpsertBranches>),
}

impl Change {
    /// The rows that it changes, once they are chosen.
    pub fn rows(&self) -> &[ChangedRow] {
        match self {
            Self::Create(plan) => &plan.rows,
            Self::Update(plan) => &plan.rows,
            Self::Delete(plan) => &plan.rows,
            Self::Upsert(_) => &[],
            Self::Branches(branches) => &branches.rows,
        }
    }
}

/// Applies a change, all of its rows or none, and reads what the caller wants to see of it: the rows after the change (before
/// it, for a deletion), through the caller's rules. It lasts once the transaction is committed.
///
/// # Errors
/// [`WriteError`]; the transaction must then be rolled back.
pub async fn apply(
    transaction: &Transaction,
    planner: &Planner<'_>,
    change: &Change,
    answers: &[ReadPlan],
) -> Result<Vec<ReadAnswer>, WriteError> {
    if change.rows().is_empty() {
        return read_all(transaction, planner, answers).await;
    }
    match change {
        // Not chosen yet, so there are no rows.
        Change::Upsert(_) => Ok(Vec::new()),
        Change::Create(plan) => create(transaction, planner, plan, answers).await,
        Change::Update(plan) => update(transaction, planner, plan, answers).await,
        Change::Branches(branches) => match &**branches {
            UpsertBranches { update: Some(changed), create: Some(new), .. } => {
                update(transaction, planner, changed, &[]).await?;
                create(transaction, planner, new, answers).await
            }
            UpsertBranches { update: Some(plan), .. } => update(transaction, planner, plan, answers).await,
            UpsertBranches { create: Some(plan), .. } => create(transaction, planner, plan, answers).await,
            UpsertBranches { .. } => Ok(Vec::new()),
        },
        Change::Delete(plan) => {
            // What is deleted can only be read before.
            let answers = read_all(transaction, planner, answers).await?;
            delete(transaction, planner, plan, &mut Visited::new()).await?;
            Ok(answers)
        }
    }
}

/// Changes rows.
async fn update(
    transaction: &Transaction,
    planner: &Planner<'_>,
    plan: &UpdatePlan,
    answers: &[ReadPlan],
) -> Result<Vec<ReadAnswer>, WriteError> {
    let UpdatePlan { entity_type, rows, places, columns, .. } = plan;
    let given = columns.as_slice();
    let subject = Subject { operation: "update", collection: entity_type.as_str(), rows, places, given, unique: None };
    let answers = change_and_read(transaction, planner, subject, &update_statement(planner, plan), answers).await?;
    refuse_circles(transaction, planner, plan, subject).await?;
    transaction.note_events("UPDATE", rows.len());
    Ok(answers)
}

/// Creates rows after what they point to and before what points to them.
async fn create(
    transaction: &Transaction,
    planner: &Planner<'_>,
    plan: &CreatePlan,
    answers: &[ReadPlan],
) -> Result<Vec<ReadAnswer>, WriteError> {
    let CreatePlan { entity_type, rows, places, columns, before, after, .. } = plan;
    for nested in before {
        Box::pin(create(transaction, planner, nested, &[])).await?;
    }
    let unique = plan.unique.as_ref();
    let subject = Subject { operation: "create", collection: entity_type.as_str(), rows, places, given: columns, unique };
    let statement = create_statement(planner, plan);
    if after.is_empty() {
        let answers = change_and_read(transaction, planner, subject, &statement, answers).await?;
        transaction.note_events("CREATE", rows.len());
        return Ok(answers);
    }
    change_and_read(transaction, planner, subject, &statement, &[]).await?;
    transaction.note_events("CREATE", rows.len());
    for nested in after {
        Box::pin(create(transaction, planner, nested, &[])).await?;
    }
    read_all(transaction, planner, answers).await
}

/// Deletes rows after whatever has to go with them.
pub(crate) async fn delete(
    transaction: &Transaction,
    planner: &Planner<'_>,
    plan: &DeletePlan,
    visited: &mut Visited,
) -> Result<(), WriteError> {
    let DeletePlan { entity_type, rows, places, .. } = plan;
    let subject = Subject { operation: "delete", collection: entity_type.as_str(), rows, places, given: &[], unique: None };
    if !planner.references_to(plan.collection).is_empty() {
        change_and_read(transaction, planner, subject, &delete_verdict_statement(plan), &[]).await?;
        cascade(transaction, planner, plan, visited).await?;
    }
    let statement = delete_statement(planner, plan);
    change_and_read(transaction, planner, subject, &statement, &[]).await?;
    transaction.note_events("DELETE", rows.len());
    end_shares(transaction, planner, plan).await
}

/// Sends the change, the check after it and the reads as one pipeline, then judges the verdicts.
pub(crate) async fn change_and_read(
    transaction: &Transaction,
    planner: &Planner<'_>,
    subject: Subject<'_>,
    statement: &ChangeStatement,
    answers: &[ReadPlan],
) -> Result<Vec<ReadAnswer>, WriteError> {
    let Changed { verdicts, after, answers } = match statement.admission {
        Admission::None => change_openly(transaction, planner, statement, answers).await?,
        admission => change_admitted(transaction, planner, (statement, admission), (subject.rows, answers)).await?,
    };
    let verdicts = match verdicts {
        Ok(verdicts) => verdicts,
        Err(error) => return Err(explain(transaction, planner.catalog, subject, error).await),
    };
    subject.check(&verdicts)?;
    if let Some(after) = after? {
        subject.check(&after)?;
    }
    Ok(answers?)
}

/// What the statements of a change said.
struct Changed {
    verdicts: Result<Vec<VerdictRow>, DbError>,
    after: Result<Option<Vec<VerdictRow>>, DbError>,
    answers: Result<Vec<ReadAnswer>, DbError>,
}

/// One pipeline.
async fn change_openly(
    transaction: &Transaction,
    planner: &Planner<'_>,
    statement: &ChangeStatement,
    answers: &[ReadPlan],
) -> Result<Changed, DbError> {
    let (opened, verdicts, after, answers) = tokio::join!(
        transaction.open(),
        transaction.rows::<VerdictSql, VerdictRow>(&statement.change),
        check_after(transaction, statement),
        read_each(transaction, planner, answers),
    );
    opened?;
    Ok(Changed { verdicts, after, answers })
}

/// The same for rows that the policies have to be told of: for the change and its check alone, not for what is then read. One
/// pipeline where the change is sent at once; otherwise what ends the admission would overtake it.
async fn change_admitted(
    transaction: &Transaction,
    planner: &Planner<'_>,
    (statement, admission): (&ChangeStatement, Admission),
    (rows, answers): (&[ChangedRow], &[ReadPlan]),
) -> Result<Changed, DbError> {
    let rows_are = if admission == Admission::TakenAlong { WrittenRows::TakenAlong } else { WrittenRows::Asked };
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id).collect();
    let change = Statement::of(&statement.change).map_err(DbError::from)?;
    let kind = transaction.kind_of(&change);
    if statement.after.is_none() && transaction.sends_at_once(&change, kind) {
        let (opened, admitted, verdicts, ended, answers) = tokio::join!(
            transaction.open(),
            transaction.admit(&ids, rows_are),
            transaction.load_as::<VerdictSql, VerdictRow>(&change, kind),
            transaction.admit_nothing(),
            read_each(transaction, planner, answers),
        );
        opened.and(admitted)?;
        // An error of the change is the one to tell.
        let answers = if verdicts.is_ok() { ended.and(answers) } else { answers };
        return Ok(Changed { verdicts, after: Ok(None), answers });
    }
    let (opened, admitted, verdicts, after) = tokio::join!(
        transaction.open(),
        transaction.admit(&ids, rows_are),
        transaction.load_as::<VerdictSql, VerdictRow>(&change, kind),
        check_after(transaction, statement),
    );
    opened.and(admitted)?;
    if verdicts.is_err() || after.is_err() {
        return Ok(Changed { verdicts, after, answers: Ok(Vec::new()) });
    }
    let (ended, answers) = tokio::join!(transaction.admit_nothing(), read_each(transaction, planner, answers));
    ended?;
    Ok(Changed { verdicts, after, answers })
}

async fn check_after(transaction: &Transaction, statement: &ChangeStatement) -> Result<Option<Vec<VerdictRow>>, DbError> {
    match &statement.after {
        Some(query) => Ok(Some(transaction.rows::<VerdictSql, VerdictRow>(query).await?)),
        None => Ok(None),
    }
}

async fn read_all(transaction: &Transaction, planner: &Planner<'_>, plans: &[ReadPlan]) -> Result<Vec<ReadAnswer>, WriteError> {
    let (opened, answers) = tokio::join!(transaction.open(), read_each(transaction, planner, plans));
    opened?;
    Ok(answers?)
}

/// Sends every read before it waits for the first; they answer in order.
async fn read_each(transaction: &Transaction, planner: &Planner<'_>, plans: &[ReadPlan]) -> Result<Vec<ReadAnswer>, DbError> {
    let mut reads = FuturesOrdered::new();
    for plan in plans {
        reads.push_back(read::run_in(transaction, planner, plan).boxed());
    }
    reads.try_collect().await
}
