// How go-yaml v3 writes the scalars of nodes: which styles a text allows (emitterc.go, analyze_scalar), which one and which
// tag it gets (encode.go, node), and the text of each style. Nothing is folded: kyaml sets no width.

import { writeDouble } from "./format-text.ts";
import type { ScalarStyle, YamlNode } from "./node.ts";
import { resolvePlain } from "./resolve.ts";

export type ScalarShape = {
  isMultiline: boolean;
  isPlainAllowed: boolean;
  isFlowPlainAllowed: boolean;
  isSingleAllowed: boolean;
  isBlockAllowed: boolean;
};

const easy = /^[A-Za-z0-9_][A-Za-z0-9_./-]*$/;
const special = /[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/;
const lineBreak = /[\n\u2028\u2029]/;
/** An indicator that is read as one in a block, and so in a flow. */
const blockIndicator =
  /^(?:---|\.\.\.|[#,[\]{}&*!|>'"%@`]|[?:-](?=[ \t]|$))|(?!^):(?=[ \t]|$)|[ \t\n\r\x85\u2028\u2029]#/;
const flowIndicator = /^[?:]|(?!^)[,?[\]{}:]/;

const easyShape: ScalarShape = {
  isMultiline: false,
  isPlainAllowed: true,
  isFlowPlainAllowed: true,
  isSingleAllowed: true,
  isBlockAllowed: true,
};

/** Which styles can show the text. */
export function shapeOf(text: string): ScalarShape {
  if (easy.test(text)) return easyShape;
  if (text === "") return { ...easyShape, isFlowPlainAllowed: false, isBlockAllowed: false };
  const hasSpaceBeforeBreak = / [\n\u2028\u2029]/.test(text);
  const isQuoted = special.test(text) || hasSpaceBeforeBreak;
  const isSingleAllowed = !isQuoted && !text.includes("\t") && !/[\n\u2028\u2029] /.test(text);
  const hasOuterSpace = /^ | $/.test(text);
  const isMultiline = lineBreak.test(text);
  const isPlainAllowed = isSingleAllowed && !hasOuterSpace && !isMultiline && !blockIndicator.test(text);
  return {
    isMultiline,
    isPlainAllowed,
    isFlowPlainAllowed: isPlainAllowed && !flowIndicator.test(text),
    isSingleAllowed,
    isBlockAllowed: !isQuoted && !text.endsWith(" "),
  };
}

/** The tag that is written out, or "": what says no more than the value does is left away. */
export function writtenTag({ kind, tag, isTagged, value }: YamlNode): string {
  if (isTagged || tag === "") return tag;
  if (kind === "map") return tag === "!!map" ? "" : tag;
  if (kind === "list") return tag === "!!seq" ? "" : tag;
  return tag === "!!str" || resolvePlain(value, "v3").tag === tag ? "" : tag;
}

/** The style a scalar asks for, before it is known what is possible. */
function wantedStyle({ style, tag, isTagged, value }: YamlNode): ScalarStyle {
  if (style !== "plain" && style !== "flow") return style;
  if (value.includes("\n")) return "literal";
  const isRead = tag === "!!str" && !isTagged && resolvePlain(value, "v3").tag !== "!!str";
  return isRead ? "double" : "plain";
}

/** The style in which a scalar can stand in its place. */
export function writtenStyle(
  node: YamlNode,
  shape: ScalarShape,
  { isInFlow, isKey }: { isInFlow: boolean; isKey: boolean },
): ScalarStyle {
  let style = isKey && shape.isMultiline ? "double" : wantedStyle(node);
  if (style === "plain") {
    const isAllowed = isInFlow ? shape.isFlowPlainAllowed : shape.isPlainAllowed;
    if (!isAllowed || (node.value === "" && (isInFlow || isKey))) style = "single";
  }
  if (style === "single" && !shape.isSingleAllowed) return "double";
  const isBlock = style === "literal" || style === "folded";
  return isBlock && (!shape.isBlockAllowed || isInFlow || isKey) ? "double" : style;
}

export function doubleQuoted(text: string): string {
  return writeDouble(text, { column: Number.NEGATIVE_INFINITY, indent: 0 });
}

/** Indentation and chomping of a block, behind its `|` or `>`. */
export function blockHints(text: string): string {
  const hint = /^[ \n\u2028\u2029]/.test(text) ? "2" : "";
  if (!/[\n\u2028\u2029]$/.test(text)) return `${hint}-`;
  return /(?:^|[\n\u2028\u2029])[\n\u2028\u2029]$/.test(text) ? `${hint}+` : hint;
}

const tagCharacter = /[A-Za-z0-9_;/?:@&=+$,.~*'()[\]-]/;

function escapeInTag(character: string): string {
  if (tagCharacter.test(character)) return character;
  return character === "!" ? "%21" : encodeURIComponent(character);
}

/** A tag as it stands in text, in its short form where it has one. */
export function tagText(tag: string): string {
  const prefix = tag.startsWith("!!") ? "!!" : tag.startsWith("!") ? "!" : "";
  const content = Array.from(tag.slice(prefix.length), escapeInTag);
  return prefix === "" ? `!<${content.join("")}>` : prefix + content.join("");
}
