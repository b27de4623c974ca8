"use strict";
const data = JSON.parse(document.getElementById("data").textContent);
const [video, traces, plots, scrub] = ["video", "traces", "plots", "scrub"].map(
  (name) => document.getElementById(name)
);
const SVG = "http://www.w3.org/2000/svg";
let episode = null; // The one on show.
let readouts = []; // What is written beside a plot: an element and the values.
let shown = -1; // The step on show.

function format(value) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  let text = String(size < 1 ? Number(value.toFixed(4)) : Number(value.toPrecision(4)));
  if (size >= 1e6 || (size > 0 && size < 1e-3)) text = value.toExponential(1);
  return text.replaceAll("-", "−");
}

function element(name, attributes = {}, text = "") {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.textContent = text;
  return made;
}

function drawing(name, attributes) {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

/* Lines in a box of width `length` and height 1; whatever is not a number is a gap. */
function outline(values, low, high, steps) {
  let path = "", pen = "M", previous = null;
  values.forEach((value, step) => {
    if (value === null) { pen = "M"; previous = null; return; }
    const y = (high === low ? 0.5 : (high - value) / (high - low)).toFixed(4);
    if (steps && previous !== null) path += `L${step} ${previous}`;
    path += `${pen}${step} ${y}`;
    pen = "L";
    previous = y;
  });
  return path;
}

function addRow(name, kind, group, { tall = false, lines = [], steps = false } = {}) {
  const all = [{ kind, values: lines[0] }, ...lines.slice(1).map((values) => ({ kind: "followed", values }))];
  const numbers = all.flatMap((line) => line.values).filter((value) => value !== null);
  const low = Math.min(...numbers), high = Math.max(...numbers);
  const what = name === group ? group : `${group} ${name}`;
  const range = numbers.length ? `from ${format(low)} to ${format(high)}` : "no numbers";
  const row = element("div", { class: `row ${kind}`, title: `${what}: ${range}` });
  const label = element("span", {}, tall ? "" : name);
  if (tall && numbers.length) {
    label.className = "range";
    for (const end of new Set([high, low])) label.append(element("span", {}, format(end)));
  }
  row.append(label);
  const plot = element("div", { class: tall ? "plot tall" : "plot" });
  const svg = drawing("svg", {
    viewBox: `0 -0.08 ${episode.length} 1.16`, preserveAspectRatio: "none",
    role: "img", "aria-label": `${what}, ${range}`,
  });
  if (low < 0 && high > 0) {
    const zero = high / (high - low);
    svg.append(drawing("line", { x1: 0, x2: episode.length, y1: zero, y2: zero }));
  }
  for (const line of all.reverse()) {
    svg.append(drawing("path", { class: line.kind, d: outline(line.values, low, high, steps) }));
  }
  plot.append(svg, element("i"));
  const now = element("span", { class: "now" });
  row.append(plot, now);
  plots.append(row);
  readouts.push({ element: now, values: lines[0] });
}

function addHeading(text, keys = []) {
  const heading = element("h2", {}, text);
  for (const [kind, label] of keys) heading.append(element("span", { class: `key ${kind}` }, label));
  plots.append(heading);
}

function addGroup(name, kind, group, notes) {
  if (!group.length && !notes.length) return;
  addHeading([name, ...notes].join(" · "));
  for (const trace of group) {
    const steps = trace.values.every(Number.isInteger);
    addRow(trace.name || name, kind, name, { lines: [trace.values], steps });
  }
}

function choose(number, play) {
  episode = data.episodes.find((each) => each.number === number) || data.episodes[0];
  readouts = [];
  shown = -1;
  plots.replaceChildren();
  addHeading("Reward");
  addRow("Reward", "reward", "Reward", { tall: true, lines: [episode.reward] });
  addHeading("Value", [["value", "estimate"], ["followed", "discounted return that followed"]]);
  addRow("Value", "value", "Value", { tall: true, lines: [episode.value, episode.followed] });
  addGroup("Action", "action", episode.actions, episode.notes.actions);
  addGroup("Observation", "observation", episode.observations, episode.notes.observations);
  episode.sums = [0];
  for (const reward of episode.reward) episode.sums.push(episode.sums.at(-1) + reward);
  for (const row of document.querySelectorAll("tr[data-episode]")) {
    const chosen = Number(row.dataset.episode) === episode.number;
    row.classList.toggle("chosen", chosen);
    const link = row.querySelector("a");
    if (chosen) link.setAttribute("aria-current", "true"); else link.removeAttribute("aria-current");
  }
  document.getElementById("caption").textContent = `Episode ${episode.number}`;
  document.getElementById("problem").hidden = true;
  document.getElementById("last").textContent = `of ${episode.length}`;
  scrub.max = episode.length;
  video.src = episode.video;
  video.playbackRate = video.defaultPlaybackRate = Number(document.getElementById("speed").value);
  show(0);
  if (play) video.play().catch(() => {}); // A browser may refuse, and shows its own button.
}

function show(step) {
  step = Math.max(0, Math.min(episode.length, step));
  if (step === shown) return;
  shown = step;
  traces.style.setProperty("--at", `${(100 * step) / episode.length}%`);
  scrub.value = step;
  scrub.setAttribute("aria-valuetext", `step ${step} of ${episode.length}`);
  for (const { element: target, values } of readouts) target.textContent = format(values[step]);
  const now = {
    step: `${step}`, sum: format(episode.sums[step]),
    reward: format(episode.reward[step]), value: format(episode.value[step]),
  };
  for (const [name, text] of Object.entries(now)) {
    document.querySelector(`[data-now="${name}"]`).textContent = text;
  }
}

/* One frame for each observation: frame k is on show from k / speed seconds on. */
const stepAt = (seconds) => Math.floor(seconds * data.frames_per_second + 0.01);

function seek(step) {
  video.pause();
  show(step);
  video.currentTime = (shown + 0.5) / data.frames_per_second;
}

function follow() {
  if (!video.seeking) show(stepAt(video.currentTime));
  if (!video.paused && !video.ended) requestAnimationFrame(follow);
}

video.addEventListener("play", follow);
for (const name of ["timeupdate", "seeked", "ended"]) {
  video.addEventListener(name, () => { if (video.currentTime) follow(); });
}
video.addEventListener("loadedmetadata", () => {
  video.style.setProperty("--shape", `${video.videoWidth} / ${video.videoHeight}`);
});
video.addEventListener("error", () => {
  const problem = document.getElementById("problem");
  problem.textContent = `${episode.video} can't be played. Is it beside this page?`;
  problem.hidden = false;
});
scrub.addEventListener("input", () => seek(Number(scrub.value)));
document.getElementById("speed").addEventListener("change", (event) => {
  video.playbackRate = video.defaultPlaybackRate = Number(event.target.value);
});

function seekTo(event) {
  const box = event.target.closest(".plot").getBoundingClientRect();
  seek(Math.round((episode.length * (event.clientX - box.left)) / box.width));
}
plots.addEventListener("pointerdown", (event) => {
  if (!event.target.closest(".plot")) return;
  event.target.closest(".plot").setPointerCapture(event.pointerId);
  seekTo(event);
});
plots.addEventListener("pointermove", (event) => {
  if (event.buttons && event.target.closest(".plot")) seekTo(event);
});

const named = () => Number(location.hash.replace("#episode-", "")) || data.episodes[0].number;
const calm = matchMedia("(prefers-reduced-motion: reduce)");
addEventListener("hashchange", () => choose(named(), !calm.matches));
choose(named(), false);
