"""GitHub is asked for commits and their files, and each refusal becomes one sentence."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.redaction.shown import Secret
from bot.sources.repository.github import MOST_COMMITS, GitHubRepository
from bot.sources.repository.github_answers import GitHubAnswers
from checks.source import Problem, SourceError
from tests.servers.github import REPOSITORY, GitHubServer, Pushed, Refusal

START = datetime(2026, 2, 1, 12, tzinfo=UTC)
TOKEN = Secret("ghp_very-secret")
ROOT = f"/repos/{REPOSITORY}"


def history(count: int) -> list[Pushed]:
    return [
        Pushed(
            sha=f"{number:040x}",
            at=START + timedelta(hours=number),
            message=f"Commit {number}\n\nMore words.",
            files=(f"worker/{number}.py",),
        )
        for number in range(1, count + 1)
    ]


@contextmanager
def repository(
    server: GitHubServer, *, token: Secret | None = TOKEN, seconds: float = 5.0, name: str = REPOSITORY
) -> Iterator[GitHubRepository]:
    adapter = GitHubRepository(GitHubAnswers(server.address, token, seconds=seconds), name, server.branch)
    try:
        yield adapter
    finally:
        adapter.close()


def test_the_newest_commit_has_its_files_author_and_first_line() -> None:
    with GitHubServer(history(3)) as server, repository(server) as adapter:
        head = adapter.head()

    assert (head.id, head.at) == (f"{3:040x}", START + timedelta(hours=3))
    assert (head.author, head.subject, head.files) == ("Ada Example", "Commit 3", ("worker/3.py",))


def test_what_a_commit_lacks_comes_newest_first_with_the_files_of_each() -> None:
    with GitHubServer(history(4)) as server, repository(server) as adapter:
        found = adapter.since(f"{2:040x}")

    assert found is not None
    assert [(commit.subject, commit.files) for commit in found] == [
        ("Commit 4", ("worker/4.py",)),
        ("Commit 3", ("worker/3.py",)),
    ]


def test_all_pages_of_a_comparison_are_read() -> None:
    with GitHubServer(history(8)) as server, repository(server) as adapter:
        server.most_a_page = 3
        found = adapter.since(f"{1:040x}")

    assert found is not None
    assert len(found) == 7


def test_all_pages_of_a_commits_files_are_read() -> None:
    files = tuple(f"worker/{number}" for number in range(250))
    with GitHubServer([Pushed(sha="a" * 40, at=START, files=files)]) as server, repository(server) as adapter:
        assert len(adapter.head().files) == 250


def test_a_rename_concerns_both_folders() -> None:
    moved = Pushed(sha="a" * 40, at=START, renamed={"new/file.py": "old/file.py"})
    with GitHubServer([moved]) as server, repository(server) as adapter:
        assert adapter.head().files == ("new/file.py", "old/file.py")


def test_a_merge_changes_nothing_itself() -> None:
    merge = Pushed(sha="f" * 40, at=START + timedelta(days=1), files=("worker/1.py",), merge=True)
    with GitHubServer([*history(1), merge]) as server, repository(server) as adapter:
        assert adapter.head().files == ()


def test_the_newest_commit_and_its_files_are_one_question() -> None:
    with GitHubServer(history(3)) as server, repository(server) as adapter:
        files = adapter.head().files
        adapter.since(f"{2:040x}")

        assert files == ("worker/3.py",)
        assert server.asked == {f"{ROOT}/commits/heads/main": 1, f"{ROOT}/compare/{2:040x}...main": 1}


def test_the_files_of_a_commit_are_asked_for_once() -> None:
    with GitHubServer(history(3)) as server, repository(server) as adapter:
        adapter.since(f"{1:040x}")
        adapter.since(f"{2:040x}")
        adapter.after(START)

        assert server.asked[f"{ROOT}/commits/{3:040x}"] == 1


def test_files_that_could_not_be_read_are_asked_for_again() -> None:
    with GitHubServer(history(2)) as server, repository(server) as adapter:
        server.refuse(f"/commits/{2:040x}", Refusal(status=500, times=2))
        with pytest.raises(SourceError):
            adapter.since(f"{1:040x}")

        assert len(adapter.since(f"{1:040x}") or ()) == 1


@pytest.mark.parametrize("commit", ["0" * 39 + "9", "deadbeef", "main", "", "../../user"])
def test_a_commit_that_is_unknown_is_told_from_a_repository_that_is_not_there(commit: str) -> None:
    with GitHubServer(history(2)) as server:
        with repository(server) as adapter:
            assert adapter.since(commit) is None
        with repository(server, name="example/gone") as adapter, pytest.raises(SourceError) as raised:
            adapter.since(commit)

    assert raised.value.problem is Problem.NOT_FOUND
    assert "GITHUB_TOKEN" in raised.value.advice


@pytest.mark.parametrize(
    ("count", "refused"),
    [pytest.param(MOST_COMMITS, False, id="at the limit"), pytest.param(MOST_COMMITS + 1, True, id="just past it")],
)
def test_too_many_commits_to_ask_for_one_by_one_are_refused(count: int, refused: bool) -> None:
    with GitHubServer(history(count + 1)) as server, repository(server) as adapter:
        if refused:
            with pytest.raises(SourceError) as raised:
                adapter.since(f"{1:040x}")
            assert "REVEILLE_REPOSITORY" in raised.value.advice
            assert server.asked.total() == 1
        else:
            assert len(adapter.since(f"{1:040x}") or ()) == count


def test_commits_after_an_instant_do_not_include_one_at_it() -> None:
    with GitHubServer(history(3)) as server, repository(server) as adapter:
        found = adapter.after(START + timedelta(hours=2))

    assert [commit.subject for commit in found] == ["Commit 3"]


@pytest.mark.parametrize(
    ("path", "exists"),
    [("worker", True), ("worker/", True), (".", True), ("work", False), ("../worker", False), ("a b?c#d", False)],
)
def test_a_folder_exists_or_not(path: str, exists: bool) -> None:
    with GitHubServer(history(1), paths=["worker/main.py"]) as server, repository(server) as adapter:
        assert adapter.exists(path) is exists


def test_a_folder_of_a_repository_that_cannot_be_seen_is_not_a_missing_folder() -> None:
    with (
        GitHubServer(history(1)) as server,
        repository(server, name="example/gone") as adapter,
        pytest.raises(SourceError) as raised,
    ):
        adapter.exists("worker")

    assert raised.value.problem is Problem.NOT_FOUND


def test_the_branch_of_a_release_is_asked_for_by_its_whole_name() -> None:
    with GitHubServer(history(2), branch="release/2026") as server, repository(server) as adapter:
        assert adapter.head().subject == "Commit 2"
        assert len(adapter.since(f"{1:040x}") or ()) == 1


@pytest.mark.parametrize(
    ("refusal", "problem", "words"),
    [
        pytest.param(
            Refusal(status=403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1770552000"}),
            Problem.THROTTLED,
            "until 12:00 UTC",
            id="rate limit",
        ),
        pytest.param(
            Refusal(status=403, message="You have exceeded a secondary rate limit."),
            Problem.THROTTLED,
            "rate limit",
            id="secondary rate limit",
        ),
        pytest.param(Refusal(status=429, headers={"Retry-After": "17"}), Problem.THROTTLED, "for 17 s", id="too many"),
        pytest.param(
            Refusal(status=403, headers={"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "9" * 30}),
            Problem.THROTTLED,
            "used up",
            id="rate limit without an end",
        ),
        pytest.param(Refusal(status=403), Problem.DENIED, "token", id="denied"),
        pytest.param(Refusal(status=401), Problem.UNAUTHENTICATED, "token", id="a bad token"),
        pytest.param(Refusal(status=404), Problem.NOT_FOUND, REPOSITORY, id="not found"),
        pytest.param(Refusal(status=409), Problem.NOT_FOUND, REPOSITORY, id="an empty repository"),
        pytest.param(Refusal(status=500), Problem.UNAVAILABLE, "500", id="broken"),
        pytest.param(Refusal(status=418), Problem.UNAVAILABLE, "418", id="a status of its own"),
        pytest.param(Refusal(text="<html>"), Problem.UNAVAILABLE, "JSON", id="no JSON"),
        pytest.param(Refusal(text="[]"), Problem.UNAVAILABLE, "makes no sense", id="another shape"),
        pytest.param(Refusal(text='{"parents": [], "sha": 1}'), Problem.UNAVAILABLE, "sha", id="another type"),
        pytest.param(
            Refusal(text='{"sha": "1", "parents": [1, 2], "commit": {"author": {}, "committer": {"date": "soon"}}}'),
            Problem.UNAVAILABLE,
            "date",
            id="no date",
        ),
    ],
)
def test_a_refusal_is_one_sentence_without_the_token(refusal: Refusal, problem: Problem, words: str) -> None:
    with GitHubServer(history(2)) as server, repository(server) as adapter:
        server.refuse("/commits/heads", refusal)
        with pytest.raises(SourceError) as raised:
            adapter.head()

    error = raised.value
    assert (error.source, error.problem) == ("the repository", problem)
    assert words in error.detail
    assert "\n" not in error.detail
    assert "secret" not in f"{error} {error.advice}"


def test_without_a_token_the_advice_is_to_get_one() -> None:
    with GitHubServer(history(1)) as server, repository(server, token=None) as adapter:
        server.refuse("/", Refusal(status=403, headers={"X-RateLimit-Remaining": "0"}))
        with pytest.raises(SourceError) as raised:
            adapter.head()

        assert server.tokens == {None}
    assert "Set GITHUB_TOKEN" in raised.value.advice


def test_the_token_travels_and_a_password_file_does_not_replace_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    passwords = tmp_path / "netrc"
    passwords.write_text("machine 127.0.0.1 login someone password else\n")
    monkeypatch.setenv("NETRC", str(passwords))
    with GitHubServer(history(1)) as server, repository(server) as adapter:
        adapter.head()

        assert server.tokens == {f"Bearer {TOKEN.reveal()}"}


def test_what_is_on_this_machine_is_not_behind_a_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://127.0.0.1:9")
    for variable in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(variable, raising=False)
    with GitHubServer(history(1)) as server, repository(server) as adapter:
        assert adapter.head().subject == "Commit 1"


def test_a_repository_without_commits_to_compare_says_so_for_every_question() -> None:
    with GitHubServer(branch="main") as server, repository(server) as adapter:
        for ask in (adapter.head, lambda: adapter.since("1" * 40), lambda: adapter.exists("a")):
            with pytest.raises(SourceError) as raised:
                ask()

            assert raised.value.problem is Problem.NOT_FOUND


def test_a_comparison_that_tells_fewer_commits_than_it_counts_is_not_believed() -> None:
    with GitHubServer(history(2)) as server, repository(server) as adapter:
        server.refuse("/compare", Refusal(text='{"total_commits": 3, "commits": []}'))
        with pytest.raises(SourceError) as raised:
            adapter.since(f"{1:040x}")

    assert "0 of 3" in raised.value.detail


def test_github_that_is_busy_for_a_moment_is_asked_again() -> None:
    with GitHubServer(history(1)) as server, repository(server) as adapter:
        server.refuse("/commits/heads", Refusal(status=502, times=1))

        assert adapter.head().subject == "Commit 1"


def test_github_that_is_slow_costs_the_time_out_and_no_more() -> None:
    with GitHubServer(history(1), delay=5) as server, repository(server, seconds=0.2) as adapter:
        began = time.monotonic()
        with pytest.raises(SourceError) as raised:
            adapter.head()

    assert raised.value.problem is Problem.TIMED_OUT
    assert time.monotonic() - began < 2


def test_github_that_is_not_there_is_unavailable() -> None:
    with GitHubServer() as server:
        pass
    with repository(server) as adapter, pytest.raises(SourceError) as raised:
        adapter.head()

    assert raised.value.problem is Problem.UNAVAILABLE
    assert raised.value.retryable


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda adapter: adapter.since(f"{1:040x}"), id="since"),
        pytest.param(lambda adapter: adapter.after(START), id="after"),
    ],
)
def test_a_next_page_on_another_machine_is_not_followed(ask: Callable[[GitHubRepository], object]) -> None:
    with GitHubServer(history(2)) as other, GitHubServer(history(2)) as server, repository(server) as adapter:
        elsewhere = {"Link": f'<{other.address}{ROOT}/commits>; rel="next"'}
        server.refuse("/commits", Refusal(headers=elsewhere, text="[]"))
        server.refuse("/compare", Refusal(headers=elsewhere, text='{"total_commits": 0, "commits": []}'))
        with pytest.raises(SourceError):
            ask(adapter)

        assert other.asked.total() == 0


def test_pages_without_end_are_not_read_for_ever() -> None:
    with GitHubServer(history(2)) as server, repository(server) as adapter:
        again = {"Link": f'<{server.address}{ROOT}/commits?sha=main>; rel="next"'}
        server.refuse("/commits", Refusal(headers=again, text="[]"))
        with pytest.raises(SourceError) as raised:
            adapter.after(START)

    assert "pages" in raised.value.detail


def test_fifty_commits_are_asked_for_at_once() -> None:
    with GitHubServer(history(49), delay=0.2) as server, repository(server) as adapter:
        began = time.monotonic()
        adapter.since(f"{1:040x}")

    assert time.monotonic() - began < 3  # one after another they would take ten seconds
