// Dates, sizes, counts and names as a reader wants to see them. Pure functions.

const time = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });
const weekday = new Intl.DateTimeFormat(undefined, { weekday: "short" });
const dayMonth = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" });
const dayMonthYear = new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short", year: "numeric" });
const full = new Intl.DateTimeFormat(undefined, { dateStyle: "full", timeStyle: "short" });
const number = new Intl.NumberFormat();

const DAY = 86_400_000;

const isDate = (date) => date instanceof Date && !Number.isNaN(date.getTime());

/** The time today, the weekday within six days, else the date. */
export function shortDate(date, now = new Date()) {
  if (!isDate(date)) return "";
  const today = new Date(now.getFullYear(), now.getMonth(), now.getDate()).getTime();
  const at = date.getTime();
  if (at >= today && at < today + DAY) return time.format(date);
  if (at < today && at >= today - 5 * DAY) return `${weekday.format(date)} ${time.format(date)}`;
  return (date.getFullYear() === now.getFullYear() ? dayMonth : dayMonthYear).format(date);
}

export function fullDate(date) {
  return isDate(date) ? full.format(date) : "";
}

export function count(n) {
  return number.format(n);
}

export function plural(n, one, many = `${one}s`) {
  return `${number.format(n)} ${n === 1 ? one : many}`;
}

export function bytes(n) {
  if (n < 1000) return `${n} B`;
  const units = ["kB", "MB", "GB", "TB"];
  let value = n / 1000;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  return `${value < 9.95 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`;
}

/** The display name of an address, or the address, or nothing. */
export function who(address) {
  return address?.name || address?.address || "";
}

/** A few people, for the one line of a list. */
export function people(addresses) {
  const list = addresses ?? [];
  const names = list.slice(0, 3).map(who).filter(Boolean);
  return names.join(", ") + (list.length > 3 ? ` +${list.length - 3}` : "");
}
