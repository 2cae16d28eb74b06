//! How a reading becomes a fact, exactly once.
//!
//! [`Door::deliver`] resolves what a decoder returned and hands it to the recorder, a thread that owns the newest readings
//! of every channel. The recorder drops what it knows, gives the rest to a committer in a batch of everything that waits,
//! and when the batch is committed moves the counters and the figures and only then lets the door answer. What a batch
//! did is booked in the ledger a moment later, together with the number of the last batch in it; after a crash the
//! batches beyond that number are told again from the raw readings, so that the ledger never misses and never repeats one.

mod arrivals;
mod batches;
mod bookkeeper;
mod committer;
mod delivery;
mod door;
mod draft;
mod facts;
mod listener;
mod recorder;
mod recovery;
mod spaces;

pub use arrivals::{Arrival, Arrivals, Outcome};
pub use delivery::Receipt;
pub use door::Door;
pub use recorder::{Announce, Recorder, Recording};
