// Character classes of YAML 1.1, on UTF-16 code units. NaN, which charCodeAt gives past the end, is the end.

/** LF, CR, NEL, LS, PS. */
export function isBreak(code: number): boolean {
  return code === 10 || code === 13 || code === 0x85 || code === 0x2028 || code === 0x2029;
}

export function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

export function isBreakOrEnd(code: number): boolean {
  return isBreak(code) || Number.isNaN(code);
}

export function isBlankOrEnd(code: number): boolean {
  return code === 32 || code === 10 || code === 9 || isBreakOrEnd(code);
}

/** Characters that YAML text may not hold at all. */
export const forbiddenCharacter: RegExp = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u;
