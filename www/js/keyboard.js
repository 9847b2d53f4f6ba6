// The page's keys. Panes with keys of their own (the tree, dialogs, menus) take theirs first.

const isTyping = (target) => target instanceof HTMLElement
  && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));

/** @param binding key (as KeyboardEvent.key, with `Ctrl+`, `Shift+` before) → function(event), if any; a result of false lets the key through */
export function listen(binding) {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.altKey || isTyping(event.target) || document.querySelector("dialog[open]")) return;
    // A button, link or summary with the focus is pressed by these, not bypassed.
    if ((event.key === "Enter" || event.key === " ") && event.target.closest?.("button, a, summary, iframe")) return;
    const key = event.key.length === 1 && !event.shiftKey ? event.key.toLowerCase() : event.key;
    const name = `${event.ctrlKey || event.metaKey ? "Ctrl+" : ""}${event.shiftKey && event.key.length > 1 ? "Shift+" : ""}${key}`;
    const run = binding(name);
    if (!run || run(event) === false) return;
    event.preventDefault();
  });
}
