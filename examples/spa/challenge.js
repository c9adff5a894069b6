// Reads WWW-Authenticate (RFC 9110 11.6.1). A browser joins several field lines with commas, and the
// parameters of one challenge are joined by commas too, so splitting at commas is not enough.

const TOKEN = /[!#$%&'*+.^_`|~0-9A-Za-z-]+/y;
const SPACE = /[ \t]*/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=[ \t]*(?:,|$))/y;

/** All challenges of a field: `[{ scheme: "bearer", parameters: { error: "invalid_token" } }]`. */
export function parseChallenges(field) {
  const challenges = [];
  let at = 0;
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(field);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const takeParameter = () => {
    const start = at;
    const name = take(TOKEN)?.[0];
    take(SPACE);
    if (!name || field[at] !== "=") {
      at = start;
      return undefined;
    }
    at += 1;
    take(SPACE);
    const quoted = take(QUOTED);
    const value = quoted ? quoted[1].replace(/\\(.)/g, "$1") : take(TOKEN)?.[0];
    if (value === undefined) at = start;
    return value === undefined ? undefined : [name.toLowerCase(), value];
  };
  while (at < (field ?? "").length) {
    take(SPACE);
    if (field[at] === ",") {
      at += 1;
      continue;
    }
    const current = challenges.at(-1);
    const parameter = current && takeParameter();
    if (parameter) {
      current.parameters[parameter[0]] ??= parameter[1];
      continue;
    }
    const scheme = take(TOKEN)?.[0];
    if (!scheme) break;
    challenges.push({ scheme: scheme.toLowerCase(), parameters: Object.create(null) });
    take(SPACE);
    const first = takeParameter();
    if (first) challenges.at(-1).parameters[first[0]] = first[1];
    else take(TOKEN68);
  }
  return challenges;
}

/** The challenge that says what was wrong with what was sent: the one with an `error`. */
export function complaint(field) {
  return parseChallenges(field).find(({ parameters }) => parameters.error);
}
