//! Carrying out the commands of a script on one mail: which actions it takes, and the implicit
//! keep (RFC 5228 section 2.10). The tests are in `evaluate`.

use std::borrow::Cow;

use super::actions::{Action, Outcome, RunError, Vacation};
use super::body;
use super::flags::{self, FlagChange};
use super::limits::{MAX_ACTIONS, MAX_REDIRECTS, MAX_WORK};
use super::mail::{Mail, Mailbox, are_sendable, header_values, lossy, one_line, sendable};
use super::matching::Work;
use super::program::{Branch, Command, Script, Step};
use super::vacation::{VacationCommand, has_8bit_header, may_answer};
use super::variables::{Text, Variables};
use crate::mime::encoded_word::decode_header_text;
use crate::mime::header::{Field, fields, split};
use crate::mime::part::Part;

/// Why a command cannot be carried out.
pub(crate) type Failure = &'static str;

/// Whether the script goes on.
#[derive(Debug, PartialEq, Eq)]
enum Flow {
    Next,
    Stop,
}

impl Script {
    /// Asks what shall become of a mail.
    ///
    /// Never fails and never panics; a run that comes to an error or to a limit keeps the mail and
    /// says why in [`Outcome::error`]. Nothing is remembered between runs.
    pub fn run(&self, mail: &Mail<'_>) -> Outcome {
        let header = split(mail.raw).header;
        let mut run = Run {
            mail: *mail,
            fields: fields(header).collect(),
            body: body::of_message(mail.raw),
            parts: None,
            texts: None,
            work: Work(MAX_WORK),
            variables: Variables { values: vec![Vec::new(); self.variables], captures: Vec::new() },
            flags: None,
            actions: Vec::new(),
            implicit_keep: true,
            vacation_given: false,
        };
        match run.steps(&self.steps) {
            Ok(_) => run.finish(),
            Err(error) => Outcome { actions: vec![Action::Keep { flags: None }], error: Some(error) },
        }
    }
}

/// The state of one run.
pub(crate) struct Run<'m> {
    pub(crate) mail: Mail<'m>,
    pub(crate) fields: Vec<Field<'m>>,
    pub(crate) body: Option<&'m [u8]>,
    /// The parts of the mail, once a test asked for them.
    pub(crate) parts: Option<Vec<Part>>,
    /// The text of the mail, once a test asked for it.
    pub(crate) texts: Option<Vec<Vec<u8>>>,
    pub(crate) work: Work,
    pub(crate) variables: Variables,
    /// The internal variable of RFC 5232; `None` until a command sets it.
    pub(crate) flags: Option<Vec<String>>,
    actions: Vec<Action>,
    implicit_keep: bool,
    vacation_given: bool,
}

impl<'m> Run<'m> {
    fn finish(mut self) -> Outcome {
        let kept = self.actions.iter().any(|action| matches!(action, Action::Keep { .. }));
        if self.implicit_keep && !kept {
            self.actions.push(Action::Keep { flags: self.flags });
        }
        Outcome { actions: self.actions, error: None }
    }

    /// Carries out a block; its depth is bounded by the compiler.
    fn steps(&mut self, steps: &[Step]) -> Result<Flow, RunError> {
        for step in steps {
            let flow = match &step.command {
                Command::Stop => Flow::Stop,
                Command::If(branches) => self.branches(branches)?,
                command => {
                    let done = self.command(command);
                    done.map_err(|failure| RunError::new(step.position, failure))?;
                    Flow::Next
                }
            };
            if flow == Flow::Stop {
                return Ok(Flow::Stop);
            }
        }
        Ok(Flow::Next)
    }

    fn branches(&mut self, branches: &[Branch]) -> Result<Flow, RunError> {
        for branch in branches {
            let holds = self.test(&branch.test).map_err(|failure| RunError::new(branch.position, failure))?;
            if holds {
                return self.steps(&branch.steps);
            }
        }
        Ok(Flow::Next)
    }

    fn command(&mut self, command: &Command) -> Result<(), Failure> {
        self.work.spend(1)?;
        match command {
            Command::Stop | Command::If(_) => Ok(()),
            Command::Keep { flags } => {
                let flags = self.action_flags(flags.as_deref())?;
                self.deliver(Action::Keep { flags })
            }
            Command::Discard => {
                self.implicit_keep = false;
                Ok(())
            }
            Command::FileInto { mailbox, flags, copy, create } => {
                let flags = self.action_flags(flags.as_deref())?;
                let mailbox = self.text(mailbox)?;
                if mailbox.is_empty() {
                    return Err("fileinto has no mailbox");
                }
                self.implicit_keep &= *copy;
                self.deliver(Action::FileInto { mailbox, flags, create: *create })
            }
            Command::Redirect { address, copy } => {
                let address = sendable(&self.text(address)?).ok_or("redirect has no valid address")?;
                self.implicit_keep &= *copy;
                self.deliver(Action::Redirect { address })
            }
            Command::Reject { reason, ereject } => {
                let reason = lossy(&self.expand(reason)?);
                if !self.actions.is_empty() || self.vacation_given {
                    return Err("reject stands with no other action");
                }
                self.implicit_keep = false;
                self.actions.push(Action::Reject { reason, ereject: *ereject });
                Ok(())
            }
            Command::Vacation(vacation) => self.vacation(vacation),
            Command::Set { variable, modifiers, value } => {
                let value = self.variables.expand_value(value);
                self.work.spend(value.len())?;
                let value = modifiers.apply(value);
                self.variables.set(*variable, value);
                Ok(())
            }
            Command::Flags { change, variable, flags } => self.change_flags(*change, *variable, flags),
        }
    }

    /// Takes an action that delivers; one that was taken before stays in its place with the newer
    /// flags (RFC 5228 section 2.10.3).
    fn deliver(&mut self, action: Action) -> Result<(), Failure> {
        if self.actions.iter().any(|taken| matches!(taken, Action::Reject { .. })) {
            return Err("no other action stands with reject");
        }
        for taken in &mut self.actions {
            match (taken, &action) {
                (Action::Keep { flags }, Action::Keep { flags: newer }) => {
                    flags.clone_from(newer);
                    return Ok(());
                }
                (
                    Action::FileInto { mailbox, flags, create },
                    Action::FileInto { mailbox: same, flags: newer, create: creates },
                ) if is_same_mailbox(mailbox, same) => {
                    flags.clone_from(newer);
                    *create |= creates;
                    return Ok(());
                }
                (Action::Redirect { address }, Action::Redirect { address: same }) if address == same => {
                    return Ok(());
                }
                _ => {}
            }
        }
        let redirects = self.actions.iter().filter(|taken| matches!(taken, Action::Redirect { .. })).count();
        if matches!(action, Action::Redirect { .. }) && redirects >= MAX_REDIRECTS {
            return Err("the script redirects too often");
        }
        if self.actions.len() >= MAX_ACTIONS {
            return Err("the script takes too many actions");
        }
        self.actions.push(action);
        Ok(())
    }

    /// The flags of an action: its own, or the internal variable's.
    fn action_flags(&mut self, flags: Option<&[Text]>) -> Result<Option<Vec<String>>, Failure> {
        match flags {
            Some(lists) => {
                let lists = self.expand_all(lists)?;
                flags::change(FlagChange::Set, Vec::new(), &lists, &mut self.work).map(Some)
            }
            None => Ok(self.flags.clone()),
        }
    }

    fn change_flags(
        &mut self,
        change: FlagChange,
        variable: Option<usize>,
        lists: &[Text],
    ) -> Result<(), Failure> {
        let lists = self.expand_all(lists)?;
        let Some(slot) = variable else {
            let known = self.flags.take().unwrap_or_default();
            self.flags = Some(flags::change(change, known, &lists, &mut self.work)?);
            return Ok(());
        };
        let known = self.flags_of(slot)?;
        let changed = flags::change(change, known, &lists, &mut self.work)?;
        self.variables.set(slot, changed.join(" ").into_bytes());
        Ok(())
    }

    /// The flags in a variable, each once.
    pub(crate) fn flags_of(&mut self, slot: usize) -> Result<Vec<String>, Failure> {
        let value = self.variables.values.get(slot).map(Vec::as_slice).unwrap_or_default();
        flags::change(FlagChange::Set, Vec::new(), &[Cow::Borrowed(value)], &mut self.work)
    }

    fn vacation(&mut self, vacation: &VacationCommand) -> Result<(), Failure> {
        if self.vacation_given {
            return Err("vacation is given once only");
        }
        if self.actions.iter().any(|taken| matches!(taken, Action::Reject { .. })) {
            return Err("vacation does not stand with reject");
        }
        self.vacation_given = true;
        let subject = vacation.subject.as_ref().map(|subject| self.expand(subject)).transpose()?;
        let from = vacation.from.as_ref().map(|from| self.text(from)).transpose()?;
        if from.as_deref().is_some_and(|from| !are_sendable(from)) {
            return Err("vacation has no valid :from");
        }
        let reason = self.expand(&vacation.reason)?;
        if vacation.mime && has_8bit_header(&reason) {
            return Err("the header of a :mime answer is ASCII only");
        }
        let handle = lossy(&self.expand(&vacation.handle)?);
        let mut addresses = Vec::new();
        for address in &vacation.addresses {
            let address = self.text(address)?;
            addresses.push(sendable(&address).unwrap_or(address));
        }
        let mut own = addresses.clone();
        own.extend(Mailbox::of_envelope(self.mail.recipient).map(|recipient| recipient.all()));
        self.work.spend(own.len().saturating_mul(split(self.mail.raw).header.len()))?;
        if !may_answer(&self.fields, self.mail.sender, &own) {
            return Ok(());
        }
        let Some(to) = sendable(self.mail.sender) else { return Ok(()) };
        let subject = match subject {
            Some(subject) => one_line(&lossy(&subject)),
            None => self.default_subject(),
        };
        self.actions.push(Action::Vacation(Vacation {
            to,
            from,
            subject,
            reason: lossy(&reason),
            mime: vacation.mime,
            addresses,
            seconds: vacation.seconds,
            handle,
        }));
        Ok(())
    }

    fn default_subject(&self) -> String {
        let subject = header_values(&self.fields, b"subject").first().map(|value| decode_header_text(value));
        let subject: String = one_line(subject.as_deref().unwrap_or_default()).chars().take(200).collect();
        if subject.trim().is_empty() { "Automated reply".to_owned() } else { ["Auto: ", &subject].concat() }
    }

    pub(crate) fn expand<'t>(&mut self, text: &'t Text) -> Result<Cow<'t, [u8]>, Failure> {
        let expanded = self.variables.expand(text)?;
        self.work.spend(expanded.len())?;
        Ok(expanded)
    }

    pub(crate) fn expand_all<'t>(&mut self, texts: &'t [Text]) -> Result<Vec<Cow<'t, [u8]>>, Failure> {
        texts.iter().map(|text| self.expand(text)).collect()
    }

    /// A string that must be text outside the script.
    pub(crate) fn text(&mut self, text: &Text) -> Result<String, Failure> {
        String::from_utf8(self.expand(text)?.into_owned()).map_err(|_| "a name or an address is not UTF-8")
    }
}

fn is_same_mailbox(left: &str, right: &str) -> bool {
    left == right || left.eq_ignore_ascii_case("INBOX") && right.eq_ignore_ascii_case("INBOX")
}
