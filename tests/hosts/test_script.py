from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.hosts.samples import NONCE, NOW, ROLE

from luxops.domains.hosts import script
from luxops.domains.hosts.answer import Collection, outcomes
from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.interface import Section
from luxops.domains.hosts.framing import Frames, unframe
from luxops.model import FactName, FactValue, Failure, TargetId
from luxops.transports.interface import CommandReply

pytestmark = pytest.mark.slow

SCRIPTS = {collector: script.compose(NONCE, collector, ROLE).decode() for collector in ("sudo", "installed")}
PARTS = {section.name: section.script for section in script.sections()} | {
    "frame": script._PRELUDE,
    "group": script._GROUP + script._GROUP_END,
}
CHANGING = frozenset({
    "rm", "mv", "cp", "ln", "tee", "touch", "mkdir", "rmdir", "chmod", "chown", "mktemp", "dd", "kill", "apt-get", "dpkg",
    "sysctl", "modprobe", "mount",
})  # fmt: skip


def _run(text: bytes, command: str = "exec /bin/sh -s") -> CommandReply:
    done = subprocess.run(["/bin/sh", "-c", command], input=text, capture_output=True, check=False, timeout=60)
    hostname = Path("/proc/sys/kernel/hostname").read_text().strip().partition(".")[0]
    return CommandReply(target=TargetId(hostname), output=done.stdout, errors=done.stderr, exit_status=done.returncode)


def test_this_machine_answers_every_fact_by_a_value_or_a_reason() -> None:
    reply = _run(script.compose(NONCE, "sudo", ROLE), script.COMMAND)
    frames = unframe(reply.output, NONCE, script.expected_frames("sudo", ROLE))
    assert not frames.damaged
    assert not frames.repeated
    found = outcomes(reply, NONCE, "sudo", NOW, ROLE)
    assert set(found) == {fact.name for fact in FACTS} | {"collection"}
    malformed = [str(outcome) for outcome in found.values() if isinstance(outcome, Failure) and outcome.reason == "malformed"]
    assert malformed == []
    assert isinstance(found[FactName("accounts")], FactValue)
    assert isinstance(found[FactName("kernel")], FactValue)
    collection = found[FactName("collection")]
    assert isinstance(collection, Collection)
    assert collection.cpu_seconds > 0


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is part of util-linux")
def test_an_account_without_sudo_is_told_so() -> None:
    drop = "exec setpriv --reuid=65534 --regid=65534 --clear-groups" if Path("/root").stat() and _is_root() else "exec"
    reply = _run(script.compose(NONCE, "sudo", ROLE), f"{drop} /bin/sh -s")
    frames = unframe(reply.output, NONCE, script.expected_frames("sudo", ROLE))
    assert frames.sections[script.SUDO].exit_status != 0
    found = outcomes(reply, NONCE, "sudo", NOW, ROLE)
    shadow = found[FactName("accounts")]
    assert "sudo was refused" in (str(shadow) if isinstance(shadow, Failure) else shadow.model_dump_json())


def _is_root() -> bool:
    return Path("/proc/self").stat().st_uid == 0


@pytest.mark.parametrize("text", PARTS.values(), ids=PARTS)
def test_nothing_is_written_but_to_dev_null_and_own_descriptors(text: str) -> None:
    # What is quoted is awk's comparisons, patterns and text; none of the scripts' awk programs redirects.
    targets = re.findall(r"(?<![-<=>])>{1,2}\s*([^\s;)|]+)", re.sub(r"'[^']*'", "''", text))
    assert set(targets) <= {"/dev/null", "&1", "&2", "&3"}
    assert not re.search(r"print [^\n;}]*>", text)


@pytest.mark.parametrize("text", PARTS.values(), ids=PARTS)
def test_no_program_that_changes_anything_is_named(text: str) -> None:
    words = set(re.findall(r"(?<![\w/.*-])[a-z][a-z-]+(?![\w/.*-])", text))
    assert not words & CHANGING


def test_sudo_is_asked_once() -> None:
    for text in SCRIPTS.values():
        assert len(re.findall(r"sudo -n", text)) == 1
        assert len(re.findall(r"\| \$become ", text)) == 1


@pytest.mark.parametrize("collector", ["sudo", "installed"])
def test_a_script_that_arrives_cut_runs_not_at_all(collector: script.Collector) -> None:
    whole = script.compose(NONCE, collector, ROLE)
    for share in (0.2, 0.5, 0.9):
        assert _run(whole[: int(len(whole) * share)]).output == b""


def test_every_section_has_its_frame_in_order() -> None:
    frames = script.expected_frames("sudo", ROLE)
    names = [name for frame, inside in frames.items() for name in inside or (frame,)]
    assert len(names) == len(set(names))
    assert names[0] == script.IDENTITY
    assert names[-2:] == [script.SUDO, script.END]
    assert {section.name for fact in FACTS for section in fact.sections} <= set(names)
    assert all(len(inside) > 1 for name, inside in frames.items() if name.endswith((".open", ".root")))
    assert script.COPY in script.expected_frames("installed")


def test_who_has_no_role_is_asked_for_nothing_of_it() -> None:
    named = {section.name: section.script for fact in FACTS if fact.role for section in fact.sections}
    assert set(named) == {"openstack.root"}
    for collector in ("sudo", "installed"):
        plain = script.compose(NONCE, collector).decode()
        assert "openstack" not in plain
        assert "nova" not in plain
        assert plain != script.compose(NONCE, collector, ROLE).decode()
    assert b"openstack.root" in script.collector_script(ROLE)
    assert b"openstack" not in script.collector_script()
    assert script.collector_copy(ROLE) != script.collector_copy()


def _answered(members: list[Section], seconds: int) -> Frames:
    text = script._run("local.open", members).replace(" 15 ", f" {seconds} ", 1)
    reply = _run(f"{{\nnonce={NONCE}\n{script._PRELUDE}{text}}}\n".encode())
    return unframe(reply.output, NONCE, {"local.open": [section.name for section in members]})


def _section(name: str, text: str) -> Section:
    return Section(f"a.{name}", text, group="local")


def test_a_section_that_hangs_is_ended_alone() -> None:
    hanging = "echo begun; echo waits >&2; sleep 60; echo end"
    frames = _answered([_section("x", "echo 1"), _section("y", hanging), _section("z", "echo 3; exit 7")], 1)
    assert {name: (s.exit_status, s.stdout) for name, s in frames.sections.items()} == {
        "a.x": (0, b"1\n"), "a.y": (124, b"begun\n"), "a.z": (7, b"3\n"),
    }  # fmt: skip
    assert frames.sections["a.y"].stderr.splitlines()[0] == b"waits"
    assert not frames.damaged


def test_sections_of_a_group_leave_each_other_alone() -> None:
    first = "cd /; set -- 1 2; nonce=x; exec 2>/dev/null; exit"
    frames = _answered([_section("x", first), _section("y", 'echo "$# $PWD"; cat'), _section("z", "no-such-program")], 15)
    assert frames.sections["a.x"].exit_status == 0
    assert frames.sections["a.y"].stdout == f"0 {Path.cwd()}\n".encode()
    assert frames.sections["a.z"].exit_status == 127
    assert b"no-such-program" in frames.sections["a.z"].stderr


def test_a_section_that_kills_its_shell_costs_itself_alone() -> None:
    frames = _answered([_section("x", "kill -9 $$"), _section("y", "echo 2")], 15)
    assert (frames.sections["a.x"].exit_status, frames.sections["a.y"].stdout) == (137, b"2\n")


def test_the_nonce_is_found_again_and_checked() -> None:
    assert script.nonce_of(script.compose(NONCE, "installed")) == NONCE
    with pytest.raises(ValueError, match="hexadecimal"):
        script.compose("$(reboot)", "sudo")
    with pytest.raises(ValueError, match="composed"):
        script.nonce_of(b"echo")


def test_the_installed_collector_takes_a_nonce_and_no_other_input() -> None:
    good = subprocess.run(["/bin/sh", "-c", script.collector_script()], input=b"x; id\n", capture_output=True, check=False)
    assert (good.returncode, good.stdout) == (64, b"")


def test_the_rule_for_sudo_allows_no_arguments() -> None:
    assert script.sudoers_line("luxops") == 'luxops ALL=(root) NOPASSWD: /usr/local/libexec/luxops-collect ""\n'
    with pytest.raises(ValueError, match="account"):
        script.sudoers_line("a b")


def test_no_password_hash_leaves_the_host(tmp_path: Path) -> None:
    shadow = tmp_path / "shadow"
    shadow.write_text(
        "a:$y$j9T$SALT$HASHHASH:19000:0:99999:7:::\nb:!$6$SALT$HASH:1::::::\nc:ABHASHHASHxyz:1::::::\nd:$HASH$x:1::::::\n"
    )
    (section,) = [s for s in script.sections() if s.name == "accounts.root"]
    done = subprocess.run(
        ["/bin/sh", "-c", section.script.replace("/etc/shadow", str(shadow))], capture_output=True, text=True, check=False
    )
    reduced = done.stdout.split("@@ shadow")[0]
    assert reduced.splitlines() == [
        "a:hashed:y:19000:0:99999:7::", "b:locked:6:1:::::", "c:hashed:des:1:::::", "d:hashed:?:1:::::",
    ]  # fmt: skip
    assert "HASH" not in done.stdout


def test_no_private_key_leaves_the_host(tmp_path: Path) -> None:
    (tmp_path / "both.pem").write_text(
        "-----BEGIN PRIVATE KEY-----\nSECRET\n-----END PRIVATE KEY-----\n"
        "-----BEGIN CERTIFICATE-----\nPUBLIC\n-----END CERTIFICATE-----\n"
    )
    (section,) = [s for s in script.sections() if s.name == "certificates.root"]
    text = section.script.replace("/etc/luxops/tls", str(tmp_path))
    done = subprocess.run(["/bin/sh", "-c", text], capture_output=True, text=True, check=False)
    assert "PUBLIC" in done.stdout
    assert "SECRET" not in done.stdout
