//! Delivery: a message that arrives, by way of the active filter (semantics
//! 162-165). Not here: what a filter says, and APPEND, which asks none.

use super::base::{check_view, read_only, takes_recent};
use super::{BaseSession, View};
use crate::backend::{
    AppendTarget, AppendedTo, Filter, FilterAction, FilterError, FilterMail, FilterOutcome, Look,
};
use crate::model::{
    AppendMessage, Error, ErrorCode, FlagOp, Flags, INBOX, ListTree, MailboxId, MailboxName, Result,
    TextPosition, Uid, Value, ZonedTime,
};
use crate::platform;
use crate::view::Updates;

/// How often the mailboxes are looked at anew where others change them between the look and the commit.
const ATTEMPTS: u32 = 8;

/// How a message arrives.
#[derive(Debug, Clone)]
pub struct DeliverOptions {
    /// The envelope's sender (MAIL FROM), without angle brackets; empty for the null one.
    pub sender: String,
    /// The envelope's recipient (RCPT TO); the owner of the mailboxes where absent.
    pub recipient: Option<String>,
    /// The mailbox that keeps the message where the filter says nothing else.
    pub mailbox: String,
    /// Its flags, in every mailbox; those that the filter gives come to them.
    pub flags: Flags,
    /// INTERNALDATE; now, in UTC, where absent.
    pub internal_date: Option<ZonedTime>,
}

impl Default for DeliverOptions {
    /// From nobody, to the owner's INBOX, now, without flags.
    fn default() -> Self {
        DeliverOptions {
            sender: String::new(),
            recipient: None,
            mailbox: INBOX.to_owned(),
            flags: Flags::new(),
            internal_date: None,
        }
    }
}

/// Where a delivered message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// The mailbox's name.
    pub mailbox: String,
    /// Its UIDVALIDITY.
    pub uid_validity: u32,
    /// The message's UID there.
    pub uid: Uid,
}

/// A mailbox that a filter names and that does not get the message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// Its name, as the filter has it.
    pub mailbox: String,
    /// Why: `NOT_FOUND`, `READ_ONLY`, or what a name that no mailbox can have fails with.
    pub code: ErrorCode,
}

/// The answer to a delivery.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DeliverResult {
    /// Where the message is now, in the order in which the filter named the mailboxes.
    pub stored: Vec<Delivered>,
    /// What the filter asks the caller to send: redirections and vacation notices.
    pub actions: Vec<FilterAction>,
    /// Whether the filter dropped the message: it is stored nowhere, and not redirected.
    pub discarded: bool,
    /// Why the filter failed; the message was kept then.
    pub filter_error: Option<FilterError>,
    /// The mailboxes of the filter that could not have the message, which was kept instead.
    pub missing: Vec<Missing>,
    /// What is new in the view.
    pub updates: Option<Updates>,
}

/// A mailbox that the filter, or no filter, puts the message into.
struct Wish {
    /// `None`: the one that the delivery asks for.
    mailbox: Option<String>,
    flags: Flags,
    create: bool,
}

/// Where the message goes, as the mailboxes now are.
#[derive(Default)]
struct Plan {
    targets: Vec<AppendTarget>,
    missing: Vec<Missing>,
}

impl Plan {
    /// A mailbox has the message once, with all flags that are wished for there.
    fn add(&mut self, name: MailboxName, flags: &Flags, create: bool) {
        match self.targets.iter_mut().find(|target| target.name == name) {
            Some(target) => target.flags = target.flags.apply(FlagOp::Add, flags),
            None => self.targets.push(AppendTarget { name, flags: flags.clone(), create }),
        }
    }
}

impl BaseSession {
    /// Delivers a message as a mail server does: the active filter says where
    /// it goes, and with which flags. Without one it goes to the mailbox that
    /// the options name (semantics 162).
    ///
    /// - All mailboxes that the filter names get it in one commit, or none
    ///   does; its octets are stored once, under one email id and thread id.
    /// - A mailbox of `fileinto` that does not exist is created where the
    ///   script says so, with the message; one that is not, is read-only or
    ///   has no valid name is told as missing, and the message is kept in the
    ///   mailbox that the options name (semantics 165).
    /// - A filter that fails, does not compile any more or is damaged keeps the
    ///   message there too; the answer has its error.
    /// - What a filter would send, redirections and vacation notices, is
    ///   answered for the caller to send. Nothing leaves this library.
    /// - The message is `\Recent` as an appended one is.
    ///
    /// Fails with `APPEND_FAILURE` and the filter's reason where that refuses
    /// the message; nothing is stored then (semantics 162). Otherwise as
    /// [`append_messages`](Self::append_messages).
    pub async fn deliver(
        &self,
        raw: Value,
        options: &DeliverOptions,
        mut selected: View<'_>,
    ) -> Result<DeliverResult> {
        self.run(async {
            check_view(&selected)?;
            let requested = MailboxName::parse(&options.mailbox)?;
            let raw = raw.to_local();
            let outcome = self.filtered(&raw, options).await?;
            let mut result = DeliverResult::default();
            let wishes = result.take(outcome)?;
            let message =
                AppendMessage { raw, flags: options.flags.clone(), internal_date: options.internal_date };
            let own = selected.as_deref().filter(|view| !view.is_closed() && !view.is_readonly());
            let own = own.map(|view| view.mailbox_id().clone());
            let (plan, places) = self.store_wishes(&requested, &wishes, message, own.as_ref()).await?;
            if let Some(view) = selected.as_deref_mut() {
                for place in &places {
                    if takes_recent(view, &place.mailbox_id) {
                        view.add_recent(&[place.uid].into_iter().collect());
                    }
                }
            }
            result.missing = plan.missing;
            for (target, place) in plan.targets.into_iter().zip(places) {
                let mailbox = target.name.as_str().to_owned();
                result.stored.push(Delivered { mailbox, uid_validity: place.uid_validity, uid: place.uid });
            }
            result.updates = self.refresh_after_change(selected).await;
            Ok(result)
        })
        .await
    }

    /// What a script would do with a message. Nothing is stored, neither the
    /// message nor the script; the mailboxes that the script may ask for are
    /// this session's.
    ///
    /// Fails with `INVALID_ARGUMENT` for a script that does not compile, with
    /// its position, and `UNAVAILABLE` where the backend has no filters.
    pub async fn test_filter(
        &self,
        script: &[u8],
        raw: &Value,
        options: &DeliverOptions,
    ) -> Result<FilterOutcome> {
        self.run(async {
            MailboxName::parse(&options.mailbox)?;
            let filters = self.filter_set().ok_or_else(no_filters)?;
            let filter = filters.compiler().compile(script)?;
            self.apply(filter.as_ref(), &raw.to_local(), options).await
        })
        .await
    }

    /// What the active filter says; without one, that the message is kept.
    async fn filtered(&self, raw: &Value, options: &DeliverOptions) -> Result<FilterOutcome> {
        let Some(filters) = self.filter_set() else { return Ok(kept(None)) };
        match filters.active_filter().await {
            Ok(Some(filter)) => self.apply(filter.as_ref(), raw, options).await,
            Ok(None) => Ok(kept(None)),
            // Written by another version, for another compiler, or damaged: mail is not lost for that.
            Err(error) if matches!(error.code(), ErrorCode::InvalidArgument | ErrorCode::Corrupt) => {
                let TextPosition { line, column } = error.position().unwrap_or(TextPosition::START);
                Ok(kept(Some(FilterError { line, column, message: error.message().to_owned() })))
            }
            Err(error) => Err(error),
        }
    }

    async fn apply(
        &self,
        filter: &dyn Filter,
        raw: &Value,
        options: &DeliverOptions,
    ) -> Result<FilterOutcome> {
        let names = self.mailbox_set.list_mailboxes().await?;
        let exists = |name: &str| MailboxName::parse(name).is_ok_and(|name| is_there(&names, &name));
        let owner = self.owner();
        Ok(raw.with(|octets| {
            filter.run(&FilterMail {
                raw: octets,
                sender: &options.sender,
                recipient: options.recipient.as_deref().unwrap_or(&owner),
                now: ZonedTime { timestamp_ms: platform::now_ms(), zone_minutes: platform::zone_minutes() },
                mailbox_exists: &exists,
            })
        }))
    }

    /// Stores the message where it is wished for, anew from the start where
    /// the mailboxes changed under the plan.
    async fn store_wishes(
        &self,
        requested: &MailboxName,
        wishes: &[Wish],
        message: AppendMessage,
        claimant: Option<&MailboxId>,
    ) -> Result<(Plan, Vec<AppendedTo>)> {
        let mut attempt = 1;
        loop {
            // The commit finds out whether the plan was right.
            let look = if attempt == 1 { Look::AtCommit } else { Look::NOW };
            let plan = self.plan(requested, wishes, look).await?;
            match self.mailbox_set.append_to_many(message.clone(), &plan.targets, claimant).await {
                Ok(places) => return Ok((plan, places)),
                Err(error) if attempt == ATTEMPTS || !is_of_mailboxes(&error) => return Err(error),
                Err(_) => attempt += 1,
            }
        }
    }

    async fn plan(&self, requested: &MailboxName, wishes: &[Wish], look: Look<'_>) -> Result<Plan> {
        let mut plan = Plan::default();
        for wish in wishes {
            match self.place(wish, look).await? {
                Ok(Some((name, create))) => plan.add(name, &wish.flags, create),
                kept => {
                    if !plan.targets.iter().any(|target| target.name == *requested) {
                        // Fails as an append does where this mailbox is not there or locked.
                        self.destination(requested, look).await?;
                    }
                    plan.add(requested.clone(), &wish.flags, false);
                    if let (Err(error), Some(mailbox)) = (kept, &wish.mailbox) {
                        plan.missing.push(Missing { mailbox: mailbox.clone(), code: error.code() });
                    }
                }
            }
        }
        Ok(plan)
    }

    /// The mailbox of a wish, and whether it has to be created; the inner error
    /// says why the message cannot go there.
    async fn place(&self, wish: &Wish, look: Look<'_>) -> Result<Result<Option<(MailboxName, bool)>>> {
        let Some(mailbox) = &wish.mailbox else { return Ok(Ok(None)) };
        let name = match MailboxName::parse(mailbox) {
            Ok(name) => name,
            Err(error) => return Ok(Err(error)),
        };
        match self.open_of(&name, look).await {
            Ok(mailbox) if mailbox.readonly() => Ok(Err(read_only(name.as_str()))),
            Ok(_) => Ok(Ok(Some((name, false)))),
            Err(error) if error.code() != ErrorCode::NotFound => Err(error),
            Err(_) if wish.create => Ok(Ok(Some((name, true)))),
            Err(error) => Ok(Err(error)),
        }
    }
}

impl DeliverResult {
    /// Takes in what a filter says; returns where the message goes. Fails where the filter refuses it.
    fn take(&mut self, outcome: FilterOutcome) -> Result<Vec<Wish>> {
        let keep = || Wish { mailbox: None, flags: Flags::new(), create: false };
        let mut wishes = Vec::new();
        self.filter_error = outcome.error;
        if self.filter_error.is_some() {
            return Ok(vec![keep()]);
        }
        let mut redirected = false;
        for action in outcome.actions {
            match action {
                FilterAction::Keep { flags } => wishes.push(Wish { flags: storable(flags), ..keep() }),
                FilterAction::FileInto { mailbox, flags, create } => {
                    wishes.push(Wish { mailbox: Some(mailbox), flags: storable(flags), create });
                }
                FilterAction::Reject { reason, .. } => {
                    return Err(Error::new(ErrorCode::AppendFailure, reason));
                }
                action => {
                    redirected |= matches!(action, FilterAction::Redirect { .. });
                    self.actions.push(action);
                }
            }
        }
        self.discarded = wishes.is_empty() && !redirected;
        Ok(wishes)
    }
}

/// The message is kept, perhaps because of an error.
fn kept(error: Option<FilterError>) -> FilterOutcome {
    FilterOutcome { actions: vec![FilterAction::Keep { flags: None }], error }
}

/// The flags of these names that can be stored; a script may say anything.
fn storable(names: Option<Vec<String>>) -> Flags {
    let flags = names.into_iter().flatten().filter_map(|name| Flags::parse([name]).ok());
    flags.fold(Flags::new(), |all, flags| all.apply(FlagOp::Add, &flags))
}

fn is_there(names: &ListTree, name: &MailboxName) -> bool {
    names.get(name).is_some_and(|entry| entry.is_selectable())
}

/// Whether another look at the mailboxes may help: they were deleted, created or locked meanwhile.
fn is_of_mailboxes(error: &Error) -> bool {
    matches!(
        error.code(),
        ErrorCode::NotFound | ErrorCode::AlreadyExists | ErrorCode::ReadOnly | ErrorCode::Closed
    )
}

fn no_filters() -> Error {
    Error::new(ErrorCode::Unavailable, "these mailboxes have no filters")
}
