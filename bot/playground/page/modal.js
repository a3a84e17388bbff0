// The modal: a dialog whose form is sent, corrected, filled and closed as Slack does it.
import { act } from "./do.js";

const dialog = document.getElementById("modal");

export function showModal(html) {
  if (!html) {
    if (dialog.open) dialog.close();
    dialog.innerHTML = "";
    return;
  }
  const before = dialog.querySelector("form")?.dataset.view;
  dialog.innerHTML = html;
  if (!dialog.open) dialog.showModal();
  const form = dialog.querySelector("form");
  const first = form.querySelector(".input select, .input input, .input textarea, button.submit, button.close:not(.x)");
  if (before !== form.dataset.view || !dialog.contains(document.activeElement)) first?.focus();
}

function valueOf(block) {
  const field = block.querySelector("[data-action]");
  if (field.dataset.kind === "checkboxes") return [...field.querySelectorAll(":checked")].map((each) => each.value);
  if (field.dataset.kind === "radio_buttons") return field.querySelector(":checked")?.value ?? "";
  return field.value;
}

function close() {
  dialog.close();
  act({ do: "close" });
}

dialog.addEventListener("click", (event) => {
  if (event.target.closest(".close")) close();
});

dialog.addEventListener("cancel", (event) => {
  event.preventDefault();
  close();
});

dialog.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const inputs = [...form.querySelectorAll(".block.input")];
  const given = Object.fromEntries(inputs.map((each) => [each.dataset.block, valueOf(each)]));
  const send = form.querySelector(".submit");
  send.disabled = true;
  const said = await act({ do: "submit", view: form.dataset.view, given });
  send.disabled = false;
  const errors = said.errors ?? {};
  for (const each of inputs) {
    const wrong = errors[each.dataset.block] ?? "";
    each.querySelector(".wrong").textContent = wrong;
    each.querySelector("[data-action]").toggleAttribute("aria-invalid", Boolean(wrong));
  }
  inputs.find((each) => errors[each.dataset.block])?.querySelector("[data-action]").focus();
});
