// Breaks the engine from outside, at a moment of the test's choice: what the engine calls of the platform is
// wrapped as it is started. To be imported before it is. For pages, workers and Node.

/** (module (func (export "go") unreachable)) */
const TRAP = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 3, 2, 1, 0, 7, 6, 1, 2, 103, 111, 0, 0, 10, 5, 1, 3, 0, 0, 11);
const trap = new WebAssembly.Instance(new WebAssembly.Module(TRAP)).exports.go;

/** What a function of the platform does instead of its work; each ends the engine's code that called it. */
const ENDS = {
  trap,
  throws() {
    throw new Error("thrown on purpose");
  },
  // No room on the stack: the engine's own calls deep down.
  stack() {
    const deeper = () => deeper() + 1;
    return deeper();
  },
  // A promise that calls back before it may: the engine's own words for it are a panic's.
  panics(promise, resolve) {
    resolve();
  },
};

let armed;
let newest;
const { instantiate, Instance } = WebAssembly;

function wrap(imports) {
  for (const group of Object.values(imports)) {
    for (const [name, real] of Object.entries(group)) {
      if (typeof real !== "function") continue;
      group[name] = (...given) => {
        if (!armed || !name.replace(/^__wbg_/, "").startsWith(armed.at) || (armed.after -= 1) >= 0) return real(...given);
        const end = ENDS[armed.how];
        armed = undefined;
        return end(...given);
      };
    }
  }
}

WebAssembly.instantiate = async (module, imports) => {
  wrap(imports);
  const made = await instantiate.call(WebAssembly, module, imports);
  // The rest of an engine has nothing of its own.
  if ((made.instance ?? made).exports.memory) newest = made;
  return made;
};

// The rest, in the middle of a call.
WebAssembly.Instance = new Proxy(Instance, {
  construct(made, [module, imports]) {
    wrap(imports);
    return new made(module, imports);
  },
});

/** The next call whose name begins with `at`, after so many others, ends as `how` says. */
export function arm(how, at, after = 0) {
  armed = { how, at, after };
}

/** From now on the newest engine gets no more memory; whether the platform could be made to. */
export function starve() {
  const { memory } = (newest.instance ?? newest).exports;
  try {
    memory.grow(65_536 - memory.buffer.byteLength / 65_536);
    return true;
  } catch {
    return false;
  }
}

globalThis.breaking = { arm, starve };
