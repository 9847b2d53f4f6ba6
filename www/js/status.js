// The status line: what is on screen, how much is stored, and whether the page works offline.

import { byId } from "./dom.js";
import { bytes, plural } from "./format.js";

export class Status {
  #timer = 0;

  constructor(store) {
    this.store = store;
    navigator.serviceWorker?.addEventListener("controllerchange", () => this.offline());
    addEventListener("online", () => this.offline());
    addEventListener("offline", () => this.offline());
    this.offline();
  }

  counts() {
    const { messages, octets } = this.store.totals();
    byId("status-mailbox").textContent = `${plural(messages, "message")} in ${plural(this.store.mailboxes.size, "mailbox", "mailboxes")} · ${bytes(octets)} of mail`;
    this.#timer ||= setTimeout(() => {
      this.#timer = 0;
      this.storage();
    }, 1500);
  }

  async storage() {
    try {
      const { usage, persistent } = await this.store.session.storage();
      byId("status-storage").textContent = usage === undefined ? "" : `${bytes(usage)} on this device${persistent ? ", kept" : ""}`;
    } catch {
      byId("status-storage").textContent = "";
    }
  }

  /** Ready when the page itself is kept too (by the service worker), so that it opens without a network. */
  async offline() {
    const place = byId("status-offline");
    const ready = Boolean(navigator.serviceWorker?.controller);
    place.classList.toggle("ready", ready);
    place.textContent = !navigator.onLine ? "Offline: everything works" : ready ? "Ready for offline" : "Mail is kept offline";
  }

  /** Says for a moment that another tab changed something. */
  live(text) {
    const place = byId("status-live");
    place.textContent = text;
    place.hidden = false;
    clearTimeout(this.liveTimer);
    this.liveTimer = setTimeout(() => (place.hidden = true), 2500);
  }
}
