// The demo webmail: opens the mail store of this browser and puts the page together; says what to do
// where that fails.

import { byId, el, icon } from "./dom.js";
import { Page } from "./page.js";
import { offerSample } from "./sample.js";
import { Store } from "./store.js";

const app = byId("app");
const OWNER = new URLSearchParams(location.search).get("owner") || "demo@example.org";

async function start() {
  const store = await Store.open(OWNER);
  const page = new Page(store, fatal);
  await page.select(page.startMailbox());
  app.dataset.state = "ready";
  await offerSample(store, byId("list-empty"));
  page.redraw();
}

/** The page itself is kept for offline: what was loaded before its worker was there, too. */
async function keepPage() {
  await navigator.serviceWorker.register("/sw.js");
  const { active } = await navigator.serviceWorker.ready;
  const loaded = performance.getEntriesByType("resource").map(({ name }) => name);
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => { app.dataset.kept = "yes"; };
  active.postMessage({ loaded }, [port2]);
}

const ADVICE = {
  UNAVAILABLE: "This browser gives this page no storage, or could not start the engine. Private windows often have none; try a normal one.",
  BLOCKED: "Another tab holds an older version of the mail store. Close it and reload this one.",
  SCHEMA_TOO_NEW: "A newer version of this page has written the mail store. Reload to get that version.",
  VERSION_CHANGED: "Another tab has renewed or deleted the mail store. Reload to go on.",
  STORAGE_LOST: "The browser lost its storage. Close all its windows and try again; nothing was deleted.",
  INTERNAL: "Something broke inside. What was stored is safe; reload to go on.",
};

/** Covers the page: it cannot go on without a reload. */
function fatal(heading, error) {
  if (document.querySelector(".fatal")) return;
  document.body.append(el("div", { class: "fatal", role: "alert" },
    icon("disk"), el("h2", { text: heading }),
    el("p", { text: ADVICE[error.code] ?? error.message }), error.code ? el("code", { text: error.code }) : "",
    el("button", { type: "button", class: "button button-primary", text: "Reload", on: { click: () => location.reload() } })));
}

addEventListener("load", () => "serviceWorker" in navigator && setTimeout(() => keepPage().catch(() => {}), 500));

start().catch((error) => {
  console.error(error);
  fatal("The mail store could not be opened", error);
});
