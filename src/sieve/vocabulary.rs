//! The commands, tests and tags as tables: what each needs, takes and holds. What they do is
//! `compile`'s and `run`'s.

use super::extension::Extension;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Op {
    AddFlag,
    Address,
    AllOf,
    AnyOf,
    Body,
    CurrentDate,
    Date,
    Discard,
    Else,
    Elsif,
    Envelope,
    Ereject,
    Exists,
    False,
    FileInto,
    HasFlag,
    Header,
    If,
    Keep,
    MailboxExists,
    Not,
    Redirect,
    Reject,
    RemoveFlag,
    Require,
    Set,
    SetFlag,
    Size,
    Stop,
    String,
    True,
    Vacation,
}

/// A kind of argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    None,
    Number,
    Text,
    /// A list of strings, or one string.
    List,
}

/// What a tag decides; of tags that decide the same only one may be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Slot {
    Addresses,
    AddressPart,
    BodyScope,
    Case,
    Comparator,
    Copy,
    Create,
    FirstCase,
    Flags,
    From,
    Handle,
    Index,
    Last,
    Length,
    Match,
    Mime,
    Period,
    Quote,
    Size,
    Subject,
    Zone,
}

/// The tests that a command or test takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tests {
    None,
    One,
    List,
}

pub(crate) struct Spec {
    pub(crate) name: &'static str,
    pub(crate) op: Op,
    pub(crate) needs: Option<Extension>,
    pub(crate) slots: &'static [Slot],
    pub(crate) arguments: &'static [Kind],
    /// Whether the first argument may be left out.
    pub(crate) optional: bool,
    pub(crate) tests: Tests,
    pub(crate) block: bool,
}

const fn spec(
    name: &'static str,
    op: Op,
    needs: Option<Extension>,
    slots: &'static [Slot],
    arguments: &'static [Kind],
) -> Spec {
    Spec { name, op, needs, slots, arguments, optional: false, tests: Tests::None, block: false }
}

const fn control(name: &'static str, op: Op, tests: Tests) -> Spec {
    Spec { tests, block: true, ..spec(name, op, None, &[], &[]) }
}

const fn logic(name: &'static str, op: Op, tests: Tests) -> Spec {
    Spec { tests, ..spec(name, op, None, &[], &[]) }
}

const fn flags(name: &'static str, op: Op, slots: &'static [Slot]) -> Spec {
    let arguments = if matches!(op, Op::HasFlag) { &[List, List] } else { &[Text, List] };
    Spec { optional: true, ..spec(name, op, Some(Extension::Imap4Flags), slots, arguments) }
}

use Kind::{List, Number, Text};

pub(crate) const COMMANDS: &[Spec] = &[
    flags("addflag", Op::AddFlag, &[]),
    spec("discard", Op::Discard, None, &[], &[]),
    control("else", Op::Else, Tests::None),
    control("elsif", Op::Elsif, Tests::One),
    spec("ereject", Op::Ereject, Some(Extension::Ereject), &[], &[Text]),
    spec(
        "fileinto",
        Op::FileInto,
        Some(Extension::FileInto),
        &[Slot::Copy, Slot::Create, Slot::Flags],
        &[Text],
    ),
    control("if", Op::If, Tests::One),
    spec("keep", Op::Keep, None, &[Slot::Flags], &[]),
    spec("redirect", Op::Redirect, None, &[Slot::Copy], &[Text]),
    spec("reject", Op::Reject, Some(Extension::Reject), &[], &[Text]),
    flags("removeflag", Op::RemoveFlag, &[]),
    spec("require", Op::Require, None, &[], &[List]),
    spec(
        "set",
        Op::Set,
        Some(Extension::Variables),
        &[Slot::Case, Slot::FirstCase, Slot::Quote, Slot::Length],
        &[Text, Text],
    ),
    flags("setflag", Op::SetFlag, &[]),
    spec("stop", Op::Stop, None, &[], &[]),
    spec(
        "vacation",
        Op::Vacation,
        Some(Extension::Vacation),
        &[Slot::Period, Slot::Subject, Slot::From, Slot::Addresses, Slot::Mime, Slot::Handle],
        &[Text],
    ),
];

const MATCH: &[Slot] = &[Slot::Match, Slot::Comparator];

pub(crate) const TESTS: &[Spec] = &[
    spec(
        "address",
        Op::Address,
        None,
        &[Slot::Match, Slot::Comparator, Slot::AddressPart, Slot::Index, Slot::Last],
        &[List, List],
    ),
    logic("allof", Op::AllOf, Tests::List),
    logic("anyof", Op::AnyOf, Tests::List),
    spec("body", Op::Body, Some(Extension::Body), &[Slot::Match, Slot::Comparator, Slot::BodyScope], &[List]),
    spec(
        "currentdate",
        Op::CurrentDate,
        Some(Extension::Date),
        &[Slot::Match, Slot::Comparator, Slot::Zone],
        &[Text, List],
    ),
    spec(
        "date",
        Op::Date,
        Some(Extension::Date),
        &[Slot::Match, Slot::Comparator, Slot::Zone, Slot::Index, Slot::Last],
        &[Text, Text, List],
    ),
    spec(
        "envelope",
        Op::Envelope,
        Some(Extension::Envelope),
        &[Slot::Match, Slot::Comparator, Slot::AddressPart],
        &[List, List],
    ),
    spec("exists", Op::Exists, None, &[], &[List]),
    spec("false", Op::False, None, &[], &[]),
    flags("hasflag", Op::HasFlag, MATCH),
    spec(
        "header",
        Op::Header,
        None,
        &[Slot::Match, Slot::Comparator, Slot::Index, Slot::Last],
        &[List, List],
    ),
    spec("mailboxexists", Op::MailboxExists, Some(Extension::Mailbox), &[], &[List]),
    logic("not", Op::Not, Tests::One),
    spec("size", Op::Size, None, &[Slot::Size], &[Number]),
    spec("string", Op::String, Some(Extension::Variables), MATCH, &[List, List]),
    spec("true", Op::True, None, &[], &[]),
];

pub(crate) struct Tag {
    pub(crate) name: &'static str,
    pub(crate) slot: Slot,
    /// The kind of the value that follows it.
    pub(crate) value: Kind,
    pub(crate) needs: Option<Extension>,
}

const fn tag(name: &'static str, slot: Slot, value: Kind, needs: Option<Extension>) -> Tag {
    Tag { name, slot, value, needs }
}

pub(crate) const TAGS: &[Tag] = &[
    tag("addresses", Slot::Addresses, List, None),
    tag("all", Slot::AddressPart, Kind::None, None),
    tag("comparator", Slot::Comparator, Text, None),
    tag("contains", Slot::Match, Kind::None, None),
    tag("content", Slot::BodyScope, List, None),
    tag("copy", Slot::Copy, Kind::None, Some(Extension::Copy)),
    tag("count", Slot::Match, Text, Some(Extension::Relational)),
    tag("create", Slot::Create, Kind::None, Some(Extension::Mailbox)),
    tag("days", Slot::Period, Number, None),
    tag("detail", Slot::AddressPart, Kind::None, Some(Extension::Subaddress)),
    tag("domain", Slot::AddressPart, Kind::None, None),
    tag("flags", Slot::Flags, List, Some(Extension::Imap4Flags)),
    tag("from", Slot::From, Text, None),
    tag("handle", Slot::Handle, Text, None),
    tag("index", Slot::Index, Number, Some(Extension::Index)),
    tag("is", Slot::Match, Kind::None, None),
    tag("last", Slot::Last, Kind::None, Some(Extension::Index)),
    tag("length", Slot::Length, Kind::None, None),
    tag("localpart", Slot::AddressPart, Kind::None, None),
    tag("lower", Slot::Case, Kind::None, None),
    tag("lowerfirst", Slot::FirstCase, Kind::None, None),
    tag("matches", Slot::Match, Kind::None, None),
    tag("mime", Slot::Mime, Kind::None, None),
    tag("originalzone", Slot::Zone, Kind::None, None),
    tag("over", Slot::Size, Kind::None, None),
    tag("quotewildcard", Slot::Quote, Kind::None, None),
    tag("raw", Slot::BodyScope, Kind::None, None),
    tag("seconds", Slot::Period, Number, Some(Extension::VacationSeconds)),
    tag("subject", Slot::Subject, Text, None),
    tag("text", Slot::BodyScope, Kind::None, None),
    tag("under", Slot::Size, Kind::None, None),
    tag("upper", Slot::Case, Kind::None, None),
    tag("upperfirst", Slot::FirstCase, Kind::None, None),
    tag("user", Slot::AddressPart, Kind::None, Some(Extension::Subaddress)),
    tag("value", Slot::Match, Text, Some(Extension::Relational)),
    tag("zone", Slot::Zone, Text, None),
];

pub(crate) fn find<'t>(table: &'t [Spec], name: &str) -> Option<&'t Spec> {
    table.iter().find(|spec| spec.name == name)
}
