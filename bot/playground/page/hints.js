// Three numbered hints for the first visit. They point at things, and go when somebody sends them away.
const box = document.getElementById("hints");
const KEY = "reveille-hints";

function sent() {
  try {
    return localStorage.getItem(KEY) === "away";
  } catch {
    return false;
  }
}

document.getElementById("hide-hints").addEventListener("click", () => {
  box.hidden = true;
  document.body.removeAttribute("data-step");
  try {
    localStorage.setItem(KEY, "away");
  } catch {
    // A browser that keeps nothing shows them again.
  }
});

// How far the story is, by what stands in the channel.
function step() {
  const alert = document.querySelector('#posts [data-action="alert:repair"]');
  const told = document.querySelector("#posts").textContent;
  if (/Resolved at/.test(told)) return 4;
  if (document.getElementById("modal").open) return 3;
  return alert ? 2 : 1;
}

export function hints() {
  const story = Boolean(document.querySelector(".stations"));
  box.hidden = !story || sent();
  if (box.hidden) return;
  const now = step();
  document.body.dataset.step = String(now);
  for (const each of box.querySelectorAll("li")) {
    each.classList.toggle("done", Number(each.dataset.step) < now);
    each.toggleAttribute("aria-current", Number(each.dataset.step) === now);
  }
}
