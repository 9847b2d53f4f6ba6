// What the program writes: lines for people, JSON for programs, a bar on terminals.

import { once } from "node:events";

/** Text of a message as a terminal may show it: nothing in it that commands the terminal or hides. */
export const shown = (text) =>
  String(text ?? "").replace(/\p{Cc}|[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]|\p{Surrogate}/gu, (character) =>
    character === "\t" ? " " : "\ufffd",
  );

/** The same, of several lines. */
export const shownLines = (text) => String(text ?? "").split(/\r?\n/).map(shown).join("\n");

const UNITS = ["B", "KB", "MB", "GB", "TB"];

export function size(octets) {
  let unit = 0;
  let value = octets;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${unit === 0 ? value : value.toFixed(value < 10 ? 1 : 0)} ${UNITS[unit]}`;
}

export const plural = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** How many columns a terminal gives a text, near enough: wide letters are two. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Extended_Pictographic}/u;
const widthOf = (character) => (WIDE.test(character) ? 2 : /\p{Mn}|\p{Me}/u.test(character) ? 0 : 1);

/** The text in exactly so many columns. */
export function column(text, width) {
  let taken = "";
  let used = 0;
  for (const character of text) {
    if (used + widthOf(character) > width) break;
    taken += character;
    used += widthOf(character);
  }
  return taken + " ".repeat(width - used);
}

export class Output {
  #json;
  #bar;
  #drawn = 0;
  #began = Date.now();

  constructor({ json, quiet, stdout, stderr }) {
    this.stdout = stdout;
    this.stderr = stderr;
    this.#json = json;
    this.#bar = !json && !quiet && stderr.isTTY === true;
  }

  /** Octets, as they are; waits while nobody takes them. */
  async octets(bytes) {
    if (!this.stdout.write(bytes)) await once(this.stdout, "drain");
  }

  /** One record: `object` for programs, `text` for people. */
  async record(object, text) {
    this.clear();
    await this.octets(`${this.#json ? JSON.stringify(object) : text}\n`);
  }

  /** For people alone. */
  async note(text) {
    if (!this.#json) this.say(text);
  }

  say(text) {
    this.clear();
    this.stderr.write(`${text}\n`);
  }

  fail(code, message) {
    this.clear();
    this.stderr.write(this.#json ? `${JSON.stringify({ error: { code, message } })}\n` : `offline-mailbox: ${shown(message)}\n`);
  }

  /** Draws how far something is: `done` of `total`, where that is known. */
  progress(done, total, text) {
    const now = Date.now();
    if (!this.#bar || now - this.#drawn < 100 || now - this.#began < 300) return;
    this.#drawn = now;
    const share = total > 0 ? Math.min(1, done / total) : undefined;
    const filled = Math.round((share ?? 0) * 24);
    const bar = share === undefined ? "" : `[${"#".repeat(filled)}${".".repeat(24 - filled)}] ${String(Math.floor(share * 100)).padStart(3)} % `;
    this.stderr.write(`\r\u001b[K${column(bar + shown(text), Math.max(20, (this.stderr.columns ?? 80) - 1)).trimEnd()}`);
  }

  /** Takes the bar away. */
  clear() {
    if (this.#drawn === 0) return;
    this.#drawn = 0;
    this.stderr.write("\r\u001b[K");
  }
}
