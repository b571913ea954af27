//! A plan without the values of one request.
//!
//! How it is known where a request's values stand: the operation is planned twice with random stand-ins in the place of every text
//! of its variables and of everything that a request is known by. Where both plans bind their own stand-in, untouched, there is a
//! slot; anything else has to be the same in both. Then the slots, filled with the values of the request that is being
//! answered, have to give its own plan again, value by value. An operation for which any of this fails is planned each time.

use crate::base::{Actor, CallerContext, ContextUse, RequestContext, Value};
use crate::db::{ActorSettings, TableSizes};
use crate::graphql::plan_cache::key::TextValue;
use crate::graphql::plan_cache::stand_in::StandIns;
use crate::graphql::plan_cache::work::{KeptPayload, PlannedRoot, PlannedWork};
use apollo_compiler::Schema;
use apollo_compiler::executable::Operation;
use apollo_compiler::response::JsonMap;
use std::net::IpAddr;
use std::sync::Arc;
use uuid::Uuid;

/// An operation's plan, to be filled with the values of a request.
pub(crate) struct KeptPlan {
    /// Its root fields.
    pub(crate) fields: Vec<KeptField>,
    /// What a change answers with.
    pub(crate) payload: Option<KeptPayload>,
    /// What it costs, by the sizes that the tables had.
    pub(crate) cost: u64,
    /// Those sizes: once they are measured again, it has to be asked anew whether the operation costs too much.
    pub(crate) sizes: Arc<TableSizes>,
    /// The caller's settings, but for the request.
    pub(crate) settings: ActorSettings,
}

/// A root field of a kept plan.
pub(crate) struct KeptField {
    /// The field; its values are those of some request.
    pub(crate) planned: PlannedRoot,
    /// Whose value stands where: at which place of which list of [`PlannedWork::values`].
    slots: Vec<((usize, usize), Slot)>,
}

/// Whose value a bind parameter takes.
#[derive(Clone, Debug, PartialEq)]
enum Slot {
    /// The text of this number among the variables'.
    Text(usize),
    /// The same without blanks around it.
    Trimmed(usize),
    /// The id of this number among the field's own.
    OwnId(usize),
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
    ids: &'r [Uuid],
}

impl Given<'_> {
    fn value(&self, slot: &Slot) -> Option<Value> {
        use crate::base::ScalarType::String as Text;
        Some(match slot {
            Slot::Text(number) => self.texts.get(*number)?.clone(),
            Slot::Trimmed(number) => trimmed(self.texts.get(*number)?)?,
            Slot::OwnId(number) => Value::Id(*self.ids.get(*number)?),
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
        let of_request = [Slot::RequestId, Slot::Time, Slot::IpAddress, Slot::UserAgent].into_iter();
        let own = (0..self.ids.len()).map(Slot::OwnId);
        let without_blanks = (0..self.texts.len()).map(Slot::Trimmed);
        of_request.chain(own).chain(without_blanks).find(|slot| self.value(slot).as_ref() == Some(value))
    }
}

fn trimmed(value: &Value) -> Option<Value> {
    if let Value::Text(text) = value { Some(Value::Text(text.trim().to_owned())) } else { None }
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
    /// What a change answers with.
    pub(crate) payload: Option<KeptPayload>,
    pub(crate) cost: u64,
    pub(crate) sizes: Arc<TableSizes>,
}

/// Makes the template of an operation that was planned as `planned`; `plan` plans it with other variables in another request.
///
/// `None` if its plans differ in more than values.
pub(crate) fn make_template(
    making: &Making<'_>,
    planned: &[PlannedRoot],
    plan: impl Fn(&JsonMap, &RequestContext) -> Option<Vec<PlannedRoot>>,
) -> Option<KeptPlan> {
    let Making { schema, operation, variables, texts, request, ip_address, actor, asked, payload, cost, sizes } = making;
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
        let given_left = Given { texts: &left_texts, request: &left.request, ids: &left_field.ids };
        let given_right = Given { texts: &right_texts, request: &right.request, ids: &right_field.ids };
        fields.push(compare((&left_field, given_left), (&right_field, given_right))?);
    }
    let is_bound = |number| fields.iter().flat_map(|field: &KeptField| &field.slots).any(|(_, slot)| slot.names_text(number));
    if !(0..texts.len()).all(is_bound) {
        return None;
    }
    let kept = KeptPlan {
        fields,
        payload: payload.clone(),
        cost: *cost,
        sizes: Arc::clone(sizes),
        settings: ActorSettings::as_asked(CallerContext { actor, request, asked: *asked }),
    };
    kept.fits(planned, texts, request).then_some(kept)
}

/// Finds the slots of a field, by two plans of it with the stand-ins that each was given.
fn compare((left, given_left): (&PlannedRoot, Given<'_>), (right, given_right): (&PlannedRoot, Given<'_>)) -> Option<KeptField> {
    let (lefts, rights) = (left.work.values(), right.work.values());
    let lengths = |lists: &[Vec<Value>]| lists.iter().map(Vec::len).collect::<Vec<_>>();
    if left.ids.len() != right.ids.len() || lengths(&lefts) != lengths(&rights) {
        return None;
    }
    let mut slots = Vec::new();
    for (list, (ones, others)) in lefts.iter().zip(&rights).enumerate() {
        for (place, (one, other)) in ones.iter().zip(others).enumerate() {
            if one != other {
                slots.push(((list, place), slot_of((one, &given_left), (other, &given_right))?));
            }
        }
    }
    // Whatever else there is of the plans has to be the same, the texts of their statements, too.
    let same = PlannedRoot { work: right.work.with_values(lefts)?, ids: left.ids.clone(), ..right.clone() };
    (same == *left).then(|| KeptField { planned: same, slots })
}

/// The slot of a value that differs between two plans.
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
            Self::Text(own) | Self::Trimmed(own) => *own == number,
            Self::List(elements) => elements.iter().flatten().any(|slot| slot.names_text(number)),
            Self::OwnId(_) | Self::RequestId | Self::Time | Self::IpAddress | Self::UserAgent => false,
        }
    }
}

impl KeptPlan {
    /// What to run for a request, field by field, with new ids of its own. `None` if one of the texts is none of its scalar,
    /// which planning says something about.
    pub(crate) fn fill(&self, texts: &[TextValue<'_>], request: &RequestContext) -> Option<Vec<PlannedWork>> {
        self.fill_with(texts, request, |_, field| field.planned.ids.iter().map(|_| Uuid::now_v7()).collect())
    }

    fn fill_with(
        &self,
        texts: &[TextValue<'_>],
        request: &RequestContext,
        ids: impl Fn(usize, &KeptField) -> Vec<Uuid>,
    ) -> Option<Vec<PlannedWork>> {
        let texts = texts.iter().map(|text| Value::parse(text.scalar, text.text).ok()).collect::<Option<Vec<Value>>>()?;
        let filled = self.fields.iter().enumerate().map(|(index, field)| {
            let ids = ids(index, field);
            field.fill(&Given { texts: &texts, request, ids: &ids })
        });
        filled.collect()
    }

    /// Whether the plan, filled with the values of a request, is the one that was made for it.
    pub(crate) fn fits(&self, planned: &[PlannedRoot], texts: &[TextValue<'_>], request: &RequestContext) -> bool {
        let filled = self.fill_with(texts, request, |index, _| planned.get(index).map_or_else(Vec::new, |root| root.ids.clone()));
        let Some(filled) = filled.filter(|filled| filled.len() == planned.len()) else { return false };
        self.fields.iter().zip(filled).zip(planned).all(|((field, work), planned)| {
            let ids = planned.ids.clone();
            PlannedRoot { work, ids, ..field.planned.clone() } == *planned
        })
    }

    /// About how many bytes it takes.
    pub(super) fn weight(&self) -> usize {
        self.fields.iter().map(|field| field.planned.work.weight()).sum()
    }
}

impl KeptField {
    fn fill(&self, given: &Given<'_>) -> Option<PlannedWork> {
        let mut lists = self.planned.work.values();
        for ((list, place), slot) in &self.slots {
            let value = lists.get_mut(*list)?.get_mut(*place)?;
            *value = given.fill(slot, value)?;
        }
        self.planned.work.with_values(lists)
    }
}
