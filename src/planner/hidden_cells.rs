//! Which cells of an answer a rule hid, row by row.
//!
//! Only PostgreSQL knows for which rows a rule holds, and its answer goes to the client unparsed. So each hidden cell comes
//! marked: a text of `<marker><hexadecimal of what shows in its place, as JSON>`, where the marker is a word that only the
//! server knows. [`MaskKey::unmark`] finds the marks in one walk over the text, puts what shows there, and tells their paths.
//! Where a rule hides a field from a caller altogether nothing is marked: the plan tells the path of all its cells at once.
//!
//! A mark is made by the rule alone, never by the value: whether there is a value behind null is not told.

use crate::base::Value;
use crate::planner::{MaskKey, Output, OutputField, ReadPlan, ReadRoot};
use crate::sql::{CompareOp, Expr};

/// `null` in hexadecimal.
const NULL: &str = "6e756c6c";

/// A marked cell in which nothing shows.
pub(crate) fn marked_null(marker: &str) -> Expr {
    let text = Expr::Value(Value::Text(format!("{marker}{NULL}")));
    Expr::Call("to_json", vec![text])
}

/// A marked cell in which `shown` shows.
pub(crate) fn marked(marker: &str, shown: Expr) -> Expr {
    let json = Expr::Cast(Box::new(Expr::Call("to_json", vec![shown])), "text");
    let json = Expr::Call("coalesce", vec![json, Expr::Fixed("'null'")]);
    let bytes = Expr::Call("convert_to", vec![json, Expr::Fixed("'UTF8'")]);
    let digits = Expr::Call("encode", vec![bytes, Expr::Fixed("'hex'")]);
    let text = Expr::compare(CompareOp::Concat, Expr::Value(Value::Text(marker.to_owned())), digits);
    Expr::Call("to_json", vec![text])
}

impl ReadPlan {
    /// Whether its answer may have marked cells, which [`MaskKey::unmark`] has to take the marks from.
    pub fn has_marks(&self) -> bool {
        match &self.root {
            ReadRoot::Row { row, .. } | ReadRoot::Found { row, .. } | ReadRoot::Listed { row, .. } => has_marks(&row.fields),
            ReadRoot::Aggregate(aggregate) => aggregate.key_rows().any(|relation| has_marks(&relation.row.fields)),
            ReadRoot::Connection(connection) => connection.rows().any(|row| has_marks(&row.fields)),
            ReadRoot::Viewer(viewer) => has_marks(&viewer.fields),
        }
    }
}

fn has_marks(fields: &[OutputField]) -> bool {
    fields.iter().any(|field| match &field.output {
        Output::Column(output) => output.column.is_partly_hidden(),
        Output::ToOne(relation) => relation.key.is_partly_hidden() || has_marks(&relation.row.fields),
        Output::ToMany(relation) => has_marks(&relation.row.fields),
        Output::Connection(connection) => connection.rows().any(|row| has_marks(&row.fields)),
        Output::Aggregate(relation) => relation.plan.key_rows().any(|relation| has_marks(&relation.row.fields)),
        Output::Typename(_) | Output::NodeId(_) | Output::ViewerCan(_) | Output::AuditImage(_) => false,
    })
}

/// An object or list that the walk is in.
enum Inside<'j> {
    /// With the last key, and whether a key comes next.
    Object(&'j str, bool),
    /// With the number of the element.
    List(usize),
}

impl MaskKey {
    /// The answer without marks, and the paths of the cells that had one: `nodes.3.customerEmail`.
    pub fn unmark(&self, json: String) -> (String, Vec<String>) {
        let opening = format!("\"{}", self.marker());
        if !json.contains(&opening) {
            return (json, Vec::new());
        }
        let (mut shown, mut hidden) = (String::with_capacity(json.len()), Vec::new());
        let (mut inside, mut copied, mut position): (Vec<Inside<'_>>, _, _) = (Vec::new(), 0, 0);
        while let Some(byte) = json.as_bytes().get(position) {
            let end = if *byte == b'"' { end_of_text(&json, position) } else { position + 1 };
            match (byte, inside.last_mut()) {
                (b'"', Some(Inside::Object(key, is_key @ true))) => {
                    *key = json.get(position + 1..end - 1).unwrap_or_default();
                    *is_key = false;
                }
                (b'"', _) => {
                    if let Some(digits) = json.get(position..end).and_then(|text| text.strip_prefix(&opening)) {
                        shown.push_str(&json[copied..position]);
                        shown.push_str(&decoded(digits.trim_end_matches('"')));
                        hidden.push(path(&inside));
                        copied = end;
                    }
                }
                (b',', Some(Inside::Object(_, is_key))) => *is_key = true,
                (b',', Some(Inside::List(index))) => *index += 1,
                (b'{', _) => inside.push(Inside::Object("", true)),
                (b'[', _) => inside.push(Inside::List(0)),
                (b'}' | b']', _) => {
                    inside.pop();
                }
                _ => {}
            }
            position = end;
        }
        shown.push_str(&json[copied..]);
        (shown, hidden)
    }
}

/// After the closing quote of the text that begins at `start`.
fn end_of_text(json: &str, start: usize) -> usize {
    let mut is_escaped = false;
    let closing = json.bytes().enumerate().skip(start + 1).find(|(_, byte)| {
        let is_closing = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_closing
    });
    closing.map_or(json.len(), |(position, _)| position + 1)
}

/// What shows in the place of a mark; nothing of one that is not whole.
fn decoded(digits: &str) -> String {
    let json = hex::decode(digits).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    json.unwrap_or_else(|| "null".to_owned())
}

fn path(inside: &[Inside<'_>]) -> String {
    let steps = inside.iter().map(|step| match step {
        Inside::Object(key, _) => (*key).to_owned(),
        Inside::List(index) => index.to_string(),
    });
    steps.collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::MaskKey;

    fn unmarked(json: &str) -> (String, Vec<String>) {
        let key = MaskKey::new(b"key");
        key.unmark(json.replace('#', key.marker()))
    }

    #[test]
    fn marks_give_way_to_what_shows_and_are_told() {
        let nothing = (String::from(r#"{"a":"b"}"#), Vec::new());
        assert_eq!(unmarked(r#"{"a":"b"}"#), nothing);
        // `null`, `"x"`, `12`
        let (json, hidden) = unmarked(
            r##"{"nodes":[{"a":"\"}","b":"#6e756c6c","c":{"d":"#227822"}}, {"a":[1,2],"b":"[{,","c":{"d":"#3132"}}],"e":"#6e756c6c"}"##,
        );
        assert_eq!(json, r#"{"nodes":[{"a":"\"}","b":null,"c":{"d":"x"}}, {"a":[1,2],"b":"[{,","c":{"d":12}}],"e":null}"#);
        assert_eq!(hidden, ["nodes.0.b", "nodes.0.c.d", "nodes.1.c.d", "e"]);
        assert_eq!(unmarked(r##"[null,{"b":"#zz"}]"##), (r#"[null,{"b":null}]"#.to_owned(), vec!["1.b".to_owned()]));
    }

    #[test]
    fn a_key_and_a_text_that_only_hold_the_marker_are_left_alone() {
        for json in [r##"{"a":"x#6e756c6c"}"##, r##"{"#6e756c6c":1}"##] {
            let key = MaskKey::new(b"key");
            let json = json.replace('#', key.marker());
            assert_eq!(key.unmark(json.clone()), (json, Vec::new()));
        }
    }
}
