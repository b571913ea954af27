//! What is wrong with a document, in our words: what, and what to write instead. Where comes from the validator.
//!
//! The validator's sentences name types and arguments of the schema, which not every caller may learn, so none of them is
//! passed on unread: each kind of mistake is told as [`Names`] has it, and one that is not known here is told without a name.

use crate::graphql::names::{Names, choices, suggestion};
use apollo_compiler::Schema;
use apollo_compiler::parser::LineColumn;
use apollo_compiler::schema::ExtendedType;
use apollo_compiler::validation::{DiagnosticData, DiagnosticList};
use std::ops::Range;

/// The message for a mistake that the validator found.
pub(crate) fn describe(schema: &Schema, diagnostic: &DiagnosticData, names: Names) -> String {
    let sentence = diagnostic.to_string();
    let Some(kind) = diagnostic.unstable_error_name() else {
        return describe_syntax(&sentence);
    };
    let quoted: Vec<&str> = sentence.split('`').skip(1).step_by(2).collect();
    let mistake = Mistake { schema, kind, quoted, sentence: &sentence };
    mistake.about_names(names).or_else(|| mistake.about_values(names)).unwrap_or_else(|| mistake.about_the_rest(names))
}

/// The mistakes with their places, lines and columns from 1. A field whose subfields are all unknown counts as one without
/// subfields for the validator; the unknown ones are what is wrong.
pub(crate) fn places(diagnostics: &DiagnosticList) -> Vec<(&DiagnosticData, Option<(usize, usize)>)> {
    let found: Vec<_> = diagnostics.iter().map(|diagnostic| (diagnostic.error, diagnostic.line_column_range())).collect();
    let at = |place: &LineColumn| (place.line, place.column);
    let starts: Vec<(usize, usize)> = found.iter().filter_map(|(_, range)| Some(at(&range.as_ref()?.start))).collect();
    let is_told = |(diagnostic, range): &&(&DiagnosticData, Option<Range<LineColumn>>)| {
        let Some(range) = range.as_ref().filter(|_| diagnostic.unstable_error_name() == Some(MISSING)) else { return true };
        !starts.iter().any(|start| *start > at(&range.start) && *start < at(&range.end))
    };
    found.iter().filter(is_told).map(|(diagnostic, range)| (*diagnostic, range.as_ref().map(|range| at(&range.start)))).collect()
}

/// The validator's name for a field without subfields.
const MISSING: &str = "MissingSubselection";

struct Mistake<'m> {
    schema: &'m Schema,
    /// The validator's name for it.
    kind: &'m str,
    /// What stands in backticks in the sentence.
    quoted: Vec<&'m str>,
    sentence: &'m str,
}

impl Mistake<'_> {
    /// Names that the schema does not have, and those that it asks for.
    fn about_names(&self, names: Names) -> Option<String> {
        let schema = self.schema;
        Some(match (self.kind, self.quoted.as_slice()) {
            ("UndefinedField", [ty, field]) => names.choose(
                || format!("`{ty}` has no field `{field}`{}", suggestion(field, fields(schema, ty))),
                || format!("there is no field `{field}` here"),
            ),
            ("UndefinedInputValue", [field, ty]) => names.choose(
                || format!("`{ty}` has no field `{field}`{}", choices(field, fields(schema, ty))),
                || format!("there is no field `{field}` here"),
            ),
            ("UndefinedEnumValue", [value, ty]) => names.choose(
                || format!("`{ty}` has no value `{value}`{}", choices(value, fields(schema, ty))),
                || format!("there is no value `{value}` here"),
            ),
            ("UndefinedArgument", [argument, place]) => names.choose(
                || format!("`{}` has no argument `{argument}`{}", owner(place), choices(argument, arguments(schema, place))),
                || format!("there is no argument `{argument}` here"),
            ),
            ("RequiredArgument", [place]) => names.choose(
                || format!("`{}` needs the argument `{}`", owner(place), argument(place)),
                || "an argument that is required is missing here".to_owned(),
            ),
            ("RequiredField", [place]) => {
                names.choose(|| format!("`{place}` needs a value"), || "a field that is required is missing here".to_owned())
            }
            ("UndefinedDefinition", [ty])
            | ("UndefinedTypeInInlineFragmentTypeCondition", [ty])
            | ("UndefinedTypeInNamedFragmentTypeCondition", [ty, ..]) => names.choose(
                || format!("there is no type `{ty}`{}", suggestion(ty, schema.types.keys().map(|name| name.as_str()))),
                || format!("there is no type `{ty}`"),
            ),
            ("UndefinedDirective", [directive]) => format!("there is no directive `{directive}`"),
            _ => return None,
        })
    }

    /// Values that do not fit their type.
    fn about_values(&self, names: Names) -> Option<String> {
        Some(match (self.kind, self.quoted.as_slice()) {
            ("UnsupportedValueType", _) => {
                let (ty, found) = self.sentence.strip_prefix("expected value of type ")?.split_once(", found ")?;
                let hint = match self.schema.types.get(ty.trim_end_matches('!')) {
                    Some(ExtendedType::Enum(_)) if found == "a string" => "; write the value of an enum without quotes",
                    _ => "",
                };
                if found == "null" {
                    return Some("null is no value here; leave it out, or give one".to_owned());
                }
                names.choose(
                    || format!("a value of `{ty}` is expected here, found {found}{hint}"),
                    || format!("a value of another type is expected here, found {found}"),
                )
            }
            ("IntCoercionError", _) => "an `Int` is a whole number from -2147483648 to 2147483647".to_owned(),
            ("FloatCoercionError", _) => "a `Float` is a finite number of 64 bits".to_owned(),
            ("DisallowedVariableUsage", [variable, variable_type, argument, argument_type]) => names.choose(
                || {
                    format!(
                        "`{variable}` is declared as `{variable_type}`, and `{argument}` takes `{argument_type}`; declare it as \
                         that"
                    )
                },
                || format!("`{variable}` is declared as `{variable_type}`, which does not fit here"),
            ),
            _ => return None,
        })
    }

    /// Everything else. What names nothing but the document's own names is passed on.
    fn about_the_rest(&self, names: Names) -> String {
        match (self.kind, self.quoted.as_slice()) {
            (MISSING, _) => "this field is an object; say which of its fields, `{ ... }`".to_owned(),
            ("SubselectionOnScalarType" | "SubselectionOnEnumType", _) => {
                "this field has no fields of its own; leave out the braces".to_owned()
            }
            ("InvalidFragmentSpread", _) => "the type of this fragment does not occur here".to_owned(),
            ("UndefinedRootOperation", [operation]) => format!("there is no `{operation}` in this API"),
            ("ConflictingFieldName" | "ConflictingFieldType" | "ConflictingFieldArgument", [alias]) => {
                format!("`{alias}` stands here for different things; give one of them an alias of its own")
            }
            ("UndefinedFragment", [fragment]) => format!("there is no fragment `{fragment}` in this document"),
            ("UnusedFragment", [fragment]) => format!("the fragment `{fragment}` is never used; spread it or leave it out"),
            ("UnusedVariable", [variable]) => format!("the variable `{variable}` is never used; use it or leave it out"),
            ("UndefinedVariable", [variable]) => format!("the variable `{variable}` is not declared by the operation"),
            ("RecursiveFragmentDefinition", [fragment]) => format!("the fragment `{fragment}` spreads itself"),
            (kind, _) if OF_THE_DOCUMENT.contains(&kind) || names == Names::Told => self.sentence.to_owned(),
            _ => "the document does not fit the schema here".to_owned(),
        }
    }
}

/// Mistakes whose sentences say nothing of the schema.
const OF_THE_DOCUMENT: [&str; 13] = [
    "AmbiguousAnonymousOperation",
    "DeeplyNestedType",
    "FragmentNameCollision",
    "InvalidFragmentTarget",
    "OperationNameCollision",
    "RecursionError",
    "RecursionLimitError",
    "TypeSystemDefinition",
    "UniqueArgument",
    "UniqueDirective",
    "UniqueInputValue",
    "UniqueVariable",
    "UnsupportedLocation",
];

/// The fields of a type, or the values of an enum.
fn fields<'s>(schema: &'s Schema, ty: &str) -> Vec<&'s str> {
    match schema.types.get(ty) {
        Some(ExtendedType::Object(object)) => object.fields.keys().map(|name| name.as_str()).collect(),
        Some(ExtendedType::InputObject(object)) => object.fields.keys().map(|name| name.as_str()).collect(),
        Some(ExtendedType::Enum(enum_type)) => enum_type.values.keys().map(|name| name.as_str()).collect(),
        _ => Vec::new(),
    }
}

/// `tickets` of `Query.tickets(wher:)`, `@skip` of `@skip(is:)`.
fn owner(place: &str) -> &str {
    let place = place.split('(').next().unwrap_or(place);
    place.rsplit('.').next().unwrap_or(place)
}

/// `wher` of `Query.tickets(wher:)`.
fn argument(place: &str) -> &str {
    place.split_once('(').map_or("", |(_, argument)| argument.trim_end_matches(":)"))
}

/// The arguments of the field or directive that `Query.tickets(wher:)` or `@skip(is:)` names.
fn arguments<'s>(schema: &'s Schema, place: &str) -> Vec<&'s str> {
    let name = owner(place);
    if let Some(directive) = name.strip_prefix('@') {
        let found = schema.directive_definitions.get(directive);
        return found
            .map(|directive| directive.arguments.iter().map(|argument| argument.name.as_str()).collect())
            .unwrap_or_default();
    }
    let Some(ExtendedType::Object(object)) = place.split('.').next().and_then(|ty| schema.types.get(ty)) else {
        return Vec::new();
    };
    let found = object.fields.get(name);
    found.map(|field| field.arguments.iter().map(|argument| argument.name.as_str()).collect()).unwrap_or_default()
}

/// The parser's sentences, with signs for the names of its tokens.
fn describe_syntax(sentence: &str) -> String {
    const SIGNS: [(&str, &str); 10] = [
        ("R_CURLY", "`}`"),
        ("L_CURLY", "`{`"),
        ("R_PAREN", "`)`"),
        ("L_PAREN", "`(`"),
        ("R_BRACK", "`]`"),
        ("L_BRACK", "`[`"),
        ("COLON", "`:`"),
        ("AT", "`@`"),
        ("EQ", "`=`"),
        ("EOF", "the end of the document"),
    ];
    let problem = sentence.strip_prefix("syntax error: ").unwrap_or(sentence).trim_end_matches('.');
    if problem == "Unexpected <EOF>" {
        return "syntax error: the document is empty".to_owned();
    }
    let words = problem.split(' ').map(|word| {
        let (word, comma) = word.strip_suffix(',').map_or((word, ""), |word| (word, ","));
        let sign = SIGNS.iter().find(|(name, _)| *name == word).map_or(word, |(_, sign)| sign);
        format!("{}{comma}", if sign == "got" { "found" } else { sign })
    });
    format!("syntax error: {}", words.collect::<Vec<_>>().join(" "))
}
