//! What a script may cost. Passing a limit of a script is a compile error; passing one of a run
//! ends the run with an error and the mail is kept (RFC 5228 section 2.10.6).

/// The longest script, in octets.
pub const MAX_SCRIPT: usize = 1 << 20;
/// The longest string of a script, and the longest that variables may grow one to, in octets.
pub const MAX_STRING: usize = 1 << 16;
/// How deep blocks and tests may nest, counted together.
pub const MAX_NESTING: usize = 32;
/// The most commands and tests of a script, counted together.
pub const MAX_COMMANDS: usize = 20_000;
/// The most variables of a script (RFC 5229 section 6 asks for 128).
pub const MAX_VARIABLES: usize = 256;
/// The longest name of a variable, in octets.
pub const MAX_VARIABLE_NAME: usize = 64;
/// What a variable holds, in octets; longer values are cut at a character (RFC 5229 section 6).
pub const MAX_VARIABLE: usize = 1 << 14;
/// The highest `${n}`; a higher one is a compile error (RFC 5229 section 3).
pub const MAX_CAPTURE: usize = 99;
/// The most actions of one run.
pub const MAX_ACTIONS: usize = 128;
/// The most of them that are `redirect`s.
pub const MAX_REDIRECTS: usize = 32;
/// The most flags of one list.
pub const MAX_FLAGS: usize = 128;
/// What `body` looks at in one test, decoded, in octets; the rest of a longer mail is not searched.
pub const MAX_BODY: usize = 4 << 20;
/// The work of one run: about the number of octets that are decoded, copied and compared.
pub const MAX_WORK: u64 = 1 << 28;
/// The longest time between two vacation answers to one sender, in days.
pub const MAX_VACATION_DAYS: u64 = 365;
