// The processes that a browser consists of, and their end. Linux only: it reads /proc.

import { readFileSync, readdirSync } from "node:fs";

/** Every process's parent, by its id. */
function parents() {
  const found = new Map();
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      // The name before may hold anything, parentheses too.
      found.set(Number(pid), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
    } catch {
      // Gone meanwhile.
    }
  }
  return found;
}

/** The command line of a process, or nothing where it is gone. */
export function command(pid) {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

/** A process and all that descend from it. */
export function family(root) {
  const all = parents();
  const found = [root];
  for (const pid of found) for (const [child, parent] of all) if (parent === pid && !found.includes(child)) found.push(child);
  return found;
}

/** Those of this program's descendants whose command line has this in it, eldest first. */
export const descendants = (text) => family(process.pid).slice(1).filter((pid) => command(pid).includes(text));

/** SIGKILL for all of them, at one moment as far as that is possible. */
export function killAll(pids) {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // Gone already.
    }
  }
}

/** Resolves when none of them is left. */
export async function gone(pids) {
  const alive = (pid) => {
    try {
      process.kill(pid, 0);
      return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
    } catch {
      return false;
    }
  };
  for (let waited = 0; pids.some(alive); waited += 10) {
    if (waited > 10_000) throw new Error(`still alive after SIGKILL: ${pids.filter(alive).map(command)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
