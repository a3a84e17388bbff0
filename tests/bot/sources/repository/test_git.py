"""A clone is read as it is, whatever its shape and whatever its configuration wants to start."""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from bot.instants import LATEST
from bot.sources.repository import git
from bot.sources.repository.git import LocalClone, commits_of, unquoted
from checks.ports.repository import Commit
from checks.source import Problem, SourceError
from tests.bot.sources.repository.repositories import START, MadeRepository


@pytest.fixture
def made(tmp_path: Path) -> MadeRepository:
    return MadeRepository(tmp_path / "made")


def clone(made: MadeRepository, branch: str = "main") -> LocalClone:
    return LocalClone(made.path, branch)


def subjects(commits: Sequence[Commit] | None) -> list[str]:
    assert commits is not None
    return [commit.subject for commit in commits]


def signed(made: MadeRepository) -> None:
    """Give the newest commit a signature, which a program of the configuration would verify."""
    header, _, message = made.git("cat-file", "commit", "HEAD").partition("\n\n")
    text = f"{header}\ngpgsig -----BEGIN PGP SIGNATURE-----\n x\n -----END PGP SIGNATURE-----\n\n{message}\n"
    file = made.path / ".git" / "signed"
    file.write_text(text)
    made.git("update-ref", "refs/heads/main", made.git("hash-object", "-t", "commit", "-w", str(file)))


def refused(made: Path, branch: str = "main", *, seconds: float = 10.0) -> SourceError:
    with pytest.raises(SourceError) as raised:
        LocalClone(made, branch, seconds=seconds).head()
    assert raised.value.source == "the repository"
    assert "\n" not in raised.value.detail
    return raised.value


class TestHead:
    def test_names_commit_time_author_subject_and_files(self, made: MadeRepository) -> None:
        commit = made.commit("Add the worker", {"worker/main.py": "1", "shared/model.py": "1"})

        assert clone(made).head() == Commit(
            id=commit,
            at=START + timedelta(hours=1),
            author="Ada Example",
            subject="Add the worker",
            files=("shared/model.py", "worker/main.py"),
        )

    def test_is_that_of_the_branch_also_when_another_commit_is_checked_out(self, made: MadeRepository) -> None:
        first = made.commit("first", {"a": "1"})
        made.commit("second", {"a": "2"})
        made.git("checkout", "--quiet", "--detach", first)

        assert clone(made).head().subject == "second"

    def test_is_what_was_fetched_last_and_not_what_was_committed_here(
        self, made: MadeRepository, tmp_path: Path
    ) -> None:
        made.commit("published", {"a": "1"})
        copy = MadeRepository(made.clone(tmp_path / "copy"))
        copy.commit("not yet pushed", {"a": "2"})

        assert LocalClone(copy.path, "main").head().subject == "published"

    def test_of_a_bare_mirror(self, made: MadeRepository, tmp_path: Path) -> None:
        made.commit("published", {"a": "1"})

        assert LocalClone(made.clone(tmp_path / "mirror.git", "--mirror"), "main").head().subject == "published"

    def test_of_a_branch_with_a_slash(self, made: MadeRepository) -> None:
        made.commit("first", {"a": "1"})
        made.git("checkout", "--quiet", "-b", "release/2026")
        made.commit("released", {"a": "2"})

        assert clone(made, "release/2026").head().subject == "released"


class TestSince:
    def test_lists_what_a_commit_lacks_the_newest_first(self, made: MadeRepository) -> None:
        deployed = made.commit("deployed", {"a": "1"})
        made.commit("second", {"a": "2"})
        made.commit("third", {"a": "3"})

        assert subjects(clone(made).since(deployed)) == ["third", "second"]

    def test_lists_nothing_for_the_newest_commit(self, made: MadeRepository) -> None:
        assert clone(made).since(made.commit("deployed", {"a": "1"})) == []

    def test_takes_an_abbreviated_commit(self, made: MadeRepository) -> None:
        deployed = made.commit("deployed", {"a": "1"})
        made.commit("second", {"a": "2"})

        assert subjects(clone(made).since(deployed[:7])) == ["second"]

    @pytest.mark.parametrize(
        "commit",
        [
            pytest.param("0" * 40, id="well formed"),
            pytest.param("abc1234", id="abbreviated"),
            pytest.param("main", id="a branch"),
            pytest.param("", id="empty"),
            pytest.param("--output=stolen", id="an option"),
            pytest.param("HEAD~1", id="an expression"),
        ],
    )
    def test_tells_nothing_of_a_commit_that_is_unknown(self, made: MadeRepository, commit: str) -> None:
        made.commit("first", {"a": "1"})
        made.commit("second", {"a": "2"})

        assert clone(made).since(commit) is None
        assert not (made.path / "stolen").exists()

    def test_does_not_take_a_blob_for_a_commit(self, made: MadeRepository) -> None:
        made.commit("first", {"a": "1"})

        assert clone(made).since(made.git("rev-parse", "HEAD:a")) is None

    def test_counts_what_a_merge_brings_in_and_not_the_merge(self, made: MadeRepository) -> None:
        deployed = made.commit("deployed", {"a": "1"})
        made.git("checkout", "--quiet", "-b", "feature")
        made.commit("on the feature", {"feature/b": "1"})
        made.git("checkout", "--quiet", "main")
        made.commit("on main", {"a": "2"})
        made.merge("feature")

        found = clone(made).since(deployed)

        assert {commit.subject: commit.files for commit in found or ()} == {
            "Merge feature": (),
            "on the feature": ("feature/b",),
            "on main": ("a",),
        }

    def test_names_what_a_merge_changes_itself(self, made: MadeRepository) -> None:
        deployed = made.commit("deployed", {"a": "1"})
        made.git("checkout", "--quiet", "-b", "feature")
        made.commit("on the feature", {"a": "2"})
        made.git("checkout", "--quiet", "main")
        made.git("merge", "--quiet", "--no-ff", "--no-commit", "feature")
        made.commit("a merge with more in it", {"a": "3", "b": "new"})

        found = clone(made).since(deployed)

        assert next(each.files for each in found or () if each.subject.startswith("a merge")) == ("a", "b")

    def test_a_rename_concerns_both_folders(self, made: MadeRepository) -> None:
        deployed = made.commit("deployed", {"old/file.py": "content\n" * 20})
        made.commit("moved", {"old/file.py": None, "new/file.py": "content\n" * 20})

        (moved,) = clone(made).since(deployed) or ()

        assert moved.files == ("new/file.py", "old/file.py")

    def test_reads_the_commits_of_another_branch_that_was_deployed(self, made: MadeRepository) -> None:
        made.commit("first", {"a": "1"})
        made.git("checkout", "--quiet", "-b", "hotfix")
        deployed = made.commit("hot fix", {"a": "fixed"})
        made.git("checkout", "--quiet", "main")
        made.commit("second", {"b": "2"})

        assert subjects(clone(made).since(deployed)) == ["second"]

    def test_the_first_commit_of_all_has_its_files(self, made: MadeRepository) -> None:
        made.commit("first", {"a": "1"})
        made.git("checkout", "--quiet", "--orphan", "other")
        deployed = made.commit("elsewhere", {"b": "1"})

        (first,) = clone(made).since(deployed) or ()

        assert first.files == ("a",)


class TestAfter:
    def test_lists_what_is_younger_than_an_instant_in_any_zone(self, made: MadeRepository) -> None:
        for hour in range(1, 4):
            made.commit(f"of hour {hour}", {"a": str(hour)})
        at = (START + timedelta(hours=1)).astimezone(timezone(timedelta(hours=-5)))

        assert subjects(clone(made).after(at)) == ["of hour 3", "of hour 2"]

    def test_finds_a_commit_behind_one_whose_clock_was_slow(self, made: MadeRepository) -> None:
        made.commit("in time", {"a": "1"}, at=START + timedelta(hours=2))
        made.commit("slow clock", {"a": "2"}, at=START - timedelta(hours=1))

        assert subjects(clone(made).after(START)) == ["in time"]

    def test_lists_nothing_after_the_last_commit(self, made: MadeRepository) -> None:
        made.commit("last", {"a": "1"})

        assert clone(made).after(datetime(2027, 1, 1, tzinfo=UTC)) == []


class TestExists:
    @pytest.mark.parametrize(
        ("path", "exists"),
        [
            pytest.param("predictions/worker", True, id="a folder"),
            pytest.param("predictions/worker/", True, id="with a slash at its end"),
            pytest.param("./predictions", True, id="from here"),
            pytest.param("predictions/worker/main.py", True, id="a file"),
            pytest.param(".", True, id="everything"),
            pytest.param("predictions/gone", False, id="a folder that was renamed"),
            pytest.param("predict", False, id="the beginning of a name"),
            pytest.param("predictions/*", False, id="a pattern"),
            pytest.param(":(top)predictions", False, id="git's magic"),
            pytest.param("--help", False, id="an option"),
            pytest.param("../made/predictions", False, id="out of the repository"),
            pytest.param("/etc", False, id="absolute"),
            pytest.param("untracked", False, id="not committed"),
        ],
    )
    def test_looks_at_the_newest_commit_and_takes_a_name_literally(
        self, made: MadeRepository, path: str, exists: bool
    ) -> None:
        made.commit("first", {"predictions/worker/main.py": "1"})
        (made.path / "untracked").write_text("1")

        assert clone(made).exists(path) is exists

    def test_the_services_of_one_folder_are_one_question_to_git_until_the_branch_moves(
        self, made: MadeRepository, counted_git: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made.commit("first", {"services/a/main.py": "1", "services/b/main.py": "1"})
        reader = clone(made)
        first = [reader.exists(f"services/{name}") for name in "abc"]
        asked = counted_git.read_text(encoding="utf-8").count("ls-tree")

        made.commit("second", {"services/c/main.py": "1"})
        monkeypatch.setattr(git, "SAME_MOMENT", -1.0)

        assert (first, asked) == ([True, True, False], 1)
        assert reader.exists("services/c")

    @pytest.fixture
    def counted_git(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A file that gets the words of each start of git."""
        program = shutil.which("git")
        words, counting = tmp_path / "words", tmp_path / "bin" / "git"
        counting.parent.mkdir()
        counting.write_text(f'#!/bin/sh\necho "$*" >> {words}\nexec {program} "$@"\n', encoding="utf-8")
        counting.chmod(0o755)
        monkeypatch.setenv("PATH", f"{counting.parent}{os.pathsep}{os.environ['PATH']}")
        return words


class TestShallowClones:
    @pytest.fixture
    def shallow(self, made: MadeRepository, tmp_path: Path) -> tuple[LocalClone, list[str]]:
        commits = [made.commit(f"commit {number}", {f"folder{number}/a": "1"}) for number in range(5)]
        return LocalClone(made.clone(tmp_path / "shallow", "--depth=3"), "main"), commits

    def test_tell_what_they_hold(self, shallow: tuple[LocalClone, list[str]]) -> None:
        repository, commits = shallow

        assert subjects(repository.since(commits[3])) == ["commit 4"]
        assert subjects(repository.since(commits[2])) == ["commit 4", "commit 3"]

    def test_do_not_take_what_was_cut_off_for_unknown(self, shallow: tuple[LocalClone, list[str]]) -> None:
        repository, commits = shallow

        with pytest.raises(SourceError) as raised:
            repository.since(commits[0])

        assert raised.value.problem is Problem.NOT_FOUND
        assert "unshallow" in raised.value.advice

    def test_do_not_show_the_commit_of_the_cut_as_one_that_changed_everything(
        self, shallow: tuple[LocalClone, list[str]]
    ) -> None:
        repository, _ = shallow

        with pytest.raises(SourceError) as raised:
            repository.after(START)

        assert "shallow" in raised.value.detail


class TestTroubles:
    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        assert refused(tmp_path / "nowhere").problem is Problem.NOT_FOUND

    def test_a_folder_that_is_no_repository(self, tmp_path: Path) -> None:
        assert refused(tmp_path).problem is Problem.NOT_FOUND

    def test_a_folder_inside_of_another_repository_is_none_itself(self, made: MadeRepository) -> None:
        made.commit("first", {"inner/a": "1"})

        assert refused(made.path / "inner").problem is Problem.NOT_FOUND

    def test_a_branch_that_is_not_there(self, made: MadeRepository) -> None:
        made.commit("first", {"a": "1"})
        error = refused(made.path, "release")

        assert error.problem is Problem.NOT_FOUND
        assert "'release'" in error.detail
        assert "deployment.branch" in error.advice

    @pytest.mark.parametrize("branch", ["--all", "main@{1}", "main..main", "ma*n", "", "../main"])
    def test_a_branch_name_is_taken_literally(self, made: MadeRepository, branch: str) -> None:
        made.commit("first", {"a": "1"})

        assert refused(made.path, branch).source == "the repository"

    def test_a_repository_without_a_commit(self, made: MadeRepository) -> None:
        assert refused(made.path).problem is Problem.NOT_FOUND

    def test_a_damaged_repository(self, made: MadeRepository) -> None:
        made.commit("first", {"a": "1"})
        commit = made.git("rev-parse", "HEAD")
        broken = made.path / ".git" / "objects" / commit[:2] / commit[2:]
        broken.chmod(stat.S_IWUSR | stat.S_IRUSR)
        broken.write_bytes(b"broken")

        error = refused(made.path)

        assert error.problem is Problem.UNAVAILABLE
        assert "git fsck" in error.advice

    def test_git_that_does_not_answer_in_time(self, made: MadeRepository, slow_git: None) -> None:
        made_error = refused(made.path, seconds=0.2)

        assert made_error.problem is Problem.TIMED_OUT
        assert made_error.retryable

    def test_a_machine_without_git(self, made: MadeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("PATH", str(tmp_path / "empty"))

        assert "Install git" in refused(made.path).advice

    @pytest.fixture
    def slow_git(self, tmp_path: Path, made: MadeRepository, monkeypatch: pytest.MonkeyPatch) -> None:
        """A program named git that hangs."""
        made.commit("first", {"a": "1"})
        slow = tmp_path / "bin" / "git"
        slow.parent.mkdir()
        slow.write_text("#!/bin/sh\nexec /bin/sleep 30\n")
        slow.chmod(0o755)
        monkeypatch.setenv("PATH", str(slow.parent))


class TestHostileClones:
    def test_nothing_that_the_configuration_names_is_started(self, made: MadeRepository, tmp_path: Path) -> None:
        witness = tmp_path / "started"
        program = tmp_path / "program"
        program.write_text(f'#!/bin/sh\necho "$0 $*" >> {witness}\ncat >/dev/null\n')
        program.chmod(0o755)
        first = made.commit("first", {"a": "1", ".gitattributes": "* diff=evil filter=evil\n", ".mailmap": "x"})
        made.commit("second", {"a": "2"})
        signed(made)
        for key in (
            "core.fsmonitor", "core.pager", "pager.log", "core.sshCommand", "core.editor", "diff.external",
            "diff.evil.command", "diff.evil.textconv", "filter.evil.clean", "filter.evil.smudge", "gpg.program",
            "gpg.ssh.program", "credential.helper", "core.askPass", "uploadpack.packObjectsHook",
        ):  # fmt: skip
            made.git("config", key, str(program))
        for key, value in (
            ("core.hooksPath", str(tmp_path)), ("log.showSignature", "true"), ("log.showRoot", "false"),
            ("log.follow", "true"), ("log.diffMerges", "off"), ("diff.renames", "copies"),
            ("alias.log", f"!{program}"), ("format.pretty", "oneline"), ("color.ui", "always"), ("log.date", "raw"),
        ):  # fmt: skip
            made.git("config", key, value)

        repository = clone(made)

        assert subjects(repository.since(first)) == ["second"]
        assert len(repository.after(START)) == 2
        assert repository.exists("a")
        assert not witness.exists()

    def test_a_missing_object_is_not_fetched(self, made: MadeRepository, tmp_path: Path) -> None:
        witness = tmp_path / "started"
        made.commit("first", {"a": "1"})
        made.commit("second", {"a": "2"})
        made.git("config", "uploadpack.allowFilter", "true")
        partial = MadeRepository(made.clone(tmp_path / "partial", "--filter=tree:0", "--no-checkout"))
        partial.git("config", "remote.origin.uploadpack", f"touch {witness}; git-upload-pack")
        partial.git("config", "protocol.file.allow", "always")

        error = refused(partial.path)

        assert error.problem is Problem.UNAVAILABLE
        assert not witness.exists()

    def test_the_users_environment_does_not_lead_elsewhere(
        self, made: MadeRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made.commit("right", {"a": "1"})
        other = MadeRepository(tmp_path / "other")
        other.commit("wrong", {"a": "1"})
        monkeypatch.setenv("GIT_DIR", str(other.path / ".git"))

        assert clone(made).head().subject == "right"

    def test_odd_names_of_files_and_subjects_are_read_as_they_are(self, made: MadeRepository) -> None:
        names = ("a file", "ümläut", 'quo"te', "back\\slash", "new\nline", "tab\tbed", "-rf")
        made.commit('Subject "with" quotes | and <!channel>', dict.fromkeys(names, "1"))

        head = clone(made).head()

        assert set(head.files) == set(names)
        assert head.subject == 'Subject "with" quotes | and <!channel>'


def test_a_commit_without_files_is_one() -> None:
    text = f"\0abc\0{START.timestamp():.0f}\0Ada\0Subject\0\n"

    assert commits_of(text) == [Commit(id="abc", at=START, author="Ada", subject="Subject")]


@pytest.mark.parametrize(
    ("written", "path"),
    [('"a\\tb"', "a\tb"), ('"a\\001b"', "a\x01b"), ('"a\\\\b"', "a\\b"), ("plain", "plain"), ('"', '"')],
)
def test_gits_escapes_are_undone(written: str, path: str) -> None:
    assert unquoted(written) == path


class TestOddDates:
    @pytest.mark.parametrize(
        ("written", "at"),
        [
            pytest.param("253402300799 +0000", LATEST, id="the last second of year 9999"),
            pytest.param("253402300800 +0000", LATEST, id="year 10000"),
            pytest.param("99999999999999999999 +0000", LATEST, id="beyond git's own count"),
            pytest.param(f"{'9' * 5000} +0000", LATEST, id="beyond Python's count"),
            pytest.param("1769947200 +9959", START, id="a zone that cannot be"),
            pytest.param("1769947200 -9959", START, id="a zone that cannot be, to the west"),
            pytest.param("0 +0000", datetime(1970, 1, 1, tzinfo=UTC), id="the first second"),
            pytest.param("", datetime(1970, 1, 1, tzinfo=UTC), id="none at all"),
        ],
    )
    def test_never_stop_a_check(self, made: MadeRepository, written: str, at: datetime) -> None:
        made.commit("first", {"a": "1"})
        dated(made, written)

        head = clone(made).head()

        assert head.at == at
        assert head.at.astimezone(ZoneInfo("Pacific/Kiritimati")) == at
        assert head.at.astimezone(ZoneInfo("Pacific/Pago_Pago")) == at


def dated(made: MadeRepository, written: str) -> None:
    """Give the newest commit a date, well formed or not."""
    text = made.git("cat-file", "commit", "HEAD")
    text = re.sub(r"(committer .*>).*", lambda found: f"{found[1]} {written}".rstrip(), text)
    file = made.path / ".git" / "dated"
    file.write_text(f"{text}\n")
    commit = made.git("hash-object", "-t", "commit", "--literally", "-w", str(file))
    (made.path / ".git" / "refs" / "heads" / "main").write_text(f"{commit}\n")
