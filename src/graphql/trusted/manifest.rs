//! Manifests: the files in which build tools write down the documents of a client, each with its id.

use serde::Deserialize;
use serde_json::{Map, Value as Json};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The format of Apollo's `generate-persisted-query-manifest`.
const APOLLO_FORMAT: &str = "apollo-persisted-query-manifest";

/// Why the trusted documents cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ManifestError {
    /// A file or folder that cannot be read.
    #[error("`{}` cannot be read; `graphql.documents` names a manifest or a folder of manifests", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// The system's words.
        #[source]
        source: io::Error,
    },
    /// A folder without manifests.
    #[error("`{}` holds no `*.json`; every document would be unknown", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// A file that is no JSON.
    #[error("`{}` is not JSON", path.display())]
    NotJson {
        /// Which.
        path: PathBuf,
        /// Where it ceases to be.
        #[source]
        source: serde_json::Error,
    },
    /// JSON of another shape.
    #[error(
        "`{}` is no manifest: expected an object of ids and documents, as graphql-codegen's client preset writes it, or Apollo's \
         `{APOLLO_FORMAT}` of version 1",
        path.display()
    )]
    OtherShape {
        /// Which.
        path: PathBuf,
    },
    /// The same id for two documents.
    #[error("`{}` gives the id `{id}` to another document than a manifest before it", path.display())]
    Conflict {
        /// Which.
        path: PathBuf,
        /// The id.
        id: String,
    },
}

/// A document with its id.
pub(super) type Entry = (String, String);

/// Apollo's shape. What else it says of an operation is not needed.
#[derive(Deserialize)]
struct ApolloManifest {
    version: u64,
    operations: Vec<ApolloOperation>,
}

#[derive(Deserialize)]
struct ApolloOperation {
    id: String,
    body: String,
}

/// Reads a manifest, or every `*.json` of a folder in the order of their names.
pub(super) fn read(path: &Path) -> Result<Vec<(PathBuf, Vec<Entry>)>, ManifestError> {
    let unreadable = |path: &Path| {
        let path = path.to_owned();
        move |source| ManifestError::Unreadable { path, source }
    };
    let mut files = vec![path.to_owned()];
    if fs::metadata(path).map_err(unreadable(path))?.is_dir() {
        let entries = fs::read_dir(path).map_err(unreadable(path))?;
        let entries = entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>();
        files = entries.map_err(unreadable(path))?;
        files.retain(|file| file.extension().is_some_and(|extension| extension == "json"));
        files.sort();
        if files.is_empty() {
            return Err(ManifestError::Empty { path: path.to_owned() });
        }
    }
    let read = files.into_iter().map(|file| {
        let text = fs::read_to_string(&file).map_err(unreadable(&file))?;
        let entries = parse(&file, &text)?;
        Ok((file, entries))
    });
    read.collect()
}

/// Reads the text of a manifest of either shape.
fn parse(path: &Path, text: &str) -> Result<Vec<Entry>, ManifestError> {
    let other_shape = || ManifestError::OtherShape { path: path.to_owned() };
    let object: Map<String, Json> = match serde_json::from_str(text) {
        Ok(Json::Object(object)) => object,
        Ok(_) => return Err(other_shape()),
        Err(source) => return Err(ManifestError::NotJson { path: path.to_owned(), source }),
    };
    if object.get("format").is_some_and(|format| format == APOLLO_FORMAT) {
        let manifest: ApolloManifest = serde_json::from_value(Json::Object(object)).map_err(|_| other_shape())?;
        if manifest.version != 1 {
            return Err(other_shape());
        }
        return Ok(manifest.operations.into_iter().map(|operation| (operation.id, operation.body)).collect());
    }
    let entries = object.into_iter().map(|(id, document)| match document {
        Json::String(document) => Ok((id, document)),
        _ => Err(other_shape()),
    });
    entries.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[(&str, &str)]) {
        let entries = parse(Path::new("m.json"), text).unwrap();
        let entries: Vec<_> = entries.iter().map(|(id, document)| (id.as_str(), document.as_str())).collect();
        assert_eq!(entries, expected);
    }

    #[track_caller]
    fn check_refused(text: &str, expected: &str) {
        assert!(parse(Path::new("m.json"), text).unwrap_err().to_string().contains(expected), "{text}");
    }

    #[test]
    fn both_shapes_are_read() {
        check(r#"{"a1": "{ a }", "b2": "query B { b }"}"#, &[("a1", "{ a }"), ("b2", "query B { b }")]);
        check("{}", &[]);
        check(
            r#"{"format": "apollo-persisted-query-manifest", "version": 1,
                "operations": [{"id": "x", "name": "A", "type": "query", "body": "query A { a }", "clientName": null}]}"#,
            &[("x", "query A { a }")],
        );
    }

    #[test]
    fn another_shape_is_refused() {
        for text in [
            "[]",
            "7",
            r#"{"a": 1}"#,
            r#"{"a": {"body": "{ a }"}}"#,
            r#"{"format": "apollo-persisted-query-manifest", "version": 2, "operations": []}"#,
            r#"{"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "x"}]}"#,
            r#"{"format": "apollo-persisted-query-manifest", "version": 1}"#,
            r#"{"format": "another", "version": 1, "operations": []}"#,
        ] {
            check_refused(text, "is no manifest");
        }
        check_refused("{", "is not JSON");
    }
}
