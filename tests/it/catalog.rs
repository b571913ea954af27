//! The SDL compiler over `cases/catalog/{passing,failing}/<case>/schema.graphql`; `UPDATE_EXPECT=1` rewrites what is expected.

use crate::support::expect::{case_directories, difference};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toolcrib::catalog::{Catalog, DiagnosticCode, Diagnostics, RenderStyle, SourceFile};

/// Everything that is checked of a schema before a server starts.
fn compile(directory: &Path) -> Result<Catalog, Diagnostics> {
    let text = fs::read_to_string(directory.join("schema.graphql")).unwrap();
    Catalog::load(vec![SourceFile::new("schema.graphql", text)])
}

/// The catalog in the few words that a reviewer wants to see.
fn describe(catalog: &Catalog) -> String {
    let tool = catalog.collections.iter().filter(|collection| !collection.is_platform || collection.fields.iter().any(|f| !f.is_platform()));
    let lines = tool.flat_map(|collection| {
        let head = format!(
            "{}: {} / {} in {}, {:?}\n",
            collection.name, collection.singular, collection.plural, collection.table, collection.mutations
        );
        let fields = collection.fields.iter().map(|field| {
            let required = if field.is_required { " required" } else { "" };
            let target = match &field.kind {
                toolcrib::catalog::FieldKind::ToMany { target, inverse } => {
                    format!(" -> {}.{}", catalog.collection(*target).name, catalog.field(*inverse).name)
                }
                kind => format!(" {kind:?}"),
            };
            let default = field.default.as_ref().map(|default| format!(" {default:?}")).unwrap_or_default();
            format!("  {}{required}{target}{default}\n", field.name)
        });
        [head].into_iter().chain(fields.collect::<Vec<_>>())
    });
    lines.collect()
}

#[test]
fn the_support_desk_compiles() {
    let catalog = compile(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_or_else(|error| panic!("{}", error.render(RenderStyle::Plain)));
    let names: Vec<&str> = catalog.collections.iter().map(|collection| collection.name.as_str()).collect();
    assert_eq!(names, ["User", "Team", "AuditEvent", "Export", "ServiceToken", "Customer", "Ticket", "TicketEvent", "Macro"]);
    let ticket = catalog.find_collection("Ticket").unwrap();
    let fields: Vec<String> = ticket.stored_fields().map(|field| field.column().unwrap().to_string()).collect();
    assert_eq!(
        fields,
        [
            "id", "case_id", "customer_id", "team_id", "assigned_to_id", "status", "priority", "subject", "customer_email",
            "internal_note", "due_at", "created_at", "updated_at", "version"
        ]
    );
    let user = catalog.find_collection("User").unwrap();
    assert_eq!(user.access.read.text, "staff || user.role in ['agent', 'viewer']", "the tool's rules replace the platform's");
    for collection in &catalog.collections {
        for (index, field) in collection.fields.iter().enumerate() {
            assert_eq!((field.id.collection, usize::from(field.id.index)), (collection.id, index), "{}", field.name);
        }
    }
}

#[test]
fn the_platform_alone_compiles() {
    let catalog = Catalog::load(Vec::new()).unwrap_or_else(|error| panic!("{}", error.render(RenderStyle::Plain)));
    assert!(catalog.collections.iter().all(|collection| collection.is_platform));
    let roles: Vec<String> = catalog.roles().iter().map(ToString::to_string).collect();
    assert_eq!(roles, ["admin", "manager", "agent", "viewer"]);
}

#[test]
fn passing_schemas_compile_as_expected() {
    let differences: Vec<String> = case_directories("catalog/passing")
        .iter()
        .filter_map(|case| match compile(case) {
            Ok(catalog) => difference(&describe(&catalog), &case.join("expected.txt")),
            Err(error) => Some(format!("{}\n{}", case.display(), error.render(RenderStyle::Plain))),
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn failing_schemas_are_explained_as_expected() {
    let differences: Vec<String> = case_directories("catalog/failing")
        .iter()
        .filter_map(|case| match compile(case) {
            Ok(_) => Some(format!("{} compiles", case.display())),
            Err(error) => difference(&error.render(RenderStyle::Plain), &case.join("expected.txt")),
        })
        .collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn every_diagnostic_code_has_a_case() {
    let failures = case_directories("catalog/failing").into_iter().filter_map(|case| compile(&case).err());
    let seen: BTreeSet<DiagnosticCode> = failures.flat_map(|error| error.diagnostics).map(|diagnostic| diagnostic.code).collect();
    let missing: Vec<&DiagnosticCode> = DiagnosticCode::ALL.iter().filter(|code| !seen.contains(code)).collect();
    assert!(missing.is_empty(), "no failing case for {missing:?}");
    let names: BTreeSet<&str> = DiagnosticCode::ALL.iter().map(|code| code.0).collect();
    assert_eq!(names.len(), DiagnosticCode::ALL.len(), "two codes have one name");
}

#[test]
fn a_schema_with_mistakes_is_always_explained_alike() {
    for case in case_directories("catalog/failing") {
        let explain = || compile(&case).unwrap_err().render(RenderStyle::Plain);
        assert_eq!(explain(), explain(), "{}", case.display());
    }
}

#[test]
fn every_mistake_says_where_and_what_to_do() {
    for case in case_directories("catalog/failing") {
        let error = compile(&case).unwrap_err();
        for diagnostic in &error.diagnostics {
            let context = format!("{} {diagnostic:?}", case.display());
            assert_eq!(diagnostic.span.source.0, 1, "points into the tool's file: {context}");
            assert!(diagnostic.span.offset + diagnostic.span.length <= error.sources[1].text.len() + 1, "{context}");
            assert!(!diagnostic.message.is_empty() && !diagnostic.label.is_empty(), "{context}");
            assert!(!diagnostic.message.contains("Toolcrib") && !diagnostic.message.ends_with('.'), "{context}");
        }
    }
}

#[test]
fn json_names_the_place_in_characters() {
    let text = "\"Größe\" type Ticket @collection { é: Int }";
    let error = Catalog::load(vec![SourceFile::new("a/schema.graphql", text)]).unwrap_err();
    let json = error.to_json();
    assert_eq!(json[0]["code"], "invalid-graphql");
    let text = "# Größe\n type Ticket @collection { subject: Strin }";
    let json = Catalog::load(vec![SourceFile::new("a/schema.graphql", text)]).unwrap_err().to_json();
    let expected = serde_json::json!([
        {
            "code": "missing-access", "path": "a/schema.graphql", "line": 2, "column": 7,
            "message": "`Ticket` does not say who may read and write it",
            "help": "add `@access(read: \"...\", write: \"...\")`; `\"false\"` closes an operation",
        },
        {
            "code": "unknown-type", "path": "a/schema.graphql", "line": 2, "column": 37,
            "message": "there is no type `Strin`", "help": "did you mean `String`?",
        },
    ]);
    assert_eq!(json, expected);
}

#[test]
fn color_is_only_for_terminals() {
    let error = Catalog::load(vec![SourceFile::new("schema.graphql", "type A { a: Int }")]).unwrap_err();
    assert!(error.render(RenderStyle::Color).contains('\u{1b}'));
    assert!(!error.render(RenderStyle::Plain).contains('\u{1b}'));
}

#[test]
fn too_much_text_is_refused() {
    let text = "# too much\n".repeat(40_000);
    let error = Catalog::load(vec![SourceFile::new("schema.graphql", text)]).unwrap_err();
    assert_eq!(error.diagnostics[0].code, DiagnosticCode::INVALID_GRAPHQL);
}

#[test]
fn several_files_make_one_schema() {
    let file = |path: &str, text: &str| SourceFile::new(path, text);
    let catalog = Catalog::load(vec![
        file("a.graphql", "extend type Note @access(read: \"true\", write: \"staff\") { team: Team }"),
        file("b.graphql", "extend schema @rule(name: \"staff\", is: \"user.role == 'admin'\") type Note @collection { text: String }"),
    ]);
    let catalog = catalog.unwrap_or_else(|error| panic!("{}", error.render(RenderStyle::Plain)));
    let note = catalog.find_collection("Note").unwrap();
    assert_eq!(note.access.delete.text, "staff");
    assert_eq!(note.find_field("team").unwrap().span.source.0, 1);
    assert_eq!(note.find_field("text").unwrap().span.source.0, 2);
}
