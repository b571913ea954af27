//! The validation that GraphQL itself prescribes, by apollo-compiler, in our words.

use crate::catalog::draft::Draft;
use crate::catalog::findings::Findings;
use crate::catalog::nearest::{listed, suggestion};
use crate::catalog::{Diagnostic, DiagnosticCode, SourceSpan};
use apollo_compiler::Schema;
use apollo_compiler::ast::{DirectiveLocation, Document};
use apollo_compiler::diagnostic::ToCliReport;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};

/// The definitions of our directives and scalars.
const PRELUDE: &str = include_str!("directives.graphql");

/// Checks the draft against GraphQL's own rules and the definitions of the directives.
pub(super) fn validate(draft: &Draft, findings: &mut Findings) {
    let prelude = Document::parse(PRELUDE, "directives.graphql").expect("a test parses the embedded definitions");
    let built = Schema::builder().add_ast(&prelude).add_ast(&draft.to_document()).build();
    let (schema, build_errors) = match built {
        Ok(schema) => (schema, None),
        Err(failed) => (failed.partial, Some(failed.errors)),
    };
    let validation_errors = schema.clone().validate().err().map(|failed| failed.errors);
    for errors in [build_errors, validation_errors].iter().flatten() {
        convert_all(errors, &schema, findings);
    }
}

fn convert_all(errors: &DiagnosticList, schema: &Schema, findings: &mut Findings) {
    for error in errors.iter() {
        let span = findings.span(error.error.location());
        if let Some(diagnostic) = convert(error.error, span, schema) {
            let diagnostic = narrow_to_name(diagnostic, findings);
            findings.add(diagnostic);
        }
    }
}

/// One complaint in our words. apollo-compiler keeps the details of its errors to itself; the names that it quotes in its
/// message are all there is, and where they are missing the help is, too.
fn convert(error: &DiagnosticData, span: SourceSpan, schema: &Schema) -> Option<Diagnostic> {
    let message = error.to_string();
    let quoted: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let name = quoted.first().copied().unwrap_or_default();
    let diagnostic = match error.unstable_error_name().unwrap_or_default() {
        // `resolve` and `merge` report these with more to say.
        "UndefinedDefinition" | "EmptyFieldSet" | "EmptyValueSet" => return None,
        "UndefinedDirective" => unknown_directive(name.trim_start_matches('@'), span, schema),
        "UndefinedArgument" => unknown_argument(name, quoted.get(1).copied().unwrap_or_default(), span, schema),
        "RequiredArgument" => {
            Diagnostic::new(DiagnosticCode::MISSING_ARGUMENT, span, &message).with_label("an argument is missing")
        }
        "UniqueArgument" => {
            Diagnostic::new(DiagnosticCode::DUPLICATE_ARGUMENT, span, &message).with_label("a second time").with_help("keep one")
        }
        "UniqueDirective" => duplicate_directive(&message, span),
        "UnsupportedLocation" => misplaced_directive(&message, span, schema),
        "UndefinedEnumValue" => unknown_value(name, quoted.get(1).copied().unwrap_or_default(), span, schema),
        "UnsupportedValueType" | "IntCoercionError" | "FloatCoercionError" | "UndefinedVariable" => {
            let message = message.replace("Toolcrib", "").replace(['!', '[', ']'], "");
            Diagnostic::new(DiagnosticCode::WRONG_VALUE, span, message).with_label("does not fit")
        }
        "ReservedName" => Diagnostic::new(DiagnosticCode::RESERVED_NAME, span, &message)
            .with_label("reserved")
            .with_help("leave the underscores out"),
        _ => Diagnostic::new(DiagnosticCode::INVALID_GRAPHQL, span, &message).with_label("not valid GraphQL"),
    };
    Some(diagnostic)
}

fn unknown_directive(name: &str, span: SourceSpan, schema: &Schema) -> Diagnostic {
    let known: Vec<&str> = our_directives(schema).collect();
    Diagnostic::new(DiagnosticCode::UNKNOWN_DIRECTIVE, span, format!("there is no directive `@{name}`"))
        .with_label("unknown directive")
        .with_help(suggestion(name, known))
}

/// The directives that mean something in a tool's schema, of GraphQL's own only `@deprecated`.
fn our_directives(schema: &Schema) -> impl Iterator<Item = &str> {
    let definitions = schema.directive_definitions.values();
    definitions.filter(|definition| !definition.is_built_in() || definition.name == "deprecated").map(|found| found.name.as_str())
}

fn unknown_argument(name: &str, coordinate: &str, span: SourceSpan, schema: &Schema) -> Diagnostic {
    let directive = coordinate.trim_start_matches('@');
    let message = format!("`@{directive}` has no argument `{name}`");
    let diagnostic = Diagnostic::new(DiagnosticCode::UNKNOWN_ARGUMENT, span, message).with_label("unknown argument");
    let definition = schema.directive_definitions.get(directive);
    let arguments: Vec<&str> = definition.iter().flat_map(|found| &found.arguments).map(|argument| argument.name.as_str()).collect();
    if arguments.is_empty() {
        return diagnostic.with_help(format!("`@{directive}` takes no arguments"));
    }
    diagnostic.with_help(suggestion(name, arguments))
}

fn duplicate_directive(message: &str, span: SourceSpan) -> Diagnostic {
    let name = message.split_whitespace().nth(2).unwrap_or_default();
    let message = format!("`@{name}` stands here twice");
    let diagnostic = Diagnostic::new(DiagnosticCode::DUPLICATE_DIRECTIVE, span, message).with_label("a second time");
    if name == "access" {
        return diagnostic.with_help("keep one; only the rules of a platform collection can be replaced, once, with `extend type`");
    }
    diagnostic.with_help("keep one")
}

fn misplaced_directive(message: &str, span: SourceSpan, schema: &Schema) -> Diagnostic {
    let name = message.split_whitespace().next().unwrap_or_default();
    let message = format!("`@{name}` means nothing here");
    let diagnostic = Diagnostic::new(DiagnosticCode::MISPLACED_DIRECTIVE, span, message).with_label("misplaced");
    let places = schema.directive_definitions.get(name).map(|definition| definition.locations.iter().map(describe_place));
    match places.map(|places| places.collect::<Vec<_>>().join(" or ")) {
        Some(places) if !places.is_empty() => diagnostic.with_help(format!("`@{name}` belongs on {places}")),
        _ => diagnostic,
    }
}

fn describe_place(location: &DirectiveLocation) -> &'static str {
    match location {
        DirectiveLocation::Schema => "`extend schema`",
        DirectiveLocation::Object => "a type",
        DirectiveLocation::FieldDefinition => "a field",
        DirectiveLocation::EnumValue => "an enum value",
        _ => "something else",
    }
}

fn unknown_value(value: &str, enum_name: &str, span: SourceSpan, schema: &Schema) -> Diagnostic {
    let message = format!("`{value}` is no value of this argument");
    let diagnostic = Diagnostic::new(DiagnosticCode::WRONG_VALUE, span, message).with_label("unknown value");
    let Some(ExtendedType::Enum(definition)) = schema.types.get(enum_name) else { return diagnostic };
    let values = definition.values.keys().map(|known| known.as_str());
    diagnostic.with_help(format!("write one of {}", listed(values)))
}

/// A complaint about a whole directive marks only its name: the rest may be many lines.
fn narrow_to_name(diagnostic: Diagnostic, findings: &Findings) -> Diagnostic {
    let span = diagnostic.span;
    let text = &findings.sources()[usize::from(span.source.0)].text[span.offset..];
    let Some(name) = text.strip_prefix('@') else { return diagnostic };
    let length = 1 + name.find(|character: char| !character.is_ascii_alphanumeric() && character != '_').unwrap_or(name.len());
    Diagnostic { span: SourceSpan::new(span.source, span.offset..span.offset + length.min(span.length)), ..diagnostic }
}
