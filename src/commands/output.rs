//! What commands print. When nobody reads on (`parvis sensors | head`) a command ends, quietly; what serves goes on.

use std::fmt;
use std::io::{self, Write};
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};

/// How a shell tells that a program ended because its reader did: 128 and the number of SIGPIPE.
const READER_LEFT: i32 = 141;

/// Whether this process has more to do than to print.
static GOES_ON_UNREAD: AtomicBool = AtomicBool::new(false);

/// From now on what is printed and not read is lost, and the process goes on.
pub(super) fn go_on_unread() {
    GOES_ON_UNREAD.store(true, Ordering::Relaxed);
}

/// Prints to standard output.
pub(super) fn out(text: fmt::Arguments<'_>) {
    print(&mut io::stdout().lock(), text);
}

/// Prints to standard error.
pub(super) fn error(text: fmt::Arguments<'_>) {
    print(&mut io::stderr().lock(), text);
}

fn print(stream: &mut impl Write, text: fmt::Arguments<'_>) {
    let printed = stream.write_fmt(text).and_then(|()| stream.flush());
    let Err(failure) = printed else { return };
    if GOES_ON_UNREAD.load(Ordering::Relaxed) {
        return;
    }
    if failure.kind() == io::ErrorKind::BrokenPipe {
        process::exit(READER_LEFT);
    }
    // Where not even this can be told, the status alone tells.
    let _ = writeln!(io::stderr(), "parvis: nothing can be printed: {failure}");
    process::exit(1);
}
