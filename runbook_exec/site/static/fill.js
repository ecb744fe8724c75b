"use strict";
// Writes values into a statement as runbook-exec does. `recipe` is what site/recipes.py found in its text; the
// ways are those of site/ways.py. Both are held against the same cases.
(() => {
  class Refused extends Error {}

  const before = (pattern) => (value) => value.replace(pattern, "\\$&");
  const escape = (key) => (key === "\t" ? "\\t" : `\\x${key.charCodeAt(0).toString(16).padStart(2, "0")}`);
  const keysApart = (quote) => (quoted) => quoted.replace(/[\x01-\t\x0b-\x1f\x7f]/g, (key) => `${quote}${escape(key)}${quote}`);
  const fishSingle = (value) => keysApart("'")(before(/[\\']/g)(value));
  const fishDouble = (value) => keysApart('"')(before(/[\\"$]/g)(value));
  const posixDouble = before(/[\\"$`]/g);
  const inHeredoc = before(/[\\$`]/g), inAnsiC = before(/[\\']/g);
  const posixSingle = (value) => value.replaceAll("'", "'\\''");
  const spared = (quoted) => quoted.replace(/[$"]/g, "'\\$&'");
  const isPlain = (value) => /^[A-Za-z0-9_./:@+][A-Za-z0-9_./:@+-]*$/.test(value) && !value.includes("\n");
  const fishWord = (value) => (isPlain(value) ? value : `'${fishSingle(value)}'`);

  const MARKS = /[\x01\x7f]/g; // bash can lose these

  const POSIX = {
    "quoted": (value) => `'${posixSingle(value)}'`,
    "word": (value) => (isPlain(value) ? value : `'${posixSingle(value)}'`),
    "single": posixSingle,
    "double": posixDouble,
    "double-apart": (value) => `""${posixDouble(value)}`,
    "in-double": (value) => `"${posixDouble(value)}"`,
    "ansi-c": inAnsiC,
    "ansi-c-apart": (value) => `'$'${inAnsiC(value)}`,
  };
  const FISH = {
    "word": fishWord,
    "part": (value) => `'${fishSingle(value)}'`,
    "word-spared": (value) => spared(fishWord(value)),
    "part-spared": (value) => spared(`'${fishSingle(value)}'`),
    "single": fishSingle,
    "single-escaped": (value) => `\\${fishSingle(value)}`,
    "single-spared": (value) => spared(fishSingle(value)),
    "single-spared-escaped": (value) => `\\${spared(fishSingle(value))}`,
    "double": fishDouble,
    "double-escaped": (value) => `\\${fishDouble(value)}`,
    "double-apart": (value) => `"'${fishSingle(value)}'"`,
    "double-apart-spared": (value) => `"'${spared(fishSingle(value))}'"`,
    "double-parentheses": (value) => (/[()]/.test(value) ? `"'${spared(fishSingle(value))}'"` : fishDouble(value)),
    "index": (value) => value,
  };

  function written(slot, value, shell) {
    if (slot.refused) throw new Refused(slot.refused);
    if (value.includes("\0")) throw new Refused("a value cannot hold a NUL character: no program can be given one");
    if (slot["one-line"] && value.includes("\n")) throw new Refused(slot["one-line"]);
    if (slot.keywords && slot.keywords.includes(value)) {
      throw new Refused(`\`${value}\` would be read as a part of fish's grammar here`);
    }
    if (slot.way === "index" && !/^[0-9. -]+$/.test(value)) {
      throw new Refused("this is an index: expected numbers or a range such as `2..-1`");
    }
    if (shell === "fish") return FISH[slot.way](value);
    const text = POSIX[slot.way](value);
    const seam = slot.way.includes("double") ? '""' : slot.way.startsWith("ansi") ? "'$'" : "''";
    return shell === "bash" ? text.replace(MARKS, (mark) => seam + mark) : text;
  }

  // Here-documents: the same as `_HeredocBody` of shells/posix/quoting.py.
  class Body {
    constructor(blanked, doc, items, shell) {
      this.losesMarks = shell === "bash";
      this.blanked = blanked;
      this.doc = doc;
      this.items = items;
    }

    edits() {
      if (!this.doc.quoted) return this.items.map((item) => this.expanded(item));
      if (this.items.some((item) => this.needsCare(item, item.value))) return this.rewritten();
      return this.items.map((item) => ({ start: item.start, end: item.end, text: item.value, item }));
    }

    withoutTabs(line) { return this.doc.tabs ? line.replace(/^\t+/, "") : line; }

    line(item) {
      return [this.blanked.lastIndexOf("\n", item.start - 1) + 1, this.blanked.indexOf("\n", item.end)];
    }

    filled(start, end) {
      const pieces = [];
      for (const item of this.items) {
        if (start <= item.start && item.start < end) {
          pieces.push(this.blanked.slice(start, item.start), this.doc.quoted ? item.value : inHeredoc(item.value));
          start = item.end;
        }
      }
      return pieces.join("") + this.blanked.slice(start, Math.max(start, end));
    }

    needsCare(item, value) {
      const { doc } = this, [start, end] = this.line(item);
      const losesTabs = doc.tabs && (value === "" || value[0] === "\t")
        && !/[^\t]/.test(this.filled(start, item.start));
      const line = this.withoutTabs(this.filled(start, end));
      const isLost = this.losesMarks && /[\x01\x7f]/.test(value);
      return value.includes("\n") || isLost || losesTabs || line === doc.word
        || line.startsWith([...doc.word].slice(0, 1).join(""));
    }

    expanded(item) {
      const [start, end] = this.line(item);
      const ahead = this.withoutTabs(this.filled(start, item.start));
      if (item.value.includes(")") && this.doc.word && ahead.startsWith(this.doc.word)) {
        throw new Refused("a value with `)` cannot be written on a line that begins like the last of its here-document");
      }
      const escaped = (line) => line.match(/\\*$/)[0].length % 2 === 1;
      const continued = escaped(this.blanked.slice(0, Math.max(start - 1, 0))) || escaped(this.blanked.slice(start, end));
      let text = inHeredoc(item.value);
      if (this.needsCare(item, text) || item["after-name"] || continued) {
        text = `\${0+}${text.replaceAll("\n", "\n${0+}")}`;
      }
      if (this.losesMarks) text = text.replace(MARKS, (mark) => `\${0+}${mark}`);
      return { start: item.start, end: item.end, text, item };
    }

    rewritten() {
      const { doc } = this, edits = this.items.map((item) => this.expanded(item));
      let { start } = doc;
      for (const { start: stop, end: resume } of [...edits, { start: doc.end, end: doc.end }]) {
        edits.push({ start, end: stop, text: inHeredoc(this.blanked.slice(start, stop)) });
        start = resume;
      }
      const word = this.plainWord();
      edits.push({ start: doc.wordStart, end: doc.wordEnd, text: word });
      edits.push({ start: doc.close - doc.word.length, end: doc.close, text: word });
      return edits;
    }

    plainWord() {
      if (/^[A-Za-z0-9_]+$/.test(this.doc.word)) return this.doc.word;
      const lines = this.filled(this.doc.start, this.doc.end).split("\n").map((line) => line.replace(/^\t+|\t+$/g, ""));
      let word = "EOF";
      while (lines.some((line) => line.startsWith(word))) word += "_";
      return word;
    }
  }

  // The statement as a list of pieces, each its own text or that of a slot; throws Refused. Values that are not
  // known leave their placeholder as it stands.
  function filled(recipe, values) {
    const { text, shell } = recipe;
    const slots = recipe.slots.map((slot) => ({
      ...slot,
      known: Object.hasOwn(values, slot.name),
      value: Object.hasOwn(values, slot.name) ? values[slot.name] : "x",
    }));
    if (!slots.some((slot) => slot.known)) return own(text, slots);
    for (const { slots: inside, fixed, keywords } of recipe.joined || []) {
      const word = fixed.map((each, at) => each + (at < inside.length ? slots[inside[at]].value : "")).join("");
      if (keywords.includes(word)) throw new Refused(`\`${word}\` would be read as a part of fish's grammar here`);
    }
    let blanked = text;
    for (const { start, end } of slots) blanked = blanked.slice(0, start) + "Q".repeat(end - start) + blanked.slice(end);
    const edits = [];
    const bodies = new Map();
    for (const slot of slots) {
      if (slot.doc === undefined) {
        edits.push({ start: slot.start, end: slot.end, text: written(slot, slot.value, shell), item: slot });
      } else {
        if (slot.value.includes("\0")) throw new Refused("a value with a NUL byte cannot be given to a program");
        bodies.set(slot.doc, [...(bodies.get(slot.doc) || []), slot]);
      }
    }
    for (const [number, items] of bodies) edits.push(...new Body(blanked, recipe.docs[number], items, shell).edits());
    edits.sort((one, other) => one.start - other.start || one.end - other.end);
    const pieces = [];
    let position = 0;
    for (const edit of edits) {
      pieces.push({ text: text.slice(position, edit.start) });
      if (!edit.item) pieces.push({ text: edit.text });
      else if (edit.item.known) pieces.push({ text: edit.text, name: edit.item.name });
      else pieces.push({ text: text.slice(edit.start, edit.end), open: edit.item.name });
      position = edit.end;
    }
    pieces.push({ text: text.slice(position) });
    return pieces.filter((piece) => piece.text || piece.name);
  }

  function own(text, slots) {
    const pieces = [];
    let position = 0;
    for (const { start, end, name } of slots) {
      pieces.push({ text: text.slice(position, start) }, { text: text.slice(start, end), open: name });
      position = end;
    }
    return [...pieces, { text: text.slice(position) }].filter((piece) => piece.text);
  }

  globalThis.runbookExec = { filled, Refused, text: (recipe, values) => filled(recipe, values).map((each) => each.text).join("") };
})();
