"use strict";
const charts = JSON.parse(document.getElementById("data").textContent);
const state = { kind: "eval", seeds: false };
const SVG = "http://www.w3.org/2000/svg";
const TOP = 28, BOTTOM = 42, RIGHT = 14;

// Names and values come from folders and configs: they are set as text, never as HTML.
function make(parent, name, attributes = {}, text) {
  const isHtml = ["div", "span", "b", "em", "small"].includes(name);
  const element = isHtml ? document.createElement(name) : document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  if (text !== undefined) element.textContent = text;
  parent.append(element);
  return element;
}

function short(value) {
  const size = Math.abs(value);
  const [factor, unit] = size >= 1e9 ? [1e9, "B"] : size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  return (+(value / factor).toPrecision(4)).toLocaleString("en").replace("-", "\u2212") + unit;
}

function score(value) {
  const size = Math.abs(value);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : 2;
  const options = { minimumFractionDigits: digits, maximumFractionDigits: digits };
  return value.toLocaleString("en", options).replace("-", "\u2212");
}

// Round numbers that divide a range into about so many parts.
function ticks(low, high, count) {
  const rough = (high - low) / count;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 2.5, 5, 10].map(factor => factor * power).find(each => each >= rough);
  const result = [];
  for (let at = Math.ceil(low / step - 1e-9); at * step <= high + step * 1e-9; at++) result.push(at * step);
  return result;
}

function pairs(steps, values) {
  return steps.map((step, index) => [step, values[index]]).filter(([, value]) => value !== null);
}

class Chart {
  constructor(place) {
    this.place = place;
    this.data = charts[+place.dataset.chart];
    this.hidden = new Set();
    this.live = place.parentElement.querySelector("[aria-live]");
    this.at = null;
    for (const button of place.parentElement.querySelectorAll("[data-group]")) {
      button.addEventListener("click", () => this.toggle(button));
    }
    place.addEventListener("pointermove", event => this.point(event));
    place.addEventListener("pointerdown", event => this.point(event));
    place.addEventListener("pointerleave", () => this.leave());
    place.addEventListener("blur", () => this.leave());
    place.addEventListener("keydown", event => this.key(event));
    new ResizeObserver(() => this.draw()).observe(place);
  }

  toggle(button) {
    const index = +button.dataset.group;
    const isHidden = !this.hidden.delete(index);
    if (isHidden) this.hidden.add(index);
    button.setAttribute("aria-pressed", String(!isHidden));
    this.draw();
  }

  draw() {
    const width = this.place.clientWidth;
    if (!width) return;
    this.groups = this.data.groups
      .filter((_, index) => !this.hidden.has(index))
      .map(group => ({ ...group, ...group[state.kind] }));
    this.place.replaceChildren();
    this.tip = this.marks = null;
    const height = Math.round(Math.min(360, Math.max(240, width * 0.56)));
    const svg = make(this.place, "svg", { viewBox: `0 0 ${width} ${height}`, height, "aria-hidden": "true" });
    this.svg = svg;
    this.steps = [...new Set(this.groups.flatMap(group => group.steps))].sort((a, b) => a - b);
    if (!this.axes(svg, width, height)) {
      const text = this.groups.length ? "No scores yet" : "All curves are hidden";
      make(svg, "text", { class: "nothing", x: width / 2, y: height / 2 }, text);
      return;
    }
    for (const group of this.groups) this.curve(svg, group);
    if (this.at !== null) this.show(this.at);
  }

  // Decide what goes where and draw the axes; false if there is nothing to draw.
  axes(svg, width, height) {
    const values = this.groups.flatMap(group => [
      ...group.low, ...group.high, ...this.seedsOf(group).flatMap(seed => seed.values),
    ]).filter(value => value !== null);
    const last = Math.max(
      0, ...this.steps, ...this.groups.flatMap(group => this.seedsOf(group).map(seed => seed.steps.at(-1) ?? 0)));
    if (!values.length || !last) return false;
    let low = Math.min(...values), high = Math.max(...values);
    const margin = (high - low) * 0.05 || Math.abs(high) * 0.1 || 1;
    [low, high] = [low - margin, high + margin];
    const rows = ticks(low, high, Math.max(3, height / 60));
    const left = 14 + 7.2 * Math.max(...rows.map(row => short(row).length));
    this.x = step => left + (width - left - RIGHT) * step / last;
    this.y = value => TOP + (height - TOP - BOTTOM) * (high - value) / (high - low);
    this.bottom = height - BOTTOM;
    for (const row of rows) {
      make(svg, "line", { class: "grid", x1: left, x2: width - RIGHT, y1: this.y(row), y2: this.y(row) });
      make(svg, "text", { x: left - 8, y: this.y(row) + 4, "text-anchor": "end" }, short(row));
    }
    for (const column of ticks(0, last, Math.max(2, width / 80))) {
      const x = this.x(column);
      make(svg, "line", { class: "axis", x1: x, x2: x, y1: this.bottom, y2: this.bottom + 5 });
      make(svg, "text", { x, y: this.bottom + 19, "text-anchor": x > width - 22 ? "end" : "middle" }, short(column));
    }
    make(svg, "text", { class: "what", x: 0, y: 12 }, "mean score of an episode");
    make(svg, "line", { class: "axis", x1: left, x2: width - RIGHT, y1: this.bottom, y2: this.bottom });
    make(svg, "text", { x: (left + width - RIGHT) / 2, y: height - 4, "text-anchor": "middle" }, "training steps");
    return true;
  }

  // The seeds with a line of their own: all, or those that the mean does not tell of.
  seedsOf(group) {
    return group.seeds.filter(seed => state.seeds || !seed.counts || !group.steps.length);
  }

  hasBand(group) {
    return group.seeds.filter(seed => seed.counts).length > 1;
  }

  curve(svg, group) {
    const layer = make(svg, "g", { class: `c${group.colour}${group.dashed ? " dashed" : ""}` });
    const line = points => "M" + points.map(([step, value]) => `${this.x(step).toFixed(1)},${this.y(value).toFixed(1)}`).join("L");
    const mean = pairs(group.steps, group.mean);
    if (this.hasBand(group) && mean.length) {
      const around = [...pairs(group.steps, group.high), ...pairs(group.steps, group.low).reverse()];
      make(layer, "path", { class: "band", d: line(around) + "Z" });
    }
    for (const seed of this.seedsOf(group)) {
      const points = pairs(seed.steps, seed.values);
      if (points.length) make(layer, "path", { class: "seed", d: line(points) });
    }
    if (mean.length) make(layer, "path", { class: "mean", d: line(mean) });
    if (mean.length * 20 <= this.place.clientWidth) {
      for (const [step, value] of mean) make(layer, "circle", { class: "dot", r: 3.5, cx: this.x(step), cy: this.y(value) });
    }
  }

  point(event) {
    if (!this.steps.length) return;
    const at = event.clientX - this.place.getBoundingClientRect().left;
    const distance = step => Math.abs(this.x(step) - at);
    const nearest = this.steps.reduce((best, step, index) => distance(step) < distance(this.steps[best]) ? index : best, 0);
    this.show(nearest);
  }

  key(event) {
    const last = this.steps.length - 1;
    const moves = { ArrowRight: 1, ArrowLeft: -1, PageUp: 10, PageDown: -10, Home: -last, End: last };
    if (event.key === "Escape") return this.leave();
    if (!(event.key in moves) || last < 0) return;
    event.preventDefault();
    const next = this.at === null ? (moves[event.key] > 0 ? 0 : last) : this.at + moves[event.key];
    this.show(Math.min(last, Math.max(0, next)));
    this.live.textContent = this.tip.innerText.replace(/\n/g, ", ");
  }

  leave() {
    this.at = null;
    this.tip?.remove();
    this.marks?.remove();
  }

  show(at) {
    this.leave();
    this.at = Math.min(at, this.steps.length - 1);
    const step = this.steps[this.at];
    if (step === undefined) return;
    const x = this.x(step);
    this.marks = make(this.svg, "g");
    make(this.marks, "line", { class: "cursor", x1: x, x2: x, y1: TOP, y2: this.bottom });
    this.tip = make(this.place, "div", { class: "tip" });
    make(this.tip, "b", {}, `${step.toLocaleString("en")} steps`);
    const found = this.groups
      .map(group => [group, group.steps.indexOf(step)])
      .filter(([group, index]) => index >= 0 && group.mean[index] !== null)
      .sort(([a, i], [b, j]) => b.mean[j] - a.mean[i]);
    for (const [group, index] of found) {
      const value = group.mean[index];
      const kind = `c${group.colour}${group.dashed ? " dashed" : ""}`;
      make(make(this.marks, "g", { class: kind }), "circle", { class: "dot", r: 5, cx: x, cy: this.y(value) });
      const row = make(this.tip, "div", { class: kind });
      make(make(row, "svg", { class: "key", viewBox: "0 0 14 10" }), "line", { x1: 1, x2: 13, y1: 5, y2: 5 });
      make(row, "span", {}, group.label);
      make(row, "em", {}, score(value));
      if (this.hasBand(group)) make(row, "small", {}, `${score(group.low[index])} to ${score(group.high[index])}`);
    }
    // Beside the cursor, above or below the curves.
    const heights = found.map(([group, index]) => this.y(group.mean[index]));
    if (Math.min(...heights) < TOP + this.tip.offsetHeight + 16) {
      this.tip.style.top = `${Math.max(TOP, this.bottom - this.tip.offsetHeight - 8)}px`;
    }
    const width = this.place.clientWidth, size = this.tip.offsetWidth;
    const beside = x + 12 + size <= width ? x + 12 : x - 12 - size;
    this.tip.style.left = `${Math.max(0, Math.min(beside, width - size))}px`;
  }
}

function sortable(table) {
  const body = table.tBodies[0];
  const heads = [...table.tHead.rows[0].cells];
  const order = new Intl.Collator("en", { numeric: true });
  heads.forEach((head, column) => head.firstElementChild.addEventListener("click", () => {
    const isNumber = head.classList.contains("number");
    // The best score is what is looked for first; names begin with A.
    const first = isNumber ? "descending" : "ascending";
    const other = isNumber ? "ascending" : "descending";
    const direction = head.getAttribute("aria-sort") === first ? other : first;
    for (const each of heads) each.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", direction);
    const sign = direction === "ascending" ? 1 : -1;
    const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
    // What has no value stays last, in whatever direction.
    const compare = (a, b) => (key(a) === "") - (key(b) === "")
      || sign * (isNumber ? key(a) - key(b) : order.compare(key(a), key(b)));
    body.append(...[...body.rows].sort(compare));
  }));
}

const drawn = [...document.querySelectorAll(".chart")].map(place => new Chart(place));
const redraw = () => drawn.forEach(chart => { chart.leave(); chart.draw(); });
for (const input of document.querySelectorAll("[name=kind]")) {
  input.addEventListener("change", () => { state.kind = input.value; redraw(); });
}
document.getElementById("seeds").addEventListener("change", event => { state.seeds = event.target.checked; redraw(); });
document.querySelectorAll("table.sortable").forEach(sortable);
document.querySelector(".controls").hidden = false;
// A line needs two points.
if (!charts.some(chart => chart.groups.some(group => group.eval.steps.length > 1))) {
  document.querySelector("[name=kind][value=train]").click();
}
