from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.lab import ROOT, luxops

from luxops.federation import load_federation
from luxops.lab import bringup, cgroups, instance, inventory, routing, safety, wiring
from luxops.lab.images import BUILD
from luxops.lab.lab import Lab
from luxops.lab.running import active
from luxops.lab.shell import attempt, run
from luxops.lab.state import LOCK
from luxops.settings import Settings

pytestmark = pytest.mark.lab
NAMES = sorted([*inventory.HOSTS, *inventory.ROUTERS])


PROGRAM = str(Path(sys.executable).with_name("luxops"))


def _up() -> subprocess.Popen[str]:
    command = [PROGRAM, "lab", "up"]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _root_addresses() -> list[str]:
    listing = json.loads(run("ip", "-j", "-4", "address"))
    return [info["local"] for device in listing for info in device["addr_info"]]


def test_every_instance_runs_without_a_failed_unit(lab: Lab) -> None:
    found = lab.status()
    assert sorted(status.name for status in found) == NAMES
    assert {status.state for status in found} == {"running"}
    assert [status.failed_units for status in found] == [()] * len(NAMES)


def test_an_instance_answers_with_its_id_as_its_name(lab: Lab) -> None:
    assert {name: instance.inside(name, "hostname").strip() for name in NAMES} == {name: name for name in NAMES}
    assert all(lab.answers(member) for member in lab.members())


def test_up_again_changes_nothing(lab: Lab) -> None:
    before = {status.name: status.pid for status in lab.status()}
    assert bringup.up(lab, ROOT / "inventory", ["host", "router"]) is False
    assert {status.name: status.pid for status in lab.status()} == before


def test_all_prefixes_are_unreachable_here_and_none_of_their_addresses_is_this_machines(lab: Lab) -> None:
    prefixes = safety.prefixes(lab.federation())
    assert len(prefixes) >= 5
    safety.verify(prefixes)
    for member in lab.members():
        refused = attempt("ip", "route", "get", str(member.address))
        assert refused.returncode != 0, refused.stdout
    inside = {str(member.address) for member in lab.members()}
    assert not inside & set(_root_addresses())


def test_no_cable_leads_from_the_lab_into_the_root_namespace(lab: Lab) -> None:
    lab.members()
    ends = json.loads(run("ip", "-j", "link", "show", "type", "veth") or "[]")
    assert [end["ifname"] for end in ends if end.get("link_netns", "").startswith("luxops-")] == []


def test_an_instance_cannot_reach_the_outside(lab: Lab) -> None:
    gateway = "192.0.2.1"
    for member in lab.members():
        tried = instance.try_inside(member.name, "ping", "-c", "1", "-W", "1", gateway)
        assert tried.returncode != 0, member.name


def test_sessions_are_established_on_every_router(lab: Lab) -> None:
    for router in inventory.ROUTERS:
        peers = routing.show(router, "show bgp ipv4 unicast summary")["peers"]
        assert len(peers) == len(lab.federation().links_of(router))
        assert {peer["state"] for peer in peers.values()} == {"Established"}
        assert routing.settled(router)


def test_a_declared_flow_passes_edge_fibre_and_core_and_an_undeclared_one_does_not(lab: Lab) -> None:
    lab.members()
    ask = "import socket,sys; s=socket.create_connection((sys.argv[1], int(sys.argv[2])), 3); print(s.recv(99).decode())"
    declared = instance.try_inside("hrs-his1", "python3", "-c", ask, "10.8.9.10", "2576")
    assert declared.stdout.strip() == "mirth-dc2", declared.stderr
    undeclared = instance.try_inside("hrs-his1", "python3", "-c", ask, "10.8.9.10", "443")
    assert undeclared.returncode != 0
    assert "timed out" in undeclared.stderr


def test_status_and_exec_on_the_command_line(lab: Lab) -> None:
    lab.members()
    status = luxops("lab", "status", "--output", "json")
    document = json.loads(status.stdout)
    assert (status.returncode, document["schema"]) == (0, "luxops/lab-status/1")
    assert sorted(entry["name"] for entry in document["instances"]) == NAMES
    done = luxops("lab", "exec", "chl-edge1", "--", "sh", "-c", "hostname; exit 7")
    assert (done.returncode, done.stdout) == (7, "chl-edge1\n")
    wrong = luxops("lab", "exec", "chl-edg1", "--", "true")
    assert wrong.returncode == 2
    assert "did you mean `chl-edge1`" in wrong.stderr


def test_other_commands_use_the_running_lab(lab: Lab) -> None:
    settings = active(Settings(lab=Settings().lab.model_copy(update={"state": lab.state.folder})))
    assert settings is not None
    assert settings.inventory == lab.state.inventory
    assert settings.connection.network_namespace == "luxops-mgmt"
    assert settings.connection.known_hosts == lab.state.known_hosts
    assert active(Settings(lab=Settings().lab.model_copy(update={"state": lab.state.folder / "other"}))) is None


def test_an_instance_rebooted_from_inside_comes_back(lab: Lab) -> None:
    before = instance.leader_of("mirth-dc2")
    instance.try_inside("mirth-dc2", "systemctl", "reboot")
    deadline = time.monotonic() + 60
    member = lab.member("mirth-dc2")
    while instance.leader_of("mirth-dc2") in {before, None} or not lab.answers(member):
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert instance.inside("mirth-dc2", "hostname").strip() == "mirth-dc2"


def test_what_a_killed_up_left_is_no_hindrance(lab: Lab) -> None:
    lab.down()
    killed = _up()
    deadline = time.monotonic() + 60
    while len(cgroups.running()) < 5:
        assert time.monotonic() < deadline
        assert killed.poll() is None
        time.sleep(0.02)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert active(Settings()) is None
    assert instance.mounts()
    assert bringup.up(lab, ROOT / "inventory", ["host", "router"]) is True
    assert {status.state for status in lab.status()} == {"running"}


def test_what_a_killed_build_started_is_ended(lab: Lab) -> None:
    lab.down()
    orphan = subprocess.Popen(cgroups.joined(BUILD, "sleep", "600"))
    while not cgroups.processes_of(BUILD):
        time.sleep(0.01)
    assert lab.down() is True
    assert orphan.wait(timeout=10) == -signal.SIGKILL
    assert cgroups.names() == []
    bringup.up(lab, ROOT / "inventory", ["host", "router"])


def test_ctrl_c_during_up_leaves_nothing(lab: Lab) -> None:
    lab.down()
    stopped = _up()
    deadline = time.monotonic() + 60
    while len(cgroups.running()) < 3:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    stopped.send_signal(signal.SIGINT)
    _, said = stopped.communicate(timeout=60)
    assert stopped.returncode == 130, said
    assert "Traceback" not in said
    assert (cgroups.names(), instance.mounts(), wiring.existing(), safety.fenced()) == ([], {}, [], set())
    assert bringup.up(lab, ROOT / "inventory", ["host", "router"]) is True


def test_two_ups_at_once_are_one_after_the_other(lab: Lab) -> None:
    lab.down()
    both = [_up(), _up()]
    said = [process.communicate(timeout=240) for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    # One of the two made it, or neither, where somebody else on this machine was quicker; never both.
    assert sum("The lab is up:" in out for out, _ in said) <= 1
    assert any("waiting for it" in errors for _, errors in said)
    assert {status.state for status in lab.status()} == {"running"}
    assert LOCK.exists()


def test_a_lab_of_another_folder_is_taken_over(lab: Lab, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir(mode=0o700)
    (other / "images").symlink_to(lab.state.images)
    said: list[str] = []
    second = Lab(other, said.append)
    bringup.up(second, ROOT / "inventory", ["host"])
    assert any(f"taking over from the lab in {lab.state.folder}" in line for line in said)
    assert {Path(point).is_relative_to(other) for point in instance.mounts()} == {True}
    assert sorted(status.name for status in second.status()) == sorted(inventory.HOSTS)
    second.down()
    bringup.up(lab, ROOT / "inventory", ["host", "router"])


def test_down_leaves_nothing_behind(lab: Lab) -> None:
    assert lab.down() is True
    assert (cgroups.names(), instance.mounts(), wiring.existing(), safety.fenced()) == ([], {}, [], set())
    assert not lab.state.inventory.exists()
    assert active(Settings()) is None
    status = luxops("lab", "status")
    assert status.returncode == 2
    assert "luxops lab up" in status.stderr
    assert lab.down() is False
    keys = lab.state.known_hosts.read_text()
    bringup.up(lab, ROOT / "inventory", ["host", "router"])
    assert lab.state.known_hosts.read_text() == keys
    assert load_federation(lab.state.inventory).routers.keys() == set(inventory.ROUTERS)
