// The buttons above the list: what can be done to the messages chosen, and to the whole mailbox.

import { openMenu } from "./dialogs.js";
import { el, iconButton } from "./dom.js";

/**
 * Fills the toolbar. Returns the button that selects all, and those that need a message to act on.
 */
export function fillToolbar(place, page) {
  const { list, actions } = page;
  const act = (name, label, run) => iconButton(name, label, { on: { click: run } });
  const all = act("check", "Select all (Ctrl+A)", () => (list.selection.size > 0 ? list.clearSelection() : list.selectAll()));
  const needing = [
    act("archive", "Archive (e)", () => page.on((uids) => page.leave(actions.archive(uids)))),
    act("trash", "Delete (#)", () => page.on((uids) => page.leave(actions.remove(uids)))),
    act("move", "Move to… (v)", () => page.on((uids) => page.leave(actions.moveTo(uids)))),
    act("copy", "Copy to… (c)", () => page.on((uids) => actions.copyTo(uids))),
    act("read", "Mark as read (r)", () => page.on((uids) => actions.flag(uids, "\\Seen", true))),
    act("mail", "Mark as unread (u)", () => page.on((uids) => actions.flag(uids, "\\Seen", false))),
    act("star", "Star (s)", () => page.on((uids) => page.star(uids))),
  ];
  const more = act("more", "More", (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    const counts = page.store.current()?.counts ?? {};
    openMenu(box.left, box.bottom + 4, [
      { icon: "read", text: "Mark all as read", run: () => actions.readAll(page.store.name), disabled: !counts.unseen },
      { icon: "import", text: "Import mail here…", run: () => page.chooseFiles(page.store.name) },
      { icon: "check", text: "Expunge deleted", run: () => actions.expunge(page.store.name), disabled: !counts.deleted },
      null,
      { icon: "trash", text: "Empty mailbox…", run: () => actions.empty(page.store.name), danger: true, disabled: !counts.exists },
    ], event.currentTarget);
  });
  place.append(all, ...needing, el("span", { class: "gap" }), more);
  return { all, needing };
}
