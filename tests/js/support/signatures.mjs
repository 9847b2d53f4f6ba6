// What the published types say of a class: its methods, their parameters, and the members of each
// options object, read by the TypeScript compiler. Not here: what is done with that.

import { fileURLToPath } from "node:url";

import { API } from "typescript/unstable/sync";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const UNION = 1 << 27; // ts.TypeFlags.Union
const CALL = 0; // ts.SignatureKind.Call

/** What `typeof` can say of values of the type, of each member of a union; "object" covers arrays. */
function kindsOf(type, checker) {
  const members = type.flags & UNION ? type.getTypes() : [type];
  const kinds = new Set();
  for (const member of members) {
    const text = checker.typeToString(member);
    if (/^(?:undefined|null|void)$/.test(text)) kinds.add("absent");
    else if (/^(?:string|".*"|`.*`)$/s.test(text)) kinds.add("string");
    else if (/^(?:number|-?\d+)$/.test(text)) kinds.add("number");
    else if (/^(?:boolean|true|false)$/.test(text)) kinds.add("boolean");
    else if (/=>/.test(text) && checker.getSignaturesOfType(member, CALL).length > 0) kinds.add("function");
    else kinds.add("object");
  }
  return [...kinds].sort();
}

/** The members of an options object; none of what is an array, a Date, a signal or a class. */
function membersOf(type, checker) {
  const parts = type.flags & UNION ? type.getTypes() : [type];
  const members = new Map();
  for (const part of parts) {
    const text = checker.typeToString(part);
    if (!/^\{|Option|&|^(?:SearchObject|AppendMessage)$/.test(text) || /\[\]$/.test(text)) continue;
    for (const property of checker.getPropertiesOfType(part)) {
      const of = checker.getTypeOfSymbol(property);
      const kinds = new Set([...(members.get(property.name) ?? []), ...kindsOf(of, checker)]);
      members.set(property.name, [...kinds].sort());
    }
  }
  return [...members].map(([name, kinds]) => ({ name, kinds }));
}

/**
 * The methods of classes of index.d.ts: `{ [class]: { [method]: [{ name, kinds, members }, …] } }`.
 * Of overloads, the parameters are joined.
 */
export function methodsOf(classes) {
  const api = new API({ cwd: ROOT });
  try {
    const snapshot = api.updateSnapshot({ openProject: `${ROOT}tests/types/tsconfig.json` });
    const { checker, program } = snapshot.getProjects()[0];
    const file = program.getSourceFile(`${ROOT}pkg/index.d.ts`);
    const exported = new Map(checker.getExportsOfModule(checker.getSymbolAtLocation(file)).map((symbol) => [symbol.name, symbol]));
    const found = {};
    for (const name of classes) {
      const methods = (found[name] = {});
      for (const property of checker.getPropertiesOfType(checker.getDeclaredTypeOfSymbol(exported.get(name)))) {
        const signatures = checker.getSignaturesOfType(checker.getTypeOfSymbol(property), CALL);
        if (signatures.length === 0) continue;
        const parameters = (methods[property.name] = []);
        for (const signature of signatures) {
          for (const [at, parameter] of signature.getParameters().entries()) {
            const type = checker.getParameterType(signature, at);
            const one = { name: parameter.name, kinds: kindsOf(type, checker), members: membersOf(type, checker) };
            const known = (parameters[at] ??= { name: one.name, kinds: [], members: [] });
            known.kinds = [...new Set([...known.kinds, ...one.kinds])].sort();
            for (const member of one.members) {
              const same = known.members.find((each) => each.name === member.name);
              if (same) same.kinds = [...new Set([...same.kinds, ...member.kinds])].sort();
              else known.members.push(member);
            }
          }
        }
      }
    }
    return found;
  } finally {
    api.close();
  }
}
