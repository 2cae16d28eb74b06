//! Who is watching: the figures of the campus as everybody may see them, and the sign that something changed.
//!
//! The [`Board`] holds the newest figure of every space. Watchers are told that there is a newer version, never what it
//! is; they look at the board, so whoever lags or comes back sees the present and misses nothing.

mod board;
mod view;

pub use board::{Board, Snapshot};
pub use view::SpaceView;
