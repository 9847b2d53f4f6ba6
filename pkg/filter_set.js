// A person's filter scripts: checks what is given. The engine keeps them, compiles them and runs them.

import * as check from "./arguments.js";
import { envelopeOptions } from "./deliver.js";
import { MailboxError } from "./errors.js";
import { octets, ready } from "./octets.js";

/** The longest script, in octets; a character is one at least. */
const MAX_SCRIPT = 1024 * 1024;

const filterName = (value, what = "the filter's name") => check.text(value, what);

function scriptText(value, what = "the script") {
  if (typeof value === "string" && value.length > MAX_SCRIPT) {
    throw new MailboxError("LIMIT", `${what} has more than ${MAX_SCRIPT} octets`);
  }
  return check.text(value, what, { max: MAX_SCRIPT });
}

/** Named filter scripts, at most one of them active. */
export class FilterSet {
  #core;

  constructor(core) {
    if (typeof core?.run !== "function") throw new TypeError("a FilterSet comes from a session");
    this.#core = core;
  }

  #read(task) {
    return this.#core.run(() => this.#core.call(task));
  }

  #write(options, task) {
    return this.#core.run(async () => {
      const { durability } = check.options(options, ["durability"]);
      await this.#core.call(task(), check.optional(durability, check.durability, "durability"));
    });
  }

  put(name, script, options) {
    return this.#write(options, () => {
      filterName(name);
      scriptText(script);
      return (handle) => handle.putFilter(name, script);
    });
  }

  get(name) {
    return this.#core.run(() => {
      filterName(name);
      return this.#core.call((handle) => handle.getFilter(name));
    });
  }

  delete(name, options) {
    return this.#write(options, () => {
      filterName(name);
      return (handle) => handle.deleteFilter(name);
    });
  }

  rename(before, after, options) {
    return this.#write(options, () => {
      filterName(before);
      filterName(after, "the filter's new name");
      return (handle) => handle.renameFilter(before, after);
    });
  }

  setActive(name, options) {
    return this.#write(options, () => {
      filterName(name);
      return (handle) => handle.setActiveFilter(name);
    });
  }

  clearActive(options) {
    return this.#write(options, () => (handle) => handle.setActiveFilter(undefined));
  }

  getActive() {
    return this.#read((handle) => handle.getActiveFilter());
  }

  getAll() {
    return this.#read((handle) => handle.getFilters());
  }

  extensions() {
    return this.#read((handle) => handle.filterExtensions());
  }

  check(script) {
    return this.#core.run(() => {
      scriptText(script);
      return this.#core.call((handle) => handle.checkFilter(script));
    });
  }

  test(script, raw, options) {
    return this.#core.run(async () => {
      scriptText(script);
      const envelope = envelopeOptions(options);
      const taken = await octets(raw);
      return this.#core.call((handle) => {
        ready([[taken]]);
        return handle.testFilter(script, taken, ...envelope);
      });
    });
  }
}
