import { expect, test } from "vitest";
import { Composer } from "./compose.ts";
import { writeNodes } from "./node-writer.ts";

function rewritten(text: string): string {
  const composer = new Composer(text, undefined, { keepsComments: true });
  const root = composer.next();
  return root === undefined ? "" : writeNodes(root, composer);
}

// As written by go.yaml.in/yaml/v3 3.0.5 with the options of kyaml 0.21.2.
test.each([
  ["in front of the first key", "# one\na: 1\n", "# one\na: 1\n"],
  ["in front of the document, apart from the first key", "# one\n\n# two\na: 1\n", "# one\n\n# two\na: 1\n"],
  ["above the mark of a document", "# one\n---\na: 1\n", "# one\na: 1\n"],
  ["behind the mark of a document", "--- # one\na: 1\n", "# one\na: 1\n"],
  ["at the end of the document", "a: 1\n# one\n", "a: 1\n# one\n"],
  ["at the end, apart", "a:\n  b: 1\n\n# one\n", "a:\n  b: 1\n\n# one\n"],
  ["behind a value", "a:   1   # one\n", "a: 1 # one\n"],
  ["behind a key", "a: # one\n  b: 1\n", "a: # one\n  b: 1\n"],
  ["behind the key of a list, which stays", "a: # one\n- x\n", "a: # one\n- x\n"],
  ["behind a key, with another behind the value", "a: # one\n  1 # two\nb: 2\n", "a: 1 # two\nb: 2 # one\n"],
  ["below a value and apart from the next", "a: 1\nb: 2\n# one\n\nc: 3\n", "a: 1\nb: 2\n# one\n\nc: 3\n"],
  ["below a value, right above the next", "a: 1\nb: 2\n# one\nc: 3\n", "a: 1\nb: 2\n# one\nc: 3\n"],
  ["at the end of a block", "a:\n  b: 1\n  # one\nc: 1\n", "a:\n  b: 1\n  # one\nc: 1\n"],
  [
    "of two blocks that end",
    "a:\n  b:\n    c: 1\n    # one\n  # two\nd: 1\n",
    "a:\n  b:\n    c: 1\n    # one\n  # two\nd: 1\n",
  ],
  ["less and less deep", "a:\n  b:\n    c: 1\n  # one\n# two\nd: 1\n", "a:\n  b:\n    c: 1\n    # one\n# two\nd: 1\n"],
  ["with a blank line inside", "a: 1\n\n# one\n\n# two\nb: 1\n", "a: 1\n# one\n\n# two\nb: 1\n"],
  ["behind a dash", "- # one\n  a: 1\n", "- # one\n  a: 1\n"],
  ["behind a second dash", "- x\n- # one\n  a: 1\n", "- x\n- # one\n  a: 1\n"],
  [
    "in front of an item that is a block",
    "- x\n# one\n- a: 1\n  # two\n  b: 2\n",
    "- x\n# one\n- a: 1\n  # two\n  b: 2\n",
  ],
  ["between the items of a list at its key's indent", "a:\n- x\n# one\n- y\nb: 1\n", "a:\n- x\n# one\n- y\nb: 1\n"],
  ["below the last item", "a:\n- x\n# one\n\nb: 1\n", "a:\n- x\n# one\n\nb: 1\n"],
  ["behind the header of a block of text", "a: | # one\n  text\nb: 1\n", "a: | # one\n  text\nb: 1\n"],
  ["below a block of text", "a: |\n  text\n# one\nb: 1\n", "a: |\n  text\n# one\nb: 1\n"],
  ["inside brackets", "a: [x, # one\n  y # two\n  ]\n", "a: [x, # one\n  y, # two\n]\n"],
  [
    "in lines of their own inside brackets",
    "a: [\n  # one\n  x,\n  # two\n  y\n  # three\n]\n",
    "a: [\n  # one\n  x,\n  # two\n  y,\n  # three\n]\n",
  ],
  ["inside braces", "a: {b: 1, # one\n  # two\n  c: 2}\n", "a: {b: 1, # one\n  # two\n  c: 2}\n"],
  ["behind a bracket, which gets lost", "a: [ # one\n  x] # two\n", "a: [x] # two\n"],
  ["of an absent value", "a: # one\nb: 1\n", "a: # one\nb: 1\n"],
  ["behind an anchor", "a: &x # one\n  b: 1\nc: *x # two\n", "a: &x\n  b: 1 # one\nc: *x # two\n"],
  ["in front of the value of a key", "a:\n  # one\n  x\nb: 1\n", "a: x\n# one\nb: 1\n"],
  ["of a long key", "? a # one\n: b # two\n", "a: b # two\n"],
  ["without a blank behind its sign", "#one\na: 1 #two\n", "#one\na: 1 #two\n"],
  ["with CR LF", "a: 1\r\n# one\r\nb: 1\r\n", "a: 1\n# one\n\nb: 1\n"],
])("a comment %s", (_name, text, written) => {
  expect(rewritten(text)).toBe(written);
});

test.each([
  ["text of several lines as a block", 'a: "x\\ny\\n"\n', 'a: "x\\ny\\n"\n'],
  ["an alias as a key", "a: &x b\n*x : c\n", "a: &x b\n*x: c\n"],
  ["a tag", "a: !own\n  b: !!str 1\n", "a: !own\n  b: !!str 1\n"],
  ["what is deeper", "a:\n    - - b:\n         c\n", "a:\n- - b: c\n"],
  ["nothing in brackets", "a: [ '', ~, {b: }]\n", "a: ['', ~, {b: ''}]\n"],
  ["single quotes over lines", "a: 'x\n\n  it''s'\n", "a: 'x\n\n  it''s'\n"],
])("%s is written as go-yaml v3 does it", (_name, text, written) => {
  expect(rewritten(text)).toBe(written);
});
