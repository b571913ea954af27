//! What is in the file.

use super::{Desk, code, column, id_of, person, records};
use serde_json::{Map, Value as Json, json};

#[tokio::test]
async fn formulas_are_escaped_and_numbers_stay_numbers() {
    let desk = Desk::new().await;
    let (_, csv) = desk.export(&person("manager"), "(format: CSV)").await;
    assert_eq!(column(&csv, "name"), ["Ada", "'=HYPERLINK(\"http://evil.test\",\"Ada\")", "two\nlines, \"quoted\""]);
    assert_eq!(column(&csv, "balance"), ["7", "-5", ""]);
    assert_eq!(column(&csv, "ratio"), ["0.5", "-0.25", ""]);
    assert_eq!(column(&csv, "points"), ["9007199254740993", "-1", ""], "nothing rounds");
    assert_eq!(column(&csv, "born"), ["1990-01-02", "", ""]);
    assert_eq!(column(&csv, "tags"), [r#"["a","b,c"]"#, "[]", ""]);
    assert_eq!(column(&csv, "extra"), [r#"{"deep": [1, 12345678901234567890123]}"#, r#""=1""#, ""]);
}

#[tokio::test]
async fn a_csv_file_begins_with_the_field_names_and_its_own_mark() {
    let desk = Desk::new().await;
    let (id, csv) = desk.export(&person("manager"), "(format: CSV, where: {name: {eq: \"nobody\"}})").await;
    let header = csv.strip_suffix("\r\n").unwrap();
    let (names, mark) = header.rsplit_once(',').unwrap();
    assert_eq!(names, "id,name,email,salary,balance,ratio,points,mood,born,tags,extra,team,createdAt,updatedAt,version");
    assert!(mark.starts_with(&format!("_export toolcrib-export:{id}:manager@demo.test:")), "{mark}");
}

#[tokio::test]
async fn a_json_file_is_an_array_of_objects_by_field_name() {
    let desk = Desk::new().await;
    let (id, text) = desk.export(&person("manager"), "(format: JSON)").await;
    let rows: Vec<Map<String, Json>> = serde_json::from_str(&text).unwrap();
    assert_eq!(rows.len(), 3);
    let first = &rows[0];
    let keys: Vec<&String> = first.keys().collect();
    assert_eq!(keys.first().unwrap().as_str(), "id");
    assert_eq!(keys.last().unwrap().as_str(), "_export");
    assert_eq!(first["points"], "9007199254740993");
    assert_eq!(first["tags"], json!(["a", "b,c"]));
    assert_eq!(rows[1]["name"], "=HYPERLINK(\"http://evil.test\",\"Ada\")", "JSON is no spreadsheet");
    let traced = desk.exporter().trace(&text);
    assert_eq!((traced[0].export, traced[0].rows, traced[0].intact_rows), (id, 3, 3));
}

#[tokio::test]
async fn every_single_data_row_identifies_the_export() {
    let desk = Desk::new().await;
    let (id, csv) = desk.export(&person("manager"), "(format: CSV)").await;
    let rows = records(&csv);
    assert_eq!(rows.len(), 3);
    for row in rows {
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&row).unwrap();
        let line = String::from_utf8(writer.into_inner().unwrap()).unwrap();
        let traced = desk.exporter().trace(&line);
        assert_eq!(traced.len(), 1, "{line}");
        let traced = &traced[0];
        assert_eq!((traced.export, traced.exporter.as_str()), (id, "manager@demo.test"));
        assert_eq!((traced.is_genuine, traced.rows, traced.intact_rows), (true, 1, 1), "{line}");
        assert!((chrono::Utc::now() - traced.exported_at).num_minutes() < 5);
    }
}

#[tokio::test]
async fn as_many_rows_as_allowed_are_exported_and_one_more_is_none() {
    let desk = Desk::new().await;
    desk.owner.batch_execute("insert into public.contacts (name) values ('four')").await.unwrap();
    let (_, csv) = desk.export(&person("manager"), "").await;
    assert_eq!(records(&csv).len(), 4);

    desk.owner.batch_execute("insert into public.contacts (name) values ('five')").await.unwrap();
    let refused = desk.request(&person("manager"), "").await;
    assert_eq!(code(&refused), "LIMIT_EXCEEDED");
    let failed = &desk.events_of("EXPORT_FAILED").await[0];
    let id = id_of(&json!({ "id": failed["entity_id"] }));
    let row = desk.row(id).await;
    assert_eq!(row["status"], "FAILED");
    let message = "more than 4 rows of `Contact` match, the most that one export may have; narrow it with `where`";
    assert_eq!((&row["failure"], &refused["errors"][0]["message"]), (&json!(message), &json!(message)));
    assert_eq!(desk.files(id), [""; 0].map(std::path::PathBuf::from));
}
