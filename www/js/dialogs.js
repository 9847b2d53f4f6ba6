// Asking the user: a name, a yes, a mailbox, one of a menu; and the page of shortcuts.

import { el, icon } from "./dom.js";
import { fullName, mailboxIcon } from "./store.js";

/** Shows a dialog until it closes; resolves with what `close(value)` was given, else undefined. */
function ask(className, fill) {
  return new Promise((resolve) => {
    const back = document.activeElement;
    let answer;
    const dialog = el("dialog", { class: className });
    const close = (value) => {
      answer = value;
      dialog.close();
    };
    dialog.append(fill(close));
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    dialog.addEventListener("keydown", (event) => event.stopPropagation());
    dialog.addEventListener("close", () => {
      dialog.remove();
      back?.focus?.({ preventScroll: true });
      resolve(answer);
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}

const actions = (...buttons) => el("div", { class: "dialog-actions" }, ...buttons);
const button = (text, run, className = "", type = "button") => el("button", { type, class: `button ${className}`, text, on: run ? { click: run } : {} });

/**
 * Asks for a line of text. `submit(value)` does the work; what it throws is shown in the dialog,
 * which then stays open.
 */
export function promptDialog({ title, label, value = "", hint = "", okay = "Create", submit }) {
  return ask("", (close) => {
    const input = el("input", { class: "input", type: "text", value, autocomplete: "off", spellcheck: "false", required: true, autofocus: true, name: "value" });
    const error = el("p", { class: "dialog-error", role: "alert", hidden: true });
    const form = el("form", { method: "dialog" },
      el("h2", { text: title }),
      el("label", {}, label, input),
      hint ? el("p", { text: hint }) : null,
      error,
      actions(button("Cancel", () => close()), button(okay, null, "button-primary", "submit")));
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      try {
        await submit(input.value.trim());
        close(input.value.trim());
      } catch (failed) {
        error.textContent = failed.code ? `${failed.message} (${failed.code})` : failed.message;
        error.hidden = false;
        input.select();
      }
    });
    requestAnimationFrame(() => input.setSelectionRange(value.length, value.length));
    return form;
  });
}

/** Asks whether to go on; resolves true or undefined. */
export function confirmDialog({ title, text, okay, danger = true }) {
  return ask("", (close) => el("form", { method: "dialog" },
    el("h2", { text: title }), el("p", { text }),
    actions(button("Cancel", () => close()), el("button", { type: "button", class: `button ${danger ? "button-danger" : "button-primary"}`, text: okay, autofocus: true, on: { click: () => close(true) } }))));
}

/** Asks for one of the mailboxes; resolves with its name or undefined. */
export function pickMailbox({ title, mailboxes, except }) {
  const choices = [...mailboxes].filter(({ name, selectable }) => selectable && name !== except);
  return ask("", (close) => {
    const input = el("input", { class: "input", type: "search", placeholder: "Find a mailbox", autofocus: true, "aria-label": "Find a mailbox", autocomplete: "off" });
    const list = el("div", { class: "picker", role: "group", "aria-label": "Mailboxes" });
    const draw = () => {
      const words = input.value.toLowerCase().split(/\s+/);
      list.replaceChildren(...choices
        .filter(({ name }) => words.every((word) => fullName(name).toLowerCase().includes(word)))
        .map((mailbox) => el("button", { type: "button", on: { click: () => close(mailbox.name) } }, icon(mailboxIcon(mailbox)), el("span", { text: fullName(mailbox.name) }))));
      if (!list.firstChild) list.append(el("p", { text: "No mailbox by that name." }));
    };
    draw();
    input.addEventListener("input", draw);
    const form = el("form", { method: "dialog" }, el("h2", { text: title }), input, list, actions(button("Cancel", () => close())));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      list.querySelector("button")?.click();
    });
    form.addEventListener("keydown", (event) => {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (!step) return;
      event.preventDefault();
      const stops = [input, ...list.querySelectorAll("button")];
      stops[(stops.indexOf(document.activeElement) + step + stops.length) % stops.length].focus();
    });
    return form;
  });
}

/** A menu at a point: items `{ icon, text, run, disabled, danger }`, null for a line. */
export function openMenu(x, y, items, back) {
  document.querySelector(".menu")?.remove();
  const menu = el("div", { class: "menu", role: "menu" }, ...items.map((item) => (item === null
    ? el("hr")
    : el("button", { type: "button", role: "menuitem", class: item.danger ? "danger" : "", disabled: Boolean(item.disabled), on: { click: () => { close(); item.run(); } } }, icon(item.icon), item.text))));
  const close = () => {
    menu.remove();
    document.removeEventListener("pointerdown", outside, true);
    back?.focus?.({ preventScroll: true });
  };
  const outside = (event) => {
    if (!menu.contains(event.target)) close();
  };
  document.addEventListener("pointerdown", outside, true);
  menu.addEventListener("keydown", (event) => {
    event.stopPropagation();
    const enabled = [...menu.querySelectorAll("button:not(:disabled)")];
    const at = enabled.indexOf(document.activeElement);
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (event.key === "ArrowDown") enabled[(at + 1) % enabled.length].focus();
    else if (event.key === "ArrowUp") enabled[(at - 1 + enabled.length) % enabled.length].focus();
    else return;
    event.preventDefault();
  });
  document.body.append(menu);
  const box = menu.getBoundingClientRect();
  menu.style.left = `${Math.max(6, Math.min(x, innerWidth - box.width - 6))}px`;
  menu.style.top = `${Math.max(6, Math.min(y, innerHeight - box.height - 6))}px`;
  menu.querySelector("button:not(:disabled)")?.focus();
}

const SHORTCUTS = [
  [["j", "↓"], "Next message"], [["k", "↑"], "Previous message"],
  [["Enter", "o"], "Open"], [["Esc"], "Close, clear selection"],
  [["x", "Space"], "Select"], [["Shift", "↓"], "Extend selection"],
  [["Ctrl", "A"], "Select all"], [["s"], "Star"],
  [["u"], "Mark as unread"], [["r"], "Mark as read"],
  [["e"], "Archive"], [["#", "Del"], "Delete"],
  [["v"], "Move to…"], [["c"], "Copy to…"],
  [["n"], "New mailbox"], [["i"], "Import mail"],
  [["/"], "Search"], [["g"], "Go to mailbox…"],
  [["t"], "Conversations"], [["f"], "Filters"],
  [["?"], "This page"], [["Home", "End"], "Newest, oldest"],
];

export function helpDialog() {
  return ask("shortcuts", (close) => el("form", { method: "dialog" },
    el("h2", { text: "Keyboard shortcuts" }),
    el("dl", {}, ...SHORTCUTS.flatMap(([keys, what]) => [
      el("dt", {}, ...keys.flatMap((key, at) => [at > 0 ? " " : "", el("kbd", { text: key })])), el("dd", { text: what })])),
    el("p", { text: "All mail is kept in this browser, on this device: nothing is sent anywhere. Drop .mbox or .eml files anywhere to import them; drag messages onto a mailbox to move them, with Ctrl to copy." }),
    actions(el("button", { type: "button", class: "button button-primary", text: "Close", autofocus: true, on: { click: () => close() } }))));
}
