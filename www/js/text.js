// Plain text as a reader wants it: links, quotes set off by depth, the signature greyed. Text nodes
// only, whatever the text says.

import { el } from "./dom.js";

/** Text beyond this is cut in the pane; the whole is in the downloaded message. */
const LONGEST = 400_000;
const DEEPEST = 8;

const LINK = /\b(?:https?:\/\/|mailto:)[^\s<>"]+[^\s<>"'.,;:!?)\]}]/gi;

/** The text as an element. */
export function textView(text) {
  const view = el("div", { class: "reader-text" });
  const cut = text.length > LONGEST;
  const lines = (cut ? text.slice(0, LONGEST) : text).trimEnd().split("\n");
  // Tables and code in plain mail are drawn with runs of spaces: show them in a fixed width.
  view.classList.toggle("mono", lines.filter((line) => /\S {3,}\S/.test(line)).length > Math.max(3, lines.length / 6));
  const stack = [view];
  let signature = false;
  let run = [];
  const flush = () => {
    if (run.length > 0) appendLinked(stack[stack.length - 1], `${run.join("\n")}\n`);
    run = [];
  };
  for (const line of lines) {
    const quoted = signature ? null : /^((?:> ?)+)(.*)$/s.exec(line);
    const depth = Math.min(quoted ? quoted[1].replaceAll(" ", "").length : 0, DEEPEST);
    if (depth !== stack.length - 1 && !signature) {
      flush();
      while (stack.length - 1 > depth) stack.pop();
      while (stack.length - 1 < depth) {
        const quote = el("span", { class: "quote", dataset: { depth: stack.length } });
        stack[stack.length - 1].append(quote);
        stack.push(quote);
      }
    }
    if (line === "-- " || line === "--\u00a0") {
      flush();
      stack.length = 1;
      signature = true;
      const rest = el("span", { class: "signature" });
      view.append(rest);
      stack.push(rest);
    }
    run.push(quoted ? quoted[2] : line);
  }
  flush();
  if (cut) view.append(el("p", { class: "signature", text: "\n… cut here: download the message for the rest." }));
  return view;
}

function appendLinked(place, text) {
  let at = 0;
  for (const match of text.matchAll(LINK)) {
    place.append(text.slice(at, match.index), el("a", { href: match[0], target: "_blank", rel: "noopener noreferrer", text: match[0] }));
    at = match.index + match[0].length;
  }
  place.append(text.slice(at));
}

