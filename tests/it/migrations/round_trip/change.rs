//! Random changes of a schema: everything that a plan can do.

use super::schema::{Field, Kind, Named, Schema};
use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::{IndexedMutRandom, IndexedRandom, SliceRandom};

/// The types that a field can be changed to.
const WIDER: [(&str, &[&str]); 9] = [
    ("Int", &["BigInt", "Decimal", "Float", "String", "JSON"]),
    ("BigInt", &["Int", "Decimal", "String"]),
    ("Decimal", &["String", "JSON"]),
    ("Float", &["String"]),
    ("Boolean", &["String", "JSON"]),
    ("Date", &["DateTime", "String"]),
    ("DateTime", &["String"]),
    ("ID", &["String"]),
    ("JSON", &["String"]),
];

impl Schema {
    /// The schema after some changes.
    pub fn changed(&self, random: &mut StdRng) -> Self {
        let mut schema = self.clone();
        for _ in 0..random.random_range(1..=6) {
            match random.random_range(0..16) {
                0 => schema.add_type(random),
                1 => schema.drop_type(random),
                2 | 3 => schema.rename_type(random),
                4 | 5 => schema.change_enum(random),
                6 | 7 => schema.add_field(random),
                _ => schema.change_field(random),
            }
        }
        schema
    }

    /// With the relations that point to it.
    fn drop_type(&mut self, random: &mut StdRng) {
        if self.types.len() < 2 {
            return;
        }
        let dropped = self.types.remove(random.random_range(0..self.types.len())).named.name;
        for owner in &mut self.types {
            owner.fields.retain(|field| field.kind != Kind::ToOne(dropped.clone()));
        }
    }

    fn rename_type(&mut self, random: &mut StdRng) {
        let index = random.random_range(0..self.types.len());
        let name = self.name("Other");
        let former = rename(&mut self.types[index].named, name.clone());
        for field in self.types.iter_mut().flat_map(|owner| &mut owner.fields) {
            if field.kind == Kind::ToOne(former.clone()) {
                field.kind = Kind::ToOne(name.clone());
            }
        }
    }

    fn change_enum(&mut self, random: &mut StdRng) {
        let index = random.random_range(0..self.enums.len());
        let name = self.name("LATER_");
        let values = &mut self.enums[index].values;
        match random.random_range(0..4) {
            0 => values.insert(random.random_range(0..=values.len()), Named::new(name)),
            1 => {
                let value = random.random_range(0..values.len());
                let former = rename(&mut values[value], name.clone());
                self.replace_value(index, &former, &name);
            }
            2 if values.len() > 1 => {
                // Its rows go over to another one.
                let gone = values.remove(random.random_range(0..values.len()));
                let taker = values.choose_mut(random).unwrap();
                taker.was.extend(gone.was.into_iter().chain([gone.name.clone()]));
                let taker = taker.name.clone();
                self.replace_value(index, &gone.name, &taker);
            }
            _ => values.shuffle(random),
        }
    }

    fn replace_value(&mut self, index: usize, former: &str, now: &str) {
        for field in self.types.iter_mut().flat_map(|owner| &mut owner.fields).filter(|field| field.kind == Kind::Enum(index)) {
            for literal in [&mut field.default, &mut field.backfill].into_iter().flatten() {
                *literal = literal.replace(former, now);
            }
        }
    }

    fn add_field(&mut self, random: &mut StdRng) {
        let owner = random.random_range(0..self.types.len());
        let mut field = self.field(random, owner);
        match self.literal(random, &field) {
            // Nobody knows what row a new relation would point to.
            None => field.is_required = false,
            Some(value) => {
                let is_filled = field.is_required && field.default.is_none() || random.random_bool(0.3);
                if is_filled && !field.is_unique && field.sequence.is_none() {
                    field.backfill = Some(match &field.kind {
                        Kind::Scalar("String") if !field.is_list && random.random_bool(0.5) => {
                            "sql: \"left(id::text, 5)\"".to_owned()
                        }
                        Kind::Scalar("Int") if !field.is_list && random.random_bool(0.5) => "sql: \"1 + version\"".to_owned(),
                        _ => format!("value: {value}"),
                    });
                }
                field.is_required &= field.backfill.is_some() || field.default.is_some() || field.sequence.is_some();
            }
        }
        self.types[owner].fields.push(field);
    }

    fn change_field(&mut self, random: &mut StdRng) {
        let owner = random.random_range(0..self.types.len());
        if self.types[owner].fields.is_empty() {
            return self.add_field(random);
        }
        let index = random.random_range(0..self.types[owner].fields.len());
        let mut field = self.types[owner].fields[index].clone();
        match random.random_range(0..11) {
            0 => {
                self.types[owner].fields.remove(index);
                return;
            }
            1 | 2 => {
                let name = self.name("other");
                rename(&mut field.named, name);
            }
            3 => field.is_indexed = field.is_key_like() && !field.is_indexed,
            4 => field.is_unique = field.is_distinct() && field.default.is_none() && !field.is_unique,
            5 => self.change_required(random, &mut field),
            6 => {
                let is_free = field.sequence.is_none() && !field.is_unique;
                field.default = if is_free && random.random_bool(0.7) { self.literal(random, &field) } else { None };
            }
            8 => field.is_searched = field.is_text() && !field.is_searched,
            9 => {
                field.is_guarded = !field.is_guarded;
                self.types[owner].config = ["simple", "english", "german"].choose(random).unwrap();
            }
            7 => field.length = (field.is_text() && random.random_bool(0.7)).then(|| random.random_range(30..60)),
            _ => change_type(random, &mut field),
        }
        self.types[owner].fields[index] = field;
    }

    fn change_required(&self, random: &mut StdRng, field: &mut Field) {
        if field.is_required {
            field.is_required = false;
        } else if let (Some(value), false) = (self.literal(random, field), field.is_unique) {
            // A value that came with the same changes would keep the check of before from coming back.
            if value.contains("LATER_") {
                return;
            }
            field.backfill = Some(format!("value: {value}"));
            field.is_required = true;
        }
    }
}

/// Returns the name of before. One that came with the same changes was never in a database.
fn rename(named: &mut Named, name: String) -> String {
    let former = std::mem::replace(&mut named.name, name);
    named.was.push(former.clone());
    former
}

fn change_type(random: &mut StdRng, field: &mut Field) {
    let Kind::Scalar(scalar) = field.kind else { return };
    let wider = WIDER.iter().find(|(from, _)| *from == scalar).map(|(_, to)| *to);
    let to_list = !field.is_list && scalar != "JSON" && random.random_bool(0.3);
    if to_list {
        field.is_list = true;
    } else if let (Some(wider), false) = (wider, field.is_list) {
        field.kind = Kind::Scalar(wider.choose(random).unwrap());
    } else {
        return;
    }
    // Literals of the type before, and what does not fit any more.
    (field.default, field.sequence, field.length) = (None, None, None);
    if field.backfill.take().is_some_and(|_| field.is_required) {
        field.is_required = false;
    }
    field.is_unique &= field.is_key_like();
    field.is_indexed &= field.is_key_like();
    field.is_searched &= field.is_text();
}
