"use strict";
// A runbook's page: fields beside its placeholders, commands to copy, ticks that survive a reload, days told from
// today. Values live in one object of this tab and go nowhere else. Everything else on the page is there without it.
(() => {
  const { filled, Refused } = globalThis.runbookExec;
  const DAY = 86400000;
  const make = (tag, attributes = {}, ...children) => {
    const made = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    made.append(...children);
    return made;
  };
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];

  // ---- days -------------------------------------------------------------------------------------------------

  const midnight = (moment) => new Date(moment.getFullYear(), moment.getMonth(), moment.getDate()).getTime();

  function ago(moment, now) {
    const days = Math.round((midnight(now) - midnight(moment)) / DAY);
    if (days <= 0) return "today";
    return days === 1 ? "yesterday" : `${days} days ago`;
  }

  function tellDays() {
    const now = new Date();
    for (const time of all(".rb-card time, .rb-state time, .rb-table time")) {
      time.textContent = ago(new Date(time.dateTime), now);
    }
    for (const due of all(".rb-due")) {
      const late = !due.dataset.due || new Date(due.dataset.due) <= now;
      due.classList.toggle("rb-late", late);
      const words = due.querySelector(".rb-words");
      if (late && words) words.textContent = due.dataset.after;
    }
    for (const banner of all(".rb-banner")) {
      banner.classList.toggle("rb-late", banner.querySelector(".rb-late") !== null);
    }
  }

  // ---- values -----------------------------------------------------------------------------------------------

  const today = () => {
    const now = new Date();
    return [now.getFullYear(), now.getMonth() + 1, now.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
  };

  // What a default comes to, or nothing where only runbook-exec can tell.
  function fromDefault(template) {
    if (template === undefined) return "";
    const text = template.replace(/\{\{\s*today\s*\}\}/g, today());
    return /\{[{%#]/.test(text) ? "" : text;
  }

  function mistake(row, value) {
    const { pattern } = row.dataset;
    const choices = all(".rb-choices option", row).map((option) => option.value);
    if (choices.length && !choices.includes(value)) return `Expected one of ${choices.join(", ")}.`;
    if (pattern === undefined) return "";
    try {
      return new RegExp(`^(?:${pattern})$`, "u").test(value) ? "" : `Expected a value that matches ${pattern}.`;
    } catch {
      return ""; // a pattern that only Python reads: runbook-exec checks it
    }
  }

  let fields = 0;
  function field(row, changed) {
    fields += 1;
    const id = `rb-field-${fields}`, choices = all(".rb-choices option", row).map((option) => option.value);
    const described = { "id": id, "aria-describedby": `${id}-help ${id}-wrong`, "autocomplete": "off", "spellcheck": "false" };
    let input;
    if (choices.length) {
      input = make("select", described, make("option", { value: "" }, "–"));
      for (const choice of choices) input.append(make("option", { value: choice }, choice));
    } else {
      input = make("textarea", { ...described, rows: "1", autocapitalize: "off", autocorrect: "off" });
    }
    input.value = fromDefault(row.dataset.default);
    const wrong = make("p", { "class": "rb-wrong", "id": `${id}-wrong`, "aria-live": "polite" });
    row.querySelector("dd > span").id = `${id}-help`;
    row.querySelector("dd").prepend(input);
    row.querySelector("dd").append(wrong);
    const name = row.querySelector("dt");
    name.replaceChildren(make("label", { "for": id }, ...name.childNodes));
    const look = () => {
      if (input.rows !== undefined && input.tagName === "TEXTAREA") input.rows = Math.min(8, input.value.split("\n").length);
      const why = input.value === "" ? "" : mistake(row, input.value);
      wrong.textContent = why;
      input.setAttribute("aria-invalid", String(why !== ""));
      changed(row.dataset.name, input.value === "" || why ? undefined : input.value);
    };
    input.addEventListener("input", look);
    look();
  }

  // ---- statements -------------------------------------------------------------------------------------------

  class Statement {
    constructor(element) {
      this.element = element;
      this.recipe = element.dataset.rb ? JSON.parse(element.dataset.rb) : null;
      this.own = element.textContent;
      this.original = [...element.childNodes].map((node) => node.cloneNode(true));
    }

    // The text to copy, and the placeholders left in it; throws Refused.
    text(values) {
      if (!this.recipe) return { text: this.own, open: [] };
      const pieces = filled(this.recipe, values);
      return { text: pieces.map((each) => each.text).join(""), open: pieces.filter((each) => each.open).map((each) => each.open) };
    }

    show(values) {
      if (!this.recipe) return;
      this.element.classList.remove("rb-refused");
      this.element.removeAttribute("title");
      this.element.replaceChildren(...this.original.map((node) => node.cloneNode(true)));
      let pieces;
      try {
        pieces = filled(this.recipe, values);
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.element.classList.add("rb-refused");
        this.element.title = error.message;
        return;
      }
      if (!pieces.some((each) => each.name !== undefined)) return;
      const own = pieces.filter((each) => each.name === undefined && each.open === undefined).map((each) => each.text).join("");
      const slots = all(".rb-slot", this.element);
      const left = slots.reduce((text, slot) => text - slot.textContent.length, this.own.length);
      if (own.length !== left) return this.showWhole(pieces); // a here-document that had to be written anew
      const written = pieces.filter((each) => each.name !== undefined || each.open !== undefined);
      slots.forEach((slot, at) => {
        if (written[at].name === undefined) return;
        slot.textContent = written[at].text;
        slot.classList.add("rb-filled");
      });
    }

    showWhole(pieces) {
      const lines = [[]];
      for (const each of pieces) {
        const name = each.name === undefined ? each.open : each.name;
        if (name !== undefined) {
          lines.at(-1).push(make("span", { "class": each.name === undefined ? "rb-slot" : "rb-slot rb-filled", "data-name": name }, each.text));
        } else {
          const [first, ...more] = each.text.split("\n");
          lines.at(-1).push(first);
          lines.push(...more.map((text) => [text]));
        }
      }
      this.element.replaceChildren(...lines.flatMap((line, at) => [...(at ? ["\n"] : []), make("span", { "class": "rb-line" }, ...line)]));
    }
  }

  // A value as a word of a command line, the same in fish and in the shells of POSIX: in `'…'` fish reads `\\\\`.
  const quoted = (text) => (/^[A-Za-z0-9_./:@+,%=-]+$/.test(text)
    ? text
    : text.split(/([\\'])/).map((part) => (part === "\\" || part === "'" ? `\\${part}` : part && `'${part}'`)).join(""));

  // The command that runs a procedure, with the values that differ from the defaults.
  class Command {
    constructor(element) {
      this.element = element;
      this.code = element.querySelector(".rb-command");
      this.own = this.code.textContent;
      this.names = JSON.parse(element.dataset.names);
      this.defaults = Object.create(null);
      for (const row of all(".rb-input")) this.defaults[row.dataset.name] = fromDefault(row.dataset.default);
    }

    show(values) {
      const given = this.names.filter((name) => values[name] !== undefined && values[name] !== this.defaults[name]
        && !values[name].includes("\0"));
      this.code.replaceChildren(this.own, ...given.flatMap((name) => [" --set ", make("span", { "class": "rb-filled" }, quoted(`${name}=${values[name]}`))]));
    }

    text() { return this.code.textContent; }
  }

  // ---- copying ----------------------------------------------------------------------------------------------

  let status;
  // Report to everybody; only to readers of the screen's text what the button itself shows.
  function say(text, seen = true) {
    if (!status) {
      status = make("div", { "class": "rb-status", "role": "status", "aria-live": "polite" });
      document.body.append(status);
    }
    status.textContent = text;
    status.classList.toggle("rb-said", seen);
    clearTimeout(say.later);
    say.later = setTimeout(() => status.classList.remove("rb-said"), 6000);
  }

  async function toClipboard(text) {
    if (navigator.clipboard && globalThis.isSecureContext) return navigator.clipboard.writeText(text);
    const field = make("textarea", { "class": "rb-off-screen", "aria-hidden": "true" }); // a site without TLS
    field.value = text;
    document.body.append(field);
    field.select();
    const done = document.execCommand("copy");
    field.remove();
    if (!done) throw new Error("the browser did not copy");
    return undefined;
  }

  function copier(label, what, text) {
    const button = make("button", { "type": "button", "class": "rb-copy", "aria-label": `Copy ${what}` }, label);
    let restore;
    button.addEventListener("click", async () => {
      try {
        const copied = text();
        await toClipboard(copied.text);
        const left = [...new Set(copied.open)].map((name) => `<${name}>`).join(", ");
        say(left ? `Copied ${what}. Still to be filled in: ${left}` : `Copied ${what}.`, left !== "");
        button.style.minWidth = `${button.offsetWidth}px`;
        button.textContent = "Copied";
        button.classList.add("rb-copied");
        clearTimeout(restore);
        restore = setTimeout(() => {
          button.textContent = label;
          button.style.minWidth = "";
          button.classList.remove("rb-copied");
        }, 2000);
      } catch (error) {
        say(`Not copied: ${error.message}`);
      }
    });
    return button;
  }

  function joined(statements, values) {
    const parts = statements.map((statement) => statement.text(values));
    return { text: parts.map((part) => part.text).join("\n"), open: parts.flatMap((part) => part.open) };
  }

  function addCopies(block, values) {
    const statements = all(".rb-st", block).map((element) => new Statement(element));
    const place = block.querySelector(".rb-copies");
    if (!statements.length) return [];
    const alternatives = Map.groupBy
      ? Map.groupBy(statements, (each) => each.element.dataset.alternative)
      : statements.reduce((map, each) => map.set(each.element.dataset.alternative, [...(map.get(each.element.dataset.alternative) || []), each]), new Map());
    const tag = block.querySelector(".rb-tag").textContent.toLowerCase();
    if (alternatives.size > 1) {
      for (const [number, group] of alternatives) {
        if (!number) continue;
        const { label } = group[0].element.dataset;
        place.append(copier(`Copy ${number}`, `${number}, an alternative of ${tag}: ${label}`, () => joined(group, values)));
      }
    } else {
      const number = statements.length === 1 ? statements[0].element.dataset.n : undefined;
      const label = statements.length === 1 ? "Copy" : "Copy all";
      const what = number ? `statement ${number}` : statements.length === 1 ? tag : `all of ${tag}`;
      place.append(copier(label, what, () => joined(statements, values)));
      for (const statement of statements.length > 1 ? statements : []) {
        const { n } = statement.element.dataset;
        place.append(copier(n, `statement ${n}`, () => joined([statement], values)));
      }
    }
    return statements;
  }

  // ---- what a person did ------------------------------------------------------------------------------------

  function keepTicks() {
    const boxes = all(".rb-done input");
    if (!boxes.length) return;
    const key = `runbook-exec ${location.pathname} ${document.querySelector(".rb-page").dataset.digest}`;
    let ticked = [];
    try {
      ticked = JSON.parse(sessionStorage.getItem(key)) || [];
    } catch { /* no storage, or not ours: nothing is ticked */ }
    for (const box of boxes) {
      box.checked = ticked.includes(box.dataset.step);
      box.addEventListener("change", () => {
        const now = boxes.filter((each) => each.checked).map((each) => each.dataset.step);
        try {
          sessionStorage.setItem(key, JSON.stringify(now));
        } catch { /* no storage: the ticks last as long as the page */ }
      });
    }
  }

  // ---- the table of runbooks --------------------------------------------------------------------------------

  function sortable(table) {
    const body = table.tBodies[0];
    const headings = all("thead th", table);
    headings.forEach((heading, column) => {
      const button = make("button", { "type": "button" }, ...heading.childNodes);
      heading.append(button);
      button.addEventListener("click", () => {
        const up = heading.getAttribute("aria-sort") !== "ascending";
        for (const each of headings) each.removeAttribute("aria-sort");
        heading.setAttribute("aria-sort", up ? "ascending" : "descending");
        const key = (row) => row.cells[column].dataset.key;
        const rows = [...body.rows].sort((one, other) => {
          if (!key(one) || !key(other)) return (key(one) ? 0 : 1) - (key(other) ? 0 : 1); // those without go last
          return key(one).localeCompare(key(other)) * (up ? 1 : -1);
        });
        body.append(...rows);
      });
    });
  }

  // ---- a recorded run ---------------------------------------------------------------------------------------

  const own = document.currentScript ? document.currentScript.src : "";

  function load(name, tag, attributes) {
    return new Promise((done, failed) => {
      const element = make(tag, attributes(new URL(name, own).href));
      element.addEventListener("load", done);
      element.addEventListener("error", () => failed(new Error(`${name} could not be loaded`)));
      document.head.append(element);
    });
  }

  function playable(cast) {
    const link = cast.querySelector("a"), button = make("button", { "type": "button", "class": "rb-play" }, "Play");
    link.before(button);
    link.textContent = "Download";
    const place = make("div", { "class": "rb-player rb-empty" }), screen = make("div", { "class": "rb-screen" }, place);
    if (cast.dataset.poster) button.before(screen); // it has its place from the beginning: nothing below moves
    let ready;
    const prepare = () => {
      ready = ready || show().catch((error) => {
        ready = undefined;
        say(`The recording cannot be played: ${error.message}`);
      });
      return ready;
    };
    const show = async () => {
      await Promise.all([
        load("asciinema-player.css", "link", (href) => ({ rel: "stylesheet", href })),
        load("asciinema-player.min.js", "script", (src) => ({ src })),
      ]);
      place.classList.remove("rb-empty");
      button.before(screen);
      const player = globalThis.AsciinemaPlayer.create(link.href, place, {
        idleTimeLimit: Number(cast.dataset.idle), poster: `npt:${cast.dataset.poster}`, preload: true, fit: "width",
        terminalFontFamily: "ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace",
      });
      player.addEventListener("play", () => cast.classList.add("rb-playing"));
      button.remove(); // the player has its own
      return player;
    };
    button.addEventListener("click", async () => {
      const player = await prepare();
      if (player) await player.play();
    });
    // the poster is worth loading once somebody sees its place
    if (cast.dataset.poster) {
      new IntersectionObserver((seen, observer) => {
        if (!seen.some((each) => each.isIntersecting)) return;
        observer.disconnect();
        prepare();
      }).observe(cast);
    }
  }

  // -----------------------------------------------------------------------------------------------------------

  function begin() {
    tellDays();
    for (const table of all(".rb-table")) if (!table.tHead.querySelector("button")) sortable(table);
    const page = document.querySelector(".rb-page");
    if (!page || page.dataset.begun) return;
    page.dataset.begun = "yes";
    document.documentElement.classList.add("rb-scripted");
    const values = Object.create(null);
    const statements = all(".rb-runs").flatMap((block) => addCopies(block, values));
    const show = (name) => {
      for (const statement of statements) {
        if (name === undefined || (statement.recipe && statement.recipe.slots.some((slot) => slot.name === name))) statement.show(values);
      }
    };
    const commands = all(".rb-run").map((element) => new Command(element));
    for (const row of all(".rb-input:not([data-secret])")) {
      field(row, (name, value) => {
        if (value === undefined) delete values[name];
        else values[name] = value;
        show(name);
        for (const command of commands) command.show(values);
      });
    }
    for (const command of commands) {
      command.element.querySelector(".rb-copies").append(copier("Copy", "the command", () => ({ text: command.text(), open: [] })));
    }
    keepTicks();
    for (const cast of all(".rb-cast")) playable(cast);
  }

  // Material's instant navigation replaces the page without loading it again, and says so here.
  if (globalThis.document$ && globalThis.document$.subscribe) globalThis.document$.subscribe(begin);
  else if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
  else begin();
})();
