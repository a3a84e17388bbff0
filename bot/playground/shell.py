"""The page itself, into which its scripts put what changes."""

from __future__ import annotations

import html
import json

from bot.playground.panel import scenes_html
from bot.playground.people import CHANNEL, VISITORS
from bot.playground.play import Playground
from bot.playground.slack_troubles import SLACK_TROUBLES


def page_html(play: Playground, user: str) -> str:
    """Return the page for one of the people."""
    visitor = VISITORS[user]
    people = "".join(
        f'<option value="{each.id}"{" selected" if each.id == user else ""}>{each.name}: {each.may}</option>'
        for each in VISITORS.values()
    )
    troubles = "".join(
        f'<button data-do="slack" data-trouble="{name}">{html.escape(words)}</button>'
        for name, (words, _) in SLACK_TROUBLES.items()
    )
    return PAGE.format(
        channel=html.escape(play.channel),
        channel_id=CHANNEL,
        user=user,
        name=visitor.name,
        people=people,
        troubles=troubles,
        scenes=scenes_html(play),
        commands=html.escape(json.dumps(_commands(play)), quote=True),
    )


def _commands(play: Playground) -> list[dict[str, str]]:
    """Return the commands that the composer completes."""
    return [
        {"name": each["command"], "usage": each.get("usage_hint", ""), "does": each["description"]}
        for each in play.making.commands()
    ]


PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Reveille playground</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="style.css">
<link rel="stylesheet" href="graph.css">
<link rel="stylesheet" href="page.css">
<script type="module" src="main.js"></script>
</head>
<body data-user="{user}" data-channel="{channel_id}" data-commands="{commands}">
<a class="skip" href="#composer">Skip to the message field</a>
<header class="top">
  <h1 class="brand">Reveille</h1> <span class="sub">playground: nothing here is real</span>
  <label class="who-am-i"><span>You are</span> <select id="person" aria-label="You are">{people}</select></label>
  <button id="show-world" aria-expanded="false" aria-controls="world">The world</button>
</header>
<nav aria-label="Channels">
  <button data-pane="{channel_id}" aria-current="page"># <span id="channel-name">{channel}</span></button>
  <button data-pane="{user}">Reveille</button>
  <button data-pane="home">Home</button>
</nav>
<main>
  <section id="hints" aria-label="First steps" hidden>
    <p>A redeploy is about to take a permission from a pipeline of NBA predictions, and nothing will log an error.
      See how Reveille finds it, says why, and repairs it:</p>
    <ol>
      <li data-step="1">Let it be <b>02:13</b>, in <i>The world</i></li>
      <li data-step="2">Read the alert, press <b>Grant on 3 services…</b></li>
      <li data-step="3">Confirm, and see it <b>resolved</b></li>
    </ol>
    <p class="after">That was it. Let it be 08:00 to read the digest, or break something yourself.</p>
    <button id="hide-hints" aria-label="Hide the first steps">&times;</button>
  </section>
  <div id="posts" role="log" aria-live="polite" aria-label="Messages" tabindex="0"></div>
  <div id="home" hidden tabindex="-1"></div>
  <button id="newer" class="primary" hidden>New messages ↓</button>
  <form id="composer-form" autocomplete="off">
    <ul id="completions" role="listbox" aria-label="Commands" hidden></ul>
    <input id="composer" role="combobox" aria-expanded="false" aria-controls="completions" aria-autocomplete="list"
      aria-label="Message" placeholder="Type / for commands, or @Reveille and a question" maxlength="4000">
    <button class="primary" type="submit">Send</button>
  </form>
</main>
<aside id="world" aria-label="The world">
  <h2>The world</h2>
  <p id="doing" role="status"></p>
  <p id="notice" role="alert"></p>
  <div id="clock"></div>
  <h3>The pipeline</h3>
  <div id="graph"></div>
  <div id="broken"></div>
  <h3 id="break-title">Break something</h3>
  <form id="break">
    <label>What <select id="sort"><option>looking …</option></select></label>
    <label>Where <select id="place"></select></label>
    <button type="submit">Break it</button>
  </form>
  <details><summary>Slack and the bot</summary>
    <div class="column">{troubles}<button data-do="restart">Restart the bot</button></div>
  </details>
  <h3>Another day</h3>
  <form id="scenes"><select id="scene" aria-label="Scenario">{scenes}</select>
    <button type="submit">Begin</button></form>
</aside>
<dialog id="modal" aria-labelledby="modal-title"></dialog>
<p id="lost" role="alert" hidden>The playground has ended. Start it again with <code>reveille demo</code>.</p>
</body>
</html>
"""
