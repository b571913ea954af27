//! Mistakes in documents and variables: told in words that say what to do, and to those who may not introspect without a name
//! that they have not said first.

use crate::support::app::TestApp;
use serde_json::{Value as Json, json};
use std::collections::BTreeSet;

const IS_WRONG: &str = "query ($where: TicketFilter, $first: Int) { tickets(where: $where, first: $first) { totalCount } }";
const CREATE: &str = "mutation ($input: CreateTicketInput!) { createTicket(input: $input) { ticket { id } } }";

/// A document with variables, what is said of it to those who may introspect, and what to others.
type Case = (&'static str, fn() -> Json, &'static str, &'static str);

const CASES: &[Case] = &[
    (
        "{ tickts { totalCount } }",
        none,
        "`Query` has no field `tickts`; did you mean `tickets`?",
        "there is no field `tickts` here",
    ),
    (
        "{ tickets { nodes { subjcet } } }",
        none,
        "`Ticket` has no field `subjcet`; did you mean `subject`?",
        "there is no field `subjcet` here",
    ),
    ("{ tickets { nodes { zzzzzzzz } } }", none, "`Ticket` has no field `zzzzzzzz`", "there is no field `zzzzzzzz` here"),
    (
        "{ tickets(wher: {}) { totalCount } }",
        none,
        "`tickets` has no argument `wher`; did you mean `where`?",
        "there is no argument `wher` here",
    ),
    (
        "{ tickets(where: {statsu: {eq: OPEN}}) { totalCount } }",
        none,
        "`TicketFilter` has no field `statsu`; did you mean `status`?",
        "there is no field `statsu` here",
    ),
    (
        "{ tickets(where: {status: {eq: OPNE}}) { totalCount } }",
        none,
        "`TicketStatus` has no value `OPNE`; did you mean `OPEN`?",
        "there is no value `OPNE` here",
    ),
    (
        "{ tickets(where: {status: {eq: \"OPEN\"}}) { totalCount } }",
        none,
        "a value of `TicketStatus` is expected here, found a string; write the value of an enum without quotes",
        "a value of another type is expected here, found a string",
    ),
    ("{ ticket { id } }", none, "`ticket` needs the argument `id`", "an argument that is required is missing here"),
    (
        "mutation { createTicket(input: {subject: \"x\"}) { ticket { id } } }",
        none,
        "`CreateTicketInput.customer` needs a value",
        "a field that is required is missing here",
    ),
    (
        "{ tickets { nodes { ...A } } } fragment A on Tiket { id }",
        none,
        "there is no type `Tiket`; did you mean `Ticket`?",
        "there is no type `Tiket`",
    ),
    (
        "query ($x: TicketFiler) { tickets(where: $x) { totalCount } }",
        none,
        "there is no type `TicketFiler`; did you mean `TicketFilter`?",
        "there is no type `TicketFiler`",
    ),
    (
        "query ($x: Int) { ticket(id: $x) { id } }",
        none,
        "`$x` is declared as `Int`, and `id` takes `ID!`; declare it as that",
        "`$x` is declared as `Int`, which does not fit here",
    ),
    (
        "{ tickets(orderBy: [{priority: UP}]) { totalCount } }",
        none,
        "`OrderDirection` has no value `UP`; it has `ASC`, `ASC_NULLS_FIRST`, `ASC_NULLS_LAST`, `DESC`, `DESC_NULLS_FIRST`, `DESC_NULLS_LAST`",
        "there is no value `UP` here",
    ),
    (
        "{ tickets { nodes { customer } } }",
        none,
        "this field is an object; say which of its fields, `{ ... }`",
        "this field is an object; say which of its fields, `{ ... }`",
    ),
    (
        "{ tickets { totalCount { x } } }",
        none,
        "this field has no fields of its own; leave out the braces",
        "this field has no fields of its own; leave out the braces",
    ),
    (
        "{ tickets { ... on Team { id } } }",
        none,
        "the type of this fragment does not occur here",
        "the type of this fragment does not occur here",
    ),
    (
        "{ tickets(first: 99999999999999999999) { totalCount } }",
        none,
        "an `Int` is a whole number from -2147483648 to 2147483647",
        "an `Int` is a whole number from -2147483648 to 2147483647",
    ),
    (
        "{ tickets(first: null) { totalCount } __typename @skp }",
        none,
        "there is no directive `@skp`",
        "there is no directive `@skp`",
    ),
    (
        "{ __typename @skip(fi: true) }",
        none,
        "`@skip` has no argument `fi`; did you mean `if`?",
        "there is no argument `fi` here",
    ),
    (
        "subscription { tickets { totalCount } }",
        none,
        "there is no `subscription` in this API",
        "there is no `subscription` in this API",
    ),
    (
        IS_WRONG,
        wrong_field,
        "`$where`: `TicketFilter` has no field `stauts`; did you mean `status`?",
        "`$where`: there is no field `stauts` here",
    ),
    (
        IS_WRONG,
        wrong_value,
        "`$where.and[0].status.in[1]`: `TicketStatus` has no value `opne`; did you mean `OPEN`?",
        "`$where.and[0].status.in[1]`: there is no value `opne` here",
    ),
    (
        IS_WRONG,
        huge,
        "`$first` has to be a whole number of 32 bits; it is 3000000000",
        "`$first` has to be a whole number of 32 bits; it is 3000000000",
    ),
    (IS_WRONG, no_object, "`$where` has to be an object; it is a text", "`$where` has to be an object; it is a text"),
    (CREATE, nothing, "`$input.customer` needs a value", "`$input`: a field that is required is missing"),
    (CREATE, null, "`$input.subject` cannot be null", "`$input.subject` cannot be null"),
    (
        CREATE,
        none,
        "`$input` needs a value: it is declared as `CreateTicketInput!`",
        "`$input` needs a value: it is declared as `CreateTicketInput!`",
    ),
];

fn none() -> Json {
    json!({})
}

fn wrong_field() -> Json {
    json!({ "where": { "stauts": { "eq": "OPEN" } } })
}

fn wrong_value() -> Json {
    json!({ "where": { "and": [{ "status": { "in": ["OPEN", "opne"] } }] } })
}

fn huge() -> Json {
    json!({ "first": 3_000_000_000_u64 })
}

fn no_object() -> Json {
    json!({ "where": "all" })
}

fn nothing() -> Json {
    json!({ "input": { "subject": "x" } })
}

fn null() -> Json {
    json!({ "input": { "subject": null, "customer": { "id": "x" } } })
}

#[tokio::test]
async fn every_mistake_says_what_to_write() {
    let app = TestApp::support_desk().start().await;
    for (document, variables, told, withheld) in CASES {
        for (name, expected) in [("max", told), ("ana", withheld)] {
            let response = app.user(name).graphql(document, variables()).await;
            assert!(response.messages().contains(&(*expected).to_owned()), "{name} {document}: {:?}", response.messages());
            assert!(response.json()["errors"][0]["locations"][0]["line"].is_number(), "{document}");
        }
    }
    app.finish().await;
}

#[tokio::test]
async fn who_may_not_introspect_is_told_no_name() {
    let app = TestApp::support_desk().start().await;
    // What is in no schema of ours is no secret.
    let common = ["Int", "Float", "String", "Boolean", "ID", "subscription", "__typename", "graphql.introspection_for"];
    let mut seen = 0;
    for (document, variables, ..) in CASES {
        let sent = format!("{document} {}", variables());
        let said: BTreeSet<&str> = sent.split(|letter: char| !letter.is_alphanumeric() && letter != '_').collect();
        for name in ["ana", "vic"] {
            for message in app.user(name).graphql(document, variables()).await.messages() {
                let names = message.split('`').skip(1).step_by(2);
                let names = names.flat_map(|quoted| quoted.split(|letter: char| !letter.is_alphanumeric() && letter != '_'));
                let learnt: Vec<&str> = names
                    .filter(|name| {
                        !name.is_empty() && name.parse::<u32>().is_err() && !said.contains(name) && !common.contains(name)
                    })
                    .collect();
                assert!(learnt.is_empty(), "{name} learns {learnt:?} from `{message}` about {document}");
                seen += 1;
            }
        }
    }
    assert!(seen >= 2 * CASES.len(), "{seen}");
    app.finish().await;
}

#[tokio::test]
async fn all_mistakes_are_told_at_once_up_to_a_number() {
    let app = TestApp::support_desk().start().await;
    let max = app.user("max");
    let several = max
        .graphql("query ($unused: Int) { tickts { x } tickets(wher: {}) { nodes { customer } } ticket { id } }", json!({}))
        .await;
    assert_eq!(several.messages().len(), 5, "{:?}", several.messages());
    let many = (0..100).map(|index| format!("f{index}: nothing{index} ")).collect::<String>();
    assert_eq!(max.graphql(&format!("{{ {many} }}"), json!({})).await.messages().len(), 20);
    let input = json!({ "where": { "or": vec![json!({ "nothing": 1 }); 100] } });
    assert_eq!(max.graphql(IS_WRONG, input).await.messages().len(), 20);
    app.finish().await;
}

#[tokio::test]
async fn a_wrong_name_is_not_sent_back_in_full() {
    let app = TestApp::support_desk().start().await;
    let long = "x".repeat(100_000);
    for variables in [json!({ "where": { &long: 1 } }), json!({ "where": { "status": { "eq": &long } } })] {
        let response = app.user("max").graphql(IS_WRONG, variables).await;
        assert!(response.text().len() < 1000, "{}", response.text().len());
    }
    app.finish().await;
}
