//! A compiled script: typed commands and tests, in which nothing is left to check but what only a
//! run can know.

use super::date::Zone;
use super::flags::FlagChange;
use super::mail::{AddressPart, Index};
use super::matching::Matching;
use super::syntax::Position;
use super::vacation::VacationCommand;
use super::variables::{Modifiers, Text};

/// A script that was checked by [`compile`](super::compile) and can be run any number of times.
#[derive(Debug)]
pub struct Script {
    pub(crate) steps: Vec<Step>,
    /// How many variables it has.
    pub(crate) variables: usize,
}

#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) position: Position,
    pub(crate) command: Command,
}

#[derive(Debug)]
pub(crate) enum Command {
    /// The first branch whose test is true is taken; `else` is a branch that is always true.
    If(Vec<Branch>),
    Stop,
    Keep {
        flags: Option<Vec<Text>>,
    },
    Discard,
    FileInto {
        mailbox: Text,
        flags: Option<Vec<Text>>,
        copy: bool,
        create: bool,
    },
    Redirect {
        address: Text,
        copy: bool,
    },
    Reject {
        reason: Text,
        ereject: bool,
    },
    Vacation(Box<VacationCommand>),
    Set {
        variable: usize,
        modifiers: Modifiers,
        value: Text,
    },
    Flags {
        change: FlagChange,
        variable: Option<usize>,
        flags: Vec<Text>,
    },
}

#[derive(Debug)]
pub(crate) struct Branch {
    pub(crate) position: Position,
    pub(crate) test: Test,
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug)]
pub(crate) enum Test {
    Constant(bool),
    Not(Box<Test>),
    AllOf(Vec<Test>),
    AnyOf(Vec<Test>),
    Address {
        matching: Matching,
        part: AddressPart,
        index: Option<Index>,
        headers: Vec<Text>,
        keys: Vec<Text>,
    },
    Envelope {
        matching: Matching,
        part: AddressPart,
        fields: Vec<Text>,
        keys: Vec<Text>,
    },
    Exists(Vec<Text>),
    Header {
        matching: Matching,
        index: Option<Index>,
        headers: Vec<Text>,
        keys: Vec<Text>,
    },
    Size {
        over: bool,
        limit: u64,
    },
    Body {
        matching: Matching,
        scope: BodyScope,
        keys: Vec<Text>,
    },
    /// Without a header: `currentdate`.
    Date {
        matching: Matching,
        header: Option<(Text, Option<Index>)>,
        zone: Zone,
        part: Text,
        keys: Vec<Text>,
    },
    HasFlag {
        matching: Matching,
        variables: Vec<usize>,
        keys: Vec<Text>,
    },
    MailboxExists(Vec<Text>),
    String {
        matching: Matching,
        sources: Vec<Text>,
        keys: Vec<Text>,
    },
}

/// What a `body` test looks at (RFC 5173 section 5).
#[derive(Debug)]
pub(crate) enum BodyScope {
    Raw,
    Content(Vec<Text>),
    Text,
}
