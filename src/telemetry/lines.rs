//! Log lines on their way to standard error.
//!
//! Writing each line by itself costs a request a system call, and its reader a wake-up. Lines are gathered for a few
//! milliseconds and written together by a thread of their own; a warning or an error is written at once, with everything before
//! it. A process that is killed loses at most the informational lines of those milliseconds: the record of what happened is the
//! audit log.

use parking_lot::{Condvar, Mutex};
use std::io::{self, Write};
use std::sync::Arc;
use std::time::Duration;
use tracing::{Level, Metadata};
use tracing_subscriber::fmt::MakeWriter;

/// How long lines are gathered.
const GATHERED_FOR: Duration = Duration::from_millis(5);

/// Bytes that may wait. Beyond, whoever logs writes by itself: a reader that is too slow slows the server, not its memory.
const MOST_WAITING: usize = 1024 * 1024;

/// Where lines are gathered. Cheap to clone.
#[derive(Clone)]
pub(super) struct Lines(Arc<Shared>);

struct Shared {
    waiting: Mutex<Vec<u8>>,
    /// Signalled when a first line waits.
    filled: Condvar,
    /// Held while writing, so that lines keep their order.
    output: Mutex<Box<dyn Write + Send>>,
}

impl Lines {
    /// Lines to standard error.
    pub(super) fn to_stderr() -> Self {
        Self::to(Box::new(io::stderr()))
    }

    fn to(output: Box<dyn Write + Send>) -> Self {
        let shared = Arc::new(Shared { waiting: Mutex::default(), filled: Condvar::new(), output: Mutex::new(output) });
        let lines = Self(Arc::clone(&shared));
        let writer = std::thread::Builder::new().name("log".to_owned());
        // Without a thread every line is written at once, as if all of them were warnings.
        if writer.spawn(move || shared.write_for_ever()).is_err() {
            lines.0.waiting.lock().reserve(MOST_WAITING);
        }
        lines
    }
}

/// Writes what waits once it is dropped: at the end of the process, also if that is a panic.
pub(super) struct LastLines(pub(super) Lines);

impl Drop for LastLines {
    fn drop(&mut self) {
        let Self(Lines(shared)) = self;
        shared.flush();
    }
}

impl Shared {
    fn write_for_ever(&self) {
        loop {
            let mut waiting = self.waiting.lock();
            while waiting.is_empty() {
                self.filled.wait(&mut waiting);
            }
            drop(waiting);
            std::thread::sleep(GATHERED_FOR);
            self.flush();
        }
    }

    fn flush(&self) {
        let mut output = self.output.lock();
        let lines = std::mem::take(&mut *self.waiting.lock());
        // Nobody could be told that the log cannot be written.
        let _ = output.write_all(&lines);
    }

    fn push(&self, line: &[u8], is_urgent: bool) {
        let mut waiting = self.waiting.lock();
        let was_empty = waiting.is_empty();
        waiting.extend_from_slice(line);
        let is_full = waiting.len() > MOST_WAITING;
        drop(waiting);
        if is_urgent || is_full {
            self.flush();
        } else if was_empty {
            self.filled.notify_one();
        }
    }
}

/// One line on its way.
pub(super) struct LineWriter<'a> {
    shared: &'a Shared,
    is_urgent: bool,
}

impl Write for LineWriter<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.shared.push(line, self.is_urgent);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = LineWriter<'a>;

    fn make_writer(&'a self) -> LineWriter<'a> {
        LineWriter { shared: &self.0, is_urgent: true }
    }

    fn make_writer_for(&'a self, metadata: &Metadata<'_>) -> LineWriter<'a> {
        LineWriter { shared: &self.0, is_urgent: *metadata.level() <= Level::WARN }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<Vec<u8>>>>);

    impl Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().push(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl Written {
        fn text(&self) -> String {
            String::from_utf8(self.0.lock().concat()).unwrap()
        }
    }

    #[test]
    fn a_warning_is_written_at_once_with_the_lines_before_it() {
        let written = Written::default();
        let lines = Lines::to(Box::new(written.clone()));
        lines.0.push(b"one\n", false);
        lines.0.push(b"two\n", false);
        lines.0.push(b"warning\n", true);
        assert_eq!(written.text(), "one\ntwo\nwarning\n");
    }

    #[test]
    fn other_lines_are_written_soon_in_order_and_never_twice() {
        let written = Written::default();
        let lines = Lines::to(Box::new(written.clone()));
        let expected: String = (0..1000).map(|number| format!("{number}\n")).collect();
        expected.split_inclusive('\n').for_each(|line| lines.0.push(line.as_bytes(), false));
        let deadline = std::time::Instant::now() + Duration::from_secs(10);
        while written.text() != expected {
            assert!(std::time::Instant::now() < deadline, "{}", written.text());
            std::thread::yield_now();
        }
        assert!(written.0.lock().len() < 1000, "each line was written by itself");
        lines.0.flush();
        assert_eq!(written.text(), expected);
    }

    #[test]
    fn the_end_waits_for_the_last_lines() {
        let written = Written::default();
        let lines = Lines::to(Box::new(written.clone()));
        let last = LastLines(lines.clone());
        lines.0.push(b"stopping\n", false);
        drop(last);
        assert_eq!(written.text(), "stopping\n");
    }

    #[test]
    fn a_slow_reader_does_not_fill_the_memory() {
        let written = Written::default();
        let lines = Lines::to(Box::new(written.clone()));
        let line = vec![b'x'; MOST_WAITING / 4];
        (0..9).for_each(|_| lines.0.push(&line, false));
        assert!(lines.0.waiting.lock().len() <= MOST_WAITING);
        lines.0.flush();
        assert_eq!(written.text().len(), 9 * line.len());
    }
}
