//! The SDL compiler over `cases/catalog/{passing,failing}/<case>/schema.graphql`; `UPDATE_EXPECT=1` rewrites what is expected.

use crate::support::expect::{case_directories, difference};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use toolcrib::catalog::{
    Catalog, Collection, DefaultValue, DiagnosticCode, Diagnostics, Field, FieldKind, Mask, RenderStyle, RuleText, SourceFile,
    SourceId,
};
use toolcrib::policy::RuleBook;

/// Everything that is checked of a schema before a server starts.
fn compile(directory: &Path) -> Result<Catalog, Diagnostics> {
    let path = directory.join("schema.graphql");
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    Catalog::load(vec![SourceFile::new("schema.graphql", text)])
}

/// The catalog in the words that a reviewer wants to see: what the tool defines, and what it extends.
fn describe(catalog: &Catalog) -> String {
    let is_touched = |collection: &&Collection| {
        let places = [collection.span.source, collection.access.read.span.source];
        let fields = collection.fields.iter().map(|field| field.span.source);
        places.into_iter().chain(fields).any(|source| source != SourceId::PLATFORM)
    };
    let collections = catalog.collections.iter().filter(is_touched).map(|collection| describe_collection(catalog, collection));
    let values = catalog.enums.iter().flat_map(|enum_type| enum_type.values.iter().map(|value| (&enum_type.name, value)));
    let renamed = values.filter(|(_, value)| !value.former_names.is_empty());
    collections.chain(renamed.map(|(name, value)| format!("{name}.{}: once {:?}\n", value.name, value.former_names))).collect()
}

fn describe_collection(catalog: &Catalog, collection: &Collection) -> String {
    let Collection {
        name,
        singular,
        plural,
        table,
        former_names,
        mutations,
        access,
        audit,
        export,
        aggregate,
        shareable,
        search,
        ..
    } = collection;
    let mut text = format!("{name}: {singular} / {plural} in {table}, {mutations:?}\n");
    if !former_names.is_empty() {
        text += &format!("  once {former_names:?}\n");
    }
    for (slot, rule) in
        [("read", &access.read), ("create", &access.create), ("update", &access.update), ("delete", &access.delete)]
    {
        text += &format!("  {slot}: {}\n", rule.text);
    }
    text += &format!("  {audit:?}\n");
    if let Some(export) = export {
        text += &format!("  export: {}, {} rows\n", export.allow.text, export.max_rows);
    }
    if let Some(aggregate) = aggregate {
        let allow = aggregate.allow.as_ref().map_or("everybody", |allow| allow.text.as_str());
        text += &format!("  aggregate: {allow}, {:?}\n", aggregate.min_group);
    }
    if let Some(by) = shareable {
        text += &format!("  shared by: {}\n", by.text);
    }
    if let Some(search) = search {
        for group in search.groups(collection) {
            let columns: Vec<String> =
                group.columns().iter().map(|(column, weight)| format!("{column} {}", weight.letter())).collect();
            text += &format!("  search {}: {}, {}\n", search.config.name(), columns.join(", "), group.index);
        }
    }
    for field in &collection.fields {
        text += &format!("  {}: {}{}\n", field.name, describe_kind(catalog, &field.kind), describe_settings(field));
    }
    text
}

fn describe_kind(catalog: &Catalog, kind: &FieldKind) -> String {
    let list = |is_list: &bool| if *is_list { "list of " } else { "" };
    match kind {
        FieldKind::Scalar { scalar, is_list, column } => format!("{}{} in {column}", list(is_list), scalar.graphql_name()),
        FieldKind::Enum { enum_id, is_list, column } => {
            format!("{}{} in {column}", list(is_list), catalog.enum_type(*enum_id).name)
        }
        FieldKind::ToOne { target, column, on_delete } => {
            format!("one {} in {column}, {on_delete:?}", catalog.collection(*target).name)
        }
        FieldKind::ToMany { target, inverse } => {
            format!("many {} by {}", catalog.collection(*target).name, catalog.field(*inverse).name)
        }
    }
}

fn describe_settings(field: &Field) -> String {
    let flags = [
        (field.is_required, "required"),
        (field.is_unique, "unique"),
        (field.is_indexed, "indexed"),
        (field.is_read_only, "read-only"),
        (field.is_acyclic, "acyclic"),
        (field.is_implicit, "implicit"),
    ];
    let flags = flags.iter().filter(|(is_set, _)| *is_set).map(|(_, name)| format!(", {name}"));
    let rule = |name: &str, rule: &Option<RuleText>| rule.as_ref().map(|rule| format!(", {name} if {}", rule.text));
    let settings = [
        field.default.as_ref().map(|default| match default {
            DefaultValue::Literal(text) => format!(", default {text}"),
            DefaultValue::Expression(rule) => format!(", default from {}", rule.text),
        }),
        field.sequence.as_ref().map(|format| format!(", sequence {format}")),
        field.max_length.map(|max| format!(", at most {max}")),
        (field.limits != Default::default()).then(|| format!(", {:?}", field.limits)),
        (!field.former_columns.is_empty()).then(|| format!(", once {:?}", field.former_columns)),
        field.backfill.as_ref().map(|backfill| format!(", filled with {backfill:?}")),
        rule("read", &field.access.read),
        rule("written", &field.access.write),
        field.access.mask.as_ref().map(|mask| match mask {
            Mask::Computed(text) => format!(", masked as {}", text.text),
            mask => format!(", masked as {mask:?}"),
        }),
        field.deprecation.as_ref().map(|reason| format!(", deprecated: {reason}")),
    ];
    flags.chain(settings.into_iter().flatten()).collect()
}

#[test]
fn the_support_desk_compiles() {
    let catalog =
        compile(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_or_else(|error| panic!("{}", error.render(RenderStyle::Plain)));
    let names: Vec<&str> = catalog.collections.iter().map(|collection| collection.name.as_str()).collect();
    let platform = [
        "User",
        "Team",
        "DirectoryGroup",
        "DirectoryMembership",
        "AuditEvent",
        "Export",
        "ServiceToken",
        "Identity",
        "Session",
        "RecordShare",
    ];
    assert_eq!(names, [&platform[..], &["Customer", "Ticket", "TicketEvent", "Macro"]].concat());
    let ticket = catalog.find_collection("Ticket").unwrap();
    let fields: Vec<String> = ticket.stored_fields().map(|field| field.column().unwrap().to_string()).collect();
    assert_eq!(
        fields,
        [
            "id",
            "case_id",
            "customer_id",
            "team_id",
            "assigned_to_id",
            "status",
            "priority",
            "subject",
            "customer_email",
            "internal_note",
            "due_at",
            "created_at",
            "updated_at",
            "version"
        ]
    );
    let user = catalog.find_collection("User").unwrap();
    let expected = "(staff || user.role in ['agent', 'viewer']) || (request.service in ['cli', 'export', 'signin'] || (request.service == 'scim' && row.kind == 'PERSON'))";
    assert_eq!(user.access.read.text, expected, "the tool's rules replace the platform's, but not those of its services");
    for collection in &catalog.collections {
        for (index, field) in collection.fields.iter().enumerate() {
            assert_eq!((field.id.collection, usize::from(field.id.index)), (collection.id, index), "{}", field.name);
        }
    }
}

#[test]
fn the_rules_of_the_support_desk_compile() {
    let catalog = compile(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    if let Err(mistakes) = RuleBook::compile(&catalog) {
        panic!("{}", Diagnostics::new(catalog.sources, mistakes).render(RenderStyle::Plain));
    }
}

#[test]
fn every_word_of_a_rule_is_found_in_the_file() {
    let catalog = compile(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap();
    // What `@service` adds to a rule of the platform stands elsewhere.
    let tools = catalog.collections.iter().filter(|collection| !collection.is_platform);
    let rows = tools.map(|collection| &collection.access);
    let rows = rows.flat_map(|access| [&access.read, &access.create, &access.update, &access.delete]);
    let rules: Vec<&RuleText> =
        rows.chain(catalog.named_rules.iter().map(|named| &named.rule)).chain(&catalog.base.read).collect();
    assert!(rules.iter().any(|rule| rule.offsets.len() > 2), "one of them stands on several indented lines");
    for rule in rules {
        let words = rule.text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        for word in words {
            // `split` yields parts of the text itself, so the distance of their addresses is the offset.
            let span = rule.span_of(word.as_ptr() as usize - rule.text.as_ptr() as usize, word.len());
            let file = &catalog.sources[usize::from(span.source.0)].text;
            assert_eq!(&file[span.offset..span.offset + span.length], word, "in {:?}", rule.text);
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
            let marked = error.sources[1].text.get(diagnostic.span.offset..diagnostic.span.offset + diagnostic.span.length);
            let own_words = diagnostic.message.replace(marked.unwrap_or("\0"), "");
            assert!(!own_words.contains("Toolcrib"), "shows a name that nobody wrote: {context}");
            assert!(!diagnostic.message.ends_with('.'), "{context}");
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
fn no_broken_schema_stops_the_compiler() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schema.graphql");
    let text = fs::read_to_string(path).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let without = (0..lines.len()).map(|left_out| [&lines[..left_out], &lines[left_out + 1..]].concat().join("\n"));
    let cut = (0..text.len()).step_by(23).filter(|end| text.is_char_boundary(*end)).map(|end| text[..end].to_owned());
    let mut refused = 0;
    for broken in without.chain(cut) {
        if let Err(error) = Catalog::load(vec![SourceFile::new("schema.graphql", broken)]) {
            refused += 1;
            assert!(!error.diagnostics.is_empty());
            assert!(error.render(RenderStyle::Plain).contains("schema.graphql:"));
            assert_eq!(error.to_json().as_array().map(Vec::len), Some(error.diagnostics.len()));
        }
    }
    assert!(refused > 100, "{refused}");
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
        file(
            "b.graphql",
            "extend schema @rule(name: \"staff\", is: \"user.role == 'admin'\") type Note @collection { text: String }",
        ),
    ]);
    let catalog = catalog.unwrap_or_else(|error| panic!("{}", error.render(RenderStyle::Plain)));
    let note = catalog.find_collection("Note").unwrap();
    assert_eq!(note.access.delete.text, "staff");
    assert_eq!(note.find_field("team").unwrap().span.source.0, 1);
    assert_eq!(note.find_field("text").unwrap().span.source.0, 2);
}
