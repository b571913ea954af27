//! The fields of a line of text.
//!
//! They are what `tracing_subscriber` writes, but for two things. It asks for the colour of each name and each `=`: more than a
//! third of what a line costs, and every request has one. And it lets control characters of a value pass, so that a text that
//! somebody sent could begin a line of its own or give orders to the terminal that shows it.

use std::fmt::{self, Debug, Write};
use tracing::field::{Field, Visit};
use tracing_subscriber::field::{RecordFields, VisitOutput};
use tracing_subscriber::fmt::FormatFields;
use tracing_subscriber::fmt::format::{DefaultVisitor, Writer};

/// Fields without colours, on one line.
pub(super) struct PlainFields;

impl<'w> FormatFields<'w> for PlainFields {
    fn format_fields<R: RecordFields>(&self, writer: Writer<'w>, fields: R) -> fmt::Result {
        let mut plain = PlainVisitor { writer, is_empty: true, outcome: Ok(()) };
        fields.record(&mut plain);
        plain.outcome
    }
}

struct PlainVisitor<'w> {
    writer: Writer<'w>,
    is_empty: bool,
    outcome: fmt::Result,
}

impl PlainVisitor<'_> {
    /// Leaves it to `tracing_subscriber`, which knows the sources of errors and the names that are not written as they are.
    fn by_default(&mut self, record: impl FnOnce(&mut DefaultVisitor<'_>)) {
        if self.outcome.is_ok() {
            let mut escaped = Escaped(self.writer.by_ref());
            let mut visitor = DefaultVisitor::new(Writer::new(&mut escaped), self.is_empty);
            record(&mut visitor);
            self.outcome = visitor.finish();
            self.is_empty = false;
        }
    }

    /// Whether `tracing_subscriber` writes the name otherwise, or not at all.
    fn is_special(name: &str) -> bool {
        name == "message" || name.starts_with("r#") || name.starts_with("log.")
    }

    /// Writes a field as far as its value. Names are the program's own.
    fn begin(&mut self, name: &str) -> fmt::Result {
        if !self.is_empty {
            self.writer.write_char(' ')?;
        }
        self.is_empty = false;
        self.writer.write_str(name)?;
        self.writer.write_char('=')
    }

    fn push(&mut self, name: &str, value: &dyn Debug) -> fmt::Result {
        self.begin(name)?;
        write!(Escaped(self.writer.by_ref()), "{value:?}")
    }

    /// Writes a text in quotes. Most are plain, and Rust looks at each of their letters for what it has to escape.
    fn push_text(&mut self, name: &str, text: &str) -> fmt::Result {
        let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\';
        if !text.bytes().fold(true, |all, byte| all & is_plain(byte)) {
            return self.push(name, &text);
        }
        self.begin(name)?;
        self.writer.write_char('"')?;
        self.writer.write_str(text)?;
        self.writer.write_char('"')
    }

    /// Writes a number or a truth value, which has nothing to escape.
    fn record_plain(&mut self, field: &Field, value: &dyn Debug) {
        if Self::is_special(field.name()) {
            self.by_default(|visitor| visitor.record_debug(field, value));
        } else if self.outcome.is_ok() {
            self.outcome = self.begin(field.name()).and_then(|()| write!(self.writer, "{value:?}"));
        }
    }
}

/// Writes control characters as Rust does, `\n` and `\u{1b}`.
struct Escaped<'w>(Writer<'w>);

impl Write for Escaped<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        // The last begins those of two bytes, among others. All bytes are looked at, because that takes fewer steps than to stop.
        let may_control = |byte: u8| byte < b' ' || byte == 0x7f || byte == 0xc2;
        if !text.bytes().fold(false, |found, byte| found | may_control(byte)) {
            return self.0.write_str(text);
        }
        text.chars().try_for_each(|letter| match letter.is_control() {
            true => write!(self.0, "{}", letter.escape_default()),
            false => self.0.write_char(letter),
        })
    }
}

impl Visit for PlainVisitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        let name = field.name();
        if Self::is_special(name) {
            self.by_default(|visitor| visitor.record_str(field, value));
        } else if self.outcome.is_ok() {
            self.outcome = self.push_text(name, value);
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_plain(field, &value);
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.record_plain(field, &value);
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.record_plain(field, &value);
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.record_plain(field, &value);
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.by_default(|visitor| visitor.record_error(field, value));
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        let name = field.name();
        if Self::is_special(name) {
            self.by_default(|visitor| visitor.record_debug(field, value));
        } else if self.outcome.is_ok() {
            self.outcome = self.push(name, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::TelemetryError;
    use parking_lot::Mutex;
    use std::io;
    use std::sync::Arc;
    use tracing::subscriber::with_default;
    use tracing_subscriber::Registry;
    use tracing_subscriber::fmt::{MakeWriter, layer};
    use tracing_subscriber::layer::SubscriberExt;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl<'w> MakeWriter<'w> for Written {
        type Writer = Self;

        fn make_writer(&'w self) -> Self {
            self.clone()
        }
    }

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().clone()).unwrap()
        }
    }

    /// Every kind of field, in lines and in the spans around them.
    fn log() {
        let hostile = "a\u{1b}[31m\"quoted\"\\ back\nline\u{9b}ü";
        let error = TelemetryError::Traces(Box::new(fmt::Error));
        let error: &(dyn std::error::Error + 'static) = &error;
        tracing::info!("alone");
        tracing::info!(rows = 1, "\u{1b}[31m\"quoted\"\u{9b}ü");
        tracing::info!(request.id = %"0192", actor.id = Some(7), none = None::<u64>, operation.fields = "tickets,users", "ok");
        tracing::info!(text = hostile, shown = %"back\\ slash", debugged = ?hostile, empty = "");
        tracing::info!(
            duration_ms = 400.925,
            whole = 3.0,
            tiny = 1e-9,
            negative = -5,
            most = u64::MAX,
            wide = i128::MIN,
            is_kept = true
        );
        tracing::warn!(error = %error, cause = error, "it failed: \u{7f}");
        tracing::info!(error, r#type = "query", log.target = "hidden", "raw");
        let span = tracing::info_span!("request", outcome = tracing::field::Empty, operation.name = hostile, rows = 2);
        span.record("outcome", "ok");
        let _entered = span.entered();
        tracing::info_span!("bare").in_scope(|| tracing::info!(rows = 3, "within"));
    }

    #[test]
    fn lines_are_those_of_the_library() {
        let (plain, library) = (Written::default(), Written::default());
        let ours = layer().without_time().with_ansi(false).fmt_fields(PlainFields).with_writer(plain.clone());
        with_default(Registry::default().with(ours), log);
        let theirs = layer().without_time().with_ansi(false).with_writer(library.clone());
        with_default(Registry::default().with(theirs), log);
        assert_eq!(plain.text(), library.text());
        for part in
            [r#"operation.fields="tickets,users""#, r#"\x1b[31m"quoted""#, "cause.sources=[", "type=\"query\"", "outcome=\"ok\""]
        {
            assert!(plain.text().contains(part), "{part}: {}", plain.text());
        }
    }

    #[test]
    fn nobody_can_begin_a_line_or_colour_one() {
        let hostile = "a\r\n2026-11-23T00:00:00Z ERROR forged\u{1b}[2J\u{9b}31mé";
        let error = TelemetryError::Traces(hostile.into());
        let error: &(dyn std::error::Error + 'static) = &error;
        for is_terminal in [false, true] {
            let written = Written::default();
            let ours = layer().without_time().with_level(false).with_target(false).with_ansi(is_terminal);
            let ours = ours.fmt_fields(PlainFields).with_writer(written.clone());
            with_default(Registry::default().with(ours), || {
                tracing::info!("message {hostile}");
                tracing::info!(shown = %hostile, debugged = ?hostile, text = hostile, cause = error, "known");
                tracing::info_span!("within", shown = %hostile).in_scope(|| tracing::info!("inside"));
            });
            let text = written.text();
            assert_eq!(text.lines().count(), 3, "{text}");
            assert!(text.contains(r"shown=a\r\n2026-11-23T00:00:00Z ERROR forged\u{1b}[2J\u{9b}31mé"), "{text}");
            // The library's own colours are the only orders.
            let orders = text
                .split('\u{1b}')
                .skip(1)
                .all(|rest| rest.starts_with("[1m") || rest.starts_with("[0m") || rest.starts_with("[2m"));
            assert!(orders && !text.contains(['\r', '\u{9b}']), "{text:?}");
        }
    }
}
