// The page: what the server tells is put where it belongs; clicks are told to the server.
import { act, told } from "./do.js";
import { composer } from "./composer.js";
import { showModal } from "./modal.js";
import { hints } from "./hints.js";
import { showWorld, world } from "./world.js";

const user = document.body.dataset.user;
const main = document.body.dataset.channel;
const posts = document.getElementById("posts");
const home = document.getElementById("home");
const kept = { [main]: document.createElement("div"), [user]: document.createElement("div") };
const newer = document.getElementById("newer");
const LONGEST_THREAD = 460;
let pane = main;
let mine = false;

function atEnd() {
  const last = posts.firstElementChild?.lastElementChild;
  return !last || posts.scrollTop + posts.clientHeight > posts.scrollHeight - Math.max(80, last.offsetHeight);
}

// To the end, or to where the newest message begins if it is longer than the pane.
function toEnd() {
  const last = posts.firstElementChild?.lastElementChild;
  posts.scrollTop = posts.scrollHeight;
  if (last && last.offsetHeight > posts.clientHeight) posts.scrollTop = last.offsetTop - posts.offsetTop;
  newer.hidden = true;
}

// A long thread shows its end, or of a short one its beginning, until somebody unfolds it.
function fold(root) {
  for (const thread of root.querySelectorAll(".thread")) {
    if (thread.classList.contains("open") || thread.scrollHeight <= LONGEST_THREAD) continue;
    thread.classList.add("long");
    const count = thread.previousElementSibling;
    const button = Object.assign(document.createElement("button"), { type: "button", className: "count" });
    button.textContent = `${count.textContent}: show all`;
    button.setAttribute("aria-expanded", "false");
    count.replaceWith(button);
  }
}

// A message that is drawn again keeps the focus of whoever is in it.
function placed(box, ts, html) {
  const old = [...box.children].find((each) => each.dataset.ts === ts);
  const holds = old && old.contains(document.activeElement) ? document.activeElement.dataset.action : undefined;
  const holder = document.createElement("template");
  holder.innerHTML = html;
  const fresh = holder.content.firstElementChild;
  if (!fresh) {
    old?.remove();
    return;
  }
  if (old) {
    if (old.querySelector(".thread.open")) fresh.querySelector(".thread")?.classList.add("open");
    old.replaceWith(fresh);
  } else {
    const later = [...box.children].find((each) => each.dataset.ts > ts);
    box.insertBefore(fresh, later ?? null);
  }
  fold(fresh);
  if (holds !== undefined) {
    fresh.querySelector(`[data-action="${CSS.escape(holds)}"]`)?.focus({ preventScroll: true });
  }
  return old ? undefined : fresh;
}

function show(name) {
  pane = name;
  for (const each of document.querySelectorAll("nav button")) {
    const chosen = each.dataset.pane === name;
    each.toggleAttribute("aria-current", chosen);
    if (chosen) {
      each.setAttribute("aria-current", "page");
      each.classList.remove("unread");
    }
  }
  home.hidden = name !== "home";
  posts.hidden = name === "home";
  document.getElementById("composer-form").hidden = name === "home";
  if (name === "home") {
    if (!home.innerHTML) home.innerHTML = "<p class='waiting'>One moment …</p>";
    act({ do: "home" });
  } else {
    posts.replaceChildren(kept[name]);
    fold(kept[name]);
    toEnd();
  }
}

const HEARD = {
  all(said) {
    for (const [name, html] of Object.entries(said.channels)) kept[name].innerHTML = html;
    document.getElementById("channel-name").textContent = said.name;
    home.innerHTML = said.home;
    showModal(said.view);
    showWorld(said.world);
    show(pane);
    hints();
  },
  post(said) {
    const box = kept[said.channel];
    if (!box) return;
    const follow = atEnd() || mine;
    const fresh = placed(box, said.ts, said.html);
    if (said.channel !== pane) {
      document.querySelector(`nav button[data-pane="${said.channel}"]`)?.classList.add("unread");
    } else if (follow || fresh?.querySelector(":scope > .message > .only")) {
      toEnd();
      mine = false;
    } else if (fresh) {
      newer.hidden = false;
    }
    hints();
  },
  view(said) {
    showModal(said.html);
  },
  home(said) {
    home.innerHTML = said.html;
  },
  world: showWorld,
};

function listen() {
  const feed = new EventSource(`events?as=${user}`);
  const lost = document.getElementById("lost");
  feed.onmessage = (event) => {
    lost.hidden = true;
    const said = JSON.parse(event.data);
    HEARD[said.what](said);
  };
  feed.onerror = () => {
    lost.hidden = false;
  };
}

function whereOf(element) {
  const view = element.closest("[data-view]");
  const block = element.closest("[data-block]");
  const about = { block: block?.dataset.block ?? "" };
  if (view) return { ...about, view: view.dataset.view };
  return { ...about, channel: pane, ts: element.closest("[data-ts]")?.dataset.ts };
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button, a");
  if (!button) return;
  if (button.id === "newer") {
    toEnd();
  } else if (button.classList.contains("count")) {
    const open = button.nextElementSibling.classList.toggle("open");
    button.setAttribute("aria-expanded", String(open));
    button.textContent = button.textContent.replace(/(show all|show less)$/, open ? "show less" : "show all");
  } else if (button.classList.contains("more")) {
    const folded = button.parentElement.querySelector(".folded");
    button.textContent = folded.classList.toggle("open") ? "See less" : "See more";
  } else if (button.dataset.pane) {
    show(button.dataset.pane);
  } else if (button.dataset.action !== undefined) {
    button.setAttribute("aria-busy", "true");
    act({ do: "act", action: button.dataset.action, ...whereOf(button) }).finally(() => {
      button.removeAttribute("aria-busy");
    });
  } else if (button.dataset.do) {
    const { do: deed, ...about } = button.dataset;
    button.disabled = true;
    act({ do: deed, ...about }).then((said) => {
      if (!said.ok) button.disabled = false;
      if (deed === "slack" || deed === "restart") button.disabled = false;
    });
  }
});

document.addEventListener("change", (event) => {
  const chosen = event.target;
  if (chosen.id === "person") {
    location.search = `?as=${chosen.value}`;
  } else if (chosen.dataset.action !== undefined && !chosen.closest("form.modal .input") && chosen.value) {
    act({ do: "act", action: chosen.dataset.action, value: chosen.value, ...whereOf(chosen) });
    if (chosen.classList.contains("overflow")) chosen.value = "";
  }
});

told();
composer(() => {
  mine = true;
  return pane;
});
posts.addEventListener("scroll", () => {
  if (atEnd()) newer.hidden = true;
});
world();
listen();
