// What the user does to messages and mailboxes, each as calls of the library, with a notice of what
// was done (and a way back) or of what failed.

import { confirmDialog, pickMailbox, promptDialog } from "./dialogs.js";
import { plural } from "./format.js";
import { fullName } from "./store.js";
import { failure, notice } from "./toast.js";

export class Actions {
  constructor(store) {
    this.store = store;
  }

  async #try(doing, work) {
    try {
      return await work();
    } catch (error) {
      failure(doing, error);
      return undefined;
    }
  }

  // ---- Messages

  flag(uids, flag, on) {
    if (uids.length === 0) return undefined;
    const { session, selected } = this.store;
    return this.#try("Changing flags", () => session.updateFlags(selected, uids, [flag], on ? "add" : "delete"));
  }

  /** Moves messages, and offers to move them back. Resolves whether it was done. */
  async move(uids, destination, done = "moved to") {
    if (uids.length === 0 || destination === this.store.name) return false;
    const { session, selected, name: origin } = this.store;
    return Boolean(await this.#try("Moving", async () => {
      const { copied } = await session.moveMessages(selected, uids, destination);
      const moved = copied?.destination ?? [];
      notice(`${plural(moved.length, "message")} ${done} ${fullName(destination)}`, moved.length > 0 ? () => this.#moveBack(destination, moved, origin) : undefined);
      return true;
    }));
  }

  #moveBack(from, uids, to) {
    const { session } = this.store;
    return this.#try("Undo", async () => {
      const { selected } = await session.selectMailbox(from);
      try {
        await session.moveMessages(selected, uids, to);
      } finally {
        await session.closeMailbox(selected);
      }
    });
  }

  async moveTo(uids) {
    if (uids.length === 0) return false;
    const { selected } = this.store;
    const name = await pickMailbox({ title: `Move ${plural(uids.length, "message")} to`, mailboxes: this.store.mailboxes.values(), except: this.store.name });
    // Where the mailbox on screen was deleted meanwhile, the uids are not of the one that is there now.
    return name && selected === this.store.selected ? this.move(uids, name) : false;
  }

  async copy(uids, destination) {
    if (uids.length === 0) return;
    const { session, selected } = this.store;
    await this.#try("Copying", async () => {
      const { copied } = await session.copyMessages(selected, uids, destination);
      notice(`${plural(copied?.destination.length ?? 0, "message")} copied to ${fullName(destination)}`);
    });
  }

  async copyTo(uids) {
    if (uids.length === 0) return;
    const { selected } = this.store;
    const name = await pickMailbox({ title: `Copy ${plural(uids.length, "message")} to`, mailboxes: this.store.mailboxes.values() });
    if (name && selected === this.store.selected) await this.copy(uids, name);
  }

  async archive(uids) {
    const archive = this.store.special("\\Archive");
    if (archive) return this.move(uids, archive.name, "archived in");
    if (uids.length > 0) notice("There is no archive: create a mailbox and move messages there with v.");
    return false;
  }

  /** To the trash; from there, or where there is none, away for good. */
  async remove(uids) {
    if (uids.length === 0) return false;
    const trash = this.store.special("\\Trash");
    if (trash && trash.name !== this.store.name) return this.move(uids, trash.name, "moved to");
    const { session, selected } = this.store;
    const sure = await confirmDialog({ title: `Delete ${plural(uids.length, "message")} for good?`, text: "This cannot be undone.", okay: "Delete" });
    if (!sure) return false;
    return Boolean(await this.#try("Deleting", async () => {
      await session.updateFlags(selected, uids, ["\\Deleted"], "add", { silent: true });
      await session.expungeMailbox(selected, { uids });
      notice(`${plural(uids.length, "message")} deleted`);
      return true;
    }));
  }

  // ---- Mailboxes

  create(parent) {
    const { session } = this.store;
    let created;
    return promptDialog({
      title: parent ? `New mailbox in ${fullName(parent)}` : "New mailbox",
      label: "Name", hint: "A slash makes a mailbox inside another: Projects/Garden.",
      submit: async (name) => {
        created = parent ? `${parent}/${name}` : name;
        await session.createMailbox(created);
      },
    }).then((name) => {
      if (name !== undefined) notice(`${fullName(created)} was created`);
      return name === undefined ? undefined : created;
    });
  }

  rename(name) {
    if (name === "INBOX") return undefined;
    const { session } = this.store;
    return promptDialog({ title: `Rename ${fullName(name)}`, label: "New name", value: name, okay: "Rename", submit: (now) => session.renameMailbox(name, now) });
  }

  async delete(name) {
    const mailbox = this.store.mailboxes.get(name);
    if (name === "INBOX" || !mailbox?.selectable) return;
    const sure = await confirmDialog({
      title: `Delete ${fullName(name)}?`,
      text: mailbox.counts?.exists ? `Its ${plural(mailbox.counts.exists, "message")} will be deleted for good.` : "It is empty.",
      okay: "Delete mailbox",
    });
    if (sure) await this.#try("Deleting the mailbox", () => this.store.session.deleteMailbox(name));
  }

  /** Runs `work` on a view of a mailbox: the one on screen where it is that, else one of its own. */
  async #on(name, doing, work) {
    const { session } = this.store;
    return this.#try(doing, async () => {
      if (name === this.store.name) return work(this.store.selected);
      const { selected } = await session.selectMailbox(name);
      try {
        return await work(selected);
      } finally {
        await session.closeMailbox(selected);
      }
    });
  }

  readAll(name) {
    const { session } = this.store;
    return this.#on(name, "Marking as read", async (selected) => {
      const { uids } = await session.searchMailbox(selected, { seen: false });
      await session.updateFlags(selected, uids, ["\\Seen"], "add");
      notice(`${plural(uids.length, "message")} marked as read`);
    });
  }

  expunge(name) {
    const { session } = this.store;
    return this.#on(name, "Expunging", async (selected) => {
      const { expunged } = await session.expungeMailbox(selected);
      notice(`${plural(expunged.uid.length, "message")} expunged`);
    });
  }

  async empty(name) {
    const exists = this.store.mailboxes.get(name)?.counts?.exists ?? 0;
    const sure = await confirmDialog({ title: `Empty ${fullName(name)}?`, text: `${plural(exists, "message")} will be deleted for good.`, okay: "Empty" });
    if (!sure) return;
    const { session } = this.store;
    await this.#on(name, "Emptying", async (selected) => {
      await session.updateFlags(selected, "1:*", ["\\Deleted"], "add", { silent: true });
      const { expunged } = await session.expungeMailbox(selected);
      notice(`${plural(expunged.uid.length, "message")} deleted`);
    });
  }
}
