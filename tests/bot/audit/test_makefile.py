"""Recipes that start other recipes, and the targets that a target needs."""

from __future__ import annotations

import pytest

from tests.bot.audit.in_memory import audit_text

DEPLOY = "\tgcloud run deploy live-export --source=.\n"
BIND = "\treveille iam ensure live-export\n"

BOUND = {
    "in the recipe": f"all:\n{DEPLOY}{BIND}",
    "by a target that it needs": f"all: deploy bind\ndeploy:\n{DEPLOY}bind: deploy\n{BIND}",
    "by a target that is made": f"deploy:\n{DEPLOY}\t$(MAKE) bind\nbind:\n{BIND}",
    "by two targets that are made": f"all:\n\t$(MAKE) deploy\n\t@${{MAKE}} bind\ndeploy:\n{DEPLOY}bind:\n{BIND}",
    "by two targets at once": f"all:\n\t$(MAKE) --no-print-directory deploy bind\ndeploy:\n{DEPLOY}bind:\n{BIND}",
    "by two targets in a list": f"all:\n\t$(MAKE) deploy && $(MAKE) bind\ndeploy:\n{DEPLOY}bind:\n{BIND}",
    "by make as such": f"all:\n\tmake deploy\n\tmake bind\ndeploy:\n{DEPLOY}bind:\n{BIND}",
    "by what a made target needs": f"deploy:\n{DEPLOY}\t$(MAKE) last\nlast: bind\n\techo\nbind:\n{BIND}",
    "with a variable": (
        "all:\n\t$(MAKE) one S=a\n\t$(MAKE) one S=b\none:\n"
        "\tgcloud run deploy $(S) --source=.\n\treveille iam ensure $(S)\n"
    ),
    "with a variable, by another target": (
        "all:\n\t$(MAKE) one S=a\n\t$(MAKE) bind S=a\none:\n\tgcloud run deploy $(S)\n"
        "bind:\n\treveille iam ensure $(S)\n"
    ),
    "by a pattern": (
        "all: deploy-a deploy-b bind-a bind-b\ndeploy-%:\n\tgcloud run deploy $* --source=.\n"
        "bind-%:\n\treveille iam ensure $*\n"
    ),
    "by a pattern that is made": (
        "all:\n\t$(MAKE) deploy-a\ndeploy-%: test-%\n\tgcloud run deploy $*\n\t$(MAKE) bind-$*\n"
        "test-%:\n\techo\nbind-%:\n\treveille iam ensure $*\n"
    ),
    "by the name of the target": "live-export:\n\tgcloud run deploy $@\n\treveille iam ensure live-export\n",
    "in a loop": (
        "all:\n\tset -e; for s in a b; do $(MAKE) one S=$$s; done\none:\n"
        "\tgcloud run deploy $(S) --source=.\n\treveille iam ensure $(S)\n"
    ),
}
UNBOUND = {
    "not at all": f"all:\n{DEPLOY}",
    "before": f"all:\n\t$(MAKE) bind\n{DEPLOY}bind:\n{BIND}",
    "by a target that nothing makes": f"deploy:\n{DEPLOY}bind:\n{BIND}",
    "on one way": f'deploy:\n{DEPLOY}\tif [ -n "$(SA)" ]; then $(MAKE) bind; fi\nbind:\n{BIND}',
    "by a pattern, for another": (
        "all: deploy-a bind-b\ndeploy-%:\n\tgcloud run deploy $*\nbind-%:\n\treveille iam ensure $*\n"
    ),
    "by a pattern that nothing makes": "deploy-%:\n\tgcloud run deploy $*\n",
    "by a file elsewhere": f"deploy:\n{DEPLOY}\t$(MAKE) -C infra bind\nbind:\n{BIND}",
    "for another service": f"deploy:\n{DEPLOY}\t$(MAKE) bind S=b\nbind:\n\treveille iam ensure $(S)\n",
    "on one of two ways to start": (
        f"all:\n\t$(MAKE) deploy\n\t$(MAKE) bind\nquick:\n\t$(MAKE) deploy\ndeploy:\n{DEPLOY}bind:\n{BIND}"
    ),
    "of targets that make each other": f"a:\n\t$(MAKE) b\n{DEPLOY}b:\n\t$(MAKE) a\n",
}


def rules(text: str) -> set[str]:
    return {one.rule for one in audit_text("Makefile", text)}


@pytest.mark.parametrize("text", BOUND.values(), ids=BOUND.keys())
def test_a_binding_that_follows_counts(text: str) -> None:
    assert not {"REV000", "REV001", "REV006"} & rules(text)


@pytest.mark.parametrize("text", UNBOUND.values(), ids=UNBOUND.keys())
def test_a_binding_that_may_be_missing_does_not_count(text: str) -> None:
    assert "REV001" in rules(text)


def test_a_flag_that_wipes_is_found_at_its_line_wherever_it_is_made_from() -> None:
    text = f"all:\n\t$(MAKE) deploy\n\t$(MAKE) deploy\ndeploy:\n{DEPLOY.rstrip()} --set-env-vars=A=1\n"

    found = [one for one in audit_text("Makefile", text) if one.rule == "REV003"]

    assert [(one.span.start.line, len(one.edits)) for one in found] == [(5, 1)]


@pytest.mark.parametrize(
    "text",
    [
        f"all:\n\t-$(MAKE) deploy\n\techo done\ndeploy:\n{DEPLOY}",
        f"all:\n\t$(MAKE) deploy\ndeploy:\n\t-{DEPLOY.strip()}\n\techo done\n",
        f"all:\n\t$(MAKE) deploy\ndeploy:\n{DEPLOY.rstrip()}; echo done\n",
        f"all:\n\t$(MAKE) deploy || true\ndeploy:\n{DEPLOY}",
    ],
)
def test_a_failure_that_a_recipe_forgives_is_passed_over(text: str) -> None:
    assert "REV006" in rules(text)


@pytest.mark.slow
def test_targets_that_need_each_other_many_times_end() -> None:
    text = "".join(f"t{n}:\n\t$(MAKE) t{n + 1}\n\t$(MAKE) t{n + 1}\n" for n in range(40)) + f"t40:\n{DEPLOY}"

    assert "REV000" in rules(text)
