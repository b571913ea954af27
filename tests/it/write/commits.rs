//! A commit that changed nothing is never answered as one that did.

use crate::support::app::TestApp;

#[tokio::test]
async fn after_a_failed_statement_a_commit_fails() {
    let app = TestApp::support_desk().start().await;
    let database = app.app.engine.database();
    let transaction = database.begin_system().await.unwrap();
    transaction.set_statement_timeout(std::time::Duration::from_secs(5)).await.unwrap();
    // The server's login may not read collections: the transaction is over, though nobody ends it.
    let failed = transaction.run(diesel::sql_query("delete from toolcrib.users")).await;
    assert!(failed.is_err());
    let error = transaction.commit().await.unwrap_err();
    assert_eq!(error.to_string(), "the database refused a statement");

    let transaction = database.begin_system().await.unwrap();
    transaction.set_statement_timeout(std::time::Duration::from_secs(5)).await.unwrap();
    transaction.commit().await.unwrap();
    app.finish().await;
}
