//! From a leaked fragment back to the export that it came from.

use crate::export::json_file;
use crate::export::watermark::{COLUMN, Mark, PREFIX, WatermarkKey, is_mark_character};
use chrono::{DateTime, SecondsFormat, Utc};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Map, Value as Json};
use std::fmt;
use uuid::Uuid;

/// An export whose watermarks are in a text.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TracedExport {
    /// The export's id, the one of its `Export` row.
    pub export: Uuid,
    /// The mail address of whoever took the data out.
    pub exporter: String,
    /// When.
    pub exported_at: DateTime<Utc>,
    /// Whether the server made the marks. If not, somebody made them up, and they say nothing about anybody.
    pub is_genuine: bool,
    /// How many rows carry its mark.
    pub rows: usize,
    /// How many of them are whole and as they were exported. The others were cut, changed or brought into another form.
    pub intact_rows: usize,
}

impl fmt::Display for TracedExport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { export, exporter, exported_at, is_genuine, rows, intact_rows } = self;
        if !is_genuine {
            return write!(
                formatter,
                "forged: {rows} row(s) claim to be of export {export} by {exporter}, but no server marked them"
            );
        }
        let time = exported_at.to_rfc3339_opts(SecondsFormat::Secs, true);
        write!(formatter, "export {export} by {exporter} at {time}: {rows} row(s), {intact_rows} of them whole and unchanged")
    }
}

/// Finds the exports that a text came from.
pub(crate) fn trace(key: &WatermarkKey, text: &str) -> Vec<TracedExport> {
    let mut traced = IndexMap::new();
    for mark in find_marks(text) {
        let is_genuine = mark.is_genuine(key);
        let found = traced.entry((mark.watermark.clone(), is_genuine)).or_insert_with(|| TracedExport {
            export: mark.watermark.export,
            exporter: mark.watermark.exporter.clone(),
            exported_at: mark.watermark.time,
            is_genuine,
            rows: 0,
            intact_rows: 0,
        });
        found.rows += usize::from(!mark.is_header);
    }
    for mark in find_intact_rows(key, text) {
        if let Some(found) = traced.get_mut(&(mark.watermark, true)) {
            found.intact_rows += 1;
        }
    }
    traced.into_values().collect()
}

fn find_marks(text: &str) -> impl Iterator<Item = Mark> {
    text.match_indices(PREFIX).filter_map(|(start, _)| {
        let rest = &text[start..];
        let end = rest.find(|character| !is_mark_character(character)).unwrap_or(rest.len());
        // A mark at the end of a sentence has its full stop behind it.
        Mark::parse(rest[..end].trim_end_matches(['.', ':', '-']))
    })
}

/// The marks of rows that are whole and unchanged.
fn find_intact_rows(key: &WatermarkKey, text: &str) -> Vec<Mark> {
    let json_rows = find_objects(text).into_iter().filter_map(|object| intact_object(key, object));
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let csv_rows = reader.records().filter_map(|record| intact_record(key, &record.ok()?));
    json_rows.chain(csv_rows.collect::<Vec<_>>()).filter(|mark| !mark.is_header).collect()
}

fn intact_record(key: &WatermarkKey, record: &csv::StringRecord) -> Option<Mark> {
    let cells: Vec<&str> = record.iter().collect();
    let (mark, content) = cells.split_last()?;
    let mark = Mark::parse(mark.trim())?;
    mark.is_intact(key, content.iter().map(|cell| cell.as_bytes())).then_some(mark)
}

fn intact_object(key: &WatermarkKey, mut object: Map<String, Json>) -> Option<Mark> {
    let mark = Mark::parse(object.shift_remove(COLUMN)?.as_str()?)?;
    let content = json_file::content(object.into_iter().collect());
    mark.is_intact(key, content.iter().map(Vec::as_slice)).then_some(mark)
}

/// The objects of a JSON document, or else of its lines: a fragment is no document any more.
fn find_objects(text: &str) -> Vec<Map<String, Json>> {
    match serde_json::from_str(text) {
        Ok(Json::Array(rows)) => rows.into_iter().filter_map(as_object).collect(),
        Ok(Json::Object(row)) => vec![row],
        _ => {
            let lines = text.lines().map(|line| line.trim().trim_start_matches(['[', ',']).trim_end_matches([']', ',']));
            lines.filter(|line| line.starts_with('{')).filter_map(|line| as_object(serde_json::from_str(line).ok()?)).collect()
        }
    }
}

fn as_object(json: Json) -> Option<Map<String, Json>> {
    match json {
        Json::Object(object) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::RawJson;
    use crate::export::ExportFormat;
    use crate::export::cell::CellKind;
    use crate::export::csv_file::CsvColumn;
    use crate::export::export_file::ExportFile;
    use crate::export::spool::Spool;
    use crate::export::watermark::{Stamp, Watermark};

    const MANAGER: &str = "manager@demo.test";
    const ROWS: [&str; 3] = [
        r#"{"id":"0192f3c4-0000-7000-8000-000000000001","subject":"=1+1","amount":-5}"#,
        r#"{"id":"0192f3c4-0000-7000-8000-000000000002","subject":"two\nlines, \"quoted\"","amount":null}"#,
        r#"{"id":"0192f3c4-0000-7000-8000-000000000003","subject":"plain","amount":7}"#,
    ];

    fn key() -> WatermarkKey {
        WatermarkKey::new(vec![7; 32])
    }

    fn watermark(export: u128, exporter: &str) -> Watermark {
        let time = DateTime::from_timestamp(1_795_341_600, 0).unwrap();
        Watermark { export: Uuid::from_u128(export), exporter: exporter.to_owned(), time }
    }

    /// The file of an export, as it is served.
    fn export(format: ExportFormat, watermark: &Watermark, rows: &[&str]) -> String {
        let home = tempfile::tempdir().unwrap();
        let spool = Spool::new(home.path().join("exports"));
        let columns = [("id", CellKind::Bare), ("subject", CellKind::Text), ("amount", CellKind::Bare)];
        let columns = columns.map(|(name, kind)| CsvColumn { name: name.to_owned(), kind }).into();
        let part = spool.create(watermark.export, format).unwrap();
        let mut file = ExportFile::create(part, format, columns, Stamp::new(&key(), watermark)).unwrap();
        rows.iter().for_each(|row| file.push(&RawJson((*row).to_owned())).unwrap());
        file.finish().unwrap().publish().unwrap();
        std::fs::read_to_string(spool.path(watermark.export, format)).unwrap()
    }

    fn manager_export(format: ExportFormat) -> String {
        export(format, &watermark(1, MANAGER), &ROWS)
    }

    /// What is found: exporter, genuine, rows, intact rows.
    fn found(text: &str) -> Vec<(String, bool, usize, usize)> {
        let traced = trace(&key(), text).into_iter();
        traced.map(|found| (found.exporter, found.is_genuine, found.rows, found.intact_rows)).collect()
    }

    fn genuine(rows: usize, intact_rows: usize) -> Vec<(String, bool, usize, usize)> {
        vec![(MANAGER.to_owned(), true, rows, intact_rows)]
    }

    #[test]
    fn a_csv_file_is_rfc_4180_with_escaped_formulas_and_a_mark_in_every_row() {
        let text = manager_export(ExportFormat::Csv);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        assert_eq!(header[..3], ["id", "subject", "amount"]);
        assert!(header[3].starts_with("_export toolcrib-export:"), "{header:?}");
        let records: Vec<csv::StringRecord> = reader.records().collect::<Result<_, _>>().unwrap();
        let cells: Vec<(&str, &str)> = records.iter().map(|record| (&record[1], &record[2])).collect();
        assert_eq!(cells, [("'=1+1", "-5"), ("two\nlines, \"quoted\"", ""), ("plain", "7")]);
        for record in &records {
            assert_eq!(found(&record[3]), genuine(1, 0), "a mark alone is no whole row");
        }
        assert_eq!(text.matches("\r\n").count(), 4, "{text:?}");
    }

    #[test]
    fn a_json_file_is_one_array_with_a_mark_in_every_object() {
        let text = manager_export(ExportFormat::Json);
        let rows: Vec<Map<String, Json>> = serde_json::from_str(&text).unwrap();
        let keys: Vec<&String> = rows[0].keys().collect();
        assert_eq!(keys, ["id", "subject", "amount", "_export"]);
        assert_eq!(rows[0]["subject"], "=1+1", "JSON is no spreadsheet");
        for row in &rows {
            assert_eq!(found(row["_export"].as_str().unwrap()), genuine(1, 0));
        }
        let empty = export(ExportFormat::Json, &watermark(1, MANAGER), &[]);
        assert_eq!(serde_json::from_str::<Json>(&empty).unwrap(), Json::Array(Vec::new()));
    }

    #[test]
    fn a_whole_file_leads_back_with_every_row_intact() {
        for format in ExportFormat::ALL {
            assert_eq!(found(&manager_export(format)), genuine(3, 3), "{format:?}");
        }
        let empty = export(ExportFormat::Csv, &watermark(1, MANAGER), &[]);
        assert_eq!(found(&empty), genuine(0, 0), "the header alone");
    }

    #[test]
    fn a_fragment_leads_back() {
        let csv = manager_export(ExportFormat::Csv);
        let last_line = csv.trim_end().rsplit("\r\n").next().unwrap();
        assert_eq!(found(last_line), genuine(1, 1));
        assert_eq!(found(&last_line[10..]), genuine(1, 0), "the row is cut, the mark is not");
        assert_eq!(found(&format!("Look: {}.", last_line.rsplit(',').next().unwrap())), genuine(1, 0), "in a mail");
        assert_eq!(found(&last_line[..last_line.len() - 4]), [], "the mark is cut");

        let json = manager_export(ExportFormat::Json);
        let line = json.lines().nth(2).unwrap();
        assert_eq!(found(line), genuine(1, 1));
        let rows: Json = serde_json::from_str(&json).unwrap();
        assert_eq!(found(&serde_json::to_string_pretty(&rows).unwrap()), genuine(3, 3), "formatted anew");
    }

    #[test]
    fn a_changed_row_is_told() {
        for format in ExportFormat::ALL {
            let changed = manager_export(format).replace("plain", "planted");
            assert_eq!(found(&changed), genuine(3, 2), "{format:?}");
        }
    }

    #[test]
    fn a_forged_exporter_is_told() {
        let forged = manager_export(ExportFormat::Csv).replace(MANAGER, "admin@demo.test");
        assert_eq!(found(&forged), [("admin@demo.test".to_owned(), false, 3, 0)]);
    }

    #[test]
    fn several_exports_in_one_text_are_told_apart() {
        let other = export(ExportFormat::Json, &watermark(2, "admin@demo.test"), &ROWS[..1]);
        let text = format!("{}{other}", manager_export(ExportFormat::Csv));
        let exports: Vec<(Uuid, usize)> = trace(&key(), &text).into_iter().map(|found| (found.export, found.rows)).collect();
        assert_eq!(exports, [(Uuid::from_u128(1), 3), (Uuid::from_u128(2), 1)]);
    }
}
