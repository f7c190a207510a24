"""Every parser: what it makes of a real shape, what it refuses, and what it says where the host did not let it look."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.hosts.samples import SECTIONS, answer

from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.interface import CannotAnswer, ParseError
from luxops.model import FailureReason

PARSERS: dict[str, Any] = {fact.name: fact.parse for fact in FACTS}


def _dump(fact: str, section: str = "", old: str = "", new: str = "", **options: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    changed = {}
    if section:
        assert old in SECTIONS[section]
        changed = {section: SECTIONS[section].replace(old, new)}
    value: dict[str, Any] = PARSERS[fact](answer(changed, **options)).model_dump(mode="json")
    return value


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_value_survives_its_own_json(fact: Any) -> None:  # noqa: ANN401 - HostFact
    value = fact.parse(answer())
    assert type(value).model_validate(value.model_dump(mode="json")) == value


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_an_empty_answer_is_never_an_empty_value(fact: Any) -> None:  # noqa: ANN401 - HostFact
    for section in fact.sections:
        with pytest.raises(ParseError):
            fact.parse(answer({section.name: ""}))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_a_part_without_its_end_is_refused(fact: Any, data: st.DataObject) -> None:  # noqa: ANN401 - HostFact
    section = data.draw(st.sampled_from(fact.sections))
    text = SECTIONS[section.name].rstrip("\n")
    cut = data.draw(st.integers(min_value=0, max_value=len(text) - 1))
    with pytest.raises(ParseError):
        fact.parse(answer({section.name: text[:cut]}))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_lines_after_the_end_are_refused(fact: Any) -> None:  # noqa: ANN401 - HostFact
    for section in fact.sections:
        with pytest.raises(ParseError):
            fact.parse(answer({section.name: SECTIONS[section.name] + "more\n"}))


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_a_program_that_failed_gives_no_value(fact: Any) -> None:  # noqa: ANN401 - HostFact
    required = fact.sections[0].name
    for status, reason in ((127, FailureReason.UNSUPPORTED), (124, FailureReason.TIMEOUT), (1, FailureReason.REFUSED)):
        with pytest.raises(CannotAnswer) as raised:
            fact.parse(answer(statuses={required: status}))
        assert raised.value.failure.reason == reason


@pytest.mark.parametrize(
    ("fact", "section", "old", "new"),
    [
        ("sshd", "sshd.effective", "maxauthtries 4", "maxauthtries four"),
        ("sshd", "sshd.effective", "permitrootlogin no\n", ""),
        ("sysctl", "sysctl.state", "/proc/sys/kernel/randomize_va_space:2\n", ""),
        ("sysctl", "sysctl.root", "/proc/sys/fs", "/proc/fs"),
        ("mounts", "mounts.state", "22 1 254:1 / / rw", "22 1 254:1 / /elsewhere rw"),
        ("modules", "modules.state", "0\n@@ disabled", "yes\n@@ disabled"),
        ("packages", "packages.state", "ii \tdpkg", "xx \tdpkg"),
        ("updates", "updates.state", "seen 412", "seen 0"),
        ("services", "services.units", "@@ install 0", "@@ install 137"),
        ("services", "services.units", "f\t500\t/usr/lib/systemd/system/ssh.service\t\n", "ssh.service\n"),
        ("sockets", "sockets.owners", "[::]:22", "[::x]:22"),
        ("accounts", "accounts.state", "root:shadowed:0:0", "?"),
        ("accounts", "accounts.root", "hashed:y:", "hashed:$y$secret:"),
        ("sudo", "sudo.rules", "%sudo ALL =", "%sudo ALL"),
        ("sudo", "sudo.rules", "@includedir /etc/sudoers.d", "@includedir /opt/sudoers"),
        ("pam", "pam.state", "\tpam_unix.so nullok", ""),
        ("files", "files.root", "81a4 root", "0644 root root"),
        ("files", "files.found", "s 4755 root root /usr/bin/su", "s 4755 root"),
        ("nftables", "nftables.ruleset", '"metainfo"', '"meta"'),
        ("nftables", "nftables.ruleset", '"policy": "drop"', '"other": "drop"'),
        ("nftables", "nftables.ruleset", '"chain": "input", "handle": 2', '"chain": "gone", "handle": 2'),
        ("timesync", "timesync.state", "/etc/chrony/chrony.conf:pool", "/etc/chrony/chrony.conf:swimming"),
        ("logging", "logging.state", 'port="6514"', 'port="many"'),
        ("audit", "audit.root", "enabled 2", "enabled maybe"),
        ("kernel", "kernel.state", "[integrity]", "integrity"),
        ("certificates", "certificates.root", "file /etc/luxops/tls/service.pem\n", ""),
    ],
)
def test_what_no_host_prints_is_refused(fact: str, section: str, old: str, new: str) -> None:
    with pytest.raises(ParseError):
        _dump(fact, section, old, new)


def test_sshd() -> None:
    value = _dump("sshd")
    assert value["effective"]["maxauthtries"] == 4
    assert value["effective"]["port"] == [22]
    assert value["effective"]["acceptenv"] == ["LANG", "LC_*"]
    assert value["effective"]["allowusers"] == []
    assert value["matches"] == [{"criteria": "User backup", "settings": ["passwordauthentication yes"]}]
    assert value["files"]["/etc/ssh/ssh_host_ed25519_key"]["mode"] == "0600"


def test_an_include_that_nobody_looked_into_is_unreadable() -> None:
    assert "$unreadable" in _dump("sshd", "sshd.effective", "include /etc/ssh/sshd_config.d", "include /opt")["matches"]


def test_sysctl_tells_absent_from_unreadable() -> None:
    value = _dump("sysctl")
    assert value["values"]["net.ipv4.conf.eth0/7.rp_filter"] == 0
    assert value["values"]["kernel.printk"] == "4 4 1 7"
    assert "$unreadable" in value["values"]["net.core.bpf_jit_enable"]
    assert "kernel.yama.ptrace_scope" in value["absent"]
    assert "kernel.yama.ptrace_scope" not in value["values"]


def test_a_read_only_file_system_is_read_only_whatever_its_mount_says() -> None:
    assert _dump("mounts")["mounts"]["/media/with space"]["options"] == ["ro"]


def test_modules_worst_state_counts() -> None:
    state = _dump("modules")["state"]
    assert {name: state[name] for name in ("cramfs", "udf", "squashfs", "usb_storage", "firewire_core", "sctp")} == {
        "cramfs": "blocked", "udf": "available", "squashfs": "builtin", "usb_storage": "loaded",
        "firewire_core": "blacklisted", "sctp": "absent",
    }  # fmt: skip


def test_without_the_running_kernels_index_only_a_block_is_known() -> None:
    state = _dump("modules", "modules.state", "@@ index 0", "@@ index 1")["state"]
    assert state["cramfs"] == "blocked"
    assert "$unreadable" in state["sctp"]


def test_packages() -> None:
    value = _dump("packages")
    assert value["installed"]["libc6:i386"] == "2.36-9"
    assert (value["broken"], value["residual"], value["held"]) == (["broken"], ["telnetd"], ["linux-base"])


def test_updates_count_as_security_where_any_of_their_sources_is() -> None:
    value = _dump("updates")
    assert value["security"] == ["openssl"]
    assert set(value["pending"]) == {"openssl", "tzdata"}
    assert value["lists_age_days"] == 4


def test_a_host_that_never_fetched_lists_has_no_updates_to_tell() -> None:
    with pytest.raises(CannotAnswer):
        _dump("updates", "updates.state", "_Packages", "_Contents")


def test_services() -> None:
    value = _dump("services")
    assert value["failed"] == ["broken.service"]
    assert value["units"]["rsync.service"] == {"active": "inactive", "sub": "dead", "enabled": "disabled"}
    assert not {"gone.service", "user@1000.service", "getty@.service"} & value["units"].keys()
    states = {name: unit["enabled"] for name, unit in value["units"].items()}
    # A file in .wants starts nothing, nor does a second name that no [Install] gives.
    assert states == {
        "ssh.service": "enabled", "auditd.service": "enabled", "rsyslog.service": "enabled", "broken.service": "static",
        "systemd-timesyncd.service": "enabled", "dbus-org.freedesktop.timesync1.service": "alias", "other.service": "alias",
        "cups.service": "masked", "hand.service": "disabled", "rsync.service": "disabled",
    }  # fmt: skip


def test_a_unit_whose_install_section_was_not_read_is_neither_static_nor_disabled() -> None:
    units = _dump("services", "services.units", "@@ install 0", "@@ install 2")["units"]
    assert "$unreadable" in units["broken.service"]["enabled"]
    assert units["ssh.service"]["enabled"] == "enabled"
    assert units["rsync.service"]["enabled"] == "disabled"


def test_a_unit_without_its_link_is_not_enabled() -> None:
    link = "l\t40\t/etc/systemd/system/multi-user.target.wants/ssh.service\t/usr/lib/systemd/system/ssh.service\n"
    assert _dump("services", "services.units", link, "")["units"]["ssh.service"]["enabled"] == "disabled"


def test_sockets() -> None:
    by_port = {(s["protocol"], s["port"], s["address"]): s for s in _dump("sockets")["listening"]}
    assert by_port["tcp", 22, "0.0.0.0"]["processes"] == ["sshd", "systemd"]  # noqa: S104 - an address to compare
    assert by_port["udp", 53, "127.0.0.53"]["loopback"]
    assert by_port["udp", 53, "127.0.0.53"]["user"] == "systemd-resolve"
    assert "$unreadable" in by_port["tcp", 2049, "*"]["processes"]


def test_accounts() -> None:
    value = _dump("accounts")
    assert value["duplicate_uids"] == [1000]
    assert value["users"]["twin"]["password"] == "empty"
    assert value["passwords"]["luxops"]["algorithm"] == "yescrypt"
    assert value["passwords"]["old"] == {
        "state": "locked", "algorithm": "sha512", "changed_on": "1970-01-01", "min_days": 0, "max_days": 99999,
        "warn_days": 7, "inactive_days": None, "expires_on": "",
    }  # fmt: skip
    assert value["passwords"]["luxops"]["inactive_days"] == 30
    assert value["login_defs"] == {"UID_MIN": 1000, "UMASK": "077", "ENCRYPT_METHOD": "YESCRYPT"}
    assert value["authorized_keys"]["luxops"]["keys"] == [{"type": "ssh-ed25519", "options": ["from", "restrict"]}]


def test_sudo() -> None:
    value = _dump("sudo")
    assert value["defaults"] == {"use_pty": True, "authenticate": False, "timestamp_timeout": 5}
    shown = [(r["who"], r["commands"], r["nopasswd"], r["all_commands"]) for r in value["rules"]]
    assert shown == [
        (["root"], ["ALL"], False, True),
        (["%sudo"], ["/usr/bin/id -u"], True, False),
        (["%sudo"], ["EVERY"], False, True),
        (["luxops"], ["ALL"], True, True),
    ]


def test_a_folder_that_sudoers_does_not_include_grants_nothing() -> None:
    rules = _dump("sudo", "sudo.rules", "/etc/sudoers:7:@includedir /etc/sudoers.d\n", "")["rules"]
    assert [rule["who"] for rule in rules] == [["root"], ["%sudo"], ["%sudo"]]


def test_pam() -> None:
    value = _dump("pam")
    assert value["stacks"]["su"] == [{"type": "include", "control": "", "module": "common-auth", "arguments": []}]
    assert value["stacks"]["common-auth"][1]["module"] == "pam_cap.so"
    assert value["pwquality"] == {"minlen": 14, "enforce_for_root": True}


def test_a_search_that_did_not_finish_found_nothing_to_rely_on() -> None:
    value = _dump("files", "files.found", "@@ found 0", "@@ found 124")
    assert all("$unreadable" in value[name] for name in ("setid", "world_writable_directories", "unowned"))
    assert value["paths"]["/tmp"]["mode"] == "1777"  # noqa: S108 - a name to compare


def test_nftables() -> None:
    value = _dump("nftables")
    (chain,) = value["hooks"]["input"]
    assert chain["policy"] == "drop"
    assert [rule["verdict"] for rule in chain["rules"]] == ["accept", "drop"]
    assert chain["rules"][0]["matches"] == ["tcp dport == {22, 8000-8010}"]
    assert value["hooks"]["forward"] == []


def test_timesync_counts_the_servers_of_the_service_in_use() -> None:
    value = _dump("timesync")
    assert value["servers"] == ["10.250.0.9", "10.250.1.9"]
    assert value["synchronised"] is True
    assert value["timezone"] == "Europe/Luxembourg"


def test_logging() -> None:
    value = _dump("logging")
    assert value["journald"]["Storage"] == "auto"
    assert value["persistent"]
    assert [(t["host"], t["port"], t["tls"]) for t in value["forward_targets"]] == [
        ("10.250.0.10", 6514, True), ("10.250.1.10", 1514, False),
    ]  # fmt: skip


def test_audit() -> None:
    value = _dump("audit")
    assert value["config"] == {"max_log_file": 8, "space_left_action": "EMAIL"}
    assert value["keys"] == ["identity", "privileged"]
    assert value["watched"] == ["/etc/passwd", "/usr/bin/sudo"]
    assert "$unreadable" in _dump("audit", "audit.root", "@@ loaded 0", "@@ loaded 1")["loaded_rules"]


def test_kernel() -> None:
    value = _dump("kernel")
    assert value["reboot_required"]
    assert value["cmdline"]["quiet"] == ""
    assert value["secure_boot"] is True
    container = _dump("kernel", "kernel.state", "none\n@@ container", "systemd-nspawn\n@@ container")
    assert not container["reboot_required"]


def test_certificates() -> None:
    value = _dump("certificates")
    (certificate,) = value["certificates"]
    assert certificate["days_left"] == 29
    assert (certificate["key_type"], certificate["key_bits"], certificate["self_signed"]) == ("ec", 256, True)
    assert list(value["keys"]) == ["/etc/luxops/tls/service.key"]
    assert list(value["broken"]) == ["/etc/ssl/empty.crt"]


PARTLY = {"sysctl", "sockets", "accounts", "audit", "kernel"}


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: fact.name)
def test_refused_sudo_is_said_and_never_looks_like_nothing_there(fact: Any) -> None:  # noqa: ANN401 - HostFact
    if not any(section.privileged for section in fact.sections):
        assert fact.parse(answer(refused="sudo was refused")) == fact.parse(answer())
    elif fact.name in PARTLY:
        assert "sudo was refused" in fact.parse(answer(refused="sudo was refused")).model_dump_json()
    else:
        with pytest.raises(CannotAnswer, match="sudo was refused"):
            fact.parse(answer(refused="sudo was refused"))
