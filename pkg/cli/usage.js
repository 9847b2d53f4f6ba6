// The commands' words: what each takes, and what --help says.

/** A command line that cannot be understood. */
export class UsageError extends Error {}

const text = (short) => ({ type: "string", ...(short ? { short } : {}) });
const flag = (short) => ({ type: "boolean", ...(short ? { short } : {}) });

/** Options that every command has. */
export const COMMON = {
  owner: text(),
  db: text(),
  directory: text(),
  json: flag(),
  quiet: flag("q"),
  help: flag("h"),
};

const COMMON_HELP = `Options of every command:
  --owner <text>       whose mail it is; $OFFLINE_MAILBOX_OWNER or this system's user where absent
  --db <file>          the database's file
  --directory <folder> the folder of the owner's database; this system's for data where absent
  --json               one JSON object per line on standard output; errors too, on standard error
  -q, --quiet          no progress bar
  -h, --help           this text

Exit codes: 0 done, 1 failed, 2 the command line is wrong, 3 verify found problems,
130 ended by Ctrl-C (129, 143: by SIGHUP, SIGTERM); what was committed by then stays.`;

export const COMMANDS = {
  import: {
    options: {
      mailbox: text("m"),
      format: text("f"),
      "skip-duplicates": flag(),
      anywhere: flag(),
      resume: text(),
      "strip-status": flag(),
    },
    help: `Usage: offline-mailbox import [options] <file | folder | ->...

Imports mbox files, .eml files, Maildir folders with all below them, and folders of .eml and .mbox
files; - is standard input. Flags and dates come along.

  -m, --mailbox <name>  into this mailbox, created where it is missing; INBOX where absent. A
                        Maildir's folders go below it
  -f, --format <name>   auto (the default), mbox, mboxrd, mboxo, mboxcl, mboxcl2, eml or maildir
  --skip-duplicates     skip messages that are in their mailbox already, octet for octet
  --anywhere            with it: that are in any mailbox
  --resume <name>       names this import: run again with the same name and the same source after it
                        was ended, it goes on where it was
  --strip-status        take the fields out that mbox programs keep flags in
`,
  },
  export: {
    options: { format: text("f"), output: text("o"), uids: text(), status: flag(), all: flag(), force: flag() },
    help: `Usage: offline-mailbox export [options] <mailbox>
       offline-mailbox export [options] --all --format maildir --output <folder>

Writes a mailbox's messages.

  -f, --format <name>   mbox (mboxrd; the default), eml (a file each), zip (of them), maildir
  -o, --output <path>   where to: a file, or for eml and maildir a folder; - is standard output,
                        the default for mbox and zip
  --uids <set>          only these uids, such as 1:50,70
  --status              mbox: add Status, X-Status and X-Keywords with the flags
  --all                 maildir: every mailbox, each in the folder of its name
  --force               replace a file that is there
`,
  },
  ls: {
    options: { limit: text("n") },
    help: `Usage: offline-mailbox ls [options] [<mailbox>]

Lists the mailboxes, or the messages of one, the newest first.

  -n, --limit <number>  at most so many messages; 50 where absent
`,
  },
  search: {
    options: { mailbox: { ...text("m"), multiple: true }, limit: text("n") },
    help: `Usage: offline-mailbox search [options] <key>...

Searches with IMAP's keys (RFC 9051 section 6.4.4), such as: UNSEEN FROM grace SUBJECT "summer time"

  -m, --mailbox <name>  in this mailbox; may be given several times; everywhere where absent
  -n, --limit <number>  show at most so many of the messages found, the newest of each mailbox
`,
  },
  show: {
    options: { source: flag(), text: flag(), html: flag(), part: text() },
    help: `Usage: offline-mailbox show [options] <mailbox> <uid>

Shows a message: its header in short, its text, its attachments. Marks nothing as read.

  --source              its octets
  --text                its text alone
  --html                its HTML as the sender wrote it
  --part <number>       the decoded octets of a part, such as 2 or 1.2
`,
  },
  verify: {
    options: {},
    help: `Usage: offline-mailbox verify [options]

Looks at every record of the database. Exit code 3 where something does not agree.
`,
  },
  stats: {
    options: {},
    help: `Usage: offline-mailbox stats [options]

Tells how many messages and octets there are, and how much room they take.
`,
  },
};

export const HELP = `Usage: offline-mailbox <command> [options]

A mail store in a file, with IMAP's semantics.

  import   take in mbox files, .eml files, Maildir folders
  export   write a mailbox as mbox, .eml files, zip or Maildir
  ls       list mailboxes, or a mailbox's messages
  search   find messages
  show     show a message
  verify   check the database
  stats    count and measure

offline-mailbox <command> --help tells more; --version tells the version.

${COMMON_HELP}
`;

export const helpOf = (command) => `${COMMANDS[command].help}\n${COMMON_HELP}\n`;
