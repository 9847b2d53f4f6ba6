// What sortMailbox and listMessages sort by, checked and put into IMAP's words. Not here: sorting.

import * as check from "./arguments.js";

const CRITERIA = ["arrival", "cc", "date", "displayFrom", "displayTo", "from", "size", "subject", "to"];
const ORDERS = CRITERIA.flatMap((criterion) => [criterion, `-${criterion}`]);

const orders = (value, what) => {
  if (value === null || typeof value !== "object") return [check.oneOf(value, what, ORDERS)];
  const one = (each, which) => check.oneOf(each, which, ORDERS);
  return check.list(value, what, "an array of 1 to 18 criteria", one, { min: 1, max: ORDERS.length });
};

const imapOf = (order) => (order.startsWith("-") ? `REVERSE ${order.slice(1)}` : order).toUpperCase();
const listOf = (given) => `(${given.map(imapOf).join(" ")})`;

/** A sort as IMAP writes it, such as `(REVERSE DATE SUBJECT)`. */
export const criteria = (value, what = "the sort") => listOf(orders(value, what));

/**
 * How a list is sorted: IMAP's criteria, none for the order in which messages came, and whether,
 * where they are equal, the newest comes first. By arrival no two are equal: what is named after it decides nothing.
 */
export function listSort(value, what = "sort") {
  const given = orders(value, what);
  const at = given.findIndex((order) => order.endsWith("arrival"));
  const before = at < 0 ? given : given.slice(0, at);
  return { criteria: before.length > 0 ? listOf(before) : "", newest: given[at] === "-arrival" };
}
