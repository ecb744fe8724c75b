"use strict";
// Plays the cast of the run: a small terminal that knows what programs in a runbook commonly print.
(() => {
  const data = JSON.parse(document.getElementById("cast").textContent);
  const frames = data.frames;
  if (!frames.length) return;
  const IDLE = 2, SCROLLBACK = 2000;
  const BASIC = ["#45495a", "#e06c75", "#80be78", "#deb86e", "#61a0ef", "#be82dc", "#56b6c2", "#d6d9e0",
    "#6b7080", "#f08a90", "#9bd693", "#f0cf8c", "#86b8f7", "#d3a0ec", "#7ccdd6", "#ffffff"];
  const times = [];
  let shown = 0, last = 0;
  for (const [time] of frames) {
    shown += Math.min(Math.max(time - last, 0), IDLE);
    last = time;
    times.push(shown);
  }
  const total = times[times.length - 1] + 0.01;

  let rows, row, column, style, pending;
  const reset = () => { rows = [[]]; row = column = 0; style = {}; pending = ""; };
  const line = (index) => { while (rows.length <= index) rows.push([]); return rows[index]; };
  const top = () => Math.max(0, rows.length - data.height);

  function put(text) {
    for (const letter of text) {
      if (column >= data.width) { column = 0; row += 1; }
      const cells = line(row);
      while (cells.length < column) cells.push([" ", {}]);
      cells[column] = [letter, style];
      column += 1;
    }
  }

  function colour(parts) {
    if (parts[0] === 2) return `rgb(${parts.slice(1, 4).map((n) => n & 255).join(",")})`;
    const n = parts[1];
    if (n < 16) return BASIC[n];
    if (n > 231) { const g = 8 + (n - 232) * 10; return `rgb(${g},${g},${g})`; }
    const level = (value) => (value ? 55 + value * 40 : 0), m = n - 16;
    return `rgb(${level(Math.floor(m / 36))},${level(Math.floor(m / 6) % 6)},${level(m % 6)})`;
  }

  function paint(codes) {
    for (let at = 0; at < codes.length; at += 1) {
      const code = codes[at];
      if (code === 0) style = {};
      else if (code === 1) style = { ...style, bold: true };
      else if (code === 2) style = { ...style, dim: true };
      else if (code === 4) style = { ...style, line: true };
      else if (code === 7) style = { ...style, turned: true };
      else if (code === 22) style = { ...style, bold: false, dim: false };
      else if (code === 24) style = { ...style, line: false };
      else if (code === 27) style = { ...style, turned: false };
      else if (code === 39) style = { ...style, ink: undefined };
      else if (code === 49) style = { ...style, ground: undefined };
      else if (code === 38 || code === 48) {
        const rest = codes.slice(at + 1);
        style = { ...style, [code === 38 ? "ink" : "ground"]: colour(rest) };
        at += rest[0] === 2 ? 4 : 2;
      } else {
        const tens = Math.floor(code / 10), light = tens === 9 || tens === 10 ? 8 : 0;
        if ((tens === 3 || tens === 9) && code % 10 < 8) style = { ...style, ink: BASIC[code % 10 + light] };
        if ((tens === 4 || tens === 10) && code % 10 < 8) style = { ...style, ground: BASIC[code % 10 + light] };
      }
    }
  }

  function control(final, text) {
    const codes = text.replace(/^[?>=!]/, "").split(/[;:]/).map((part) => parseInt(part, 10) || 0);
    const count = Math.max(1, codes[0]);
    if (final === "m" && !/^[?>=!]/.test(text)) paint(codes);
    else if (final === "A") row = Math.max(top(), row - count);
    else if (final === "B") row = Math.min(top() + data.height - 1, row + count);
    else if (final === "C") column = Math.min(data.width - 1, column + count);
    else if (final === "D") column = Math.max(0, column - count);
    else if (final === "G") column = Math.min(data.width, count) - 1;
    else if (final === "H" || final === "f") {
      row = top() + Math.min(count, data.height) - 1;
      column = Math.min(data.width, Math.max(1, codes[1] || 1)) - 1;
    } else if (final === "K") {
      const cells = line(row);
      if (codes[0] === 0) cells.length = Math.min(cells.length, column);
      else for (let at = 0; at < (codes[0] === 2 ? cells.length : column + 1); at += 1) cells[at] = [" ", {}];
    } else if (final === "J") {
      if (codes[0] > 1) { rows = rows.slice(0, top()); rows.push([]); row = rows.length - 1; }
      else { rows.length = Math.min(rows.length, row + 1); line(row).length = Math.min(line(row).length, column); }
    } else if ((final === "h" || final === "l") && /^\?(47|1047|1049)$/.test(text)) {
      rows = rows.slice(0, top()); rows.push([]); row = rows.length - 1; column = 0;
    }
  }

  const TOKEN = /\x1b\[([0-?]*)[ -\/]*([@-~])|\x1b[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -\/]*[0-OQ-WYZ\\`-~]|[\r\n\b\t]|[^\x00-\x1f\x7f]+|[\s\S]/g;
  function feed(text) {
    text = pending + text;
    const open = text.lastIndexOf("\x1b");
    pending = "";
    if (open >= 0 && text.length - open < 4096 && /^\x1b(?:\[[0-?]*[ -\/]*|[\]PX^_][^\x07\x1b]*\x1b?|[ -\/]*)$/.test(text.slice(open))) {
      pending = text.slice(open);
      text = text.slice(0, open);
    }
    for (const [token, numbers, final] of text.matchAll(TOKEN)) {
      if (final) control(final, numbers);
      else if (token === "\n") { row += 1; line(row); }
      else if (token === "\r") column = 0;
      else if (token === "\b") column = Math.max(0, column - 1);
      else if (token === "\t") column = Math.min(data.width - 1, (column + 8) & ~7);
      else if (token >= " " && token !== "\x7f") put(token);
    }
    if (rows.length > SCROLLBACK) { row -= rows.length - SCROLLBACK; rows = rows.slice(-SCROLLBACK); row = Math.max(0, row); }
  }

  const screen = document.getElementById("screen");
  function draw() {
    const made = document.createDocumentFragment();
    for (const cells of rows) {
      let text = "", before = null;
      const flush = () => {
        if (!text) return;
        const span = document.createElement("span");
        const ink = before.turned ? before.ground || "#17191d" : before.ink;
        const ground = before.turned ? before.ink || "#d9dce2" : before.ground;
        if (ink) span.style.color = ink;
        if (ground) span.style.background = ground;
        if (before.bold) span.style.fontWeight = "700";
        if (before.dim) span.style.opacity = ".65";
        if (before.line) span.style.textDecoration = "underline";
        span.textContent = text;
        made.append(span);
        text = "";
      };
      for (const [letter, how] of cells) {
        if (how !== before) { flush(); before = how; }
        text += letter;
      }
      flush();
      made.append("\n");
    }
    screen.replaceChildren(made);
    screen.scrollTop = screen.scrollHeight;
  }

  let at = 0, next = 0, playing = false, before = 0, speed = 1;
  const play = document.getElementById("play"), seek = document.getElementById("seek");
  const clock = document.getElementById("clock");
  const told = (seconds) => `${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, "0")}`;

  function advance(to) {
    let changed = false;
    if (to < at) { reset(); next = 0; changed = true; }
    at = to;
    while (next < frames.length && times[next] <= at) { feed(frames[next][1]); next += 1; changed = true; }
    if (changed) draw();
    seek.value = String(Math.round(at / total * 1000));
    clock.textContent = `${told(at)} of ${told(total)}`;
  }

  function tick() {
    if (!playing) return;
    const now = performance.now();
    advance(Math.min(total, at + (now - before) / 1000 * speed));
    before = now;
    if (at >= total) { playing = false; play.textContent = "Play again"; } else setTimeout(tick, 30);
  }

  play.addEventListener("click", () => {
    playing = !playing;
    play.textContent = playing ? "Pause" : "Play";
    if (!playing) return;
    if (at >= total) advance(0);
    before = performance.now();
    tick();
  });
  seek.addEventListener("input", () => advance(seek.value / 1000 * total));
  document.getElementById("speed").addEventListener("change", (event) => { speed = Number(event.target.value); });

  document.querySelector(".player").classList.add("ready");
  reset();
  advance(total);
})();
addEventListener("beforeprint", () => {
  for (const each of document.querySelectorAll("details:not([open])")) { each.open = true; each.dataset.printed = ""; }
});
addEventListener("afterprint", () => {
  for (const each of document.querySelectorAll("details[data-printed]")) { each.open = false; delete each.dataset.printed; }
});
