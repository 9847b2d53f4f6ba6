//! From the generic tree to a script: every name, argument, extension and constant is checked, so
//! that a script that compiles can only fail on what a mail brings.

use super::arguments::{Given, need};
use super::date::{Zone, is_part, zone_minutes};
use super::encoded;
use super::extension::{Extension, Required};
use super::flags::FlagChange;
use super::limits::{MAX_VACATION_DAYS, MAX_VARIABLE, MAX_VARIABLE_NAME, MAX_VARIABLES};
use super::mail::{AddressPart, Index, are_sendable, is_address_header, sendable};
use super::matching::{Comparator, MatchKind, Matching, Relation};
use super::parser::parse;
use super::program::{BodyScope, Branch, Command, Script, Step, Test};
use super::syntax::{Argument, CompileError, Node, Position, Value, sentence};
use super::vacation::{VacationCommand, digest, has_8bit_header};
use super::variables::{Modifiers, Text, is_identifier};
use super::vocabulary::{COMMANDS, Op, Slot, Spec, TESTS, find};

const DAY: u64 = 86_400;
/// RFC 5230 section 4.1 leaves the default to the implementation.
const DEFAULT_VACATION_DAYS: u64 = 7;

/// Compiles a script, or says what is wrong with it first and where.
///
/// Strict: unknown commands, tests, tags and extensions, arguments of a wrong kind or number,
/// what is used without its `require`, and constants that can never work are errors, and so is a
/// script beyond a limit of [`limits`](super::limits).
pub fn compile(script: &[u8]) -> Result<Script, CompileError> {
    let nodes = parse(script)?;
    let mut compiler = Compiler { required: Required::default(), variables: Vec::new() };
    let mut rest = nodes.as_slice();
    while let Some((node, after)) = rest.split_first().filter(|(node, _)| node.name == "require") {
        compiler.require(node)?;
        rest = after;
    }
    let steps = compiler.block(rest)?;
    Ok(Script { steps, variables: compiler.variables.len() })
}

struct Compiler {
    required: Required,
    /// The names of the variables in lower case; a variable's number is its place.
    variables: Vec<String>,
}

impl Compiler {
    fn require(&mut self, node: &Node) -> Result<(), CompileError> {
        let spec = command(node)?;
        let given = self.read(node, spec)?;
        for (position, name) in strings(given.argument(0)?) {
            let extension = std::str::from_utf8(name).ok().and_then(Extension::named);
            let Some(extension) = extension else {
                let name = String::from_utf8_lossy(name);
                return Err(position.error(sentence(&["the extension \"", &name, "\" is not known"])));
            };
            self.required.insert(extension);
        }
        Ok(())
    }

    /// Reads the arguments by the table, and checks whether a block may follow.
    fn read<'n>(&self, node: &'n Node, spec: &'static Spec) -> Result<Given<'n>, CompileError> {
        let given = Given::read(node, spec, self.required)?;
        match (&node.block, spec.block) {
            (Some(_), false) => Err(node.position.error(sentence(&[spec.name, " takes no block"]))),
            (None, true) => Err(node.position.error(sentence(&[spec.name, " takes a block"]))),
            _ => Ok(given),
        }
    }

    fn block(&mut self, nodes: &[Node]) -> Result<Vec<Step>, CompileError> {
        let mut steps: Vec<Step> = Vec::new();
        // Whether an elsif or an else may follow.
        let mut open = false;
        for node in nodes {
            let spec = command(node)?;
            let given = self.read(node, spec)?;
            let position = node.position;
            if matches!(spec.op, Op::If | Op::Elsif | Op::Else) {
                let test = match node.tests.first() {
                    Some(test) => self.test(test)?,
                    None => Test::Constant(true),
                };
                let block = self.block(node.block.as_deref().unwrap_or_default())?;
                let branch = Branch { position, test, steps: block };
                if spec.op == Op::If {
                    steps.push(Step { position, command: Command::If(vec![branch]) });
                } else {
                    match steps.last_mut() {
                        Some(Step { command: Command::If(branches), .. }) if open => branches.push(branch),
                        _ => {
                            let message = sentence(&[spec.name, " stands after an if or elsif only"]);
                            return Err(position.error(message));
                        }
                    }
                }
                open = spec.op != Op::Else;
            } else {
                let command = self.command(spec.op, &given)?;
                steps.push(Step { position, command });
                open = false;
            }
        }
        Ok(steps)
    }

    fn command(&mut self, op: Op, given: &Given<'_>) -> Result<Command, CompileError> {
        match op {
            Op::Stop => Ok(Command::Stop),
            Op::Discard => Ok(Command::Discard),
            Op::Keep => Ok(Command::Keep { flags: self.flags_tag(given)? }),
            Op::FileInto => {
                let argument = given.argument(0)?;
                let mailbox = self.text(argument)?;
                if mailbox
                    .constant()
                    .is_some_and(|name| name.is_empty() || std::str::from_utf8(name).is_err())
                {
                    return Err(argument.position.error("this is no name of a mailbox"));
                }
                let flags = self.flags_tag(given)?;
                let (copy, create) = (given.has(Slot::Copy), given.has(Slot::Create));
                Ok(Command::FileInto { mailbox, flags, copy, create })
            }
            Op::Redirect => {
                let address = self.address(given.argument(0)?, |address| sendable(address).is_some())?;
                Ok(Command::Redirect { address, copy: given.has(Slot::Copy) })
            }
            Op::Reject | Op::Ereject => {
                let reason = self.text(given.argument(0)?)?;
                Ok(Command::Reject { reason, ereject: op == Op::Ereject })
            }
            Op::Vacation => self.vacation(given),
            Op::Set => {
                let argument = given.argument(0)?;
                let name = self.constant(argument)?;
                let variable = self.variable(argument.position, &name)?;
                let is = |slot, name: &str| given.slot(slot).map(|(tag, _)| tag == name);
                let modifiers = Modifiers {
                    case: is(Slot::Case, "upper"),
                    first_case: is(Slot::FirstCase, "upperfirst"),
                    quote: given.has(Slot::Quote),
                    length: given.has(Slot::Length),
                };
                let argument = given.argument(1)?;
                let value = self.text(argument)?;
                if !modifiers.length && value.constant().is_some_and(|value| value.len() > MAX_VARIABLE) {
                    return Err(argument.position.error("this is more than a variable holds"));
                }
                Ok(Command::Set { variable, modifiers, value })
            }
            Op::SetFlag | Op::AddFlag | Op::RemoveFlag => {
                let change = match op {
                    Op::AddFlag => FlagChange::Add,
                    Op::RemoveFlag => FlagChange::Remove,
                    _ => FlagChange::Set,
                };
                let variable = match given.optional(0) {
                    Some(argument) => self.flag_variables(argument)?.first().copied(),
                    None => None,
                };
                Ok(Command::Flags { change, variable, flags: self.texts(given.argument(1)?)? })
            }
            Op::Require => Err(given.node.position.error("require stands before all other commands")),
            _ => Err(given.node.position.error("this is no command")),
        }
    }

    fn vacation(&mut self, given: &Given<'_>) -> Result<Command, CompileError> {
        let seconds = match given.slot(Slot::Period) {
            Some((tag, argument)) => {
                let period = number(argument);
                // RFC 5230 section 4.1: fewer and more days than there can be are as few and as many
                // as there can be. RFC 6131 section 2: 0 seconds are allowed, 2^31 are not.
                if tag == "days" {
                    period.clamp(1, MAX_VACATION_DAYS) * DAY
                } else if period < 1 << 31 {
                    period.min(MAX_VACATION_DAYS * DAY)
                } else {
                    return Err(argument.position.error("this is no time between two answers"));
                }
            }
            None => DEFAULT_VACATION_DAYS * DAY,
        };
        let from = given.slot(Slot::From).map(|(_, argument)| self.address(argument, are_sendable));
        let from = from.transpose()?;
        let addresses = match given.slot(Slot::Addresses) {
            Some((_, argument)) => self.texts(argument)?,
            None => Vec::new(),
        };
        let (mime, argument) = (given.has(Slot::Mime), given.argument(0)?);
        let reason = self.text(argument)?;
        if mime && reason.constant().is_some_and(has_8bit_header) {
            return Err(argument.position.error("the header of a :mime answer is ASCII only"));
        }
        let written = |slot| given.slot(slot).map(|(_, argument)| octets(argument));
        let handle = match given.slot(Slot::Handle) {
            Some((_, handle)) => self.text(handle)?,
            None => {
                let mime: &[u8] = if mime { b"mime" } else { b"" };
                let answer =
                    [written(Slot::Subject), written(Slot::From), Some(mime), Some(octets(argument))];
                Text::literal(digest(&answer).into_bytes())
            }
        };
        let subject = given.slot(Slot::Subject).map(|(_, argument)| self.text(argument)).transpose()?;
        Ok(Command::Vacation(Box::new(VacationCommand {
            seconds,
            subject,
            from,
            addresses,
            mime,
            handle,
            reason,
        })))
    }

    fn test(&mut self, node: &Node) -> Result<Test, CompileError> {
        let spec = find(TESTS, &node.name).ok_or_else(|| {
            let what = if find(COMMANDS, &node.name).is_some() {
                " is a command, not a test"
            } else {
                " is no test that is known"
            };
            node.position.error(sentence(&[&node.name, what]))
        })?;
        let given = &self.read(node, spec)?;
        Ok(match spec.op {
            Op::True => Test::Constant(true),
            Op::False => Test::Constant(false),
            Op::Not => match node.tests.first() {
                Some(test) => Test::Not(Box::new(self.test(test)?)),
                None => return Err(node.position.error("not takes one test")),
            },
            Op::AllOf => Test::AllOf(self.tests(node)?),
            Op::AnyOf => Test::AnyOf(self.tests(node)?),
            Op::Address => {
                let headers = self.checked(
                    given.argument(0)?,
                    |name| is_address_header(name) || !is_header_name(name),
                    "this header holds no addresses",
                )?;
                let (matching, part) = (self.matching(given)?, address_part(given));
                let keys = self.keys(given, 1)?;
                Test::Address { matching, part, index: index(given)?, headers, keys }
            }
            Op::Envelope => {
                let is_part =
                    |name: &[u8]| name.eq_ignore_ascii_case(b"from") || name.eq_ignore_ascii_case(b"to");
                let fields =
                    self.checked(given.argument(0)?, is_part, "the envelope has \"from\" and \"to\"")?;
                let (matching, part) = (self.matching(given)?, address_part(given));
                Test::Envelope { matching, part, fields, keys: self.keys(given, 1)? }
            }
            Op::Exists => Test::Exists(self.texts(given.argument(0)?)?),
            Op::Header => {
                let matching = self.matching(given)?;
                let headers = self.texts(given.argument(0)?)?;
                Test::Header { matching, index: index(given)?, headers, keys: self.keys(given, 1)? }
            }
            Op::Size => {
                let Some((tag, _)) = given.slot(Slot::Size) else {
                    return Err(node.position.error("size takes :over or :under"));
                };
                Test::Size { over: tag == "over", limit: number(given.argument(0)?) }
            }
            Op::Body => {
                // RFC 5173 section 6: a body test sets no match variables.
                let matching = Matching { captures: false, ..self.matching(given)? };
                let scope = match given.slot(Slot::BodyScope) {
                    Some(("raw", _)) => BodyScope::Raw,
                    Some(("content", types)) => BodyScope::Content(self.texts(types)?),
                    _ => BodyScope::Text,
                };
                Test::Body { matching, scope, keys: self.keys(given, 0)? }
            }
            Op::Date | Op::CurrentDate => self.date(given, spec.op == Op::Date)?,
            Op::HasFlag => {
                let matching = self.matching(given)?;
                let variables = match given.optional(0) {
                    Some(argument) => self.flag_variables(argument)?,
                    None => Vec::new(),
                };
                Test::HasFlag { matching, variables, keys: self.keys(given, 1)? }
            }
            Op::MailboxExists => Test::MailboxExists(self.texts(given.argument(0)?)?),
            Op::String => {
                let matching = self.matching(given)?;
                let sources = self.texts(given.argument(0)?)?;
                Test::String { matching, sources, keys: self.keys(given, 1)? }
            }
            _ => return Err(node.position.error("this is no test")),
        })
    }

    fn tests(&mut self, node: &Node) -> Result<Vec<Test>, CompileError> {
        node.tests.iter().map(|test| self.test(test)).collect()
    }

    fn date(&mut self, given: &Given<'_>, of_header: bool) -> Result<Test, CompileError> {
        let zone = match given.slot(Slot::Zone) {
            None => Zone::Local,
            Some(("originalzone", argument)) if !of_header => {
                return Err(argument.position.error("currentdate has no tag :originalzone"));
            }
            Some(("originalzone", _)) => Zone::Original,
            Some((_, argument)) => {
                let zone = self.text(argument)?;
                if zone.constant().is_some_and(|zone| zone_minutes(zone).is_none()) {
                    return Err(argument.position.error("a zone is +hhmm or -hhmm"));
                }
                Zone::Stated(zone)
            }
        };
        let places = usize::from(of_header);
        let header = match of_header {
            true => Some((self.text(given.argument(0)?)?, index(given)?)),
            false => None,
        };
        let argument = given.argument(places)?;
        let part = self.text(argument)?;
        if part.constant().is_some_and(|part| !is_part(part)) {
            return Err(argument.position.error("a date has no such part"));
        }
        let matching = self.matching(given)?;
        Ok(Test::Date { matching, header, zone, part, keys: self.keys(given, places + 1)? })
    }

    fn matching(&self, given: &Given<'_>) -> Result<Matching, CompileError> {
        let kind = match given.slot(Slot::Match) {
            None | Some(("is", _)) => MatchKind::Is,
            Some(("contains", _)) => MatchKind::Contains,
            Some(("matches", _)) => MatchKind::Matches,
            Some((tag, argument)) => {
                let relation = Relation::named(self.constant(argument)?.as_bytes());
                let relation = relation
                    .ok_or_else(|| argument.position.error("a relation is one of gt, ge, lt, le, eq, ne"))?;
                if tag == "count" { MatchKind::Count(relation) } else { MatchKind::Value(relation) }
            }
        };
        let captures = kind == MatchKind::Matches && self.required.has(Extension::Variables);
        let Some((_, argument)) = given.slot(Slot::Comparator) else {
            return Ok(Matching { kind, comparator: Comparator::AsciiCasemap, captures });
        };
        let comparator = match self.constant(argument)?.as_str() {
            "i;octet" => Comparator::Octet,
            "i;ascii-casemap" => Comparator::AsciiCasemap,
            "i;ascii-numeric" => {
                need(self.required, Extension::NumericComparator, "i;ascii-numeric")
                    .map_err(|message| argument.position.error(message))?;
                Comparator::AsciiNumeric
            }
            other => {
                return Err(argument.position.error(sentence(&[
                    "the comparator \"",
                    other,
                    "\" is not known",
                ])));
            }
        };
        if comparator == Comparator::AsciiNumeric && matches!(kind, MatchKind::Contains | MatchKind::Matches)
        {
            return Err(argument.position.error("i;ascii-numeric does not look inside strings"));
        }
        Ok(Matching { kind, comparator, captures })
    }

    fn keys(&mut self, given: &Given<'_>, place: usize) -> Result<Vec<Text>, CompileError> {
        self.texts(given.argument(place)?)
    }

    fn flags_tag(&mut self, given: &Given<'_>) -> Result<Option<Vec<Text>>, CompileError> {
        given.slot(Slot::Flags).map(|(_, argument)| self.texts(argument)).transpose()
    }

    /// The numbers of the variables in which flags are kept.
    fn flag_variables(&mut self, argument: &Argument) -> Result<Vec<usize>, CompileError> {
        need(self.required, Extension::Variables, "a variable of flags")
            .map_err(|message| argument.position.error(message))?;
        let mut variables = Vec::new();
        for (position, name) in strings(argument) {
            let name = self.constant_string(position, name)?;
            variables.push(self.variable(position, &name)?);
        }
        Ok(variables)
    }

    fn address(&mut self, argument: &Argument, check: impl Fn(&str) -> bool) -> Result<Text, CompileError> {
        let wellformed = |text: &[u8]| std::str::from_utf8(text).is_ok_and(&check);
        let text = self.text(argument)?;
        if text.constant().is_some_and(|address| !wellformed(address)) {
            return Err(argument.position.error("this is no valid address"));
        }
        Ok(text)
    }

    /// Strings of which those without variables must pass a check.
    fn checked(
        &mut self,
        argument: &Argument,
        check: impl Fn(&[u8]) -> bool,
        message: &str,
    ) -> Result<Vec<Text>, CompileError> {
        let mut texts = Vec::new();
        for (position, string) in strings(argument) {
            let text = self.string(position, string)?;
            if text.constant().is_some_and(|constant| !check(constant)) {
                return Err(position.error(message));
            }
            texts.push(text);
        }
        Ok(texts)
    }

    fn texts(&mut self, argument: &Argument) -> Result<Vec<Text>, CompileError> {
        strings(argument).into_iter().map(|(position, string)| self.string(position, string)).collect()
    }

    fn text(&mut self, argument: &Argument) -> Result<Text, CompileError> {
        match &argument.value {
            Value::Text(string) => self.string(argument.position, string),
            _ => Err(argument.position.error("a string is expected here")),
        }
    }

    fn string(&mut self, position: Position, octets: &[u8]) -> Result<Text, CompileError> {
        let octets = self.decoded(position, octets)?;
        if !self.required.has(Extension::Variables) {
            return Ok(Text::literal(octets));
        }
        Text::parse(&octets, &mut |name| self.slot(name)).map_err(|message| position.error(message))
    }

    fn decoded(&self, position: Position, octets: &[u8]) -> Result<Vec<u8>, CompileError> {
        if !self.required.has(Extension::EncodedCharacter) {
            return Ok(octets.to_vec());
        }
        encoded::decode(octets).map_err(|message| position.error(message))
    }

    /// A string that is known before the script runs.
    fn constant(&self, argument: &Argument) -> Result<String, CompileError> {
        match &argument.value {
            Value::Text(string) => self.constant_string(argument.position, string),
            _ => Err(argument.position.error("a string is expected here")),
        }
    }

    fn constant_string(&self, position: Position, octets: &[u8]) -> Result<String, CompileError> {
        String::from_utf8(self.decoded(position, octets)?)
            .map_err(|_| position.error("this string is not UTF-8"))
    }

    /// The number of the variable that `set` and its like name.
    fn variable(&mut self, position: Position, name: &str) -> Result<usize, CompileError> {
        if !is_identifier(name) {
            return Err(position.error("this is no name of a variable"));
        }
        self.slot(&name.to_ascii_lowercase()).map_err(|message| position.error(message))
    }

    /// The number of a variable by its name in lower case.
    fn slot(&mut self, name: &str) -> Result<usize, String> {
        if let Some(slot) = self.variables.iter().position(|known| known == name) {
            return Ok(slot);
        }
        if name.len() > MAX_VARIABLE_NAME {
            return Err("the name of this variable is too long".to_owned());
        }
        if self.variables.len() >= MAX_VARIABLES {
            return Err("the script has too many variables".to_owned());
        }
        self.variables.push(name.to_owned());
        Ok(self.variables.len() - 1)
    }
}

/// The table entry of a command.
fn command(node: &Node) -> Result<&'static Spec, CompileError> {
    find(COMMANDS, &node.name).ok_or_else(|| {
        let what = if find(TESTS, &node.name).is_some() {
            " is a test, not a command"
        } else {
            " is no command that is known"
        };
        node.position.error(sentence(&[&node.name, what]))
    })
}

fn address_part(given: &Given<'_>) -> AddressPart {
    match given.slot(Slot::AddressPart) {
        Some(("localpart", _)) => AddressPart::Localpart,
        Some(("domain", _)) => AddressPart::Domain,
        Some(("user", _)) => AddressPart::User,
        Some(("detail", _)) => AddressPart::Detail,
        _ => AddressPart::All,
    }
}

fn index(given: &Given<'_>) -> Result<Option<Index>, CompileError> {
    match (given.slot(Slot::Index), given.slot(Slot::Last)) {
        (None, None) => Ok(None),
        (None, Some((_, last))) => Err(last.position.error(":last goes with :index")),
        (Some((_, argument)), last) => match number(argument) {
            0 => Err(argument.position.error("the first occurrence has the number 1")),
            number => Ok(Some(Index { number, last: last.is_some() })),
        },
    }
}

fn number(argument: &Argument) -> u64 {
    match argument.value {
        Value::Number(number) => number,
        _ => 0,
    }
}

/// A string as the script has it, before anything in it is replaced.
fn octets(argument: &Argument) -> &[u8] {
    match &argument.value {
        Value::Text(text) => text,
        _ => &[],
    }
}

fn strings(argument: &Argument) -> Vec<(Position, &[u8])> {
    match &argument.value {
        Value::Text(text) => vec![(argument.position, text.as_slice())],
        Value::List(list) => list.iter().map(|(position, text)| (*position, text.as_slice())).collect(),
        Value::Tag(_) | Value::Number(_) => Vec::new(),
    }
}

/// Whether a header can have this name (RFC 5322 section 2.2).
fn is_header_name(name: &[u8]) -> bool {
    !name.is_empty() && name.iter().all(|octet| octet.is_ascii_graphic() && *octet != b':')
}
