//! A plan without the values of one request.
//!
//! How it is known where a request's values stand: the query is planned twice with random stand-ins in the place of every text
//! of its variables and of everything that a request is known by. Where both plans bind their own stand-in, untouched, there is a
//! slot; anything else has to be the same in both. Then the slots, filled with the values of the request that is being
//! answered, have to give its own plan again, bind by bind. A query for which any of this fails is planned each time.

use crate::base::{Actor, CallerContext, ContextUse, RequestContext, Value};
use crate::db::{ActorSettings, TableSizes};
use crate::graphql::plan_cache::key::TextValue;
use crate::graphql::plan_cache::stand_in::StandIns;
use crate::read::PreparedRead;
use apollo_compiler::Schema;
use apollo_compiler::executable::Operation;
use apollo_compiler::response::JsonMap;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// A root field as it was planned.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PlannedRead {
    /// Its response key.
    pub(crate) key: String,
    /// Its name.
    pub(crate) name: String,
    /// What is run for it.
    pub(crate) read: PreparedRead,
    /// The id of its VIEW event, which no two plans share.
    pub(crate) event_id: Option<Uuid>,
    /// Which paths may be masked.
    pub(crate) masked: Vec<String>,
}

/// A query's plan, to be filled with the values of a request.
pub(crate) struct KeptPlan {
    /// Its root fields.
    pub(crate) fields: Vec<KeptField>,
    /// What it costs, by the sizes that the tables had.
    pub(crate) cost: u64,
    /// Those sizes: once they are measured again, it has to be asked anew whether the query costs too much.
    pub(crate) sizes: Arc<TableSizes>,
    /// The caller's settings, but for the request.
    pub(crate) settings: ActorSettings,
}

/// A root field of a kept plan.
pub(crate) struct KeptField {
    /// The field; the values of its statement are those of some request.
    pub(crate) planned: PlannedRead,
    slots: Vec<(usize, Slot)>,
}

/// Whose value a bind parameter takes.
#[derive(Clone, Debug, PartialEq)]
enum Slot {
    /// The text of this number among the variables'.
    Text(usize),
    /// An id of the field's own.
    EventId,
    /// `RequestContext::request_id`
    RequestId,
    /// `RequestContext::time`
    Time,
    /// `RequestContext::ip_address`
    IpAddress,
    /// `RequestContext::user_agent`
    UserAgent,
    /// A list, each element of which is fixed or a slot.
    List(Vec<Result<Slot, Value>>),
}

/// The values of one request.
#[derive(Clone, Copy)]
struct Given<'r> {
    texts: &'r [Value],
    request: &'r RequestContext,
    event_id: Option<Uuid>,
}

impl Given<'_> {
    fn value(&self, slot: &Slot) -> Option<Value> {
        use crate::base::ScalarType::{Id, String as Text};
        Some(match slot {
            Slot::Text(number) => self.texts.get(*number)?.clone(),
            Slot::EventId => self.event_id.map_or(Value::Null(Id), Value::Id),
            Slot::RequestId => Value::Id(self.request.request_id),
            Slot::Time => Value::DateTime(self.request.time),
            Slot::IpAddress => self.request.ip_address.map_or(Value::Null(Text), |address| Value::Text(address.to_string())),
            Slot::UserAgent => self.request.user_agent.clone().map_or(Value::Null(Text), Value::Text),
            Slot::List(_) => return None,
        })
    }

    /// The value for a bind that has `kept` until now.
    fn fill(&self, slot: &Slot, kept: &Value) -> Option<Value> {
        let (Slot::List(elements), Value::List(scalar, _)) = (slot, kept) else { return self.value(slot) };
        let elements = elements.iter().map(|element| match element {
            Ok(slot) => self.value(slot),
            Err(fixed) => Some(fixed.clone()),
        });
        Some(Value::List(*scalar, elements.collect::<Option<_>>()?))
    }

    /// The slot whose value this is.
    fn find(&self, value: &Value) -> Option<Slot> {
        if let Some(number) = self.texts.iter().position(|text| text == value) {
            return Some(Slot::Text(number));
        }
        let of_request = [Slot::RequestId, Slot::Time, Slot::IpAddress, Slot::UserAgent];
        let of_event = self.event_id.map(|_| Slot::EventId);
        of_request.into_iter().chain(of_event).find(|slot| self.value(slot).as_ref() == Some(value))
    }
}

/// What a template is made for.
pub(crate) struct Making<'r> {
    pub(crate) schema: &'r Schema,
    pub(crate) operation: &'r Operation,
    pub(crate) variables: &'r JsonMap,
    pub(crate) texts: &'r [TextValue<'r>],
    pub(crate) request: &'r RequestContext,
    /// The address, where rules name it.
    pub(crate) ip_address: Option<IpAddr>,
    pub(crate) actor: &'r Actor,
    /// What rules ask of the caller, none of it the request's own but the address.
    pub(crate) asked: ContextUse,
    pub(crate) cost: u64,
    pub(crate) sizes: Arc<TableSizes>,
}

/// Makes the template of a query that was planned as `planned`; `plan` plans it with other variables in another request.
///
/// `None` if its plans differ in more than values.
pub(crate) fn make_template(
    making: &Making<'_>,
    planned: &[PlannedRead],
    plan: impl Fn(&JsonMap, &RequestContext) -> Option<Vec<PlannedRead>>,
) -> Option<KeptPlan> {
    let Making { schema, operation, variables, texts, request, ip_address, actor, asked, cost, sizes } = making;
    let stand_ins = || StandIns::new(schema, operation, variables, *ip_address);
    let (left, right) = (stand_ins(), stand_ins());
    let scalars = texts.iter().map(|text| text.scalar);
    let parse = |given: &[String]| -> Option<Vec<Value>> {
        scalars.clone().zip(given).map(|(scalar, text)| Value::parse(scalar, text).ok()).collect()
    };
    let (left_texts, right_texts) = (parse(&left.texts)?, parse(&right.texts)?);
    let left_fields = plan(&left.variables, &left.request)?;
    let right_fields = plan(&right.variables, &right.request)?;
    if left_fields.len() != planned.len() || right_fields.len() != planned.len() {
        return None;
    }
    let mut fields = Vec::with_capacity(planned.len());
    for (left_field, right_field) in left_fields.into_iter().zip(right_fields) {
        let given_left = Given { texts: &left_texts, request: &left.request, event_id: left_field.event_id };
        let given_right = Given { texts: &right_texts, request: &right.request, event_id: right_field.event_id };
        fields.push(compare((left_field, given_left), (right_field, given_right))?);
    }
    let is_bound = |number| fields.iter().flat_map(|field: &KeptField| &field.slots).any(|(_, slot)| slot.names_text(number));
    if !(0..texts.len()).all(is_bound) {
        return None;
    }
    let kept = KeptPlan {
        fields,
        cost: *cost,
        sizes: Arc::clone(sizes),
        settings: ActorSettings::of(CallerContext { actor, request, asked: *asked }),
    };
    kept.fits(planned, texts, request).then_some(kept)
}

/// Finds the slots of a field, by two plans of it with the stand-ins that each was given.
fn compare((left, given_left): (PlannedRead, Given<'_>), (right, given_right): (PlannedRead, Given<'_>)) -> Option<KeptField> {
    let (left_statement, right_statement) = (left.read.statement()?, right.read.statement()?);
    if left_statement.text() != right_statement.text() || left_statement.binds().len() != right_statement.binds().len() {
        return None;
    }
    let mut slots = Vec::new();
    for (place, (one, other)) in left_statement.binds().iter().zip(right_statement.binds()).enumerate() {
        if one != other {
            slots.push((place, slot_of((one, &given_left), (other, &given_right))?));
        }
    }
    // Whatever else there is of the plans has to be the same.
    let same = PlannedRead { read: right.read.with_statement(left_statement.clone()), event_id: left.event_id, ..right };
    (same == left).then_some(KeptField { planned: left, slots })
}

/// The slot of a bind that differs between two plans.
fn slot_of((one, given_one): (&Value, &Given<'_>), (other, given_other): (&Value, &Given<'_>)) -> Option<Slot> {
    if let (Value::List(scalar, ones), Value::List(other_scalar, others)) = (one, other) {
        if scalar != other_scalar || ones.len() != others.len() {
            return None;
        }
        let elements = ones.iter().zip(others).map(|(one, other)| match one == other {
            true => Some(Err(one.clone())),
            false => slot_of((one, given_one), (other, given_other)).map(Ok),
        });
        return elements.collect::<Option<_>>().map(Slot::List);
    }
    let slot = given_one.find(one)?;
    (given_other.find(other)? == slot).then_some(slot)
}

impl Slot {
    fn names_text(&self, number: usize) -> bool {
        match self {
            Self::Text(own) => *own == number,
            Self::List(elements) => elements.iter().flatten().any(|slot| slot.names_text(number)),
            Self::EventId | Self::RequestId | Self::Time | Self::IpAddress | Self::UserAgent => false,
        }
    }
}

impl KeptPlan {
    /// What to run for a request, field by field, with new ids for its events. `None` if one of the texts is none of its
    /// scalar, which planning says something about.
    pub(crate) fn fill(&self, texts: &[TextValue<'_>], request: &RequestContext) -> Option<Vec<PreparedRead>> {
        self.fill_with(texts, request, |field| field.planned.event_id.map(|_| Uuid::now_v7()))
    }

    fn fill_with(
        &self,
        texts: &[TextValue<'_>],
        request: &RequestContext,
        mut event_id: impl FnMut(&KeptField) -> Option<Uuid>,
    ) -> Option<Vec<PreparedRead>> {
        let texts = texts.iter().map(|text| Value::parse(text.scalar, text.text).ok()).collect::<Option<Vec<Value>>>()?;
        let filled = self.fields.iter().map(|field| field.fill(&Given { texts: &texts, request, event_id: event_id(field) }));
        filled.collect()
    }

    /// Whether the plan, filled with the values of a request, is the one that was made for it.
    pub(crate) fn fits(&self, planned: &[PlannedRead], texts: &[TextValue<'_>], request: &RequestContext) -> bool {
        let mut event_ids = planned.iter().map(|field| field.event_id);
        let filled = self.fill_with(texts, request, |_| event_ids.next().flatten());
        let Some(filled) = filled.filter(|filled| filled.len() == planned.len()) else { return false };
        self.fields.iter().zip(filled).zip(planned).all(|((field, read), planned)| {
            let event_id = planned.event_id;
            PlannedRead { read, event_id, ..field.planned.clone() } == *planned
        })
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        let of_field = |field: &KeptField| field.planned.read.statement().map_or(0, |statement| statement.weight());
        self.fields.iter().map(of_field).sum()
    }
}

impl KeptField {
    fn fill(&self, given: &Given<'_>) -> Option<PreparedRead> {
        let statement = self.planned.read.statement()?;
        let mut binds = statement.binds().to_vec();
        for (place, slot) in &self.slots {
            let bind = binds.get_mut(*place)?;
            *bind = given.fill(slot, bind)?;
        }
        Some(self.planned.read.with_statement(statement.with_binds(binds)))
    }
}
