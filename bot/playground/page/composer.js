// The message field, which completes commands: a combobox with its list.
import { act } from "./do.js";

const field = document.getElementById("composer");
const list = document.getElementById("completions");
const commands = JSON.parse(document.body.dataset.commands);
let chosen = -1;

function matching() {
  const typed = field.value;
  return typed.startsWith("/") && !typed.includes(" ") ? commands.filter((each) => each.name.startsWith(typed)) : [];
}

function draw() {
  const found = matching();
  chosen = Math.min(chosen, found.length - 1);
  list.replaceChildren(
    ...found.map((each, at) => {
      const line = document.createElement("li");
      line.id = `completion-${at}`;
      line.setAttribute("role", "option");
      line.setAttribute("aria-selected", String(at === chosen));
      line.dataset.name = each.name;
      for (const [tag, text] of [["b", each.name], ["code", each.usage], ["span", each.does]]) {
        if (text) line.append(Object.assign(document.createElement(tag), { textContent: text }), " ");
      }
      return line;
    }),
  );
  list.hidden = found.length === 0;
  field.setAttribute("aria-expanded", String(found.length > 0));
  if (chosen >= 0) {
    field.setAttribute("aria-activedescendant", `completion-${chosen}`);
    list.children[chosen].scrollIntoView({ block: "nearest" });
  } else {
    field.removeAttribute("aria-activedescendant");
  }
}

function take(name) {
  field.value = `${name} `;
  chosen = -1;
  draw();
  field.focus();
}

export function composer(channel) {
  field.addEventListener("input", () => {
    chosen = -1;
    draw();
  });
  field.addEventListener("keydown", (event) => {
    const found = matching();
    if (!found.length) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + found.length) % found.length;
      draw();
    } else if (event.key === "Tab" || (event.key === "Enter" && chosen >= 0)) {
      event.preventDefault();
      take(found[Math.max(chosen, 0)].name);
    } else if (event.key === "Escape") {
      list.hidden = true;
      field.setAttribute("aria-expanded", "false");
    }
  });
  list.addEventListener("mousedown", (event) => {
    event.preventDefault();
    const line = event.target.closest("li");
    if (line) take(line.dataset.name);
  });
  document.getElementById("composer-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    if (!text) return;
    field.value = "";
    draw();
    act({ do: "say", channel: channel(), text });
  });
}
