// Short notices in the corner; errors stay longer and show the code a program would match on.

import { byId, el, iconButton } from "./dom.js";

const MOST = 4;

function show(className, milliseconds, parts) {
  const area = byId("toasts");
  const toast = el("div", { class: `toast ${className}` }, ...parts);
  const close = () => toast.remove();
  toast.append(iconButton("close", "Dismiss", { on: { click: close } }));
  area.append(toast);
  while (area.childElementCount > MOST) area.firstElementChild.remove();
  let timer = setTimeout(close, milliseconds);
  toast.addEventListener("pointerenter", () => clearTimeout(timer));
  toast.addEventListener("pointerleave", () => (timer = setTimeout(close, 2000)));
}

/** Says what was done. `undo`, where given, is offered beside it. */
export function notice(text, undo) {
  const parts = [el("span", { text })];
  if (undo) {
    parts.push(el("button", { type: "button", class: "toast-action", text: "Undo", on: {
      click: (event) => {
        event.currentTarget.closest(".toast").remove();
        undo();
      },
    } }));
  }
  show("", undo ? 7000 : 4000, parts);
}

/** Says what failed. An abort is the user's own doing and is not shown. */
export function failure(doing, error) {
  if (error?.code === "ABORTED" || error?.name === "AbortError") return;
  console.warn(doing, error);
  show("toast-error", 10_000, [
    el("span", {},
      el("strong", { text: `${doing} failed. ` }),
      el("span", { text: error?.message ?? String(error) }),
      error?.code ? el("code", { text: error.code }) : null),
  ]);
}
