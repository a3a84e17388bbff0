// Tells the server what somebody does, and says what is wrong with it.
export async function act(deed) {
  const body = JSON.stringify({ ...deed, as: document.body.dataset.user });
  try {
    const answer = await fetch("do", { method: "POST", headers: { "Content-Type": "application/json" }, body });
    const said = await answer.json();
    if (!said.ok) say(said.why);
    return said;
  } catch {
    return { ok: false, why: "The playground does not answer." };
  }
}

export function say(words) {
  document.getElementById("notice").textContent = words;
}

export function told() {
  document.getElementById("notice").textContent = "";
}
