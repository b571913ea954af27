//! Values: what `user`, `request` and rows hold, and times.

use super::types::{Kind, Type};
use super::{Checker, Slot};
use crate::base::ScalarType;
use crate::catalog::{CollectionId, Field, FieldKind};
use crate::policy::diagnostics::{self, Mistake};
use crate::policy::parse::{Literal, Node, NodeKind, Word};
use crate::policy::syntax::{KnownValue, Operand, Path, Step};
use crate::policy::{CallerValue, RowImage};
use chrono::TimeDelta;

/// A checked value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    /// A literal, which takes its type from what it is compared with.
    Literal(Literal),
    /// Anything else.
    Typed(Operand, Type),
}

/// What `user` has.
const USER_FIELDS: [&str; 6] = ["id", "email", "role", "team", "teams", "isActive"];
/// What `request` has.
const REQUEST_FIELDS: [&str; 6] = ["ip", "time", "auth.method", "auth.mfa", "auth.age", "service"];

impl<'c> Checker<'_, 'c> {
    /// Checks a part that has to be a value.
    pub(super) fn operand(&mut self, node: &Node) -> Option<Term> {
        match &node.kind {
            NodeKind::Literal(literal) => Some(Term::Literal(literal.clone())),
            NodeKind::Select(..) => self.selection(node),
            NodeKind::Name(name) => self.bare_name(node, name),
            NodeKind::Call(function, arguments) => self.value_call(node, function, arguments),
            NodeKind::Shift(direction, left, right) => self.shifted_time(node, *direction, left, right),
            NodeKind::List(_) => {
                let mistake = Mistake::new(diagnostics::NOT_A_VALUE, "a list stands only to the right of `in`", "a list")
                    .help("write `row.status in ['OPEN', 'PENDING']`");
                self.refuse(node.range.clone(), mistake)
            }
            NodeKind::Choose(token, _) => self.no_choice(token),
            NodeKind::Refused => None,
            _ => self.condition_as_value(node),
        }
    }

    fn condition_as_value(&mut self, node: &Node) -> Option<Term> {
        let message = format!("`{}` is a condition, where a value is needed", self.quote(node));
        let mistake = Mistake::new(diagnostics::NOT_A_VALUE, message, "true or false, no value to compare")
            .help("combine conditions with `&&`, `||` and `!`");
        self.refuse(node.range.clone(), mistake)
    }

    fn bare_name(&mut self, node: &Node, name: &str) -> Option<Term> {
        if self.environment.library.find(name).is_some() {
            return self.condition_as_value(node);
        }
        let example = match name {
            "user" => "user.id".to_owned(),
            "request" => "request.ip".to_owned(),
            _ => {
                self.root_row(node, name)?;
                format!("{name}.id")
            }
        };
        let mistake = Mistake::new(diagnostics::NOT_A_VALUE, format!("`{name}` is not a value"), "name one of its fields");
        self.refuse(node.range.clone(), mistake.help(format!("write `{example}`")))
    }

    /// `root.field.field`.
    fn selection(&mut self, node: &Node) -> Option<Term> {
        let (root, words) = self.take_apart(node)?;
        match &root.kind {
            NodeKind::Name(name) if name == "user" => self.user_field(&words),
            NodeKind::Name(name) if name == "request" => self.request_field(&words),
            NodeKind::Name(name) => {
                let (image, collection) = self.root_row(root, name)?;
                let (steps, field) = self.follow(collection, &words)?;
                self.stored(node, image, steps, field)
            }
            _ => {
                let mistake = Mistake::new(diagnostics::NOT_A_PATH, "a path starts at a name", "no start of a path")
                    .help("start at `user`, `request` or `row`, in update rules also at `old` or `new`");
                self.refuse(root.range.clone(), mistake)
            }
        }
    }

    /// The root of a selection and the fields after it.
    pub(super) fn take_apart<'n>(&mut self, node: &'n Node) -> Option<(&'n Node, Vec<&'n Word>)> {
        let mut words = Vec::new();
        let mut root = node;
        while let NodeKind::Select(operand, word) = &root.kind {
            words.push(word);
            root = operand;
        }
        words.reverse();
        (!Self::is_refused(root)).then_some((root, words))
    }

    /// The row that a name stands for, and its collection.
    pub(super) fn root_row(&mut self, node: &Node, name: &str) -> Option<(RowImage, CollectionId)> {
        if let Some(member) = self.members.iter().rev().find(|member| member.name == name) {
            return Some((RowImage::Member(member.depth), member.collection));
        }
        let image = match name {
            "row" => RowImage::Row,
            "old" => RowImage::Old,
            "new" => RowImage::New,
            _ => return self.unknown_name(node, name),
        };
        let home = match (self.slot, image) {
            (Slot::Row(home), RowImage::Row) | (Slot::Update(home), _) => home,
            (Slot::Row(_), _) => {
                let mistake =
                    Mistake::new(diagnostics::NO_SUCH_IMAGE, format!("there is no `{name}` here"), "only in update rules")
                        .help("only an update rule compares `old` with `new`; here it is `row`");
                return self.refuse(node.range.clone(), mistake);
            }
            (Slot::NoRow, _) => {
                let mistake = Mistake::new(
                    diagnostics::NO_SUCH_IMAGE,
                    format!("there is no `{name}` here"),
                    "decided before any row is known",
                )
                .help("only `user` and `request` are known here");
                return self.refuse(node.range.clone(), mistake);
            }
        };
        self.images.push((image, self.text.span_of(node.range.start, node.range.len())));
        Some((image, home))
    }

    fn unknown_name<T>(&mut self, node: &Node, name: &str) -> Option<T> {
        let members: Vec<String> = self.members.iter().map(|member| member.name.clone()).collect();
        let known = ["user", "request", "row", "old", "new"].into_iter();
        let help =
            diagnostics::suggest(name, known.chain(self.environment.library.names()).chain(members.iter().map(String::as_str)));
        let mistake =
            Mistake::new(diagnostics::UNKNOWN_NAME, format!("unknown name `{name}`"), "no rule and no variable of this name");
        self.refuse(node.range.clone(), mistake.help(help))
    }

    /// Follows to-one relations from a collection; gives the relations and the field at the end.
    pub(super) fn follow(&mut self, start: CollectionId, words: &[&Word]) -> Option<(Vec<Step>, &'c Field)> {
        let (last, relations) = words.split_last()?;
        let mut steps = Vec::new();
        let mut collection = self.catalog().collection(start);
        for word in relations {
            let field = self.field(collection.id, word)?;
            let FieldKind::ToOne { target, column, .. } = &field.kind else { return self.no_way_on(field, word) };
            collection = self.catalog().collection(*target);
            let id = collection.id_field();
            steps.push(Step {
                field: field.id,
                key: column.clone(),
                is_nullable: !field.is_required,
                collection: *target,
                table: collection.table.clone(),
                target_column: id.column()?.clone(),
                depth: self.depth + u16::try_from(steps.len()).ok()?,
            });
        }
        let field = self.field(collection.id, last)?;
        Some((steps, field))
    }

    fn field(&mut self, collection: CollectionId, word: &Word) -> Option<&'c Field> {
        let collection = self.catalog().collection(collection);
        if let Some(field) = collection.find_field(&word.text) {
            return Some(field);
        }
        let message = format!("`{}` has no field `{}`", collection.name, word.text);
        let help = diagnostics::suggest(&word.text, collection.fields.iter().map(|field| field.name.as_str()));
        self.refuse(word.range.clone(), Mistake::new(diagnostics::UNKNOWN_FIELD, message, "unknown field").help(help))
    }

    fn no_way_on<T>(&mut self, field: &Field, word: &Word) -> Option<T> {
        let name = &field.name;
        let mistake = match field.kind {
            FieldKind::ToMany { .. } => Mistake::new(diagnostics::NOT_A_PATH, format!("`{name}` is a list of rows"), "many rows")
                .help(format!("write `exists(row.{name}, other, other.id == ...)`")),
            _ => Mistake::new(diagnostics::NOT_A_PATH, format!("`{name}` is a value and has no fields"), "the path ends here")
                .help("a path goes over fields that hold one row of a collection"),
        };
        self.refuse(word.range.clone(), mistake)
    }

    /// The value of a field at the end of a path.
    fn stored(&mut self, node: &Node, image: RowImage, steps: Vec<Step>, field: &'c Field) -> Option<Term> {
        let Some(ty) = Type::of_field(field) else {
            let message = format!("`{}` is a list of rows, where a value is needed", self.quote(node));
            let help = format!("write `exists({}, other, other.id == ...)`", self.quote(node));
            return self.refuse(node.range.clone(), Mistake::new(diagnostics::NOT_A_VALUE, message, "many rows").help(help));
        };
        let path = self.path(node, image, steps, field)?;
        Some(Term::Typed(Operand::Stored(path), ty))
    }

    /// The path to a field that has a column. The id of a related row is read from the foreign key, without looking there.
    pub(super) fn path(&mut self, node: &Node, image: RowImage, mut steps: Vec<Step>, field: &Field) -> Option<Path> {
        let mut path = Path {
            image,
            steps: Vec::new(),
            field: field.id,
            column: field.column()?.clone(),
            is_nullable: !field.is_required,
            is_null_a_gap: false,
        };
        if field.name == "id"
            && let Some(last) = steps.pop()
        {
            path = Path { field: last.field, column: last.key, is_nullable: last.is_nullable, is_null_a_gap: true, ..path };
        }
        let span = self.text.span_of(node.range.start, node.range.len());
        self.looked_into.extend(steps.iter().map(|step| (step.collection, span)));
        Some(Path { steps, ..path })
    }

    fn user_field(&mut self, words: &[&Word]) -> Option<Term> {
        let reference = |name: &str| match self.catalog().find_collection(name) {
            Some(collection) => Kind::Reference(collection.id),
            None => Kind::Scalar(ScalarType::Id),
        };
        let names: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let (value, ty) = match names.as_slice() {
            ["id"] => (CallerValue::UserId, Type::One(reference("User"))),
            ["email"] => (CallerValue::UserEmail, Type::One(Kind::Scalar(ScalarType::Email))),
            ["role"] => (CallerValue::UserRole, Type::One(Kind::Role)),
            ["team"] => (CallerValue::UserTeam, Type::One(reference("Team"))),
            ["teams"] => (CallerValue::UserTeams, Type::ListOf(reference("Team"))),
            ["isActive"] => (CallerValue::UserIsActive, Type::One(Kind::Scalar(ScalarType::Boolean))),
            _ => return self.unknown_known_field("user", words, &USER_FIELDS),
        };
        Some(Term::Typed(Operand::Known(KnownValue::Caller(value)), ty))
    }

    fn request_field(&mut self, words: &[&Word]) -> Option<Term> {
        let names: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
        let scalar = |scalar| Type::One(Kind::Scalar(scalar));
        let (value, ty) = match names.as_slice() {
            ["ip"] => (CallerValue::RequestIp, scalar(ScalarType::String)),
            ["time"] => (CallerValue::RequestTime(TimeDelta::zero()), scalar(ScalarType::DateTime)),
            ["auth", "method"] => (CallerValue::RequestAuthMethod, Type::One(Kind::AuthMethod)),
            ["auth", "mfa"] => (CallerValue::RequestAuthMfa, scalar(ScalarType::Boolean)),
            ["auth", "age"] => (CallerValue::RequestAuthAge, scalar(ScalarType::BigInt)),
            ["service"] => (CallerValue::RequestService, scalar(ScalarType::String)),
            _ => return self.unknown_known_field("request", words, &REQUEST_FIELDS),
        };
        Some(Term::Typed(Operand::Known(KnownValue::Caller(value)), ty))
    }

    fn unknown_known_field(&mut self, root: &str, words: &[&Word], fields: &[&str]) -> Option<Term> {
        let path = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(".");
        let range = words.first()?.range.start..words.last()?.range.end;
        let help = diagnostics::suggest(&path, fields.iter().copied());
        let mistake = Mistake::new(diagnostics::UNKNOWN_FIELD, format!("`{root}` has no `{path}`"), "unknown").help(help);
        self.refuse(range, mistake)
    }
}
