//! The pages in a real browser: starts a campus in every state a page can show, then runs `*.test.js` on it.

#[expect(dead_code, reason = "each test binary uses its part of the harness")]
#[path = "../harness/mod.rs"]
mod harness;
