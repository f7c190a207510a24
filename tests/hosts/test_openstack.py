"""OpenStack's configuration on a controller: read as oslo.config reads it, reduced on the host, judged by the real policies."""

from __future__ import annotations

import importlib.util
import re
import string
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from tests.hosts.controllers import EMPTY, keystone, printed, told
from tests.hosts.controllers import settings as lines_of
from tests.hosts.samples import CONTROLLERS, HOST, NOW, answer
from tests.support.answers import ordered

from luxops.domains.hosts.facts import FACTS
from luxops.domains.hosts.facts.interface import ParseError
from luxops.domains.hosts.facts.openstack import Openstack, parse
from luxops.domains.hosts.facts.openstack_settings import REDUCE, SERVICES, TABLE
from luxops.evaluation import Evaluator
from luxops.evaluation.answering import by_cel
from luxops.model import FactName, Observation, Target, TargetKind, Unreadable, Verdict
from luxops.policies import load_policies, read_expression
from luxops.policies.quick import DOUBTS

SAMPLES = {name: (CONTROLLERS / f"{name}.answer").read_text() for name in ("hardened", "careless")}
SECRETS = (
    "vB2xTe9LmZ0s",
    "rTyUi0x",
    "Yt6uRe4",
    "mGb3Xc7",
    "nMq9Wz2",
    "tYu8Io2",
    "gHj2Kl4",
    "eRt6Yu0",
    "LdapPassword",
    "457eb676",
    "0000000",
)
slow = pytest.mark.slow
runs = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def _parsed(text: str) -> Openstack:
    value = parse(answer({"openstack.root": text}))
    assert isinstance(value, Openstack)
    return value


def _changed(old: str, new: str, name: str = "hardened") -> Any:  # noqa: ANN401 - JSON
    assert old in SAMPLES[name]
    return _parsed(SAMPLES[name].replace(old, new)).model_dump(mode="json")["services"]


@cache
def _evaluator() -> Evaluator:
    return Evaluator(load_policies(Path(__file__).parents[2] / "policies"))


def _verdicts(text: str) -> dict[str, Verdict]:
    target = Target(id=HOST, kind=TargetKind.HOST, hospital="chl", labels={"role": "controller"})
    observed = [Observation.of(HOST, FactName("openstack"), _parsed(text), NOW)]
    found = _evaluator().evaluate(target, observed, NOW)
    return {str(f.policy): f.verdict for f in found if str(f.policy).startswith("openstack-")}


def test_a_hardened_controller_passes_every_policy_that_applies() -> None:
    verdicts = _verdicts(SAMPLES["hardened"])
    assert len(verdicts) > 50
    others = {policy: verdict for policy, verdict in verdicts.items() if verdict is not Verdict.PASS}
    assert others == {"openstack-keystone-ldap-tls": Verdict.NOT_APPLICABLE}


def test_a_careless_controller_fails_every_policy_that_applies() -> None:
    others = {policy: verdict for policy, verdict in _verdicts(SAMPLES["careless"]).items() if verdict is not Verdict.FAIL}
    assert others == {
        "openstack-configured": Verdict.PASS,
        "openstack-debug-off": Verdict.UNKNOWN,  # nova-api is told otherwise than the rest of Nova
        "openstack-nova-migration-tls": Verdict.NOT_APPLICABLE,
        "openstack-notifications-tls": Verdict.PASS,
    }


def test_a_controller_without_openstack_is_told_so() -> None:
    assert _parsed(EMPTY).services == {}
    verdicts = _verdicts(EMPTY)
    assert verdicts.pop("openstack-configured") is Verdict.FAIL
    assert set(verdicts.values()) == {Verdict.NOT_APPLICABLE}


@pytest.mark.parametrize("labels", [{}, {"role": "edge"}])
@pytest.mark.parametrize("name", [None, *SAMPLES])
def test_other_hosts_have_no_verdict_on_openstack(labels: dict[str, str], name: str | None) -> None:
    """Not even where someone observed it: neither PASS nor FAIL, and not UNKNOWN, because they are not asked."""
    target = Target(id=HOST, kind=TargetKind.HOST, hospital="chl", labels=labels)
    observed = [Observation.of(HOST, FactName("openstack"), _parsed(SAMPLES[name]), NOW)] if name else []
    found = [f for f in _evaluator().evaluate(target, observed, NOW) if str(f.policy).startswith("openstack-")]
    assert len(found) == 60
    assert {f.verdict for f in found} == {Verdict.NOT_APPLICABLE}
    assert {f.reason for f in found} == {"not looked at: the inventory declares it no controller"}


def test_a_controller_that_was_not_observed_is_unknown() -> None:
    target = Target(id=HOST, kind=TargetKind.HOST, hospital="chl", labels={"role": "controller"})
    found = _evaluator().evaluate(target, [], NOW)
    assert {f.verdict for f in found} == {Verdict.UNKNOWN}


def test_what_only_a_role_is_asked_is_needed_by_policies_on_that_role_alone() -> None:
    roles = {fact.name: fact.role for fact in FACTS if fact.role}
    assert roles == {"openstack": "controller"}
    for policy in load_policies(Path(__file__).parents[2] / "policies").policies:
        assert {roles.get(fact, "") for fact in policy.needs} <= {policy.role, ""}, policy.id
        assert not policy.role or policy.role in {roles.get(fact) for fact in policy.needs}, policy.id


def test_policies_ask_for_no_setting_that_a_host_does_not_tell() -> None:
    known = {(section, key) for _, _, section, key in map(str.split, TABLE.splitlines())}
    services = _changed("", "")
    asked = 0
    for policy in load_policies(Path(__file__).parents[2] / "policies").policies:
        for match in re.finditer(r"services\.?(\w+|\[s\])\.settings\.(\w+)\.(\w+)", f"{policy.check} {policy.when}"):
            service, section, key = match.groups()
            assert (section, key) in known, (policy.id, section, key)
            assert key in services[service.replace("[s]", "nova")]["settings"][section], (policy.id, section, key)
            asked += 1
    assert asked > 80


@pytest.mark.parametrize("name", SAMPLES)
def test_python_and_cel_answer_alike(name: str) -> None:
    facts = {"openstack": _parsed(SAMPLES[name]).model_dump(mode="json"), "target": {"labels": {}}, "now": 1768435200}
    answered = left = 0
    for policy in load_policies(Path(__file__).parents[2] / "policies").policies:
        for expression in map(read_expression, filter(None, (policy.check, policy.when, policy.show)) if policy.role else ()):
            try:
                answer = expression.quick(facts) if expression.quick is not None else DOUBTS
            except DOUBTS:
                answer = DOUBTS
            if answer is DOUBTS:
                left += 1
                continue
            answered += 1
            assert ordered(answer) == ordered(by_cel(expression, facts)), expression.text
    assert answered > 130
    assert left < 10


def test_settings_in_force() -> None:
    services = _parsed(SAMPLES["hardened"]).model_dump(mode="json")["services"]
    nova, cinder = services["nova"]["settings"], services["cinder"]
    assert nova["keystone_authtoken"]["www_authenticate_uri"] == ["https"]  # over its older name, auth_uri
    assert nova["oslo_policy"]["enforce_scope"] is True  # nova.conf.d
    assert nova["oslo_messaging_rabbit"]["ssl"] is True  # as rabbit_use_ssl
    assert nova["placement"]["insecure"] is None
    assert nova["database"]["connection"] == {"scheme": "mysql+pymysql", "local": False, "password": "set", "tls": "verified"}
    assert services["neutron"]["settings"]["ovn"]["ovn_nb_connection"] == ["ssl", "ssl"]  # ml2_conf.ini
    assert cinder["backends"]["Nfs1"] == {
        "volume_driver": "cinder.volume.drivers.nfs.NfsDriver",
        "nas_secure_file_permissions": "auto", "nas_secure_file_operations": True,
    }  # fmt: skip
    assert services["keystone"]["keys"]["/etc/keystone/fernet-keys/0"]["mode"] == "0600"
    assert "/etc/keystone/fernet-keys" not in services["keystone"]["files"]
    assert services["nova"]["policy_files"] == ["/etc/nova/policy.yaml"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("enforce_scope\tTrue\n", "enforce_scope\tTrue\nmore\n"),
        ("nova\n", "swift\n"),
        ("nova\n", "nova\nnova\n"),
        ("neutron\n", ""),
        ("\tmysql+pymysql remote set ssl_ca=set", "\tmysql+pymysql://nova:secret@db/nova"),
        ("\tmysql+pymysql remote set ssl_ca=set", "\tmysql+pymysql somewhere set"),
        ("\tmysql+pymysql remote set ssl_ca=set", "\tmysql+pymysql remote hunter2"),
        ("\tmysql+pymysql remote set ssl_ca=set", "\tmysql+pymysql remote set password=set"),
        ("metadata_proxy_shared_secret\tset", "metadata_proxy_shared_secret\thunter2"),
        ("DEFAULT\tdebug\tfalse", "DEFAULT\tdebug\tfalsehood"),
        ("DEFAULT\tdebug\tfalse", "DEFAULT\trabbit_password\tset"),
        ("/etc/nova/nova.conf\tDEFAULT\tdebug", "/etc/nova/other.conf\tDEFAULT\tdebug"),
        ("/etc/nova/nova.conf\tDEFAULT\tdebug", "/etc/nova/nova.conf\tDEFAULT\tssl_only"),
        ("@@ modes 0", "@@ modes 1"),
    ],
)  # fmt: skip
def test_what_no_controller_prints_is_refused(old: str, new: str) -> None:
    with pytest.raises(ParseError):
        _changed(old, new)


def test_what_could_not_be_read_is_neither_absent_nor_default() -> None:
    whole = _changed("@@ settings 0", "@@ settings 3")
    assert all("$unreadable" in whole[service]["settings"] for service in SERVICES)
    for line in ("! /etc/nova/nova.conf", "? /etc/nova/nova.conf.d/10-scope.conf"):
        services = _changed("@@ settings 0", f"{line}\n@@ settings 0")
        assert "$unreadable" in services["nova"]["settings"]
        assert services["cinder"]["settings"]["DEFAULT"]["debug"] is False
    gone = _changed("@@ services 0", "! /etc/cinder/cinder.conf.d/x.conf\n@@ services 0")["cinder"]
    assert "$unreadable" in gone["settings"]
    assert "$unreadable" in gone["backends"]
    assert "$unreadable" in gone["files"]["/etc/cinder/cinder.conf.d/x.conf"]


def test_a_value_of_another_shape_is_unreadable() -> None:
    for shown in ("?", "https,?"):
        nova = _changed("glance\tapi_servers\thttps,https", f"glance\tapi_servers\t{shown}")["nova"]["settings"]
        assert "$unreadable" in nova["glance"]["api_servers"]
    assert "$unreadable" in _changed("enabled_backends\tceph, Nfs1", "enabled_backends\t?")["cinder"]["backends"]
    odd = _changed("enabled_backends\tceph, Nfs1", "enabled_backends\tceph +1")["cinder"]["backends"]["ceph +1"]
    assert "$unreadable" in odd["nas_secure_file_permissions"]


def test_what_one_program_is_told_otherwise_has_no_one_value() -> None:
    nova = _parsed(SAMPLES["careless"]).services["nova"].settings
    assert not isinstance(nova, Unreadable)
    assert isinstance(nova["DEFAULT"]["debug"], Unreadable)
    assert isinstance(nova["DEFAULT"]["ssl_only"], Unreadable)
    same = _changed("local.conf\tDEFAULT\tdebug\tfalse", "local.conf\tDEFAULT\tdebug\tyes", "careless")["nova"]["settings"]
    assert same["DEFAULT"]["debug"] is True


def test_rules_keys_and_sources_elsewhere_were_not_looked_at() -> None:
    line = "/etc/neutron/neutron.conf\toslo_policy\tenforce_scope\ttrue\n"
    rules = _changed(line, f"{line}/etc/neutron/neutron.conf\toslo_policy\tpolicy_file\t/opt/rules.yaml\n")["neutron"]
    assert rules["policy_files"] == ["/opt/rules.yaml"]
    assert "$unreadable" in rules["files"]["/opt/rules.yaml"]
    keys = _changed("key_repository\t/etc/keystone/fernet-keys/", "key_repository\t/srv/keys")["keystone"]
    assert "$unreadable" in keys["keys"]
    folders = _changed(line, f"{line}/etc/neutron/neutron.conf\toslo_policy\tpolicy_dirs\tpolicy.d,/srv/rules.d\n")["neutron"]
    assert folders["policy_files"] == ["/srv/rules.d"]
    assert "$unreadable" in folders["files"]["/srv/rules.d"]
    login = _changed(line, f"{line}/etc/neutron/neutron.conf\tkeystone_authtoken\tauth_section\tservice\n")["neutron"]
    assert "$unreadable" in login["settings"]["keystone_authtoken"]["password"]
    assert "$unreadable" in login["settings"]["keystone_authtoken"]["auth_url"]
    assert login["settings"]["keystone_authtoken"]["insecure"] is None
    source = _changed(line, f"{line}/etc/neutron/neutron.conf\tDEFAULT\tconfig_source\tset\n")["neutron"]
    assert "$unreadable" in source["settings"]


@slow
@pytest.mark.parametrize("name", SAMPLES)
def test_the_script_prints_what_the_sample_says(name: str) -> None:
    text = printed(CONTROLLERS / name)
    assert lines_of(text) == lines_of(SAMPLES[name])
    assert text.startswith("\n".join(SERVICES))
    assert not [secret for secret in SECRETS if secret in text]


@slow
def test_a_host_without_openstack_starts_no_program(tmp_path: Path) -> None:
    (tmp_path / "etc/keystone/fernet-keys").mkdir(parents=True)
    (tmp_path / "etc/glance").mkdir()
    (tmp_path / "etc/glance/rootwrap.conf").touch()
    assert printed(tmp_path) == EMPTY


@slow
def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    keystone(tmp_path, "[token]\nprovider = fernet\n")
    keystone(tmp_path, "provider = fernet\n", "keystone.conf.d/no-section.conf")
    (tmp_path / "etc/keystone/keystone.conf.d/folder.conf").mkdir()
    (tmp_path / "etc/keystone/keystone.conf.d/gone.conf").symlink_to("nowhere")
    text = printed(tmp_path)
    assert "! /etc/keystone/keystone.conf.d/gone.conf\n@@ services" in text
    assert lines_of(text)[:2] == [
        "! /etc/keystone/keystone.conf.d/folder.conf",
        "/etc/keystone/keystone.conf\ttoken\tprovider\tfernet",
    ]
    assert lines_of(text)[2:] == ["? /etc/keystone/keystone.conf.d/no-section.conf"]
    (tmp_path / "etc/keystone/keystone.conf").unlink()
    (tmp_path / "etc/keystone/keystone.conf").symlink_to("nowhere")
    assert printed(tmp_path).startswith("keystone\n! /etc/keystone/keystone.conf\n")


@slow
def test_a_drop_in_of_any_name_is_read(tmp_path: Path) -> None:
    keystone(tmp_path, "[DEFAULT]\n")
    keystone(tmp_path, "[DEFAULT]\ninsecure_debug = true\n", "keystone.conf.d/logging.conf")
    keystone(tmp_path, "[DEFAULT]\ninsecure_debug = true\n", "keystone.conf.d/a b=c.conf")
    assert len(lines_of(printed(tmp_path))) == 2


@slow
def test_what_adds_to_itself_is_told_whole_and_the_rest_by_its_last_line(tmp_path: Path) -> None:
    text = "[oslo_policy]\npolicy_dirs = /srv/a\npolicy_dirs = /srv/b\npolicy_file = x.yaml\npolicy_file = y.yaml\n"
    keystone(tmp_path, f"{text}[oslo_policy]\npolicy_dirs = /srv/c\n")
    keystone(tmp_path, "[oslo_policy]\npolicy_dirs = /srv/d\npolicy_file = z.yaml\n", "keystone.conf.d/more.conf")
    shown = printed(tmp_path)
    assert "\tpolicy_dirs\t/srv/a,/srv/b,/srv/c\n" in shown
    assert "\tpolicy_file\ty.yaml\n" in shown
    rules = _parsed(shown.replace(str(tmp_path), "")).services["keystone"].policy_files
    assert rules == ("/etc/keystone/z.yaml", "/srv/a", "/srv/b", "/srv/c", "/srv/d")


@slow
@pytest.mark.parametrize(
    ("written", "state"),
    [
        ("$db_password_x", "?"),
        ("${DEFAULT.other_one}", "?"),
        ("a$$bcdefghijkl", "set"),
        ("abcdefghijkl$", "set"),
        ("ab$", "short"),
    ],
)
def test_a_secret_that_refers_elsewhere_is_not_judged_by_the_reference(tmp_path: Path, written: str, state: str) -> None:
    text = f"[keystone_authtoken]\npassword = {written}\n[database]\nconnection = mysql://n:{written}@db/n\n"
    found = told(printed(keystone(tmp_path, text)))
    assert found["keystone_authtoken", "password"] == state
    assert found["database", "connection"] == ("?" if state == "?" else f"mysql remote {state}")


@slow
def test_a_file_without_end_is_given_up(tmp_path: Path) -> None:
    keystone(tmp_path, "[DEFAULT]\n" + "debug = true\n" * 200_001)
    text = printed(tmp_path)
    assert text.endswith("@@ settings 3\n")
    assert len(text) < 1000


def test_no_program_gets_an_argument_that_sudo_would_refuse() -> None:
    assert len(REDUCE.encode()) < 4096
    assert "'" not in REDUCE + TABLE


_CONNECTIONS = [
    ("mysql+pymysql://n:Abcdefghijkl1@db/n", "mysql+pymysql remote set"),
    (
        "mysql+pymysql://n:Abc/?defghijkl1@db/n?charset=utf8&ssl_ca=/x&ssl_check_hostname=false",
        "mysql+pymysql remote set ssl_ca=set ssl_check_hostname=false",
    ),
    ("mysql://n:short@127.0.0.1:3306/n", "mysql local short"),
    ("mysql://n:@[::1]/n?ssl_ca=", "mysql local blank"),
    ("mysql://n@localhost/n", "mysql local none"),
    ("postgresql:///n?host=db.example&sslmode=require", "postgresql remote none sslmode=require"),
    ("postgresql:///n?host=/run/postgresql", "postgresql local none"),
    ("sqlite:////var/lib/n.sqlite", "sqlite local none"),
    ("not a url", "?"),
    ("", "?"),
    ("rabbit://a:Abcdefghijkl1@h1:5671,b:guest@h2:5671/v?ssl=1", "rabbit remote set,default ssl=1"),
    ("rabbit://", "rabbit local none"),
    ("mysql://n:NOVA_DBPASS@db/n?sslmode=%41", "mysql remote default sslmode=?"),
]  # fmt: skip


@slow
@pytest.mark.parametrize(("url", "shown"), _CONNECTIONS)
def test_what_a_connection_tells(tmp_path: Path, url: str, shown: str) -> None:
    found = told(printed(keystone(tmp_path, f"[database]\nconnection = {url}\n")))
    assert found == {("database", "connection"): shown}


_TLS = [
    ("", "no"), (" ssl_ca=set", "verified"), (" ssl_ca=set ssl_check_hostname=false", "encrypted"), (" ssl=true", "encrypted"),
    (" ssl_ca_file=set", "no"), (" ssl=1 ssl_ca_file=set", "verified"), (" sslmode=require", "encrypted"),
    (" sslmode=verify-full", "verified"), (" sslmode=verify-ca", "encrypted"), (" sslmode=prefer ssl_ca=set", "no"),
    (" ssl=false", "no"), (" ssl=?", "no"), (" ssl_check_hostname=false", "no"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "tls"), _TLS)
def test_what_counts_as_tls(parameters: str, tls: str) -> None:
    services = _changed("mysql+pymysql remote set ssl_ca=set", f"mysql+pymysql remote set{parameters}")
    assert services["glance"]["settings"]["database"]["connection"]["tls"] == tls


_WORDS = string.ascii_letters + string.digits
_SECRET = st.text(_WORDS + "-_.~!$^()@:/?&=,;%+*", min_size=16, max_size=40)
_PLACES = st.sampled_from([
    ("DEFAULT", "admin_token", "{}"), ("DEFAULT", "rabbit_password", "{}"), ("ldap", "password", "{}"),
    ("ldap", "url", "ldap://r:{}@d"),
    ("database", "connection", "mysql://k:{}@db/k"), ("database", "connection", "mysql://k:x@db/k?{}"),
    ("database", "connection", "{}"),
    ("database", "connection_parameters", "ssl_ca=/x&password={}"), ("database", "connection_parameters", "ssl={}"),
    ("DEFAULT", "transport_url", "rabbit://a:{0}@h1,b:{0}@h2/"), ("keystone_authtoken", "password", '"{}"'),
    ("DEFAULT", "debug", "{}"),
    ("keystone_authtoken", "auth_url", "https://u:{}@id"), ("security_compliance", "password_regex", "{}"),
    ("nowhere", "provider", "{}"),
    ("cors", "allowed_origin", "https://{}"), ("DEFAULT", "admin_token", "\n  {}"),
    ("oslo_messaging_rabbit", "ssl_ca_file", "{}"),
])  # fmt: skip


@slow
@runs
@given(secret=_SECRET, place=_PLACES)
def test_no_secret_leaves_the_host(tmp_path: Path, secret: str, place: tuple[str, str, str]) -> None:
    section, key, shape = place
    assume(section != "nowhere" or secret.strip())
    text = printed(keystone(tmp_path, f"[{section}]\n{key} = {shape.format(secret)}\n"))
    pieces = {secret[i : i + 8] for i in range(len(secret) - 7)}
    assert not [piece for piece in pieces if piece in text]


@cache
def _oslo() -> Any:  # noqa: ANN401 - a module of Debian's
    file = Path("/usr/lib/python3/dist-packages/oslo_config/iniparser.py")
    if not file.exists():
        pytest.skip("oslo.config itself is not here to ask")
    spec = importlib.util.spec_from_file_location("oslo_iniparser", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _as_oslo_reads(text: str) -> dict[tuple[str, str], str] | None:
    """Section, normalised, and key → last value; None where oslo.config refuses the file."""
    module = _oslo()
    found: dict[tuple[str, str], str] = {}

    class Parser(module.BaseParser):  # type: ignore[misc, name-defined]
        section = ""

        def assignment(self, key: str, value: list[str]) -> None:
            if not self.section:
                raise module.ParseError("no section", self.lineno, key)
            found[self.section, key] = " ".join(value)

        def new_section(self, section: str) -> None:
            self.section = section if section == "DEFAULT" else section.lower()

    try:
        Parser().parse(text.splitlines(keepends=True))
    except module.ParseError:
        return None
    return found


_LINE = st.sampled_from([
    "", "   ", "# provider = uuid", "; debug = true", "#", "[token]", "[TOKEN]", "[DEFAULT]", "[default]", "[token] ",
    "[token] # x", "[]",
    "provider = fernet", "provider=uuid", "provider : jws", 'provider = "fernet"', "provider = 'a' b", "provider\t=\tx ",
    "provider =",
    "  more", "\tmore", "expiration = 60", "expiration: 60=1", "max_param_size = 1", "max_param_size = 2", "provider", "= x",
    " provider = y",
    "unknown = z", "provider_x = q", 'provider = "', "provider = ''",
])  # fmt: skip


@slow
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lines=st.lists(_LINE, max_size=12))
@example(["[token]", "provider = fernet", "# comment", "  more"])
def test_it_reads_as_oslo_config_does(tmp_path: Path, lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)
    expected = _as_oslo_reads(text)
    shown = printed(keystone(tmp_path, text))
    if expected is None:
        assert "\n? /etc/keystone/keystone.conf\n" in shown
        return
    assert "? /" not in shown
    asked = {("token", "provider"), ("token", "expiration"), ("DEFAULT", "max_param_size")}
    plain = frozenset(_WORDS + "_.:+*/,[] -")
    assert told(shown) == {name: value if set(value) <= plain else "?" for name, value in expected.items() if name in asked}


_SHOWN = st.text(
    string.printable.replace("\n", "").replace("\t", "").replace("\r", "").replace("\x0b", "").replace("\x0c", ""), max_size=30
)


@settings(max_examples=300, deadline=None)
@given(line=st.sampled_from(lines_of(SAMPLES["hardened"])), shown=_SHOWN)
def test_any_value_is_read_refused_or_unreadable(line: str, shown: str) -> None:
    try:
        value = _parsed(SAMPLES["hardened"].replace(line, f"{line.rpartition(chr(9))[0]}\t{shown}"))
    except ParseError:
        return
    assert Openstack.model_validate(value.model_dump(mode="json")) == value
