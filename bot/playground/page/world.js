// The side panel: its parts are drawn by the server; here are its forms and its clock.
import { act } from "./do.js";

const sort = document.getElementById("sort");
const place = document.getElementById("place");
const shown = {};
let breakable = [];

export function showWorld(parts) {
  for (const [name, html] of Object.entries(parts)) {
    const box = document.getElementById(name);
    if (!box || shown[name] === html) continue;
    shown[name] = html;
    const folded = box.querySelector("details:not([open])");
    const held = box.contains(document.activeElement) ? document.activeElement.textContent : undefined;
    box.innerHTML = html;
    if (folded) box.querySelector("details")?.removeAttribute("open");
    show(box.querySelector(".wide"));
    if (held) [...box.querySelectorAll("button:not(:disabled)")].find((each) => each.textContent === held)?.focus();
  }
  document.body.toggleAttribute("data-busy", Boolean(parts.doing));
  tick(true);
}

// A picture that is wider than the panel begins with what broke.
function show(wide) {
  const mark = wide?.querySelector(".cause, .suspect, .failed");
  if (mark) wide.scrollLeft += mark.getBoundingClientRect().left - wide.getBoundingClientRect().left - 10;
}

// The clock goes on by itself, by the second that the server said last.
let since = performance.now();
function tick(fresh) {
  const time = document.querySelector("#clock time");
  if (!time) return;
  if (fresh) since = performance.now();
  const now = Number(time.dataset.now) + Number(time.dataset.offset) + (performance.now() - since) / 1000;
  time.textContent = new Date(now * 1000).toISOString().slice(11, 16);
}

function options(select, pairs) {
  select.replaceChildren(...pairs.map(([value, text]) => new Option(text, value)));
}

function places() {
  options(place, (breakable[sort.value]?.places ?? []).map((each) => [each.key, each.words]));
}

async function load() {
  breakable = await (await fetch("breakable")).json();
  options(sort, breakable.map((each, at) => [at, each.words]));
  places();
}

export function world() {
  setInterval(tick, 5000);
  sort.addEventListener("change", places);
  sort.addEventListener("pointerdown", () => breakable.length || load());
  document.getElementById("break").addEventListener("submit", (event) => {
    event.preventDefault();
    if (place.value) act({ do: "break", key: place.value });
  });
  document.getElementById("scenes").addEventListener("submit", (event) => {
    event.preventDefault();
    act({ do: "play", scene: document.getElementById("scene").value }).then((said) => {
      if (said.ok) setTimeout(load, 3000);
    });
  });
  const show = document.getElementById("show-world");
  show.addEventListener("click", () => {
    const open = document.body.toggleAttribute("data-world");
    show.setAttribute("aria-expanded", String(open));
  });
  load();
}
