//! `shared('read')` and `mayShare()`: rules about `RecordShare`, in which it is written down what was shared with whom.
//!
//! `shared(...)` is `True` where a share of the row reaches the caller, and `False` where none does: one that names the caller, one of
//! whose teams it names (`user.teams`, so that a share with a team is as good as `inTeam` of it), or the caller's role. Shares that were
//! ended or have expired do not count, WRITE counts as READ, and inactive users and the platform's services are reached by none. It is
//! unknown only where its path leads nowhere.
//!
//! The database looks for them the other way round: not "is there a share of this row?", which nothing but every row's own answer
//! could tell, but "which rows are shared with the caller?", once for the statement. An index of the table finds those.

use crate::base::{ColumnName, RoleName, TableName, TypeName, Value};
use crate::catalog::{Catalog, Collection, CollectionId, FieldId};
use crate::policy::known::{Asker, Caller, Given};
use crate::policy::syntax::{Exists, KnownValue, Operand as Term, Path, Rule};
use crate::policy::{CallerValue, Comparison, Condition, Operand, Predicate, RowImage};
use std::sync::Arc;

/// What a share lets people do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShareLevel {
    /// `shared('read')`: a share of either level.
    Read,
    /// `shared('write')`: only one that says WRITE.
    Write,
}

impl ShareLevel {
    /// The level that a rule names.
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "read" => Some(Self::Read),
            "write" => Some(Self::Write),
            _ => None,
        }
    }

    /// Its name in rules.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

/// The value of `RecordShare.level` that lets people change a row.
const WRITE: &str = "WRITE";

/// `shared(level)`, or of another row: `shared(row.folder, level)`.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Shared {
    /// The id of the row.
    pub(super) owner: Path,
    /// Whether the rule names a path to it. Otherwise it is the rule's own row, whichever image: they have the same id.
    pub(super) is_path_named: bool,
    /// The collection of the row, as shares call it.
    pub(super) record_type: TypeName,
    /// At which level.
    pub(super) level: ShareLevel,
    /// The nesting depth of the share that is looked at.
    pub(super) depth: u16,
    /// Where shares are stored.
    pub(super) table: Arc<ShareTable>,
}

/// Where shares are stored.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct ShareTable {
    /// The collection.
    pub(super) collection: CollectionId,
    name: TableName,
    record_type: Path,
    record_id: ColumnName,
    user: ColumnName,
    team: ColumnName,
    role: ColumnName,
    level: ColumnName,
    expires_at: ColumnName,
    revoked_at: ColumnName,
    /// The fields by which shares are looked up.
    pub(super) lookups: Vec<FieldId>,
}

impl ShareTable {
    /// The table.
    pub(super) fn name(&self) -> &TableName {
        &self.name
    }

    /// The columns that `shared(...)` looks at.
    pub(super) fn columns(&self) -> impl Iterator<Item = &ColumnName> {
        let Self { collection: _, name: _, record_type, record_id, user, team, role, level, expires_at, revoked_at, lookups: _ } =
            self;
        [&record_type.column, record_id, user, team, role, level, expires_at, revoked_at].into_iter()
    }
}

impl ShareTable {
    /// Where the catalog's shares are stored; `None` if it has none.
    pub(super) fn of(catalog: &Catalog) -> Option<Self> {
        let collection = catalog.record_shares()?;
        let field = |name: &str| collection.find_field(name);
        let column = |name: &str| field(name)?.column().cloned();
        let lookups = ["user", "team", "role", "recordId"].into_iter().filter_map(field);
        Some(Self {
            collection: collection.id,
            name: collection.table.clone(),
            record_type: Path::of_field(RowImage::Row, field("recordType")?)?,
            record_id: column("recordId")?,
            user: column("user")?,
            team: column("team")?,
            role: column("role")?,
            level: column("level")?,
            expires_at: column("expiresAt")?,
            revoked_at: column("revokedAt")?,
            lookups: lookups.map(|field| field.id).collect(),
        })
    }

    /// That the share at a depth is of a row of the collection: an id alone does not say so, where rows were not made by the server.
    pub(super) fn is_of(&self, depth: u16, collection: &Collection) -> Rule {
        let path = Path { image: RowImage::Member(depth), ..self.record_type.clone() };
        let name = Value::Text(collection.name.to_string());
        Rule::Equal(Term::Stored(path), Term::Known(KnownValue::Literal(name)))
    }
}

impl Shared {
    /// That the row is among those of which a share reaches whoever asks; `None` if none can.
    pub(super) fn found(&self, asker: Asker<'_>, operand: Operand) -> Option<Condition> {
        // The platform's own work has the rights that rules give the service, whoever it is done for.
        let is_reached = match asker {
            Asker::Caller(Caller { actor, .. }) => {
                actor.is_active && actor.service.is_none() && actor.role != RoleName::platform()
            }
            Asker::Role(role) => *role != RoleName::platform(),
        };
        let ShareTable { name, record_id, .. } = &*self.table;
        is_reached.then(|| Condition::Among {
            operand,
            table: name.clone(),
            column: record_id.clone(),
            depth: self.depth,
            body: Box::new(self.body(asker)),
            is_negated: false,
        })
    }

    /// What has to hold of the share.
    fn body(&self, asker: Asker<'_>) -> Predicate {
        let ShareTable { record_type, user, team, role, level, expires_at, revoked_at, .. } = &*self.table;
        let column = |name: &ColumnName| Operand::Column(RowImage::Member(self.depth), name.clone());
        let compare = |comparison, name: &ColumnName, other| Condition::Compare(comparison, column(name), other);
        let is = |name: &ColumnName, value| Predicate::Condition(compare(Comparison::Equal, name, value));
        let text = |text: &str| Operand::Value(Value::Text(text.to_owned()));
        let is_active = match asker.value(&KnownValue::Caller(CallerValue::UserIsActive)) {
            Given::Decided(_) => Predicate::Always,
            Given::Open(open) => Predicate::Condition(Condition::IsBoolean(Operand::Caller(open), true)),
        };
        // What the caller has not got, no share names.
        let known = |value: CallerValue| match asker.value(&KnownValue::Caller(value)) {
            Given::Decided(value) if value.is_null() => None,
            Given::Decided(value) => Some(Operand::Value(value)),
            Given::Open(open) => Some(Operand::Caller(open)),
        };
        let in_teams = |list| Predicate::Condition(Condition::InList { operand: column(team), list, is_negated: false });
        let reached = [
            known(CallerValue::UserId).map(|id| is(user, id)),
            known(CallerValue::UserTeams).map(in_teams),
            known(CallerValue::UserRole).map(|name| is(role, name)),
        ];
        let is_endless = Predicate::Condition(Condition::IsNull(column(expires_at)));
        let is_ahead = Predicate::Condition(compare(Comparison::Greater, expires_at, Operand::Now));
        let is_enough = match self.level {
            ShareLevel::Read => Predicate::Always,
            ShareLevel::Write => is(level, text(WRITE)),
        };
        Predicate::all([
            Predicate::any(reached.into_iter().flatten()),
            is(&record_type.column, text(self.record_type.as_str())),
            is_enough,
            Predicate::Condition(Condition::IsNull(column(revoked_at))),
            Predicate::any([is_endless, is_ahead]),
            is_active,
        ])
    }
}

/// Who may share the rows of a collection.
#[derive(Clone, Debug)]
pub(super) struct ShareRight {
    /// The collection.
    pub(super) collection: CollectionId,
    /// Who may read a row.
    pub(super) read: Rule,
    /// `@shareable(by:)`
    pub(super) by: Rule,
    /// Who may change a row.
    pub(super) update: Rule,
}

impl ShareRight {
    /// That the row which a share is of is one that the caller may share. Of an update rule that looks at `old` and `new` it is asked
    /// whether the row may be changed in something that the rule does not look at.
    pub(super) fn rule(&self, catalog: &Catalog, shares: &ShareTable, asked: ShareAct) -> Option<Rule> {
        let collection = catalog.collection(self.collection);
        let field = |name: &str| catalog.collection(shares.collection).find_field(name);
        let own = |name: &str| Some(Term::Stored(Path::of_field(RowImage::Row, field(name)?)?));
        let text = |text: &str| Term::Known(KnownValue::Literal(Value::Text(text.to_owned())));
        let mut body = vec![self.read.inside(), self.by.inside()];
        if asked == ShareAct::Make {
            let is_write = Rule::Equal(own("level")?, text(WRITE));
            body.push(Rule::Any(vec![Rule::Not(Box::new(is_write)), self.update.inside()]));
        }
        let exists = Exists {
            owner: Path::of_field(RowImage::Row, field("recordId")?)?,
            collection: collection.id,
            table: collection.table.clone(),
            join_field: collection.id_field().id,
            join_column: collection.id_field().column()?.clone(),
            depth: 0,
            body: Rule::All(body),
        };
        let is_of_it = Rule::Equal(own("recordType")?, text(collection.name.as_str()));
        Some(Rule::All(vec![is_of_it, Rule::Exists(Box::new(exists))]))
    }
}

/// What is done to a share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ShareAct {
    /// Making it, at the level that it says.
    Make,
    /// Looking at it, ending it.
    See,
}

/// That the row which a share is of is one that the caller may share: whichever collection it is of.
pub(super) fn may_share(catalog: &Catalog, rights: &[ShareRight], asked: ShareAct) -> Rule {
    let Some(shares) = ShareTable::of(catalog) else { return Rule::Any(Vec::new()) };
    Rule::Any(rights.iter().filter_map(|right| right.rule(catalog, &shares, asked)).collect())
}
