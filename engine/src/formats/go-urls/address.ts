// IP addresses as Go's net/netip reads them, in the words of its errors (Go 1.26).

/** `at`: what was left to read; "" where that is not told. */
export type AddressProblem = { message: string; at: string };

const problem = (message: string, at = ""): AddressProblem => ({ message, at });

/** Why a text is no address; undefined: it is one. */
export function addressProblem(text: string): AddressProblem | undefined {
  const sign = /[.:%]/.exec(text)?.[0];
  if (sign === undefined) return problem("unable to parse IP");
  if (sign === "%") return problem("missing IPv6 address");
  return sign === "." ? dottedProblem(text) : longProblem(text);
}

function dottedProblem(text: string): AddressProblem | undefined {
  let [field, digits, dots] = [0, 0, 0];
  for (let index = 0; index < text.length; index++) {
    const one = text[index] as string;
    if (one >= "0" && one <= "9") {
      if (digits === 1 && field === 0) return problem("IPv4 field has octet with leading zero");
      field = field * 10 + Number(one);
      digits++;
      if (field > 255) return problem("IPv4 field has value >255");
    } else if (one !== ".") return problem("unexpected character", text.slice(index));
    else if (digits === 0 || index === text.length - 1)
      return problem("IPv4 field must have at least one digit", text.slice(index));
    else if (++dots > 3) return problem("IPv4 address too long");
    else [field, digits] = [0, 0];
  }
  return dots < 3 ? problem("IPv4 address too short") : undefined;
}

const bytesMost = 16;

function longProblem(text: string): AddressProblem | undefined {
  const percent = text.indexOf("%");
  if (percent >= 0 && percent === text.length - 1) return problem("zone must be a non-empty string");
  const address = percent < 0 ? text : text.slice(0, percent);
  let hasGap = address.startsWith("::");
  let rest = hasGap ? address.slice(2) : address;
  let count = 0;
  if (hasGap && rest === "") return undefined;
  while (count < bytesMost) {
    const group = /^[0-9a-fA-F]*/.exec(rest)?.[0] ?? "";
    if (group.length > 4) return problem("each group must have 4 or less digits", rest);
    if (group === "") return problem("each colon-separated field must have at least one digit", rest);
    if (rest[group.length] === ".") {
      const wrong = embeddedProblem(rest, count, hasGap);
      if (wrong !== undefined) return wrong;
      rest = "";
      count += 4;
      break;
    }
    count += 2;
    rest = rest.slice(group.length);
    if (rest === "") break;
    if (!rest.startsWith(":")) return problem("unexpected character, want colon", rest);
    if (rest === ":") return problem("colon must be followed by more characters", rest);
    rest = rest.slice(1);
    if (!rest.startsWith(":")) continue;
    if (hasGap) return problem("multiple :: in address", rest);
    hasGap = true;
    rest = rest.slice(1);
    if (rest === "") break;
  }
  if (rest !== "") return problem("trailing garbage after address", rest);
  if (count < bytesMost) return hasGap ? undefined : problem("address string too short");
  return hasGap ? problem("the :: must expand to at least one field of zeros") : undefined;
}

/** An IPv4 address at the end of an IPv6 one, after so many bytes. */
function embeddedProblem(rest: string, count: number, hasGap: boolean): AddressProblem | undefined {
  if (!hasGap && count !== 12)
    return problem("embedded IPv4 address must replace the final 2 fields of the address", rest);
  if (count + 4 > bytesMost)
    return problem("too many hex fields to fit an embedded IPv4 at the end of the address", rest);
  return dottedProblem(rest);
}
